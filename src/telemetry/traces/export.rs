//! Sends spans to a collector: OTLP over HTTP, as protobuf, some at a time.
//!
//! What must stay true: one batch is under way at a time and is given up after a few tries; what
//! comes meanwhile waits in the bounded queue, or is dropped there.

use std::time::Duration;

use reqwest::{Client, StatusCode, header::CONTENT_TYPE, redirect};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use url::Url;
use uuid::Uuid;

use super::{Attribute, Span, Tracer, otlp};
use crate::{base::live::Live, telemetry::metrics};

/// Spans that wait to be sent.
const QUEUE: usize = 4_096;
/// The most spans of one request.
const BATCH: usize = 512;
/// How long the first span of a batch waits for others.
const GATHER: Duration = Duration::from_secs(1);
/// For one request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Pauses before a batch is tried again.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];
/// How long a stop waits for what is left.
const FLUSH: Duration = Duration::from_secs(5);

/// Where spans go, and what is said of this process.
#[derive(Debug)]
pub struct ExportSettings {
    /// The collector's address for traces.
    pub endpoint: Url,
    /// The share of the traces that is recorded, from 0 to 1.
    pub share: Live<f64>,
    /// The id of the store, which tells this process from others.
    pub store: Uuid,
}

/// The task that sends spans.
#[derive(Debug)]
pub struct Export(tokio::task::JoinHandle<()>);

impl Export {
    /// Waits until what is left is sent, for a few seconds; all tracers must be gone.
    pub async fn finish(mut self) {
        if timeout(FLUSH, &mut self.0).await.is_err() {
            self.0.abort();
        }
    }
}

/// Starts sending.
///
/// # Errors
/// Where the HTTP client cannot be made.
pub fn start(settings: ExportSettings) -> Result<(Tracer, Export), reqwest::Error> {
    let ExportSettings { endpoint, share, store } = settings;
    let client = Client::builder().timeout(TIMEOUT).redirect(redirect::Policy::none()).build()?;
    let process = vec![
        ("service.name", Attribute::from("nashra")),
        ("service.version", env!("CARGO_PKG_VERSION").into()),
        ("service.instance.id", store.to_string().into()),
    ];
    let (spans, queue) = mpsc::channel(QUEUE);
    let sender = Sender { client, endpoint, process, is_away: false };
    Ok((Tracer::new(share, spans), Export(tokio::spawn(sender.run(queue)))))
}

#[derive(Debug)]
struct Sender {
    client: Client,
    endpoint: Url,
    process: Vec<(&'static str, Attribute)>,
    /// Whether the last batch was given up, so that this is logged once.
    is_away: bool,
}

/// Why a batch was not taken.
struct NotTaken {
    words: String,
    /// Whether it may be taken later.
    is_transient: bool,
}

impl Sender {
    /// Runs until all tracers are gone and the queue is empty.
    async fn run(mut self, mut queue: mpsc::Receiver<Span>) {
        let mut batch = Vec::new();
        while queue.recv_many(&mut batch, BATCH).await > 0 {
            if batch.len() < BATCH && !queue.is_closed() {
                sleep(GATHER).await;
                while batch.len() < BATCH
                    && let Ok(span) = queue.try_recv()
                {
                    batch.push(span);
                }
            }
            self.send(&batch).await;
            batch.clear();
        }
    }

    /// Sends a batch, a few times where that fails, and counts what became of it.
    async fn send(&mut self, batch: &[Span]) {
        let body = bytes::Bytes::from(otlp::request(&self.process, batch));
        let mut pauses = PAUSES.iter();
        let outcome = loop {
            match self.post(body.clone()).await {
                Err(NotTaken { is_transient: true, words }) => match pauses.next() {
                    Some(pause) => sleep(*pause).await,
                    None => break Err(words),
                },
                Err(NotTaken { words, .. }) => break Err(words),
                Ok(()) => break Ok(()),
            }
        };
        let name = if outcome.is_ok() { "sent" } else { "failed" };
        metrics::trace_spans(name, batch.len() as u64);
        let endpoint = self.endpoint.as_str();
        match (std::mem::replace(&mut self.is_away, outcome.is_err()), outcome) {
            (false, Err(reason)) => {
                tracing::warn!(
                    endpoint,
                    reason,
                    "the collector does not take traces; they are dropped until it does"
                );
            }
            (true, Ok(())) => tracing::info!(endpoint, "the collector takes traces again"),
            (true, Err(_)) | (false, Ok(())) => {}
        }
    }

    async fn post(&self, body: bytes::Bytes) -> Result<(), NotTaken> {
        let request = self.client.post(self.endpoint.clone()).body(body);
        let answer = request.header(CONTENT_TYPE, "application/x-protobuf").send().await;
        let status = answer.map_err(|error| NotTaken {
            words: error.without_url().to_string(),
            is_transient: true,
        })?;
        match status.status() {
            status if status.is_success() => Ok(()),
            // OTLP 1, "Failures": these, and no others, are tried again.
            status => Err(NotTaken {
                words: format!("HTTP status {}", status.as_u16()),
                is_transient: matches!(
                    status,
                    StatusCode::TOO_MANY_REQUESTS
                        | StatusCode::BAD_GATEWAY
                        | StatusCode::SERVICE_UNAVAILABLE
                        | StatusCode::GATEWAY_TIMEOUT
                ),
            }),
        }
    }
}
