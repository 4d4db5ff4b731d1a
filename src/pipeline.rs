//! The whole flow on one page: schedule → poll ═ entries ═ page → commit ═ outbox ═ publish, and
//! beside the schedule two further beginnings: input ═ entries, and hubs → poll.
//!
//! A single arrow is a bounded channel, made here and nowhere else; a double line is a durable
//! queue in the store, which the stages on both sides reach through handles of their own. Only the
//! schedule, input and the listener for hubs see `stop`; the others end when their input closes,
//! which drains in order, and one deadline wraps them all.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    base::{clock::Clock, live::Live},
    config::sources::Sources,
    fetch::{Fetch, Post},
    stages::{
        PipelineError, commit, input, pages as page, poll,
        publish::{self, sink::Sink},
        schedule::{self, Pressure},
        websub,
    },
    store::{Store, StoreError},
    telemetry::{ready::Ready, traces::Tracer},
};

/// Sizes of the bounded channels, in messages.
#[derive(Debug, Clone, Copy)]
pub struct Queues {
    /// Schedule → poll.
    pub due: usize,
    /// Poll and input → page, and poll → schedule.
    pub polled: usize,
    /// Page → commit.
    pub extracted: usize,
}

/// Poll → the topic of polls; best effort, so its size decides only what is dropped.
const POLL_RECORDS: usize = 256;

/// Listener → poll: each may hold a whole body.
const PUSHES: usize = 16;
/// Listener → the stage of `WebSub`; each waits for its answer.
const CALLBACKS: usize = 64;
/// Poll and `WebSub` → schedule; best effort, so its size decides only what is dropped.
const EARLY_POLLS: usize = 1024;

/// What the stages work with.
#[derive(Debug)]
pub struct Parts<F, C> {
    /// What is polled at first, and which topics are read.
    pub sources: Sources,
    /// For the poll stage.
    pub poll: poll::PollContext<F, C>,
    /// For the `WebSub` stage, where it is wanted.
    pub websub: Option<websub::WebsubSetup>,
    /// For the input stage.
    pub input: input::Parts<C>,
    /// For the page stage.
    pub page: page::PageContext<F, C>,
    /// For the committing task.
    pub commit: commit::Parts<C>,
    /// The sink that records are published to.
    pub sink: Box<dyn Sink>,
    /// Holds everything durable.
    pub store: Store,
    /// Whether all sources are due at the start.
    pub poll_now: bool,
    /// Polls of a source a day, on average.
    pub polls_per_source_day: f64,
}

impl<F, C> Parts<F, C> {
    /// Has all stages record their spans.
    pub fn trace_into(&mut self, traces: Tracer) {
        self.poll.traces = traces.clone();
        self.page.traces = traces.clone();
        self.commit.traces = traces;
    }
}

/// The channels by which a run is steered and observed from outside.
#[derive(Debug)]
pub struct Steering {
    /// Room in the outbox and on the disk.
    pub pressure: watch::Receiver<Pressure>,
    /// Whether publishing goes on.
    pub status: watch::Sender<publish::Status>,
    /// Requests to take in sources and let them go.
    pub changes: mpsc::Receiver<schedule::change::ScheduleRequest>,
    /// Commands of operators to the publish stage.
    pub operator_requests: mpsc::Receiver<publish::OperatorRequest>,
    /// Where readiness of the daemon's parts is reported.
    pub ready: Ready,
    /// Ends the run in order.
    pub stop: CancellationToken,
    /// How long the draining may take.
    pub drain: Live<Duration>,
}

/// The ends of `WebSub`'s channels that the other stages hold; closed where it is off.
struct HubChannels {
    pushes: mpsc::Receiver<websub::Push>,
    poll: Option<poll::HubChannels>,
    early_polls: mpsc::Receiver<schedule::EarlyPoll>,
    gone: Option<mpsc::Sender<Vec<String>>>,
}

impl HubChannels {
    /// Makes the channels, and starts the stages where they are wanted.
    fn start<F: Fetch + Post, C: Clock>(
        parts: &mut Parts<F, C>,
        found: usize,
        stages: &mut JoinSet<Result<(), PipelineError>>,
        pressure: &watch::Receiver<Pressure>,
        stop: &CancellationToken,
    ) -> Result<Self, StoreError> {
        let (pushes_tx, pushes) = mpsc::channel(PUSHES);
        let (early_polls_tx, early_polls) = mpsc::channel(EARLY_POLLS);
        let Some(setup) = parts.websub.take() else {
            return Ok(Self { pushes, poll: None, early_polls, gone: None });
        };
        let (found_tx, found) = mpsc::channel(found);
        let (gone_tx, gone) = mpsc::channel(1);
        let (callbacks_tx, callbacks) = mpsc::channel(CALLBACKS);
        let (fetcher, clock) = (Arc::clone(&parts.poll.fetcher), Arc::clone(&parts.poll.clock));
        let (context, listener) =
            setup.split(&parts.store.subscriptions(), &parts.sources.polled, fetcher, clock)?;
        stages.spawn(websub::run(
            context,
            websub::Inputs { found, gone, callbacks, early_polls: early_polls_tx.clone() },
        ));
        let outputs = websub::Outputs { callbacks: callbacks_tx, pushes: pushes_tx };
        stages.spawn(websub::serve(listener, outputs, pressure.clone(), stop.clone()));
        let poll = poll::HubChannels { found: found_tx, early_polls: early_polls_tx };
        Ok(Self { pushes, poll: Some(poll), early_polls, gone: Some(gone_tx) })
    }
}

/// Runs until `stop` and everything in flight is durable or delivered, or the deadline has passed.
pub async fn run<F: Fetch + Post, C: Clock>(
    mut parts: Parts<F, C>,
    queues: Queues,
    steering: Steering,
) -> Result<(), PipelineError> {
    let Steering { pressure, status, changes, operator_requests, ready, stop, drain } = steering;
    let (due_tx, due_rx) = mpsc::channel(queues.due);
    let (polled_tx, polled_rx) = mpsc::channel(queues.polled);
    let (wake_tx, wake_rx) = mpsc::channel(queues.polled);
    let (poll_records_tx, poll_records_rx) = mpsc::channel(POLL_RECORDS);
    let (extracted_tx, extracted_rx) = mpsc::channel(queues.extracted);
    let (outbox_tx, outbox_rx) = mpsc::channel(1);
    let (requests_tx, requests_rx) = mpsc::channel(1);
    // The outbox may hold records of the run before.
    outbox_tx.try_send(()).ok();
    let deadline = CancellationToken::new();
    let mut stages = JoinSet::new();
    let HubChannels { pushes, poll: hubs, early_polls, gone } =
        HubChannels::start(&mut parts, queues.polled, &mut stages, &pressure, &stop)?;
    let options = schedule::StartOptions {
        polls_per_source_day: parts.polls_per_source_day,
        poll_now: parts.poll_now,
    };
    let mut schedule_state = load_schedule(&parts.poll, parts.sources, options)?;
    let hosts = poll::KnownHosts(schedule_state.standings());
    let before = schedule_state.last_poll().unwrap_or_else(|| parts.poll.clock.now());
    let (price_tx, price) = watch::channel(schedule_state.price());
    let stores =
        schedule::ScheduleStores { polls: parts.poll.store.clone(), added: parts.store.added() };
    let clock = Arc::clone(&parts.poll.clock);
    let outgoing = publish::Parts {
        outbox: parts.store.outbox(),
        store: parts.store.id(),
        letters: parts.commit.letters.clone(),
        ready,
        traces: parts.commit.traces.clone(),
        commit_requests: requests_tx,
    };

    let wakes = commit::Wakes { outbox: outbox_tx, pages: wake_tx.downgrade() };
    let inputs = publish::Inputs { wake: outbox_rx, operator_requests, deadline: deadline.clone() };

    let channels = schedule::Channels {
        due: due_tx,
        polled: polled_rx,
        pressure: pressure.clone(),
        changes,
        early_polls,
        gone,
        price: price_tx,
        stop: stop.clone(),
    };

    stages.spawn(schedule::run(schedule_state, clock, stores, channels));
    stages.spawn(input::run(parts.input, wake_tx.clone(), pressure.clone(), stop.clone()));
    stages.spawn(poll::run(
        parts.poll,
        poll::Inputs { due: due_rx, pushes, price, hosts },
        poll::Outputs { polled: polled_tx, wake: wake_tx, poll_records: poll_records_tx, hubs },
    ));
    stages.spawn(publish::polls::run(parts.sink.polls(), poll_records_rx));
    stages.spawn(page::run(parts.page, wake_rx, extracted_tx, pressure, before));
    stages.spawn(commit::run(extracted_rx, requests_rx, parts.commit, wakes));
    stages.spawn(publish::run(parts.sink, outgoing, inputs, status));

    until_ended(stages, &stop, &drain, &deadline).await
}

/// Loads the schedule, and lets hosts cool down that were cooling down when the last run ended.
fn load_schedule<F: Fetch, C: Clock>(
    poll: &poll::PollContext<F, C>,
    sources: Sources,
    options: schedule::StartOptions,
) -> Result<schedule::ScheduleState, StoreError> {
    let now = poll.clock.now();
    let state = schedule::ScheduleState::load(&poll.store, sources, options, now)?;
    for (host, wait) in state.cooldowns() {
        poll.fetcher.cool_down(host, *wait);
    }
    Ok(state)
}

/// Waits until all stages have ended, or the time for draining is over. A stage that fails stops
/// the run; the first error is returned.
async fn until_ended(
    mut stages: JoinSet<Result<(), PipelineError>>,
    stop: &CancellationToken,
    drain: &Live<Duration>,
    deadline: &CancellationToken,
) -> Result<(), PipelineError> {
    let mut outcome = Ok(());
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(*drain.get()).await;
    };
    tokio::pin!(late);
    loop {
        tokio::select! {
            ended = stages.join_next() => match ended {
                None => return outcome,
                Some(ended) => if let Err(error) = ended.map_err(PipelineError::from).and_then(|ended| ended) {
                    stop.cancel();
                    outcome = outcome.and(Err(error));
                },
            },
            () = &mut late => {
                tracing::warn!("the deadline for draining has passed; what is left is durable and goes on at the next start");
                deadline.cancel();
                stages.abort_all();
                return outcome;
            }
        }
    }
}

#[cfg(test)]
mod tests;
