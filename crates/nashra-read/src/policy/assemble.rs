//! Assembles an article from what its feed and its page say, and makes its record. Pure.
//!
//! The page is nearer to the reader, so it wins field by field; the feed fills what the page leaves
//! open, and gives the text where the page has clearly less of it. The rule of each field is listed
//! in `model/content`.
//!
//! What must stay true: every record of an article is made by [`Assembled::into_record`].

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use url::Url;
use uuid::Uuid;

use super::{doubt, enrich::enrich};
use crate::{
    base::hash::digest,
    dates::plausible,
    model::{
        article::{RememberedPage, TextRank},
        bounds::{self, ADDRESS, usable},
        candidate::FetchedPage,
        clean,
        entry::LinkRole,
        identity,
        kind::SourceKind,
        page::{End, Page, Part},
        pending::{Document, PendingEntry},
        record::{self, Article, Change, Content, Origin, SCHEMA, TextChange},
        story::Story,
    },
    read::feed,
    text,
};

use merge::{SourcedContent, merge};
use names::of_ids;
pub use names::{Name, Tells, of_entry};

mod merge;
mod names;

/// An article before it has an id.
#[derive(Debug, Clone, PartialEq)]
pub struct Assembled {
    /// The canonical address; `None` for a text without one.
    pub url: Option<Url>,
    /// Whether `url` is the page's own claim and not simply where it was read.
    pub claimed: bool,
    /// The address that it was read from, after redirects.
    pub fetched_url: Option<Url>,
    /// Other addresses, the feed's first. Some are claims of the page, so they name nothing by
    /// themselves: one template's `amphtml` may be the same on every page of its site.
    pub alternates: Vec<Url>,
    /// The names under which it is found again, the strongest first.
    pub names: Vec<Name>,
    /// When its page was asked for, or its entry listed.
    pub fetched_at: DateTime<Utc>,
    /// The number of that fetch, in the order of all fetches.
    pub order: u64,
    /// How near to the article its text was read.
    pub text_rank: TextRank,
    /// Where the page held several articles, which of them this is.
    pub part: Option<record::Part>,
    /// Why the end of its text is missing, for people, where its page says that it goes on.
    pub missing: Option<String>,
    /// What its own page showed.
    pub shown: Option<RememberedPage>,
    /// The fields of the article.
    pub content: Content,
}

/// What a record has beside what was found: the identity of the article, and its edition.
#[derive(Debug, Clone)]
pub struct Edition {
    /// The article's id, the same for all its editions.
    pub id: Uuid,
    /// The number of this edition, from 1.
    pub revision: u32,
    /// Why it is published.
    pub change: Change,
    /// The fields that differ from the edition before.
    pub changed_fields: Vec<String>,
    /// Where the text differs from that of the edition before, where that is asked for.
    pub difference: Option<Vec<TextChange>>,
    /// The canonical address, cleaned.
    pub url: Option<String>,
    /// The other addresses of the article, cleaned.
    pub alternate_urls: Vec<String>,
    /// The source that listed it, cleaned and bounded.
    pub source: record::Source,
    /// The story of the article.
    pub story: Option<Story>,
    /// The labels of the article, in alphabetical order.
    pub labels: Vec<String>,
    /// When the article was first seen.
    pub first_seen: DateTime<Utc>,
    /// Hash of the normalised title and text.
    pub content_hash: String,
}

impl Assembled {
    /// Makes the record of an edition. Content and addresses are cleaned already.
    #[must_use]
    pub fn into_record(self, edition: Edition) -> Article {
        let Edition {
            id,
            revision,
            change,
            changed_fields,
            difference,
            url,
            alternate_urls,
            source,
            story,
            labels,
            first_seen,
            content_hash,
        } = edition;
        Article {
            schema: SCHEMA.to_owned(),
            id,
            revision,
            change,
            changed_fields,
            difference,
            url,
            fetched_url: self.fetched_url.map(Into::into),
            alternate_urls,
            source,
            content: self.content,
            first_seen,
            fetched: self.fetched_at,
            part: self.part,
            story,
            labels,
            content_hash,
        }
    }
}

/// The label of the alias of [`Assembled::url`], where the page claims it.
pub const CANONICAL: &str = "canonical address";

/// Assembles an article from its feed alone.
#[must_use]
pub fn from_feed(entry: &PendingEntry, fetched_at: DateTime<Utc>) -> Assembled {
    let (mut content, evidence) = feed::content(&entry.entry);
    enrich(&mut content, &evidence);
    forget_implausible_dates(&mut content, fetched_at, plausible::of_entry);
    check_dates(&mut content, fetched_at);
    let link = entry.entry.link.as_ref();
    let url = link.map(|link| match entry.entry.link_role {
        LinkRole::Page | LinkRole::Shared => identity::clean(link),
        LinkRole::Place => identity::place(link),
    });
    let alternates = link.filter(|link| Some(*link) != url.as_ref()).cloned().into_iter().collect();
    let mut assembled = Assembled {
        url,
        claimed: false,
        fetched_url: None,
        alternates,
        names: of_entry(&entry.source.id, &entry.entry),
        fetched_at,
        order: entry.order,
        text_rank: TextRank::Feed,
        part: None,
        missing: None,
        shown: None,
        content,
    };
    if entry.entry.guid.is_none() {
        name_by_content(&mut assembled);
    }
    assembled
}

/// Assembles the articles of a page, the first one together with its feed's entry. The others are
/// known by the page alone.
#[must_use]
pub fn from_page(entry: &PendingEntry, fetched: FetchedPage) -> Vec<Assembled> {
    let FetchedPage { fetched_at, order, url: read, via, page, .. } = fetched;
    let of = u32::try_from(page.articles.len()).unwrap_or(u32::MAX);
    let link = entry.entry.link.as_ref();
    // A removed article often leads to the front page, which is no article's address.
    let is_own = |url: &&Url| link.is_none_or(|link| !identity::is_front_of(url, link));
    let own = read.as_ref().filter(is_own);
    let claim = page
        .canonical
        .as_ref()
        .filter(|canonical| identity::believable(canonical, read.as_ref()))
        .filter(is_own)
        .map(identity::clean);
    let whole =
        claim.clone().or_else(|| own.or(link.filter(|_| read.is_some())).map(identity::clean));
    let place = PageAddresses { read: own, via: &via, alternates: &page.alternates };
    let mut found = Vec::with_capacity(page.articles.len());
    for (index, mut article) in (0..).zip(page.articles) {
        article.content.quality.truncated |= page.next.is_some();
        forget_implausible_dates(&mut article.content, fetched_at, plausible::of_page);
        let part = (of > 1).then_some(record::Part { index, of });
        let base = Assembled {
            url: whole.clone(),
            claimed: claim.is_some(),
            fetched_url: read.clone(),
            alternates: Vec::new(),
            names: claim.iter().flat_map(|url| Name::of_address(CANONICAL, url)).collect(),
            fetched_at,
            order,
            text_rank: TextRank::Page,
            part,
            missing: page.next.as_ref().map(ToString::to_string),
            shown: None,
            content: Content::default(),
        };
        found.push(if index == 0 {
            first(entry, base, article, place)
        } else {
            following(entry, base, article, read.as_ref())
        });
    }
    found
}

/// The records of a page that no source listed, for `nashra extract`: first editions, whose ids are
/// hashes of address and content, so that they are the same each time.
#[must_use]
pub fn unlisted(page: &Page, read: Option<&Url>, now: DateTime<Utc>) -> Vec<Article> {
    let of = u32::try_from(page.articles.len()).unwrap_or(u32::MAX);
    let shown = |url: &Url| clean::url(url.clone()).map(String::from);
    let source = record::Source {
        id: String::new(),
        name: page.site_name.clone(),
        kind: SourceKind::Page.to_string(),
        url: read.map(ToString::to_string).unwrap_or_default().into(),
        tags: Vec::new(),
    };
    let one = |(index, part): (u32, &Part)| {
        let mut content = part.content.clone();
        content.quality.truncated |= page.next.is_some();
        enrich(&mut content, &part.evidence);
        bounds::content(&mut content);
        clean::content(&mut content);
        let url = part.url.as_ref().or(page.canonical.as_ref()).or(read).and_then(shown);
        let content_hash = text::content_hash(content.title.as_deref(), content.text.as_deref());
        let name = [url.as_deref().unwrap_or_default().as_bytes(), content_hash.as_bytes()];
        let edition = Edition {
            id: Uuid::from_bytes(digest(&name)),
            revision: 1,
            change: Change::New,
            changed_fields: Vec::new(),
            difference: None,
            url,
            alternate_urls: page
                .alternates
                .iter()
                .filter(|_| index == 0)
                .filter_map(shown)
                .collect(),
            source: source.clone(),
            story: None,
            labels: Vec::new(),
            first_seen: now,
            content_hash,
        };
        let found = Assembled {
            url: None,
            claimed: false,
            fetched_url: read.cloned().and_then(clean::url),
            alternates: Vec::new(),
            names: Vec::new(),
            fetched_at: now,
            order: 0,
            text_rank: TextRank::Page,
            part: (of > 1).then_some(record::Part { index, of }),
            missing: None,
            shown: None,
            content,
        };
        found.into_record(edition)
    };
    (0..).zip(&page.articles).map(one).collect()
}

/// The addresses of a page.
#[derive(Debug, Clone, Copy)]
struct PageAddresses<'a> {
    /// Where it was read, after redirects.
    read: Option<&'a Url>,
    /// The addresses before redirects.
    via: &'a [Url],
    /// The addresses that it claims beside its canonical one.
    alternates: &'a [Url],
}

fn first(
    entry: &PendingEntry,
    mut assembled: Assembled,
    article: Part,
    PageAddresses { read, via, alternates }: PageAddresses<'_>,
) -> Assembled {
    let ids = of_ids(&entry.source.id, &entry.entry);
    let (guid, link): (Vec<Name>, Vec<Name>) =
        ids.into_iter().partition(|name| name.tells == Tells::Guid);
    let fetched = read.into_iter().flat_map(|read| Name::of_address("fetched address", read));
    let redirects = via.iter().flat_map(|via| Name::of_address("redirect", via));
    let claimed = std::mem::take(&mut assembled.names);
    assembled.names =
        guid.into_iter().chain(claimed).chain(fetched).chain(link).chain(redirects).collect();
    let related = alternates.iter().filter(|alternate| identity::believable(alternate, read));
    for other in entry.entry.link.iter().chain(via).chain(read).chain(related) {
        if assembled.url.as_ref() != Some(other) && !assembled.alternates.contains(other) {
            assembled.alternates.push(other.clone());
        }
    }
    assembled.shown = Some(doubt::ShownPage::new(&article.content, End::Whole).shown());
    let (mut content, evidence) = feed::content(&entry.entry);
    forget_implausible_dates(&mut content, assembled.fetched_at, plausible::of_entry);
    let SourcedContent { content, evidence } = merge(
        SourcedContent { content: article.content, evidence: article.evidence },
        SourcedContent { content, evidence },
    );
    assembled.content = content;
    enrich(&mut assembled.content, &evidence);
    if assembled.content.provenance.text == Some(Origin::Feed) {
        assembled.text_rank = TextRank::Feed;
    }
    // In a text the headline is the line that looks most like one; whoever hands it over may know
    // better.
    if entry.document.as_ref().is_some_and(Document::is_text) && entry.entry.title.is_some() {
        assembled.content.title.clone_from(&entry.entry.title);
        assembled.content.provenance.title = Some(Origin::Feed);
    }
    name_by_content(&mut assembled);
    check_dates(&mut assembled.content, assembled.fetched_at);
    assembled
}

/// A part with an address of its own has that identity, so that it is the same article as the one
/// of its own page; another is known by its page and its title, never by its place: what follows an
/// article changes from day to day.
fn following(
    entry: &PendingEntry,
    mut assembled: Assembled,
    article: Part,
    read: Option<&Url>,
) -> Assembled {
    let own =
        article.url.as_ref().filter(|url| identity::believable(url, read)).map(identity::clean);
    let title = article.content.title.as_deref().unwrap_or_default();
    assembled.names = match (&own, &assembled.url, &entry.entry.guid) {
        (Some(own), whole, _) if Some(own) != whole.as_ref() => {
            Name::of_address("own address", own).collect()
        }
        (_, Some(whole), _) => {
            vec![Name::of_article("page and title", identity::of_part(whole, title))]
        }
        (_, None, Some(guid)) if !title.is_empty() => {
            let alias = identity::of_guid_part(&entry.source.id, guid, title);
            vec![Name::of_article("guid and title", alias)]
        }
        (_, None, _) => Vec::new(),
    };
    assembled.url = own.or(assembled.url);
    (assembled.claimed, assembled.text_rank, assembled.content) =
        (false, TextRank::Part, article.content);
    enrich(&mut assembled.content, &article.evidence);
    name_by_content(&mut assembled);
    check_dates(&mut assembled.content, assembled.fetched_at);
    assembled
}

/// Adds an alias of the content for an article without an address.
fn name_by_content(assembled: &mut Assembled) {
    if assembled.url.is_none() {
        assembled.names.push(Name::of_article(
            "content",
            identity::of_content(
                assembled.content.title.as_deref(),
                assembled.content.text.as_deref(),
            ),
        ));
    }
}

/// Forgets dates that are none, and notes it.
fn forget_implausible_dates(
    content: &mut Content,
    now: DateTime<Utc>,
    is_plausible: fn(DateTime<FixedOffset>, DateTime<Utc>) -> bool,
) {
    let mut forget = |field: &str, date: &mut Option<DateTime<FixedOffset>>| {
        let forgotten = date.take_if(|date| !is_plausible(*date, now))?;
        content.date_notes.push(format!("{field}: implausible: {}", forgotten.to_rfc3339()));
        Some(forgotten)
    };
    if forget("published", &mut content.published).is_some() {
        content.provenance.published = None;
    }
    forget("modified", &mut content.modified);
}

/// Notes dates that are missing or odd; they are never changed.
fn check_dates(content: &mut Content, now: DateTime<Utc>) {
    let notes = &mut content.date_notes;
    match content.published {
        None => notes.push("published: missing".to_owned()),
        Some(date) if date > now + TimeDelta::days(1) => {
            notes.push("published: in the future".to_owned());
        }
        Some(date) if date.timestamp() < 0 => notes.push("published: before 1970".to_owned()),
        Some(_) => {}
    }
    if let (Some(published), Some(modified)) = (content.published, content.modified)
        && modified < published - TimeDelta::minutes(1)
    {
        notes.push("modified: before published".to_owned());
    }
}

/// Cuts an article to the bounds of a record: rows of the queue may be of a version that bounded
/// less, and what is put together holds what both sides say.
pub fn bound(assembled: &mut Assembled) {
    bounds::content(&mut assembled.content);
    usable(&mut assembled.url);
    usable(&mut assembled.fetched_url);
    assembled.alternates.retain(|alternate| alternate.as_str().len() <= ADDRESS);
}

#[cfg(test)]
mod tests;
