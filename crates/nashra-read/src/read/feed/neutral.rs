//! The model as JSON, for those who read feeds with `nashra feed`: texts safe, times in seconds,
//! one author in one line.

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
    text::{Kind, Text},
};
use crate::model::entry::{Date, Link};

/// A document, ready to be written.
#[derive(Debug, Serialize)]
pub struct Neutral {
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

/// A text that stands for two fields.
#[derive(Debug, Clone)]
struct Shared(Rc<String>);

impl Serialize for Shared {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Neutral {
    /// Of a document that was read from `url`.
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
            entries: document.entries.into_iter().map(|it| entry(it, bases)).collect(),
        }
    }
}

fn feed(it: Channel, bases: &Bases) -> Feed {
    let (updated, updated_raw) = moment(it.updated);
    let (published, published_raw) = moment(it.published);
    let description = safe(it.description, bases);
    Feed {
        title: safe(it.title, bases),
        link: it.link,
        id: it.id.map(|id| absolute(id, bases)),
        language: it.language,
        rights: safe(it.rights, bases),
        generator: it.generator,
        image: it.image.or_else(|| picture(description.as_ref())),
        description,
        icon: it.icon,
        updated,
        updated_raw,
        published,
        published_raw,
        author: names(&it.authors),
        authors: it.authors,
        contributors: it.contributors,
        categories: it.categories,
        links: it.links,
        explicit: it.explicit,
        rhythm: it.rhythm,
    }
}

fn entry(it: Item, bases: &Bases) -> Entry {
    let (updated, updated_raw) = moment(it.updated);
    let (published, published_raw) = moment(it.published);
    let content_type = it.content.as_ref().map(|content| match content.kind {
        Kind::Plain => "text/plain",
        Kind::Html => "text/html",
        Kind::Xhtml => "application/xhtml+xml",
    });
    let (content, summary) = (safe(it.content, bases), safe(it.summary, bases));
    let attached = it.enclosures.iter().find(|enclosure| {
        enclosure.media_type.as_deref().is_some_and(|media_type| media_type.starts_with("image/"))
    });
    let image = it.image.or_else(|| attached.map(|attached| attached.url.clone()));
    let image = image.or_else(|| picture(content.as_ref())).or_else(|| picture(summary.as_ref()));
    let (content, summary) = (
        content.map(|content| Shared(Rc::new(content))),
        summary.map(|summary| Shared(Rc::new(summary))),
    );
    Entry {
        id: it.id.map(|id| absolute(id, bases)),
        title: safe(it.title, bases),
        link: it.link,
        summary: summary.or_else(|| content.clone()),
        content,
        content_type,
        content_src: it.content_src,
        updated,
        updated_raw,
        published,
        published_raw,
        author: names(&it.authors),
        authors: it.authors,
        contributors: it.contributors,
        categories: it.categories,
        enclosures: it.enclosures,
        media: it.media,
        thumbnails: it.thumbnails,
        credits: it.credits,
        links: it.links,
        comments: it.comments,
        rights: safe(it.rights, bases),
        language: it.language,
        source: it.source.map(|source| Origin {
            title: safe(source.title, bases),
            link: source.link,
            id: source.id,
        }),
        geo: it.geo,
        image,
        explicit: it.explicit,
    }
}

/// An id that is the path of an address names the same wherever it is read.
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
    if text.kind == Kind::Plain {
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
    let names: Vec<String> = people.iter().filter_map(person::written).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
