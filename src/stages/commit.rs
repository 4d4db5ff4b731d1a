//! The one committing task: decides on identity and revision in commit order, and writes each
//! decision in one atomic batch with all that belongs to it: the entry's row is removed or moved,
//! the article's state is kept, and its records go to the outbox.
//!
//! What must stay true: nobody else writes articles and aliases or appends to the outbox, so no
//! verdict depends on the timing of threads. An entry's claim is released only after its batch is
//! durable.

use std::{sync::Arc, time::Instant};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use crate::{
    base::{clock::Clock, live::Live},
    model::{candidate::Candidate, lane::Lane, pending::PendingKey},
    policy::{label::Labels, looks::Hosts, route::Routes},
    stages::{PipelineError, pages::claim::Claimed, poll::Wake},
    store::{
        ArticleStore, Batch, EditionBounds, EditionStore, LetterStore, Outbox, Store, StoreError,
        StoryStore, Tail,
    },
    telemetry::{metrics, traces::Tracer},
};

mod batch;
mod dead;
mod difference;
mod edition;
mod erase;
mod fit;
mod identify;
mod labels;
mod look;
mod recall;
mod retry;
mod revisit;
mod routes;
mod spans;
mod stories;
mod traces;

use batch::{DecisionBatch, DecisionCounts};
pub use dead::DeadLetter;
pub(crate) use dead::{keep_told, refused};
pub(crate) use edition::traceparent;
pub use erase::{EraseOrder, EraseReport, EraseRequest, KeptPlaces, erase};
pub use fit::MAX_RECORD;
pub use recall::{PublishedRecord, RecallReport, RecallRequest, recall};
pub use retry::{NO_LETTER, RetryOutcome, RetryReport, RetryRequest, judge, retry};
pub use revisit::RevisitRules;
use spans::decided;
pub use stories::StoryRules;
use stories::{Stories, StoryBatch};

/// The most candidates that share one durable commit.
const GROUP_SIZE: usize = 64;

/// What the committing task works with.
#[derive(Debug)]
pub struct Parts<C> {
    /// Articles and aliases.
    pub articles: ArticleStore,
    /// The outbox, of which the task needs the end.
    pub outbox: Outbox,
    /// The texts that new ones are compared with.
    pub story_store: StoryStore,
    /// How stories are found.
    pub stories: StoryRules,
    /// What could not be published.
    pub letters: LetterStore,
    /// The last editions of articles.
    pub editions: EditionStore,
    /// When pages that were read are read again.
    pub revisits: Live<RevisitRules>,
    /// Whether records tell where their text differs from the one before.
    pub differences: Live<bool>,
    /// The rules for labels.
    pub labels: Live<Labels>,
    /// Which further topics articles go to.
    pub routes: Arc<Routes>,
    /// Takes the spans of decisions.
    pub traces: Tracer,
    /// Gives the times of decisions, which are kept with them.
    pub clock: Arc<C>,
}

/// A request of an operator, which the publish stage hands on while it rests.
#[derive(Debug)]
pub enum CommitRequest {
    /// Takes over articles that the topic holds.
    Recall(RecallRequest),
    /// Erases an article.
    Erase(EraseRequest),
    /// Tries dead letters again.
    Retry(RetryRequest),
}

/// Where the task tells that there is something new.
#[derive(Debug)]
pub struct Wakes {
    /// Publish: there are new records.
    pub outbox: mpsc::Sender<()>,
    /// The page stage: entries of letters are tried again. It is weak, because the page stage ends
    /// before this task.
    pub pages: mpsc::WeakSender<Wake>,
}

/// Runs until its input closes and everything received is durable.
pub async fn run<C: Clock>(
    mut input: mpsc::Receiver<Claimed>,
    mut requests: mpsc::Receiver<CommitRequest>,
    parts: Parts<C>,
    wakes: Wakes,
) -> Result<(), PipelineError> {
    let stories = load_stories(&parts).await?;
    let tail = parts.outbox.tail()?;
    let mut task = Task { parts, tail, hosts: Hosts::default(), stories };
    let mut group = Vec::with_capacity(GROUP_SIZE);
    loop {
        let before = task.tail;
        tokio::select! {
            received = input.recv_many(&mut group, GROUP_SIZE) => match received {
                0 => return Ok(()),
                _ => task.decide_group(group.drain(..)).await?,
            },
            Some(request) = requests.recv() => {
                let lanes = task.answer(request).await?;
                wake_pages(&wakes.pages, lanes).await;
            }
        }
        if task.tail.seq > before.seq {
            // If the channel is full, publish has yet to take an earlier wake.
            wakes.outbox.try_send(()).ok();
        }
    }
}

/// Tells the page stage of entries that are due. Where it has ended, the next start reads them.
async fn wake_pages(pages: &mpsc::WeakSender<Wake>, lanes: Vec<(Lane, u64)>) {
    if !lanes.is_empty()
        && let Some(pages) = pages.upgrade()
    {
        pages.send(Wake { lanes, answered: None }).await.ok();
    }
}

/// The index of the texts that the store has.
async fn load_stories<C: Clock>(parts: &Parts<C>) -> Result<Option<Stories>, PipelineError> {
    let (store, rules, now) = (parts.story_store.clone(), parts.stories, parts.clock.now());
    let load = move || Stories::load(store, rules, now);
    Ok(tokio::task::spawn_blocking(load).await??)
}

/// The committing task between two groups of decisions.
struct Task<C> {
    parts: Parts<C>,
    /// Where the outbox ends.
    tail: Tail,
    /// What was seen of hosts so far.
    hosts: Hosts,
    /// The index of stories; `None` where they are switched off.
    stories: Option<Stories>,
}

impl<C: Clock> Task<C> {
    /// Decides on candidates; their claims end once that is durable.
    async fn decide_group(
        &mut self,
        group: impl Iterator<Item = Claimed>,
    ) -> Result<(), PipelineError> {
        let (candidates, mut claims): (Vec<_>, Vec<_>) =
            group.map(|claimed| (claimed.candidate, claimed.claim)).unzip();
        let (began, traced) = (self.parts.clock.now(), decided(&candidates));
        let work = move |decisions: &mut DecisionBatch| decide_all(candidates, decisions);
        let (batch, counts, moved) = self.decide(work).await?;
        for (claim, row) in claims.iter_mut().zip(moved) {
            if let Some(row) = row {
                claim.read_again_at(row);
            }
        }
        self.commit(batch, counts).await?;
        let now = self.parts.clock.now();
        for entry in traced {
            self.parts.traces.record(Some(entry.trace), |_| entry.commit(began, now));
            self.parts.traces.record(Some(entry.trace), |_| entry.whole(now));
        }
        Ok(())
    }

    /// Does what was asked for; returns the lanes in which entries are due because of it.
    async fn answer(&mut self, request: CommitRequest) -> Result<Vec<(Lane, u64)>, PipelineError> {
        let parts = &self.parts;
        match request {
            CommitRequest::Recall(RecallRequest { published, answer }) => {
                let (now, stores) = (parts.clock.now(), (&parts.articles, &parts.story_store));
                let recalled = recall(stores, &parts.outbox, published, now).await;
                // The texts that were won back are compared from now on.
                self.stories = load_stories(parts).await?;
                // The operator may have gone away meanwhile.
                answer.send(recalled).ok();
            }
            CommitRequest::Erase(EraseRequest { order, answer }) => {
                let places = KeptPlaces {
                    outbox: parts.outbox.clone(),
                    stories: parts.story_store.clone(),
                    letters: parts.letters.clone(),
                    editions: parts.editions.clone(),
                };
                let work = move |decisions: &mut DecisionBatch| decisions.erase(&order, &places);
                let (batch, counts, report) = self.decide(work).await?;
                self.commit(batch, counts).await?;
                answer.send(Ok(report)).ok();
            }
            CommitRequest::Retry(RetryRequest { letters, answer }) => {
                let work = move |decisions: &mut DecisionBatch| {
                    let reports = decisions.retry_all(&letters)?;
                    Ok((reports, std::mem::take(&mut decisions.wakes)))
                };
                let (batch, counts, (reports, lanes)) = self.decide(work).await?;
                self.commit(batch, counts).await?;
                answer.send(Ok(reports)).ok();
                return Ok(lanes);
            }
        }
        Ok(Vec::new())
    }

    /// Makes decisions; they are still to be committed.
    async fn decide<R: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut DecisionBatch) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<(Batch, DecisionCounts, R), PipelineError> {
        let context = DecisionContext {
            tail: self.tail,
            now: self.parts.clock.now(),
            at: Instant::now(),
            revisits: (*self.parts.revisits.get()).clone(),
            differences: *self.parts.differences.get(),
            labels: self.parts.labels.get(),
            routes: Arc::clone(&self.parts.routes),
            hosts: std::mem::take(&mut self.hosts),
            letters: self.parts.letters.clone(),
            editions: self.parts.editions.clone(),
        };
        let (articles, stories) = (self.parts.articles.clone(), self.stories.take());
        // Hashing, JSON and files would block the network's threads. The view of the store ends
        // with this closure, because the store may have to be reopened before the commit is
        // durable.
        let decide = move || {
            let stories = stories.map(|stories| stories.begin(context.now)).transpose()?;
            let mut decisions = DecisionBatch::new(articles.view()?, stories, context);
            let result = work(&mut decisions)?;
            let DecisionBatch { batch, tail, hosts, counts, stories, .. } = decisions;
            Ok::<_, StoreError>((
                batch,
                counts,
                result,
                tail,
                hosts,
                stories.map(StoryBatch::finish),
            ))
        };
        let (batch, counts, result, tail, hosts, stories) =
            tokio::task::spawn_blocking(decide).await??;
        (self.tail, self.hosts, self.stories) = (tail, hosts, stories);
        Ok((batch, counts, result))
    }

    /// Commits decisions: durable when it returns.
    async fn commit(&self, batch: Batch, counts: DecisionCounts) -> Result<(), PipelineError> {
        self.parts.articles.commit(batch).await?;
        counts.report(self.parts.clock.now());
        if let Some(stories) = &self.stories {
            let (texts, bytes) = stories.size();
            metrics::story_index(texts, bytes);
        }
        Ok(())
    }
}

/// What decisions depend on besides the candidates and the store.
#[derive(Debug)]
struct DecisionContext {
    /// Where the outbox ends.
    tail: Tail,
    now: DateTime<Utc>,
    /// The same moment by a clock that nobody sets.
    at: Instant,
    revisits: RevisitRules,
    /// Whether records tell where their text differs from the one before.
    differences: bool,
    /// The rules for labels.
    labels: Arc<Labels>,
    /// Which further topics articles go to.
    routes: Arc<Routes>,
    /// What was seen of hosts so far.
    hosts: Hosts,
    /// What could not be published.
    letters: LetterStore,
    /// The last editions of articles.
    editions: EditionStore,
}

impl DecisionContext {
    /// That of decisions outside the task, which knows nothing of hosts and has nothing read again.
    fn alone(
        tail: Tail,
        now: DateTime<Utc>,
        (letters, editions): (LetterStore, EditionStore),
    ) -> Self {
        let (revisits, hosts) = (RevisitRules::never(), Hosts::default());
        let (labels, routes, at) = (Arc::default(), Arc::default(), Instant::now());
        let differences = false;
        Self { tail, now, at, revisits, differences, labels, routes, hosts, letters, editions }
    }
}

/// Decides on candidates, one after the other; returns for each the row that its entry was moved to,
/// where it is read again.
fn decide_all(
    candidates: Vec<Candidate>,
    decisions: &mut DecisionBatch,
) -> Result<Vec<Option<PendingKey>>, StoreError> {
    candidates.into_iter().map(|candidate| decisions.decide(candidate)).collect()
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
    let kept = (store.letters(0), store.editions(EditionBounds::NONE));
    let context = DecisionContext::alone(outbox.tail()?, now, kept);
    let batch = {
        let mut decisions = DecisionBatch::new(articles.view()?, None, context);
        decide_all(vec![candidate], &mut decisions)?;
        decisions.batch
    };
    articles.commit(batch).await?;
    let rows = outbox.rows_after(0, usize::MAX, usize::MAX)?;
    Ok(rows
        .iter()
        .map(|row| serde_json::from_slice(&row.record.value).unwrap_or_default())
        .collect())
}

#[cfg(test)]
mod tests;
