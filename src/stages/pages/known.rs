//! What operators say of the pages of sources, by the sources' ids.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    config::sources::{Source, Sources, added},
    model::source::Allowed,
    read::page::Rules,
    store::AddedStore,
};

/// What is said of a source's pages.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    /// How they are read.
    pub(super) rules: Option<Arc<Rules>>,
    /// Which private networks they may be in.
    pub(super) allowed: Allowed,
}

/// What is said of whose pages. Lists do not change while the daemon runs; what is added by command does.
#[derive(Debug, Clone)]
pub struct Known {
    given: Arc<HashMap<String, Said>>,
    added: AddedStore,
    since: DateTime<Utc>,
}

impl Known {
    /// Of the sources that are there at `since`; of others `added` is asked.
    #[must_use]
    pub fn new(sources: &Sources, added: AddedStore, since: DateTime<Utc>) -> Self {
        let polled = sources.polled.iter().map(|it| (&it.id, Said::of(it)));
        let topics = sources.topics.iter().map(|it| (&it.id, Said { rules: None, allowed: Arc::clone(&it.allow_addresses) }));
        let said = polled.chain(topics).filter(|(_, said)| !said.is_nothing());
        Self { given: Arc::new(said.map(|(id, said)| (id.as_str().to_owned(), said)).collect()), added, since }
    }

    /// What is said of a source's.
    pub(super) fn of(&self, id: &str) -> Said {
        if let Some(said) = self.given.get(id) {
            return said.clone();
        }
        // A store that cannot be read ends the run elsewhere; a page without its rules is read as any other.
        let row = self.added.get(id).ok().flatten().filter(|it| it.at >= self.since);
        added::of_rows(row).sources.first().map(Said::of).unwrap_or_default()
    }
}

impl Said {
    fn of(source: &Source) -> Self {
        Self { rules: source.page.clone(), allowed: Arc::clone(&source.allow_addresses) }
    }

    fn is_nothing(&self) -> bool {
        self.rules.is_none() && self.allowed.is_empty()
    }
}
