//! Reads one entry: fetches its page, or opens the document that came with it, decodes and extracts
//! on a CPU thread, and returns the result.
//!
//! What must stay true: the memory of a result is reserved until the decision on it is durable.

mod extract;
mod failure;
mod spans;

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{agenda::Bounds, claim::Claim};
use crate::{
    base::{clock::Clock, live::Live},
    fetch::{Body, Fetch, FetchError, Request, Room, UnreadBody},
    model::{
        accept,
        candidate::{FetchedPage, PageOutcome},
        lane::SourceKey,
        pending::{PendingEntry, PendingKey},
        source::Validators,
        trace::TraceId,
    },
    policy::retry::Retry,
    stages::pages::{
        PageContext,
        further::{FurtherPages, Interrupted},
        source_settings::{PageSettings, SourcePageSettings},
    },
    store::{EntryQueue, PackedDocument, StoreError, StoredDocument},
    telemetry::{
        metrics,
        traces::{Span, Tracer},
        unreadable::UnreadablePages,
    },
};
use extract::{Expected, extract, open};
use failure::{FEW_TRIES, Failure, MAX_DEFERRED_S, Unreadable, kept_start, retry_or_give_up};

/// Bounds and rules of reading.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The number of fetches at once.
    pub concurrency: usize,
    /// Of these, the number to one host.
    pub per_host: usize,
    /// Entries that may be between the queue and a durable decision.
    pub in_flight: usize,
    /// How a page that failed is tried again.
    pub retry: Retry,
    /// The largest page after decompression, in bytes.
    pub max_decoded: usize,
    /// How many further pages of an article are read.
    pub follow_pages: usize,
}

impl Settings {
    /// The bounds of the agenda. Documents that are here already wait for commits alone, so twice
    /// as many are allowed: one half is committed while the other is read.
    pub(super) fn bounds(&self) -> Bounds {
        let Self { concurrency: places, per_host, in_flight, .. } = *self;
        Bounds { places, per_host, pages: places + in_flight, here: 2 * in_flight }
    }
}

/// An entry that is to be read.
#[derive(Debug)]
pub(super) struct DueEntry {
    /// Its row in the queue.
    pub(super) key: PendingKey,
    pub(super) entry: PendingEntry,
    /// For how many seconds it has been due while entries were read.
    pub(super) waited_s: u64,
}

/// An entry that was not read because it is not its host's turn.
#[derive(Debug)]
pub(super) struct Paced {
    /// The time of its host's next turn, in milliseconds since 1970.
    pub(super) next_ms: u64,
}

/// Reads entries; shared by all readings.
#[derive(Debug)]
pub(super) struct Reader<F, C> {
    fetcher: Arc<F>,
    clock: Arc<C>,
    queue: EntryQueue,
    settings: Live<Settings>,
    rules: SourcePageSettings,
    unreadable: UnreadablePages,
    traces: Tracer,
}

impl<F: Fetch, C: Clock> Reader<F, C> {
    pub(super) fn new(context: &PageContext<F, C>) -> Self {
        let (fetcher, clock) = (Arc::clone(&context.fetcher), Arc::clone(&context.clock));
        Self {
            fetcher,
            clock,
            queue: context.queue.clone(),
            settings: context.settings.clone(),
            rules: context.rules.clone(),
            unreadable: context.unreadable.clone(),
            traces: context.traces.clone(),
        }
    }

    /// Reads an entry; returns the result, and the memory that is reserved for it until the
    /// decision on it is durable. If `give_way` is cancelled while the fetch waits for a host, that
    /// counts as a try without an answer.
    ///
    /// # Errors
    /// Where it is not its host's turn.
    pub(super) async fn read_entry(
        &self,
        due: &DueEntry,
        claim: &Claim,
        give_way: &CancellationToken,
    ) -> Result<(PageOutcome, Room), Paced> {
        let DueEntry { key, entry, waited_s } = due;
        self.record_span(entry, |trace| spans::waited(trace, key, self.clock.now()));
        let link = entry.entry.link.as_ref().filter(|_| entry.fetch_page);
        let outcome = match (&entry.document, link) {
            (Some(_), _) => self.read_document(key, entry).await,
            (None, Some(link)) => self.fetch_page(link, entry, claim, give_way).await.map(Some),
            (None, None) => {
                metrics::page("feed_only");
                return Ok((PageOutcome::FeedOnly { at: entry.listed }, Room::default()));
            }
        };
        let mut failure = match outcome {
            Ok(Some((page, room))) => {
                metrics::page("read");
                return Ok((PageOutcome::Page(Box::new(page)), room));
            }
            Ok(None) => {
                metrics::page("replaced");
                return Ok((PageOutcome::Replaced, Room::default()));
            }
            Err(failure) => failure,
        };
        self.count_unreadable(entry, &failure);
        if let Some(wait) = failure.next_turn.filter(|_| entry.held_s + *waited_s < MAX_DEFERRED_S)
        {
            metrics::page("later");
            let next = self.clock.now() + TimeDelta::from_std(wait).unwrap_or_default();
            // Milliseconds were cut off above, and the host must not be asked too early.
            return Err(Paced { next_ms: u64::try_from(next.timestamp_millis()).unwrap_or(0) + 1 });
        }
        let room = std::mem::take(&mut failure.room);
        let mut held_s = entry.held_s;
        if failure.next_turn.is_some() {
            held_s += *waited_s;
            failure.error.insert_str(0, "no turn in a day: ");
        }
        // What a look found is not tried again at once, and the article is published already.
        if entry.look.is_some() && (failure.tried || held_s >= MAX_DEFERRED_S) {
            metrics::page("looked");
            return Ok((PageOutcome::Looked(failure.looked()), Room::default()));
        }
        let reading =
            retry_or_give_up(failure, entry.tries, held_s, &self.settings.get(), self.clock.now());
        metrics::page(if matches!(reading, PageOutcome::Later { .. }) { "later" } else { "dead" });
        failure::log(&reading, entry, link);
        // Only a dead letter keeps bytes.
        Ok(if matches!(reading, PageOutcome::Dead(_)) {
            (reading, room)
        } else {
            (reading, Room::default())
        })
    }

    /// Records a span within that of the entry, where it belongs to a trace.
    fn record_span(&self, entry: &PendingEntry, span: impl FnOnce(TraceId) -> Span) {
        if let Some((trace, parent)) = entry.traced() {
            self.traces.record(Some(trace), |trace| span(trace).within(parent));
        }
    }

    /// Counts a page that was fetched and could not be read, at its host.
    fn count_unreadable(&self, entry: &PendingEntry, failure: &Failure) {
        let Some(why) = failure.unreadable else { return };
        let document = entry.document.as_ref().and_then(|document| document.url.as_ref());
        let host = document.or(entry.entry.link.as_ref()).and_then(Url::host_str);
        self.unreadable.count(host.unwrap_or("no host"), why.as_str());
    }

    /// Fetches and reads the page of an entry.
    async fn fetch_page(
        &self,
        link: &Url,
        entry: &PendingEntry,
        claim: &Claim,
        give_way: &CancellationToken,
    ) -> Result<(FetchedPage, Room), Failure> {
        let (obeys_robots, silence) = (!entry.ignores_robots, claim.silence());
        let validators = entry.look.as_ref().map(|look| look.validators.clone());
        let request = Request {
            obeys_robots,
            silence,
            validators: validators.unwrap_or_default(),
            ..Request::new(link.clone(), accept::PAGE)
        };
        let own = self.rules.for_source(&entry.source.id);
        let asked = self.clock.now();
        let outcome = tokio::select! {
            outcome = self.fetcher.fetch_within(request, &own.allowed) => outcome,
            () = give_way.cancelled() => {
                metrics::fetched("page", "gave_way", 0);
                return Err(Failure::fetch("no answer yet, and others waited for the place".to_owned()));
            }
        };
        claim.report_fetched(outcome.is_answer());
        let fetched = Failure::unless_fetched(outcome, entry.look.is_some());
        self.record_span(entry, |trace| {
            let error = fetched.as_ref().err().map(|failure| failure.error.as_str());
            spans::fetched(trace, (entry, link), (asked, self.clock.now()), error)
        });
        let mut fetched = fetched.inspect_err(|failure| {
            metrics::fetched("page", failure.reason, 0);
        })?;
        metrics::fetched("page", "ok", fetched.body.bytes.len());
        let (limit, rules) = (self.settings.get().max_decoded, own.rules.clone());
        let expected = Expected { guessed: entry.is_guess(), listed: entry.entry.title.clone() };
        let body = std::mem::take(&mut fetched.body);
        let work = move |bytes| extract(*fetched, bytes, rules.as_deref(), &expected);
        let (page, room) = self.read_body(body, entry, limit, work).await?;
        let most = own.follow_pages.unwrap_or(self.settings.get().follow_pages);
        if page.page.next.is_none() || most == 0 {
            return Ok((page, room));
        }
        drop(room);
        tokio::select! {
            read = self.read_further(page, entry, &own, most) => read,
            () = give_way.cancelled() => {
                Err(Failure::fetch("further pages had no answer yet, and others waited for the place".to_owned()))
            }
        }
    }

    /// Reads at most so many further pages of an article. After a few tries its page is what was read
    /// of it.
    async fn read_further(
        &self,
        mut read: FetchedPage,
        entry: &PendingEntry,
        own: &PageSettings,
        most: usize,
    ) -> Result<(FetchedPage, Room), Failure> {
        let Some(first) = read.url.clone() else { return Ok((read, Room::default())) };
        let further = FurtherPages {
            fetcher: &*self.fetcher,
            allowed: &own.allowed,
            obeys_robots: !entry.ignores_robots,
            rules: own.rules.clone(),
            source: &entry.source.id,
            most,
            max_decoded: self.settings.get().max_decoded,
        };
        let room = match further.read_on(&mut read.page, &first).await {
            Err(Interrupted { error, wait })
                if entry.look.is_some() || entry.tries + 1 < FEW_TRIES =>
            {
                return Err(Failure { wait, ..Failure::fetch(error) });
            }
            read => read.unwrap_or_default(),
        };
        // A look has to find what is missing now.
        if read.page.next.is_some() {
            read.validators = Validators::default();
        }
        Ok((read, room))
    }

    /// Reads the document that the entry carries; `None` where a newer edition has taken its place.
    async fn read_document(
        &self,
        key: &PendingKey,
        entry: &PendingEntry,
    ) -> Result<Option<(FetchedPage, Room)>, Failure> {
        let memory = self.fetcher.memory();
        let found = match self.load_document(key, entry, memory.free()).await? {
            // A large document needs reserved memory, as a fetched body does.
            StoredDocument::Large(bytes) => {
                let Some(room) = memory.room_to_receive(bytes).await else {
                    return Err(Failure::no_room());
                };
                match self.load_document(key, entry, usize::MAX).await? {
                    StoredDocument::Here(packed) => Some((packed, room)),
                    StoredDocument::Large(_) | StoredDocument::Replaced => None,
                }
            }
            StoredDocument::Here(packed) => Some((packed, Room::default())),
            StoredDocument::Replaced => None,
        };
        let Some((packed, room)) = found else { return Ok(None) };
        let body = Body { bytes: packed.into(), encodings: vec!["zstd".to_owned()], room };
        let (opened, rules) = (entry.clone(), self.rules.for_source(&entry.source.id).rules);
        self.read_body(body, entry, PackedDocument::LARGEST, move |bytes| {
            open(opened, bytes, rules.as_deref())
        })
        .await
        .map(Some)
    }

    /// The bytes of a document, where they are no more than `most`. The store is read on a thread
    /// that may wait for the disk.
    async fn load_document(
        &self,
        key: &PendingKey,
        entry: &PendingEntry,
        most: usize,
    ) -> Result<StoredDocument, Failure> {
        let (queue, key, entry) = (self.queue.clone(), *key, entry.clone());
        let found = tokio::task::spawn_blocking(move || queue.document(&key, &entry, most)).await;
        let found = found.map_err(|error| Failure::fetch(error.to_string()))?;
        found.map_err(|error| match error {
            StoreError::Damaged { .. } => {
                Failure { reason: "document", tries: 1, ..Failure::fetch(error.to_string()) }
            }
            error => Failure::fetch(error.to_string()),
        })
    }

    /// Decodes a body and has `work` read it, within the memory and the threads that are reserved
    /// for that.
    async fn read_body(
        &self,
        body: Body,
        entry: &PendingEntry,
        limit: usize,
        work: impl FnOnce(Result<Bytes, FetchError>) -> Result<FetchedPage, Failure> + Send + 'static,
    ) -> Result<(FetchedPage, Room), Failure> {
        let (tracer, clock, known) = (self.traces.clone(), Arc::clone(&self.clock), entry.traced());
        let work = move |bytes| {
            let started = Instant::now();
            let outcome = work(bytes);
            metrics::extracted(started.elapsed());
            if let Some((trace, parent)) = known {
                tracer.record(Some(trace), |trace| {
                    spans::extracted(trace, &outcome, started.elapsed(), clock.now()).within(parent)
                });
            }
            outcome
        };
        match self
            .fetcher
            .memory()
            .for_source(SourceKey::new(&entry.source.id))
            .read_body(body, limit, work)
            .await
        {
            Ok((Ok(page), room)) => Ok((page, room)),
            Ok((Err(failure), room)) => Err(Failure { room, ..failure }),
            Err(UnreadBody::NoRoom) => Err(Failure::no_room()),
            Err(UnreadBody::TooLong) => Err(Failure {
                tries: FEW_TRIES,
                ..Failure::unreadable(Unreadable::TooSlow, "the extractor took too long".to_owned())
            }),
            Err(UnreadBody::Panicked(body)) => {
                metrics::reader_panicked("page");
                let (bytes, room) = (Some(kept_start(&body.bytes)), body.room);
                Err(Failure {
                    tries: 1,
                    bytes,
                    room,
                    ..Failure::unreadable(Unreadable::Panicked, "the extractor panicked".to_owned())
                })
            }
        }
    }
}
