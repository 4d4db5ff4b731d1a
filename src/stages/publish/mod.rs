//! Drains the outbox into the sink, in order; the only place where an [`Acked`] can be made.
//!
//! What must stay true: nothing is trimmed that the sink did not acknowledge; after any failure that leaves it open what
//! was taken, the sink says itself what it holds, and publishing goes on from there or stops with a reason; it never
//! guesses. No single record holds up the others: what the sink refuses for good gives its place in the order to a small
//! dead letter.

mod adopt;
mod drain;
mod kafka;
mod known;
mod lines;
pub mod polls;
mod position;
mod refused;

use std::{future::Future, time::Duration};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use self::drain::{Drain, Step};
use crate::{
    model::record::Topic,
    stages::{
        PipelineError,
        commit::{DeadLetterFiles, Published, Recall},
    },
    store::{Outbox, OutboxRow, Reached, StoreError, StoreId, Tail},
    telemetry::ready::Ready,
};

pub use adopt::{AdoptError, Adopted, Committing, adopt};
pub use kafka::KafkaSink;
pub use known::{Described, Landed, confirm};
pub use lines::{LineSink, Output};
pub use polls::PollSink;
pub use position::{Halt, Position, Writer};

/// Why a delivery failed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It may work later.
    #[error("{0}")]
    Transient(String),
    /// We may not do this: it waits until an operator gives the right.
    #[error("{words}")]
    Unauthorised {
        /// Of which records, where it is about those of one topic.
        topic: Option<Topic>,
        /// What may not be done.
        words: String,
    },
    /// Another process has begun to publish as this store.
    #[error("another nashra with this store's id has begun to publish ({0})")]
    Fenced(String),
    /// Records are refused for good; none of the batch was delivered.
    #[error("{} records are refused", .0.len())]
    Refused(Vec<Refusal>),
    /// It will not, until an operator decides.
    #[error("{0}")]
    Halted(Halt),
}

/// A record that the sink does not take, now or later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its number.
    pub seq: u64,
    /// One word: `too_large` or `invalid`.
    pub reason: &'static str,
    /// What the sink says.
    pub words: String,
}

/// The sink's side of the world. Offsets are where the position was found or written last: one of this store never stands
/// before it.
pub trait Publish: Send + 'static {
    /// Says what a sink with memory of its own holds and which cluster it is; `None` from one without. It takes nothing
    /// from another process that publishes.
    fn look(&mut self, from: Option<i64>) -> impl Future<Output = Result<Option<Held>, PublishError>> + Send;

    /// Connects, or connects again after an error, and from then on is the only one that publishes as this store.
    fn resume(&mut self, from: Option<i64>) -> impl Future<Output = Result<Option<Held>, PublishError>> + Send;

    /// Delivers rows with the position they reach: all durable there when it returns, or none of them.
    fn publish(&mut self, rows: &[OutboxRow], reached: &Position) -> impl Future<Output = Result<Delivered, PublishError>> + Send;

    /// The articles of this store that were published after what is remembered, in their order; none from a sink without
    /// memory.
    fn published(&mut self, after: &Reached) -> impl Future<Output = Result<Vec<Published>, PublishError>> + Send;
}

/// What a sink with transactions holds of this store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The cluster that answers now.
    pub cluster_id: String,
    /// The position it holds; `None` where it has none of this store.
    pub position: Option<Position>,
    /// The position's offset.
    pub position_at: Option<i64>,
    /// Whether that is all: not while a transaction is open.
    pub settled: bool,
    /// The topics of records, where they were looked at.
    pub topics: Vec<Described>,
}

/// What is known of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The offset of the position.
    pub position_at: Option<i64>,
    /// Where records came to stand, the last of each partition.
    pub landed: Vec<Landed>,
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
    /// Articles flow; dead letters are kept in `data_dir`.
    KeepingLetters(String),
    /// The sink does not answer; tried again.
    Retrying(String),
    /// Stopped until an operator decides.
    Halted(Halt),
}

/// An operator's wish.
#[derive(Debug)]
pub enum Wish {
    /// Publishing goes on in a new epoch.
    Adopt(oneshot::Sender<Result<Adopted, AdoptError>>),
    /// What happened to the topics is known.
    Confirm(oneshot::Sender<Result<String, StoreError>>),
}

/// What the publish stage listens to.
#[derive(Debug)]
pub struct Inputs {
    /// There may be more in the outbox; closed once the committing task has ended.
    pub wake: mpsc::Receiver<()>,
    /// Operators' wishes.
    pub wishes: mpsc::Receiver<Wish>,
    /// The time for draining is over.
    pub deadline: CancellationToken,
}

/// What the publish stage works with.
#[derive(Debug)]
pub struct Parts {
    /// What is to be published.
    pub outbox: Outbox,
    /// The store that it is of.
    pub store: StoreId,
    /// Where records are kept that the sink does not take.
    pub files: DeadLetterFiles,
    /// Bounds of one delivery.
    pub limits: Limits,
    /// Whether the topics are as they were made.
    pub ready: Ready,
    /// To the committing task.
    pub recalls: mpsc::Sender<Recall>,
}

/// Pauses between tries of a sink that does not answer.
const PAUSE_FIRST: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Pauses after another process took over: whoever of the two publishes first keeps it, so we do not take it back at once.
const FENCED_FIRST: Duration = Duration::from_mins(1);
const FENCED_MAX: Duration = Duration::from_mins(15);
/// While it is halted, how often it is looked whether that was mended.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// Runs until `wake` closes (the committing task has ended) and the outbox is empty, or the deadline is over.
pub async fn run<P: Publish>(mut sink: P, parts: Parts, inputs: Inputs, status: watch::Sender<Status>) -> Result<(), PipelineError> {
    let Inputs { mut wake, mut wishes, deadline } = inputs;
    let mut drain = Drain::new(parts, status);
    let (mut pause, mut fenced) = (PAUSE_FIRST, FENCED_FIRST);
    let mut open = true;
    loop {
        let outcome = tokio::select! {
            () = deadline.cancelled() => return Ok(()),
            outcome = drain.step(&mut sink) => outcome?,
        };
        let until = match outcome {
            Step::Delivered => {
                (pause, fenced) = (PAUSE_FIRST, FENCED_FIRST);
                continue;
            }
            Step::Again => continue,
            Step::Empty | Step::Halted if !open => return Ok(()),
            // Woken by new records.
            Step::Empty => None,
            Step::Halted => Some(LOOK_AGAIN),
            Step::Failed => Some(doubled(&mut pause, PAUSE_MAX)),
            Step::Fenced => Some(doubled(&mut fenced, FENCED_MAX)),
        };
        let until = until.map(|it| Instant::now() + it);
        loop {
            tokio::select! {
                () = deadline.cancelled() => return Ok(()),
                () = tokio::time::sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => break,
                // New records are no reason to try sooner, but the end of all is one to look whether there is more to do.
                woken = wake.recv(), if open => {
                    open = woken.is_some();
                    if until.is_none() || !open { break }
                }
                Some(wish) = wishes.recv() => match wish {
                    Wish::Adopt(answer) => {
                        drain.adopt(&mut sink, answer).await;
                        break;
                    }
                    Wish::Confirm(answer) => drain.confirm(answer).await,
                },
            }
        }
    }
}

fn doubled(pause: &mut Duration, most: Duration) -> Duration {
    let this = *pause;
    *pause = (this * 2).min(most);
    this
}

/// Where a position that the sink holds stands in our outbox.
pub(crate) type Found = Option<Tail>;

#[cfg(test)]
mod tests;
