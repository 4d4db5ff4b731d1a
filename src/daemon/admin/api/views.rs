//! What answers hold.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    config::sources::export,
    daemon::explain::ExplainedArticle,
    model::source::{Pause, State},
    stages::schedule::change::PolledNow,
    store::{Facts, PollStore, StoreError},
};

/// A page of the list of sources.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SourcePage {
    /// In the order that was asked for.
    pub(super) sources: Vec<SourceView>,
    /// How many there are on all pages.
    pub(super) total: usize,
    /// The `cursor` of the next page; `null` on the last one.
    pub(super) next: Option<String>,
}

/// A source that is polled.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SourceView {
    /// Its id.
    id: String,
    /// The operator's name for it, or its own.
    name: Option<String>,
    /// Its state after the last poll.
    state: State,
    /// Why it has that state; empty where there is nothing to say.
    reason: String,
    /// Its settings as they would stand in a TOML list, without what is secret in its address.
    settings: Map<String, Value>,
    /// Where it was declared: a list with its line, or what it was added by.
    place: String,
    /// When it was added or changed by command or over HTTP; `null` where a list of the config names it.
    added: Option<DateTime<Utc>>,
    /// Its pause by command, while that lasts.
    pause: Option<Pause>,
    /// When it was last polled.
    last_poll: Option<DateTime<Utc>>,
    /// When it is polled next.
    next_poll: Option<DateTime<Utc>>,
    /// Why it is polled then, in words.
    next_why: String,
    /// The interval at which it is polled, in seconds; 0 where it was never polled.
    interval_s: u64,
    /// Polls that failed in a row.
    failures: u32,
    /// Entries taken so far.
    entries: u64,
}

impl SourceView {
    /// A source as the store knows it.
    pub(super) fn new(
        polled: &PolledNow,
        store: &PollStore,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let PolledNow { source, state } = polled;
        let id = source.id.as_str();
        let facts: Facts = store.facts(id)?.unwrap_or_default();
        let pause = store.pause_at(id, now)?;
        Ok(Self {
            id: id.to_owned(),
            name: source.name.clone().or(facts.title),
            state: *state,
            reason: facts.url.secrets().hide(&facts.reason).into_owned(),
            settings: export::settings_shown(source),
            place: source.place.to_string(),
            added: source.added,
            pause,
            last_poll: facts.last_poll,
            next_poll: facts.next_due,
            next_why: facts.next_why,
            interval_s: facts.interval_s,
            failures: facts.failures,
            entries: facts.entries,
        })
    }
}

/// A page of the list of articles.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ArticlePage {
    /// The latest first, by when they were first seen.
    pub(super) articles: Vec<ExplainedArticle>,
    /// The `cursor` of the next page; `null` on the last one.
    pub(super) next: Option<String>,
}

/// How the daemon does.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct StateView {
    /// Whether all parts are in order, as `/readyz` tells it.
    pub(super) ready: bool,
    /// The parts that are not in order, each with the reason.
    pub(super) trouble: BTreeMap<String, String>,
    /// When this process started.
    pub(super) started: DateTime<Utc>,
    /// The version of nashra.
    pub(super) version: &'static str,
    /// The id of the store.
    pub(super) store: uuid::Uuid,
    /// Bytes of the store on the disk.
    pub(super) store_bytes: u64,
    /// Records that are not acknowledged yet.
    pub(super) outbox: OutboxView,
    /// How many sources are in each state.
    pub(super) sources: BTreeMap<&'static str, usize>,
}

/// The records that wait for the sink.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct OutboxView {
    /// How many.
    pub(super) records: u64,
    /// Their bytes.
    pub(super) bytes: u64,
    /// When the oldest was written.
    pub(super) oldest: Option<DateTime<Utc>>,
}
