//! One visit to a source: what it is asked for, what comes back, and what that changes.

use std::mem;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use url::Url;

use super::{ACCEPT, ACCEPT_PAGE, Parts, Rules, TOUCH_DAYS, backfill, listing, moved, page, panicked, site, sitemap};
use crate::{
    base::{
        clock::{Clock, day},
        hash::digest,
    },
    config::sources::{Location, Source},
    fetch::{self, Body, DeferralReason, Deferred, Fetch, FetchError, Fetched, Outcome, Request, Room, Unread},
    model::{
        entry::Feed,
        lane::Lane,
        source::{SourceKind, State, Validators},
    },
    policy::{
        hub::announced::Announced,
        polling::{decide::PollResult, hints::Hints, rhythm::Sighting},
    },
    read::{feed, listing as links},
    stages::PipelineError,
    store::{Facts, PollCommit, PollStore, StoreError},
    telemetry::metrics,
};

/// What one visit changed.
pub(super) struct Visit {
    pub(super) facts: Facts,
    pub(super) commit: PollCommit,
    pub(super) wakes: Vec<(Lane, u64)>,
    pub(super) result: PollResult,
    pub(super) word: &'static str,
    /// What it showed of the source's rhythm, where it was read.
    pub(super) sighting: Sighting,
    /// Whether it shared no entry with the one before.
    pub(super) gap: bool,
    /// What it says of its hubs, where it was read.
    pub(super) announced: Option<Announced>,
    /// The memory that what is to be committed has. Nothing else may be fetched while it is held.
    pub(super) room: Room,
}

/// Visits, unless the operator does not want it.
pub(super) async fn visit<F: Fetch, C: Clock>(
    parts: &Parts<F, C>,
    source: &Source,
    mut facts: Facts,
    started: DateTime<Utc>,
) -> Result<Visit, PipelineError> {
    if source.paused {
        return Ok(ended(facts, PollResult::Paused, "paused", String::new(), started));
    }
    let outcome = match &source.at {
        Location::Url(url) => {
            // What is known of a site's address is that of what was found of it, and not of its home page.
            let (url, obeys_robots) = (url.real(), parts.rules.obeys_robots(source));
            let (url, validators) = match source.kind {
                SourceKind::Site => (url, Validators::default()),
                _ => (moved::address(facts.moved.as_ref(), url), validators(&facts, started)),
            };
            parts.fetcher.fetch(request(source, url.clone(), validators, obeys_robots)).await
        }
        Location::File { path, .. } => fetch::file::read(path, parts.rules.max_decoded, started).await,
    };
    let now = parts.clock.now();
    if !matches!(outcome, Outcome::Deferred(_)) {
        facts.polls += 1;
        facts.last_poll = Some(now);
    }
    let (result, word, reason) = match outcome {
        Outcome::New(fetched) => {
            metrics::fetched("poll", "ok", fetched.body.bytes.len());
            if !fetched.delta {
                facts.trust.full(now);
            }
            return match source.kind {
                SourceKind::Sitemap => sitemap::read(parts, source, facts, *fetched).await,
                SourceKind::Site => site::read(parts, source, facts, *fetched).await,
                _ => Box::pin(read(parts, source, facts, *fetched, now)).await,
            };
        }
        Outcome::NotModified { fresh_for, moved } => {
            facts.trust.unchanged();
            facts.hints.confirmed(fresh_for);
            facts.moved = moved::note(facts.moved, source.at.url(), moved, now);
            (PollResult::Unchanged, "not_modified", String::new())
        }
        Outcome::Throttled { status, retry_after } => (PollResult::Throttled { retry_after }, "throttled", status_is(status)),
        Outcome::Gone { .. } if source.at.url().is_none() => (PollResult::Failed, "missing", "there is no such file".to_owned()),
        Outcome::Gone { status: 410 } => (PollResult::Gone, "gone", status_is(410)),
        Outcome::Gone { status } => (PollResult::Failed, "missing", status_is(status)),
        Outcome::Deferred(deferred) => {
            metrics::fetched("poll", "held", 0);
            return Ok(held(facts, deferred, now));
        }
        Outcome::Blocked(block) => (PollResult::Blocked, "blocked", block.to_string()),
        Outcome::Failed(FetchError::Status(status @ (401 | 403 | 451))) => (PollResult::Blocked, "blocked", status_is(status)),
        Outcome::Failed(error) => (PollResult::Failed, "failed", error.to_string()),
    };
    metrics::fetched("poll", word, 0);
    Ok(ended(facts, result, word, reason, now))
}

/// What a source's host is asked.
fn request(source: &Source, url: Url, validators: Validators, obeys_robots: bool) -> Request {
    let delta = source.kind == SourceKind::Feed;
    Request { validators, obeys_robots, goes_first: true, delta, ..Request::new(url, accept(source)) }
}

/// What a source is asked for.
pub(super) fn accept(source: &Source) -> &'static str {
    match source.kind {
        SourceKind::Feed => ACCEPT,
        SourceKind::Sitemap => crate::read::sitemap::ACCEPT,
        _ => ACCEPT_PAGE,
    }
}

fn status_is(status: u16) -> String {
    format!("HTTP status {status}")
}

/// The validators to send: none when the listing was not gone through for long, or where 304 is no proof.
fn validators(facts: &Facts, now: DateTime<Utc>) -> Validators {
    let in_full = day(now) >= facts.touched_day + TOUCH_DAYS || facts.trust.is_lost(now) || facts.trust.audit_is_due(now);
    if in_full { Validators::default() } else { facts.validators.clone() }
}

/// A visit that did not take place: the host is left alone, or it is others' turn. Nothing is learned of the source.
fn held(facts: Facts, deferred: Deferred, now: DateTime<Utc>) -> Visit {
    let (state, reason) = match deferred.reason {
        Some(DeferralReason::Throttled(_)) => (State::Throttled, deferred.to_string()),
        Some(DeferralReason::Challenge(_)) => (State::Blocked, deferred.to_string()),
        Some(DeferralReason::Unreachable) => (State::Backoff, deferred.to_string()),
        Some(DeferralReason::NoRoom | DeferralReason::GaveWay) => (facts.state, deferred.to_string()),
        None => (facts.state, facts.reason.clone()),
    };
    ended(facts, PollResult::Deferred { wait: deferred.wait, state }, "held", reason, now)
}

/// A visit that found no listing to go through.
pub(super) fn ended(mut facts: Facts, result: PollResult, word: &'static str, reason: String, now: DateTime<Utc>) -> Visit {
    match result {
        PollResult::Unchanged => {
            // A page that broke off is whole again; one that always does is as it was.
            facts.broken_off = facts.broken_off.filter(|_| facts.failures == 0);
            (facts.failures, facts.last_success, facts.gone) = (0, Some(now), None);
        }
        PollResult::Paused | PollResult::Deferred { .. } => {}
        _ => {
            facts.failures = facts.failures.saturating_add(1);
            // What does not answer where it moved to is looked for where it was configured.
            facts.moved = facts.moved.filter(|_| facts.failures < moved::PATIENCE);
        }
    }
    if result == PollResult::Gone {
        let (polls, since) = facts.gone.unwrap_or((0, now));
        facts.gone = Some((polls.saturating_add(1), since));
    }
    facts.reason = reason;
    let sighting = Sighting { published: Vec::new(), gapless: true };
    let (commit, wakes, room) = (PollCommit::default(), Vec::new(), Room::default());
    Visit { facts, commit, wakes, result, word, sighting, gap: false, announced: None, room }
}

async fn read<F: Fetch, C: Clock>(
    parts: &Parts<F, C>,
    source: &Source,
    facts: Facts,
    mut fetched: Fetched,
    now: DateTime<Utc>,
) -> Result<Visit, PipelineError> {
    let (rules, store, before, source_of) = (parts.rules.clone(), parts.store.clone(), facts.clone(), source.clone());
    let (body, known, limit) = (mem::take(&mut fetched.body), (facts.sent_hash, facts.body_hash), parts.rules.max_decoded);
    let is_fresh = known.1.is_some_and(|it| is_known(&facts, it, now));
    // Most bodies that come again are sent as they were, and need not be decompressed to be known.
    let look = move |body: &Body| {
        let sent = sent_as(body);
        let again = known.1.filter(|_| is_fresh && sent.is_some() && known.0 == sent);
        ((sent, again), again.is_some())
    };
    // What goes to the thread and comes back is moved several times.
    let given = Box::new((facts, fetched));
    let work = move |seen, bytes| {
        let (facts, fetched) = *given;
        read_body(&store, &source_of, facts, (fetched, seen, bytes), (&rules, now)).map(Box::new)
    };
    match parts.fetcher.memory().read_unless(body, limit, look, work).await {
        Ok((visit, room)) => Ok(Visit { room, ..*visit? }),
        Err(unread) => not_read(parts, source, before, (unread, "poll"), now).await,
    }
}

/// A visit whose body was not read to its end.
pub(super) async fn not_read<F, C>(
    parts: &Parts<F, C>,
    source: &Source,
    facts: Facts,
    (unread, reader): (Unread, &'static str),
    now: DateTime<Utc>,
) -> Result<Visit, PipelineError> {
    Ok(match unread {
        Unread::NoRoom => held(facts, Deferred::NO_ROOM, now),
        Unread::TooLong => ended(facts, PollResult::Failed, "unreadable", unread.to_string(), now),
        Unread::Panicked(body) => {
            let (commit, wakes) = panicked::keep(parts, source, (body, reader), now).await?;
            Visit { commit, wakes, ..ended(facts, PollResult::Failed, "panicked", panicked::REASON.to_owned(), now) }
        }
    })
}

/// A body as it was sent, where that tells more than its bytes; and the hash that it has, where it is known by that.
type Sent = (Option<[u8; 16]>, Option<[u8; 16]>);

fn read_body(
    store: &PollStore,
    source: &Source,
    mut facts: Facts,
    (fetched, (sent, again), bytes): (Fetched, Sent, Result<Bytes, FetchError>),
    (rules, now): (&Rules, DateTime<Utc>),
) -> Result<Visit, StoreError> {
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => return Ok(ended(facts, PollResult::Failed, "undecodable", error.to_string(), now)),
    };
    facts.moved = moved::note(facts.moved, source.at.url(), fetched.moved.clone(), now);
    let hash = again.unwrap_or_else(|| digest(&[&bytes]));
    if is_known(&facts, hash, now) {
        (facts.validators, facts.sent_hash) = (fetched.validators, sent);
        return Ok(ended(facts, PollResult::Unchanged, "unchanged", String::new(), now));
    }
    let (listed, says) = if source.kind == SourceKind::Page {
        (page::go_through(store, (source, &mut facts), (&fetched, &bytes), (rules, now))?, Says::default())
    } else {
        match entries(source, &bytes, &fetched) {
            Ok(feed) => (Ok(listing::go_through(store, source, &facts, &feed, (rules, now))?), Says::of(&feed, &fetched).with_site(&feed)),
            Err(_) if source.kind == SourceKind::Feed && facts.last_success.is_some() && is_html(&bytes) => {
                return Ok(ended(facts, PollResult::Blocked, "html", "an HTML page where a feed was".to_owned(), now));
            }
            Err(reason) => (Err(reason), Says::default()),
        }
    };
    match listed {
        Ok(listed) if fetched.delta => Ok(Visit { announced: says.announced, ..added(facts, listed, fetched.validators, now) }),
        Ok(listed) => {
            facts.sent_hash = sent;
            Ok(taken(facts, listed, (says, fetched.validators, hash), now))
        }
        Err(reason) => Ok(ended(facts, PollResult::Failed, "unreadable", reason, now)),
    }
}

/// Of the bytes as they came, and how they are encoded; nothing where the body is what came.
fn sent_as(body: &Body) -> Option<[u8; 16]> {
    let Body { bytes, encodings, .. } = body;
    (!encodings.is_empty()).then(|| digest(&[bytes, encodings.join(",").as_bytes()]))
}

/// Whether this body was gone through, and that lately.
pub(super) fn is_known(facts: &Facts, hash: [u8; 16], now: DateTime<Utc>) -> bool {
    facts.body_hash == Some(hash) && day(now) < facts.touched_day + TOUCH_DAYS
}

/// A visit whose listing was gone through.
pub(super) fn taken(
    mut facts: Facts,
    listed: listing::Listed,
    (says, validators, hash): (Says, Validators, [u8; 16]),
    now: DateTime<Utc>,
) -> Visit {
    let gap = says.whole && facts.listed > 0 && listed.shown > 0 && listed.known == 0;
    if gap {
        facts.gaps += 1;
        facts.backfill = match (says.older, says.site) {
            (Some(older), _) => Some(backfill::begin(older)),
            (None, site) => site.and_then(|it| backfill::of_site(&mut facts, it, &listed.published, now)),
        };
        metrics::gap();
    }
    // What was left out is looked for again, also where the listing stays the same.
    facts.body_hash = Some(hash).filter(|_| listed.intake.left_out.is_none());
    facts.title.clone_from(&listed.title);
    facts.touched_day = day(now);
    facts.hints = says.hints;
    facts.listed = u32::try_from(listed.shown).unwrap_or(u32::MAX);
    let visit = added(facts, listed, validators, now);
    Visit { sighting: Sighting { gapless: !gap, ..visit.sighting }, gap, announced: says.announced, ..visit }
}

/// A visit that showed entries, which may be all that is listed or only what is new.
fn added(mut facts: Facts, listed: listing::Listed, validators: Validators, now: DateTime<Utc>) -> Visit {
    facts.validators = if listed.intake.left_out.is_none() { validators } else { Validators::default() };
    facts.intake = listed.intake;
    (facts.failures, facts.reason, facts.last_success, facts.gone) = (0, String::new(), Some(now), None);
    facts.entries += listed.fresh as u64;
    if listed.fresh > 0 {
        facts.last_new = Some(now);
    }
    let sighting = Sighting { published: listed.published, gapless: true };
    let result = PollResult::Read { fresh: listed.fresh };
    let (commit, wakes) = (listed.commit, listed.wakes);
    Visit { facts, commit, wakes, result, word: "read", sighting, gap: false, announced: None, room: Room::default() }
}

/// Whether a body that is no feed is a page: a notice, a login, the home page.
fn is_html(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    ["<!doctype html", "<html", "<head", "<body"]
        .iter()
        .any(|it| start.get(..it.len()).is_some_and(|at| at.eq_ignore_ascii_case(it.as_bytes())))
}

/// What a feed says beside its entries.
#[derive(Default)]
pub(super) struct Says {
    hints: Hints,
    /// Where its older entries are.
    older: Option<Url>,
    /// The site that its entries are of, where that may list older ones.
    site: Option<Url>,
    /// Whether all that it lists was read, so that an entry that is not there is none that it lists.
    whole: bool,
    announced: Option<Announced>,
}

impl Says {
    pub(super) fn of(feed: &Feed, fetched: &Fetched) -> Self {
        Self {
            hints: Hints::of(&feed.rhythm, fetched.fresh_for),
            older: backfill::older(feed, &fetched.url),
            site: None,
            whole: !feed.truncated,
            announced: Announced::of(&fetched.links, &fetched.url, feed),
        }
    }

    /// The same of what may list less than its site.
    fn with_site(self, feed: &Feed) -> Self {
        let page = feed.entries.iter().find_map(|it| it.link.as_ref()).filter(|it| matches!(it.scheme(), "http" | "https"));
        Self { site: page.and_then(|it| it.join("/").ok()), ..self }
    }
}

/// What the source lists, or why nothing of it can be told. A page without a link to an article is not an empty list
/// but one that cannot be read: a new design, a notice about cookies, a page for robots.
pub(super) fn entries(source: &Source, bytes: &[u8], fetched: &Fetched) -> Result<Feed, String> {
    let (content_type, url) = (fetched.content_type.as_deref(), &fetched.url);
    if source.kind != SourceKind::Listing {
        return feed::read(bytes, content_type, url).map_err(|error| error.to_string());
    }
    let read = match &source.listing {
        None => links::read(bytes, content_type, url),
        Some(selectors) => links::read_by(selectors, bytes, content_type, url),
    };
    let feed = read.map(links::to_feed).map_err(|error| error.to_string())?;
    // Tags and attributes are ASCII in every encoding that a page may have.
    Ok(Feed { links: feed::hubs_of_page(&String::from_utf8_lossy(bytes), url), ..feed })
}
