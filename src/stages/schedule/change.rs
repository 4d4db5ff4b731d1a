//! Sources that are added, removed, paused and polled at once by command, while the daemon runs or
//! while none does.
//!
//! What must stay true: a list of the config is never changed, so what it names can be neither
//! added nor removed; a source is durable before it is polled, and gone from the store before it is
//! let go; a pause is durable before it is told.

mod names;
mod neighbours;
mod pauses;

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

pub use self::neighbours::{Neighbour, Neighbours};
use self::{
    names::{Known, find, unknown},
    neighbours::neighbours,
};
use super::{ScheduleStores, reload::ReloadRequest};
use crate::{
    base::private::shown,
    config::{
        ConfigError, Place,
        sources::{ParsedList, Source, SourceId, Sources, TopicSource, added},
    },
    model::source::{AddedSource, Pause, State},
    store::{AddedStore, PollStore, StoreError},
};

/// A command about sources, as it is sent over the control socket. Sources are named by their ids
/// or addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeCommand {
    /// Polls these sources, too.
    Add(Vec<AddedSource>),
    /// Polls these no more, which were added.
    Remove(Vec<String>),
    /// Declares the source with this id anew, which was added.
    Replace(String, AddedSource),
    /// Polls these no more until the pause is over.
    Pause(PauseOrder),
    /// Ends the pauses of these.
    Resume(Vec<String>),
    /// Polls these as soon as their hosts may be asked.
    Poll(Vec<String>),
}

/// Which sources are to be paused, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseOrder {
    /// Their ids or addresses.
    pub names: Vec<String>,
    /// When the pause ends by itself.
    pub until: Option<DateTime<Utc>>,
    /// Why, in the operator's words.
    pub reason: Option<String>,
}

/// A command about sources, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceChange {
    /// The sources to add, and what is wrong with some.
    Add(ParsedList),
    /// Ids or addresses of the sources to remove.
    Remove(Vec<String>),
    /// The id of the source to declare anew, and its new declaration.
    Replace(String, ParsedList),
    /// The sources to pause.
    Pause(PauseOrder),
    /// Ids or addresses of those whose pauses end.
    Resume(Vec<String>),
    /// Ids or addresses of those to be polled at once.
    Poll(Vec<String>),
}

impl From<ChangeCommand> for SourceChange {
    fn from(command: ChangeCommand) -> Self {
        match command {
            ChangeCommand::Add(rows) => Self::Add(added::of_rows(rows)),
            ChangeCommand::Remove(names) => Self::Remove(names),
            ChangeCommand::Replace(id, row) => Self::Replace(id, added::of_rows([row])),
            ChangeCommand::Pause(order) => Self::Pause(order),
            ChangeCommand::Resume(names) => Self::Resume(names),
            ChangeCommand::Poll(names) => Self::Poll(names),
        }
    }
}

/// What the schedule is asked to do with its sources.
#[derive(Debug)]
pub enum ScheduleRequest {
    /// To add, remove, pause or poll some.
    Change(ChangeRequest),
    /// To take over what the config names now.
    Reload(ReloadRequest),
    /// To list those that are polled.
    List(oneshot::Sender<Vec<PolledNow>>),
}

/// A source that is polled.
#[derive(Debug, Clone)]
pub struct PolledNow {
    /// As it is declared.
    pub source: Arc<Source>,
    /// Its state after its last poll.
    pub state: State,
}

/// A change, and where the answer goes.
#[derive(Debug)]
pub struct ChangeRequest {
    /// What is to be done with which.
    pub change: SourceChange,
    /// Whether nothing is changed, and only what would be done is reported.
    pub dry_run: bool,
    /// Where the report of what was done goes.
    pub answer: oneshot::Sender<Result<ChangeReport, StoreError>>,
}

/// What became of a change, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeReport {
    /// The ids of those with which it was done.
    pub done: Vec<String>,
    /// Why with some it was done before, such as both places of one that is polled already.
    pub known: Vec<String>,
    /// Why with some it cannot be done.
    pub wrong: Vec<String>,
    /// When those are polled that are to be polled at once.
    #[serde(default)]
    pub polls: Vec<PlannedPoll>,
    /// What is polled already of the sites of those that were added.
    #[serde(default)]
    pub same_site: Neighbours,
}

/// When a source is polled that is to be polled at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedPoll {
    /// The source's id.
    pub id: String,
    /// The time from which on it is polled; its host's limits may make it later.
    pub at: DateTime<Utc>,
    /// Why it is not polled right away, in words; empty where it is.
    pub why: String,
}

/// The changes that a command comes to, before they are made durable.
#[derive(Debug, Default)]
pub(super) struct ChangePlan {
    /// To be polled, with their rows.
    pub(super) add: Vec<(Source, AddedSource)>,
    /// To be let go.
    pub(super) remove: HashSet<String>,
    /// Whether those to be polled take the places of others with their ids.
    pub(super) replaces: bool,
    /// To be paused.
    pub(super) pause: Vec<(String, Pause)>,
    /// Those whose pauses are to be forgotten.
    pub(super) resume: Vec<String>,
    /// To be polled at once.
    pub(super) poll: Vec<SourceId>,
    pub(super) report: ChangeReport,
}

/// The ids of topics that are sources, with their places: no other source has one of them.
#[derive(Debug, Clone, Default)]
pub(super) struct TopicIds(pub(super) Vec<(SourceId, Place)>);

impl TopicIds {
    pub(super) fn new(topics: &[TopicSource]) -> Self {
        Self(topics.iter().map(|topic| (topic.id.clone(), topic.place.clone())).collect())
    }

    /// Why a source that is listed now cannot be polled: it has the id of a topic that is read.
    pub(super) fn refusal(&self, source: &Source) -> Option<ConfigError> {
        let (id, place) = self.0.iter().find(|(id, _)| *id == source.id)?;
        let message = format!(
            "the id \"{}\" is that of the topic at {place}, which is read until the next start",
            id.as_str()
        );
        Some(ConfigError { place: source.place.clone(), key: String::new(), message })
    }
}

/// Decides on a change. `present` is all that is polled, and gone through once.
pub(super) fn plan<'a>(
    change: SourceChange,
    present: impl Iterator<Item = &'a Source>,
    topics: &'a TopicIds,
    store: &AddedStore,
    now: DateTime<Utc>,
) -> Result<ChangePlan, StoreError> {
    let (names, order) = match change {
        SourceChange::Add(list) => {
            let topics = topics.0.iter().map(|(id, place)| (id.as_str(), place));
            return Ok(ChangePlan::adding(added::beside(present, topics, list)));
        }
        SourceChange::Replace(id, list) => {
            let topics = topics.0.iter().map(|(id, place)| (id.as_str(), place));
            let (before, others): (Vec<_>, Vec<_>) =
                present.partition(|source| source.id.as_str() == id);
            let plan = ChangePlan::adding(added::beside(others, topics, list));
            return Ok(plan.replacing(&id, &before));
        }
        SourceChange::Remove(names) => (names, ChangePlan::removing as Planner),
        SourceChange::Pause(PauseOrder { names, until, reason }) => {
            let pause = Pause { since: now, until, reason };
            let known = find(&names, present, topics);
            return ChangePlan::pausing(&known, &pause, store);
        }
        SourceChange::Resume(names) => (names, ChangePlan::resuming as Planner),
        SourceChange::Poll(names) => (names, ChangePlan::polling as Planner),
    };
    let known = find(&names, present, topics);
    order(&known, store, now)
}

/// Decides what is to be done with the sources of some names.
type Planner = fn(&[Known<'_>], &AddedStore, DateTime<Utc>) -> Result<ChangePlan, StoreError>;

/// Makes a plan durable.
pub(super) async fn commit(
    plan: &ChangePlan,
    store: &AddedStore,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if !(plan.pause.is_empty() && plan.resume.is_empty()) {
        // Those that are over go with the next change.
        let pauses = store.pauses()?;
        let over = pauses.iter().filter(|(_, pause)| !pause.holds(now)).map(|(id, _)| id);
        let forget = over.chain(&plan.resume).map(String::as_str);
        let keep = plan.pause.iter().map(|(id, pause)| (id.as_str(), pause));
        return store.change_pauses(keep, forget).await;
    }
    let keep = plan.add.iter().map(|(source, row)| (source.id.as_str(), row));
    store.change(keep, plan.remove.iter().map(String::as_str)).await
}

/// Makes a change where no daemon runs, beside the sources that the config names and those that
/// were added. To poll is nothing that can be done then.
///
/// # Errors
/// Where the store cannot be read or written.
pub async fn apply_offline(
    change: SourceChange,
    dry_run: bool,
    (sources, now): (&Sources, DateTime<Utc>),
    stores: &ScheduleStores,
) -> Result<ChangeReport, StoreError> {
    let (topics, added) = (TopicIds::new(&sources.topics), &stores.added);
    let mut plan = plan(change, sources.polled.iter(), &topics, added, now)?;
    plan.tell_neighbours(sources.polled.iter(), &stores.polls, now)?;
    if !dry_run {
        commit(&plan, added, now).await?;
    }
    Ok(plan.report)
}

impl ChangePlan {
    fn adding(list: ParsedList) -> Self {
        let rows = list.sources.into_iter().map(|source| {
            let at = source.added.unwrap_or_default();
            let row = source.to_added(at);
            (source, row)
        });
        let add: Vec<_> = rows.collect();
        let report = ChangeReport {
            done: add.iter().map(|(source, _)| source.id.to_string()).collect(),
            known: list.warnings.iter().map(ToString::to_string).collect(),
            wrong: list.errors.iter().map(ToString::to_string).collect(),
            ..ChangeReport::default()
        };
        Self { add, report, ..Self::default() }
    }

    /// Reports what is polled already of the sites of those that are added.
    pub(super) fn tell_neighbours<'a>(
        &'a mut self,
        present: impl Iterator<Item = &'a Source>,
        store: &PollStore,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if !self.replaces {
            let added = self.add.iter().map(|(source, _)| source);
            self.report.same_site = neighbours(added, present, (store, now))?;
        }
        Ok(())
    }

    /// Has what would be added take the place of the source with its id, which was added.
    fn replacing(mut self, id: &str, before: &[&Source]) -> Self {
        self.replaces = true;
        let report = &mut self.report;
        // That an address is polled already is no success here.
        report.wrong.append(&mut report.known);
        match before {
            [] => report.wrong.push(unknown(id)),
            [source, ..] if source.added.is_none() => {
                let place = &source.place;
                report.wrong.push(format!("{id} is listed at {place}: change it there"));
            }
            _ if report.done != [id] => report.wrong.push(format!("{id} keeps its id")),
            _ => return self,
        }
        report.done.clear();
        self.add.clear();
        self
    }

    fn removing(
        names: &[Known<'_>],
        store: &AddedStore,
        _now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let mut plan = Self::default();
        for known in names {
            // A row that a list of the config stands before is polled as that list says, and can go
            // all the same.
            let mut ids = known.ids();
            let row = ids.find_map(|id| store.get(&id).map(|row| row.map(|_| id)).transpose());
            let shown = shown(&known.name);
            match (row.transpose()?, known.place()) {
                (Some(id), _) => {
                    if plan.remove.insert(id.clone()) {
                        plan.report.done.push(id);
                    }
                }
                (None, Some(place)) => plan
                    .report
                    .wrong
                    .push(format!("{shown} is listed at {place}: take it out there")),
                (None, None) => plan.report.wrong.push(unknown(&known.name)),
            }
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::sources, store::Store};

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn rows(text: &str) -> Vec<AddedSource> {
        sources::parse("nashra sources add", text.as_bytes())
            .sources
            .iter()
            .map(|source| source.to_added(DateTime::UNIX_EPOCH))
            .collect()
    }

    async fn ask(wanted: ChangeCommand, listed: &ParsedList, store: &Store) -> ChangeReport {
        let mut polled = Sources { polled: listed.sources.clone(), topics: Vec::new() };
        polled.with_added(store.added().all().unwrap()).unwrap();
        apply_offline(wanted.into(), false, (&polled, NOW), &ScheduleStores::of(store))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn what_a_list_names_is_neither_added_nor_removed_and_its_place_is_told() {
        let store = Store::in_memory().unwrap();
        let listed =
            sources::parse("own.toml", b"[[source]]\nid = \"x\"\nurl = \"https://a.example/\"");
        let report = ask(
            ChangeCommand::Add(rows("https://a.example/\nhttps://b.example/")),
            &listed,
            &store,
        )
        .await;
        let id = SourceId::from_url(&"https://b.example/".parse().unwrap()).to_string();
        assert_eq!(report.done, [id.as_str()]);
        let expected = "nashra sources add:1:1: https://a.example/ is already listed at own.toml:1:1; it is polled once, as listed there";
        assert_eq!(report.known, [expected]);
        let report = ask(
            ChangeCommand::Remove(vec!["https://a.example/".into(), "x".into(), "y".into()]),
            &listed,
            &store,
        )
        .await;
        let expected = [
            "https://a.example/ is listed at own.toml:1:1: take it out there",
            "x is listed at own.toml:1:1: take it out there",
            "y: no source is known by this id or address (`nashra sources list` shows all)",
        ];
        assert_eq!(report.wrong, expected);
        assert_eq!(store.added().all().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn one_is_removed_by_its_id_or_its_address() {
        let store = Store::in_memory().unwrap();
        let list = "[[source]]\nid = \"b\"\nurl = \"https://b.example/feed\"\n[[source]]\nurl = \"https://c.example/feed\"\n";
        assert_eq!(
            ask(ChangeCommand::Add(rows(list)), &ParsedList::default(), &store).await.done.len(),
            2
        );
        let wanted = ChangeCommand::Remove(vec![
            "https://b.example/feed".into(),
            "https://c.example/feed".into(),
            "b".into(),
        ]);
        let report = ask(wanted, &ParsedList::default(), &store).await;
        assert_eq!((report.done.len(), report.wrong.len()), (2, 0), "{report:?}");
        assert!(store.added().all().unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_id_that_is_taken_is_told_with_its_place() {
        let store = Store::in_memory().unwrap();
        let row = |url: &str| rows(&format!("[[source]]\nid = \"b\"\nurl = \"{url}\"\n"));
        ask(ChangeCommand::Add(row("https://b.example/")), &ParsedList::default(), &store).await;
        let report =
            ask(ChangeCommand::Add(row("https://c.example/")), &ParsedList::default(), &store)
                .await;
        let expected = "nashra sources add:1:1: the id \"b\" is already that of the source at nashra sources add:1:1";
        assert_eq!((report.done.len(), report.wrong), (0, vec![expected.to_owned()]));
    }

    #[test]
    fn a_topic_keeps_its_id_and_is_named_by_its_list_alone() {
        let store = Store::in_memory().unwrap();
        let topics = TopicIds(vec![("t".parse().unwrap(), Place::whole("own.toml"))]);
        let report = |wanted: ChangeCommand| {
            plan(wanted.into(), std::iter::empty(), &topics, &store.added(), NOW)
                .unwrap()
                .report
                .wrong
        };
        let taken = report(ChangeCommand::Add(rows(
            "[[source]]\nid = \"t\"\nurl = \"https://b.example/\"\n",
        )));
        assert_eq!(
            taken,
            ["nashra sources add:1:1: the id \"t\" is already that of the source at own.toml"]
        );
        assert_eq!(
            report(ChangeCommand::Remove(vec!["t".into()])),
            ["t is listed at own.toml: take it out there"]
        );
    }
}
