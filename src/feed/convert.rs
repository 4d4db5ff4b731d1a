//! From feed-rs's model to ours, and from an entry to an article's content.

use feed_rs::model;
use url::Url;

use super::{Entry, Feed};
use crate::{
    article::{
        record::{Block, Byline, BylineKind, Content, Enclosure, Image, Origin, Provenance, Quality},
        text,
    },
    page,
    store::digest,
};

pub(super) fn feed(parsed: model::Feed, url: &Url) -> Feed {
    let language = parsed.language;
    let entries = parsed.entries.into_iter().map(|item| entry(item, language.as_ref(), url)).collect();
    Feed { title: parsed.title.and_then(|it| plain(&it.content)), language, entries }
}

fn entry(item: model::Entry, language: Option<&String>, base: &Url) -> Entry {
    let link = item
        .links
        .iter()
        .find(|it| it.rel.as_deref().is_none_or(|rel| rel == "alternate"))
        .or_else(|| item.links.first().filter(|it| it.rel.as_deref() != Some("enclosure")))
        .and_then(|it| base.join(it.href.trim()).ok())
        .filter(usable);
    let guid = Some(item.id.trim()).filter(|it| !it.is_empty()).map(bounded);
    // An item without a link but with a permalink as its guid.
    let link = link.or_else(|| guid.as_deref().and_then(|it| Url::parse(it).ok()).filter(usable));
    let mut enclosures: Vec<Enclosure> = item.links.iter().filter(|it| it.rel.as_deref() == Some("enclosure")).map(enclosure).collect();
    let mut images = Vec::new();
    for media in item.media {
        take_media(media, &mut enclosures, &mut images);
    }
    Entry {
        identity: String::new(),
        guid,
        link,
        title: item.title.and_then(|it| plain(&it.content)),
        summary: item.summary.map(|it| it.content).filter(|it| !it.trim().is_empty()),
        content: item.content.and_then(|it| it.body).filter(|it| !it.trim().is_empty()),
        published: item.published,
        modified: item.updated,
        authors: item.authors.into_iter().filter_map(|it| plain(it.name.as_deref()?)).filter(|it| !it.contains('@')).collect(),
        categories: item.categories.into_iter().filter_map(|it| plain(it.label.as_deref().unwrap_or(&it.term))).collect(),
        enclosures,
        images,
        language: item.language.or_else(|| language.cloned()),
    }
}

/// Bytes of an address or a guid; browsers and servers take no more.
const MAX_NAME: usize = 4_096;

fn usable(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_NAME
}

/// A guid of any length still tells entries apart.
fn bounded(guid: &str) -> String {
    if guid.len() <= MAX_NAME { guid.to_owned() } else { uuid::Uuid::from_bytes(digest(&[guid.as_bytes()])).to_string() }
}

fn enclosure(link: &model::Link) -> Enclosure {
    Enclosure { url: link.href.clone(), media_type: link.media_type.clone(), bytes: link.length }
}

fn take_media(media: model::MediaObject, enclosures: &mut Vec<Enclosure>, images: &mut Vec<Image>) {
    let caption = media.description.or(media.title).and_then(|it| plain(&it.content));
    let credit = media.credits.first().and_then(|it| plain(&it.entity));
    for content in media.content {
        let Some(url) = content.url else { continue };
        let media_type = content.content_type.map(|it| it.to_string());
        if media_type.as_deref().is_some_and(|it| it.starts_with("image/")) {
            let (caption, credit) = (caption.clone(), credit.clone());
            images.push(Image { url: Some(url.into()), caption, credit, width: content.width, height: content.height, ..Image::default() });
        } else {
            enclosures.push(Enclosure { url: url.into(), media_type, bytes: content.size });
        }
    }
    for thumbnail in media.thumbnails {
        let (width, height) = (thumbnail.image.width, thumbnail.image.height);
        images.push(Image { url: Some(thumbnail.image.uri), width, height, ..Image::default() });
    }
}

/// Text without markup and entities; `None` where nothing is left.
fn plain(html: &str) -> Option<String> {
    let cleaned = if html.contains(['<', '&']) {
        let base = Url::parse("about:blank").ok()?;
        join(&page::blocks::from_html_fragment(html, &base))
    } else {
        text::collapse(html)
    };
    Some(cleaned).filter(|it| !it.is_empty())
}

fn join(blocks: &[Block]) -> String {
    text::collapse(&blocks.iter().filter_map(Block::text).collect::<Vec<_>>().join(" "))
}

/// What an entry alone says of its article.
#[must_use]
pub fn content(entry: &Entry) -> Content {
    let blank = Url::parse("about:blank");
    let blocks_of = |html: &String| match entry.link.as_ref().or(blank.as_ref().ok()) {
        Some(base) => page::blocks::from_html_fragment(html, base),
        None => Vec::new(),
    };
    let summary = entry.summary.as_ref().map(blocks_of).unwrap_or_default();
    let blocks = entry.content.as_ref().map(blocks_of).filter(|it| !it.is_empty()).unwrap_or_else(|| summary.clone());
    let body = page::blocks::text(&blocks);
    let (language, script, direction) = page::language::detect(&body, entry.language.as_deref());
    let mut images = entry.images.clone();
    for image in blocks.iter().filter_map(|block| if let Block::Image(image) = block { Some(image) } else { None }) {
        if !images.iter().any(|it| it.url == image.url) {
            images.push(image.clone());
        }
    }
    Content {
        title: entry.title.clone(),
        summary: Some(join(&summary)).filter(|it| !it.is_empty()),
        keywords: entry.categories.clone(),
        language,
        script,
        direction,
        bylines: entry.authors.iter().map(|name| Byline { name: name.clone(), kind: BylineKind::Person, place: None }).collect(),
        published: entry.published,
        modified: entry.modified,
        word_count: text::word_count(&body),
        provenance: Provenance {
            title: entry.title.as_ref().map(|_| Origin::Feed),
            text: (!body.is_empty()).then_some(Origin::Feed),
            published: entry.published.map(|_| Origin::Feed),
            bylines: (!entry.authors.is_empty()).then_some(Origin::Feed),
        },
        quality: Quality {
            confidence: if entry.content.is_some() { 0.7 } else { 0.3 },
            truncated: entry.content.is_none(),
            paywalled: false,
        },
        text: Some(body).filter(|it| !it.is_empty()),
        blocks,
        images,
        enclosures: entry.enclosures.clone(),
        ..Content::default()
    }
}
