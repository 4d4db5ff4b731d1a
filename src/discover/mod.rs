//! A site's sources: its feeds and sitemaps, looked for from its home page, read as a poll would read them, and offered.
//!
//! What must stay true: one discovery makes a bounded number of requests; what is offered was read, and its kind is what
//! a list of sources has to say of it.

mod candidates;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use url::Url;

use crate::{
    config::SourceKind,
    feed::{self, Feed},
    fetch::{Fetch, Fetched, Outcome, Request, Validators},
    listing, page, sitemap,
};
use candidates::Candidate;

/// Feeds that are looked at, those of the home page and those at usual paths, each.
const MAX_FEEDS: usize = 12;
/// Sitemaps, those of robots.txt and those at usual paths, each: any may be an index, which leads to some more.
const MAX_SITEMAPS: usize = 5;

/// What a home page is asked for.
const ACCEPT: &str = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5";
/// What feeds are asked for.
const ACCEPT_FEED: &str =
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5";

/// A source that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Offer {
    /// What it is, as a list of sources calls it.
    pub kind: &'static str,
    /// Where it is.
    pub url: Url,
    /// Its own title.
    pub title: Option<String>,
    /// How many entries it lists.
    pub entries: usize,
    /// When its newest entry was published.
    pub newest: Option<DateTime<Utc>>,
    /// Whether it is a sitemap for news.
    pub news: bool,
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

/// Looks for a site's sources: feeds first, then sitemaps, and last the page itself, where it lists articles.
///
/// # Errors
/// When the page cannot be had, or when there is nothing.
pub async fn discover<F: Fetch>(fetcher: &F, home: Url, max_decoded: usize) -> Result<Vec<Offer>, DiscoverError> {
    let mut looker = Looker { fetcher, max_decoded, asked: HashSet::new(), offers: Vec::new() };
    let answer = looker.fetch(home, ACCEPT).await.map_err(DiscoverError::World)?;
    let at = answer.url.clone();
    let here = of_home(answer.clone(), max_decoded).await.map_err(DiscoverError::World)?;
    if let Some(feed) = here.feed {
        return Ok(vec![offer(SourceKind::Feed, at, &feed, "it is one itself")]);
    }
    if let Ok(found) = sitemap::follow(fetcher, &answer, (max_decoded, true)).await {
        return Ok(vec![offer(SourceKind::Sitemap, at, &found.feed, "it is one itself")]);
    }
    looker.look(here.candidates).await;
    if looker.offers.is_empty() {
        looker.look(candidates::feeds_by_custom(&at)).await;
    }
    let mut sitemaps = looker.robots(&at).await;
    candidates::news_first(&mut sitemaps);
    let feeds = looker.offers.len();
    looker.look(sitemaps).await;
    if !looker.offers[feeds..].iter().any(|it| it.news) {
        looker.look(candidates::sitemaps_by_custom(&at)).await;
    }
    looker.offers.extend(here.listing.map(|it| offer(SourceKind::Listing, at, &it, "the page itself")));
    if looker.offers.is_empty() { Err(DiscoverError::Nothing) } else { Ok(looker.offers) }
}

/// What the home page says.
struct Home {
    feed: Option<Feed>,
    listing: Option<Feed>,
    candidates: Vec<Candidate>,
}

/// Reads the home page, off the network's threads.
async fn of_home(fetched: Fetched, max_decoded: usize) -> Result<Home, String> {
    let work = move || {
        let bytes = fetched.body.decode(max_decoded).map_err(|error| error.to_string())?;
        let content_type = fetched.content_type.as_deref();
        if let Ok(feed) = feed::read(&bytes, content_type, &fetched.url) {
            return Ok(Home { feed: Some(feed), listing: None, candidates: Vec::new() });
        }
        let listing = listing::read(&bytes, content_type, &fetched.url).ok().map(listing::to_feed);
        let text = page::encoding::to_text(&bytes, content_type);
        Ok(Home { feed: None, listing, candidates: candidates::of_page(&text, &fetched.url) })
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?
}

fn offer(kind: SourceKind, url: Url, feed: &Feed, found: &'static str) -> Offer {
    let newest = feed.entries.iter().filter_map(|it| it.published.or(it.modified)).max();
    let news = kind == SourceKind::Sitemap && feed.entries.iter().any(|it| it.title.is_some());
    Offer { kind: kind.as_str(), url, title: feed.title.clone(), entries: feed.entries.len(), newest, news, found }
}

struct Looker<'a, F> {
    fetcher: &'a F,
    max_decoded: usize,
    /// Addresses that were asked, and those that they led to.
    asked: HashSet<Url>,
    offers: Vec<Offer>,
}

impl<F: Fetch> Looker<'_, F> {
    async fn fetch(&mut self, url: Url, accept: &'static str) -> Result<Fetched, String> {
        self.asked.insert(url.clone());
        // RFC 9309 §2.3: robots.txt itself is allowed to all.
        let obeys_robots = url.path() != "/robots.txt";
        let request = Request { url, validators: Validators::default(), accept, obeys_robots, goes_first: true };
        match self.fetcher.fetch(request).await {
            Outcome::New(fetched) => Ok(*fetched),
            Outcome::NotModified { .. } => Err("HTTP status 304 to an unconditional request".to_owned()),
            Outcome::Throttled { status, .. } | Outcome::Gone { status } => Err(format!("HTTP status {status}")),
            Outcome::Held(hold) => Err(hold.to_string()),
            Outcome::Blocked(block) => Err(block.to_string()),
            Outcome::Failed(error) => Err(error.to_string()),
        }
    }

    /// The sitemaps that robots.txt names.
    async fn robots(&mut self, home: &Url) -> Vec<Candidate> {
        let Ok(url) = home.join("/robots.txt") else { return Vec::new() };
        let Ok(fetched) = self.fetch(url, "text/plain, */*;q=0.5").await else { return Vec::new() };
        fetched.body.decode(self.max_decoded).map(|it| candidates::of_robots(&it, &fetched.url)).unwrap_or_default()
    }

    /// Offers what can be read, one after the other: they are of one host as a rule. Sitemaps that are empty or dead are
    /// none, feeds may be empty for a while.
    async fn look(&mut self, candidates: Vec<Candidate>) {
        let most = if candidates.first().is_some_and(|it| it.kind == SourceKind::Feed) { MAX_FEEDS } else { MAX_SITEMAPS };
        for Candidate { url, kind, why } in candidates.into_iter().take(most) {
            if self.asked.contains(&url) {
                continue;
            }
            let accept = if kind == SourceKind::Feed { ACCEPT_FEED } else { sitemap::ACCEPT };
            let Ok(fetched) = self.fetch(url, accept).await else { continue };
            if self.offers.iter().any(|it| it.url == fetched.url) {
                continue;
            }
            let read = if kind == SourceKind::Feed {
                self.feed(&fetched).await
            } else {
                let followed = sitemap::follow(self.fetcher, &fetched, (self.max_decoded, true)).await.ok();
                followed.map(|it| it.feed).filter(|it| !it.entries.is_empty())
            };
            if let Some(feed) = read {
                self.offers.push(offer(kind, fetched.url, &feed, why));
            }
        }
    }

    async fn feed(&self, fetched: &Fetched) -> Option<Feed> {
        let (fetched, max) = (fetched.clone(), self.max_decoded);
        let work = move || {
            let bytes = fetched.body.decode(max).ok()?;
            feed::read(&bytes, fetched.content_type.as_deref(), &fetched.url).ok()
        };
        tokio::task::spawn_blocking(work).await.ok().flatten()
    }
}
