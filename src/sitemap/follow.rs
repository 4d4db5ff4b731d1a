//! From an index to the sitemaps that are worth reading: those for news, else the newest ones.

use std::{cmp::Ordering, collections::HashSet};

use url::Url;

use super::{ACCEPT, Child, Sitemap, read, read::MAX_ENTRIES, unpack};
use crate::{
    feed::Feed,
    fetch::{Fetch, Fetched, Outcome, Request, Validators},
    store::digest,
};

/// Sitemaps that are fetched for one index, those for nothing included.
const MAX_FETCHED: usize = 6;
/// Indexes in indexes that are followed.
const MAX_DEPTH: usize = 2;

/// What a sitemap lists, with what its index led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// The entries of all.
    pub feed: Feed,
    /// A hash of all the bodies.
    pub hash: [u8; 16],
    /// The sitemaps that an index led to; empty where it is none.
    pub sitemaps: Vec<Url>,
}

/// Reads a sitemap that was fetched, and what it leads to: bodies of `max_decoded` bytes, as far as robots.txt lets us
/// where it is obeyed. A sitemap of an index that cannot be read is passed over
/// as long as another one can.
///
/// # Errors
/// Says what the body is instead, or why none of the index's sitemaps could be read.
pub async fn follow<F: Fetch>(fetcher: &F, answer: &Fetched, (max_decoded, obeys_robots): (usize, bool)) -> Result<Followed, String> {
    let (hash, sitemap) = parse(answer.clone(), max_decoded).await?;
    let children = match sitemap {
        Sitemap::Entries(feed) => return Ok(Followed { feed: *feed, hash, sitemaps: Vec::new() }),
        Sitemap::Index(children) => children,
    };
    // All that it names was not read, so that what is not there may be listed still.
    let mut found = Followed { feed: Feed { truncated: true, ..Feed::default() }, hash, sitemaps: Vec::new() };
    let mut waiting = best(children, 1);
    let mut asked = HashSet::from([answer.url.clone()]);
    let mut reason = "it is an index that names no sitemap".to_owned();
    while let Some((child, depth)) = waiting.pop().filter(|_| asked.len() <= MAX_FETCHED) {
        if !asked.insert(child.url.clone()) {
            continue;
        }
        match one(fetcher, child.url.clone(), (max_decoded, obeys_robots)).await {
            Ok((hash, Sitemap::Entries(feed))) => {
                found.hash = digest(&[&found.hash, &hash]);
                found.sitemaps.push(child.url);
                found.take(*feed);
            }
            Ok((_, Sitemap::Index(children))) if depth < MAX_DEPTH => waiting.extend(best(children, depth + 1)),
            Ok(_) => "the indexes that it names lead to further ones".clone_into(&mut reason),
            Err(error) => reason = format!("{}: {error}", child.url),
        }
    }
    if found.sitemaps.is_empty() { Err(reason) } else { Ok(found) }
}

impl Followed {
    fn take(&mut self, feed: Feed) {
        let Feed { title, language, archive, entries, .. } = feed;
        self.feed.title = self.feed.title.take().or(title);
        self.feed.language = self.feed.language.take().or(language);
        self.feed.archive |= archive;
        let known: HashSet<String> = self.feed.entries.iter().map(|it| it.identity.clone()).collect();
        let room = MAX_ENTRIES - self.feed.entries.len();
        self.feed.entries.extend(entries.into_iter().filter(|it| !known.contains(&it.identity)).take(room));
    }
}

async fn one<F: Fetch>(fetcher: &F, url: Url, (max_decoded, obeys_robots): (usize, bool)) -> Result<([u8; 16], Sitemap), String> {
    let request = Request { url, validators: Validators::default(), accept: ACCEPT, obeys_robots, goes_first: true, delta: false };
    match fetcher.fetch(request).await {
        Outcome::New(answer) => parse(*answer, max_decoded).await,
        Outcome::NotModified { .. } => Err("HTTP status 304 to an unconditional request".to_owned()),
        Outcome::Throttled { status, .. } | Outcome::Gone { status } => Err(format!("HTTP status {status}")),
        Outcome::Held(hold) => Err(hold.to_string()),
        Outcome::Blocked(block) => Err(block.to_string()),
        Outcome::Failed(error) => Err(error.to_string()),
    }
}

/// Off the network's threads.
async fn parse(fetched: Fetched, max_decoded: usize) -> Result<([u8; 16], Sitemap), String> {
    let work = move || {
        let bytes = fetched.body.decode(max_decoded).and_then(|it| unpack(it, max_decoded)).map_err(|error| error.to_string())?;
        let sitemap = read(&bytes, fetched.content_type.as_deref(), &fetched.url).map_err(|error| error.to_string())?;
        Ok((digest(&[&bytes]), sitemap))
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?
}

/// The sitemaps of an index that are worth reading, the best one last: those for news where there are any, never those of
/// tags and writers where there are others; the newest by the index's dates, else by the numbers in their addresses.
pub(super) fn best(children: Vec<Child>, depth: usize) -> Vec<(Child, usize)> {
    let highest = children.iter().map(|it| worth(&it.url)).max().unwrap_or_default();
    let mut best: Vec<Child> = children.into_iter().filter(|it| worth(&it.url) == highest).collect();
    best.sort_by(|one, other| one.modified.cmp(&other.modified).then_with(|| by_numbers(&one.url, &other.url)));
    let from = best.len().saturating_sub(MAX_FETCHED);
    best.split_off(from).into_iter().map(|it| (it, depth)).collect()
}

/// By the words that programs give to their sitemaps: 2 for news, 0 for what holds no articles.
fn worth(url: &Url) -> u8 {
    const NEWS: [&str; 3] = ["news", "googlenews", "latest"];
    const OTHER: [&str; 14] = [
        "category",
        "categories",
        "tag",
        "tags",
        "topic",
        "topics",
        "author",
        "authors",
        "section",
        "sections",
        "image",
        "images",
        "video",
        "videos",
    ];
    let path = url.path().to_ascii_lowercase();
    let has = |words: &[&str]| path.split(|c: char| !c.is_ascii_alphabetic()).any(|it| words.contains(&it));
    // `category-news.xml` is a category.
    if has(&OTHER) { 0 } else { 1 + u8::from(has(&NEWS)) }
}

/// By the numbers in two addresses, from the left: `2026-11` is newer than `2026-9`, `post-12` than `post-2`.
fn by_numbers(one: &Url, other: &Url) -> Ordering {
    let numbers = |url: &Url| -> Vec<u64> {
        let tail = &url[url::Position::BeforePath..];
        tail.split(|c: char| !c.is_ascii_digit()).filter_map(|it| it.parse().ok()).collect()
    };
    numbers(one).cmp(&numbers(other))
}
