//! Polls what is due: fetches, reads the listing or the page, and commits in one atomic batch the
//! source's facts and its new entries.
//!
//! What must stay true: validators are kept only when the body was parsed, so a mended parser is
//! never met with 304; a source is polled once at a time, because it is due again only after its
//! poll was committed; and what its hub pushes meanwhile waits for that poll, or the poll for it
//! ([`turns`]).

mod turns;
mod visit;
mod audit;
mod push;
mod intake;
mod listing;
mod sitemap;
mod site;
mod page;
mod moved;
mod backfill;
mod panicked;
mod next;
mod watched;
mod span;
mod paused;

use std::{
    borrow::Cow,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, MissedTickBehavior},
};
use url::Url;

use crate::{
    base::{clock::Clock, live::Live, private::Private},
    config::sources::Source,
    fetch::{Fetch, SourceFetcher, hosts},
    model::{
        lane::{HostKey, Lane, SourceKey},
        poll_record::{self, PollRecord},
        source::{Pause, State, Validators},
        trace::TraceId,
    },
    policy::{
        hub::announced::Announced,
        polling::decide::{NextPoll, PollResult, Terms},
        trust::Trust,
    },
    stages::{
        PipelineError,
        places::standing::Standings,
        schedule::{DueSource, EarlyPoll, PolledSource, SourceStatus},
        websub::{HubAnnouncement, Push},
    },
    store::{Facts, PastPoll, PollStore},
    telemetry::{
        metrics::{self, Success},
        traces::Tracer,
    },
};
use listing::ListingReader;
use next::{decide, hub_coverage};
use turns::{FinishedWork, Turns, Work};
use visit::Visit;
use watched::{FetchWatch, WatchedFetcher};

pub use intake::Bounds as EntryBounds;
pub use listing::{Rules, preview};

/// What the poll stage tells the page stage.
#[derive(Debug, Default)]
pub struct Wake {
    /// Lanes that have entries which are due then (milliseconds since 1970).
    pub lanes: Vec<(Lane, u64)>,
    /// A host that answered just now.
    pub answered: Option<HostKey>,
}

/// A listing is gone through at least this often, in days, even where the server answers 304:
/// retention counts from the day on which an entry was last listed.
pub const TOUCH_DAYS: u32 = 7;

/// How often it is looked, while polls wait for a place, which ones have no answer.
const LOOK: Duration = Duration::from_millis(250);

/// What every poll works with.
#[derive(Debug)]
pub struct PollContext<F, C> {
    /// Fetches the sources.
    pub fetcher: Arc<F>,
    /// The facts and the queue of entries.
    pub store: PollStore,
    /// Rules that hold for all sources.
    pub rules: Live<Rules>,
    /// The number of polls that run at once.
    pub concurrency: usize,
    /// Begins traces.
    pub traces: Tracer,
    /// The trace of the poll or push that this is a copy for, where it is recorded.
    pub trace: Option<TraceId>,
    /// The clock of all times here.
    pub clock: Arc<C>,
}

// Not derived: that would ask for clones of what is behind the `Arc`s.
impl<F, C> Clone for PollContext<F, C> {
    fn clone(&self) -> Self {
        Self {
            fetcher: Arc::clone(&self.fetcher),
            store: self.store.clone(),
            rules: self.rules.clone(),
            concurrency: self.concurrency,
            traces: self.traces.clone(),
            trace: self.trace,
            clock: Arc::clone(&self.clock),
        }
    }
}

impl<F, C> PollContext<F, C> {
    /// What the listing of a source is gone through with, on another thread.
    fn reader(&self, source: &Source, now: DateTime<Utc>) -> ListingReader {
        ListingReader {
            store: self.store.clone(),
            source: source.clone(),
            rules: self.rules.get(),
            trace: self.trace,
            now,
        }
    }

    /// The context of one poll, which may also reach the networks that its source is allowed.
    fn for_source(
        self,
        source: &Source,
        watch: FetchWatch,
    ) -> PollContext<WatchedFetcher<SourceFetcher<F>>, C> {
        let Self { fetcher, store, rules, concurrency, traces, trace, clock } = self;
        let fetcher = Arc::new(WatchedFetcher::new(
            SourceFetcher::new(fetcher, Arc::clone(&source.allow_addresses)),
            SourceKey::new(source.id.as_str()),
            watch,
        ));
        PollContext { fetcher, store, rules, concurrency, traces, trace, clock }
    }
}

/// Where the poll stage sends what it found.
#[derive(Debug, Clone)]
pub struct Outputs {
    /// To the schedule: when a source is due again.
    pub polled: mpsc::Sender<PolledSource>,
    /// To the page stage: which lanes have entries.
    pub wake: mpsc::Sender<Wake>,
    /// To the topic of polls, where there is one: a record of each poll. Never waited for.
    pub poll_records: mpsc::Sender<PollRecord>,
    /// What goes to hubs and the schedule, where `WebSub` is on.
    pub hubs: Option<HubChannels>,
}

/// What hubs are told about, and what they tell.
#[derive(Debug, Clone)]
pub struct HubChannels {
    /// To the stage of `WebSub`: what sources say of their hubs.
    pub found: mpsc::Sender<HubAnnouncement>,
    /// To the schedule: which sources are to be polled sooner.
    pub early_polls: mpsc::Sender<EarlyPoll>,
}

/// What the poll stage works on.
#[derive(Debug)]
pub struct Inputs {
    /// Sources whose time has come.
    pub due: mpsc::Receiver<DueSource>,
    /// What hubs send, from the listener.
    pub pushes: mpsc::Receiver<Push>,
    /// What a poll costs at the moment.
    pub price: watch::Receiver<f64>,
    /// How hosts are known from the run before.
    pub hosts: KnownHosts,
}

/// What is known of hosts at the start.
#[derive(Debug, Default)]
pub struct KnownHosts(pub(crate) Standings);

/// Runs until `due` closes and every poll in flight is committed.
pub async fn run<F: Fetch, C: Clock>(
    context: PollContext<F, C>,
    mut inputs: Inputs,
    outputs: Outputs,
) -> Result<(), PipelineError> {
    let (mut turns, mut work) = (
        Turns::new(context.concurrency, context.rules.get().per_host)
            .with_standings(inputs.hosts.0),
        JoinSet::new(),
    );
    let price = inputs.price;
    let begin = |turns: &mut Turns, work: &mut JoinSet<_>| {
        let now = Instant::now();
        turns.set_per_host(context.rules.get().per_host);
        while let Some((next, watch)) = turns.ready(now) {
            let price = *price.borrow();
            // A poll is 20 kB, too much to be moved.
            work.spawn(Box::pin(run_work(context.clone(), next, price, watch, outputs.clone())));
        }
        turns.preempt_slow();
    };
    // Polls become slow.
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            due = inputs.due.recv(), if turns.has_room() => match due {
                Some(due) => turns.enqueue(Work::Poll(due)),
                None => break,
            },
            Some(push) = inputs.pushes.recv(), if turns.has_room() => turns.enqueue(Work::Push(push)),
            Some(ended) = work.join_next() => turns.finish(&ended??, Instant::now()),
            _ = look.tick(), if turns.waits() => {}
        }
        begin(&mut turns, &mut work);
    }
    turns.stop();
    while let Some(ended) = work.join_next().await {
        turns.finish(&ended??, Instant::now());
        begin(&mut turns, &mut work);
    }
    Ok(())
}

/// Does one piece of work, and says which source it was for.
async fn run_work<F: Fetch, C: Clock>(
    context: PollContext<F, C>,
    work: Work,
    price: f64,
    watch: FetchWatch,
    outputs: Outputs,
) -> Result<FinishedWork, PipelineError> {
    let source = work.source().clone();
    let context = PollContext { trace: context.traces.begin(), ..context };
    match work {
        Work::Poll(due) => {
            let context = context.for_source(&due.source, watch.clone());
            poll(context, due, price, outputs).await?;
        }
        Work::Push(push) => push::process(context, push, outputs).await?,
    }
    Ok(FinishedWork { source, answered: watch.answered.load(Ordering::Relaxed) })
}

async fn poll<F: Fetch, C: Clock>(
    context: PollContext<F, C>,
    due: DueSource,
    price: f64,
    outputs: Outputs,
) -> Result<(), PipelineError> {
    let started = context.clock.now();
    let (source, pause) = paused::find(&due.source, &context.store, started)?;
    let mut facts =
        context.store.facts(source.id.as_str())?.unwrap_or_default().for_source(&source);
    let before = facts.last_success;
    let asked = site::asked(&source, &mut facts, started);
    let failures_before = facts.failures;
    let mut visit = visit_and_audit(&context, &asked, facts, started).await?;
    let now = context.clock.now();
    let subscription =
        if outputs.hubs.is_some() { context.store.subscription(source.id.as_str())? } else { None };
    let covered_until = subscription
        .as_ref()
        .and_then(|subscription| hub_coverage(&mut visit, subscription, before, now));
    let terms = Terms { bounds: context.rules.get().bounds(&source), price };
    let next = decide(&mut visit, terms, covered_until, now);
    let next = tell_why((&*source, pause.as_ref()), &mut visit.facts, next);
    let past = past_poll(&visit, &due, (started, now), &next);
    let Visit { mut facts, mut commit, wakes, result, label, gap, announced, room, .. } = visit;
    facts.visits += 1;
    facts.interval_s = next.interval.as_secs();
    (facts.state, facts.next_due, facts.next_why) = (next.state, Some(next.at), next.why);
    // A source of which more comes than is taken is throttled, too: that is no other source's
    // concern.
    facts.host_left_alone = is_throttled(result);
    commit.facts(&facts);
    commit.visited(&facts.id, facts.visits, &past);
    context.store.commit(commit).await?;
    // What was read is durable; further bodies may need the memory.
    drop(room);
    if matches!(result, PollResult::Read { .. })
        && announced.as_ref() != subscription.as_ref().map(|subscription| &subscription.announced)
    {
        tell_websub(&outputs, &due.source, announced).await;
    }
    let read_at = site::read_at(&source, &facts);
    wake(&outputs, read_at.at.url(), wakes).await;
    backfill::run(&context, &read_at, &mut facts, &outputs).await?;
    let poll = PollRecord {
        schema: poll_record::SCHEMA,
        source: facts.id,
        url: facts.url,
        at: started,
        outcome: label,
        reason: facts.reason,
        took_ms: (now - started).num_milliseconds(),
        late_ms: (started - due.at).num_milliseconds().max(0),
        fresh: if let PollResult::Read { fresh } = result { fresh } else { 0 },
        left_out: facts.intake.left_out_since(started),
        gap,
        state: facts.state,
        next_due: next.at,
        next_why: facts.next_why,
    };
    report(&poll, result, (failures_before, facts.failures));
    context.traces.record(context.trace, |trace| span::of_poll(trace, &poll, context.clock.now()));
    // Nobody listens where the config does not ask for it; a full channel drops.
    outputs.poll_records.try_send(poll).ok();
    let status = SourceStatus { state: facts.state, appetite: facts.appetite };
    tell_schedule(&outputs, PolledSource { slot: due.slot, next: next.at, decided: now, status })
        .await;
    Ok(())
}

/// Gives a source back to the schedule.
async fn tell_schedule(outputs: &Outputs, polled: PolledSource) {
    // Closed once the run stops: the next due time is durable.
    outputs.polled.send(polled).await.ok();
}

/// Says why a source is paused, where it is, and hides the secrets of its address in all reasons.
fn tell_why(
    (source, pause): (&Source, Option<&Pause>),
    facts: &mut Facts,
    next: NextPoll,
) -> NextPoll {
    let next = paused::tell(pause, facts, next);
    hide_secrets(source, &mut facts.reason);
    next
}

/// Hides the secrets of a source's address in the words of a reason.
fn hide_secrets(source: &Source, reason: &mut String) {
    if let Cow::Owned(hidden) = source.at.secrets().hide(reason) {
        *reason = hidden;
    }
}

/// What is kept of a poll for people; the secrets of the source are hidden in its reason already.
fn past_poll(
    visit: &Visit,
    due: &DueSource,
    (started, now): (DateTime<Utc>, DateTime<Utc>),
    next: &NextPoll,
) -> PastPoll {
    let ms = |time: TimeDelta| u32::try_from(time.num_milliseconds().max(0)).unwrap_or(u32::MAX);
    let fresh = if let PollResult::Read { fresh } = visit.result { fresh } else { 0 };
    PastPoll {
        at: started,
        outcome: visit.label.to_owned(),
        status: visit.answer.status,
        bytes: visit.answer.bytes,
        listed: visit.facts.listed,
        fresh: u32::try_from(fresh).unwrap_or(u32::MAX),
        gap: visit.gap,
        state: next.state,
        reason: visit.facts.reason.clone(),
        took_ms: ms(now - started),
        late_ms: ms(started - due.at),
        next_due: next.at,
        next_why: next.why.clone(),
    }
}

/// Whether the source's server, or the pace of its host, held the poll up.
fn is_throttled(result: PollResult) -> bool {
    matches!(
        result,
        PollResult::Throttled { .. } | PollResult::Deferred { state: State::Throttled, .. }
    )
}

/// Visits a source, and checks what its server's 304 had said where that is due.
async fn visit_and_audit<F: Fetch, C: Clock>(
    context: &PollContext<F, C>,
    asked: &Source,
    facts: Facts,
    started: DateTime<Utc>,
) -> Result<Visit, PipelineError> {
    let held_back = audit::validators_to_check(asked, &facts, started);
    let mut visit = visit::visit(context, asked, facts, started).await?;
    if let Some(validators) = held_back {
        audit::check_validators(context, asked, validators, &mut visit).await;
    }
    Ok(visit)
}

/// Tells the stage of `WebSub`, where that is on, of which hubs a source speaks now.
async fn tell_websub(outputs: &Outputs, source: &Arc<Source>, announced: Option<Announced>) {
    if let Some(hubs) = &outputs.hubs {
        let announcement = HubAnnouncement { source: Arc::clone(source), announced };
        // Closed only when that stage failed, which ends the run by itself.
        hubs.found.send(announcement).await.ok();
    }
}

/// Tells the page stage of new entries, and whose host answered just now.
async fn wake(outputs: &Outputs, answered: Option<&Url>, lanes: Vec<(Lane, u64)>) {
    if !lanes.is_empty() {
        let answered = answered.map(|url| HostKey::new(&hosts::name(url)));
        // Closed only when the page stage failed, which ends the run by itself.
        outputs.wake.send(Wake { lanes, answered }).await.ok();
    }
}

/// Counts and logs a poll. `failures` are the failed polls in a row before it and with it. The first
/// of them is a warning, the further ones are details: `nashra explain` and the status pages tell
/// how a source is.
fn report(poll: &PollRecord, result: PollResult, failures: (u32, u32)) {
    let length = |ms: i64| Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    metrics::poll(poll.outcome, length(poll.took_ms), length(poll.late_ms));
    if matches!(result, PollResult::Read { .. } | PollResult::Unchanged) {
        metrics::succeeded(Success::Poll, poll.at + TimeDelta::milliseconds(poll.took_ms));
    }
    let next_poll_s = (poll.next_due - poll.at).num_seconds();
    match (result, failures) {
        (PollResult::Read { .. } | PollResult::Unchanged, (1.., _)) => {
            tracing::info!(
                source.id = poll.source,
                failures = failures.0,
                "the source can be read again"
            );
        }
        (PollResult::Read { fresh }, _) => {
            tracing::debug!(source.id = poll.source, fresh, "polled");
        }
        (PollResult::Unchanged, _) => tracing::debug!(source.id = poll.source, "polled, unchanged"),
        (PollResult::Paused, _) => tracing::debug!(source.id = poll.source, "paused"),
        (PollResult::Deferred { .. }, _) => {
            tracing::debug!(source.id = poll.source, reason = poll.reason, "not polled now");
        }
        (_, (0, failures)) => tracing::warn!(
            source.id = poll.source,
            url = %poll.url,
            outcome = poll.outcome,
            reason = poll.reason,
            failures,
            next_poll_s,
            next_poll_why = poll.next_why,
            "poll failed"
        ),
        (_, (_, failures)) => tracing::debug!(
            source.id = poll.source,
            outcome = poll.outcome,
            reason = poll.reason,
            failures,
            next_poll_s,
            "poll failed again"
        ),
    }
}

impl Facts {
    /// The facts of this source; what belongs to an address that was configured before is dropped.
    fn for_source(mut self, source: &Source) -> Self {
        let url = Private::from(source.at.configured().into_owned());
        // What was found of a site is no other kind's.
        let was_site = self.site.take_if(|_| !source.kind.is_site() || self.url != url).is_some();
        if self.url != url || was_site {
            (self.validators, self.trust) = (Validators::default(), Trust::default());
            (self.body_hash, self.sent_hash) = (None, None);
            (self.moved, self.backfill, self.gone, self.broken_off) = (None, None, None, None);
        }
        self.id = source.id.to_string();
        self.url = url;
        self
    }
}

#[cfg(test)]
mod tests;
