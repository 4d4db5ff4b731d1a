//! Decides which source is due, and hands it on. The decisions are pure ([`decide`]); this loop
//! obeys them, and keeps the
//! [`budget`] that prices them.
//!
//! Only this stage sees `stop`: the others end when their input closes. Due times are durable in
//! each source's facts, so spacing survives restarts; the heap here is made from them at the start.

pub mod change;
pub mod reload;
mod counts;
mod requests;
mod roster;
mod state;

use std::{cmp::Reverse, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    base::clock::Clock,
    config::sources::{Source, SourceId},
    model::source::State,
    stages::PipelineError,
    store::{AddedStore, PollStore, Store},
};
use change::{ChangeRequest, ScheduleRequest, SourceChange};
use counts::SourceCounts;
use reload::ReloadRequest;
use requests::Moment;

pub use roster::Slot;
pub use state::{ScheduleState, StartOptions};

/// What is due within this time is begun together: polls that begin together share a waking of the
/// threads and a sync of the store.
const TICK: TimeDelta = TimeDelta::milliseconds(50);
/// A clock that goes back by more was set back, and all that is due is due so much sooner by it.
pub(crate) const SET_BACK: TimeDelta = TimeDelta::seconds(10);
/// Sources that are brought forward together.
const EARLY_POLLS: usize = 1024;

/// A source whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueSource {
    /// The source that is to be polled.
    pub source: Arc<Source>,
    /// Its place in the schedule, which [`PolledSource`] gives back.
    pub slot: Slot,
    /// The time at which it was due.
    pub at: DateTime<Utc>,
}

/// A source that was polled, and when it is due again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolledSource {
    /// The slot that came with [`DueSource`].
    pub slot: Slot,
    /// The time at which it is due again.
    pub next: DateTime<Utc>,
    /// When that was decided: the clock may be set back before the schedule hears of it.
    pub decided: DateTime<Utc>,
    /// What the schedule remembers of it from now on.
    pub status: SourceStatus,
}

/// A source that is to be polled sooner than it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlyPoll {
    /// The source's id; one that is not polled is passed over.
    pub source: SourceId,
    /// The latest time at which it is due then.
    pub at: DateTime<Utc>,
}

/// What the schedule remembers of a source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SourceStatus {
    /// Its state after the last poll.
    pub state: State,
    /// Its share of the budget, once it was read.
    pub appetite: Option<f32>,
}

/// How much room the outbox and the disk leave for new work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pressure {
    /// There is room for all.
    #[default]
    None,
    /// Intervals are stretched by this many quarters (5: by a quarter).
    Slow(u32),
    /// No polls and no pages until there is room.
    Stop,
}

/// The channels of the schedule, and the end of the run.
#[derive(Debug)]
pub struct Channels {
    /// Where sources go whose time has come.
    pub due: mpsc::Sender<DueSource>,
    /// Sources that were polled.
    pub polled: mpsc::Receiver<PolledSource>,
    /// Room in the outbox and on the disk.
    pub pressure: watch::Receiver<Pressure>,
    /// Sources that come and go.
    pub changes: mpsc::Receiver<ScheduleRequest>,
    /// Sources that are to be polled sooner.
    pub early_polls: mpsc::Receiver<EarlyPoll>,
    /// Where the ids of sources go that are polled no more.
    pub gone: Option<mpsc::Sender<Vec<String>>>,
    /// What a poll costs, for those who decide.
    pub price: watch::Sender<f64>,
    /// Ends the run in order.
    pub stop: CancellationToken,
}

/// The schedule's part of the store.
#[derive(Debug, Clone)]
pub struct ScheduleStores {
    /// The facts of sources, to be read.
    pub polls: PollStore,
    /// The sources that were added by command.
    pub added: AddedStore,
}

impl ScheduleStores {
    /// Its part of a store.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        Self { polls: store.polls(), added: store.added() }
    }
}

/// Runs until it is stopped.
pub async fn run<C: Clock>(
    mut schedule: ScheduleState,
    clock: Arc<C>,
    stores: ScheduleStores,
    mut channels: Channels,
) -> Result<(), PipelineError> {
    schedule.counts = SourceCounts::begin(schedule.roster.statuses());
    let mut before = schedule.read_at;
    loop {
        let now = clock.now();
        if before - now > SET_BACK {
            schedule.shift(now - before);
        }
        before = now;
        let level = *channels.pressure.borrow_and_update();
        let next = schedule.heap.peek().map(|Reverse((at, _))| *at);
        let wait = match (next, level) {
            (Some(next), Pressure::None | Pressure::Slow(_)) if next <= now => None,
            (Some(next), Pressure::None | Pressure::Slow(_)) => {
                Some((next - now).clamp(TICK, TimeDelta::seconds(5)))
            }
            // A clock that jumps and a disk that is freed are both noticed within seconds.
            (None, _) | (_, Pressure::Stop) => Some(TimeDelta::seconds(5)),
        };
        tokio::select! {
            () = channels.stop.cancelled() => return Ok(()),
            Some(done) = channels.polled.recv() => {
                let next = done.next - (done.decided - clock.now()).max(TimeDelta::zero());
                if let (Some(left), Some(gone)) = (schedule.record_poll(done, stretched(next, level, now)), &channels.gone) {
                    // The poll may have found a hub after it was told that the source is gone.
                    gone.send(vec![left.to_string()]).await.ok();
                }
            }
            Some(request) = channels.changes.recv() => {
                let gone = schedule.obey(request, &stores, Moment { now, pressure: level }).await;
                if let (false, Some(channel)) = (gone.is_empty(), &channels.gone) {
                    // Closed only when that stage failed, which ends the run by itself.
                    channel.send(gone).await.ok();
                }
            }
            Some(first) = channels.early_polls.recv() => {
                let more = std::iter::from_fn(|| channels.early_polls.try_recv().ok());
                schedule.poll_earlier(std::iter::once(first).chain(more).take(EARLY_POLLS).collect());
            }
            changed = channels.pressure.changed() => if changed.is_err() { return Ok(()) },
            permit = channels.due.reserve(), if wait.is_none() => {
                let Ok(permit) = permit else { return Ok(()) };
                if let Some(Reverse((at, slot))) = schedule.heap.pop()
                    && let Some((source, _)) = schedule.roster.take_back(slot)
                {
                    permit.send(DueSource { source: Arc::clone(source), slot, at });
                    schedule.budget.spend(now);
                    channels.price.send_replace(schedule.budget.price());
                }
            }
            () = tokio::time::sleep(wait.and_then(|wait| wait.to_std().ok()).unwrap_or_default()), if wait.is_some() => {}
        }
    }
}

fn stretched(next: DateTime<Utc>, level: Pressure, now: DateTime<Utc>) -> DateTime<Utc> {
    let quarters = if let Pressure::Slow(quarters) = level { quarters.max(4) } else { 4 };
    now + (next - now).max(TimeDelta::zero()) * i32::try_from(quarters).unwrap_or(4) / 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::clock::ManualClock,
        config::sources::{self, Sources},
        model::source::Pause,
        store::{Facts, PollCommit},
    };

    #[tokio::test]
    async fn a_clock_that_is_set_back_between_the_reading_of_the_facts_and_the_run_puts_no_source_off()
     {
        let (store, start) =
            (Store::in_memory().unwrap(), DateTime::UNIX_EPOCH + TimeDelta::days(100));
        let polled = sources::parse("l", b"https://a.example/").sources;
        let source = polled[0].id.clone();
        let schedule = ScheduleState::load(
            &store.polls(),
            Sources { polled, topics: Vec::new() },
            StartOptions { polls_per_source_day: 24.0, poll_now: false },
            start,
        )
        .unwrap();
        let (due_tx, mut due) = mpsc::channel(1);
        let (_polled, polled) = mpsc::channel(1);
        let (_pressure, pressure) = watch::channel(Pressure::None);
        let ((_changes, changes), (_early_polls, early_polls)) =
            (mpsc::channel(1), mpsc::channel(1));
        let stop = CancellationToken::new();
        let channels = Channels {
            due: due_tx,
            polled,
            pressure,
            changes,
            early_polls,
            gone: None,
            price: watch::channel(0.0).0,
            stop: stop.clone(),
        };
        let clock = Arc::new(ManualClock::new(start - TimeDelta::days(1)));
        let running = tokio::spawn(run(schedule, clock, ScheduleStores::of(&store), channels));
        let first =
            tokio::time::timeout(std::time::Duration::from_secs(20), due.recv()).await.unwrap();
        assert_eq!(first.map(|first| first.source.id.clone()), Some(source));
        stop.cancel();
        running.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_source_whose_pause_ended_while_nothing_ran_is_due_at_once() {
        let (store, now) =
            (Store::in_memory().unwrap(), DateTime::UNIX_EPOCH + TimeDelta::days(100));
        let polled = sources::parse("l", b"https://a.example/").sources;
        let id = polled[0].id.to_string();
        let mut commit = PollCommit::default();
        commit.facts(&Facts {
            id: id.clone(),
            url: polled[0].at.configured().into_owned().into(),
            state: State::Paused,
            last_poll: Some(now - TimeDelta::days(1)),
            next_due: Some(now + TimeDelta::hours(6)),
            ..Facts::default()
        });
        store.polls().commit(commit).await.unwrap();
        for (until, is_due) in
            [(now - TimeDelta::hours(1), true), (now + TimeDelta::hours(1), false)]
        {
            let pause = Pause { since: now - TimeDelta::days(2), until: Some(until), reason: None };
            store.added().change_pauses([(id.as_str(), &pause)], []).await.unwrap();
            let schedule = ScheduleState::load(
                &store.polls(),
                Sources { polled: polled.clone(), topics: Vec::new() },
                StartOptions { polls_per_source_day: 24.0, poll_now: false },
                now,
            )
            .unwrap();
            let Reverse((at, _)) = *schedule.heap.peek().unwrap();
            assert_eq!(at <= now, is_due, "{at}");
        }
    }
}
