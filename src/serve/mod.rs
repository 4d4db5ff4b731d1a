//! A small HTTP/1 server: the admin endpoint, the demo's site, and where hubs reach us. Answers are
//! made in memory by a function.
//!
//! What must stay true: whoever connects and then sends nothing, reads nothing or asks without end
//! has a connection for a bounded time, and there is a bounded number of them; where a
//! [`AccessRules`] keeps paths in reserve, those are answered at once although all places are
//! taken.

mod guard;
mod timeout_stream;

use std::{convert::Infallible, future::Future, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Request, Response, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;

pub use guard::AccessRules;
use guard::SpareConnections;
use timeout_stream::TimeoutStream;

/// Connections at once; more wait to be accepted, or are answered from the reserve.
const MAX_CONNECTIONS: usize = 256;
/// A client that does not send its request in this time is let go.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// One that takes no byte of its answer for so long, too.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// So long a connection asks again and again at most; what it asked last has [`GRACE`].
const LIFETIME: Duration = Duration::from_mins(1);
const GRACE: Duration = Duration::from_secs(10);
/// How long a connection beyond the places may last, in all.
const SPARE_LIFETIME: Duration = Duration::from_secs(2);
/// Bytes of a request's head, and of a body that are held before they are asked for.
const MAX_HEAD: usize = 64 << 10;

/// What was asked for.
#[derive(Debug)]
pub struct ServedRequest<'a> {
    /// The path, without the query.
    pub path: &'a str,
    /// The headers of the request.
    pub headers: &'a HeaderMap,
}

/// Serves until `stop`; open connections are dropped then. Other methods than GET and HEAD are
/// refused.
pub async fn serve<H>(listener: TcpListener, handler: H, stop: CancellationToken)
where
    H: Fn(ServedRequest<'_>) -> Response<Full<Bytes>> + Send + Sync + 'static,
{
    let service = move |request: Request<Incoming>| {
        let (path, headers) = (request.uri().path(), request.headers());
        std::future::ready(handler(ServedRequest { path, headers }))
    };
    serve_guarded(listener, service, AccessRules::default(), stop).await;
}

/// Serves answers that take their time, as [`serve`] does, to those whom the guard lets in.
pub async fn serve_guarded<S, F>(
    listener: TcpListener,
    service: S,
    guard: AccessRules,
    stop: CancellationToken,
) where
    S: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let terms =
        ConnectionLimits { lifetime: LIFETIME, keep_alive: true, spare: guard.has_reserve() };
    let service = move |request: Request<Incoming>, place: ConnectionSlot| {
        let refusal = guard.refusal(&request, place == ConnectionSlot::Spare);
        let answer = if refusal.is_none() { Some(service(request)) } else { None };
        async move {
            match (refusal, answer) {
                (None, Some(answer)) => answer.await,
                (refusal, _) => refusal.unwrap_or_default(),
            }
        }
    };
    run(listener, service, terms, stop).await;
}

/// Serves answers that take their time or need the request's body. With a `lifetime`, a
/// connection serves one request and lasts no longer.
pub async fn accept<S, F>(
    listener: TcpListener,
    service: S,
    lifetime: Option<Duration>,
    stop: CancellationToken,
) where
    S: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let terms = ConnectionLimits {
        lifetime: lifetime.unwrap_or(LIFETIME),
        keep_alive: lifetime.is_none(),
        spare: false,
    };
    run(listener, move |request, _| service(request), terms, stop).await;
}

/// How connections are bounded.
#[derive(Clone, Copy)]
struct ConnectionLimits {
    lifetime: Duration,
    /// Whether a connection may ask more than once.
    keep_alive: bool,
    /// Whether there are connections beyond the places.
    spare: bool,
}

/// What a connection has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ConnectionSlot {
    Own,
    /// None was free.
    Spare,
}

async fn run<S, F>(
    listener: TcpListener,
    service: S,
    terms: ConnectionLimits,
    stop: CancellationToken,
) where
    S: Fn(Request<Incoming>, ConnectionSlot) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let service = Arc::new(service);
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut spares = SpareConnections::default();
    loop {
        let place = tokio::select! {
            () = stop.cancelled() => return,
            place = Arc::clone(&places).acquire_owned(), if !terms.spare => place.ok(),
            () = std::future::ready(()), if terms.spare => None,
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors: some connection must end first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let place = place.or_else(|| Arc::clone(&places).try_acquire_owned().ok());
        let end = if place.is_some() { stop.clone() } else { spares.admit(&stop) };
        tokio::spawn(converse(stream, Arc::clone(&service), terms, place, end));
    }
}

/// Serves one connection until it or its time is over. What breaks off is the client's own affair.
async fn converse<S, F>(
    stream: TcpStream,
    service: Arc<S>,
    terms: ConnectionLimits,
    permit: Option<OwnedSemaphorePermit>,
    end: CancellationToken,
) where
    S: Fn(Request<Incoming>, ConnectionSlot) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let place = if permit.is_some() { ConnectionSlot::Own } else { ConnectionSlot::Spare };
    let terms = if place == ConnectionSlot::Own {
        terms
    } else {
        ConnectionLimits { lifetime: SPARE_LIFETIME, keep_alive: false, ..terms }
    };
    let service = service_fn(move |request| {
        let response = service(request, place);
        async move { Ok::<_, Infallible>(response.await) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT.min(terms.lifetime))
            .max_buf_size(MAX_HEAD)
            .keep_alive(terms.keep_alive)
            .serve_connection(TokioIo::new(TimeoutStream::new(stream, READ_TIMEOUT)), service)
    );
    let over = tokio::select! {
        () = end.cancelled() => return,
        () = tokio::time::sleep(terms.lifetime) => terms.keep_alive,
        ended = &mut connection => return drop(ended),
    };
    if over {
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            () = end.cancelled() => {}
            ended = tokio::time::timeout(GRACE, connection) => drop(ended),
        }
    }
}
