//! Wins back from the articles topic what an older copy of `data_dir` does not know: which article
//! an address is, and its last revision.
//!
//! Without it, each article that was first published after the copy was made would come again under
//! a new id. What waits in the outbox was decided on by the copy alone: a record that says what the
//! topic holds is left out, another one goes on as the next revision of the article that its
//! address is known by. What must stay true: this is done by the committing task, or where none
//! runs; names that a published article has are never pointed elsewhere, only those of articles
//! that no consumer has seen; done twice it comes to the same, because a kill may find it before
//! the new epoch is durable.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use tokio::sync::oneshot;
use url::Url;
use uuid::Uuid;

use crate::{
    base::clock::day,
    model::{
        article::{ArticleState, TextRank, Verdict},
        identity,
        record::{Article, Change, Topic},
    },
    policy::decide,
    store::{ArticleStore, ArticleView, Batch, NewRecord, Outbox, OutboxRow, StoreError},
};

/// A record of the topic, as far as it is needed.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedArticle {
    id: Uuid,
    state: ArticleState,
}

impl PublishedArticle {
    /// Reads a record of this program or an older one, and what the article was known by as far as
    /// that can be told from it; `None` where it is no record of an article.
    #[must_use]
    pub fn parse(value: &[u8], now: DateTime<Utc>) -> Option<Self> {
        let article = serde_json::from_slice::<Article>(value).ok()?;
        let fields = known_fields(&article, value);
        let Article {
            id,
            revision,
            url,
            fetched_url,
            alternate_urls,
            source,
            content,
            first_seen,
            fetched,
            part,
            content_hash,
            ..
        } = article;
        let parsed = |address: &String| Url::parse(address).ok();
        let mut aliases = match (&part, url.as_ref().and_then(parsed)) {
            // An article that follows another one is known by its page and title, unless it has an
            // address of its own.
            (Some(part), Some(page)) if part.index > 0 && url == fetched_url => {
                vec![identity::of_part(&page, content.title.as_deref().unwrap_or_default())]
            }
            (_, own) => own.iter().map(identity::of_url).collect(),
        };
        if part.is_none_or(|part| part.index == 0) {
            aliases.extend(
                fetched_url
                    .iter()
                    .chain(&alternate_urls)
                    .filter_map(parsed)
                    .map(|parsed| identity::of_url(&parsed)),
            );
        }
        if url.is_none() {
            aliases.push(identity::of_content(content.title.as_deref(), content.text.as_deref()));
        }
        let state = ArticleState {
            revision,
            fields,
            url,
            alternate_urls,
            source: source.id,
            guid: None,
            first_seen,
            fetched_at: fetched,
            // Whatever is looked at from now on is later.
            order: 0,
            revised: 0,
            shown: None,
            doubted: None,
            content_hash,
            text_rank: if fetched_url.is_some() { TextRank::Page } else { TextRank::Feed },
            aliases,
            day: day(now),
            verdict: Verdict {
                what: "new".to_owned(),
                why: "won back from the topic of articles".to_owned(),
                at: now,
            },
        };
        Some(Self { id, state })
    }
}

/// The fingerprints of those fields that the record has: what an older program did not write is
/// unknown.
fn known_fields(article: &Article, value: &[u8]) -> BTreeMap<String, u64> {
    let written = Article::fields_of(value);
    let mut fields = decide::fields(&article.content, article.url.as_deref());
    fields.retain(|name, _| written.contains(name));
    fields
}

/// What was won back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecallReport {
    /// Articles of the topic that `data_dir` knew not, or not so far.
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
    pub published: Vec<PublishedArticle>,
    /// What came of it.
    pub answer: oneshot::Sender<Result<RecallReport, StoreError>>,
}

/// Does it: durable when it returns.
///
/// # Errors
/// Where the store cannot be read.
pub async fn recall(
    articles: &ArticleStore,
    outbox: &Outbox,
    published: Vec<PublishedArticle>,
    now: DateTime<Utc>,
) -> Result<RecallReport, StoreError> {
    let (batch, recalled) = {
        let waiting = WaitingArticles::load(outbox)?;
        let mut work = RecallWork {
            view: articles.view()?,
            waits: waiting.counts(),
            won: HashMap::new(),
            editions: HashSet::new(),
            names: HashMap::new(),
            now,
            batch: Batch::default(),
        };
        let mut further = HashSet::new();
        for article in published {
            let id = article.id;
            if work.add(article)? {
                further.insert(id);
            }
        }
        let mut recalled = RecallReport { articles: further.len(), ..RecallReport::default() };
        work.merge()?;
        work.settle(outbox, &waiting, &mut recalled)?;
        (work.batch, recalled)
    };
    articles.commit(batch).await?;
    Ok(recalled)
}

/// The articles of the records that wait: number and id of each, in order.
struct WaitingArticles(Vec<(u64, Uuid)>);

impl WaitingArticles {
    fn load(outbox: &Outbox) -> Result<Self, StoreError> {
        let mut rows = Vec::new();
        let mut after = outbox.acked()?.seq();
        loop {
            let some = outbox.rows_after(after, 1_000, 16 << 20)?;
            let Some(last) = some.last() else { return Ok(Self(rows)) };
            after = last.seq;
            let articles = some.iter().filter(|row| row.record.topic == Topic::Articles);
            rows.extend(
                articles
                    .filter_map(|article| Some((article.seq, article.record.key.parse().ok()?))),
            );
        }
    }

    /// How many there are of each article.
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
    won: HashMap<Uuid, ArticleState>,
    /// Every edition that the topic holds: article, revision, hash of the text.
    editions: HashSet<(Uuid, u32, String)>,
    /// Which article of the topic a name is.
    names: HashMap<[u8; 16], Uuid>,
    now: DateTime<Utc>,
    batch: Batch,
}

impl RecallWork {
    /// Takes over an article of the topic. Says whether it is more than `data_dir` knows.
    fn add(
        &mut self,
        PublishedArticle { id, mut state }: PublishedArticle,
    ) -> Result<bool, StoreError> {
        self.editions.insert((id, state.revision, state.content_hash.clone()));
        let known = match self.won.remove(&id) {
            Some(known) => Some(known),
            None => self.view.article(id)?,
        };
        // What waits is not what consumers have: it is decided on anew, by what they have.
        let waits = self.waits.get(&id).copied().unwrap_or_default();
        let further = known
            .as_ref()
            .is_none_or(|known| known.revision.saturating_sub(waits) <= state.revision);
        if let Some(known) = known {
            state.guid.clone_from(&known.guid);
            state.order = known.order;
            for alias in &known.aliases {
                if !state.aliases.contains(alias) {
                    state.aliases.push(*alias);
                }
            }
            if !further {
                state = known;
            }
        }
        for alias in &state.aliases {
            self.names.entry(*alias).or_insert(id);
        }
        self.won.insert(id, state);
        Ok(further)
    }

    /// Names go to the articles of the topic, and those with them whose every record still waits.
    fn merge(&mut self) -> Result<(), StoreError> {
        let names: Vec<([u8; 16], Uuid)> =
            self.names.iter().map(|(name, id)| (*name, *id)).collect();
        for (name, id) in names {
            match self.view.alias(&name)? {
                None => self.batch.alias(&name, id),
                Some(other) if other == id => {}
                Some(other)
                    if self.waits.contains_key(&other) && !self.won.contains_key(&other) =>
                {
                    // Of one that was published before the copy was made, consumers have a revision
                    // that does not wait.
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
                    if let Some(won) = self.won.get_mut(&id) {
                        won.guid = won.guid.take().or(state.guid);
                        won.aliases.extend(
                            state
                                .aliases
                                .iter()
                                .filter(|alias| !won.aliases.contains(alias))
                                .copied()
                                .collect::<Vec<_>>(),
                        );
                    }
                    self.batch.forget_article(other);
                }
                // It is the name of an article that consumers have: it stays so.
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// What becomes of the records that wait.
    fn settle(
        &mut self,
        outbox: &Outbox,
        waiting: &WaitingArticles,
        recalled: &mut RecallReport,
    ) -> Result<(), StoreError> {
        for (seq, id) in &waiting.0 {
            let Some(row) = outbox.rows_after(seq - 1, 1, usize::MAX)?.pop() else { continue };
            // Left out by a call before this one, which was killed before the new epoch began.
            if row.record.value.is_empty() {
                recalled.same += 1;
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
            let Some(won) = self.won.get_mut(&id) else {
                recalled.new += 1;
                continue;
            };
            let edition = (article.id, article.revision, article.content_hash.clone());
            let record =
                if won.content_hash == article.content_hash || self.editions.contains(&edition) {
                    recalled.same += 1;
                    // Nothing in its place: the number alone goes on.
                    NewRecord { value: Vec::new(), ..row.record.clone() }
                } else {
                    recalled.revised += 1;
                    revised(id, won, article, &row)
                };
            outbox.replace_in(&mut self.batch, &row, record)?;
        }
        for (id, state) in &mut self.won {
            state.day = day(self.now);
            self.batch.article(*id, state);
        }
        Ok(())
    }
}

/// A waiting record as the next revision of the article that it is.
fn revised(id: Uuid, won: &mut ArticleState, mut article: Article, row: &OutboxRow) -> NewRecord {
    let fields = known_fields(&article, &row.record.value);
    article.changed_fields = decide::changed(&won.fields, &fields);
    won.revision += 1;
    (won.fields, won.fetched_at) = (fields, won.fetched_at.max(article.fetched));
    won.content_hash.clone_from(&article.content_hash);
    (article.id, article.revision, article.change, article.first_seen) =
        (id, won.revision, Change::Revised, won.first_seen);
    let record = row.record.clone();
    NewRecord {
        key: id.to_string(),
        event_id: format!("{id}/{}", won.revision),
        value: serde_json::to_vec(&article).unwrap_or_else(|_| record.value.clone()),
        ..record
    }
}

#[cfg(test)]
mod tests;
