//! The committing task's part: who is who, and what was published of each article.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Batch, StoreError,
    engine::{Engine, Snapshot, Table},
    from_json, json,
    steps::Step,
};
use crate::article::doubt::{Doubted, Shown};

/// What is remembered of an article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArticleState {
    /// The revision that was last published.
    pub revision: u32,
    /// Its canonical address.
    pub url: Option<String>,
    /// Other addresses that lead to it.
    pub alternate_urls: Vec<String>,
    /// The source that listed it first.
    pub source: String,
    /// The guid under which that source listed it.
    pub guid: Option<String>,
    /// When it was first seen.
    pub first_seen: DateTime<Utc>,
    /// When the page of the last edition was asked for.
    pub looked: DateTime<Utc>,
    /// Which look that was, in the order of all that is looked at: an earlier one never replaces a later one. 0 where an
    /// older program had it by the clock.
    #[serde(default)]
    pub order: u64,
    /// Hash of the normalised title and text.
    pub content_hash: String,
    /// Hash of each field, to tell which changed.
    pub fields: BTreeMap<String, u64>,
    /// Which look the last revision was made of, in the same order.
    #[serde(default)]
    pub revised: u64,
    /// What its own page showed when that was last taken for an edition. Nothing in rows of older programs.
    #[serde(default)]
    pub shown: Option<Shown>,
    /// What its own page shows now, where that is not taken for an edition yet.
    #[serde(default)]
    pub doubted: Option<Doubted>,
    /// How near to the article the text was read.
    pub standing: Standing,
    /// Its names in the alias table: they live as long as it does.
    pub aliases: Vec<[u8; 16]>,
    /// The day (since 1970) of the last decision on it.
    pub day: u32,
    /// The last decision.
    pub verdict: Verdict,
}

/// How near to the article its text was read; what is nearer replaces what is farther, never the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// From a feed alone.
    Feed,
    /// From the page of another article, which it follows.
    Part,
    /// From its own page.
    Page,
}

/// A decision, kept for `nashra explain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// `new`, `revised`, `duplicate`, `stale`, `kept` or `doubted`.
    pub what: String,
    /// Why, in words.
    pub why: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// The committing task's handle.
#[derive(Debug, Clone)]
pub struct ArticleStore {
    engine: Engine,
}

impl ArticleStore {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// A view to decide on.
    pub fn view(&self) -> Result<ArticleView, StoreError> {
        Ok(ArticleView(self.engine.snapshot()?))
    }

    /// Commits the decisions: durable when it returns.
    pub async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.engine.commit(batch).await
    }
}

/// What was durable when the view was taken.
pub struct ArticleView(Snapshot);

impl std::fmt::Debug for ArticleView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ArticleView")
    }
}

impl ArticleView {
    /// The article that an alias names.
    pub fn alias(&self, alias: &[u8; 16]) -> Result<Option<Uuid>, StoreError> {
        let Some(bytes) = self.0.get(Table::Aliases, alias)? else { return Ok(None) };
        Uuid::from_slice(&bytes).map(Some).map_err(|error| StoreError::damaged("aliases", error))
    }

    /// What is known of an article.
    pub fn article(&self, id: Uuid) -> Result<Option<ArticleState>, StoreError> {
        self.0.get(Table::Articles, id.as_bytes())?.map(|it| decode(&it)).transpose()
    }
}

impl Batch {
    /// Keeps what is known of an article, and where it was forgotten meanwhile, its names again.
    pub fn article(&mut self, id: Uuid, state: &ArticleState) {
        self.step(Step::Article { id: *id.as_bytes(), value: json(state), names: state.aliases.clone() });
    }

    /// Forgets what is known of an article whose names another one has.
    pub(crate) fn forget_article(&mut self, id: Uuid) {
        self.delete(Table::Articles, *id.as_bytes());
    }

    /// Names an article.
    pub fn alias(&mut self, alias: &[u8; 16], id: Uuid) {
        self.put(Table::Aliases, *alias, *id.as_bytes());
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<ArticleState, StoreError> {
    from_json("articles", bytes)
}
