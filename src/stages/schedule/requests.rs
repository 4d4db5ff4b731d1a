//! What the schedule is asked to do with its sources: to take some in or let some go, to pause them,
//! to poll them at once, to list them.
//!
//! What must stay true: what is to be durable is so before the schedule follows it; a source that is
//! polled meanwhile is polled again as soon as that poll ends, where it is to be polled at once.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};

use super::{
    ChangeRequest, EarlyPoll, Pressure, ReloadRequest, ScheduleRequest, ScheduleState,
    ScheduleStores, SourceChange, SourceStatus,
    change::{self, ChangePlan, ChangeReport, PlannedPoll},
    reload::{self, BeforePolls, EmptyFile, ReloadError, ReloadPlan, ReloadReport},
    state::{first_due, turns},
};
use crate::{
    config::sources::{Source, SourceId, Sources},
    model::source::{Pause, State},
    store::{Facts, PollStore, StoreError},
};

/// When a request came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: DateTime<Utc>,
    pub(super) pressure: Pressure,
}

impl ScheduleState {
    /// Does what is asked for, and answers; returns the ids of the sources that are polled no more.
    pub(super) async fn obey(
        &mut self,
        request: ScheduleRequest,
        stores: &ScheduleStores,
        at: Moment,
    ) -> Vec<String> {
        // A command that gave up waiting does not need the answer.
        match request {
            ScheduleRequest::Change(ChangeRequest { change, dry_run, answer }) => {
                let (report, gone) = match self.change((change, dry_run), stores, at).await {
                    Ok((report, gone)) => (Ok(report), gone),
                    Err(error) => (Err(error), Vec::new()),
                };
                answer.send(report).ok();
                gone
            }
            ScheduleRequest::Reload(request) => {
                let ReloadRequest { listed, empty, order, before_polls, answer, .. } = request;
                let empty = if order.allow_empty { Vec::new() } else { empty };
                let before_polls = (!order.dry_run).then_some(before_polls);
                let report = self.reload((listed, &empty), before_polls, stores, at.now);
                let gone = report.as_ref().ok().filter(|_| !order.dry_run);
                if gone.is_some() {
                    self.budget.change(request.polls_per_source_day);
                }
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

    /// Follows a change, once that is durable; also returns the ids of the sources that are polled
    /// no more.
    async fn change(
        &mut self,
        (change, dry_run): (SourceChange, bool),
        stores: &ScheduleStores,
        at: Moment,
    ) -> Result<(ChangeReport, Vec<String>), StoreError> {
        let now = at.now;
        let mut plan =
            change::plan(change, self.roster.sources(), &self.topics, &stores.added, now)?;
        plan.report.polls = self.planned_polls(&plan.poll, &stores.polls, at)?;
        plan.tell_neighbours(self.roster.sources(), &stores.polls, now)?;
        if dry_run {
            return Ok((plan.report, Vec::new()));
        }
        change::commit(&plan, &stores.added, now).await?;
        let ChangePlan { add, mut remove, replaces, pause, resume, poll, report } = plan;
        // Of a source that a list names, too, the row goes and the source stays.
        for listed in self.roster.sources().filter(|source| source.added.is_none()) {
            remove.remove(listed.id.as_str());
        }
        self.let_go(&remove);
        self.show_paused(&pause);
        // The visit of a paused source notes that it is paused, and asks nobody.
        let ids = pause.iter().map(|(id, _)| id).chain(&resume).filter_map(|id| id.parse().ok());
        let polls = ids.chain(poll).map(|source| EarlyPoll { source, at: now });
        self.poll_earlier(polls.collect());
        let add: Vec<Source> = add.into_iter().map(|(source, _)| source).collect();
        if replaces {
            self.replace(add.into_iter().map(Arc::new), now);
            return Ok((report, Vec::new()));
        }
        let known = read_known(&add, &stores.polls, now)?;
        self.take_in(add.into_iter().zip(known), now);
        Ok((report, remove.into_iter().collect()))
    }

    /// When sources are polled that are to be polled at once.
    fn planned_polls(
        &self,
        ids: &[SourceId],
        store: &PollStore,
        Moment { now, pressure }: Moment,
    ) -> Result<Vec<PlannedPoll>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let under_way = self.under_way();
        let plan = |id: &SourceId| {
            let facts = store.facts(id.as_str())?.unwrap_or_default();
            let left_alone = facts.next_due.filter(|due| facts.host_left_alone && *due > now);
            let (at, why) = if pressure == Pressure::Stop {
                (
                    now,
                    "once there is room in the outbox and on the disk: until then nothing is polled",
                )
            } else if let Some(due) = left_alone {
                (due, "its host asked to be left alone until then")
            } else if under_way.contains(id) {
                (now, "as soon as the poll has ended that is under way")
            } else {
                (now, "")
            };
            Ok(PlannedPoll { id: id.to_string(), at, why: why.to_owned() })
        };
        ids.iter().map(plan).collect()
    }

    /// Has sources counted as paused although they were not visited yet.
    fn show_paused(&mut self, paused: &[(String, Pause)]) {
        let ids: HashSet<&str> = paused.iter().map(|(id, _)| id.as_str()).collect();
        if ids.is_empty() {
            return;
        }
        for (_, status) in self.roster.of_ids(&ids) {
            self.counts.note(Some(status.state), Some(State::Paused));
            status.state = State::Paused;
        }
    }

    /// Puts declarations in the places of others, and has the sources polled: what has another
    /// address shows at once.
    fn replace(&mut self, sources: impl Iterator<Item = Arc<Source>>, now: DateTime<Utc>) {
        let sources: HashMap<String, Arc<Source>> =
            sources.map(|source| (source.id.to_string(), source)).collect();
        let polls = sources.values().map(|source| EarlyPoll { source: source.id.clone(), at: now });
        let polls = polls.collect();
        self.roster.replace(sources);
        self.poll_earlier(polls);
    }

    /// Takes over what the config names now, beside the sources that were added by command. Without
    /// `before_polls` nothing is changed.
    fn reload(
        &mut self,
        (mut listed, empty): (Sources, &[EmptyFile]),
        before_polls: Option<BeforePolls>,
        stores: &ScheduleStores,
        now: DateTime<Utc>,
    ) -> Result<ReloadReport, ReloadError> {
        listed.with_added(stores.added.all()?)?;
        let plan = reload::plan(listed, self.roster.sources(), &self.topics, empty)?;
        let Some(before_polls) = before_polls else { return Ok(plan.report) };
        let known = read_known(&plan.add, &stores.polls, now)?;
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
        self.take_in(add.into_iter().zip(known), now);
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
        sources: impl ExactSizeIterator<Item = (Source, (Facts, bool))>,
        now: DateTime<Utc>,
    ) {
        let turns = turns(now, sources.len());
        for ((source, (facts, paused)), turn) in sources.zip(turns) {
            let status = SourceStatus::from_facts(&facts);
            let at = first_due(&source, &facts, paused, now).unwrap_or(turn);
            self.counts.note(None, Some(status.state));
            self.budget.join(status.appetite);
            self.enter(Arc::new(source), status, at);
        }
    }
}

/// What is known of sources, in their order: their facts, and whether they have a pause.
fn read_known(
    sources: &[Source],
    store: &PollStore,
    now: DateTime<Utc>,
) -> Result<Vec<(Facts, bool)>, StoreError> {
    let known = |source: &Source| {
        let id = source.id.as_str();
        Ok((store.facts(id)?.unwrap_or_default(), store.pause_at(id, now)?.is_some()))
    };
    sources.iter().map(known).collect()
}
