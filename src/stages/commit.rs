//! The one committing task: decides on identity and revision in commit order, and writes each
//! decision in one atomic batch with all that belongs to it: the entry's row is removed or moved,
//! the article's state is kept, and its records go to the outbox.
//!
//! What must stay true: nobody else writes articles and aliases or appends to the outbox, so no
//! verdict depends on the timing of threads. An entry's claim is released only after its batch is
//! durable.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::{
    base::clock::{Clock, day},
    model::{
        article::{ArticleState, TextRank, Verdict},
        bounds,
        candidate::{Candidate, DeadPage, PageOutcome},
        clean, identity,
        pending::{PendingEntry, PendingKey},
        record::{Change, SCHEMA, Topic},
    },
    policy::{
        assemble::{self, Assembled, Edition},
        decide::{self, Decision, FoundEdition},
        doubt,
        retry::Retry,
    },
    stages::{PipelineError, pages::claim::Claimed},
    store::{ArticleStore, ArticleView, Batch, NewRecord, Outbox, Store, StoreError, Tail},
    telemetry::metrics,
    text,
};

mod dead;
mod files;
mod fit;
mod recall;
mod revisit;

pub use dead::DeadLetter;
pub(crate) use dead::refused;
pub use files::DeadLetterFiles;
pub use fit::MAX_RECORD;
pub use recall::{PublishedArticle, RecallReport, RecallRequest, recall};
use revisit::DoubtOutcome;
pub use revisit::RevisitRules;

/// The most candidates that share one durable commit.
const GROUP_SIZE: usize = 64;
/// The most other addresses that are kept of one article.
const MAX_ALTERNATES: usize = 32;

/// What the committing task works with.
#[derive(Debug)]
pub struct Parts<C> {
    /// Articles and aliases.
    pub articles: ArticleStore,
    /// The outbox, of which the task needs the end.
    pub outbox: Outbox,
    /// Where bytes that could not be read are kept.
    pub dead_letters: DeadLetterFiles,
    /// When pages that were read are read again.
    pub revisits: RevisitRules,
    /// Gives the times of decisions, which are kept with them.
    pub clock: Arc<C>,
}

/// Runs until its input closes and everything received is durable. `wake` tells publish that there
/// are new records.
pub async fn run<C: Clock>(
    mut input: mpsc::Receiver<Claimed>,
    mut recalls: mpsc::Receiver<RecallRequest>,
    parts: Parts<C>,
    wake: mpsc::Sender<()>,
) -> Result<(), PipelineError> {
    let mut tail = parts.outbox.tail()?;
    let mut group = Vec::with_capacity(GROUP_SIZE);
    loop {
        let received = tokio::select! {
            received = input.recv_many(&mut group, GROUP_SIZE) => received,
            Some(RecallRequest { published, answer }) = recalls.recv() => {
                // The operator may have gone away meanwhile.
                answer.send(recall(&parts.articles, &parts.outbox, published, parts.clock.now()).await).ok();
                continue;
            }
        };
        if received == 0 {
            return Ok(());
        }
        let before = tail;
        let (candidates, mut claims): (Vec<_>, Vec<_>) =
            group.drain(..).map(|claimed| (claimed.candidate, claimed.claim)).unzip();
        let (articles, dead_letters) = (parts.articles.clone(), parts.dead_letters.clone());
        let context = DecisionContext { tail, now: parts.clock.now(), revisits: parts.revisits };
        // Hashing, JSON and files would block the network's threads. The view of the store ends
        // with this closure, because the store may have to be reopened before the commit is
        // durable.
        let decided = tokio::task::spawn_blocking(move || {
            decide_group(candidates, &articles, &dead_letters, context)
        });
        let decided = decided.await??;
        tail = decided.tail;
        for (claim, row) in claims.iter_mut().zip(decided.moved) {
            if let Some(row) = row {
                claim.read_again_at(row.due_ms());
            }
        }
        parts.articles.commit(decided.batch).await?;
        decided.counts.report();
        drop(claims);
        if tail.seq > before.seq {
            // If the channel is full, publish has yet to take an earlier wake.
            wake.try_send(()).ok();
        }
    }
}

/// What decisions depend on besides the candidates and the store.
#[derive(Debug, Clone, Copy)]
struct DecisionContext {
    /// Where the outbox ends.
    tail: Tail,
    now: DateTime<Utc>,
    revisits: RevisitRules,
}

/// The decisions on a group of candidates.
struct GroupDecision {
    batch: Batch,
    /// Where the outbox ends after the batch.
    tail: Tail,
    counts: DecisionCounts,
    /// For each candidate, the row that its entry was moved to, where it is read again.
    moved: Vec<Option<PendingKey>>,
}

/// Decides on a group of candidates, one after the other.
fn decide_group(
    candidates: Vec<Candidate>,
    articles: &ArticleStore,
    dead_letters: &DeadLetterFiles,
    context: DecisionContext,
) -> Result<GroupDecision, StoreError> {
    let mut decisions = DecisionBatch::new(articles.view()?, context);
    let mut moved = Vec::with_capacity(candidates.len());
    for mut candidate in candidates {
        let bytes_at = match &mut candidate.reading {
            PageOutcome::Dead(dead) => dead_letters.keep(dead),
            _ => None,
        };
        moved.push(decisions.decide(candidate, bytes_at.as_deref())?);
    }
    let DecisionBatch { batch, tail, counts, .. } = decisions;
    Ok(GroupDecision { batch, tail, counts, moved })
}

/// The records that a candidate would be published as if nothing were known yet.
///
/// # Errors
/// Where the store in memory that it decides with fails.
pub async fn preview(
    candidate: Candidate,
    now: DateTime<Utc>,
) -> Result<Vec<serde_json::Value>, StoreError> {
    let store = Store::in_memory()?;
    let (articles, outbox) = (store.articles(), store.outbox());
    let revisits = RevisitRules {
        retry: Retry { tries: 1, first: Duration::ZERO, max: Duration::ZERO },
        refetch_per_day: 0,
    };
    let context = DecisionContext { tail: outbox.tail()?, now, revisits };
    let decided =
        decide_group(vec![candidate], &articles, &DeadLetterFiles::new(None, 0), context)?;
    articles.commit(decided.batch).await?;
    let rows = outbox.rows_after(0, usize::MAX, usize::MAX)?;
    Ok(rows
        .iter()
        .map(|row| serde_json::from_slice(&row.record.value).unwrap_or_default())
        .collect())
}

/// An article that is known.
struct KnownArticle {
    id: Uuid,
    state: ArticleState,
    /// By which kind of alias it was found, in words.
    found_by: &'static str,
}

/// The decisions of one group while they are made: a view of what is durable, and what the batch
/// will add to it.
struct DecisionBatch {
    view: ArticleView,
    /// Aliases that the batch adds.
    aliases: HashMap<[u8; 16], Uuid>,
    /// States of articles that the batch writes.
    articles: HashMap<Uuid, ArticleState>,
    batch: Batch,
    tail: Tail,
    now: DateTime<Utc>,
    revisits: RevisitRules,
    /// The row that the entry of the present candidate was moved to.
    moved: Option<PendingKey>,
    counts: DecisionCounts,
}

/// What is counted once the batch is durable, by the labels of the metrics.
#[derive(Default)]
struct DecisionCounts {
    decisions: Vec<&'static str>,
    dead: Vec<&'static str>,
}

impl DecisionCounts {
    fn report(self) {
        self.decisions.into_iter().for_each(metrics::article);
        self.dead.into_iter().for_each(metrics::dead_letter);
    }
}

impl DecisionBatch {
    fn new(view: ArticleView, context: DecisionContext) -> Self {
        let DecisionContext { tail, now, revisits } = context;
        Self {
            view,
            aliases: HashMap::new(),
            articles: HashMap::new(),
            batch: Batch::default(),
            tail,
            now,
            revisits,
            moved: None,
            counts: DecisionCounts::default(),
        }
    }

    /// Decides on a candidate; returns the row that its entry was moved to, where it is read again.
    /// `bytes_at` is the file with the bytes of a page that could not be read.
    fn decide(
        &mut self,
        candidate: Candidate,
        bytes_at: Option<&str>,
    ) -> Result<Option<PendingKey>, StoreError> {
        self.decide_candidate(candidate, bytes_at)?;
        Ok(self.moved.take())
    }

    fn decide_candidate(
        &mut self,
        candidate: Candidate,
        bytes_at: Option<&str>,
    ) -> Result<(), StoreError> {
        let Candidate { key, mut entry, reading } = candidate;
        let found = match reading {
            PageOutcome::Later { pause, error, tried } => {
                entry.tries += u32::from(tried);
                if !tried {
                    entry.held_s += u64::try_from(pause.num_seconds()).unwrap_or(0);
                }
                entry.last_error = Some(error);
                self.retry_at(&key, self.now + pause, &entry);
                return Ok(());
            }
            PageOutcome::Page(fetched) => {
                let first = fetched
                    .page
                    .articles
                    .first()
                    .map(|article| article.content.clone())
                    .unwrap_or_default();
                let page = doubt::ShownPage::new(&first, fetched.end);
                let found = assemble::from_page(&entry, *fetched);
                let names = found.first().map(|found| found.names.as_slice()).unwrap_or_default();
                match self.judge_doubt(&key, &mut entry, names, page)? {
                    DoubtOutcome::Settled => return Ok(()),
                    DoubtOutcome::GivenUp => vec![assemble::from_feed(&entry, self.now)],
                    DoubtOutcome::Believed => found,
                }
            }
            PageOutcome::FeedOnly { at } => vec![assemble::from_feed(&entry, at)],
            PageOutcome::Dead(dead) => {
                self.dead_letter(&entry, &dead, bytes_at);
                // A document is all that its source has to say, so what came beside it makes no
                // article. Neither do a listing's words about a link whose page is no article.
                let makes_no_article =
                    entry.document.is_some() || (entry.is_guess() && dead.reason == "page");
                if makes_no_article {
                    Vec::new()
                } else {
                    vec![assemble::from_feed(&entry, dead.at)]
                }
            }
            PageOutcome::Replaced => Vec::new(),
        };
        let mut is_first_unchanged = false;
        for (index, article) in found.into_iter().enumerate().filter(|(_, article)| {
            article.content.title.is_some() || article.content.text.is_some()
        }) {
            let is_unchanged = self.decide_article(&entry, article)?;
            is_first_unchanged |= is_unchanged && index == 0;
        }
        if !is_first_unchanged || !self.revisit_unchanged(&key, &mut entry) {
            self.batch.entry_done(&key, &entry);
        }
        Ok(())
    }

    /// Decides on an article; returns whether it is unchanged since before its entry was listed.
    fn decide_article(
        &mut self,
        entry: &PendingEntry,
        mut found: Assembled,
    ) -> Result<bool, StoreError> {
        clean_found(&mut found);
        let content_hash =
            text::content_hash(found.content.title.as_deref(), found.content.text.as_deref());
        let (known, names) = self.resolve(&mut found, &content_hash)?;
        let url = found.url.as_ref().map(ToString::to_string);
        let fields = decide::fields(&found.content, url.as_deref());
        let facts = FoundEdition {
            order: found.order,
            text_rank: found.text_rank,
            content_hash: &content_hash,
            fields: &fields,
        };
        let decision = decide::decide(known.as_ref().map(|known| &known.state), facts);
        self.counts.decisions.push(decision.label());

        let (id, why) = known.as_ref().map_or_else(
            || (Uuid::now_v7(), "no alias was known".to_owned()),
            |known| (known.id, format!("known by its {}", known.found_by)),
        );
        let mut state = known.map_or_else(|| self.new_state(entry, &found), |known| known.state);
        state.verdict = Verdict { what: decision.label().to_owned(), why, at: self.now };
        state.day = day(self.now);
        if matches!(decision, Decision::New | Decision::Revised { .. } | Decision::Duplicate)
            && found.text_rank == TextRank::Page
        {
            (state.shown, state.doubted) = (found.shown.take().or(state.shown), None);
        }
        let is_unchanged = decision == Decision::Duplicate && state.revised < entry.order;
        if decision != Decision::Stale {
            self.add_names(id, &mut state, &found, names)?;
        }
        let change = match &decision {
            Decision::New => Some((Change::New, Vec::new())),
            Decision::Revised { changed_fields } => Some((Change::Revised, changed_fields.clone())),
            Decision::Duplicate => {
                (state.fetched_at, state.order, state.text_rank) =
                    (found.fetched_at, found.order, state.text_rank.max(found.text_rank));
                None
            }
            Decision::Stale | Decision::Kept => None,
        };
        if let Some((change, changed_fields)) = change {
            state.revision += 1;
            (state.fetched_at, state.order, state.text_rank, state.fields) =
                (found.fetched_at, found.order, found.text_rank, fields);
            state.revised = found.order;
            state.content_hash = content_hash;
            state.url = url;
            let record = self.article_record(
                entry,
                found,
                edition(entry, id, &state, change, changed_fields),
            );
            self.append(record);
        }
        self.batch.article(id, &state);
        self.articles.insert(id, state);
        Ok(is_unchanged)
    }

    /// The first known article that one of these names belongs to.
    fn find_known(
        &self,
        names: &[assemble::NamedAlias],
    ) -> Result<Option<KnownArticle>, StoreError> {
        for (by, alias) in names {
            if let Some(id) = self.alias(alias)?
                && let Some(state) = self.state(id)?
            {
                return Ok(Some(KnownArticle { id, state, found_by: by }));
            }
        }
        Ok(None)
    }

    /// Finds the article that is known already, and the aliases that it gets.
    fn resolve(
        &self,
        found: &mut Assembled,
        content_hash: &str,
    ) -> Result<(Option<KnownArticle>, Vec<[u8; 16]>), StoreError> {
        let mut known = self.find_known(&found.names)?;
        let mut names = std::mem::take(&mut found.names);
        // A site's template may name one canonical address for many articles, which must not be
        // merged into one.
        if let Some(KnownArticle { state, found_by: assemble::CANONICAL, .. }) = &known
            && found.claimed
            && names[1..]
                .iter()
                .all(|(_, alias)| self.alias(alias).is_ok_and(|alias| alias.is_none()))
            && state.content_hash != content_hash
            && state.fields.get("title") != found.content.fingerprints().get("title")
        {
            found.url = found.fetched_url.as_ref().map(identity::clean);
            names.remove(0);
            known = None;
        }
        Ok((known, names.into_iter().map(|(_, alias)| alias).collect()))
    }

    fn alias(&self, alias: &[u8; 16]) -> Result<Option<Uuid>, StoreError> {
        self.aliases.get(alias).map_or_else(|| self.view.alias(alias), |id| Ok(Some(*id)))
    }

    fn state(&self, id: Uuid) -> Result<Option<ArticleState>, StoreError> {
        self.articles
            .get(&id)
            .map_or_else(|| self.view.article(id), |state| Ok(Some(state.clone())))
    }

    /// The state of an article that is not known yet.
    fn new_state(&self, entry: &PendingEntry, found: &Assembled) -> ArticleState {
        ArticleState {
            revision: 0,
            url: found.url.as_ref().map(ToString::to_string),
            alternate_urls: Vec::new(),
            source: entry.source.id.clone(),
            guid: entry.entry.guid.clone(),
            first_seen: entry.first_seen,
            fetched_at: found.fetched_at,
            order: found.order,
            revised: 0,
            shown: None,
            doubted: None,
            content_hash: String::new(),
            fields: std::collections::BTreeMap::new(),
            text_rank: found.text_rank,
            aliases: Vec::new(),
            day: day(self.now),
            verdict: Verdict { what: String::new(), why: String::new(), at: self.now },
        }
    }

    /// Adds other addresses and aliases to an article. An alias that another article has stays
    /// there: aliases are never pointed elsewhere.
    fn add_names(
        &mut self,
        id: Uuid,
        state: &mut ArticleState,
        found: &Assembled,
        names: Vec<[u8; 16]>,
    ) -> Result<(), StoreError> {
        for other in &found.alternates {
            let other = other.to_string();
            if state.alternate_urls.len() < MAX_ALTERNATES && !state.alternate_urls.contains(&other)
            {
                state.alternate_urls.push(other);
            }
        }
        for name in names {
            if state.aliases.len() < 2 * MAX_ALTERNATES && self.alias(&name)?.is_none() {
                self.batch.alias(&name, id);
                self.aliases.insert(name, id);
                state.aliases.push(name);
            }
        }
        Ok(())
    }

    fn article_record(
        &self,
        entry: &PendingEntry,
        found: Assembled,
        edition: Edition,
    ) -> NewRecord {
        let (id, revision) = (edition.id, edition.revision);
        let article = found.into_record(edition);
        NewRecord {
            topic: Topic::Articles,
            key: id.to_string(),
            event_id: format!("{id}/{revision}"),
            event_type: SCHEMA.to_owned(),
            event_source: event_source(entry),
            event_time: self.now,
            traceparent: traceparent(),
            value: fit::to_json(entry.source.url.secrets().hide_in(article)),
        }
    }

    fn dead_letter(&mut self, entry: &PendingEntry, dead: &DeadPage, bytes_at: Option<&str>) {
        self.counts.dead.push(dead.reason);
        let record = dead::letter(entry, dead, bytes_at);
        self.append(record);
    }

    fn append(&mut self, record: NewRecord) {
        self.batch.append(&mut self.tail, fit::bounded(record, self.now));
    }
}

/// Bounds and cleans an article as it was found, before it is compared and published.
fn clean_found(found: &mut Assembled) {
    assemble::bound(found);
    fit::cut_text(&mut found.content);
    clean::content(&mut found.content);
    found.url = found.url.take().and_then(clean::url);
    found.fetched_url = found.fetched_url.take().and_then(clean::url);
    found.alternates =
        std::mem::take(&mut found.alternates).into_iter().filter_map(clean::url).collect();
}

/// What a record says of its article and edition. `state` is already that of this edition.
fn edition(
    entry: &PendingEntry,
    id: Uuid,
    state: &ArticleState,
    change: Change,
    changed_fields: Vec<String>,
) -> Edition {
    let mut source = entry.source.clone();
    bounds::source(&mut source);
    let others = state
        .alternate_urls
        .iter()
        .filter_map(|url| clean::address(url))
        .filter(|url| Some(url) != state.url.as_ref());
    Edition {
        id,
        revision: state.revision,
        change,
        changed_fields,
        url: state.url.clone(),
        alternate_urls: others.collect(),
        source: clean::source(source),
        first_seen: state.first_seen,
        content_hash: state.content_hash.clone(),
    }
}

fn event_source(entry: &PendingEntry) -> String {
    format!("/sources/{}", entry.source.id)
}

/// The header of a new trace (W3C Trace Context §3.2), with new ids.
fn traceparent() -> String {
    let (trace, span) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string());
    format!("00-{trace}-{}-01", &span[..16])
}

#[cfg(test)]
mod tests;
