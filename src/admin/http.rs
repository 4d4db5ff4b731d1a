//! A small HTTP/1 server: the admin endpoint, the demo's site, and where hubs reach us. Answers are made in memory by a function.

use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{HeaderMap, Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

/// Connections at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 256;
/// A client that does not send its request in this time is let go.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a request's head, and of a body that are held before they are asked for.
const MAX_HEAD: usize = 64 << 10;

/// What was asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The path, without the query.
    pub path: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
}

/// Serves until `stop`; open connections are dropped then.
pub async fn serve<H>(listener: TcpListener, handler: H, stop: CancellationToken)
where
    H: Fn(Asked<'_>) -> Response<Full<Bytes>> + Send + Sync + 'static,
{
    let service =
        move |request: Request<Incoming>| std::future::ready(handler(Asked { path: request.uri().path(), headers: request.headers() }));
    accept(listener, service, None, stop).await;
}

/// The same for answers that take their time, or need the request's body. With a `lifetime`, a connection serves one
/// request and lasts no longer.
pub async fn accept<S, F>(listener: TcpListener, service: S, lifetime: Option<Duration>, stop: CancellationToken)
where
    S: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let service = Arc::new(service);
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let place = tokio::select! {
            () = stop.cancelled() => return,
            place = Arc::clone(&places).acquire_owned() => place,
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
        let (service, stop) = (Arc::clone(&service), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            let service = service_fn(move |request| {
                let response = service(request);
                async move { Ok::<_, Infallible>(response.await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .max_buf_size(MAX_HEAD)
                .keep_alive(lifetime.is_none())
                .serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(lifetime.unwrap_or_default()), if lifetime.is_some() => {}
                // A client that breaks off is its own affair.
                ended = connection => drop(ended),
            }
        });
    }
}
