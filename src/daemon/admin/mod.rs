//! The admin endpoint: `/metrics`, `/healthz`, `/readyz`, the status pages and the API, over plain
//! HTTP; and the control socket for commands.

pub mod access;
pub mod api;
pub mod control;
pub mod forms;
mod places;
pub mod requests;
mod source_filter;
pub mod status;

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, StatusCode, body::Incoming, header};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

use crate::{
    base::live::Live,
    stages::publish::Status,
    telemetry::{
        metrics,
        ready::{Component, Ready},
    },
};

/// What the endpoint shows.
#[derive(Debug, Clone)]
pub struct AdminState {
    /// Renders the metrics; `None` where another daemon of this process records them.
    pub metrics: Option<PrometheusHandle>,
    /// The public host names under which the endpoint is reached.
    pub hosts: Live<Vec<String>>,
    /// The pages for people.
    pub pages: status::StatusPages,
    /// For programs.
    pub api: api::Api,
}

/// Paths that are answered however many clients are connected, because an orchestrator asks for
/// them.
const RESERVE: [&str; 3] = ["/healthz", "/readyz", "/metrics"];
/// How paths begin at which something can be changed.
const WRITABLE: [&str; 5] = ["/api/", "/session", "/source/", "/deadletter/", "/deadletters/"];

/// Serves until `stop`.
pub async fn serve(listener: TcpListener, state: AdminState, stop: CancellationToken) {
    let guard = crate::serve::AccessRules {
        hosts: Some(state.hosts.clone()),
        reserve: &RESERVE,
        writable: &WRITABLE,
    };
    let state = Arc::new(state);
    let service = move |request: Request<Incoming>| {
        let state = Arc::clone(&state);
        async move {
            if api::Api::has(request.uri().path()) {
                return state.api.answer(request).await;
            }
            if forms::Forms::has(request.uri().path()) {
                return state.pages.forms().answer(request).await;
            }
            answer(&state, &request).await
        }
    };
    crate::serve::serve_guarded(listener, service, guard, stop).await;
}

async fn answer<B>(state: &AdminState, request: &Request<B>) -> Response<Full<Bytes>> {
    match request.uri().path() {
        "/metrics" => {
            text(StatusCode::OK, state.metrics.as_ref().map(metrics::render).unwrap_or_default())
        }
        // An answer shows that the process lives; what it waits for is shown by `/readyz`.
        "/healthz" => text(StatusCode::OK, "ok\n".to_owned()),
        "/readyz" => {
            let (ready, words) = state.pages.ready().words();
            text(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, words)
        }
        _ => match state.pages.answer(request.uri(), request.headers()).await {
            Some(page) => page,
            None => text(StatusCode::NOT_FOUND, "not found\n".to_owned()),
        },
    }
}

/// Reports the status of publishing as readiness, until the publish stage ends.
pub async fn report_status(mut status: watch::Receiver<Status>, ready: Ready) {
    loop {
        ready.set(Component::Publish, check_publishing(&status.borrow_and_update()));
        if status.changed().await.is_err() {
            return;
        }
    }
}

/// Reports as readiness whether the network is there, for as long as there is a fetcher.
pub async fn report_network(mut lost: watch::Receiver<bool>, ready: Ready) {
    loop {
        let is_lost = *lost.borrow_and_update();
        let words = "no_network: no host answers, and nothing can be polled: the network or DNS is the usual cause";
        ready.set(Component::Network, if is_lost { Err(words.to_owned()) } else { Ok(()) });
        if lost.changed().await.is_err() {
            return;
        }
    }
}

fn check_publishing(status: &Status) -> Result<(), String> {
    match status {
        Status::Starting => Err("connecting to the sink".to_owned()),
        Status::Connecting(sink) => Err(format!("connecting to {sink}")),
        Status::Publishing => Ok(()),
        Status::KeepingLetters(reason) => Err(format!(
            "dead letters are kept in data_dir, since their topic refuses them: {reason}"
        )),
        // Polling goes on and nothing is lost, but records do not arrive.
        Status::Retrying(reason) => Err(format!("the sink does not take records: {reason}")),
        Status::Halted(halt) => Err(format!("publishing stopped: {halt}")),
    }
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}
