//! The one committing task: decides on identity and revision in commit order, and writes each
//! decision in one atomic batch with all that belongs to it: the entry's row is removed or moved,
//! the article's state is kept, and its records go to the outbox.
//!
//! What must stay true: nobody else writes articles and aliases or appends to the outbox, so no
//! verdict depends on the timing of threads. An entry's claim is released only after its batch is
//! durable.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use crate::{
    base::clock::Clock,
    model::{
        candidate::{Candidate, PageOutcome},
        pending::PendingKey,
    },
    policy::{
        looks::{Hosts, LookRules},
        retry::Retry,
    },
    stages::{PipelineError, pages::claim::Claimed},
    store::{ArticleStore, Batch, Outbox, Store, StoreError, StoryStore, Tail},
    telemetry::metrics,
};

mod batch;
mod dead;
mod difference;
mod edition;
mod files;
mod fit;
mod identify;
mod look;
mod recall;
mod revisit;
mod stories;

use batch::{DecisionBatch, DecisionCounts};
pub use dead::DeadLetter;
pub(crate) use dead::refused;
pub use files::DeadLetterFiles;
pub use fit::MAX_RECORD;
pub use recall::{PublishedArticle, RecallReport, RecallRequest, recall};
pub use revisit::RevisitRules;
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
    /// Where bytes that could not be read are kept.
    pub dead_letters: DeadLetterFiles,
    /// When pages that were read are read again.
    pub revisits: RevisitRules,
    /// Whether records tell where their text differs from the one before.
    pub differences: bool,
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
    let mut hosts = Hosts::default();
    let (story_store, rules, now) = (parts.story_store.clone(), parts.stories, parts.clock.now());
    let load = move || Stories::load(story_store, rules, now);
    let mut stories = tokio::task::spawn_blocking(load).await??;
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
        let context = DecisionContext {
            tail,
            now: parts.clock.now(),
            at: Instant::now(),
            revisits: parts.revisits.clone(),
            differences: parts.differences,
            hosts: std::mem::take(&mut hosts),
        };
        // Hashing, JSON and files would block the network's threads. The view of the store ends
        // with this closure, because the store may have to be reopened before the commit is
        // durable.
        let decided = tokio::task::spawn_blocking(move || {
            decide_group(candidates, &articles, &dead_letters, stories, context)
        });
        let decided = decided.await??;
        (tail, hosts) = (decided.tail, decided.hosts);
        stories = decided.stories;
        for (claim, row) in claims.iter_mut().zip(decided.moved) {
            if let Some(row) = row {
                claim.read_again_at(row);
            }
        }
        parts.articles.commit(decided.batch).await?;
        decided.counts.report();
        if let Some(stories) = &stories {
            let (texts, bytes) = stories.size();
            metrics::story_index(texts, bytes);
        }
        drop(claims);
        if tail.seq > before.seq {
            // If the channel is full, publish has yet to take an earlier wake.
            wake.try_send(()).ok();
        }
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
    /// What was seen of hosts so far.
    hosts: Hosts,
}

/// The decisions on a group of candidates.
struct GroupDecision {
    batch: Batch,
    /// Where the outbox ends after the batch.
    tail: Tail,
    /// What was seen of hosts, these candidates included.
    hosts: Hosts,
    counts: DecisionCounts,
    /// The index of stories, with the new texts.
    stories: Option<Stories>,
    /// For each candidate, the row that its entry was moved to, where it is read again.
    moved: Vec<Option<PendingKey>>,
}

/// Decides on a group of candidates, one after the other.
fn decide_group(
    candidates: Vec<Candidate>,
    articles: &ArticleStore,
    dead_letters: &DeadLetterFiles,
    stories: Option<Stories>,
    context: DecisionContext,
) -> Result<GroupDecision, StoreError> {
    let stories = stories.map(|stories| stories.begin(context.now)).transpose()?;
    let mut decisions = DecisionBatch::new(articles.view()?, stories, context);
    let mut moved = Vec::with_capacity(candidates.len());
    for mut candidate in candidates {
        let bytes_at = match &mut candidate.reading {
            PageOutcome::Dead(dead) => dead_letters.keep(dead),
            _ => None,
        };
        moved.push(decisions.decide(candidate, bytes_at.as_deref())?);
    }
    let DecisionBatch { batch, tail, hosts, counts, stories, .. } = decisions;
    let stories = stories.map(StoryBatch::finish);
    Ok(GroupDecision { batch, tail, hosts, counts, stories, moved })
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
        looks: LookRules::none(),
    };
    let (tail, at, hosts) = (outbox.tail()?, Instant::now(), Hosts::default());
    let context = DecisionContext { tail, now, at, revisits, differences: false, hosts };
    let decided =
        decide_group(vec![candidate], &articles, &DeadLetterFiles::new(None, 0), None, context)?;
    articles.commit(decided.batch).await?;
    let rows = outbox.rows_after(0, usize::MAX, usize::MAX)?;
    Ok(rows
        .iter()
        .map(|row| serde_json::from_slice(&row.record.value).unwrap_or_default())
        .collect())
}

#[cfg(test)]
mod tests;
