//! The live schedule: the sources, their due times and the budget.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    ChangeRequest, EarlyPoll, PolledSource, ReloadRequest, ScheduleRequest, ScheduleStores, Slot,
    SourceChange, SourceStatus,
    change::{self, ChangePlan, TopicIds},
    counts::SourceCounts,
    reload::{self, BeforePolls, ReloadError, ReloadPlan, ReloadReport},
    roster::Roster,
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
    topics: TopicIds,
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
            let at = first_due(&source, &facts, now).filter(|_| !options.poll_now).unwrap_or(turn);
            if let Some(slot) = roster.insert(Arc::new(source), SourceStatus::from_facts(&facts)) {
                heap.push(Reverse((at, slot)));
            }
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
    fn from_facts(facts: &Facts) -> Self {
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
fn turns(now: DateTime<Utc>, count: usize) -> impl Iterator<Item = DateTime<Utc>> {
    let apart = APART.min(SPREAD / i32::try_from(count).unwrap_or(i32::MAX).max(1));
    std::iter::successors(Some(now), move |turn| Some(*turn + apart))
}

/// When a source is due by its facts; `None`: at once.
fn first_due(source: &Source, facts: &Facts, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // What was paused and is no more, or the other way round, shows at once.
    let as_before = source.paused == (facts.state == State::Paused);
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

    /// Brings sources forward: all at once, because the whole heap is gone through.
    pub(super) fn poll_earlier(&mut self, polls: Vec<EarlyPoll>) {
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

    /// Does what is asked for, and answers; returns the ids of the sources that are polled no more.
    pub(super) async fn obey(
        &mut self,
        request: ScheduleRequest,
        stores: &ScheduleStores,
        now: DateTime<Utc>,
    ) -> Vec<String> {
        // A command that gave up waiting does not need the answer.
        match request {
            ScheduleRequest::Change(ChangeRequest { change, dry_run, answer }) => {
                let (report, gone) = match self.change(change, dry_run, stores, now).await {
                    Ok((report, gone)) => (Ok(report), gone),
                    Err(error) => (Err(error), Vec::new()),
                };
                answer.send(report).ok();
                gone
            }
            ScheduleRequest::Reload(ReloadRequest { listed, dry_run, before_polls, answer }) => {
                let before_polls = (!dry_run).then_some(before_polls);
                let report = self.reload(listed, before_polls, stores, now);
                let gone = report.as_ref().ok().filter(|_| !dry_run);
                let gone = gone.map(|report| report.removed.clone());
                answer.send(report).ok();
                gone.unwrap_or_default()
            }
            ScheduleRequest::List(answer) => {
                answer.send(self.roster.polled().collect()).ok();
                Vec::new()
            }
        }
    }

    /// Takes sources in or lets them go, once that is durable; also returns the ids of those that
    /// are polled no more.
    async fn change(
        &mut self,
        change: SourceChange,
        dry_run: bool,
        stores: &ScheduleStores,
        now: DateTime<Utc>,
    ) -> Result<(change::ChangeReport, Vec<String>), StoreError> {
        let plan = change::plan(change, self.roster.sources(), &self.topics, &stores.added)?;
        if dry_run {
            return Ok((plan.report, Vec::new()));
        }
        change::commit(&plan, &stores.added).await?;
        let ChangePlan { add, mut remove, report } = plan;
        // Of a source that a list names, too, the row goes and the source stays.
        for listed in self.roster.sources().filter(|source| source.added.is_none()) {
            remove.remove(listed.id.as_str());
        }
        self.let_go(&remove);
        let add: Vec<Source> = add.into_iter().map(|(source, _)| source).collect();
        let facts = read_facts(&add, &stores.polls)?;
        self.take_in(add.into_iter().zip(facts), now);
        Ok((report, remove.into_iter().collect()))
    }

    /// Takes over what the config names now, beside the sources that were added by command. Without
    /// `before_polls` nothing is changed.
    fn reload(
        &mut self,
        mut listed: Sources,
        before_polls: Option<BeforePolls>,
        stores: &ScheduleStores,
        now: DateTime<Utc>,
    ) -> Result<ReloadReport, ReloadError> {
        listed.with_added(stores.added.all()?)?;
        let plan = reload::plan(listed.polled, self.roster.sources(), &self.topics)?;
        let Some(before_polls) = before_polls else { return Ok(plan.report) };
        let facts = read_facts(&plan.add, &stores.polls)?;
        // From here on nothing can fail.
        before_polls.perform();
        let ReloadPlan { add, remove, replace, report } = plan;
        self.let_go(&remove);
        let changed = report.changed.iter().filter_map(|id| replace.get(id));
        // What was paused and is no more, and what has another address, shows at once.
        let polls = changed.map(|source| EarlyPoll { source: source.id.clone(), at: now });
        let polls: Vec<EarlyPoll> = polls.collect();
        self.roster.replace(replace);
        if !polls.is_empty() {
            self.poll_earlier(polls);
        }
        self.take_in(add.into_iter().zip(facts), now);
        Ok(report)
    }

    fn let_go(&mut self, ids: &HashSet<String>) {
        if ids.is_empty() {
            return;
        }
        for status in self.roster.remove(ids) {
            self.counts.note(Some(status.state), None);
            self.budget.leave(status.appetite);
        }
    }

    fn take_in(
        &mut self,
        sources: impl ExactSizeIterator<Item = (Source, Facts)>,
        now: DateTime<Utc>,
    ) {
        let turns = turns(now, sources.len());
        for ((source, facts), turn) in sources.zip(turns) {
            let (status, at) =
                (SourceStatus::from_facts(&facts), first_due(&source, &facts, now).unwrap_or(turn));
            self.counts.note(None, Some(status.state));
            self.budget.join(status.appetite);
            if let Some(slot) = self.roster.insert(Arc::new(source), status) {
                self.heap.push(Reverse((at, slot)));
            }
        }
    }
}

/// What is known of sources, in their order.
fn read_facts(sources: &[Source], store: &PollStore) -> Result<Vec<Facts>, StoreError> {
    let facts = |source: &Source| store.facts(source.id.as_str()).map(Option::unwrap_or_default);
    sources.iter().map(facts).collect()
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
    fn a_clock_that_is_set_back_puts_no_source_off() {
        let source = crate::config::sources::parse("l", b"https://a.example/").sources.remove(0);
        let facts =
            Facts { last_poll: Some(at(1000)), next_due: Some(at(1300)), ..Facts::default() };
        let due = |now| first_due(&source, &facts, at(now));
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
