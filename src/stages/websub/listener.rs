//! Where hubs reach us: `GET` is a question (verification of intent, §5.3), `POST` is content (§7).
//!
//! Anybody can connect. What must stay true: who knows no callback gets 404 before its body is
//! read; connections, bodies at once, bytes and time are bounded; what is not signed as it should
//! be is dropped without a word of it (§7.1), so guessing tells nothing; and 2xx for what was
//! believed comes after it is durable.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER},
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot, watch},
};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    CallbackOwner, CallbackRequest, Push, RequestKind,
    signature::{SignatureCheck, proof},
    slots::Slots,
};
use crate::{
    base::{clock::Clock, live::Live},
    config::sources::Source,
    fetch::{Body, Fetched, MAX_ENCODINGS, Memory, Room},
    model::source::{HeaderLinks, Validators},
    policy::hub::{
        question::{Answer, Question},
        subscription::token,
    },
    serve,
    stages::{PipelineError, schedule::Pressure},
    telemetry::metrics,
};

/// A body that does not come in this time is left.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);
/// A hub waits for its answer no longer than this: then it is told to send again.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(10);
/// A whole connection, of one request. No more than the parts of it together.
const LIFETIME: Duration = Duration::from_secs(45);
/// A challenge that is longer is not echoed.
const MAX_CHALLENGE: usize = 4096;
/// Seconds after which a hub may send again what there was no room for.
const AGAIN: HeaderValue = HeaderValue::from_static("60");

const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature");

/// What the listener works with.
#[derive(Debug)]
pub struct Listener<C> {
    /// The socket that hubs connect to.
    pub listener: TcpListener,
    /// The largest body that is taken, in bytes.
    pub max_body: Live<usize>,
    /// The memory that bodies are given.
    pub memory: Memory,
    /// The clock of all times here.
    pub clock: Arc<C>,
}

/// Where the listener sends what came.
#[derive(Debug)]
pub struct Outputs {
    /// To the stage of `WebSub`.
    pub callbacks: mpsc::Sender<CallbackRequest>,
    /// To the poll stage.
    pub pushes: mpsc::Sender<Push>,
}

/// Serves until `stop`.
pub async fn serve<C: Clock>(
    parts: Listener<C>,
    outputs: Outputs,
    pressure: watch::Receiver<Pressure>,
    stop: CancellationToken,
) -> Result<(), PipelineError> {
    let Listener { listener, max_body, memory, clock } = parts;
    let service = Arc::new(CallbackService {
        outputs,
        pressure,
        max_body,
        clock,
        bodies: Slots::new(),
        memory,
    });
    let service = move |request: Request<Incoming>| {
        let service = Arc::clone(&service);
        async move { service.serve(request).await }
    };
    serve::accept(listener, service, Some(LIFETIME), stop).await;
    Ok(())
}

/// Why a body was not taken.
enum PushRefusal {
    /// There is no memory for it now.
    Busy,
    TooLarge,
    Broken,
}

/// What answers at the callbacks.
struct CallbackService<C> {
    outputs: Outputs,
    pressure: watch::Receiver<Pressure>,
    max_body: Live<usize>,
    clock: Arc<C>,
    bodies: Slots,
    memory: Memory,
}

impl<C: Clock> CallbackService<C> {
    async fn serve(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let token = token(request.uri().path());
        // Ours are 32 hexadecimal digits: what is none costs nobody anything.
        if token.len() != 32 || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return status(StatusCode::NOT_FOUND);
        }
        match *request.method() {
            Method::GET => self.question(token, request.uri().query().unwrap_or_default()).await,
            Method::POST => {
                let token = token.to_owned();
                let (outcome, answer) = self.content(token, request).await;
                if let Some(outcome) = outcome {
                    metrics::pushed(outcome);
                }
                answer
            }
            _ => {
                let mut refusal = status(StatusCode::METHOD_NOT_ALLOWED);
                refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST"));
                refusal
            }
        }
    }

    async fn question(&self, token: &str, query: &str) -> Response<Full<Bytes>> {
        let question = Question::parse(query);
        if question.challenge.as_ref().is_some_and(|challenge| challenge.len() > MAX_CHALLENGE) {
            return status(StatusCode::NOT_FOUND);
        }
        match self.ask(token.to_owned(), |answer| RequestKind::Verify(question, answer)).await {
            Some(Answer::Yes(challenge)) => echo(challenge),
            Some(Answer::Noted) => status(StatusCode::OK),
            Some(Answer::No) => status(StatusCode::NOT_FOUND),
            None => later(),
        }
    }

    /// Takes content. Gives the label of the metric, where the poll stage does not count it, and
    /// the answer to the hub.
    async fn content(
        &self,
        token: String,
        request: Request<Incoming>,
    ) -> (Option<&'static str>, Response<Full<Bytes>>) {
        let (source, secret, at) = match self.ask(token.clone(), RequestKind::Owner).await {
            Some(CallbackOwner::Wanted { source, secret, at }) => (source, secret, at),
            // The hub need not go on.
            Some(CallbackOwner::Ending) => return (Some("unwanted"), status(StatusCode::GONE)),
            Some(CallbackOwner::TooOften) => return (Some("too_often"), later()),
            Some(CallbackOwner::Unknown) => return (None, status(StatusCode::NOT_FOUND)),
            None => return (None, later()),
        };
        if *self.pressure.borrow() == Pressure::Stop {
            return (Some("busy"), later());
        }
        let Some(_slot) = self.bodies.acquire(&token).await else { return (Some("busy"), later()) };
        let (head, body) = request.into_parts();
        let (bytes, room) = match tokio::time::timeout(BODY_TIMEOUT, self.receive(body)).await {
            Ok(Ok(received)) => received,
            Ok(Err(PushRefusal::Busy)) => return (Some("busy"), later()),
            Ok(Err(PushRefusal::TooLarge)) => {
                return (Some("too_large"), status(StatusCode::PAYLOAD_TOO_LARGE));
            }
            Ok(Err(PushRefusal::Broken)) => {
                return (Some("broken"), status(StatusCode::BAD_REQUEST));
            }
            Err(_) => return (Some("broken"), status(StatusCode::REQUEST_TIMEOUT)),
        };
        let signature = head.headers.get(SIGNATURE).and_then(|header| header.to_str().ok());
        let content = match proof(signature, &secret, &bytes) {
            SignatureCheck::Content => Some(Box::new(self.fetched(&head.headers, at, bytes, room))),
            SignatureCheck::Ping => None,
            SignatureCheck::Nothing => {
                tracing::warn!(source.id = %source.id, signed = signature.is_some(), "content without its hub's signature was dropped");
                return (Some("unsigned"), status(StatusCode::ACCEPTED));
            }
        };
        self.hand_over(source, content).await
    }

    /// Reads a body as a fetch does: beyond a little it needs room for all that it can come to.
    async fn receive(&self, mut body: Incoming) -> Result<(Bytes, Room), PushRefusal> {
        let (limit, free) = (*self.max_body.get(), self.memory.free());
        let announced = hyper::body::Body::size_hint(&body)
            .upper()
            .map_or(limit, |upper| usize::try_from(upper).unwrap_or(usize::MAX));
        if hyper::body::Body::size_hint(&body).exact().is_some() && announced > limit {
            return Err(PushRefusal::TooLarge);
        }
        let (mut bytes, mut room) = (Vec::new(), Room::default());
        while let Some(frame) = body.frame().await {
            let Ok(chunk) = frame.map_err(|_| PushRefusal::Broken)?.into_data() else { continue };
            let length = bytes.len() + chunk.len();
            if length > limit {
                return Err(PushRefusal::TooLarge);
            }
            if bytes.len() <= free && length > free {
                room = self
                    .memory
                    .room_to_receive(announced.min(limit))
                    .await
                    .ok_or(PushRefusal::Busy)?;
            }
            bytes.extend_from_slice(&chunk);
        }
        bytes.shrink_to_fit();
        room.shrink(bytes.len());
        Ok((bytes.into(), room))
    }

    async fn hand_over(
        &self,
        source: Arc<Source>,
        content: Option<Box<Fetched>>,
    ) -> (Option<&'static str>, Response<Full<Bytes>>) {
        let (done, durable) = oneshot::channel();
        if self.outputs.pushes.try_send(Push { source, content, done }).is_err() {
            return (Some("busy"), later());
        }
        match tokio::time::timeout(COMMIT_TIMEOUT, durable).await {
            Ok(Ok(())) => (None, status(StatusCode::ACCEPTED)),
            // It may be taken yet; sent again, all of it is known.
            _ => (Some("late"), later()),
        }
    }

    /// Makes of a body that was pushed what a fetch of the source would have brought.
    fn fetched(&self, headers: &HeaderMap, url: Url, bytes: Bytes, room: Room) -> Fetched {
        let text = |name: HeaderName| headers.get(name).and_then(|header| header.to_str().ok());
        let encodings = text(CONTENT_ENCODING)
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|value| !value.is_empty());
        Fetched {
            url,
            via: Vec::new(),
            content_type: text(CONTENT_TYPE).map(|text| text.chars().take(512).collect()),
            body: Body {
                bytes,
                encodings: encodings.take(MAX_ENCODINGS + 1).map(str::to_owned).collect(),
                room,
            },
            validators: Validators::default(),
            moved: None,
            fresh_for: None,
            links: HeaderLinks::default(),
            requested: self.clock.now(),
            order: 0,
            delta: false,
        }
    }

    /// Asks the stage; nothing once that has ended.
    async fn ask<T>(
        &self,
        token: String,
        kind: impl FnOnce(oneshot::Sender<T>) -> RequestKind,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.outputs.callbacks.send(CallbackRequest { token, kind: kind(answer) }).await.ok()?;
        answered.await.ok()
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// There is no room now: the hub sends again.
fn later() -> Response<Full<Bytes>> {
    let mut response = status(StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().insert(RETRY_AFTER, AGAIN);
    response
}

/// The challenge and nothing else; as text, since a browser may be led here.
fn echo(challenge: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(challenge.into()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}
