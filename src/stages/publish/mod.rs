//! Drains the outbox into the sink, in order; the only place where an `Acked` can be made.
//!
//! What must stay true: nothing is trimmed that the sink did not acknowledge. After a failure that
//! leaves open which records the sink took, the sink is asked what it holds; publishing goes on
//! from there, or stops with a reason, and never guesses. No single record holds up the others: a
//! record that the sink refuses for good is replaced by a small dead letter.

mod adopt;
mod changes;
mod drain;
pub mod formats;
pub mod polls;
mod position;
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
    sink::{PublishError, Sink},
};
use crate::{
    base::backoff::Backoff,
    stages::{
        PipelineError,
        commit::{CommitRequest, EraseOrder, EraseReport, RetryRequest},
    },
    store::{LetterStore, Outbox, StoreError, StoreId},
    telemetry::{ready::Ready, traces::Tracer},
};

pub use adopt::{AdoptError, AdoptionReport, RecallExecutor, adopt};
pub use changes::confirm;
pub use position::{Halt, Position, WriterId};

/// Whether publishing goes on; what `/readyz` and `nashra state` show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Status {
    /// Nothing was asked of the sink yet.
    #[default]
    Starting,
    /// This sink has not answered yet.
    Connecting(String),
    /// The sink takes records.
    Publishing,
    /// The sink takes articles, but no dead letters, for this reason; they are kept in `data_dir`.
    KeepingLetters(String),
    /// The sink does not answer or takes no records, for this reason; publishing is tried again.
    Retrying(String),
    /// Stopped until an operator decides.
    Halted(Halt),
}

/// A command of an operator to the publish stage, with the channel for its answer.
#[derive(Debug)]
pub enum OperatorRequest {
    /// `nashra state adopt`: publishing goes on in a new epoch.
    Adopt(oneshot::Sender<Result<AdoptionReport, AdoptError>>),
    /// `nashra state confirm`: the operator knows what happened to the topics.
    Confirm(oneshot::Sender<Result<String, StoreError>>),
    /// `nashra erase`: the committing task erases an article while this stage rests, so that no
    /// record is sent that is being taken out of the outbox. `None`: no such article is known.
    Erase(EraseOrder, oneshot::Sender<Result<Option<EraseReport>, StoreError>>),
    /// `nashra deadletters retry`: handed on to the committing task.
    Retry(RetryRequest),
}

/// What the publish stage receives.
#[derive(Debug)]
pub struct Inputs {
    /// There may be more in the outbox; closed once the committing task has ended.
    pub wake: mpsc::Receiver<()>,
    /// Commands of operators.
    pub operator_requests: mpsc::Receiver<OperatorRequest>,
    /// Cancelled when the time for draining is over.
    pub deadline: CancellationToken,
}

/// What the publish stage works with.
#[derive(Debug)]
pub struct Parts {
    /// What is to be published.
    pub outbox: Outbox,
    /// The id of the store that the outbox belongs to.
    pub store: StoreId,
    /// Where records that the sink does not take are kept.
    pub letters: LetterStore,
    /// Where the stage reports changes of the sink's topics that no operator has confirmed.
    pub ready: Ready,
    /// Takes the spans of deliveries.
    pub traces: Tracer,
    /// Where the committing task is asked to take over articles that the topics hold, or to erase
    /// one.
    pub commit_requests: mpsc::Sender<CommitRequest>,
}

/// Pauses between tries of a sink that does not answer.
const PAUSE: Backoff = Backoff::doubling(Duration::from_millis(250), Duration::from_secs(5));
/// Pauses after another process took the transactional id. Taking it back at once would only have
/// the two processes fence each other in turn.
const FENCED: Backoff = Backoff::doubling(Duration::from_mins(1), Duration::from_mins(15));
/// How often a halted stage checks whether the reason for the halt is gone.
const HALTED_RECHECK: Duration = Duration::from_secs(15);

/// How often it is checked whether the sink can be reached while there is nothing to deliver.
const PROBE_EVERY: Duration = Duration::from_secs(5);

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
    drain.reporter.begin(&*sink);
    let (mut pause, mut fenced) = (PAUSE.waits(), FENCED.waits());
    let mut wake_is_open = true;
    loop {
        let outcome = tokio::select! {
            () = deadline.cancelled() => return Ok(()),
            outcome = drain.step(&mut *sink) => outcome?,
        };
        let pause_for = match outcome {
            Step::Delivered | Step::Again => {
                if matches!(outcome, Step::Delivered) {
                    pause.succeeded();
                    fenced.succeeded();
                }
                // A long outbox does not hold an operator up.
                if let Ok(request) = operator_requests.try_recv() {
                    drain.answer(&mut *sink, request).await;
                }
                continue;
            }
            Step::Empty | Step::Halted if !wake_is_open => return Ok(()),
            Step::Unread => return Err(PipelineError::Unread),
            // Woken by new records.
            Step::Empty => None,
            Step::Halted => Some(HALTED_RECHECK),
            Step::Failed => Some(pause.failed()),
            Step::Fenced => Some(fenced.failed()),
        };
        let until = pause_for.map(|pause| Instant::now() + pause);
        let mut probe_at = Instant::now() + PROBE_EVERY;
        loop {
            tokio::select! {
                () = deadline.cancelled() => return Ok(()),
                () = tokio::time::sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => break,
                answer = probe(&mut *sink, probe_at), if until.is_none() => {
                    drain.note_probe(answer);
                    probe_at = Instant::now() + PROBE_EVERY;
                }
                // New records do not shorten a pause. The end of the committing task does, because
                // the stage then has to find out whether it is done.
                woken = wake.recv(), if wake_is_open => {
                    wake_is_open = woken.is_some();
                    if until.is_none() || !wake_is_open { break }
                }
                Some(request) = operator_requests.recv() => {
                    if drain.answer(&mut *sink, request).await {
                        break;
                    }
                }
            }
        }
    }
}

/// Asks whether the sink can be reached, at a time.
async fn probe(sink: &mut dyn Sink, at: Instant) -> Result<(), PublishError> {
    tokio::time::sleep_until(at).await;
    sink.probe().await
}

#[cfg(test)]
mod tests;
