//! One visit to a source: what it is asked for, what comes back, and what that changes.

use std::mem;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use url::Url;

use super::{
    PollContext, TOUCH_DAYS, backfill,
    listing::{self, ListingReader, ListingResult},
    moved,
    page::{self, PagePollOutcome},
    panicked, site, sitemap,
};
use crate::{
    base::{
        clock::{Clock, day},
        hash::digest,
    },
    config::sources::{Location, Source},
    fetch::{self, Body, Deferred, Fetch, FetchError, Fetched, Outcome, Request, Room, UnreadBody},
    model::{
        entry::Feed,
        kind::{EntryFormat, Format, Properties, SourceKind},
        lane::Lane,
        source::Validators,
    },
    policy::{
        hub::announced::Announced,
        polling::{decide::PollResult, hints::Hints, rhythm::Sighting},
    },
    read,
    stages::PipelineError,
    store::{Facts, PollCommit, StoreError},
    telemetry::metrics,
};

mod ending;

pub(super) use ending::ListingAnswer;

/// Bytes of a body in which the first tag of a page is looked for.
const START: usize = 1_024;

/// What one visit found and changed.
pub(super) struct Visit {
    pub(super) facts: Facts,
    pub(super) commit: PollCommit,
    pub(super) wakes: Vec<(Lane, u64)>,
    pub(super) result: PollResult,
    /// The outcome, as metrics and poll records name it.
    pub(super) label: &'static str,
    /// When the new entries were published, for the source's rhythm.
    pub(super) sighting: Sighting,
    /// Whether it shared no entry with the one before.
    pub(super) gap: bool,
    /// What it says of its hubs, where it was read.
    pub(super) announced: Option<Announced>,
    /// What the server answered.
    pub(super) answer: Answer,
    /// The memory of what is to be committed. Nothing else may be fetched while it is held.
    pub(super) room: Room,
}

/// What a server answered, for people.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Answer {
    /// The HTTP status, where it is known.
    pub(super) status: Option<u16>,
    /// Bytes of the body as they were sent.
    pub(super) bytes: u64,
}

impl Answer {
    fn of(outcome: &Outcome) -> Self {
        let status = match outcome {
            Outcome::New(_) => Some(200),
            Outcome::NotModified { .. } => Some(304),
            Outcome::Throttled { status, .. }
            | Outcome::Gone { status }
            | Outcome::Failed(FetchError::Status(status)) => Some(*status),
            Outcome::Deferred(_) | Outcome::Blocked(_) | Outcome::Failed(_) => None,
        };
        let bytes = match outcome {
            Outcome::New(fetched) => fetched.body.bytes.len() as u64,
            _ => 0,
        };
        Self { status, bytes }
    }
}

/// Visits a source once: fetches it where the operator wants that, and reads what came.
pub(super) async fn visit<F: Fetch, C: Clock>(
    context: &PollContext<F, C>,
    source: &Source,
    mut facts: Facts,
    started: DateTime<Utc>,
) -> Result<Visit, PipelineError> {
    if source.paused {
        return Ok(Visit::paused(facts));
    }
    let outcome = fetch_source(context, source, &facts, started).await;
    if !matches!(outcome, Outcome::Deferred(_)) {
        facts.polls += 1;
        facts.last_poll = Some(context.clock.now());
    }
    // A file has no status.
    let answer = Answer::of(&outcome);
    let status = answer.status.filter(|_| source.at.url().is_some());
    let visit = read_outcome(context, source, facts, outcome).await?;
    Ok(Visit { answer: Answer { status, ..answer }, ..visit })
}

/// What an outcome of a fetch means for its source.
async fn read_outcome<F: Fetch, C: Clock>(
    context: &PollContext<F, C>,
    source: &Source,
    mut facts: Facts,
    outcome: Outcome,
) -> Result<Visit, PipelineError> {
    let now = context.clock.now();
    let (result, label, reason) = match outcome {
        Outcome::New(fetched) => {
            metrics::fetched("poll", "ok", fetched.body.bytes.len());
            if !fetched.delta {
                facts.trust.note_full_answer(now);
            }
            return match source.kind.format() {
                Format::Sitemap => sitemap::visit_sitemap(context, source, facts, *fetched).await,
                Format::Site => site::discover_and_visit(context, source, facts, *fetched).await,
                Format::Entries(_) | Format::Page | Format::Messages => {
                    Box::pin(read_answer(context, source, facts, *fetched, now)).await
                }
            };
        }
        Outcome::NotModified { fresh_for, moved } => {
            facts.trust.note_not_modified();
            facts.hints.confirmed(fresh_for);
            facts.moved = moved::after_answer(facts.moved, source.at.url(), moved, now);
            metrics::fetched("poll", "not_modified", 0);
            return Ok(Visit::unchanged(facts, "not_modified", now));
        }
        Outcome::Throttled { status, retry_after } => {
            (PollResult::Throttled { retry_after }, "throttled", status_is(status))
        }
        Outcome::Gone { .. } if source.at.url().is_none() => {
            (PollResult::Failed, "missing", "there is no such file".to_owned())
        }
        Outcome::Gone { status: 410 } => (PollResult::Gone, "gone", status_is(410)),
        Outcome::Gone { status } => (PollResult::Failed, "missing", status_is(status)),
        Outcome::Deferred(deferred) => {
            metrics::fetched("poll", "held", 0);
            return Ok(Visit::deferred(facts, deferred));
        }
        Outcome::Blocked(block) => (PollResult::Blocked, "blocked", block.to_string()),
        Outcome::Failed(FetchError::Status(status @ (401 | 403 | 451))) => {
            (PollResult::Blocked, "blocked", status_is(status))
        }
        Outcome::Failed(error) => (PollResult::Failed, "failed", error.to_string()),
    };
    metrics::fetched("poll", label, 0);
    Ok(Visit::failed(facts, result, label, reason, now))
}

/// Asks for a source where it is known to be now, or reads its file.
async fn fetch_source<F: Fetch, C>(
    context: &PollContext<F, C>,
    source: &Source,
    facts: &Facts,
    started: DateTime<Utc>,
) -> Outcome {
    let url = match &source.at {
        Location::Url(url) => url.real(),
        Location::File { path, .. } => {
            return fetch::file::fetch_file(path, context.rules.get().max_decoded, started).await;
        }
    };
    // What is known of a site's address is that of what was found of it, and not of its home page.
    let (url, validators) = if source.kind.is_site() {
        (url, Validators::default())
    } else {
        (moved::current_address(facts.moved.as_ref(), url), validators(facts, started))
    };
    let obeys_robots = context.rules.get().obeys_robots(source);
    context.fetcher.fetch(request(source, url.clone(), validators, obeys_robots)).await
}

/// The request for a source.
fn request(source: &Source, url: Url, validators: Validators, obeys_robots: bool) -> Request {
    let &Properties { accept, delta, .. } = source.kind.properties();
    Request { validators, obeys_robots, goes_first: true, delta, ..Request::new(url, accept) }
}

fn status_is(status: u16) -> String {
    format!("HTTP status {status}")
}

/// The validators to send: none when the listing was not gone through for long, or where 304 is no
/// proof.
fn validators(facts: &Facts, now: DateTime<Utc>) -> Validators {
    let in_full = day(now) >= facts.touched_day + TOUCH_DAYS
        || facts.trust.is_lost(now)
        || facts.trust.audit_is_due(now);
    if in_full { Validators::default() } else { facts.validators.clone() }
}

async fn read_answer<F: Fetch, C: Clock>(
    context: &PollContext<F, C>,
    source: &Source,
    facts: Facts,
    mut fetched: Fetched,
    now: DateTime<Utc>,
) -> Result<Visit, PipelineError> {
    let (reader, before) = (context.reader(source, now), facts.clone());
    let (body, limit) = (mem::take(&mut fetched.body), context.rules.get().max_decoded);
    let last_sent = facts.sent_hash;
    let last_known = facts.body_hash.filter(|hash| is_known(&facts, *hash, now));
    // Most bodies that come again are sent as they were, and need not be decompressed to be known.
    let look = move |body: &Body| {
        let sent_hash = hash_as_sent(body);
        let known_hash = last_known.filter(|_| sent_hash.is_some() && last_sent == sent_hash);
        (SentBody { sent_hash, known_hash }, known_hash.is_some())
    };
    // What goes to the thread and comes back is moved several times.
    let given = Box::new((facts, fetched));
    let work = move |sent, bytes| {
        let (facts, fetched) = *given;
        read_body(&reader, facts, fetched, sent, bytes).map(Box::new)
    };
    match context.fetcher.memory().read_body_unless(body, limit, look, work).await {
        Ok((visit, room)) => Ok(Visit { room, ..*visit? }),
        Err(unread) => {
            not_read(context, &context.reader(source, now), before, unread, "poll").await
        }
    }
}

/// A visit whose body was not read to its end; `kind` names what was to be read, for metrics.
pub(super) async fn not_read<F, C>(
    context: &PollContext<F, C>,
    reader: &ListingReader,
    facts: Facts,
    unread: UnreadBody,
    kind: &'static str,
) -> Result<Visit, PipelineError> {
    let (source, now) = (&reader.source, reader.now);
    Ok(match unread {
        UnreadBody::NoRoom => Visit::deferred(facts, Deferred::NO_ROOM),
        UnreadBody::TooLong => {
            Visit::failed(facts, PollResult::Failed, "unreadable", unread.to_string(), now)
        }
        UnreadBody::Panicked(body) => {
            let (commit, wakes) =
                panicked::keep_dead_letter(context, source, body, kind, now).await?;
            Visit {
                commit,
                wakes,
                ..Visit::failed(
                    facts,
                    PollResult::Failed,
                    "panicked",
                    panicked::REASON.to_owned(),
                    now,
                )
            }
        }
    })
}

/// What is known of a body before it is read.
#[derive(Clone, Copy)]
struct SentBody {
    /// A hash of the body as it was sent, where that is compressed.
    sent_hash: Option<[u8; 16]>,
    /// The hash of its content, where the body was sent just as the last time.
    known_hash: Option<[u8; 16]>,
}

fn read_body(
    reader: &ListingReader,
    mut facts: Facts,
    fetched: Fetched,
    sent: SentBody,
    bytes: Result<Bytes, FetchError>,
) -> Result<Visit, StoreError> {
    let (source, now) = (&reader.source, reader.now);
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => {
            return Ok(Visit::failed(
                facts,
                PollResult::Failed,
                "undecodable",
                error.to_string(),
                now,
            ));
        }
    };
    facts.moved = moved::after_answer(facts.moved, source.at.url(), fetched.moved.clone(), now);
    let hash = sent.known_hash.unwrap_or_else(|| digest(&[&bytes]));
    if is_known(&facts, hash, now) {
        (facts.validators, facts.sent_hash) = (fetched.validators, sent.sent_hash);
        return Ok(Visit::unchanged(facts, "unchanged", now));
    }
    Ok(match read_content(reader, &mut facts, &fetched, &bytes)? {
        BodyContent::Listed(listed, hints) if fetched.delta => Visit {
            announced: hints.announced,
            ..Visit::partial(facts, listed, fetched.validators, now)
        },
        BodyContent::Listed(listed, hints) => {
            facts.sent_hash = sent.sent_hash;
            let answer = ListingAnswer { hints, validators: fetched.validators, hash };
            Visit::complete(facts, listed, answer, now)
        }
        BodyContent::Notice => {
            let reason = "an HTML page where a feed was".to_owned();
            Visit::failed(facts, PollResult::Blocked, "html", reason, now)
        }
        BodyContent::Unreadable(reason) => {
            Visit::failed(facts, PollResult::Failed, "unreadable", reason, now)
        }
    })
}

/// What a body is.
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once")]
enum BodyContent {
    /// A listing, or the page that a source is.
    Listed(ListingResult, FeedHints),
    /// A page where a list was before that is none: a notice, a login, the home page.
    Notice,
    /// Nothing that can be read, and why.
    Unreadable(String),
}

/// Reads a decoded body as what the source is, and goes through it.
fn read_content(
    reader: &ListingReader,
    facts: &mut Facts,
    fetched: &Fetched,
    bytes: &[u8],
) -> Result<BodyContent, StoreError> {
    let kind = reader.source.kind;
    match kind.format() {
        Format::Page => {
            return Ok(match page::go_through(reader, facts, fetched, bytes)? {
                PagePollOutcome::Listed(listed) => {
                    BodyContent::Listed(listed, FeedHints::default())
                }
                PagePollOutcome::Unreadable(reason) => BodyContent::Unreadable(reason),
            });
        }
        Format::Entries(_) | Format::Sitemap | Format::Site | Format::Messages => {}
    }
    Ok(match entries(&reader.source, bytes, fetched) {
        Ok(mut feed) => BodyContent::Listed(
            listing::go_through(reader, facts, &mut feed)?,
            FeedHints::new(&feed, fetched).with_site(&feed),
        ),
        Err(_)
            if !entry_format(kind).is_page() && facts.last_success.is_some() && is_html(bytes) =>
        {
            BodyContent::Notice
        }
        Err(reason) => BodyContent::Unreadable(reason),
    })
}

/// A hash of a body as it was sent and of its encodings; `None` where it was sent as it is.
fn hash_as_sent(body: &Body) -> Option<[u8; 16]> {
    let Body { bytes, encodings, .. } = body;
    (!encodings.is_empty()).then(|| digest(&[bytes, encodings.join(",").as_bytes()]))
}

/// Whether this body was gone through, and that lately.
pub(super) fn is_known(facts: &Facts, hash: [u8; 16], now: DateTime<Utc>) -> bool {
    facts.body_hash == Some(hash) && day(now) < facts.touched_day + TOUCH_DAYS
}

/// Whether a body that lists nothing is a page: a notice, a login, the home page.
fn is_html(bytes: &[u8]) -> bool {
    let start = read::encoding::start(bytes, START);
    ["<!doctype html", "<html", "<head", "<body"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|at| at.eq_ignore_ascii_case(tag.as_bytes())))
}

/// What a feed says beside its entries.
#[derive(Default)]
pub(super) struct FeedHints {
    /// When to poll it.
    polling: Hints,
    /// The page with its older entries, where it names one.
    older: Option<Url>,
    /// The site that its entries are of, where that may list older ones.
    site: Option<Url>,
    /// Whether all that it lists was read, so that an entry that is not there is none that it
    /// lists.
    whole: bool,
    /// Its hubs and its topic.
    announced: Option<Announced>,
}

impl FeedHints {
    pub(super) fn new(feed: &Feed, fetched: &Fetched) -> Self {
        Self {
            polling: Hints::new(&feed.rhythm, fetched.fresh_for),
            older: backfill::older(feed, &fetched.url),
            site: None,
            whole: !feed.truncated,
            announced: Announced::find(&fetched.links, &fetched.url, feed),
        }
    }

    /// Adds the site that the entries are of, where that may list more than the feed does.
    fn with_site(self, feed: &Feed) -> Self {
        let page = feed
            .entries
            .iter()
            .find_map(|entry| entry.link.as_ref())
            .filter(|link| matches!(link.scheme(), "http" | "https"));
        Self { site: page.and_then(|page| page.join("/").ok()), ..self }
    }
}

/// What the source lists, or why nothing of it can be told.
pub(super) fn entries(source: &Source, bytes: &[u8], fetched: &Fetched) -> Result<Feed, String> {
    let (selectors, content_type) = (source.listing.as_deref(), fetched.content_type.as_deref());
    read::entries::parse(entry_format(source.kind), selectors, bytes, content_type, &fetched.url)
}

/// How a body of a kind of source becomes entries. A hub may push some of a source that is no such
/// body itself, and that is a feed or nothing.
fn entry_format(kind: SourceKind) -> EntryFormat {
    match kind.format() {
        Format::Entries(format) => format,
        Format::Sitemap | Format::Page | Format::Site | Format::Messages => EntryFormat::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_html;

    #[test]
    fn a_page_in_the_place_of_a_feed_is_known_in_every_encoding() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        for page in ["<!DOCTYPE html><p>", "\n\n <html><p>", "\u{feff}<head>"] {
            assert!(is_html(page.as_bytes()) && is_html(&wide(page)), "{page}");
        }
        assert!(!is_html(b"<rss>") && !is_html(&wide("<rss><channel>")) && !is_html(b""));
    }
}
