//! The rules of all sources, by their ids.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};

use super::Rules;
use crate::{
    config::sources::{Sources, added},
    store::AddedStore,
};

/// Which rules a source's pages have. Lists do not change while the daemon runs; what is added by command does.
#[derive(Debug, Clone)]
pub struct Known {
    given: Arc<HashMap<String, Arc<Rules>>>,
    added: AddedStore,
    since: DateTime<Utc>,
}

impl Known {
    /// Of the sources that are there at `since`; of others `added` is asked.
    #[must_use]
    pub fn new(sources: &Sources, added: AddedStore, since: DateTime<Utc>) -> Self {
        let ruled = sources.polled.iter().filter_map(|it| Some((it.id.as_str().to_owned(), Arc::clone(it.page.as_ref()?))));
        Self { given: Arc::new(ruled.collect()), added, since }
    }

    /// The rules of a source, if it has any.
    pub(super) fn of(&self, id: &str) -> Option<Arc<Rules>> {
        if let Some(rules) = self.given.get(id) {
            return Some(Arc::clone(rules));
        }
        // A store that cannot be read ends the run elsewhere; a page without its rules is read as any other.
        let row = self.added.get(id).ok().flatten().filter(|it| it.at >= self.since)?;
        added::of_rows([row]).sources.into_iter().find_map(|it| it.page)
    }
}
