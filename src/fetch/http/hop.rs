//! One request and what its answer is: where it leads, a body that is worth having, or an outcome.
//!
//! What must stay true: the validators go along on every hop; a body is read within its bounds and
//! its deadline, and is kept only where it is no challenge.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::{
    Response, StatusCode,
    header::{ACCEPT, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH},
};
use tokio::time::{timeout, timeout_at};
use url::Url;

use super::{
    HttpFetcher,
    doors::ScopedClient,
    read::{BodyLimits, BodyRead, Deadline, read_body},
    transport, without_credentials,
};
use crate::{
    base::clock::Clock,
    fetch::{BlockKind, Body, Deferred, FetchError, Fetched, Outcome, Request, challenge, headers},
    model::{media, source::Validators},
};

/// What a client takes instead of a whole body (RFC 3229 §10.5.3).
const A_IM: HeaderName = HeaderName::from_static("a-im");

/// What one request came to.
pub(super) enum Hop {
    Done(Outcome),
    /// The answer has a body that is worth having.
    Body(Box<Fetched>),
    Redirect(Redirect),
}

/// Where an answer leads.
pub(super) struct Redirect {
    pub(super) target: Url,
    /// 301 or 308.
    pub(super) permanent: bool,
}

/// A request that was sent.
#[derive(Debug, Clone, Copy)]
struct SentRequest<'a> {
    request: &'a Request,
    requested: DateTime<Utc>,
    /// Its place among all requests.
    order: u64,
}

impl<C: Clock> HttpFetcher<C> {
    /// Asks once, and reads the answer.
    pub(super) async fn hop(
        &self,
        request: &Request,
        bound: BodyLimits<'_>,
        door: &ScopedClient,
        deadline: &mut Deadline,
    ) -> Result<Hop, FetchError> {
        let sent =
            SentRequest { request, requested: self.clock.now(), order: self.sequence.next() };
        let late = |_| FetchError::Timeout(deadline.total);
        let response = timeout_at(deadline.at, self.send(request, door)).await.map_err(late)??;
        let status = response.status().as_u16();
        let headers = response.headers();
        if let Some(service) = challenge::in_headers(status, headers) {
            return Ok(Hop::Done(Outcome::Blocked(BlockKind::Challenge { status, service })));
        }
        Ok(Hop::Done(match status {
            // Nothing, or a part that nobody asked for.
            226 if request.delta && headers::is_delta(headers) => {
                return self.body(sent, response, bound, deadline).await;
            }
            204..=206 | 226 => Outcome::Failed(FetchError::Status(status)),
            200..=299 => return self.body(sent, response, bound, deadline).await,
            301 | 302 | 303 | 307 | 308 => {
                let permanent = matches!(status, 301 | 308);
                return headers::redirect_target(&request.url, headers)
                    .map(|target| Hop::Redirect(Redirect { target, permanent }));
            }
            304 if request.validators != Validators::default() => Outcome::NotModified {
                fresh_for: headers::fresh_for(headers, self.clock.now()),
                moved: None,
            },
            404 | 410 => Outcome::Gone { status },
            401 | 403 | 405 | 429 | 503 => self.refusal(response, status, door).await,
            _ => Outcome::Failed(FetchError::Status(status)),
        }))
    }

    /// Sends one request. The validators go along on every hop: they came with the answer at the
    /// end of the chain, and a feed that has moved could never say 304 if only its old address
    /// heard them.
    async fn send(&self, request: &Request, door: &ScopedClient) -> Result<Response, FetchError> {
        let Validators { etag, last_modified } = &request.validators;
        let mut builder = door.client.get(request.url.clone());
        let delta = request.delta && request.validators != Validators::default();
        let headers: [(HeaderName, Option<Bytes>); 4] = [
            (A_IM, delta.then(|| Bytes::from_static(b"feed"))),
            (ACCEPT, Some(Bytes::from_static(request.accept.as_bytes()))),
            (IF_NONE_MATCH, etag.as_deref().map(Bytes::copy_from_slice)),
            (IF_MODIFIED_SINCE, last_modified.as_deref().map(Bytes::copy_from_slice)),
        ];
        for (name, value) in headers {
            // What a server sent can be sent back; bytes that no header may carry are left out.
            if let Some(value) = value.and_then(|value| HeaderValue::from_maybe_shared(value).ok())
            {
                builder = builder.header(name, value);
            }
        }
        let limit = door.limits.first_byte_timeout;
        timeout(limit, builder.send())
            .await
            .map_err(|_| FetchError::NoAnswer(limit))?
            .map_err(transport)
    }

    async fn body(
        &self,
        sent: SentRequest<'_>,
        mut response: Response,
        bound: BodyLimits<'_>,
        deadline: &mut Deadline,
    ) -> Result<Hop, FetchError> {
        let SentRequest { request, requested, order } = sent;
        let content_type = headers::content_type(response.headers());
        if let Some(never) = content_type.as_deref().filter(|name| media::is_never_text(name)) {
            return Err(FetchError::NotText(never.to_owned()));
        }
        let bound =
            if request.status_only { BodyLimits { bytes: 0, cut: true, ..bound } } else { bound };
        let BodyRead::Whole(bytes, room) =
            read_body(&mut response, bound, deadline, &request.silence).await?
        else {
            return Ok(Hop::Done(Outcome::Deferred(Deferred::NO_ROOM)));
        };
        let status = response.status();
        if bytes.is_empty() && status != StatusCode::OK {
            return Err(FetchError::Status(status.as_u16()));
        }
        let headers = response.headers();
        let body = Body { bytes, encodings: headers::encodings(headers), room };
        // Small enough that this costs next to nothing, also on a network thread.
        if body.bytes.len() <= challenge::MAX_SENT
            && content_type.as_deref().is_none_or(|content_type| content_type.contains("html"))
            && let Ok(page) = body.decode(challenge::MAX_READ)
            && let Some(service) = challenge::in_page(status.as_u16(), headers, &page)
        {
            return Ok(Hop::Done(Outcome::Blocked(BlockKind::Challenge {
                status: status.as_u16(),
                service,
            })));
        }
        Ok(Hop::Body(Box::new(Fetched {
            url: without_credentials(request.url.clone()),
            via: Vec::new(),
            content_type,
            body,
            validators: headers::validators(headers),
            moved: None,
            fresh_for: headers::fresh_for(headers, self.clock.now()),
            links: headers::links(headers),
            requested,
            order,
            delta: status.as_u16() == 226,
        })))
    }
}
