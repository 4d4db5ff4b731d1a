//! The sources that the config names, read again while the daemon runs.
//!
//! What must stay true: either all of it is taken over or nothing; what did not change goes on as it
//! was, in the middle of a poll, too; sources that were added by command stay.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::change::TopicIds;
use crate::{
    config::{
        ConfigErrors, Place,
        sources::{Source, SourceId, Sources},
    },
    store::StoreError,
};

/// How a reload is to be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReloadOrder {
    /// Whether nothing is changed, and only what would be done is reported.
    pub dry_run: bool,
    /// Whether the sources of a list go that gives none any more.
    pub allow_empty: bool,
}

/// The sources that the config names now.
#[derive(Debug)]
pub struct ReloadRequest {
    /// What its lists say, without the sources that were added by command.
    pub listed: Sources,
    /// The files that give no source now.
    pub empty: Vec<EmptyFile>,
    /// The budget: polls per source and day, on average over all sources.
    pub polls_per_source_day: f64,
    /// How it is to be done.
    pub order: ReloadOrder,
    /// What is done when it is certain that they are taken over, before one of them is polled.
    pub before_polls: BeforePolls,
    /// Where the report of what was done goes.
    pub answer: oneshot::Sender<Result<ReloadReport, ReloadError>>,
}

/// A file that gives no source: a list, or a config that names no list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmptyFile {
    /// What it is called when it is told of.
    pub name: String,
    /// The files in the places of the sources that it gave or would give.
    pub lists: Vec<String>,
}

/// Something to do, once.
pub struct BeforePolls(Box<dyn FnOnce() + Send>);

impl BeforePolls {
    /// Holds it.
    pub fn new(work: impl FnOnce() + Send + 'static) -> Self {
        Self(Box::new(work))
    }

    /// Does it.
    pub(super) fn perform(self) {
        (self.0)();
    }
}

impl fmt::Debug for BeforePolls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BeforePolls")
    }
}

/// Why sources were not taken over.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// They do not go together with those that were added by command, or with the topics that are
    /// read.
    #[error(transparent)]
    Sources(#[from] ConfigErrors),
    /// Files that gave sources give none now; in words, a line for each.
    #[error("{0}")]
    Empty(String),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of the sources; their ids, in the order of the lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReloadReport {
    /// Those that are polled from now on.
    pub added: Vec<String>,
    /// Those that are polled no more.
    pub removed: Vec<String>,
    /// Those of which something else is said.
    pub changed: Vec<String>,
    /// How many stay as they are.
    pub unchanged: usize,
}

/// The difference between what is polled and what is wanted.
#[derive(Debug, Default)]
pub(super) struct ReloadPlan {
    pub(super) add: Vec<Source>,
    pub(super) remove: HashSet<String>,
    /// By their ids. Those that only stand elsewhere are among them, and not told.
    pub(super) replace: HashMap<String, Arc<Source>>,
    pub(super) report: ReloadReport,
}

/// Decides what is to be done. Pure. Where one of the files in `empty` gave sources that would go now,
/// nothing is.
pub(super) fn plan<'a>(
    wanted: Sources,
    present: impl Iterator<Item = &'a Source>,
    topics: &TopicIds,
    empty: &[EmptyFile],
) -> Result<ReloadPlan, ReloadError> {
    let refusals = wanted.polled.iter().filter_map(|source| topics.refusal(source));
    ConfigErrors::check(refusals.collect())?;
    let mut plan = ReloadPlan::default();
    let mut present: HashMap<&str, &Source> =
        present.map(|source| (source.id.as_str(), source)).collect();
    for source in wanted.polled {
        let id = source.id.to_string();
        let Some(before) = present.remove(id.as_str()) else {
            plan.report.added.push(id);
            plan.add.push(source);
            continue;
        };
        if *before == source {
            plan.report.unchanged += 1;
            continue;
        }
        if says_the_same(before, &source) {
            plan.report.unchanged += 1;
        } else {
            plan.report.changed.push(id.clone());
        }
        plan.replace.insert(id, Arc::new(source));
    }
    let is_read = |id: &SourceId| wanted.topics.iter().any(|topic| topic.id == *id);
    let polled = present.values().filter(|source| source.added.is_none());
    let topics = topics.0.iter().filter(|(id, _)| !is_read(id)).map(|(_, place)| place);
    let gone: Vec<&Place> = polled.map(|source| &source.place).chain(topics).collect();
    refuse_empty(empty, &gone)?;
    plan.remove = present.into_keys().map(str::to_owned).collect();
    plan.report.removed = plan.remove.iter().cloned().collect();
    plan.report.removed.sort_unstable();
    Ok(plan)
}

/// Refuses to let sources go, given by their places, because a file broke off or was emptied.
fn refuse_empty(empty: &[EmptyFile], gone: &[&Place]) -> Result<(), ReloadError> {
    let words = empty.iter().filter_map(|EmptyFile { name, lists }| {
        let gave = |place: &&&Place| lists.iter().any(|list| **list == *place.file);
        let sources = match gone.iter().filter(gave).count() {
            0 => return None,
            1 => "1 source that is polled or read".to_owned(),
            number => format!("{number} sources that are polled or read"),
        };
        Some(format!(
            "{name}: gives no source now; that would remove {sources}. Where it is meant so, `nashra reload --allow-empty` does it"
        ))
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() { Ok(()) } else { Err(ReloadError::Empty(words.join("\n"))) }
}

/// Whether two declarations of a source differ in their places at most.
fn says_the_same(one: &Source, other: &Source) -> bool {
    *one == Source { place: one.place.clone(), added: one.added, ..other.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sources::parse;

    fn sources(list: &str) -> Vec<Source> {
        parse("l.toml", list.as_bytes()).sources
    }

    fn polled(polled: Vec<Source>) -> Sources {
        Sources { polled, topics: Vec::new() }
    }

    #[test]
    fn what_comes_goes_and_changes_is_told_and_a_line_that_moved_is_not() {
        let before = sources(
            "[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\n[[source]]\nid = \"b\"\nurl = \"https://b.example/\"\n[[source]]\nid = \"c\"\nurl = \"https://c.example/\"\n",
        );
        let after = sources(
            "# A comment.\n[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\n[[source]]\nid = \"c\"\nurl = \"https://c.example/\"\npaused = true\n[[source]]\nid = \"d\"\nurl = \"https://d.example/\"\n",
        );
        let plan = plan(polled(after), before.iter(), &TopicIds::default(), &[]).unwrap();
        let names = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let expected = ReloadReport {
            added: names(&["d"]),
            removed: names(&["b"]),
            changed: names(&["c"]),
            unchanged: 1,
        };
        assert_eq!(plan.report, expected);
        let mut replaced: Vec<&String> = plan.replace.keys().collect();
        replaced.sort();
        assert_eq!(replaced, ["a", "c"], "explain tells the present line");
        assert_eq!(plan.add.len(), 1);
    }

    #[test]
    fn the_id_of_a_topic_that_is_read_is_refused() {
        let topics = vec![("a".parse().unwrap(), Place::whole("l.toml"))];
        let listed = sources("[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\n");
        let error = plan(polled(listed), std::iter::empty(), &TopicIds(topics), &[])
            .unwrap_err()
            .to_string();
        assert!(error.contains("l.toml:1:1") && error.contains("until the next start"), "{error}");
    }

    #[test]
    fn a_file_that_gives_no_source_any_more_is_refused_where_sources_would_go_with_it() {
        let before = sources(
            "[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\n[[source]]\nid = \"b\"\nurl = \"https://b.example/\"\n",
        );
        let topics = TopicIds(vec![("t".parse().unwrap(), Place::whole("l.toml"))]);
        let empty = |name: &str| EmptyFile { name: name.to_owned(), lists: vec![name.to_owned()] };
        let result = |wanted: Vec<Source>, empty: &[EmptyFile]| {
            plan(polled(wanted), before.iter(), &topics, empty)
        };
        let error =
            result(Vec::new(), &[empty("l.toml"), empty("always")]).unwrap_err().to_string();
        let expected = "l.toml: gives no source now; that would remove 3 sources that are polled or read. Where it is meant so, `nashra reload --allow-empty` does it";
        assert_eq!(error, expected);
        assert_eq!(result(Vec::new(), &[]).unwrap().remove.len(), 2);
        // They stand in another list now.
        let elsewhere = parse(
            "m.toml",
            b"[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\n[[source]]\nid = \"b\"\nurl = \"https://b.example/\"\n",
        );
        let mut moved = polled(elsewhere.sources);
        let topic =
            "[[source]]\nid = \"t\"\nkind = \"kafka\"\ntopic = \"x\"\nbrokers = [\"b:9092\"]\n";
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("t.toml"), topic).unwrap();
        moved.topics = crate::config::sources::load(&[dir.path().join("t.toml")]).unwrap().0.topics;
        assert!(plan(moved, before.iter(), &topics, &[empty("l.toml")]).is_ok());
    }
}
