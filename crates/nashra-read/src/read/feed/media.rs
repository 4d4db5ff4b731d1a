//! Reads pictures, films and sound: Media RSS, and the pictures of entries and channels.

use super::{
    model::{Credit, Media, Thumbnail},
    names::Field,
    parts,
    tree::Element,
};

/// Reads a `media:content`; `None` where it is empty.
pub(super) fn content(element: Element<'_, '_>) -> Option<Media> {
    let part = |field| element.child(field).and_then(parts::owned);
    let media = Media {
        url: element.attribute("url").map(|url| element.resolve(&url)),
        media_type: parts::attribute(element, "type"),
        medium: parts::attribute(element, "medium"),
        length: parts::attribute(element, "fileSize"),
        width: pixels(element, "width"),
        height: pixels(element, "height"),
        title: part(Field::Title),
        description: part(Field::Description),
        credits: element
            .children()
            .filter(|child| child.field() == Field::Credit)
            .filter_map(credit)
            .take(parts::MAX_LIST)
            .collect(),
        copyright: part(Field::Rights),
    };
    (media != Media::default()).then_some(media)
}

/// Reads a `media:thumbnail`; `None` where it names no picture.
pub(super) fn thumbnail(element: Element<'_, '_>) -> Option<Thumbnail> {
    let url = parts::attribute(element, "url").or_else(|| parts::owned(element))?;
    Some(Thumbnail {
        url: element.resolve(&url),
        width: pixels(element, "width"),
        height: pixels(element, "height"),
    })
}

/// Reads a `media:credit`; `None` where it is empty.
pub(super) fn credit(element: Element<'_, '_>) -> Option<Credit> {
    Some(Credit { content: parts::owned(element)?, role: parts::attribute(element, "role") })
}

/// The address of a picture in any of its forms: `<image href>`, `<image><url>`, `<image
/// rdf:resource>`, text.
pub(super) fn image(element: Element<'_, '_>) -> Option<String> {
    let named = ["href", "url", "src"].iter().find_map(|name| parts::attribute(element, name));
    let inner = || element.child(Field::Address).and_then(parts::owned);
    let resource = || element.prefixed("resource").map(std::borrow::Cow::into_owned);
    let text = || if element.has_children() { None } else { parts::owned(element) };
    named.or_else(inner).or_else(resource).or_else(text).map(|url| element.resolve(&url))
}

fn pixels(element: Element<'_, '_>, name: &str) -> Option<u32> {
    element.attribute(name)?.trim_end_matches("px").parse().ok()
}
