//! Pictures, films and sound: Media RSS, and the pictures of entries and channels.

use super::{
    model::{Credit, Media, Thumbnail},
    names::Field,
    parts,
    tree::Element,
};

/// `media:content`; none where it names no file.
pub(super) fn content(it: Element<'_, '_>) -> Option<Media> {
    let part = |field| it.child(field).and_then(parts::owned);
    let media = Media {
        url: it.attribute("url").map(|url| it.resolve(&url)),
        media_type: parts::attribute(it, "type"),
        medium: parts::attribute(it, "medium"),
        length: parts::attribute(it, "fileSize"),
        width: pixels(it, "width"),
        height: pixels(it, "height"),
        title: part(Field::Title),
        description: part(Field::Description),
        credits: it
            .children()
            .filter(|child| child.field() == Field::Credit)
            .filter_map(credit)
            .take(parts::MAX_LIST)
            .collect(),
    };
    (media != Media::default()).then_some(media)
}

/// `media:thumbnail`
pub(super) fn thumbnail(it: Element<'_, '_>) -> Option<Thumbnail> {
    let url = parts::attribute(it, "url").or_else(|| parts::owned(it))?;
    Some(Thumbnail {
        url: it.resolve(&url),
        width: pixels(it, "width"),
        height: pixels(it, "height"),
    })
}

/// `media:credit`
pub(super) fn credit(it: Element<'_, '_>) -> Option<Credit> {
    Some(Credit { content: parts::owned(it)?, role: parts::attribute(it, "role") })
}

/// The address of a picture in any of its forms: `<image href>`, `<image><url>`, `<image
/// rdf:resource>`, text.
pub(super) fn image(it: Element<'_, '_>) -> Option<String> {
    let named = parts::attribute(it, "href").or_else(|| parts::attribute(it, "url"));
    let inner = || it.child(Field::Address).and_then(parts::owned);
    let resource = || it.prefixed("resource").map(std::borrow::Cow::into_owned);
    let text = || if it.has_children() { None } else { parts::owned(it) };
    named.or_else(inner).or_else(resource).or_else(text).map(|url| it.resolve(&url))
}

fn pixels(it: Element<'_, '_>, name: &str) -> Option<u32> {
    it.attribute(name)?.trim_end_matches("px").parse().ok()
}
