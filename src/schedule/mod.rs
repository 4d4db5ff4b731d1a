//! Decides which source is due, and hands it on. The decisions are pure ([`decide`]); this loop obeys them, and keeps the
//! [`budget`] that prices them.
//!
//! Only this stage sees `stop`: the others end when their input closes. Due times are durable in each
//! source's facts, so spacing survives restarts; the heap here is made from them at the start.

pub mod rhythm;
pub mod budget;
pub mod hints;
pub mod decide;

mod roster;
pub mod change;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    config::sources::{Source, SourceId, Sources},
    fetch::hosts,
    pipeline::PipelineError,
    store::{AddedStore, Facts, PollStore, State, StoreError},
    telemetry::metrics,
};
use budget::Budget;
use change::{Change, Plan, Topics};
use roster::Roster;

pub use roster::Slot;

/// Sources that are due at the start are begun at least so far apart, if all can be begun within [`SPREAD`].
const APART: TimeDelta = TimeDelta::milliseconds(2);
const SPREAD: TimeDelta = TimeDelta::minutes(5);
/// What is due within this time is begun together: polls that begin together share a waking of the threads and a sync
/// of the store.
const TICK: TimeDelta = TimeDelta::milliseconds(50);
/// A clock that goes back by more was set back, and all that is due is due so much sooner by it.
const SET_BACK: TimeDelta = TimeDelta::seconds(10);
/// Sources that are brought forward together.
const SOONER: usize = 1024;

/// A source whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub source: Arc<Source>,
    /// Where the schedule keeps it.
    pub slot: Slot,
    /// When it was due.
    pub at: DateTime<Utc>,
}

/// A source was polled; it is due again then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Polled {
    /// Which: as the schedule said.
    pub slot: Slot,
    /// When.
    pub next: DateTime<Utc>,
    /// What the schedule remembers of it.
    pub known: Known,
}

/// A source that is to be polled sooner than it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sooner {
    /// Which.
    pub source: SourceId,
    /// When.
    pub at: DateTime<Utc>,
}

/// What the schedule remembers of a source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// How it is.
    pub state: State,
    /// Its part in the budget, once it was read.
    pub appetite: Option<f32>,
}

/// How much room the outbox and the disk leave for new work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pressure {
    /// All is well.
    #[default]
    None,
    /// Intervals are stretched by this many quarters (5: by a quarter).
    Slow(u32),
    /// No polls and no pages until there is room.
    Stop,
}

/// What the schedule begins with, read from the sources' facts.
#[derive(Debug)]
pub struct Beginning {
    roster: Roster,
    topics: Topics,
    heap: Heap,
    /// Of sources that are with a poll: when they are due again at the latest.
    early: HashMap<Slot, DateTime<Utc>>,
    budget: Budget,
    left_alone: HashMap<String, Duration>,
}

/// When the source in a slot is due, the soonest first.
type Heap = BinaryHeap<Reverse<(DateTime<Utc>, Slot)>>;

impl Beginning {
    /// A new source is due at once, and with `now_all` all are: not in the same moment, but a little apart.
    pub fn read(
        store: &PollStore,
        sources: Sources,
        (per_source_day, now_all): (f64, bool),
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let (count, topics) = (sources.polled.len(), Topics::of(&sources.topics));
        let (mut roster, mut heap) = (Roster::default(), Heap::with_capacity(count));
        let mut left_alone = HashMap::<String, Duration>::new();
        for (source, turn) in sources.polled.into_iter().zip(turns(now, count)) {
            let facts = store.facts(source.id.as_str())?.unwrap_or_default();
            if let (State::Throttled, Some(url), Some(due)) = (facts.state, source.at.url(), facts.next_due)
                && let Ok(wait) = (due - now).to_std()
            {
                let left = left_alone.entry(hosts::name(url)).or_default();
                *left = wait.max(*left);
            }
            let at = first_due(&source, &facts, now).filter(|_| !now_all).unwrap_or(turn);
            if let Some(slot) = roster.insert(Arc::new(source), Known::of(&facts)) {
                heap.push(Reverse((at, slot)));
            }
        }
        let budget = Budget::new(per_source_day, roster.known().map(|it| it.appetite), now);
        Ok(Self { roster, topics, heap, early: HashMap::new(), budget, left_alone })
    }

    /// The hosts that asked us before to stay away, and how much of that is left.
    #[must_use]
    pub fn left_alone(&self) -> &HashMap<String, Duration> {
        &self.left_alone
    }

    /// What a poll costs at first.
    #[must_use]
    pub fn price(&self) -> f64 {
        self.budget.price()
    }
}

impl Known {
    fn of(facts: &Facts) -> Self {
        Self { state: facts.state, appetite: facts.appetite }
    }
}

/// The times at which so many sources begin.
fn turns(now: DateTime<Utc>, count: usize) -> impl Iterator<Item = DateTime<Utc>> {
    let apart = APART.min(SPREAD / i32::try_from(count).unwrap_or(i32::MAX).max(1));
    std::iter::successors(Some(now), move |it| Some(*it + apart))
}

/// When a source is due by its facts; `None`: at once.
fn first_due(source: &Source, facts: &Facts, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // What was paused and is no more, or the other way round, shows at once.
    let as_before = source.paused == (facts.state == State::Paused);
    // The clock was set back since: what counts is the time between the two.
    let ahead = facts.last_poll.map_or(TimeDelta::zero(), |last| (last - now).max(TimeDelta::zero()));
    facts.next_due.map(|at| at - ahead).filter(|at| *at > now && as_before)
}

/// How the schedule is steered, and what it tells.
#[derive(Debug)]
pub struct Controls {
    /// Room in the outbox and on the disk.
    pub pressure: watch::Receiver<Pressure>,
    /// Sources that come and go.
    pub changes: mpsc::Receiver<Change>,
    /// Sources that are to be polled sooner.
    pub sooner: mpsc::Receiver<Sooner>,
    /// Where it is told which sources are polled no more.
    pub gone: Option<mpsc::Sender<Vec<String>>>,
    /// What a poll costs, for those who decide.
    pub price: watch::Sender<f64>,
    /// Ends the run in order.
    pub stop: CancellationToken,
}

/// The schedule's part of the store: the facts, to be read, and the sources that were added.
pub type Stores = (PollStore, AddedStore);

/// Runs until it is stopped.
pub async fn run<C: Clock>(
    mut schedule: Beginning,
    (clock, stores): (Arc<C>, Stores),
    (due, mut polled): (mpsc::Sender<Due>, mpsc::Receiver<Polled>),
    mut controls: Controls,
) -> Result<(), PipelineError> {
    for it in schedule.roster.known() {
        metrics::source_state(None, Some(it.state));
    }
    let mut before = clock.now();
    loop {
        let now = clock.now();
        if before - now > SET_BACK {
            schedule.shift(now - before);
        }
        before = now;
        let level = *controls.pressure.borrow_and_update();
        let next = schedule.heap.peek().map(|Reverse((at, _))| *at);
        let wait = match (next, level) {
            (Some(next), Pressure::None | Pressure::Slow(_)) if next <= now => None,
            (Some(next), Pressure::None | Pressure::Slow(_)) => Some((next - now).clamp(TICK, TimeDelta::seconds(5))),
            // A clock that jumps and a disk that is freed are both noticed within seconds.
            (None, _) | (_, Pressure::Stop) => Some(TimeDelta::seconds(5)),
        };
        tokio::select! {
            () = controls.stop.cancelled() => return Ok(()),
            Some(done) = polled.recv() => {
                if let (Some(left), Some(gone)) = (schedule.polled(done, stretched(done.next, level, now)), &controls.gone) {
                    // The poll may have found a hub after it was told that the source is gone.
                    gone.send(vec![left.to_string()]).await.ok();
                }
            }
            Some(Change { wish, dry_run, answer }) = controls.changes.recv() => {
                let removes = !dry_run && matches!(wish, change::Wish::Remove(_));
                let told = schedule.change(wish, dry_run, &stores, now).await;
                if let (true, Ok(told), Some(gone)) = (removes, &told, &controls.gone) {
                    // Closed only when that stage failed, which ends the run by itself.
                    gone.send(told.done.clone()).await.ok();
                }
                // A command that gave up waiting does not need the answer.
                answer.send(told).ok();
            }
            Some(first) = controls.sooner.recv() => {
                let more = std::iter::from_fn(|| controls.sooner.try_recv().ok());
                schedule.sooner(std::iter::once(first).chain(more).take(SOONER).collect());
            }
            changed = controls.pressure.changed() => if changed.is_err() { return Ok(()) },
            permit = due.reserve(), if wait.is_none() => {
                let Ok(permit) = permit else { return Ok(()) };
                if let Some(Reverse((at, slot))) = schedule.heap.pop()
                    && let Some((source, _)) = schedule.roster.back(slot)
                {
                    permit.send(Due { source: Arc::clone(source), slot, at });
                    schedule.budget.spend(now);
                    controls.price.send_replace(schedule.budget.price());
                }
            }
            () = tokio::time::sleep(wait.and_then(|it| it.to_std().ok()).unwrap_or_default()), if wait.is_some() => {}
        }
    }
}

impl Beginning {
    /// A poll was made: the source is due again, unless it was let go meanwhile; then it is given.
    fn polled(&mut self, done: Polled, next: DateTime<Utc>) -> Option<SourceId> {
        let (early, left) = (self.early.remove(&done.slot), self.roster.left(done.slot).cloned());
        if let Some((_, known)) = self.roster.back(done.slot) {
            learn(known, done.known, &mut self.budget);
            self.heap.push(Reverse((early.map_or(next, |it| it.min(next)), done.slot)));
        }
        left
    }

    /// Moves all due times, as the clock was moved.
    fn shift(&mut self, by: TimeDelta) {
        let heap = std::mem::take(&mut self.heap).into_iter();
        self.heap = heap.map(|Reverse((at, slot))| Reverse((at + by, slot))).collect();
        self.early.values_mut().for_each(|at| *at += by);
    }

    /// Brings sources forward: all at once, because the whole heap is gone through.
    fn sooner(&mut self, wishes: Vec<Sooner>) {
        let wishes: HashMap<SourceId, DateTime<Utc>> = wishes.into_iter().map(|it| (it.source, it.at)).collect();
        let mut slots: HashMap<Slot, DateTime<Utc>> = self.roster.slots().filter_map(|(slot, id)| Some((slot, *wishes.get(id)?))).collect();
        let heap = std::mem::take(&mut self.heap).into_iter();
        self.heap = heap.map(|Reverse((at, slot))| Reverse((slots.remove(&slot).map_or(at, |it| it.min(at)), slot))).collect();
        self.early.extend(slots);
    }

    /// Takes sources in or lets them go, once that is durable.
    async fn change(
        &mut self,
        wish: change::Wish,
        dry_run: bool,
        (facts, added): &Stores,
        now: DateTime<Utc>,
    ) -> Result<change::Told, StoreError> {
        let plan = change::plan(wish, self.roster.sources(), &self.topics, added)?;
        if dry_run {
            return Ok(plan.told);
        }
        change::commit(&plan, added).await?;
        let Plan { add, remove, told } = plan;
        if !remove.is_empty() {
            for known in self.roster.remove(&remove) {
                metrics::source_state(Some(known.state), None);
                self.budget.leave(known.appetite);
            }
        }
        let turns = turns(now, add.len());
        for ((source, _), turn) in add.into_iter().zip(turns) {
            let facts = facts.facts(source.id.as_str())?.unwrap_or_default();
            let (known, at) = (Known::of(&facts), first_due(&source, &facts, now).unwrap_or(turn));
            metrics::source_state(None, Some(known.state));
            self.budget.join(known.appetite);
            if let Some(slot) = self.roster.insert(Arc::new(source), known) {
                self.heap.push(Reverse((at, slot)));
            }
        }
        Ok(told)
    }
}

fn stretched(next: DateTime<Utc>, level: Pressure, now: DateTime<Utc>) -> DateTime<Utc> {
    let quarters = if let Pressure::Slow(quarters) = level { quarters.max(4) } else { 4 };
    now + (next - now).max(TimeDelta::zero()) * i32::try_from(quarters).unwrap_or(4) / 4
}

fn learn(before: &mut Known, now: Known, budget: &mut Budget) {
    metrics::source_state(Some(before.state), Some(now.state));
    if let Some(appetite) = now.appetite {
        budget.learn(before.appetite, appetite);
    }
    *before = now;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn a_source_is_brought_forward_whether_it_waits_or_is_being_polled_and_never_put_off() {
        let sources = crate::config::sources::parse("l", b"https://a.example/\nhttps://b.example/\nhttps://c.example/").sources;
        let ids: Vec<SourceId> = sources.iter().map(|it| it.id.clone()).collect();
        let store = Store::in_memory().unwrap().polls();
        let mut schedule = Beginning::read(&store, Sources { polled: sources, topics: Vec::new() }, (24.0, false), at(0)).unwrap();
        let Some(Reverse((_, first))) = schedule.heap.pop() else { panic!("three are due") };
        let sooner = |source: &SourceId, seconds| Sooner { source: source.clone(), at: at(seconds) };
        let unknown: SourceId = "nobody".parse().unwrap();
        schedule.sooner(vec![sooner(&ids[0], 50), sooner(&ids[1], -9), sooner(&ids[2], 50), sooner(&unknown, 0)]);
        let known = Known { state: State::Ok, appetite: None };
        assert_eq!(schedule.polled(Polled { slot: first, next: at(100), known }, at(100)), None);
        let order: Vec<DateTime<Utc>> = schedule.heap.into_sorted_vec().into_iter().rev().map(|it| it.0.0).collect();
        assert_eq!(order, [at(-9), at(0) + APART * 2, at(50)]);
        assert!(schedule.early.is_empty());
    }

    #[test]
    fn a_clock_that_is_set_back_puts_no_source_off() {
        let source = crate::config::sources::parse("l", b"https://a.example/").sources.remove(0);
        let facts = Facts { last_poll: Some(at(1000)), next_due: Some(at(1300)), ..Facts::default() };
        let due = |now| first_due(&source, &facts, at(now));
        assert_eq!([due(1100), due(100), due(1400)], [Some(at(1300)), Some(at(400)), None]);

        let store = Store::in_memory().unwrap().polls();
        let sources = Sources { polled: vec![source.clone()], topics: Vec::new() };
        let mut schedule = Beginning::read(&store, sources, (24.0, false), at(1000)).unwrap();
        schedule.shift(TimeDelta::seconds(-900));
        assert_eq!(schedule.heap.peek().map(|it| it.0.0), Some(at(100)));
    }
}
