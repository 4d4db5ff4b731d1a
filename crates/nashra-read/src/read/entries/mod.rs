//! Reads a body that lists entries, whatever its format. Pure: bytes in, entries out.
//!
//! What must stay true: nothing else asks which [`EntryFormat`] it has before it. A new format is
//! its reader, which may stand beside this file, and its arm in [`parse`].

use url::Url;

use crate::{
    model::{
        entry::Feed,
        kind::{EntryFormat, Format, SourceKind},
    },
    read::{
        encoding, feed,
        listing::{self, selectors::Selectors},
    },
};

/// Reads a body in a format; `selectors` are those of the source, where it has any.
///
/// A page without a link to an article is not an empty list but an error: it has a new design, or
/// is a notice about cookies or a page for robots.
///
/// # Errors
/// Says what the body is or lacks instead.
pub fn parse(
    format: EntryFormat,
    selectors: Option<&Selectors>,
    bytes: &[u8],
    content_type: Option<&str>,
    url: &Url,
) -> Result<Feed, String> {
    match format {
        EntryFormat::Feed => {
            feed::parse(bytes, content_type, url).map_err(|error| error.to_string())
        }
        EntryFormat::Links => links(selectors, bytes, content_type, url),
    }
}

/// Reads a body as the first kind of source that its bytes are, in the order of the kinds. Pages
/// are none: their bytes do not say which kind of source they are.
///
/// # Errors
/// Says why it is not of the first of these kinds, a feed.
pub fn detect(
    bytes: &[u8],
    content_type: Option<&str>,
    url: &Url,
) -> Result<(SourceKind, Feed), String> {
    let mut first_reason = None;
    for (kind, format) in kinds().filter(|(_, format)| !format.is_page()) {
        match parse(format, None, bytes, content_type, url) {
            Ok(feed) => return Ok((kind, feed)),
            Err(reason) => first_reason = first_reason.or(Some(reason)),
        }
    }
    Err(first_reason.unwrap_or_default())
}

/// The kinds of source that are one body that lists entries.
fn kinds() -> impl Iterator<Item = (SourceKind, EntryFormat)> {
    SourceKind::ALL.iter().filter_map(|kind| match kind.format() {
        Format::Entries(format) => Some((*kind, format)),
        Format::Sitemap | Format::Page | Format::Site | Format::Messages => None,
    })
}

/// Reads the links of a page: those that the selectors name, else those that look like articles'.
fn links(
    selectors: Option<&Selectors>,
    bytes: &[u8],
    content_type: Option<&str>,
    url: &Url,
) -> Result<Feed, String> {
    let found = match selectors {
        None => listing::parse(bytes, content_type, url),
        Some(selectors) => listing::parse_with(selectors, bytes, content_type, url),
    };
    let feed = found.map(listing::to_feed).map_err(|error| error.to_string())?;
    // Tags and attributes are ASCII in every other encoding that a page may have than UTF-16.
    let page = encoding::start(bytes, usize::MAX);
    Ok(Feed { links: feed::hubs_of_page(&String::from_utf8_lossy(&page), url), ..feed })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEED: &[u8] = b"<rss version=\"2.0\"><channel><title>F</title><item><title>One</title>\
        <link>https://a.example/one</link></item></channel></rss>";
    const PAGE: &[u8] =
        b"<!doctype html><title>Home</title><link rel=hub href=https://hub.example/>\
        <h2><a href=/2026/03/02/the-council-votes-on-the-bridge>The council votes</a></h2>";

    fn url() -> Url {
        Url::parse("https://a.example/").unwrap()
    }

    #[test]
    fn bytes_say_that_they_are_a_feed() {
        let (kind, feed) = detect(FEED, None, &url()).unwrap();
        assert_eq!((kind, feed.entries.len()), (SourceKind::Feed, 1));
    }

    #[test]
    fn a_page_a_text_and_an_archive_are_of_no_kind_that_bytes_tell() {
        let text = "The council votes on the bridge.\nhttps://a.example/one".as_bytes();
        for other in [PAGE, text, b"PK\x03\x04", b"{}", b""] {
            assert!(detect(other, None, &url()).is_err(), "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn each_format_refuses_what_lists_nothing() {
        for (kind, format) in kinds() {
            for other in [b"".as_slice(), b"%PDF-1.7", b"<html><p>Accept cookies?</p></html>"] {
                assert!(parse(format, None, other, None, &url()).is_err(), "{kind}");
            }
        }
    }

    #[test]
    fn a_page_lists_the_links_that_selectors_name_and_its_hubs() {
        let selectors = Selectors { item: None, link: Some("h2 a".parse().unwrap()) };
        let feed = parse(EntryFormat::Links, Some(&selectors), PAGE, None, &url()).unwrap();
        assert_eq!((feed.entries.len(), feed.links.len()), (1, 1));
        let wide: Vec<u8> = PAGE.iter().flat_map(|byte| [*byte, 0]).collect();
        let feed = parse(EntryFormat::Links, Some(&selectors), &wide, None, &url()).unwrap();
        assert_eq!((feed.entries.len(), feed.links.len()), (1, 1));
        let none = Selectors { item: None, link: Some("h3 a".parse().unwrap()) };
        assert!(parse(EntryFormat::Links, Some(&none), PAGE, None, &url()).is_err());
    }
}
