//! The committing task's part: who is who, and what was published of each article.

use uuid::Uuid;

use super::{
    Batch, StoreError,
    engine::{Engine, Snapshot, Table},
    from_json, json,
    steps::Step,
};
use crate::model::article::ArticleState;

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
        self.0.get(Table::Articles, id.as_bytes())?.map(|bytes| decode(&bytes)).transpose()
    }
}

impl Batch {
    /// Keeps what is known of an article, and where it was forgotten meanwhile, its names again.
    pub fn article(&mut self, id: Uuid, state: &ArticleState) {
        self.step(Step::Article {
            id: *id.as_bytes(),
            value: json(state),
            names: state.aliases.clone(),
        });
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
