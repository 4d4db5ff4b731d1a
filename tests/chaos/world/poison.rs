//! The hostile site: five feeds whose records are larger than a broker takes, each in another
//! field.

use std::{collections::BTreeSet, fmt::Write as _};

use crate::{rng::Rng, site::Answer};

/// More than a broker takes in one record by default (1 MB), less than a body may have.
const HUGE: usize = 2_500_000;
/// Items that a feed lists; each of them is huge.
const LISTED: usize = 2;

/// In which field it is.
const FEEDS: [&str; 5] = ["name", "title", "gone", "section", "entry"];

#[derive(Debug)]
pub(super) struct Poison {
    base: String,
    /// Items of each feed so far.
    items: [usize; FEEDS.len()],
    listed: BTreeSet<String>,
    turn: usize,
}

impl Poison {
    pub(super) fn new(base: String) -> Self {
        Self { base, items: [0; FEEDS.len()], listed: BTreeSet::new(), turn: 0 }
    }

    /// Ids and addresses of the feeds.
    pub(super) fn feeds(&self) -> impl Iterator<Item = (String, String)> {
        FEEDS
            .iter()
            .map(|kind| (format!("hostile-{kind}"), format!("{}/{kind}/feed.xml", self.base)))
    }

    /// One more item, of each feed in turn.
    pub(super) fn add(&mut self) {
        self.items[self.turn % FEEDS.len()] += 1;
        self.turn += 1;
    }

    /// Addresses of the items that somebody was told of.
    pub(super) fn listed(&self) -> BTreeSet<String> {
        self.listed.clone()
    }

    pub(super) fn answer(&mut self, path: &str, known: Option<&str>) -> Answer {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let [kind, file] = parts.as_slice() else { return Answer::status(404) };
        let Some(at) = FEEDS.iter().position(|feed| feed == kind) else {
            return Answer::status(404);
        };
        match file.strip_suffix(".html").and_then(|rest| rest.parse().ok()) {
            None => self.feed(at, known),
            Some(item) => page(FEEDS[at], item),
        }
    }

    fn feed(&mut self, at: usize, known: Option<&str>) -> Answer {
        let (kind, items) = (FEEDS[at], self.items[at]);
        let tag = format!("\"{items}\"");
        if known == Some(&tag) {
            return Answer::status(304);
        }
        let name =
            if kind == "name" { huge("The name of a feed") } else { "A hostile feed".to_owned() };
        let mut xml = format!(
            "<rss version=\"2.0\"><channel><title>{name}</title><link>{}/</link>",
            self.base
        );
        for item in (0..items).rev().take(LISTED) {
            let address = format!("{}/{kind}/{item}.html", self.base);
            let title = format!("Poison {kind} {item}");
            let title = if matches!(kind, "title" | "gone") { huge(&title) } else { title };
            let description = if kind == "entry" {
                huge(&format!("Entry {item}"))
            } else {
                "In short".to_owned()
            };
            write!(xml, "<item><title>{title}</title><link>{address}</link><description>{description}</description></item>").unwrap();
            self.listed.insert(address);
        }
        xml.push_str("</channel></rss>");
        Answer::ok(xml).with("etag", &tag)
    }
}

fn page(kind: &str, item: usize) -> Answer {
    let section = match kind {
        "gone" | "entry" => return Answer::status(410),
        "section" => huge("A section"),
        _ => "News".to_owned(),
    };
    let paragraphs = "<p>The hostile site has something to say, too, and it says it at some length, so that it is taken for an article like any other.</p>".repeat(5);
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>Poison {kind} {item}</title><meta property=\"article:section\" content=\"{section}\"></head><body><article><h1>Poison {kind} {item}</h1>{paragraphs}</article></body></html>"
    );
    Answer::ok(html).with("content-type", "text/html; charset=utf-8")
}

/// Letters that no compression makes small enough.
fn huge(beginning: &str) -> String {
    let mut rng = Rng::new(7);
    let mut text = String::with_capacity(HUGE + 10);
    text.push_str(beginning);
    while text.len() < HUGE {
        let letters = rng.next().to_le_bytes();
        text.push(' ');
        text.extend(letters.map(|letter| char::from(b'a' + letter % 26)));
    }
    text
}
