//! The one committing task: decides identity and revision in commit order, and writes each decision
//! with all that belongs to it in one atomic batch: the entry gone, the article's state, its
//! records in the outbox.
//!
//! What must stay true: nobody else writes articles, aliases or the outbox's end, so no verdict
//! depends on the timing of threads; an entry's claim is released only after its batch is durable.

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

mod again;
mod dead;
mod files;
mod fit;
mod recall;

pub use again::Again;
use again::DoubtOutcome;
pub use dead::DeadLetter;
pub(crate) use dead::refused;
pub use files::DeadLetterFiles;
pub use fit::MAX_RECORD;
pub use recall::{PublishedArticle, RecallReport, RecallRequest, recall};

/// Candidates that share one durable commit.
const GROUP: usize = 64;
/// Other addresses kept of one article; a page that is reached by more says nothing new.
const MAX_ALTERNATES: usize = 32;

/// What the committing task works with.
#[derive(Debug)]
pub struct Parts<C> {
    /// Articles and aliases.
    pub articles: ArticleStore,
    /// For the end of the outbox.
    pub outbox: Outbox,
    /// Where bytes that could not be read are kept.
    pub dead_letters: DeadLetterFiles,
    /// When looks are made again.
    pub again: Again,
    /// Tells when decisions are made, for what is remembered of them.
    pub clock: Arc<C>,
}

/// Runs until its input closes and everything received is durable. `wake` tells publish that there
/// is more.
pub async fn run<C: Clock>(
    mut input: mpsc::Receiver<Claimed>,
    mut recalls: mpsc::Receiver<RecallRequest>,
    parts: Parts<C>,
    wake: mpsc::Sender<()>,
) -> Result<(), PipelineError> {
    let mut tail = parts.outbox.tail()?;
    let mut group = Vec::with_capacity(GROUP);
    loop {
        let received = tokio::select! {
            received = input.recv_many(&mut group, GROUP) => received,
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
            group.drain(..).map(|group| (group.candidate, group.claim)).unzip();
        let (articles, dead_letters) = (parts.articles.clone(), parts.dead_letters.clone());
        let moment = Moment { tail, now: parts.clock.now(), again: parts.again };
        // Hashing, JSON and files are no work for the network's threads. What the store is seen
        // through ends here, too: it may have to be reopened before the commit is durable.
        let decided = tokio::task::spawn_blocking(move || {
            decide_all(candidates, &articles, &dead_letters, moment)
        });
        let decided = decided.await??;
        tail = decided.tail;
        for (claim, row) in claims.iter_mut().zip(decided.put_off) {
            if let Some(row) = row {
                claim.read_again_at(row.due_ms());
            }
        }
        parts.articles.commit(decided.batch).await?;
        decided.counts.report();
        drop(claims);
        if tail.seq > before.seq {
            // Full means that publish already knows.
            wake.try_send(()).ok();
        }
    }
}

/// What decisions are made by beside what the store holds.
#[derive(Debug, Clone, Copy)]
struct Moment {
    /// Where the outbox ends.
    tail: Tail,
    now: DateTime<Utc>,
    again: Again,
}

/// What was decided on a group.
struct Decided {
    batch: Batch,
    /// Where the outbox ends after it.
    tail: Tail,
    counts: Counts,
    /// For each candidate the row that it is looked at again by.
    put_off: Vec<Option<PendingKey>>,
}

/// Decides on a group.
fn decide_all(
    candidates: Vec<Candidate>,
    articles: &ArticleStore,
    dead_letters: &DeadLetterFiles,
    moment: Moment,
) -> Result<Decided, StoreError> {
    let mut work = Work::new(articles.view()?, moment);
    let mut put_off = Vec::with_capacity(candidates.len());
    for mut candidate in candidates {
        let bytes_at = match &mut candidate.reading {
            PageOutcome::Dead(dead) => dead_letters.keep(dead),
            _ => None,
        };
        work.take(candidate, bytes_at.as_deref())?;
        put_off.push(work.put_off.take());
    }
    Ok(Decided { batch: work.batch, tail: work.tail, counts: work.counts, put_off })
}

/// The records that a candidate would be published as where nothing is known yet.
///
/// # Errors
/// None but what a store in memory may have.
pub async fn preview(
    candidate: Candidate,
    now: DateTime<Utc>,
) -> Result<Vec<serde_json::Value>, StoreError> {
    let store = Store::in_memory()?;
    let (articles, outbox) = (store.articles(), store.outbox());
    let again = Again {
        retry: Retry { tries: 1, first: Duration::ZERO, max: Duration::ZERO },
        refetch_per_day: 0,
    };
    let moment = Moment { tail: outbox.tail()?, now, again };
    let decided = decide_all(vec![candidate], &articles, &DeadLetterFiles::new(None, 0), moment)?;
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
    /// Which of its names it was found by, in words.
    found_by: &'static str,
}

/// One batch in the making: what is durable, and on top of it what this batch will add.
struct Work {
    view: ArticleView,
    aliases: HashMap<[u8; 16], Uuid>,
    articles: HashMap<Uuid, ArticleState>,
    batch: Batch,
    tail: Tail,
    now: DateTime<Utc>,
    again: Again,
    /// Where the entry that was taken last is put off to.
    put_off: Option<PendingKey>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    decisions: Vec<&'static str>,
    dead: Vec<&'static str>,
}

impl Counts {
    fn report(self) {
        self.decisions.into_iter().for_each(metrics::article);
        self.dead.into_iter().for_each(metrics::dead_letter);
    }
}

impl Work {
    fn new(view: ArticleView, Moment { tail, now, again }: Moment) -> Self {
        Self {
            view,
            aliases: HashMap::new(),
            articles: HashMap::new(),
            batch: Batch::default(),
            tail,
            now,
            again,
            put_off: None,
            counts: Counts::default(),
        }
    }

    fn take(&mut self, candidate: Candidate, bytes_at: Option<&str>) -> Result<(), StoreError> {
        let Candidate { key, mut entry, reading } = candidate;
        let found = match reading {
            PageOutcome::Later { pause, error, tried } => {
                entry.tries += u32::from(tried);
                if !tried {
                    entry.held_s += u64::try_from(pause.num_seconds()).unwrap_or(0);
                }
                entry.last_error = Some(error);
                self.put_off(&key, self.now + pause, &entry);
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
                match self.doubts(&key, &mut entry, names, page)? {
                    DoubtOutcome::Settled => return Ok(()),
                    DoubtOutcome::GivenUp => vec![assemble::from_feed(&entry, self.now)],
                    DoubtOutcome::No => found,
                }
            }
            PageOutcome::FeedOnly { at } => vec![assemble::from_feed(&entry, at)],
            PageOutcome::Dead(dead) => {
                self.dead_letter(&entry, &dead, bytes_at);
                // A document is all that its source said: what is told beside it makes no article.
                // Nor do a listing's words about a link whose page, once seen, is none.
                let nothing =
                    entry.document.is_some() || (entry.is_guess() && dead.reason == "page");
                if nothing { Vec::new() } else { vec![assemble::from_feed(&entry, dead.at)] }
            }
            PageOutcome::Replaced => Vec::new(),
        };
        let mut nothing_new = false;
        for (at, article) in found
            .into_iter()
            .enumerate()
            .filter(|(_, it)| it.content.title.is_some() || it.content.text.is_some())
        {
            let is_as_before = self.article(&entry, article)?;
            nothing_new |= is_as_before && at == 0;
        }
        if !nothing_new || !self.is_looked_at_once_more(&key, &mut entry) {
            self.batch.entry_done(&key, &entry);
        }
        Ok(())
    }

    /// Decides on an article; says whether it is what was published before its entry was listed.
    fn article(&mut self, entry: &PendingEntry, mut found: Assembled) -> Result<bool, StoreError> {
        assemble::bound(&mut found);
        fit::text(&mut found.content);
        clean::content(&mut found.content);
        (found.url, found.fetched_url) =
            (found.url.and_then(clean::url), found.fetched_url.and_then(clean::url));
        found.alternates =
            std::mem::take(&mut found.alternates).into_iter().filter_map(clean::url).collect();
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
        let mut state = known.map_or_else(|| self.fresh(entry, &found), |known| known.state);
        state.verdict = Verdict { what: decision.label().to_owned(), why, at: self.now };
        state.day = day(self.now);
        if matches!(decision, Decision::New | Decision::Revised { .. } | Decision::Duplicate)
            && found.text_rank == TextRank::Page
        {
            (state.shown, state.doubted) = (found.shown.take().or(state.shown), None);
        }
        let is_as_before = decision == Decision::Duplicate && state.revised < entry.order;
        if decision != Decision::Stale {
            self.rename(id, &mut state, &found, names)?;
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
            let record =
                self.record(entry, found, edition(entry, id, &state, change, changed_fields));
            self.append(record);
        }
        self.batch.article(id, &state);
        self.articles.insert(id, state);
        Ok(is_as_before)
    }

    /// The article that one of these names is of.
    fn known(&self, names: &[assemble::NamedAlias]) -> Result<Option<KnownArticle>, StoreError> {
        for (by, alias) in names {
            if let Some(id) = self.alias(alias)?
                && let Some(state) = self.state(id)?
            {
                return Ok(Some(KnownArticle { id, state, found_by: by }));
            }
        }
        Ok(None)
    }

    /// Finds the article, and the names to give it.
    fn resolve(
        &self,
        found: &mut Assembled,
        content_hash: &str,
    ) -> Result<(Option<KnownArticle>, Vec<[u8; 16]>), StoreError> {
        let mut known = self.known(&found.names)?;
        let mut names = std::mem::take(&mut found.names);
        // A template that names one canonical address for many articles must not fold them into
        // one.
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

    fn fresh(&self, entry: &PendingEntry, found: &Assembled) -> ArticleState {
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

    /// Adds names. A name that is taken stays with its article: aliases are never pointed
    /// elsewhere.
    fn rename(
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

    fn record(&self, entry: &PendingEntry, found: Assembled, edition: Edition) -> NewRecord {
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
            value: fit::value(entry.source.url.secrets().hide_in(article)),
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

/// What the record says of the article and of this edition, whose state is noted already.
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
        .filter(|it| Some(it) != state.url.as_ref());
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

/// A new trace (W3C Trace Context §3.2): it starts here, so both ids are made here.
fn traceparent() -> String {
    let (trace, span) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string());
    format!("00-{trace}-{}-01", &span[..16])
}

#[cfg(test)]
mod tests;
