//! Polls what is due: fetches, reads the listing or the page, and commits in one atomic batch the source's facts and
//! its new entries.
//!
//! What must stay true: validators are kept only when the body was parsed, so a mended parser is never met
//! with 304; a source is polled once at a time, because it is due again only after its poll was committed.

mod listing;
mod page;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    article::commit::day,
    clock::Clock,
    config::{
        SourceKind,
        sources::{Location, Source},
    },
    feed::{self, Feed},
    fetch::{self, Fetch, Fetched, Outcome, Request, Validators},
    listing as links,
    pipeline::PipelineError,
    publish::{self, PollRecord},
    schedule::{
        Due, Polled,
        decide::{self, Bounds, PollResult},
    },
    store::{Facts, HostKey, PollStore, StoreError, digest},
    telemetry::metrics,
};

pub use listing::{Rules, preview};

/// A host has entries that are due then (milliseconds since 1970).
pub type Wake = (HostKey, u64);

/// What feeds are asked for.
const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5";

/// What pages and listings are asked for.
const ACCEPT_PAGE: &str = "text/html, application/xhtml+xml;q=0.9, text/plain;q=0.8, */*;q=0.5";

/// No honest body takes this long to read; the thread is left behind, the source is polled again later.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// A listing is gone through at least this often, in days, even where the server answers 304: retention
/// counts from the day on which an entry was last listed.
pub const TOUCH_DAYS: u32 = 7;

/// What the poll stage works with.
#[derive(Debug)]
pub struct Parts<F, C> {
    /// HTTP.
    pub fetcher: Arc<F>,
    /// Facts and entries.
    pub store: PollStore,
    /// The sources, in the order that the schedule knows.
    pub sources: Arc<[Source]>,
    /// Rules that hold for all of them.
    pub rules: Rules,
    /// Polls at once.
    pub concurrency: usize,
    /// Time.
    pub clock: Arc<C>,
}

// Not derived: that would ask for clones of what is behind the `Arc`s.
impl<F, C> Clone for Parts<F, C> {
    fn clone(&self) -> Self {
        Self {
            fetcher: Arc::clone(&self.fetcher),
            store: self.store.clone(),
            sources: Arc::clone(&self.sources),
            rules: self.rules.clone(),
            concurrency: self.concurrency,
            clock: Arc::clone(&self.clock),
        }
    }
}

/// Where the poll stage sends what it found.
#[derive(Debug, Clone)]
pub struct Outputs {
    /// To the schedule: when a source is due again.
    pub polled: mpsc::Sender<Polled>,
    /// To the page stage: which hosts have entries.
    pub wake: mpsc::Sender<Vec<Wake>>,
    /// To whoever listens: each poll. Never waited for.
    pub told: mpsc::Sender<PollRecord>,
}

/// Runs until `due` closes and every poll in flight is committed.
pub async fn run<F: Fetch, C: Clock>(parts: Parts<F, C>, mut due: mpsc::Receiver<Due>, outputs: Outputs) -> Result<(), PipelineError> {
    let mut polls = JoinSet::new();
    loop {
        tokio::select! {
            next = due.recv(), if polls.len() < parts.concurrency => match next {
                Some(next) => { polls.spawn(poll(parts.clone(), next, outputs.clone())); }
                None => break,
            },
            Some(ended) = polls.join_next() => ended??,
        }
    }
    while let Some(ended) = polls.join_next().await {
        ended??;
    }
    Ok(())
}

async fn poll<F: Fetch, C: Clock>(parts: Parts<F, C>, due: Due, outputs: Outputs) -> Result<(), PipelineError> {
    let source = &parts.sources[due.source];
    let started = parts.clock.now();
    let facts = parts.store.facts(source.id.as_str())?.unwrap_or_default().of(source);
    let outcome = match &source.at {
        Location::Url(url) => {
            let accept = if source.kind == SourceKind::Feed { ACCEPT } else { ACCEPT_PAGE };
            parts.fetcher.fetch(Request { url: url.clone(), validators: validators(&facts, started), accept }).await
        }
        Location::File { path, .. } => fetch::file::read(path, parts.rules.max_decoded, started).await,
    };
    let visit = visit(&parts, source, facts, outcome).await?;
    let now = parts.clock.now();
    let next = next(&parts, source, &visit, now);

    let Visit { mut facts, mut commit, wakes, result, word } = visit;
    facts.interval_s = next.interval.as_secs();
    (facts.state, facts.next_due, facts.next_why) = (next.state, Some(next.at), next.why);
    commit.facts(&facts);
    parts.store.commit(commit).await?;
    let poll = PollRecord {
        schema: publish::polls::SCHEMA,
        source: facts.id,
        url: facts.url,
        at: started,
        outcome: word,
        reason: facts.reason,
        took_ms: (now - started).num_milliseconds(),
        late_ms: (started - due.at).num_milliseconds().max(0),
        fresh: if let PollResult::Read { fresh } = result { fresh } else { 0 },
        state: facts.state,
        next_due: next.at,
        next_why: facts.next_why,
    };
    report(&poll, result, facts.failures);
    // Nobody listens where the config does not ask for it; a full channel drops.
    outputs.told.try_send(poll).ok();
    if !wakes.is_empty() {
        // Closed only when the page stage failed, which ends the run by itself.
        outputs.wake.send(wakes).await.ok();
    }
    // Closed once the run stops: the next due time is durable.
    outputs.polled.send(Polled { source: due.source, next: next.at }).await.ok();
    Ok(())
}

fn next<F, C>(parts: &Parts<F, C>, source: &Source, visit: &Visit, now: DateTime<Utc>) -> decide::Next {
    let min = source.min_interval.unwrap_or(parts.rules.bounds.min);
    let bounds = Bounds { min, max: source.max_interval.unwrap_or(parts.rules.bounds.max).max(min) };
    decide::next(&visit.facts, visit.result, bounds, now)
}

/// The validators to send: none when the listing was not gone through for long.
fn validators(facts: &Facts, now: DateTime<Utc>) -> Validators {
    if day(now) >= facts.touched_day + TOUCH_DAYS { Validators::default() } else { facts.validators.clone() }
}

/// What one visit changed.
struct Visit {
    facts: Facts,
    commit: crate::store::PollCommit,
    wakes: Vec<Wake>,
    result: PollResult,
    word: &'static str,
}

async fn visit<F: Fetch, C: Clock>(
    parts: &Parts<F, C>,
    source: &Source,
    mut facts: Facts,
    outcome: Outcome,
) -> Result<Visit, PipelineError> {
    let now = parts.clock.now();
    facts.polls += 1;
    facts.last_poll = Some(now);
    let (result, word, reason) = match outcome {
        Outcome::New(fetched) => {
            metrics::fetched("poll", "ok", fetched.body.bytes.len());
            return read(parts, source, facts, *fetched, now).await;
        }
        Outcome::NotModified => (PollResult::Unchanged, "not_modified", String::new()),
        Outcome::Throttled { status, retry_after } => (PollResult::Throttled { retry_after }, "throttled", format!("HTTP status {status}")),
        Outcome::Gone { .. } if source.at.url().is_none() => (PollResult::Gone, "gone", "there is no such file".to_owned()),
        Outcome::Gone { status } => (PollResult::Gone, "gone", format!("HTTP status {status}")),
        Outcome::Failed(error) => (PollResult::Failed, "failed", error.to_string()),
    };
    metrics::fetched("poll", word, 0);
    Ok(ended(facts, result, word, reason, now))
}

/// A visit that found no listing to go through.
fn ended(mut facts: Facts, result: PollResult, word: &'static str, reason: String, now: DateTime<Utc>) -> Visit {
    if matches!(result, PollResult::Unchanged) {
        (facts.failures, facts.last_success) = (0, Some(now));
    } else {
        facts.failures = facts.failures.saturating_add(1);
    }
    facts.reason = reason;
    Visit { facts, commit: crate::store::PollCommit::default(), wakes: Vec::new(), result, word }
}

async fn read<F: Fetch, C: Clock>(
    parts: &Parts<F, C>,
    source: &Source,
    facts: Facts,
    fetched: Fetched,
    now: DateTime<Utc>,
) -> Result<Visit, PipelineError> {
    let (rules, store, before, source) = (parts.rules.clone(), parts.store.clone(), facts.clone(), source.clone());
    let work = tokio::task::spawn_blocking(move || read_body(&store, &source, facts, fetched, (&rules, now)));
    match tokio::time::timeout(READ_TIMEOUT, work).await {
        Ok(visit) => Ok(visit??),
        Err(_) => Ok(ended(before, PollResult::Failed, "unreadable", "reading it took too long".to_owned(), now)),
    }
}

fn read_body(
    store: &PollStore,
    source: &Source,
    mut facts: Facts,
    fetched: Fetched,
    (rules, now): (&Rules, DateTime<Utc>),
) -> Result<Visit, StoreError> {
    let bytes = match fetched.body.decode(rules.max_decoded) {
        Ok(bytes) => bytes,
        Err(error) => return Ok(ended(facts, PollResult::Failed, "undecodable", error.to_string(), now)),
    };
    let hash = digest(&[&bytes]);
    if facts.body_hash == Some(hash) && day(now) < facts.touched_day + TOUCH_DAYS {
        facts.validators = fetched.validators;
        return Ok(ended(facts, PollResult::Unchanged, "unchanged", String::new(), now));
    }
    let listed = if source.kind == SourceKind::Page {
        page::go_through(store, source, (&fetched, &bytes), (rules, now))
    } else {
        match entries(source, &bytes, &fetched) {
            Ok(feed) => listing::go_through(store, source, &facts, &feed, (rules, now)).map(Ok),
            Err(reason) => Ok(Err(reason)),
        }
    };
    let listed = match listed? {
        Ok(listed) => listed,
        Err(reason) => return Ok(ended(facts, PollResult::Failed, "unreadable", reason, now)),
    };
    facts.validators = fetched.validators;
    facts.body_hash = Some(hash);
    facts.title = listed.title;
    (facts.failures, facts.reason, facts.last_success) = (0, String::new(), Some(now));
    facts.touched_day = day(now);
    facts.entries += listed.fresh as u64;
    if listed.fresh > 0 {
        facts.last_new = Some(now);
    }
    Ok(Visit { facts, commit: listed.commit, wakes: listed.wakes, result: PollResult::Read { fresh: listed.fresh }, word: "read" })
}

/// What the source lists, or why nothing of it can be told. A page without a link to an article is not an empty list
/// but one that cannot be read: a new design, a notice about cookies, a page for robots.
fn entries(source: &Source, bytes: &[u8], fetched: &Fetched) -> Result<Feed, String> {
    let (content_type, url) = (fetched.content_type.as_deref(), &fetched.url);
    if source.kind != SourceKind::Listing {
        return feed::read(bytes, content_type, url).map_err(|error| error.to_string());
    }
    let read = match &source.listing {
        None => links::read(bytes, content_type, url),
        Some(selectors) => links::read_by(selectors, bytes, content_type, url),
    };
    read.map(links::to_feed).map_err(|error| error.to_string())
}

fn report(poll: &PollRecord, result: PollResult, failures: u32) {
    let seconds = |ms: i64| Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    metrics::poll(poll.outcome, seconds(poll.took_ms), seconds(poll.late_ms));
    match result {
        PollResult::Read { fresh } => tracing::debug!(source.id = poll.source, fresh, "polled"),
        PollResult::Unchanged => tracing::debug!(source.id = poll.source, "polled, unchanged"),
        PollResult::Throttled { .. } | PollResult::Gone | PollResult::Failed => {
            tracing::warn!(
                source.id = poll.source,
                url = poll.url,
                outcome = poll.outcome,
                reason = poll.reason,
                failures,
                next = poll.next_why,
                "poll failed"
            );
        }
    }
}

impl Facts {
    /// The facts of this source; what belongs to an address that was configured before is dropped.
    fn of(mut self, source: &Source) -> Self {
        let url = source.at.to_string();
        if self.url != url {
            self.validators = Validators::default();
            self.body_hash = None;
        }
        self.id = source.id.to_string();
        self.url = url;
        self
    }
}
