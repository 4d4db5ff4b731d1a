//! TOML lists: `[[source]]` tables, with the same quality of errors as the config.

use std::time::Duration;

use url::Url;

use super::{List, Source, SourceId, label, source_url};
use crate::config::{
    PageMode, SourceKind, reader,
    setting::{Placed, from_text, settings},
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
    }
}

/// An http or https URL.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SourceUrl(Url);

from_text! {
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
        let source = Source::new(url, place);
        list.sources.push(Source {
            id: table.id.unwrap_or_else(|| source.id.clone()),
            name: table.name.as_deref().and_then(label),
            kind: table.kind,
            tags: table.tags.iter().filter_map(|tag| label(tag)).collect(),
            min_interval: table.min_interval,
            max_interval: table.max_interval,
            pages: table.pages,
            ..source
        });
    }
    list.errors.sort();
    list
}
