//! Drains the outbox into the sink, in order; the only place where an [`Acked`] can be made.
//!
//! What must stay true: nothing is trimmed that the sink did not acknowledge; after any failure
//! that leaves it open what was taken, the sink says itself what it holds, and publishing goes on
//! from there or stops with a reason; it never guesses. No single record holds up the others: what
//! the sink refuses for good gives its place in the order to a small dead letter.

mod adopt;
mod changes;
mod drain;
pub mod polls;
mod position;
mod refused;
pub mod sink;
pub mod sinks;

use std::time::Duration;

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use self::{
    drain::{Drain, Step},
    sink::Sink,
};
use crate::{
    base::backoff::Backoff,
    stages::{
        PipelineError,
        commit::{DeadLetterFiles, RecallRequest},
    },
    store::{Outbox, StoreError, StoreId},
    telemetry::ready::Ready,
};

pub use adopt::{AdoptError, AdoptionReport, RecallExecutor, adopt};
pub use changes::confirm;
pub use position::{Halt, Position, WriterId};

/// Whether publishing goes on; what `/readyz` and `nashra state` show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Status {
    /// The sink has not answered yet.
    #[default]
    Connecting,
    /// The sink takes records.
    Publishing,
    /// The sink takes articles; dead letters are kept in `data_dir`, for this reason.
    KeepingLetters(String),
    /// The sink does not answer or takes nothing, for this reason; it is tried again.
    Retrying(String),
    /// Stopped until an operator decides.
    Halted(Halt),
}

/// What an operator wants of the publish stage.
#[derive(Debug)]
pub enum OperatorRequest {
    /// Publishing goes on in a new epoch.
    Adopt(oneshot::Sender<Result<AdoptionReport, AdoptError>>),
    /// What happened to the topics is known.
    Confirm(oneshot::Sender<Result<String, StoreError>>),
}

/// What the publish stage listens to.
#[derive(Debug)]
pub struct Inputs {
    /// There may be more in the outbox; closed once the committing task has ended.
    pub wake: mpsc::Receiver<()>,
    /// What operators want.
    pub operator_requests: mpsc::Receiver<OperatorRequest>,
    /// The time for draining is over.
    pub deadline: CancellationToken,
}

/// What the publish stage works with.
#[derive(Debug)]
pub struct Parts {
    /// What is to be published.
    pub outbox: Outbox,
    /// The id of the store that the outbox is of.
    pub store: StoreId,
    /// Where records are kept that the sink does not take.
    pub files: DeadLetterFiles,
    /// Where it is told whether the sink's topics are as they were made.
    pub ready: Ready,
    /// Where the committing task is asked to take over articles that the topics hold.
    pub recalls: mpsc::Sender<RecallRequest>,
}

/// Pauses between tries of a sink that does not answer.
const PAUSE: Backoff = Backoff::doubling(Duration::from_millis(250), Duration::from_secs(5));
/// Pauses after another process took over: whoever of the two publishes first keeps it, so we do
/// not take it back at once.
const FENCED: Backoff = Backoff::doubling(Duration::from_mins(1), Duration::from_mins(15));
/// While it is halted, how often it is looked whether that was mended.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// Runs until `wake` closes (the committing task has ended) and the outbox is empty, or the
/// deadline is over.
pub async fn run(
    mut sink: Box<dyn Sink>,
    parts: Parts,
    inputs: Inputs,
    status: watch::Sender<Status>,
) -> Result<(), PipelineError> {
    let Inputs { mut wake, mut operator_requests, deadline } = inputs;
    let mut drain = Drain::new(parts, status);
    let (mut pause, mut fenced) = (PAUSE.waits(), FENCED.waits());
    let mut open = true;
    loop {
        let outcome = tokio::select! {
            () = deadline.cancelled() => return Ok(()),
            outcome = drain.step(&mut *sink) => outcome?,
        };
        let until = match outcome {
            Step::Delivered => {
                pause.succeeded();
                fenced.succeeded();
                continue;
            }
            Step::Again => continue,
            Step::Empty | Step::Halted if !open => return Ok(()),
            // Woken by new records.
            Step::Empty => None,
            Step::Halted => Some(LOOK_AGAIN),
            Step::Failed => Some(pause.failed()),
            Step::Fenced => Some(fenced.failed()),
        };
        let until = until.map(|until| Instant::now() + until);
        loop {
            tokio::select! {
                () = deadline.cancelled() => return Ok(()),
                () = tokio::time::sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => break,
                // New records are no reason to try sooner, but the end of all is one to look
                // whether there is more to do.
                woken = wake.recv(), if open => {
                    open = woken.is_some();
                    if until.is_none() || !open { break }
                }
                Some(request) = operator_requests.recv() => match request {
                    OperatorRequest::Adopt(answer) => {
                        drain.adopt(&mut *sink, answer).await;
                        break;
                    }
                    OperatorRequest::Confirm(answer) => drain.confirm(answer).await,
                },
            }
        }
    }
}

#[cfg(test)]
mod tests;
