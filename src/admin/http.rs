//! A small HTTP/1 server: the admin endpoint and the demo's site. Answers are made in memory by a function.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{HeaderMap, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

/// Connections at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 256;
/// A client that does not send its request in this time is let go.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

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
    let handler = Arc::new(handler);
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
        let (handler, stop) = (Arc::clone(&handler), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let response = handler(Asked { path: request.uri().path(), headers: request.headers() });
                async move { Ok::<_, Infallible>(response) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                () = stop.cancelled() => {}
                // A client that breaks off is its own affair.
                ended = connection => drop(ended),
            }
        });
    }
}
