//! Settings that operators give for the pages of sources, by the sources' ids.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    config::sources::{Source, Sources, added},
    model::source::AllowedNetworks,
    read::page::Rules,
    store::AddedStore,
};

/// The settings of a source's pages.
#[derive(Debug, Clone, Default)]
pub(super) struct PageSettings {
    /// The rules by which the pages are read, where there are some.
    pub(super) rules: Option<Arc<Rules>>,
    /// The private networks that they may be in.
    pub(super) allowed: AllowedNetworks,
}

/// The settings of all sources' pages. Lists do not change while the daemon runs; sources that are
/// added by command do.
#[derive(Debug, Clone)]
pub struct SourcePageSettings {
    given: Arc<HashMap<String, PageSettings>>,
    added: AddedStore,
    since: DateTime<Utc>,
}

impl SourcePageSettings {
    /// Holds the settings of the sources that are there at `since`; those of others are looked up
    /// in `added`.
    #[must_use]
    pub fn new(sources: &Sources, added: AddedStore, since: DateTime<Utc>) -> Self {
        let polled =
            sources.polled.iter().map(|source| (&source.id, PageSettings::from_source(source)));
        let topics = sources.topics.iter().map(|topic| {
            (&topic.id, PageSettings { rules: None, allowed: Arc::clone(&topic.allow_addresses) })
        });
        let settings = polled.chain(topics).filter(|(_, settings)| !settings.is_nothing());
        Self {
            given: Arc::new(
                settings.map(|(id, settings)| (id.as_str().to_owned(), settings)).collect(),
            ),
            added,
            since,
        }
    }

    /// The settings of a source's pages, by the source's id.
    pub(super) fn for_source(&self, id: &str) -> PageSettings {
        if let Some(settings) = self.given.get(id) {
            return settings.clone();
        }
        // Where the store cannot be read, another stage ends the run; until then the page is read
        // without its rules.
        let row = self.added.get(id).ok().flatten().filter(|row| row.at >= self.since);
        added::of_rows(row).sources.first().map(PageSettings::from_source).unwrap_or_default()
    }
}

impl PageSettings {
    fn from_source(source: &Source) -> Self {
        Self { rules: source.page.clone(), allowed: Arc::clone(&source.allow_addresses) }
    }

    fn is_nothing(&self) -> bool {
        self.rules.is_none() && self.allowed.is_empty()
    }
}
