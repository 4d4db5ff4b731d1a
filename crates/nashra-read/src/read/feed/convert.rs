//! Makes entries for the pipeline from a parsed feed, and the content of an article from an entry.

use std::borrow::Cow;

use url::Url;

use super::{
    Repair, markup,
    model::{Document, Item},
    pictures,
    text::Text,
    writers,
};
use crate::{
    base::hash::digest,
    dates::moment::Moment,
    model::{
        entry::{Date, Entry, Feed, LinkRole},
        page::{Evidence, TextSource},
        record::{Block, Byline, BylineKind, Content, Origin, Provenance, Quality},
    },
    read::blocks,
    text as words,
};

pub(super) fn feed(document: Document, url: &Url) -> Feed {
    let truncated = document.recovered.has(Repair::Truncated);
    let language = document.feed.language;
    let entries =
        document.entries.into_iter().map(|item| entry(item, language.as_ref(), url)).collect();
    Feed {
        title: document.feed.title.and_then(|title| plain(&title)),
        language,
        rhythm: document.feed.rhythm,
        links: document.feed.links,
        truncated,
        archive: false,
        entries,
    }
}

fn entry(mut item: Item, language: Option<&String>, base: &Url) -> Entry {
    let canonical = item
        .links
        .iter()
        .find(|link| link.rel == "canonical")
        .and_then(|link| link.href.as_deref());
    let link =
        canonical.or(item.link.as_deref()).and_then(|href| base.join(href).ok()).filter(usable);
    let (enclosures, images) = pictures::take(&mut item);
    Entry {
        identity: String::new(),
        guid: item.id.map(|id| bounded(&id)),
        link,
        title: item.title.and_then(|title| plain(&title)),
        base: item
            .content
            .as_ref()
            .or(item.summary.as_ref())
            .and_then(|content| content.base.as_deref().cloned()),
        date_note: item.published.as_ref().and_then(note),
        summary: item.summary.map(html),
        content: item.content.map(html),
        cut: false,
        published: item.published.and_then(|published| published.time),
        modified: item.updated.and_then(|updated| updated.time),
        authors: writers::names(item.authors),
        categories: item
            .categories
            .into_iter()
            .filter_map(|category| plain_of(category.label.or(category.term)?))
            .collect(),
        enclosures,
        images,
        language: item.language.or_else(|| language.cloned()),
        link_role: LinkRole::default(),
    }
}

/// The most bytes of an address or a guid; browsers and servers take no more.
const MAX_NAME: usize = 4_096;

fn usable(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_NAME
}

/// A guid; a longer one as its hash, which still tells entries apart.
fn bounded(guid: &str) -> String {
    if guid.len() <= MAX_NAME {
        guid.to_owned()
    } else {
        uuid::Uuid::from_bytes(digest(&[guid.as_bytes()])).to_string()
    }
}

/// A text as HTML.
fn html(text: Text) -> String {
    match text.html() {
        Cow::Owned(html) => html,
        Cow::Borrowed(html) => match markup::without_swallowing(html) {
            Cow::Owned(html) => html,
            Cow::Borrowed(_) => text.value,
        },
    }
}

/// A note on a date that was assumed in part, or cannot be read.
fn note(date: &Date) -> Option<String> {
    match date.time {
        Some(time) => Moment { time, assumed: date.assumed }.note().map(str::to_owned),
        None => Some(format!("unreadable: {}", date.raw.chars().take(40).collect::<String>())),
    }
}

/// Text without markup and entities; `None` where nothing is left.
fn plain(text: &Text) -> Option<String> {
    let html = text.html();
    let cleaned = if html.contains(['<', '&']) {
        let base = Url::parse("about:blank").ok()?;
        join(&blocks::from_html_fragment(&html, &base))
    } else {
        words::collapse(&html)
    };
    Some(cleaned).filter(|cleaned| !cleaned.is_empty())
}

/// The same for a value that has no declared type: publishers write markup anywhere.
pub(super) fn plain_of(value: String) -> Option<String> {
    plain(&Text { value, ..Text::default() }.into_title())
}

fn join(blocks: &[Block]) -> String {
    words::collapse(&blocks.iter().filter_map(Block::text).collect::<Vec<_>>().join(" "))
}

/// The content of an article as its entry alone gives it, and the evidence from which enrichers
/// derive the rest.
#[must_use]
pub fn content(entry: &Entry) -> (Content, Evidence) {
    let blank = Url::parse("about:blank");
    let blocks_of =
        |html: &String| match entry.base.as_ref().or(entry.link.as_ref()).or(blank.as_ref().ok()) {
            Some(base) => blocks::from_html_fragment(html, base),
            None => Vec::new(),
        };
    let summary = entry.summary.as_ref().map(blocks_of).unwrap_or_default();
    let blocks = entry
        .content
        .as_ref()
        .map(blocks_of)
        .filter(|blocks| !blocks.is_empty())
        .unwrap_or_else(|| summary.clone());
    let body = blocks::text(&blocks);
    let mut images = entry.images.clone();
    for image in blocks
        .iter()
        .filter_map(|block| if let Block::Image(image) = block { Some(image) } else { None })
    {
        if !images.iter().any(|other| other.url == image.url) {
            images.push(image.clone());
        }
    }
    let source =
        if entry.content.is_some() { TextSource::FeedContent } else { TextSource::FeedSummary };
    let evidence = Evidence { language: entry.language.clone(), source, ..Evidence::default() };
    let content = Content {
        title: entry.title.clone(),
        summary: Some(join(&summary)).filter(|summary| !summary.is_empty()),
        keywords: entry.categories.clone(),
        bylines: entry
            .authors
            .iter()
            .map(|name| Byline { name: name.clone(), kind: BylineKind::Person, place: None })
            .collect(),
        published: entry.published,
        date_notes: entry.date_note.iter().map(|note| format!("published: {note}")).collect(),
        modified: entry.modified,
        provenance: Provenance {
            title: entry.title.as_ref().map(|_| Origin::Feed),
            text: (!body.is_empty()).then_some(Origin::Feed),
            published: entry.published.map(|_| Origin::Feed),
            bylines: (!entry.authors.is_empty()).then_some(Origin::Feed),
        },
        quality: Quality { truncated: entry.content.is_none() || entry.cut, ..Quality::default() },
        text: Some(body).filter(|body| !body.is_empty()),
        blocks,
        images,
        enclosures: entry.enclosures.clone(),
        ..Content::default()
    };
    (content, evidence)
}
