//! The states of all sources, for lists of them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    base::clock::{Clock as _, SystemClock},
    model::source::{AddedSource, Pause, State},
    store::{Facts, SiteDiscovery, Store, StoreError},
};

/// The state of a source, as one line of a list of all sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "as in the facts")]
pub struct SourceState {
    pub id: String,
    pub title: Option<String>,
    pub site: Option<SiteDiscovery>,
    pub state: State,
    pub reason: String,
    pub last_poll: Option<DateTime<Utc>>,
    pub next_due: Option<DateTime<Utc>>,
    pub entries: u64,
}

/// The sources as the store knows them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceStates {
    /// Every source that was ever polled.
    pub states: Vec<SourceState>,
    /// The sources that were added by command.
    pub added: Vec<AddedSource>,
    /// The pauses that last, by the sources' ids.
    #[serde(default)]
    pub pauses: HashMap<String, Pause>,
}

/// The states of all sources that were ever polled, and the sources that were added by command.
pub fn sources(store: &Store) -> Result<SourceStates, StoreError> {
    let of = |Facts { id, title, site, state, reason, last_poll, next_due, entries, .. }: Facts| {
        SourceState { id, title, site, state, reason, last_poll, next_due, entries }
    };
    let states: Vec<SourceState> = store.polls().all_facts()?.into_iter().map(of).collect();
    let (now, schedule) = (SystemClock.now(), store.added());
    let pauses = schedule.pauses()?.into_iter().filter(|(_, pause)| pause.holds(now)).collect();
    Ok(SourceStates { states, added: schedule.all()?, pauses })
}
