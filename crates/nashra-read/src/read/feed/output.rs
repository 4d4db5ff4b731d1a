//! The JSON that `nashra feed` writes: safe texts, times in seconds, the authors also in one line.

use std::{borrow::Cow, rc::Rc};

use memchr::memmem;
use serde::{Serialize, Serializer};
use url::Url;

use super::{
    bases::Bases,
    model::{
        Category, Channel, Credit, Document, Enclosure, Format, Geo, Item, Media, Person, Thumbnail,
    },
    person,
    repairs::Repairs,
    safe_html::safe_within,
    text::{Text, TextKind},
};
use crate::model::entry::{Date, Link};

/// A feed in the form that `nashra feed` writes.
#[derive(Debug, Serialize)]
pub struct FeedOutput {
    ok: bool,
    error: Option<String>,
    recovered: Repairs,
    encoding: &'static str,
    format: Format,
    feed: Feed,
    entries: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Feed {
    title: Option<String>,
    link: Option<String>,
    description: Option<String>,
    id: Option<String>,
    language: Option<String>,
    rights: Option<String>,
    generator: Option<String>,
    image: Option<String>,
    icon: Option<String>,
    updated: Option<i64>,
    updated_raw: Option<String>,
    published: Option<i64>,
    published_raw: Option<String>,
    author: Option<String>,
    authors: Vec<Person>,
    contributors: Vec<Person>,
    categories: Vec<Category>,
    links: Vec<Link>,
    explicit: Option<bool>,
    #[serde(flatten)]
    rhythm: crate::model::entry::Rhythm,
}

#[derive(Debug, Serialize)]
struct Entry {
    id: Option<String>,
    title: Option<String>,
    link: Option<String>,
    summary: Option<Shared>,
    content: Option<Shared>,
    content_type: Option<&'static str>,
    content_src: Option<String>,
    updated: Option<i64>,
    updated_raw: Option<String>,
    published: Option<i64>,
    published_raw: Option<String>,
    author: Option<String>,
    authors: Vec<Person>,
    contributors: Vec<Person>,
    categories: Vec<Category>,
    enclosures: Vec<Enclosure>,
    media: Vec<Media>,
    thumbnails: Vec<Thumbnail>,
    credits: Vec<Credit>,
    links: Vec<Link>,
    comments: Option<String>,
    rights: Option<String>,
    language: Option<String>,
    source: Option<Origin>,
    geo: Option<Geo>,
    image: Option<String>,
    explicit: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Origin {
    title: Option<String>,
    link: Option<String>,
    id: Option<String>,
}

/// A text that two fields share.
#[derive(Debug, Clone)]
struct Shared(Rc<String>);

impl Serialize for Shared {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl FeedOutput {
    /// The output for a document that was read from `url`.
    #[must_use]
    pub fn new(document: Document, url: &Url) -> Self {
        let mut bases = Bases::new(url);
        if let Some(site) = &document.feed.link {
            bases.set_site(site);
        }
        let bases = &bases;
        Self {
            ok: true,
            error: None,
            recovered: document.recovered,
            encoding: document.encoding,
            format: document.format,
            feed: feed(document.feed, bases),
            entries: document.entries.into_iter().map(|item| entry(item, bases)).collect(),
        }
    }
}

fn feed(channel: Channel, bases: &Bases) -> Feed {
    let (updated, updated_raw) = moment(channel.updated);
    let (published, published_raw) = moment(channel.published);
    let description = safe(channel.description, bases);
    Feed {
        title: safe(channel.title, bases),
        link: channel.link,
        id: channel.id.map(|id| absolute(id, bases)),
        language: channel.language,
        rights: safe(channel.rights, bases),
        generator: channel.generator,
        image: channel.image.or_else(|| picture(description.as_ref())),
        description,
        icon: channel.icon,
        updated,
        updated_raw,
        published,
        published_raw,
        author: names(&channel.authors),
        authors: channel.authors,
        contributors: channel.contributors,
        categories: channel.categories,
        links: channel.links,
        explicit: channel.explicit,
        rhythm: channel.rhythm,
    }
}

fn entry(item: Item, bases: &Bases) -> Entry {
    let (updated, updated_raw) = moment(item.updated);
    let (published, published_raw) = moment(item.published);
    let content_type = item.content.as_ref().map(|content| match content.kind {
        TextKind::Plain => "text/plain",
        TextKind::Html => "text/html",
        TextKind::Xhtml => "application/xhtml+xml",
    });
    let (content, summary) = (safe(item.content, bases), safe(item.summary, bases));
    let attached = item.enclosures.iter().find(|enclosure| {
        enclosure.media_type.as_deref().is_some_and(|media_type| media_type.starts_with("image/"))
    });
    let image = item.image.or_else(|| attached.map(|enclosure| enclosure.url.clone()));
    let image = image.or_else(|| picture(content.as_ref())).or_else(|| picture(summary.as_ref()));
    let (content, summary) = (
        content.map(|content| Shared(Rc::new(content))),
        summary.map(|summary| Shared(Rc::new(summary))),
    );
    Entry {
        id: item.id.map(|id| absolute(id, bases)),
        title: safe(item.title, bases),
        link: item.link,
        summary: summary.or_else(|| content.clone()),
        content,
        content_type,
        content_src: item.content_src,
        updated,
        updated_raw,
        published,
        published_raw,
        author: names(&item.authors),
        authors: item.authors,
        contributors: item.contributors,
        categories: item.categories,
        enclosures: item.enclosures,
        media: item.media,
        thumbnails: item.thumbnails,
        credits: item.credits,
        links: item.links,
        comments: item.comments,
        rights: safe(item.rights, bases),
        language: item.language,
        source: item.source.map(|source| Origin {
            title: safe(source.title, bases),
            link: source.link,
            id: source.id,
        }),
        geo: item.geo,
        image,
        explicit: item.explicit,
    }
}

/// An id; one that is a path is made absolute, so that it is the same wherever the feed is read.
fn absolute(id: String, bases: &Bases) -> String {
    if id.starts_with('/') { bases.resolve(0, &id) } else { id }
}

/// The first picture of an HTML text.
fn picture(html: Option<&String>) -> Option<String> {
    let html = html?;
    let at = memmem::find(html.as_bytes(), b"<img ")?;
    let (_, rest) = html[at..].split('>').next()?.split_once("src=\"")?;
    let address = htmlize::unescape_attribute(rest.split('"').next()?);
    address.starts_with("http").then(|| address.into_owned())
}

fn safe(text: Option<Text>, bases: &Bases) -> Option<String> {
    let text = text?;
    if text.kind == TextKind::Plain {
        return Some(text.value);
    }
    let safe = match safe_within(&text.value, text.base.as_deref().unwrap_or(bases.own()), bases) {
        Cow::Owned(safe) if safe.trim().len() == safe.len() => safe,
        Cow::Owned(safe) => safe.trim().to_owned(),
        Cow::Borrowed(_) => text.value,
    };
    (!safe.is_empty()).then_some(safe)
}

fn moment(date: Option<Date>) -> (Option<i64>, Option<String>) {
    date.map_or((None, None), |date| (date.time.map(|time| time.timestamp()), Some(date.raw)))
}

fn names(people: &[Person]) -> Option<String> {
    let names: Vec<String> = people.iter().filter_map(person::to_line).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
