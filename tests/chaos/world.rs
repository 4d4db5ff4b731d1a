//! The seeded world: three sites whose feeds and pages appear and change by the seed alone. The
//! steady one never fails, the moody one fails and answers nonsense at times, the hostile one lists
//! records that no broker takes.
//!
//! Each article has a text of its own, except that one feed of the steady site repeats what others of
//! it said first.

mod mood;
mod poison;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use crate::{
    rng::Rng,
    site::{Answer, Site},
};

use poison::Poison;

/// Feeds of the steady and of the moody site together; the first half is the steady one's.
pub(crate) const FEEDS: usize = 12;
/// Items that a feed lists: fewer than it ever publishes, so that old ones drop out.
const LISTED: usize = 60;

/// Where the sites are.
#[derive(Debug, Clone)]
pub(crate) struct Bases {
    pub(crate) steady: String,
    pub(crate) moody: String,
    pub(crate) hostile: String,
}

#[derive(Debug)]
struct Item {
    version: u32,
    published: i64,
    updated: i64,
    /// Its page was taken away.
    gone: bool,
    /// The feed and the place of the article that it is a copy of.
    of: Option<(usize, usize)>,
}

/// The feed that repeats articles of others: every third of its articles is a copy.
const COPYING: usize = FEEDS / 2 - 1;

/// Seconds between two pages of one site that are taken away: only few may vanish at once.
const TAKEN_EVERY: i64 = 45;
/// Seconds after which the page of an item is not taken away any more, because it has had its looks.
const TAKEN_WITHIN: i64 = 90;

/// What may go wrong at the sites.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Troubles {
    pub(crate) nonsense: bool,
    pub(crate) poison: bool,
}

/// What is published, and the truth about it.
#[derive(Debug)]
pub(crate) struct World {
    rng: Rng,
    bases: Bases,
    troubles: Troubles,
    feeds: Vec<Vec<Item>>,
    /// Changes of each feed so far: its `ETag`.
    changes: Vec<u64>,
    poison: Poison,
    calm: bool,
    /// When a page was last taken away, of the steady and of the moody site.
    taken: [i64; 2],
    pub(crate) requests: u64,
    /// Nonsense that was served, by its kind.
    pub(crate) nonsense: BTreeMap<&'static str, u64>,
}

impl World {
    pub(crate) fn new(seed: u64, bases: Bases, troubles: Troubles) -> Self {
        Self {
            rng: Rng::new(seed),
            poison: Poison::new(bases.hostile.clone()),
            bases,
            troubles,
            feeds: (0..FEEDS).map(|_| Vec::new()).collect(),
            changes: vec![0; FEEDS],
            calm: false,
            taken: [0; 2],
            requests: 0,
            nonsense: BTreeMap::new(),
        }
    }

    /// The list of sources, as nashra reads it.
    pub(crate) fn sources(&self) -> String {
        let own = (0..FEEDS)
            .map(|feed| (format!("feed-{feed}"), format!("{}/f/{feed}/feed.xml", self.base(feed))));
        let hostile = self.poison.feeds().filter(|_| self.troubles.poison);
        let all: Vec<String> = own
            .chain(hostile)
            .map(|(id, url)| format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\n"))
            .collect();
        all.concat()
    }

    /// Something new or changed here and there; what is new on the steady site. An item that
    /// dropped out of its feed does not change any more, because nobody would hear of it.
    pub(crate) fn tick(&mut self) -> Vec<(String, u32)> {
        let now = chrono::Utc::now().timestamp();
        let mut shown = Vec::new();
        for feed in 0..FEEDS {
            let items = self.feeds[feed].len();
            let at = if self.rng.below(10) == 0 {
                let of = self.original(feed);
                let item = Item { version: 1, published: now, updated: now, gone: false, of };
                self.feeds[feed].push(item);
                items
            } else if items > 0 && self.rng.below(25) == 0 {
                let at = items - 1 - self.rng.index(items.min(LISTED / 2));
                let item = &mut self.feeds[feed][at];
                if item.gone {
                    continue;
                }
                item.version += 1;
                item.updated = now;
                at
            } else {
                continue;
            };
            self.changes[feed] += 1;
            if steady(feed) {
                shown.push((self.address(feed, at), self.feeds[feed][at].version));
            }
        }
        shown
    }

    /// What a new article of a feed is a copy of: none of the copies has one of its own.
    fn original(&mut self, feed: usize) -> Option<(usize, usize)> {
        if feed != COPYING || !self.feeds[feed].len().is_multiple_of(3) {
            return None;
        }
        let from = self.rng.index(COPYING);
        let there = self.feeds[from].len();
        (there > 0).then(|| (from, there - 1 - self.rng.index(there.min(LISTED / 2))))
    }

    /// Takes the page of an article away, now and then, of those that a consumer has in their last
    /// version; returns its address.
    pub(crate) fn take_away(&mut self, has: impl Fn(&str, u32) -> bool) -> Option<String> {
        let now = chrono::Utc::now().timestamp();
        let feed = self.rng.index(FEEDS);
        let site = usize::from(!steady(feed));
        if now - self.taken[site] < TAKEN_EVERY {
            return None;
        }
        let at = self.feeds[feed].iter().enumerate().position(|(at, item)| {
            !item.gone
                && now - item.published < TAKEN_WITHIN
                && has(&self.address(feed, at), item.version)
        })?;
        self.taken[site] = now;
        self.feeds[feed][at].gone = true;
        Some(self.address(feed, at))
    }

    /// Addresses of the pages that were taken away.
    pub(crate) fn gone(&self) -> BTreeSet<String> {
        let all = self.feeds.iter().enumerate().flat_map(|(feed, items)| {
            items.iter().enumerate().filter(|(_, item)| item.gone).map(move |(at, _)| (feed, at))
        });
        all.map(|(feed, at)| self.address(feed, at)).collect()
    }

    /// The hostile site lists one more.
    pub(crate) fn poison(&mut self) {
        self.poison.add();
    }

    /// Addresses of what the hostile site listed to somebody.
    pub(crate) fn poisoned(&self) -> BTreeSet<String> {
        self.poison.listed()
    }

    /// No more faults: what is owed can be delivered.
    pub(crate) fn calm(&mut self) {
        self.calm = true;
    }

    /// The last version of each article of the steady and the moody site, by address.
    pub(crate) fn truth(&self) -> BTreeMap<String, u32> {
        let all = self.feeds.iter().enumerate().flat_map(|(feed, items)| {
            items.iter().enumerate().map(move |(at, item)| (feed, at, item))
        });
        all.map(|(feed, at, item)| (self.address(feed, at), item.version)).collect()
    }

    /// The articles of the steady site that say the same, by address: each leads to the one that said
    /// it first.
    pub(crate) fn originals(&self) -> BTreeMap<String, String> {
        let all = (0..FEEDS / 2).flat_map(|feed| {
            self.feeds[feed].iter().enumerate().map(move |(at, item)| ((feed, at), item.of))
        });
        all.map(|((feed, at), of)| {
            let (first, place) = of.unwrap_or((feed, at));
            (self.address(feed, at), self.address(first, place))
        })
        .collect()
    }

    /// What the steady site's addresses begin with.
    pub(crate) fn steady(&self) -> &str {
        &self.bases.steady
    }

    fn base(&self, feed: usize) -> &str {
        if steady(feed) { &self.bases.steady } else { &self.bases.moody }
    }

    fn address(&self, feed: usize, at: usize) -> String {
        format!("{}/f/{feed}/a/{at}.html", self.base(feed))
    }

    /// `known` is what the client says it has.
    pub(crate) fn answer(&mut self, site: Site, path: &str, known: Option<&str>) -> Answer {
        self.requests += 1;
        match site {
            Site::Steady => self.good(path, known),
            Site::Moody if self.calm => self.good(path, known),
            Site::Moody => self.moody(path, known),
            Site::Hostile => self.poison.answer(path, known),
        }
    }

    fn moody(&mut self, path: &str, known: Option<&str>) -> Answer {
        match self.rng.below(100) {
            0..3 => Answer::status(500),
            3 => Answer::status(429).with("retry-after", "1"),
            4 => mood::falsely_compressed(),
            // Every thirteenth page, every twentieth feed.
            5..13 if self.troubles.nonsense && (path.contains("/a/") || self.rng.below(8) < 5) => {
                let (good, front) = (self.good(path, None), self.front(path));
                let (kind, answer) = mood::spoil(&mut self.rng, good, front);
                *self.nonsense.entry(kind).or_default() += 1;
                answer
            }
            _ => self.good(path, known),
        }
    }

    fn good(&self, path: &str, known: Option<&str>) -> Answer {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["f", feed, "feed.xml"] => self.feed(feed.parse().unwrap(), known),
            ["f", feed, "a", page] => {
                self.page(feed.parse().unwrap(), page.trim_end_matches(".html").parse().unwrap())
            }
            _ => Answer::status(404),
        }
    }

    fn feed(&self, feed: usize, known: Option<&str>) -> Answer {
        let tag = format!("\"{}\"", self.changes[feed]);
        if known == Some(&tag) {
            return Answer::status(304);
        }
        let mut xml = format!(
            "<rss version=\"2.0\"><channel><title>Feed {feed}</title><link>{}/</link>",
            self.base(feed)
        );
        for (at, item) in self.feeds[feed].iter().enumerate().rev().take(LISTED) {
            let date = |at: i64| chrono::DateTime::from_timestamp(at, 0).unwrap().to_rfc2822();
            // Half of the feeds have guids, the others go by their links.
            let guid = if feed.is_multiple_of(2) {
                format!("<guid isPermaLink=\"false\">f{feed}-{at}</guid>")
            } else {
                String::new()
            };
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
        Answer::ok(xml).with("etag", &tag)
    }

    /// The front page of a feed's site, which shows the headlines of its articles.
    fn front(&self, path: &str) -> String {
        let feed: usize =
            path.split('/').nth(2).and_then(|part| part.parse().ok()).unwrap_or_default();
        let teaser = |(at, item): (usize, &Item)| {
            let (address, version) = (self.address(feed, at), item.version);
            format!(
                "<div><h2><a href=\"{address}\">Story {feed}-{at} edition {version}</a></h2><p>In edition {version} of story {feed}-{at} the council met again on the matter, and the ferry stays as it is.</p></div>"
            )
        };
        let teasers: String =
            self.feeds[feed].iter().enumerate().rev().take(LISTED).map(teaser).collect();
        format!(
            "<!DOCTYPE html><html lang=\"en\"><head><title>News of the harbour</title></head><body><h1>News of the harbour</h1>{teasers}</body></html>"
        )
    }

    fn page(&self, feed: usize, at: usize) -> Answer {
        let Some(item) = self.feeds[feed].get(at).filter(|item| !item.gone) else {
            return Answer::status(404);
        };
        let version = item.version;
        let published = chrono::DateTime::from_timestamp(item.published, 0).unwrap().to_rfc3339();
        let (first, place) = item.of.unwrap_or((feed, at));
        let number = (first * 1_000_000 + place) as u64;
        let paragraphs = words::paragraphs(number).collect::<Vec<_>>().join("</p><p>");
        // Marks at the beginning and at the end: a text of two editions, or the half of one, is
        // known by them.
        let html = format!(
            "<!DOCTYPE html><html lang=\"en\"><head><title>Story {feed}-{at} edition {version}</title><link rel=\"canonical\" href=\"{}\"><meta property=\"article:published_time\" content=\"{published}\"></head><body><article><h1>Story {feed}-{at} edition {version}</h1><p>This is edition number {version} of the story, marked EDITION-{version}-END for those who count, with enough words to be a paragraph of its own.</p><p>{paragraphs}</p><p>The last paragraph of story {feed}-{at} is marked LAST-{version}-END for those who count, so that everybody can see where the text ends.</p></article></body></html>",
            self.address(feed, at)
        );
        Answer::ok(html).with("content-type", "text/html; charset=utf-8")
    }
}

fn steady(feed: usize) -> bool {
    feed < FEEDS / 2
}
