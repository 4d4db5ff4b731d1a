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
        ConfigErrors,
        sources::{Source, Sources},
    },
    store::StoreError,
};

/// The sources that the config names now.
#[derive(Debug)]
pub struct ReloadRequest {
    /// What its lists say, without the sources that were added by command.
    pub listed: Sources,
    /// Whether nothing is changed, and only what would be done is reported.
    pub dry_run: bool,
    /// What is done when it is certain that they are taken over, before one of them is polled.
    pub before_polls: BeforePolls,
    /// Where the report of what was done goes.
    pub answer: oneshot::Sender<Result<ReloadReport, ReloadError>>,
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

/// Decides what is to be done. Pure.
pub(super) fn plan<'a>(
    wanted: Vec<Source>,
    present: impl Iterator<Item = &'a Source>,
    topics: &TopicIds,
) -> Result<ReloadPlan, ConfigErrors> {
    ConfigErrors::check(wanted.iter().filter_map(|source| topics.refusal(source)).collect())?;
    let mut plan = ReloadPlan::default();
    let mut present: HashMap<&str, &Source> =
        present.map(|source| (source.id.as_str(), source)).collect();
    for source in wanted {
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
    plan.remove = present.into_keys().map(str::to_owned).collect();
    plan.report.removed = plan.remove.iter().cloned().collect();
    plan.report.removed.sort_unstable();
    Ok(plan)
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

    #[test]
    fn what_comes_goes_and_changes_is_told_and_a_line_that_moved_is_not() {
        let before = sources(
            "[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\n[[source]]\nid = \"b\"\nurl = \"https://b.example/\"\n[[source]]\nid = \"c\"\nurl = \"https://c.example/\"\n",
        );
        let after = sources(
            "# A comment.\n[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\n[[source]]\nid = \"c\"\nurl = \"https://c.example/\"\npaused = true\n[[source]]\nid = \"d\"\nurl = \"https://d.example/\"\n",
        );
        let plan = plan(after, before.iter(), &TopicIds::default()).unwrap();
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
        let topics = vec![("a".parse().unwrap(), crate::config::Place::whole("l.toml"))];
        let listed = sources("[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\n");
        let error = plan(listed, std::iter::empty(), &TopicIds(topics)).unwrap_err().to_string();
        assert!(error.contains("l.toml:1:1") && error.contains("until the next start"), "{error}");
    }
}
