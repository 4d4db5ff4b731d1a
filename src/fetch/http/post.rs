//! Posts a form, through the same client: the same addresses, turns and bounds, for each hop.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{
    Response,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use tokio::time::{Instant, timeout};
use url::Url;

use super::{
    HttpFetcher,
    doors::ScopedClient,
    hop::Hop,
    read::{BodyRead, Deadline, read_body},
    transport,
};
use crate::{
    base::clock::Clock,
    fetch::{Body, FetchError, Outcome, Post, Reply, Silence, headers, hosts},
    model::source::AllowedNetworks,
};

/// Bytes of an answer's body that are read: a reason, not a page.
const MAX_WORDS: usize = 4096;

impl<C: Clock> Post for HttpFetcher<C> {
    async fn post(&self, url: Url, form: String) -> Result<Reply, FetchError> {
        self.post_within(url, form, &AllowedNetworks::default()).await
    }

    async fn post_within(
        &self,
        mut url: Url,
        form: String,
        allowed: &AllowedNetworks,
    ) -> Result<Reply, FetchError> {
        let door = self.doors.get().door_for(allowed)?;
        let total = door.limits.total_timeout;
        let mut left = total;
        for _ in 0..=door.limits.max_redirects {
            door.permit(&url)?;
            let host = hosts::name(&url);
            let claim =
                self.hosts.claim(&host, door.limits.pace, hosts::Order::First, &self.clock).await;
            let turn = claim.map_err(|deferred| FetchError::Transport(deferred.to_string()))?;
            let started = Instant::now();
            let answered = timeout(left, self.post_once(&url, &form, &door))
                .await
                .map_err(|_| FetchError::Timeout(total))?;
            let (reply, target) = answered?;
            drop(turn);
            left = left.saturating_sub(started.elapsed());
            match target {
                Some(target) => url = target,
                None => return Ok(reply),
            }
        }
        Err(FetchError::Redirects(door.limits.max_redirects))
    }
}

impl<C: Clock> HttpFetcher<C> {
    /// One request: what was answered, and where it led.
    async fn post_once(
        &self,
        url: &Url,
        form: &str,
        door: &ScopedClient,
    ) -> Result<(Reply, Option<Url>), FetchError> {
        let form_type = "application/x-www-form-urlencoded";
        let request =
            door.client.post(url.clone()).header(CONTENT_TYPE, form_type).body(form.to_owned());
        let limit = door.limits.first_byte_timeout;
        let mut response = timeout(limit, request.send())
            .await
            .map_err(|_| FetchError::NoAnswer(limit))?
            .map_err(transport)?;
        let status = response.status().as_u16();
        self.note_post(url, &response);
        let target = match status {
            307 | 308 => Some(headers::redirect_target(url, response.headers())?),
            _ => None,
        };
        // The status is the answer; its words are of use only to people.
        let mut deadline = Deadline::within(door.limits.total_timeout, door.limits.total_timeout);
        let bytes = match read_body(
            &mut response,
            door.bound(MAX_WORDS, true),
            &mut deadline,
            &Silence::default(),
        )
        .await
        {
            Ok(BodyRead::Whole(bytes, _)) => bytes,
            Ok(BodyRead::NoRoom) | Err(_) => Bytes::new(),
        };
        let plain = headers::content_type(response.headers())
            .is_none_or(|content_type| content_type.starts_with("text/plain"));
        let body =
            Body { bytes, encodings: headers::encodings(response.headers()), ..Body::default() }
                .decode(MAX_WORDS);
        let words = body
            .ok()
            .filter(|_| plain)
            .map(|body| String::from_utf8_lossy(&body).trim().to_owned())
            .unwrap_or_default();
        Ok((Reply { status, words }, target))
    }

    /// What a hub says about how often to come holds for all requests to its host.
    fn note_post(&self, url: &Url, response: &Response) {
        let status = response.status().as_u16();
        if status == 429 || (status == 503 && response.headers().contains_key(RETRY_AFTER)) {
            let retry_after: Option<Duration> =
                headers::retry_after(response.headers(), self.clock.now());
            self.record_answer(
                &hosts::name(url),
                &Ok(Hop::Done(Outcome::Throttled { status, retry_after })),
            );
        }
    }
}
