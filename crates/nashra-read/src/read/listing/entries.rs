//! Converts the links of a listing into entries, as the poll stage takes them.

use hashbrown::HashSet;

use super::{Link, Listing};
use crate::model::{
    bounds,
    entry::{Entry, Feed},
    identity,
    record::Image,
};

/// Converts a listing into a feed.
///
/// An entry is identified by the alias of its address, so that it stays the same with and without
/// tracking parameters. Its version is a hash of what the listing says of it, so that its page is
/// fetched again when the headline changes.
#[must_use]
pub fn to_feed(listing: Listing) -> Feed {
    let Listing { title, language, links } = listing;
    let mut known = HashSet::new();
    let entries = links
        .into_iter()
        .map(|link| entry(link, language.as_deref()))
        .filter(|entry| known.insert(entry.identity.clone()))
        .collect();
    let mut feed = Feed { title, language, entries, ..Feed::default() };
    bounds::feed(&mut feed);
    feed
}

fn entry(link: Link, language: Option<&str>) -> Entry {
    let url = identity::clean(&link.url);
    Entry {
        identity: uuid::Uuid::from_bytes(identity::of_url(&url)).to_string(),
        link: Some(url),
        title: link.title,
        summary: link.teaser.map(|teaser| teaser.replace('&', "&amp;").replace('<', "&lt;")),
        published: link.published,
        images: link
            .image
            .map(|image| Image { url: Some(image.into()), ..Image::default() })
            .into_iter()
            .collect(),
        language: language.map(str::to_owned),
        ..Entry::default()
    }
}
