//! One article out of what the feed says and what the page says. Pure.
//!
//! The page is nearer to the reader, so it wins field by field; the feed fills what the page leaves open,
//! and gives the text where the page has clearly less of it.

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::doubt;
use crate::{
    model::{
        article::{Shown, Standing},
        bounds::{ADDRESS, content, usable},
        candidate::Look,
        identity,
        pending::{Document, PendingEntry},
        record::{self, Content, Origin},
    },
    read::feed,
};

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
    /// What it is known by, the strongest first.
    pub names: Vec<Name>,
    /// When it was asked for.
    pub looked: DateTime<Utc>,
    /// Which look it was, in the order of all that is looked at.
    pub order: u64,
    /// How near to the article its text was read.
    pub standing: Standing,
    /// Where the page held several articles, which of them this is.
    pub part: Option<record::Part>,
    /// What its own page showed.
    pub shown: Option<Shown>,
    /// All the rest.
    pub content: Content,
}

/// Something that an article is found again by: what it is, in words, and the alias.
pub type Name = (&'static str, [u8; 16]);

/// The word for the alias of [`Assembled::url`].
pub const CANONICAL: &str = "canonical address";

/// From the feed alone.
#[must_use]
pub fn from_feed(entry: &PendingEntry, looked: DateTime<Utc>) -> Assembled {
    let mut content = feed::content(&entry.entry);
    check_dates(&mut content, looked);
    let link = entry.entry.link.as_ref();
    let url = link.map(identity::clean);
    let alternates = link.filter(|it| Some(*it) != url.as_ref()).cloned().into_iter().collect();
    let mut names: Vec<Name> = url.iter().map(|it| (CANONICAL, identity::of_url(it))).collect();
    names.extend(named_by_entry(entry));
    Assembled {
        url,
        claimed: false,
        fetched_url: None,
        alternates,
        names,
        looked,
        order: entry.order,
        standing: Standing::Feed,
        part: None,
        shown: None,
        content,
    }
}

/// From the page and the feed. The entry is about the first article of its page; what follows is known by what the
/// page says of it.
#[must_use]
pub fn from_page(entry: &PendingEntry, look: Look) -> Vec<Assembled> {
    let Look { requested, order, url: read, via, page, .. } = look;
    let of = u32::try_from(page.articles.len()).unwrap_or(u32::MAX);
    let claim = page.canonical.as_ref().filter(|it| identity::believable(it, read.as_ref())).map(identity::clean);
    let whole = claim.clone().or_else(|| read.as_ref().map(identity::clean));
    let mut found = Vec::with_capacity(page.articles.len());
    for (index, article) in (0..).zip(page.articles) {
        let part = (of > 1).then_some(record::Part { index, of });
        let base = Assembled {
            url: whole.clone(),
            claimed: claim.is_some(),
            fetched_url: read.clone(),
            alternates: Vec::new(),
            names: whole.iter().map(|it| (CANONICAL, identity::of_url(it))).collect(),
            looked: requested,
            order,
            standing: Standing::Page,
            part,
            shown: None,
            content: Content::default(),
        };
        found.push(if index == 0 {
            first(entry, base, article.content, (read.as_ref(), &via, &page.alternates))
        } else {
            following(entry, base, article, read.as_ref())
        });
    }
    found
}

fn first(entry: &PendingEntry, mut it: Assembled, content: Content, (read, via, others): (Option<&Url>, &[Url], &[Url])) -> Assembled {
    it.names.extend(read.map(|it| ("fetched address", identity::of_url(it))));
    it.names.extend(named_by_entry(entry));
    it.names.extend(via.iter().map(|it| ("redirect", identity::of_url(it))));
    let related = others.iter().filter(|it| identity::believable(it, read));
    for other in entry.entry.link.iter().chain(via).chain(read).chain(related) {
        if it.url.as_ref() != Some(other) && !it.alternates.contains(other) {
            it.alternates.push(other.clone());
        }
    }
    it.shown = Some(doubt::Page::of(&content, crate::model::page::End::Whole).shown());
    it.content = merge(content, feed::content(&entry.entry));
    if it.content.provenance.text == Some(Origin::Feed) {
        it.standing = Standing::Feed;
    }
    // In a text the headline is the line that looks most like one; whoever hands it over may know better.
    if entry.document.as_ref().is_some_and(Document::is_text) && entry.entry.title.is_some() {
        it.content.title.clone_from(&entry.entry.title);
        it.content.provenance.title = Some(Origin::Feed);
    }
    name_by_content(&mut it);
    check_dates(&mut it.content, it.looked);
    it
}

/// A part with an address of its own has that identity, so that it is the same article as the one of its own page;
/// another is known by its page and its title, never by its place: what follows an article changes from day to day.
fn following(entry: &PendingEntry, mut it: Assembled, article: crate::model::page::Part, read: Option<&Url>) -> Assembled {
    let own = article.url.as_ref().filter(|url| identity::believable(url, read)).map(identity::clean);
    let title = article.content.title.as_deref().unwrap_or_default();
    it.names = match (&own, &it.url, &entry.entry.guid) {
        (Some(own), whole, _) if Some(own) != whole.as_ref() => vec![(CANONICAL, identity::of_url(own))],
        (_, Some(whole), _) => vec![("page and title", identity::of_part(whole, title))],
        (_, None, Some(guid)) if !title.is_empty() => {
            vec![("guid and title", identity::of_guid_part(&entry.source.id, guid, title))]
        }
        (_, None, _) => Vec::new(),
    };
    it.url = own.or(it.url);
    (it.claimed, it.standing, it.content) = (false, Standing::Part, article.content);
    name_by_content(&mut it);
    check_dates(&mut it.content, it.looked);
    it
}

/// What has no address is found again by what it says.
fn name_by_content(it: &mut Assembled) {
    if it.url.is_none() {
        it.names.push(("content", identity::of_content(it.content.title.as_deref(), it.content.text.as_deref())));
    }
}

fn named_by_entry(entry: &PendingEntry) -> Vec<Name> {
    let link = entry.entry.link.as_ref().map(|it| ("link", identity::of_url(it)));
    let guid = entry.entry.guid.as_deref().map(|it| ("guid", identity::of_guid(&entry.source.id, it)));
    link.into_iter().chain(guid).collect()
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

/// What an article is put together from: rows of the queue may be of a version that bounded less, and what is put together
/// holds what both sides say.
pub(crate) fn assembled(it: &mut Assembled) {
    content(&mut it.content);
    usable(&mut it.url);
    usable(&mut it.fetched_url);
    it.alternates.retain(|it| it.as_str().len() <= ADDRESS);
}
