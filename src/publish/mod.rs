//! Drains the outbox into the sink, in order; the only place where an [`Acked`] can be made.
//!
//! What must stay true: nothing is trimmed that the sink did not acknowledge; after any failure the sink says
//! itself what it holds, and publishing goes on from there or stops with a reason; it never guesses.

mod adopt;
mod kafka;
mod lines;
pub mod polls;
mod position;

use std::{future::Future, time::Duration};

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    pipeline::PipelineError,
    store::{Acked, Outbox, OutboxRow, StoreError, StoreId, Tail, Topic},
    telemetry::metrics,
};

pub use adopt::{AdoptError, Adopted, adopt};
pub use kafka::KafkaSink;
pub use lines::{LineSink, Output};
pub use polls::{PollRecord, PollSink};
pub use position::{Halt, Position};

/// Why a delivery failed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It may work later.
    #[error("{0}")]
    Transient(String),
    /// It will not, until an operator decides.
    #[error("{0}")]
    Halted(Halt),
}

/// The sink's side of the world.
pub trait Publish: Send + 'static {
    /// Connects, or connects again after an error. A sink with memory of its own says what it holds and which
    /// cluster it is; `None` from one without.
    fn resume(&mut self) -> impl Future<Output = Result<Option<Held>, PublishError>> + Send;

    /// Delivers rows with the position they reach: all durable there when it returns, or an error.
    fn publish(&mut self, rows: &[OutboxRow], reached: &Position) -> impl Future<Output = Result<(), PublishError>> + Send;
}

/// What a sink with transactions holds of this store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The cluster that answers now.
    pub cluster_id: String,
    /// The position it holds; `None` where it has none of this store.
    pub position: Option<Position>,
}

/// Bounds of one delivery.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Records.
    pub records: usize,
    /// Bytes.
    pub bytes: usize,
}

/// Whether publishing goes on; what `/readyz` and `nashra state` show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Status {
    /// The sink has not answered yet.
    #[default]
    Connecting,
    /// Records flow.
    Publishing,
    /// The sink does not answer; tried again.
    Retrying(String),
    /// Stopped until an operator decides.
    Halted(Halt),
}

/// An operator's wish that publishing goes on in a new epoch.
#[derive(Debug)]
pub struct Adopt(pub oneshot::Sender<Result<Adopted, AdoptError>>);

/// What the publish stage listens to.
#[derive(Debug)]
pub struct Inputs {
    /// There may be more in the outbox; closed once the committing task has ended.
    pub wake: mpsc::Receiver<()>,
    /// Operators' wishes.
    pub adopt: mpsc::Receiver<Adopt>,
    /// The time for draining is over.
    pub deadline: CancellationToken,
}

/// Pauses between tries of a sink that does not answer.
const PAUSE_FIRST: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// Runs until `wake` closes (the committing task has ended) and the outbox is empty, or the deadline is over.
pub async fn run<P: Publish>(
    mut sink: P,
    (outbox, store_id): (Outbox, StoreId),
    limits: Limits,
    inputs: Inputs,
    status: watch::Sender<Status>,
) -> Result<(), PipelineError> {
    let Inputs { mut wake, mut adopt, deadline } = inputs;
    let mut drain = Drain { outbox, store_id, limits, acked: None };
    let mut pause = PAUSE_FIRST;
    let mut open = true;
    loop {
        let outcome = tokio::select! {
            () = deadline.cancelled() => return Ok(()),
            outcome = drain.step(&mut sink, &status) => outcome?,
        };
        let idle = match outcome {
            Step::Delivered => {
                pause = PAUSE_FIRST;
                continue;
            }
            Step::Empty | Step::Halted if !open => return Ok(()),
            // Woken by new records or an operator.
            Step::Empty | Step::Halted => None,
            Step::Failed => {
                metrics::publish_error();
                let this = pause;
                pause = (pause * 2).min(PAUSE_MAX);
                Some(this)
            }
        };
        tokio::select! {
            () = deadline.cancelled() => return Ok(()),
            () = tokio::time::sleep(idle.unwrap_or_default()), if idle.is_some() => {}
            woken = wake.recv(), if idle.is_none() => open = woken.is_some(),
            Some(Adopt(answer)) = adopt.recv() => drain.adopt(&mut sink, answer).await,
        }
    }
}

enum Step {
    Delivered,
    Empty,
    Failed,
    Halted,
}

struct Drain {
    outbox: Outbox,
    store_id: StoreId,
    limits: Limits,
    /// `None` while the sink has yet to say what it holds.
    acked: Option<Acked>,
}

impl Drain {
    async fn step<P: Publish>(&mut self, sink: &mut P, status: &watch::Sender<Status>) -> Result<Step, StoreError> {
        let outcome = match self.acked.take() {
            None => self.resume(sink).await?,
            Some(acked) => self.deliver(sink, acked).await?,
        };
        match outcome {
            Ok(step) => {
                status.send_if_modified(|it| std::mem::replace(it, Status::Publishing) != Status::Publishing);
                Ok(step)
            }
            Err(PublishError::Transient(reason)) => {
                tracing::warn!(reason, "the sink does not take records; nothing is lost, trying again");
                status.send_replace(Status::Retrying(reason));
                Ok(Step::Failed)
            }
            Err(PublishError::Halted(halt)) => {
                if *status.borrow() != Status::Halted(halt.clone()) {
                    tracing::error!(reason = halt.word(), "publishing stopped: {halt}");
                    metrics::publish_halted(halt.word(), true);
                    status.send_replace(Status::Halted(halt));
                }
                Ok(Step::Halted)
            }
        }
    }

    /// The next step resumes, and finds what was adopted.
    async fn adopt<P: Publish>(&mut self, sink: &mut P, answer: oneshot::Sender<Result<Adopted, AdoptError>>) {
        self.acked = None;
        let outcome = adopt(sink, &self.outbox).await;
        if let Ok(adopted) = &outcome {
            tracing::warn!(epoch = adopted.epoch, "an operator adopted data_dir: {adopted}");
            metrics::publish_halted(adopted.halt.word(), false);
        }
        // The operator may have gone away meanwhile.
        answer.send(outcome).ok();
    }

    async fn resume<P: Publish>(&mut self, sink: &mut P) -> Result<Result<Step, PublishError>, StoreError> {
        let held = match sink.resume().await {
            Ok(held) => held,
            Err(error) => return Ok(Err(error)),
        };
        let mut acked = self.outbox.acked()?;
        if let Some(held) = held {
            let found = match &held.position {
                Some(position) => self.outbox.at(position.seq)?,
                None => None,
            };
            match position::judge(&acked, self.outbox.tail()?.seq, &held, found) {
                Ok(from) => {
                    let moved = from.seq > acked.seq || acked.cluster_id.as_ref() != Some(&held.cluster_id);
                    acked = Acked {
                        seq: from.seq,
                        chain: from.chain,
                        total: from.total,
                        cluster_id: Some(held.cluster_id),
                        published: held.position.is_some() || acked.published,
                        ..acked
                    };
                    if moved {
                        self.outbox.trim(&acked).await?;
                    }
                }
                Err(halt) => return Ok(Err(PublishError::Halted(halt))),
            }
        }
        self.acked = Some(acked);
        Ok(Ok(Step::Delivered))
    }

    async fn deliver<P: Publish>(&mut self, sink: &mut P, acked: Acked) -> Result<Result<Step, PublishError>, StoreError> {
        let rows = self.outbox.read(acked.seq, self.limits.records, self.limits.bytes)?;
        let Some(last) = rows.last() else {
            self.acked = Some(acked);
            return Ok(Ok(Step::Empty));
        };
        let reached =
            Position { store: self.store_id, epoch: acked.epoch, seq: last.seq, chain: last.chain, cluster_id: acked.cluster_id.clone() };
        let started = std::time::Instant::now();
        if let Err(error) = sink.publish(&rows, &reached).await {
            return Ok(Err(error));
        }
        metrics::publish_batch(started.elapsed());
        let total = acked.total + rows.iter().map(|row| row.record.value.len() as u64).sum::<u64>();
        let now = Acked { seq: last.seq, chain: last.chain, total, published: true, ..acked };
        self.outbox.trim(&now).await?;
        for topic in [Topic::Articles, Topic::DeadLetters] {
            metrics::published(topic, rows.iter().filter(|row| row.record.topic == topic).count() as u64);
        }
        self.acked = Some(now);
        Ok(Ok(Step::Delivered))
    }
}

/// Where a position that the sink holds stands in our outbox.
pub(crate) type Found = Option<Tail>;
