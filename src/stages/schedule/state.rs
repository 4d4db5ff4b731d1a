//! The live schedule: the sources, their due times and the budget.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    EarlyPoll, PolledSource, Slot, SourceStatus,
    change::TopicIds,
    counts::SourceCounts,
    roster::{Roster, Token},
};
use crate::{
    config::sources::{Source, SourceId, Sources},
    fetch::hosts,
    model::{lane::HostKey, source::State},
    policy::polling::budget::Budget,
    stages::places::standing::{Standing, Standings},
    store::{Facts, PollStore, StoreError},
};

/// Sources that are due at the start are begun at least so far apart, if all can be begun within
/// [`SPREAD`].
const APART: TimeDelta = TimeDelta::milliseconds(2);
const SPREAD: TimeDelta = TimeDelta::minutes(5);

/// The live schedule, read from the sources' facts at the start.
#[derive(Debug)]
pub struct ScheduleState {
    pub(super) roster: Roster,
    pub(super) topics: TopicIds,
    pub(super) heap: Heap,
    /// Of sources that are with a poll: when they are due again at the latest.
    early: HashMap<Slot, DateTime<Utc>>,
    pub(super) budget: Budget,
    /// What the metrics show of them, once it runs.
    pub(super) counts: SourceCounts,
    cooldowns: HashMap<String, Duration>,
    standings: Standings,
    last_poll: Option<DateTime<Utc>>,
    /// The time that all of this is from: the clock may be set back before the schedule runs.
    pub(super) read_at: DateTime<Utc>,
}

/// How the schedule starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StartOptions {
    /// The budget: polls per source and day, on average over all sources.
    pub polls_per_source_day: f64,
    /// Whether all sources are due at the start.
    pub poll_now: bool,
}

/// When the source in a slot is due, the soonest first.
type Heap = BinaryHeap<Reverse<(DateTime<Utc>, Slot)>>;

impl ScheduleState {
    /// Reads the facts of all sources. A new source is due at once, and with `poll_now` all are:
    /// not in the same moment, but a little apart.
    ///
    /// # Errors
    /// Where the facts cannot be read.
    pub fn load(
        store: &PollStore,
        sources: Sources,
        options: StartOptions,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let (count, topics) = (sources.polled.len(), TopicIds::new(&sources.topics));
        let (mut roster, mut heap) = (Roster::default(), Heap::with_capacity(count));
        let (mut cooldowns, mut last_poll) = (HashMap::<String, Duration>::new(), None);
        let mut standings = Standings::default();
        for (source, turn) in sources.polled.into_iter().zip(turns(now, count)) {
            let facts = store.facts(source.id.as_str())?.unwrap_or_default();
            last_poll = last_poll.max(facts.last_poll);
            if let (true, Some(url), Some(due)) =
                (facts.host_left_alone, source.at.url(), next_due(&facts, now))
                && let Ok(wait) = (due - now).to_std()
            {
                let left = cooldowns.entry(hosts::name(url)).or_default();
                *left = wait.max(*left);
            }
            remember(&mut standings, &source, &facts);
            let paused = store.pause_at(source.id.as_str(), now)?.is_some();
            let at = first_due(&source, &facts, paused, now);
            let at = at.filter(|_| !options.poll_now).unwrap_or(turn);
            let token = roster.insert(Arc::new(source), SourceStatus::from_facts(&facts));
            heap.push(Reverse((at, token.slot)));
        }
        let budget = Budget::new(
            options.polls_per_source_day,
            roster.statuses().map(|status| status.appetite),
            now,
        );
        Ok(Self {
            roster,
            topics,
            heap,
            early: HashMap::new(),
            budget,
            counts: SourceCounts::default(),
            cooldowns,
            standings,
            last_poll,
            read_at: now,
        })
    }

    /// The hosts that asked an earlier process to stay away, with the rest of that time.
    #[must_use]
    pub fn cooldowns(&self) -> &HashMap<String, Duration> {
        &self.cooldowns
    }

    /// How fast the sources' hosts answered before. Can be taken once.
    pub(crate) fn standings(&mut self) -> Standings {
        std::mem::take(&mut self.standings)
    }

    /// The latest time at which any source was polled.
    #[must_use]
    pub fn last_poll(&self) -> Option<DateTime<Utc>> {
        self.last_poll
    }

    /// The price of a poll at first, in days that entries may wait.
    #[must_use]
    pub fn price(&self) -> f64 {
        self.budget.price()
    }
}

impl SourceStatus {
    pub(super) fn from_facts(facts: &Facts) -> Self {
        Self { state: facts.state, appetite: facts.appetite }
    }
}

/// A host of which something was read last is asked before one of which nothing came.
fn remember(standings: &mut Standings, source: &Source, facts: &Facts) {
    let Some(host) = source.at.url().map(|url| HostKey::new(&hosts::name(url))) else { return };
    if facts.failures == 0 && facts.last_success.is_some() {
        standings.set(host, Standing::Prompt);
    } else if facts.state == State::Backoff && standings.get(host) != Some(Standing::Prompt) {
        standings.set(host, Standing::Slow);
    }
}

/// The times at which so many sources begin.
pub(super) fn turns(now: DateTime<Utc>, count: usize) -> impl Iterator<Item = DateTime<Utc>> {
    let apart = APART.min(SPREAD / i32::try_from(count).unwrap_or(i32::MAX).max(1));
    std::iter::successors(Some(now), move |turn| Some(*turn + apart))
}

/// When a source is due by its facts; `None`: at once. `paused` is whether an operator paused it.
pub(super) fn first_due(
    source: &Source,
    facts: &Facts,
    paused: bool,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    // What was paused and is no more, or the other way round, shows at once, and so does what is
    // at another address.
    let as_before = (source.paused || paused) == (facts.state == State::Paused)
        && *source.at.configured() == **facts.url.real();
    next_due(facts, now).filter(|at| *at > now && as_before)
}

/// When a source was to be polled next. Where the clock was set back since, what counts is the time
/// between the two.
fn next_due(facts: &Facts, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let ahead =
        facts.last_poll.map_or(TimeDelta::zero(), |last| (last - now).max(TimeDelta::zero()));
    facts.next_due.map(|at| at - ahead)
}

impl ScheduleState {
    /// A poll was made: the source is due again, unless it was let go meanwhile; then it is given.
    pub(super) fn record_poll(
        &mut self,
        done: PolledSource,
        next: DateTime<Utc>,
    ) -> Option<SourceId> {
        let (early, left) =
            (self.early.remove(&done.slot), self.roster.leaving_source(done.slot).cloned());
        if let Some((_, status)) = self.roster.take_back(done.slot) {
            let before = status.state;
            learn(status, done.status, &mut self.budget);
            self.counts.note(Some(before), Some(done.status.state));
            self.heap.push(Reverse((early.map_or(next, |early| early.min(next)), done.slot)));
        }
        left
    }

    /// Moves all due times, as the clock was moved.
    pub(super) fn shift(&mut self, by: TimeDelta) {
        let heap = std::mem::take(&mut self.heap).into_iter();
        self.heap = heap.map(|Reverse((at, slot))| Reverse((at + by, slot))).collect();
        self.early.values_mut().for_each(|at| *at += by);
    }

    /// Takes a source in that is due then, or where it was let go during a poll, as soon as that has
    /// ended.
    pub(super) fn enter(&mut self, source: Arc<Source>, status: SourceStatus, at: DateTime<Utc>) {
        let Token { slot, is_out } = self.roster.insert(source, status);
        if is_out {
            self.early.insert(slot, at);
        } else {
            self.heap.push(Reverse((at, slot)));
        }
    }

    /// The sources that are polled at this moment.
    pub(super) fn under_way(&self) -> HashSet<SourceId> {
        let waiting: HashSet<Slot> = self.heap.iter().map(|due| due.0.1).collect();
        let out = self.roster.slots().filter(|(slot, _)| !waiting.contains(slot));
        out.map(|(_, id)| id.clone()).collect()
    }

    /// Brings sources forward: all at once, because the whole heap is gone through.
    pub(super) fn poll_earlier(&mut self, polls: Vec<EarlyPoll>) {
        if polls.is_empty() {
            return;
        }
        let earlier: HashMap<SourceId, DateTime<Utc>> =
            polls.into_iter().map(|poll| (poll.source, poll.at)).collect();
        let mut slots: HashMap<Slot, DateTime<Utc>> =
            self.roster.slots().filter_map(|(slot, id)| Some((slot, *earlier.get(id)?))).collect();
        let heap = std::mem::take(&mut self.heap).into_iter();
        self.heap = heap
            .map(|Reverse((at, slot))| {
                Reverse((slots.remove(&slot).map_or(at, |earlier| earlier.min(at)), slot))
            })
            .collect();
        self.early.extend(slots);
    }
}

fn learn(before: &mut SourceStatus, now: SourceStatus, budget: &mut Budget) {
    if let Some(appetite) = now.appetite {
        budget.learn(before.appetite, appetite);
    }
    *before = now;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{PollCommit, Store};

    const OPTIONS: StartOptions = StartOptions { polls_per_source_day: 24.0, poll_now: false };

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn load(store: &PollStore, polled: Vec<Source>, now: DateTime<Utc>) -> ScheduleState {
        ScheduleState::load(store, Sources { polled, topics: Vec::new() }, OPTIONS, now).unwrap()
    }

    #[test]
    fn a_source_is_brought_forward_whether_it_waits_or_is_being_polled_and_never_put_off() {
        let sources = crate::config::sources::parse(
            "l",
            b"https://a.example/\nhttps://b.example/\nhttps://c.example/",
        )
        .sources;
        let ids: Vec<SourceId> = sources.iter().map(|source| source.id.clone()).collect();
        let store = Store::in_memory().unwrap().polls();
        let mut schedule = load(&store, sources, at(0));
        let Some(Reverse((_, first))) = schedule.heap.pop() else { panic!("three are due") };
        let early =
            |source: &SourceId, seconds| EarlyPoll { source: source.clone(), at: at(seconds) };
        let unknown: SourceId = "nobody".parse().unwrap();
        schedule.poll_earlier(vec![
            early(&ids[0], 50),
            early(&ids[1], -9),
            early(&ids[2], 50),
            early(&unknown, 0),
        ]);
        let status = SourceStatus { state: State::Ok, appetite: None };
        assert_eq!(
            schedule.record_poll(
                PolledSource { slot: first, next: at(100), decided: at(0), status },
                at(100)
            ),
            None
        );
        let order: Vec<DateTime<Utc>> =
            schedule.heap.into_sorted_vec().into_iter().rev().map(|due| due.0.0).collect();
        assert_eq!(order, [at(-9), at(0) + APART * 2, at(50)]);
        assert!(schedule.early.is_empty());
    }

    #[tokio::test]
    async fn hosts_that_failed_last_are_known_to_keep_us_waiting_unless_another_source_was_read_there()
     {
        let sources = crate::config::sources::parse(
            "l",
            b"https://a.example/1\nhttps://a.example/2\nhttps://b.example/\nhttps://c.example/",
        )
        .sources;
        let store = Store::in_memory().unwrap().polls();
        let failed = |source: &Source| Facts {
            id: source.id.to_string(),
            failures: 2,
            state: State::Backoff,
            ..Facts::default()
        };
        let read = Facts {
            failures: 0,
            state: State::Ok,
            last_success: Some(at(0)),
            ..failed(&sources[1])
        };
        for facts in [failed(&sources[0]), read, failed(&sources[2])] {
            let mut commit = PollCommit::default();
            commit.facts(&facts);
            store.commit(commit).await.unwrap();
        }
        let mut schedule = load(&store, sources, at(0));
        let standings = schedule.standings();
        let known =
            ["a.example", "b.example", "c.example"].map(|host| standings.get(HostKey::new(host)));
        assert_eq!(known, [Some(Standing::Prompt), Some(Standing::Slow), None]);
    }

    #[test]
    fn a_source_that_comes_back_with_another_address_during_its_poll_is_polled_when_that_ends() {
        let source = |url: &str| {
            let list = format!("[[source]]\nid = \"a\"\nurl = \"{url}\"\n");
            crate::config::sources::parse("l.toml", list.as_bytes()).sources.remove(0)
        };
        let store = Store::in_memory().unwrap().polls();
        let mut schedule = load(&store, vec![source("https://a.example/")], at(0));
        let Some(Reverse((_, slot))) = schedule.heap.pop() else { panic!("it is due") };
        schedule.roster.remove(&["a".to_owned()].into());
        let status = SourceStatus { state: State::Ok, appetite: None };
        schedule.enter(Arc::new(source("https://b.example/")), status, at(5));
        assert!(schedule.heap.is_empty(), "it is polled by one at a time");
        let done = PolledSource { slot, next: at(3600), decided: at(6), status };
        assert_eq!(schedule.record_poll(done, at(3600)), None);
        assert_eq!(schedule.heap.peek().map(|due| due.0.0), Some(at(5)));
    }

    #[test]
    fn a_clock_that_is_set_back_puts_no_source_off() {
        let source = crate::config::sources::parse("l", b"https://a.example/").sources.remove(0);
        let facts = Facts {
            url: "https://a.example/".to_owned().into(),
            last_poll: Some(at(1000)),
            next_due: Some(at(1300)),
            ..Facts::default()
        };
        let due = |now| first_due(&source, &facts, false, at(now));
        assert_eq!([due(1100), due(100), due(1400)], [Some(at(1300)), Some(at(400)), None]);

        let store = Store::in_memory().unwrap().polls();
        let mut schedule = load(&store, vec![source.clone()], at(1000));
        schedule.shift(TimeDelta::seconds(-900));
        assert_eq!(schedule.heap.peek().map(|top| top.0.0), Some(at(100)));
    }

    #[tokio::test]
    async fn a_host_that_asked_to_stay_away_for_a_second_is_not_left_alone_for_a_day_because_the_clock_was_set_back_by_one()
     {
        let source = crate::config::sources::parse("l", b"https://a.example/").sources.remove(0);
        let (polled, day) = (at(90_000), 86_400);
        let facts = Facts {
            id: source.id.to_string(),
            host_left_alone: true,
            last_poll: Some(polled),
            next_due: Some(polled + TimeDelta::seconds(1)),
            ..Facts::default()
        };
        let store = Store::in_memory().unwrap().polls();
        let mut commit = PollCommit::default();
        commit.facts(&facts);
        store.commit(commit).await.unwrap();
        let schedule = load(&store, vec![source], polled - TimeDelta::seconds(day));
        assert_eq!(schedule.cooldowns().values().collect::<Vec<_>>(), [&Duration::from_secs(1)]);
    }
}
