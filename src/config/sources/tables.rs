//! TOML lists: `[[source]]` tables, with the same quality of errors as the config.

use std::{str::FromStr as _, time::Duration};

use url::Url;

use super::{List, Source, SourceId, label, source_url};
use crate::{
    config::{
        PageMode, SourceKind, reader,
        setting::{Placed, from_text, settings},
    },
    listing::selector::{Selector, Selectors},
};

settings! {
    /// A TOML list.
    Sources {
        /// The `[[source]]` tables.
        source: Vec<Placed<SourceTable>> = Vec::new();
    }
}

settings! {
    /// One `[[source]]`; what its settings mean is said at [`Source`].
    SourceTable {
        /// Made from the URL unless given.
        id: Option<SourceId> = None;
        /// For people.
        name: Option<String> = None;
        /// What it is.
        kind: SourceKind = SourceKind::Feed;
        /// Where it is; must be given.
        url: Option<SourceUrl> = None;
        /// Free words.
        tags: Vec<String> = Vec::new();
        /// Overrides `poll.min_interval`.
        min_interval: Option<Duration> = None;
        /// Overrides `poll.max_interval`.
        max_interval: Option<Duration> = None;
        /// Overrides `page.mode`.
        pages: Option<PageMode> = None;
        /// How the links of a listing are found.
        listing: Option<ListingTable> = None;
    }
}

settings! {
    /// `[source.listing]`: CSS selectors, for those who would rather name links than have them found.
    ListingTable {
        /// The elements that show one article each.
        item: Option<Selector> = None;
        /// The link in an item, or in the page.
        link: Option<Selector> = None;
    }
}

/// An http or https URL.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SourceUrl(Url);

from_text! {
    Selector, "a CSS selector in quotes", Selector::from_str;
    SourceUrl, "a URL in quotes", |text: &str| source_url(text).map(SourceUrl);
}

/// Reads a TOML list.
pub(super) fn parse(name: &str, text: &str) -> List {
    let (file, given, errors) = reader::read::<Sources>(name, text);
    let mut list = List { errors, ..List::default() };
    for (index, Placed { place, value: table }) in file.source.into_iter().enumerate() {
        let Some(SourceUrl(url)) = table.url else {
            // A URL that is there and wrong has its error already.
            if !given.has(&format!("source[{index}].url")) {
                list.wrong(place, "this source has no url");
            }
            continue;
        };
        if let (Some(min), Some(max)) = (table.min_interval, table.max_interval)
            && min > max
        {
            list.wrong(place.clone(), "the source's min_interval is longer than its max_interval");
        }
        if table.listing.is_some() && table.kind != SourceKind::Listing {
            list.wrong(place.clone(), "the source has selectors for a listing, and its kind is not \"listing\"");
        }
        let selectors = table.listing.map(|it| Selectors { item: it.item, link: it.link });
        let source = Source::new(url, place);
        list.sources.push(Source {
            id: table.id.unwrap_or_else(|| source.id.clone()),
            name: table.name.as_deref().and_then(label),
            kind: table.kind,
            tags: table.tags.iter().filter_map(|tag| label(tag)).collect(),
            min_interval: table.min_interval,
            max_interval: table.max_interval,
            pages: table.pages,
            listing: selectors.filter(|it| it.item.is_some() || it.link.is_some()),
            ..source
        });
    }
    list.errors.sort();
    list
}
