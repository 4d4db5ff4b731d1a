//! Settings that operators give for the pages of sources, by the sources' ids.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

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
    /// How many further pages of an article are read, where that is not as it is for all.
    pub(super) follow_pages: Option<usize>,
    /// Whether the source was added by command.
    is_added: bool,
}

/// The settings of all sources' pages; clones share them.
#[derive(Debug, Clone)]
pub struct SourcePageSettings {
    given: Arc<RwLock<GivenSettings>>,
    added: AddedStore,
}

#[derive(Debug)]
struct GivenSettings {
    by_id: HashMap<String, PageSettings>,
    since: DateTime<Utc>,
}

impl SourcePageSettings {
    /// Holds the settings of the sources that are there at `since`; those of sources that are added
    /// by command after that are looked up in `added`.
    #[must_use]
    pub fn new(sources: &Sources, added: AddedStore, since: DateTime<Utc>) -> Self {
        let given = GivenSettings::of_sources(sources, since);
        Self { given: Arc::new(RwLock::new(given)), added }
    }

    /// Holds those of other lists from now on; those of all sources that were added by command are
    /// looked up.
    pub fn replace(&self, listed: &Sources) {
        let given = GivenSettings::of_sources(listed, DateTime::<Utc>::MIN_UTC);
        *self.given.write().unwrap_or_else(PoisonError::into_inner) = given;
    }

    /// The settings of a source's pages, by the source's id.
    pub(super) fn for_source(&self, id: &str) -> PageSettings {
        let (since, given) = {
            let given = self.given.read().unwrap_or_else(PoisonError::into_inner);
            (given.since, given.by_id.get(id).cloned())
        };
        let is_listed = given.as_ref().is_some_and(|given| !given.is_added);
        if let Some(given) = given.as_ref().filter(|_| is_listed) {
            return given.clone();
        }
        // Where the store cannot be read, another stage ends the run; until then the page is read
        // without its rules. One that was added before may be declared anew.
        let row = self.added.get(id).ok().flatten().filter(|row| row.at >= since);
        let row = added::of_rows(row).sources.first().map(PageSettings::from_source);
        row.or(given).unwrap_or_default()
    }
}

impl GivenSettings {
    fn of_sources(sources: &Sources, since: DateTime<Utc>) -> Self {
        let polled =
            sources.polled.iter().map(|source| (&source.id, PageSettings::from_source(source)));
        let topics = sources.topics.iter().map(|topic| {
            let allowed = Arc::clone(&topic.allow_addresses);
            (&topic.id, PageSettings { allowed, ..PageSettings::default() })
        });
        let settings = polled.chain(topics).filter(|(_, settings)| !settings.is_nothing());
        let by_id = settings.map(|(id, settings)| (id.as_str().to_owned(), settings)).collect();
        Self { by_id, since }
    }
}

impl PageSettings {
    fn from_source(source: &Source) -> Self {
        Self {
            rules: source.page.clone(),
            allowed: Arc::clone(&source.allow_addresses),
            follow_pages: source.follow_pages,
            is_added: source.added.is_some(),
        }
    }

    fn is_nothing(&self) -> bool {
        self.rules.is_none() && self.allowed.is_empty() && self.follow_pages.is_none()
    }
}
