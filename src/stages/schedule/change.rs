//! Sources that are added and removed by command, while the daemon runs or while none does.
//!
//! What must stay true: a list of the config is never changed, so what it names can be neither
//! added nor removed; a source is durable before it is polled, and gone from the store before it is
//! let go.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use url::Url;

use super::reload::ReloadRequest;
use crate::{
    base::private::shown,
    config::{
        ConfigError, Place,
        sources::{ParsedList, Source, SourceId, Sources, TopicSource, added},
    },
    model::source::{AddedSource, State},
    store::{AddedStore, StoreError},
};

/// A command to add or remove sources that live in the store, as it is sent over the control
/// socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeCommand {
    /// Polls these sources, too.
    Add(Vec<AddedSource>),
    /// Polls the sources with these ids or addresses no more.
    Remove(Vec<String>),
}

/// A command to add or remove sources, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceChange {
    /// The sources to add, and what is wrong with some.
    Add(ParsedList),
    /// Ids or addresses of the sources to remove.
    Remove(Vec<String>),
}

impl From<ChangeCommand> for SourceChange {
    fn from(command: ChangeCommand) -> Self {
        match command {
            ChangeCommand::Add(rows) => Self::Add(added::of_rows(rows)),
            ChangeCommand::Remove(names) => Self::Remove(names),
        }
    }
}

/// What the schedule is asked to do with its sources.
#[derive(Debug)]
pub enum ScheduleRequest {
    /// To add or remove some that live in the store.
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
    /// What is to be added or removed.
    pub change: SourceChange,
    /// Whether nothing is changed, and only what would be done is reported.
    pub dry_run: bool,
    /// Where the report of what was done goes.
    pub answer: oneshot::Sender<Result<ChangeReport, StoreError>>,
}

/// What became of a change, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeReport {
    /// The ids of those that were added or removed.
    pub done: Vec<String>,
    /// Why some were there already, each with both places.
    pub known: Vec<String>,
    /// Why some could be neither added nor removed.
    pub wrong: Vec<String>,
}

/// The changes that a command comes to, before they are made durable.
#[derive(Debug, Default)]
pub(super) struct ChangePlan {
    /// To be polled, with their rows.
    pub(super) add: Vec<(Source, AddedSource)>,
    /// To be let go.
    pub(super) remove: HashSet<String>,
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
) -> Result<ChangePlan, StoreError> {
    match change {
        SourceChange::Add(list) => {
            let topics = topics.0.iter().map(|(id, place)| (id.as_str(), place));
            Ok(ChangePlan::adding(added::beside(present, topics, list)))
        }
        SourceChange::Remove(names) => ChangePlan::removing(&names, present, topics, store),
    }
}

/// Makes a plan durable.
pub(super) async fn commit(plan: &ChangePlan, store: &AddedStore) -> Result<(), StoreError> {
    let keep = plan.add.iter().map(|(source, row)| (source.id.as_str(), row));
    store.change(keep, plan.remove.iter().map(String::as_str)).await
}

/// Makes a change where no daemon runs, beside the sources that the config names and those that
/// were added.
///
/// # Errors
/// Where the store cannot be read or written.
pub async fn apply_offline(
    change: SourceChange,
    dry_run: bool,
    sources: &Sources,
    store: &AddedStore,
) -> Result<ChangeReport, StoreError> {
    let plan = plan(change, sources.polled.iter(), &TopicIds::new(&sources.topics), store)?;
    if !dry_run {
        commit(&plan, store).await?;
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
        };
        Self { add, remove: HashSet::new(), report }
    }

    fn removing<'a>(
        names: &[String],
        present: impl Iterator<Item = &'a Source>,
        topics: &TopicIds,
        store: &AddedStore,
    ) -> Result<Self, StoreError> {
        let addresses: Vec<Option<Url>> =
            names.iter().map(|name| Url::parse(name.trim()).ok()).collect();
        let mut by_name: HashMap<&str, usize> = HashMap::new();
        for (index, (name, address)) in names.iter().zip(&addresses).enumerate() {
            by_name.insert(address.as_ref().map_or(name.as_str(), Url::as_str), index);
        }
        // Of each name the source that is polled, and where a list names it, if one does.
        let (mut ids, mut places): (Vec<Option<String>>, Vec<Option<&Place>>) =
            (vec![None; names.len()], vec![None; names.len()]);
        for source in present {
            let at = source.at.configured();
            for index in [source.id.as_str(), &at].into_iter().filter_map(|name| by_name.get(name))
            {
                if source.added.is_some() {
                    ids[*index] = Some(source.id.to_string());
                } else {
                    places[*index] = Some(&source.place);
                }
            }
        }
        let mut plan = Self::default();
        for (index, name) in names.iter().enumerate() {
            // A row that a list of the config stands before is polled as that list says, and can go
            // all the same.
            let of_address =
                addresses[index].as_ref().map(|address| SourceId::from_url(address).to_string());
            let mut candidates =
                [ids[index].clone(), Some(name.clone()), of_address].into_iter().flatten();
            let row = candidates
                .find_map(|id| store.get(&id).map(|row| row.map(|_| id)).transpose())
                .transpose()?;
            let shown = shown(name);
            let listed = places[index].or_else(|| {
                topics.0.iter().find(|(id, _)| id.as_str() == name).map(|(_, place)| place)
            });
            match (row, listed) {
                (Some(id), _) => {
                    if plan.remove.insert(id.clone()) {
                        plan.report.done.push(id);
                    }
                }
                (None, Some(place)) => plan
                    .report
                    .wrong
                    .push(format!("{shown} is listed at {place}: take it out there")),
                (None, None) => plan
                    .report
                    .wrong
                    .push(format!("{shown}: no source is known by this id or address")),
            }
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::{config::sources, store::Store};

    fn rows(text: &str) -> Vec<AddedSource> {
        sources::parse("nashra sources add", text.as_bytes())
            .sources
            .iter()
            .map(|source| source.to_added(DateTime::UNIX_EPOCH))
            .collect()
    }

    async fn ask(wanted: ChangeCommand, listed: &ParsedList, store: &AddedStore) -> ChangeReport {
        let mut polled = Sources { polled: listed.sources.clone(), topics: Vec::new() };
        polled.with_added(store.all().unwrap()).unwrap();
        apply_offline(wanted.into(), false, &polled, store).await.unwrap()
    }

    #[tokio::test]
    async fn what_a_list_names_is_neither_added_nor_removed_and_its_place_is_told() {
        let store = Store::in_memory().unwrap().added();
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
            "y: no source is known by this id or address",
        ];
        assert_eq!(report.wrong, expected);
        assert_eq!(store.all().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn one_is_removed_by_its_id_or_its_address() {
        let store = Store::in_memory().unwrap().added();
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
        assert!(store.all().unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_id_that_is_taken_is_told_with_its_place() {
        let store = Store::in_memory().unwrap().added();
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
        let store = Store::in_memory().unwrap().added();
        let topics = TopicIds(vec![("t".parse().unwrap(), Place::whole("own.toml"))]);
        let report = |wanted: ChangeCommand| {
            plan(wanted.into(), std::iter::empty(), &topics, &store).unwrap().report.wrong
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
