//! The committing task's part of the store: the aliases of articles, and what was published of each
//! article.

use uuid::Uuid;

use super::{
    Batch, StoreError, StoredDocument, documents,
    engine::{Engine, Snapshot, Table},
    entries, from_json, json,
    steps::Step,
};
use crate::model::{
    article::ArticleState,
    pending::{PendingEntry, PendingKey},
};

/// The committing task's handle.
#[derive(Debug, Clone)]
pub struct ArticleStore {
    engine: Engine,
}

impl ArticleStore {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// A consistent view of what is durable now, to decide on.
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

    /// The document of an entry as it is kept, where it has one of no more than `most` bytes.
    pub(crate) fn document(
        &self,
        key: &PendingKey,
        entry: &PendingEntry,
        most: usize,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        if entry.document.is_none() {
            return Ok(None);
        }
        // One that is missing or damaged is what the letter is about.
        match documents::load(&self.0, key, entry, most) {
            Ok(StoredDocument::Here(packed)) => Ok(Some(packed)),
            Ok(StoredDocument::Large(_) | StoredDocument::Replaced)
            | Err(StoreError::Damaged { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The entries that wait to be read, and the looks.
    pub(crate) fn entries(
        &self,
    ) -> impl Iterator<Item = Result<(PendingKey, PendingEntry), StoreError>> {
        self.0.from(Table::Pending, &[]).map(|row| {
            let (key, value) = row?;
            Ok((entries::decode_key(&key)?, entries::decode(&value)?))
        })
    }

    /// The latest articles before an id, the latest first, at most so many: ids are in the order of
    /// their times (UUID version 7).
    pub fn latest(
        &self,
        before: Uuid,
        most: usize,
    ) -> Result<Vec<(Uuid, ArticleState)>, StoreError> {
        let rows = self.0.before(Table::Articles, before.as_bytes()).take(most);
        let decoded = rows.map(|row| {
            let (key, value) = row?;
            let id = Uuid::from_slice(&key).map_err(|error| StoreError::damaged("articles", error));
            Ok((id?, decode(&value)?))
        });
        decoded.collect()
    }

    /// What is known of an article.
    pub fn article(&self, id: Uuid) -> Result<Option<ArticleState>, StoreError> {
        self.0.get(Table::Articles, id.as_bytes())?.map(|bytes| decode(&bytes)).transpose()
    }
}

impl Batch {
    /// Keeps what is known of an article. If retention has removed the article meanwhile, its names
    /// are kept again, too.
    pub fn article(&mut self, id: Uuid, state: &ArticleState) {
        self.step(Step::Article {
            id: *id.as_bytes(),
            value: json(state),
            names: state.aliases.clone(),
        });
    }

    /// Forgets an article whose names now belong to another one.
    pub(crate) fn forget_article(&mut self, id: Uuid) {
        self.delete(Table::Articles, *id.as_bytes());
    }

    /// Makes an alias name an article.
    pub fn alias(&mut self, alias: &[u8; 16], id: Uuid) {
        self.put(Table::Aliases, *alias, *id.as_bytes());
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<ArticleState, StoreError> {
    from_json("articles", bytes)
}
