//! The admin endpoint: `/metrics`, `/healthz`, `/readyz` and a status page, over plain HTTP; and the
//! control socket for commands.

pub mod control;
pub mod http;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, StatusCode, header};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

use crate::publish::Status;

/// What the endpoint shows.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Renders the metrics; `None` where another daemon of this process records them.
    pub metrics: Option<PrometheusHandle>,
    /// Whether publishing goes on.
    pub status: watch::Receiver<Status>,
}

/// Serves until `stop`.
pub async fn serve(listener: TcpListener, shown: Shown, stop: CancellationToken) {
    http::serve(listener, move |request| answer(&shown, request.path), stop).await;
}

fn answer(shown: &Shown, path: &str) -> Response<Full<Bytes>> {
    match path {
        "/metrics" => text(StatusCode::OK, shown.metrics.as_ref().map(PrometheusHandle::render).unwrap_or_default()),
        // The process answers: what it waits for is the business of `/readyz`.
        "/healthz" => text(StatusCode::OK, "ok\n".to_owned()),
        "/readyz" => {
            let (ready, words) = words(&shown.status.borrow());
            text(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, words + "\n")
        }
        "/" => text(
            StatusCode::OK,
            format!("nashra {}\npublishing: {}\n\n/metrics /healthz /readyz\n", env!("CARGO_PKG_VERSION"), words(&shown.status.borrow()).1),
        ),
        _ => text(StatusCode::NOT_FOUND, "not found\n".to_owned()),
    }
}

fn words(status: &Status) -> (bool, String) {
    match status {
        Status::Connecting => (false, "connecting to the sink".to_owned()),
        Status::Publishing => (true, "ok".to_owned()),
        // Polling goes on and nothing is lost, but records do not arrive.
        Status::Retrying(reason) => (false, format!("the sink does not take records: {reason}")),
        Status::Halted(halt) => (false, format!("publishing stopped: {halt}")),
    }
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
