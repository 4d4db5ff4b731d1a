//! Reads one entry: fetches its page, decodes and extracts it on a CPU thread, and says what became of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Semaphore;

use super::{Input, Page, PageError, extract, gate};
use crate::{
    article::{Dead, Look, Reading},
    clock::Clock,
    fetch::{Fetch, FetchError, Fetched, Outcome, Request, Validators},
    store::PendingEntry,
    telemetry::metrics,
};

/// What pages are asked for.
const ACCEPT: &str = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5";
/// No honest page takes this long; the thread is left behind, the entry goes on without its page.
const EXTRACT_TIMEOUT: Duration = Duration::from_mins(1);
/// Tries of a page that is gone, or has no text: a publisher's slip is mended within minutes.
const FEW_TRIES: u32 = 3;

/// Bounds and rules of reading.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Fetches at once.
    pub concurrency: usize,
    /// Of these to one host.
    pub per_host: usize,
    /// CPU threads that extract at once.
    pub workers: usize,
    /// Entries that may be between the queue and a durable decision.
    pub in_flight: usize,
    /// Fetches of one page before it is given up.
    pub tries: u32,
    /// The first pause between two tries; each further one is four times as long.
    pub retry_first: Duration,
    /// The longest.
    pub retry_max: Duration,
    /// Bytes of a page after decompression.
    pub max_decoded: usize,
}

impl Settings {
    pub(super) fn max_claims(&self) -> usize {
        self.concurrency + self.in_flight
    }
}

/// Reads entries; shared by all readings.
#[derive(Debug)]
pub(super) struct Reader<F, C> {
    fetcher: Arc<F>,
    clock: Arc<C>,
    settings: Settings,
    cpus: Arc<Semaphore>,
}

impl<F: Fetch, C: Clock> Reader<F, C> {
    pub(super) fn new(fetcher: Arc<F>, clock: Arc<C>, settings: Settings) -> Self {
        Self { fetcher, clock, settings, cpus: Arc::new(Semaphore::new(settings.workers.max(1))) }
    }

    pub(super) async fn read(&self, entry: &PendingEntry) -> Reading {
        let link = entry.entry.link.as_ref().filter(|_| entry.fetch_page);
        let Some(link) = link else {
            metrics::page("feed_only");
            return Reading::FeedOnly { at: entry.listed };
        };
        let request = Request { url: link.clone(), validators: Validators::default(), accept: ACCEPT };
        let failure = match self.fetcher.fetch(request).await {
            Outcome::New(fetched) => {
                metrics::fetched("page", "ok", fetched.body.bytes.len());
                match self.extract(*fetched).await {
                    Ok(look) => match gate::refused(&look.page, &entry.source.kind) {
                        None => {
                            metrics::page("read");
                            return Reading::Page(Box::new(look));
                        }
                        Some(why) => Failure { reason: "page", tries: 1, ..Failure::fetch(why.to_owned()) },
                    },
                    Err(failure) => failure,
                }
            }
            // No validators were sent.
            Outcome::NotModified => Failure::fetch("HTTP status 304 to an unconditional request".to_owned()),
            Outcome::Throttled { status, retry_after } => Failure { wait: retry_after, ..Failure::fetch(format!("HTTP status {status}")) },
            Outcome::Gone { status } => Failure { reason: "gone", tries: FEW_TRIES, ..Failure::fetch(format!("HTTP status {status}")) },
            Outcome::Failed(error) => {
                Failure { tries: if error.is_transient() { u32::MAX } else { 1 }, ..Failure::fetch(error.to_string()) }
            }
        };
        if failure.reason != "page" {
            metrics::fetched("page", failure.reason, 0);
        }
        let mut reading = after(failure, entry.tries, &self.settings, self.clock.now());
        if let Reading::Dead(dead) = &mut reading {
            dead.stands = gate::stands_without_its_page(dead.reason, &entry.source.kind);
        }
        metrics::page(if matches!(reading, Reading::Later { .. }) { "later" } else { "dead" });
        if let Reading::Later { error, .. } | Reading::Dead(Dead { error, .. }) = &reading {
            tracing::info!(source.id = entry.source.id, url = %link, tries = entry.tries + 1, given_up = matches!(reading, Reading::Dead(_)), error, "the page was not read");
        }
        reading
    }

    async fn extract(&self, fetched: Fetched) -> Result<Look, Failure> {
        let Ok(permit) = Arc::clone(&self.cpus).acquire_owned().await else {
            return Err(Failure::fetch("stopping".to_owned()));
        };
        let limit = self.settings.max_decoded;
        let work = tokio::task::spawn_blocking(move || {
            // Held by the work itself: a thread that was left behind still occupies its place.
            let _permit = permit;
            let started = Instant::now();
            let outcome = decode_and_extract(&fetched, limit);
            metrics::extracted(started.elapsed());
            outcome.map(|page| Look { requested: fetched.requested, url: fetched.url, via: fetched.via, page })
        });
        match tokio::time::timeout(EXTRACT_TIMEOUT, work).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Failure { reason: "page", tries: 1, ..Failure::fetch("the extractor panicked".to_owned()) }),
            Err(_) => Err(Failure { reason: "page", tries: 1, ..Failure::fetch("the extractor took too long".to_owned()) }),
        }
    }
}

fn decode_and_extract(fetched: &Fetched, limit: usize) -> Result<Page, Failure> {
    let bytes = fetched.body.decode(limit).map_err(|error: FetchError| Failure::fetch(error.to_string()))?;
    let input = Input { bytes: &bytes, content_type: fetched.content_type.as_deref(), url: &fetched.url };
    extract(input).map_err(|error| Failure {
        reason: "page",
        tries: if error == PageError::NoText { FEW_TRIES } else { 1 },
        bytes: Some(Bytes::copy_from_slice(&bytes)),
        ..Failure::fetch(error.to_string())
    })
}

/// A reading that failed.
struct Failure {
    reason: &'static str,
    error: String,
    /// How long the server asked us to wait.
    wait: Option<Duration>,
    /// Tries after which it is given up, where they are fewer than the config's.
    tries: u32,
    bytes: Option<Bytes>,
}

impl Failure {
    fn fetch(error: String) -> Self {
        Self { reason: "fetch", error, wait: None, tries: u32::MAX, bytes: None }
    }
}

/// Tried again, or given up. Pure.
fn after(failure: Failure, tries_before: u32, settings: &Settings, now: DateTime<Utc>) -> Reading {
    let Failure { reason, error, wait, tries, bytes } = failure;
    if tries_before + 1 >= settings.tries.min(tries) {
        return Reading::Dead(Dead { reason, error, bytes, at: now, stands: true });
    }
    let factor = 4_u32.checked_pow(tries_before).unwrap_or(u32::MAX);
    let pause = settings.retry_first.saturating_mul(factor).min(settings.retry_max).max(wait.unwrap_or_default());
    Reading::Later { due: now + TimeDelta::from_std(pause).unwrap_or(TimeDelta::days(7)), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings {
        concurrency: 1,
        per_host: 1,
        workers: 1,
        in_flight: 1,
        tries: 5,
        retry_first: Duration::from_secs(2),
        retry_max: Duration::from_mins(1),
        max_decoded: 1,
    };

    fn pause(failure: Failure, tries: u32) -> Option<i64> {
        match after(failure, tries, &SETTINGS, DateTime::UNIX_EPOCH) {
            Reading::Later { due, .. } => Some(due.timestamp()),
            _ => None,
        }
    }

    #[test]
    fn tries_are_four_times_as_far_apart_each_time_up_to_the_longest_and_then_end() {
        let failure = || Failure::fetch("HTTP status 500".to_owned());
        let pauses: Vec<_> = (0..5).map(|tries| pause(failure(), tries)).collect();
        assert_eq!(pauses, [Some(2), Some(8), Some(32), Some(60), None]);
    }

    #[test]
    fn a_server_that_asks_for_more_time_gets_it() {
        let failure = Failure { wait: Some(Duration::from_mins(10)), ..Failure::fetch(String::new()) };
        assert_eq!(pause(failure, 0), Some(600));
    }

    #[test]
    fn what_cannot_get_better_is_given_up_at_once() {
        assert_eq!(pause(Failure { tries: 1, ..Failure::fetch(String::new()) }, 0), None);
    }
}
