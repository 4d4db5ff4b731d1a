//! The model as JSON, for those who read feeds with `nashra feed`: texts safe, times in seconds, one author in one line.

use serde::Serialize;
use url::Url;

use super::{
    model::{Category, Channel, Credit, Date, Document, Enclosure, Format, Geo, Item, Link, Media, Person, Source, Thumbnail},
    person,
    repairs::Repairs,
    safe_html::safe_html,
    text::{Kind, Text},
};

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
    rhythm: super::model::Rhythm,
}

#[derive(Debug, Serialize)]
struct Entry {
    id: Option<String>,
    title: Option<String>,
    link: Option<String>,
    summary: Option<String>,
    content: Option<String>,
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
    source: Option<Source>,
    geo: Option<Geo>,
    image: Option<String>,
    explicit: Option<bool>,
}

impl Neutral {
    /// Of a document that was read from `url`.
    #[must_use]
    pub fn new(document: Document, url: &Url) -> Self {
        let site = document.feed.link.as_deref().and_then(|it| Url::parse(it).ok()).filter(|it| it.host() != url.host());
        let base = site.as_ref().unwrap_or(url);
        Self {
            ok: true,
            error: None,
            recovered: document.recovered,
            encoding: document.encoding,
            format: document.format,
            feed: feed(document.feed, base),
            entries: document.entries.into_iter().map(|it| entry(it, base)).collect(),
        }
    }
}

fn feed(it: Channel, base: &Url) -> Feed {
    let (updated, updated_raw) = moment(it.updated);
    let (published, published_raw) = moment(it.published);
    Feed {
        title: safe(it.title, base),
        link: it.link,
        description: safe(it.description, base),
        id: it.id,
        language: it.language,
        rights: safe(it.rights, base),
        generator: it.generator,
        image: it.image,
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

fn entry(it: Item, base: &Url) -> Entry {
    let (updated, updated_raw) = moment(it.updated);
    let (published, published_raw) = moment(it.published);
    let content_type = it.content.as_ref().map(|it| match it.kind {
        Kind::Plain => "text/plain",
        Kind::Html => "text/html",
        Kind::Xhtml => "application/xhtml+xml",
    });
    let content = safe(it.content, base);
    Entry {
        id: it.id,
        title: safe(it.title, base),
        link: it.link,
        summary: safe(it.summary, base).or_else(|| content.clone()),
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
        rights: safe(it.rights, base),
        language: it.language,
        source: it.source,
        geo: it.geo,
        image: it.image,
        explicit: it.explicit,
    }
}

fn safe(text: Option<Text>, base: &Url) -> Option<String> {
    let text = text?;
    if text.kind == Kind::Plain {
        return Some(text.value);
    }
    let safe = safe_html(&text.value, text.base.as_ref().unwrap_or(base)).trim().to_owned();
    (!safe.is_empty()).then_some(safe)
}

fn moment(date: Option<Date>) -> (Option<i64>, Option<String>) {
    date.map_or((None, None), |it| (it.time.map(|it| it.timestamp()), Some(it.raw)))
}

fn names(people: &[Person]) -> Option<String> {
    let names: Vec<String> = people.iter().filter_map(person::written).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
