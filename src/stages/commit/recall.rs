//! Recovers from the topics what an older copy of `data_dir` does not know: which article has which
//! address, its last revision, its text, and the stories (`stories`).
//!
//! Without it, each article that was first published after the copy was made would be published
//! again under a new id. The records that wait in the outbox were decided on without knowing the
//! topic: a record that says what the topic already holds is left out, and any other becomes the
//! next revision of the article that has its address.
//!
//! What must stay true: only the committing task does this, or a command while none runs. Names of
//! articles that consumers have seen are never pointed elsewhere. Doing it twice gives the same
//! result, because the process may be killed before the new epoch is durable.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    base::clock::day,
    model::{
        article::ArticleState,
        record::{Article, Change, Topic},
    },
    policy::decide,
    store::{
        ArticleStore, ArticleView, Batch, NewRecord, Outbox, OutboxRow, StoreError, StoryStore,
    },
};

mod published;
mod stories;

pub use published::PublishedRecord;
use published::{PublishedArticle, known_fields};

/// What was recovered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecallReport {
    /// Articles of which the topic holds a revision that `data_dir` did not know.
    pub articles: usize,
    /// Waiting records that are left out, because the topic holds the same.
    pub same: usize,
    /// Waiting records that go on as a revision of an article of the topic.
    pub revised: usize,
    /// Waiting records of articles whose addresses the topic does not hold.
    pub new: usize,
}

/// A request to the committing task to take over what the topic holds.
#[derive(Debug)]
pub struct RecallRequest {
    /// The records that the topic holds and `data_dir` does not know, in their order.
    pub published: Vec<PublishedRecord>,
    /// Where the report is sent.
    pub answer: oneshot::Sender<Result<RecallReport, StoreError>>,
}

/// Takes over what the topic holds: durable when it returns.
///
/// # Errors
/// Where the store cannot be read or written.
pub async fn recall(
    (articles, story_store): (&ArticleStore, &StoryStore),
    outbox: &Outbox,
    published: Vec<PublishedRecord>,
    now: DateTime<Utc>,
) -> Result<RecallReport, StoreError> {
    let (batch, report) = {
        let waiting = WaitingArticles::load(outbox)?;
        let mut work = RecallWork {
            view: articles.view()?,
            waits: waiting.counts(),
            published: HashMap::new(),
            editions: HashSet::new(),
            names: HashMap::new(),
            renamed: HashMap::new(),
            now,
            batch: Batch::default(),
        };
        let (mut newer, mut told) = (HashSet::new(), Vec::new());
        for record in published {
            match record {
                PublishedRecord::Story(story) => told.push(story),
                PublishedRecord::Article(article) => {
                    let id = article.id;
                    if work.add(*article)? {
                        newer.insert(id);
                    }
                }
            }
        }
        let mut report = RecallReport { articles: newer.len(), ..RecallReport::default() };
        work.merge_names()?;
        let view = story_store.view()?;
        stories::TopicStories::new(told, &view, now).take_over(
            outbox,
            &work.renamed,
            &mut work.batch,
        )?;
        work.settle_waiting(outbox, &waiting, &mut report)?;
        (work.batch, report)
    };
    articles.commit(batch).await?;
    Ok(report)
}

/// The articles of the records that wait: the number of each record and the id of its article, in
/// order.
struct WaitingArticles(Vec<(u64, Uuid)>);

impl WaitingArticles {
    fn load(outbox: &Outbox) -> Result<Self, StoreError> {
        let article = |row: OutboxRow| {
            let record = Some(row.record).filter(|record| record.topic == Topic::Articles);
            Some((row.seq, record?.key.parse().ok()?))
        };
        let rows = outbox.waiting_rows()?.filter_map(|row| row.map(article).transpose());
        rows.collect::<Result<_, _>>().map(Self)
    }

    /// How many records of each article wait.
    fn counts(&self) -> HashMap<Uuid, u32> {
        let mut counts = HashMap::new();
        for (_, id) in &self.0 {
            *counts.entry(*id).or_default() += 1;
        }
        counts
    }
}

struct RecallWork {
    view: ArticleView,
    /// How many records of an article wait.
    waits: HashMap<Uuid, u32>,
    /// What the topic holds of each article.
    published: HashMap<Uuid, ArticleState>,
    /// Every edition that the topic holds: article, revision and content hash.
    editions: HashSet<(Uuid, u32, String)>,
    /// The article of the topic that each name belongs to.
    names: HashMap<[u8; 16], Uuid>,
    /// Articles of `data_dir` that are those of the topic.
    renamed: HashMap<Uuid, Uuid>,
    now: DateTime<Utc>,
    batch: Batch,
}

impl RecallWork {
    /// Takes over an article of the topic; returns whether that is more than `data_dir` knows.
    fn add(
        &mut self,
        PublishedArticle { id, mut state, text }: PublishedArticle,
    ) -> Result<bool, StoreError> {
        self.editions.insert((id, state.revision, state.content_hash.clone()));
        let known = match self.published.remove(&id) {
            Some(known) => Some(known),
            None => self.view.article(id)?,
        };
        // Consumers do not have the revisions that wait. Those are decided on anew, given what
        // consumers have.
        let waits = self.waits.get(&id).copied().unwrap_or_default();
        let newer = known
            .as_ref()
            .is_none_or(|known| known.revision.saturating_sub(waits) <= state.revision);
        // The first edition stays the one that is compared.
        if let Some((text, key)) = text.filter(|_| known.is_none()) {
            stories::keep(&text, key, &mut self.batch);
        }
        // What was erased stays so, whatever the topic still holds.
        if let Some(known) = known.as_ref().filter(|known| known.erased.is_some()) {
            let revision = state.revision.max(known.revision.saturating_sub(waits));
            let (content_hash, fields, withdrawn) =
                (state.content_hash, state.fields, state.withdrawn);
            state = ArticleState { revision, content_hash, fields, withdrawn, ..known.clone() };
        } else if let Some(known) = known {
            state.guid.clone_from(&known.guid);
            state.order = known.order;
            for alias in &known.aliases {
                if !state.aliases.contains(alias) {
                    state.aliases.push(*alias);
                }
            }
            if !newer {
                state = known;
            }
        }
        for alias in &state.aliases {
            self.names.entry(*alias).or_insert(id);
        }
        self.published.insert(id, state);
        Ok(newer)
    }

    /// Gives names to the articles of the topic. An article of `data_dir` with such a name, of
    /// which consumers have seen nothing, is merged into the article of the topic.
    fn merge_names(&mut self) -> Result<(), StoreError> {
        let names: Vec<([u8; 16], Uuid)> =
            self.names.iter().map(|(name, id)| (*name, *id)).collect();
        for (name, id) in names {
            match self.view.alias(&name)? {
                None => self.batch.alias(&name, id),
                Some(other) if other == id => {}
                Some(other)
                    if self.waits.contains_key(&other) && !self.published.contains_key(&other) =>
                {
                    // Where not every revision waits, one was published before the copy was made,
                    // and consumers have it.
                    let seen = |state: &ArticleState| {
                        self.waits.get(&other).is_none_or(|wait| *wait < state.revision)
                    };
                    let Some(state) = self.view.article(other)?.filter(|article| !seen(article))
                    else {
                        continue;
                    };
                    for alias in &state.aliases {
                        self.batch.alias(alias, id);
                        self.names.entry(*alias).or_insert(id);
                    }
                    if let Some(published) = self.published.get_mut(&id) {
                        published.guid = published.guid.take().or(state.guid);
                        published.aliases.extend(
                            state
                                .aliases
                                .iter()
                                .filter(|alias| !published.aliases.contains(alias))
                                .copied()
                                .collect::<Vec<_>>(),
                        );
                    }
                    self.batch.forget_article(other);
                    self.renamed.insert(other, id);
                }
                // The name stays with an article that consumers have.
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Decides what becomes of the records that wait.
    fn settle_waiting(
        &mut self,
        outbox: &Outbox,
        waiting: &WaitingArticles,
        report: &mut RecallReport,
    ) -> Result<(), StoreError> {
        for (seq, id) in &waiting.0 {
            let Some(row) = outbox.rows_after(seq - 1, 1, usize::MAX)?.pop() else { continue };
            // An earlier call left the record out, and was killed before the new epoch began.
            if row.record.value.is_empty() {
                report.same += 1;
                continue;
            }
            let Ok(article) = serde_json::from_slice::<Article>(&row.record.value) else {
                continue;
            };
            let known = self.view.article(*id)?;
            let named = known.and_then(|known| {
                known.aliases.iter().find_map(|alias| self.names.get(alias)).copied()
            });
            let id = named.unwrap_or(*id);
            let Some(published) = self.published.get_mut(&id) else {
                report.new += 1;
                continue;
            };
            let edition = (article.id, article.revision, article.content_hash.clone());
            let record = if published.content_hash == article.content_hash
                || self.editions.contains(&edition)
            {
                report.same += 1;
                // A record without a value is not sent; only its number is used up.
                NewRecord { value: Vec::new(), ..row.record.clone() }
            } else {
                report.revised += 1;
                as_next_revision(id, published, article, &row)
            };
            outbox.replace_in(&mut self.batch, &row, record)?;
        }
        for (id, state) in &mut self.published {
            state.day = day(self.now);
            self.batch.article(*id, state);
        }
        Ok(())
    }
}

/// A waiting record as the next revision of the article that the topic holds.
fn as_next_revision(
    id: Uuid,
    published: &mut ArticleState,
    mut article: Article,
    row: &OutboxRow,
) -> NewRecord {
    let fields = known_fields(&article, &row.record.value);
    article.changed_fields = decide::changed(&published.fields, &fields);
    published.revision += 1;
    (published.fields, published.fetched_at) = (fields, published.fetched_at.max(article.fetched));
    published.content_hash.clone_from(&article.content_hash);
    published.wording = Some(decide::wording(&article.content));
    // It was told from an edition that consumers may not have.
    article.difference = None;
    published.withdrawn = article.change == Change::Withdrawn;
    if !published.withdrawn {
        article.change = Change::Revised;
    }
    (article.id, article.revision, article.first_seen) =
        (id, published.revision, published.first_seen);
    let record = row.record.clone();
    NewRecord {
        key: id.to_string(),
        event_id: format!("{id}/{}", published.revision),
        value: serde_json::to_vec(&article).unwrap_or_else(|_| record.value.clone()),
        ..record
    }
}

#[cfg(test)]
mod tests;
