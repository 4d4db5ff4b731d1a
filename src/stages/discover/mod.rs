//! A site's sources: its feeds and sitemaps, looked for from its home page, read as a poll would
//! read them, and offered.
//!
//! What must stay true: one discovery makes a bounded number of requests; what is offered was read,
//! and its kind is what a list of sources has to say of it.

mod best;
mod candidates;
mod follow;

use std::{collections::HashSet, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use url::Url;

use crate::{
    fetch::{Fetch, FetchError, Fetched, Memory, Outcome, Request, Room},
    model::{
        accept,
        entry::Feed,
        kind::{EntryFormat, Format, Guesses, SourceKind},
    },
    read::{encoding, entries, listing},
};
use candidates::SourceCandidate;

pub use best::best;
pub use follow::{FetchRules, FollowError, FollowedSitemap, follow, unpack};

/// Feeds that are looked at, those of the home page and those at usual paths, each.
const MAX_FEEDS: usize = 12;
/// Sitemaps, those of robots.txt and those at usual paths, each: any may be an index, which leads
/// to some more.
const MAX_SITEMAPS: usize = 5;

/// News sitemaps of robots.txt that are looked at where nothing else is wanted.
const MAX_NEWS: usize = 2;
/// How long one discovery waits for its turn at the host, in all.
const PATIENCE: Duration = Duration::from_mins(1);

/// A source that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiscoveredSource {
    /// The kind, as a list of sources names it.
    pub kind: SourceKind,
    /// The address to poll.
    pub url: Url,
    /// Its own title.
    pub title: Option<String>,
    /// How many entries it lists.
    pub entries: usize,
    /// When its newest entry was published.
    pub newest: Option<DateTime<Utc>>,
    /// Whether it is a sitemap for news.
    pub news: bool,
    /// How many entries it has a day, by the newer half of those it lists.
    pub per_day: Option<f64>,
    /// How it was found.
    pub found: &'static str,
}

/// Why nothing was looked for.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// The home page cannot be had.
    #[error("{0}")]
    World(String),
    /// It was looked for, and there is nothing.
    #[error("no feed, no sitemap and no list of articles was found")]
    Nothing,
}

impl DiscoveredSource {
    /// Whether the address that was given is itself a feed or a sitemap.
    #[must_use]
    pub fn is_itself(&self) -> bool {
        self.found == ITSELF
    }
}

const ITSELF: &str = "it is one itself";

/// Looks for a site's sources: feeds first, then sitemaps, and last the page itself, where it lists
/// articles.
///
/// # Errors
/// When the page cannot be had, or when there is nothing.
pub async fn discover<F: Fetch>(
    fetcher: &F,
    home: Url,
    max_decoded: usize,
) -> Result<Vec<DiscoveredSource>, DiscoverError> {
    let mut discovery = Discovery::new(fetcher, FetchRules { max_decoded, obeys_robots: true });
    let answer = discovery.fetch(home, accept::PAGE).await.map_err(DiscoverError::World)?;
    discovery.sources_of(answer).await
}

/// Looks for a site's sources where its home page was fetched already.
///
/// # Errors
/// When the page cannot be read, or when there is nothing.
pub async fn discover_from<F: Fetch>(
    fetcher: &F,
    answer: Fetched,
    rules: FetchRules,
) -> Result<Vec<DiscoveredSource>, DiscoverError> {
    let mut discovery = Discovery::new(fetcher, rules);
    discovery.asked.insert(answer.url.clone());
    discovery.sources_of(answer).await
}

/// What the news sitemap of the site at `home` lists, and the memory that it has: one of those that
/// its robots.txt names, or at a usual path.
pub async fn news_sitemap<F: Fetch>(
    fetcher: &F,
    home: &Url,
    rules: FetchRules,
) -> Option<(Feed, Room)> {
    let mut discovery = Discovery::new(fetcher, rules);
    let (for_news, others): (Vec<_>, Vec<_>) =
        discovery.sitemaps_in_robots_txt(home).await.into_iter().partition(candidates::is_for_news);
    let usual =
        candidates::at_usual_paths(home, is_sitemap).into_iter().filter(candidates::is_for_news);
    // An index of all sitemaps may lead to it, and is the most to read.
    for candidate in
        for_news.into_iter().take(MAX_NEWS).chain(usual).chain(others.into_iter().take(1))
    {
        if discovery.asked.contains(&candidate.url) {
            continue;
        }
        if let Some((feed, _, room)) = discovery.read_candidate(&candidate).await
            && is_for_news(candidate.kind, &feed)
        {
            return Some((feed, room));
        }
    }
    None
}

/// What the home page says.
struct HomePage {
    /// What the address itself is, where that lists entries and is no page.
    feed: Option<DiscoveredSource>,
    listing: Option<DiscoveredSource>,
    candidates: Vec<SourceCandidate>,
}

/// Reads the home page, off the network's threads.
async fn read_home_page(
    memory: &Memory,
    mut fetched: Fetched,
    max_decoded: usize,
) -> Result<HomePage, String> {
    let body = std::mem::take(&mut fetched.body);
    let work = move |bytes: Result<Bytes, FetchError>| {
        let bytes = bytes.map_err(|error| error.to_string())?;
        let content_type = fetched.content_type.as_deref();
        if let Ok((kind, feed)) = entries::detect(&bytes, content_type, &fetched.url) {
            let feed = offer(kind, fetched.url.clone(), &feed, ITSELF);
            return Ok(HomePage { feed: Some(feed), listing: None, candidates: Vec::new() });
        }
        let listing = listing::parse(&bytes, content_type, &fetched.url).ok().map(listing::to_feed);
        let listing = listing.map(|listing| {
            offer(SourceKind::Listing, fetched.url.clone(), &listing, "the page itself")
        });
        let text = encoding::to_text(&bytes, content_type);
        let mut candidates = candidates::in_headers(&fetched.links.alternates, &fetched.url);
        candidates.extend(candidates::in_page(&text, &fetched.url));
        Ok(HomePage { feed: None, listing, candidates })
    };
    let (home, _) =
        memory.read_body(body, max_decoded, work).await.map_err(|error| error.to_string())?;
    home
}

fn offer(kind: SourceKind, url: Url, feed: &Feed, found: &'static str) -> DiscoveredSource {
    let mut dates: Vec<DateTime<Utc>> = feed
        .entries
        .iter()
        .filter_map(|entry| Some(entry.published.or(entry.modified)?.to_utc()))
        .collect();
    dates.sort_unstable_by(|one, other| other.cmp(one));
    DiscoveredSource {
        kind,
        url,
        title: feed.title.clone(),
        entries: feed.entries.len(),
        newest: dates.first().copied(),
        news: is_for_news(kind, feed),
        per_day: best::per_day(&dates),
        found,
    }
}

/// Only a sitemap for news says headlines.
fn is_for_news(kind: SourceKind, feed: &Feed) -> bool {
    match kind.properties().guesses {
        Guesses::Untitled => feed.entries.iter().any(|entry| entry.title.is_some()),
        Guesses::Nothing | Guesses::Everything => false,
    }
}

/// How many candidates of a format are looked at.
fn max_candidates(format: Format) -> usize {
    match format {
        Format::Entries(_) => MAX_FEEDS,
        Format::Sitemap => MAX_SITEMAPS,
        Format::Page | Format::Site | Format::Messages => 0,
    }
}

fn is_sitemap(format: Format) -> bool {
    format == Format::Sitemap
}

/// A discovery under way.
struct Discovery<'a, F> {
    fetcher: &'a F,
    rules: FetchRules,
    /// How long it still waits for its turn.
    patience: Duration,
    /// Addresses that were asked, and those that they led to.
    asked: HashSet<Url>,
    offers: Vec<DiscoveredSource>,
}

impl<'a, F: Fetch> Discovery<'a, F> {
    fn new(fetcher: &'a F, rules: FetchRules) -> Self {
        Self { fetcher, rules, patience: PATIENCE, asked: HashSet::new(), offers: Vec::new() }
    }

    async fn fetch(&mut self, url: Url, accept: &'static str) -> Result<Fetched, String> {
        self.asked.insert(url.clone());
        // RFC 9309 §2.3: robots.txt itself is allowed to all.
        let obeys_robots = self.rules.obeys_robots && url.path() != "/robots.txt";
        let request = Request { obeys_robots, goes_first: true, ..Request::new(url, accept) };
        let mut outcome = self.fetcher.fetch(request.clone()).await;
        while let Outcome::Deferred(deferred) = outcome
            && deferred.reason.is_none()
            && !deferred.wait.is_zero()
            && deferred.wait <= self.patience
        {
            self.patience -= deferred.wait;
            tokio::time::sleep(deferred.wait).await;
            outcome = self.fetcher.fetch(request.clone()).await;
        }
        match outcome {
            Outcome::New(fetched) => Ok(*fetched),
            Outcome::NotModified { .. } => {
                Err("HTTP status 304 to an unconditional request".to_owned())
            }
            Outcome::Throttled { status, .. } | Outcome::Gone { status } => {
                Err(format!("HTTP status {status}"))
            }
            Outcome::Deferred(deferred) => Err(deferred.to_string()),
            Outcome::Blocked(block) => Err(block.to_string()),
            Outcome::Failed(error) => Err(error.to_string()),
        }
    }

    /// What the site offers, by its home page.
    async fn sources_of(mut self, answer: Fetched) -> Result<Vec<DiscoveredSource>, DiscoverError> {
        let (at, memory) = (answer.url.clone(), self.fetcher.memory());
        let here = read_home_page(&memory, answer.clone(), self.rules.max_decoded)
            .await
            .map_err(DiscoverError::World)?;
        if let Some(feed) = here.feed {
            return Ok(vec![feed]);
        }
        // The body is no longer held once this has read it.
        if let Ok(found) = follow(self.fetcher, answer, self.rules).await {
            return Ok(vec![offer(SourceKind::Sitemap, at, &found.feed, ITSELF)]);
        }
        self.offer_readable(here.candidates).await;
        if self.offers.is_empty() {
            self.offer_readable(candidates::at_usual_paths(&at, Format::lists_entries)).await;
        }
        let mut sitemaps = self.sitemaps_in_robots_txt(&at).await;
        candidates::news_first(&mut sitemaps);
        let feeds = self.offers.len();
        self.offer_readable(sitemaps).await;
        if !self.offers[feeds..].iter().any(|offer| offer.news) {
            self.offer_readable(candidates::at_usual_paths(&at, is_sitemap)).await;
        }
        self.offers.extend(here.listing);
        if self.offers.is_empty() { Err(DiscoverError::Nothing) } else { Ok(self.offers) }
    }

    /// The sitemaps that robots.txt names.
    async fn sitemaps_in_robots_txt(&mut self, home: &Url) -> Vec<SourceCandidate> {
        let Ok(url) = home.join("/robots.txt") else { return Vec::new() };
        let Ok(fetched) = self.fetch(url, accept::ROBOTS).await else { return Vec::new() };
        let Fetched { url, body, .. } = fetched;
        let work = move |bytes: Result<Bytes, FetchError>| {
            bytes.map(|bytes| candidates::in_robots_txt(&bytes, &url)).unwrap_or_default()
        };
        self.fetcher
            .memory()
            .read_body(body, self.rules.max_decoded, work)
            .await
            .map(|(found, _)| found)
            .unwrap_or_default()
    }

    /// Offers what can be read, one after the other: they are of one host as a rule. Sitemaps that
    /// are empty or dead are none, feeds may be empty for a while.
    async fn offer_readable(&mut self, candidates: Vec<SourceCandidate>) {
        let most =
            candidates.first().map_or(0, |candidate| max_candidates(candidate.kind.format()));
        for candidate in candidates.into_iter().take(most) {
            if !self.asked.contains(&candidate.url)
                && let Some((feed, url, _room)) = self.read_candidate(&candidate).await
            {
                self.offers.push(offer(candidate.kind, url, &feed, candidate.why));
            }
        }
    }

    /// What a candidate lists and where it was read, if it is one and was not read before under
    /// another address.
    async fn read_candidate(
        &mut self,
        SourceCandidate { url, kind, .. }: &SourceCandidate,
    ) -> Option<(Feed, Url, Room)> {
        let fetched = self.fetch(url.clone(), kind.properties().accept).await.ok()?;
        if self.offers.iter().any(|offer| offer.url == fetched.url) {
            return None;
        }
        let at = fetched.url.clone();
        let (feed, room) = match kind.format() {
            Format::Entries(format) => self.read_entries(format, fetched).await?,
            Format::Sitemap => {
                let followed = follow(self.fetcher, fetched, self.rules).await.ok()?;
                (
                    Some(followed.feed).filter(|feed| !feed.entries.is_empty())?,
                    followed.rooms.into_iter().next().unwrap_or_default(),
                )
            }
            Format::Page | Format::Site | Format::Messages => return None,
        };
        Some((feed, at, room))
    }

    async fn read_entries(
        &self,
        format: EntryFormat,
        mut fetched: Fetched,
    ) -> Option<(Feed, Room)> {
        let body = std::mem::take(&mut fetched.body);
        let work = move |bytes: Result<Bytes, FetchError>| {
            let content_type = fetched.content_type.as_deref();
            entries::parse(format, None, &bytes.ok()?, content_type, &fetched.url).ok()
        };
        let (feed, room) =
            self.fetcher.memory().read_body(body, self.rules.max_decoded, work).await.ok()?;
        Some((feed?, room))
    }
}
