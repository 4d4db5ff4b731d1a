//! From an index to the sitemaps that are worth reading: those for news, else the newest ones.

use std::{cmp::Ordering, collections::HashSet, sync::Arc};

use bytes::Bytes;
use url::Url;

use crate::{
    base::hash::digest,
    fetch::{Body, Fetch, FetchError, Fetched, Memory, Request, Room, UnreadBody},
    model::{
        accept,
        entry::{Entry, Feed},
    },
    read::sitemap::{self, Child, MAX_ENTRIES, Sitemap},
};

/// Sitemaps that are fetched for one index, those for nothing included.
const MAX_FETCHED: usize = 6;
/// Indexes in indexes that are followed.
const MAX_DEPTH: usize = 2;

/// The rules by which a site's addresses are fetched.
#[derive(Debug, Clone, Copy)]
pub struct FetchRules {
    /// The most bytes that a body may have once it is decompressed.
    pub max_decoded: usize,
    /// Whether robots.txt is obeyed.
    pub obeys_robots: bool,
}

/// What a sitemap lists, with what its index led to.
#[derive(Debug)]
pub struct FollowedSitemap {
    /// The entries of all.
    pub feed: Feed,
    /// A hash of all the bodies.
    pub hash: [u8; 16],
    /// The sitemaps that an index led to; empty where it is none.
    pub sitemaps: Vec<Url>,
    /// The memory that the entries have.
    pub rooms: Vec<Room>,
}

/// Why a sitemap was not followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// It is none, or leads to none that can be read.
    #[error("{0}")]
    Unreadable(String),
    /// It was not read to its end.
    #[error(transparent)]
    UnreadBody(#[from] UnreadBody),
}

/// Reads a sitemap that was fetched, and the sitemaps that it leads to. A sitemap of an index that
/// cannot be read is passed over as long as another one can.
///
/// # Errors
/// Says what the body is instead, or why none of the index's sitemaps could be read.
pub async fn follow<F: Fetch>(
    fetcher: &F,
    answer: Fetched,
    rules: FetchRules,
) -> Result<FollowedSitemap, FollowError> {
    let (memory, mut asked) = (fetcher.memory(), HashSet::from([answer.url.clone()]));
    let ((hash, sitemap), _, room) = parse(&memory, answer, rules.max_decoded).await?;
    let children = match sitemap {
        Sitemap::Entries(feed) => {
            return Ok(FollowedSitemap {
                feed: *feed,
                hash,
                sitemaps: Vec::new(),
                rooms: vec![room],
            });
        }
        Sitemap::Index(children) => children,
    };
    let mut waiting = best(children, 1);
    // Nothing of it is left but a few addresses.
    drop(room);
    // All that it names was not read, so that what is not there may be listed still.
    let mut found = FollowedSitemap {
        feed: Feed { truncated: true, ..Feed::default() },
        hash,
        sitemaps: Vec::new(),
        rooms: Vec::new(),
    };
    let mut no_room = false;
    let mut reason = "it is an index that names no sitemap".to_owned();
    while let Some((child, depth)) = waiting.pop().filter(|_| asked.len() <= MAX_FETCHED) {
        if !asked.insert(child.url.clone()) {
            continue;
        }
        match fetch_and_parse(fetcher, child.url.clone(), rules).await {
            Ok(((hash, Sitemap::Entries(feed)), bytes, _room)) => {
                // What there is no room for comes with a later poll.
                let Some(room) =
                    memory.room_to_follow(bytes + feed.entries.len() * size_of::<Entry>())
                else {
                    no_room = true;
                    break;
                };
                found.rooms.push(room);
                found.hash = digest(&[&found.hash, &hash]);
                found.sitemaps.push(child.url);
                found.add(*feed);
            }
            Ok(((_, Sitemap::Index(children)), ..)) if depth < MAX_DEPTH => {
                waiting.extend(best(children, depth + 1));
            }
            Ok(_) => "the indexes that it names lead to further ones".clone_into(&mut reason),
            Err(error) => reason = format!("{}: {error}", child.url),
        }
    }
    match found.sitemaps.is_empty() {
        true if no_room => Err(UnreadBody::NoRoom.into()),
        true => Err(FollowError::Unreadable(reason)),
        false => Ok(found),
    }
}

impl FollowedSitemap {
    fn add(&mut self, feed: Feed) {
        let Feed { title, language, archive, entries, .. } = feed;
        self.feed.title = self.feed.title.take().or(title);
        self.feed.language = self.feed.language.take().or(language);
        self.feed.archive |= archive;
        let known: HashSet<String> =
            self.feed.entries.iter().map(|entry| entry.identity.clone()).collect();
        let room = MAX_ENTRIES - self.feed.entries.len();
        self.feed.entries.extend(
            entries.into_iter().filter(|entry| !known.contains(&entry.identity)).take(room),
        );
    }
}

async fn fetch_and_parse<F: Fetch>(
    fetcher: &F,
    url: Url,
    rules: FetchRules,
) -> Result<Parsed, String> {
    let request = Request {
        obeys_robots: rules.obeys_robots,
        goes_first: true,
        ..Request::new(url, accept::SITEMAP)
    };
    let answer = fetcher.fetch(request).await.whole()?;
    parse(&fetcher.memory(), answer, rules.max_decoded).await.map_err(|error| error.to_string())
}

/// A sitemap with the hash of its body, the bytes of that, and the memory that it has.
type Parsed = (([u8; 16], Sitemap), usize, Room);

/// Off the network's threads.
async fn parse(
    memory: &Memory,
    mut fetched: Fetched,
    max_decoded: usize,
) -> Result<Parsed, FollowError> {
    let mut body = std::mem::take(&mut fetched.body);
    let fetched = Arc::new(fetched);
    for last in [false, true] {
        let fetched = Arc::clone(&fetched);
        let work = move |bytes: Result<Bytes, FetchError>| {
            let bytes = bytes.map_err(|error| error.to_string())?;
            if is_packed(&bytes) && !last {
                return Ok(None);
            }
            let sitemap = sitemap::parse(&bytes, fetched.content_type.as_deref(), &fetched.url)
                .map_err(|error| error.to_string())?;
            Ok(Some(((digest(&[&bytes]), sitemap), bytes.len())))
        };
        let (parsed, room) = memory.read_body(body.clone(), max_decoded, work).await?;
        match parsed.map_err(FollowError::Unreadable)? {
            Some((parsed, length)) => return Ok((parsed, length, room)),
            // Unpacked, it may be large.
            None => body.encodings.insert(0, "gzip".to_owned()),
        }
    }
    Err(FollowError::Unreadable("it is packed twice".to_owned()))
}

/// The sitemaps of an index that are worth reading, the best one last: those for news where there
/// are any, never those of tags and writers where there are others; the newest by the index's
/// dates, else by the numbers in their addresses.
pub(super) fn best(children: Vec<Child>, depth: usize) -> Vec<(Child, usize)> {
    let highest = children.iter().map(|child| worth(&child.url)).max().unwrap_or_default();
    let mut best: Vec<Child> =
        children.into_iter().filter(|child| worth(&child.url) == highest).collect();
    best.sort_by(|one, other| {
        one.modified.cmp(&other.modified).then_with(|| by_numbers(&one.url, &other.url))
    });
    let from = best.len().saturating_sub(MAX_FETCHED);
    best.split_off(from).into_iter().map(|child| (child, depth)).collect()
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
    let has = |words: &[&str]| {
        path.split(|c: char| !c.is_ascii_alphabetic()).any(|part| words.contains(&part))
    };
    // `category-news.xml` is a category.
    if has(&OTHER) { 0 } else { 1 + u8::from(has(&NEWS)) }
}

/// By the numbers in two addresses, from the left: `2026-11` is newer than `2026-9`, `post-12` than
/// `post-2`.
fn by_numbers(one: &Url, other: &Url) -> Ordering {
    let numbers = |url: &Url| -> Vec<u64> {
        let tail = &url[url::Position::BeforePath..];
        tail.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    numbers(one).cmp(&numbers(other))
}

/// Whether a file is itself compressed.
pub(crate) fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1f\x8b")
}

/// The body of a file that is itself compressed: `.xml.gz` is served as what it is, without a
/// `Content-Encoding`.
///
/// # Errors
/// When it is larger than `limit` bytes, damaged or cut off.
pub fn unpack(bytes: Bytes, limit: usize) -> Result<Bytes, FetchError> {
    if !is_packed(&bytes) {
        return Ok(bytes);
    }
    Body { bytes, encodings: vec!["gzip".to_owned()], ..Body::default() }.decode(limit)
}

#[cfg(test)]
mod tests;
