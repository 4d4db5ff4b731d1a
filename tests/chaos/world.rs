//! The seeded world: feeds and pages that appear, change and fail by the seed alone.

use std::{collections::BTreeMap, fmt::Write as _};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;

/// `SplitMix64` (Steele, Lea and Flood, 2014).
#[derive(Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

const FEEDS: usize = 12;
/// Items that a feed lists: fewer than it ever publishes, so that old ones drop out.
const LISTED: usize = 60;

#[derive(Debug)]
struct Item {
    version: u32,
    published: i64,
    updated: i64,
}

/// What is published, and the truth about it.
#[derive(Debug)]
pub(crate) struct World {
    rng: Rng,
    base: String,
    feeds: Vec<Vec<Item>>,
    /// Changes of each feed so far: its `ETag`.
    changes: Vec<u64>,
    calm: bool,
    pub(crate) requests: u64,
}

impl World {
    pub(crate) fn new(seed: u64, base: String) -> Self {
        let feeds = (0..FEEDS).map(|_| Vec::new()).collect();
        Self { rng: Rng::new(seed), base, feeds, changes: vec![0; FEEDS], calm: false, requests: 0 }
    }

    /// The sources, one a line.
    pub(crate) fn feeds(&self) -> String {
        (0..FEEDS).map(|feed| format!("{}/f/{feed}/feed.xml", self.base)).collect::<Vec<_>>().join("\n")
    }

    /// Something new or changed here and there. An item that dropped out of its feed does not change any more,
    /// because nobody would hear of it.
    pub(crate) fn tick(&mut self) {
        let now = chrono::Utc::now().timestamp();
        for feed in 0..FEEDS {
            let items = self.feeds[feed].len();
            if self.rng.below(10) == 0 {
                self.feeds[feed].push(Item { version: 1, published: now, updated: now });
                self.changes[feed] += 1;
            } else if items > 0 && self.rng.below(25) == 0 {
                let listed = items.min(LISTED / 2) as u64;
                let at = items - 1 - usize::try_from(self.rng.below(listed)).unwrap();
                let item = &mut self.feeds[feed][at];
                item.version += 1;
                item.updated = now;
                self.changes[feed] += 1;
            }
        }
    }

    /// No more faults: what is owed can be delivered.
    pub(crate) fn calm(&mut self) {
        self.calm = true;
    }

    /// The last version of each article, by address.
    pub(crate) fn truth(&self) -> BTreeMap<String, u32> {
        let all = self.feeds.iter().enumerate().flat_map(|(feed, items)| items.iter().enumerate().map(move |(at, item)| (feed, at, item)));
        all.map(|(feed, at, item)| (self.address(feed, at), item.version)).collect()
    }

    fn address(&self, feed: usize, at: usize) -> String {
        format!("{}/f/{feed}/a/{at}.html", self.base)
    }

    pub(crate) fn answer(&mut self, path: &str) -> Response<Full<Bytes>> {
        self.requests += 1;
        if !self.calm {
            match self.rng.below(100) {
                0..3 => return status(500),
                3 => return status(429),
                4 => return cut(),
                _ => {}
            }
        }
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["f", feed, "feed.xml"] => self.feed(feed.parse().unwrap()),
            ["f", feed, "a", page] => self.page(feed.parse().unwrap(), page.trim_end_matches(".html").parse().unwrap()),
            _ => status(404),
        }
    }

    fn feed(&self, feed: usize) -> Response<Full<Bytes>> {
        let mut xml = format!(
            "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>Feed {feed}</title><link>{}/</link>",
            self.base
        );
        for (at, item) in self.feeds[feed].iter().enumerate().rev().take(LISTED) {
            let date = |at: i64| chrono::DateTime::from_timestamp(at, 0).unwrap().to_rfc2822();
            // Half of the feeds have guids, the others go by their links.
            let guid = if feed.is_multiple_of(2) { format!("<guid isPermaLink=\"false\">f{feed}-{at}</guid>") } else { String::new() };
            write!(
                xml,
                "<item><title>Story {feed}-{at} edition {}</title><link>{}</link>{guid}<pubDate>{}</pubDate><description>Updated {}</description></item>",
                item.version,
                self.address(feed, at),
                date(item.published),
                item.updated
            )
            .unwrap();
        }
        xml.push_str("</channel></rss>");
        let mut response = Response::new(Full::new(Bytes::from(xml)));
        response.headers_mut().insert("etag", format!("\"{}\"", self.changes[feed]).parse().unwrap());
        response
    }

    fn page(&self, feed: usize, at: usize) -> Response<Full<Bytes>> {
        let Some(item) = self.feeds[feed].get(at) else { return status(404) };
        let version = item.version;
        let published = chrono::DateTime::from_timestamp(item.published, 0).unwrap().to_rfc3339();
        let paragraphs = (0..5)
            .map(|it| format!("<p>Paragraph {it} of story {feed}-{at} says that the council met again on the matter, and that the ferry, the harbour and the old bridge stay as they are for now, as everybody had expected.</p>"))
            .collect::<Vec<_>>()
            .concat();
        let html = format!(
            "<!DOCTYPE html><html lang=\"en\"><head><title>Story {feed}-{at} edition {version}</title><link rel=\"canonical\" href=\"{}\"><meta property=\"article:published_time\" content=\"{published}\"></head><body><article><h1>Story {feed}-{at} edition {version}</h1><p>This is edition number {version} of the story, marked EDITION-{version}-END for those who count, with enough words to be a paragraph of its own.</p>{paragraphs}</article></body></html>",
            self.address(feed, at)
        );
        Response::new(Full::new(Bytes::from(html)))
    }
}

fn status(code: u16) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"no")));
    *response.status_mut() = hyper::StatusCode::from_u16(code).unwrap();
    if code == 429 {
        response.headers_mut().insert("retry-after", "1".parse().unwrap());
    }
    response
}

/// Says it is compressed, and is not.
fn cut() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"\x1f\x8b\x08broken")));
    response.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    response
}
