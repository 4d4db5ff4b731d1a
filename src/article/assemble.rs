//! One article out of what the feed says and what the page says. Pure.
//!
//! The page is nearer to the reader, so it wins field by field; the feed fills what the page leaves open,
//! and gives the text where the page has clearly less of it.

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::{Content, Look, identity, record::Origin};
use crate::{feed, store::PendingEntry};

/// An article before it has an id.
#[derive(Debug, Clone, PartialEq)]
pub struct Assembled {
    /// Canonical address.
    pub url: Option<Url>,
    /// Whether `url` is the page's own claim and not simply where it was read.
    pub claimed: bool,
    /// Where it was read.
    pub fetched_url: Option<Url>,
    /// Other addresses, the feed's first. Some are claims of the page, so they name nothing by themselves: one
    /// template's `amphtml` may be the same on every page of its site.
    pub alternates: Vec<Url>,
    /// Addresses that were redirected to `fetched_url`.
    pub led_here: Vec<Url>,
    /// When it was asked for.
    pub looked: DateTime<Utc>,
    /// Whether the text came from its page.
    pub from_page: bool,
    /// All the rest.
    pub content: Content,
}

/// From the feed alone.
#[must_use]
pub fn from_feed(entry: &PendingEntry, looked: DateTime<Utc>) -> Assembled {
    let mut content = feed::content(&entry.entry);
    check_dates(&mut content, looked);
    let link = entry.entry.link.as_ref();
    let url = link.map(identity::clean);
    let alternates = link.filter(|it| Some(*it) != url.as_ref()).cloned().into_iter().collect();
    Assembled { url, claimed: false, fetched_url: None, alternates, led_here: Vec::new(), looked, from_page: false, content }
}

/// From the page and the feed.
#[must_use]
pub fn from_page(entry: &PendingEntry, look: Look) -> Assembled {
    let Look { requested, url: read, via, page } = look;
    let claim = page.canonical.as_ref().filter(|it| identity::believable(it, &read)).map(identity::clean);
    let claimed = claim.is_some();
    let url = claim.unwrap_or_else(|| identity::clean(&read));
    let mut alternates: Vec<Url> = Vec::new();
    let related = page.alternates.iter().filter(|it| identity::believable(it, &read));
    for other in entry.entry.link.iter().chain(&via).chain([&read]).chain(related) {
        if *other != url && !alternates.contains(other) {
            alternates.push(other.clone());
        }
    }
    let mut content = merge(page.content, feed::content(&entry.entry));
    let from_page = content.provenance.text != Some(Origin::Feed);
    check_dates(&mut content, requested);
    Assembled { url: Some(url), claimed, fetched_url: Some(read), alternates, led_here: via, looked: requested, from_page, content }
}

fn merge(mut page: Content, feed: Content) -> Content {
    if page.title.is_none() {
        page.title = feed.title;
        page.provenance.title = feed.provenance.title;
    }
    // A page that shows a third of what the feed carries in full is behind a wall or was misread.
    if !feed.quality.truncated && feed.word_count > 3 * page.word_count.max(20) {
        page.text = feed.text;
        page.blocks = feed.blocks;
        page.word_count = feed.word_count;
        page.provenance.text = feed.provenance.text;
        page.quality = feed.quality;
        (page.language, page.script, page.direction) = (feed.language, feed.script, feed.direction);
    }
    if page.bylines.is_empty() {
        page.bylines = feed.bylines;
        page.provenance.bylines = feed.provenance.bylines;
    }
    // A day that was found in the page's text is less than what the feed says for machines.
    if page.published.is_none() || page.provenance.published == Some(Origin::Dom) && feed.published.is_some() {
        page.published = feed.published;
        page.provenance.published = feed.provenance.published;
    }
    page.modified = page.modified.or(feed.modified);
    page.summary = page.summary.or(feed.summary);
    if page.keywords.is_empty() {
        page.keywords = feed.keywords;
    }
    if page.images.is_empty() {
        page.images = feed.images;
    }
    page.enclosures = feed.enclosures;
    page
}

/// Dates that cannot be are noted, never silently moved.
fn check_dates(content: &mut Content, now: DateTime<Utc>) {
    let notes = &mut content.date_notes;
    match content.published {
        None => notes.push("published: missing".to_owned()),
        Some(date) if date > now + TimeDelta::days(1) => notes.push("published: in the future".to_owned()),
        Some(date) if date.timestamp() < 0 => notes.push("published: before 1970".to_owned()),
        Some(_) => {}
    }
    if let (Some(published), Some(modified)) = (content.published, content.modified)
        && modified < published - TimeDelta::minutes(1)
    {
        notes.push("modified: before published".to_owned());
    }
}
