//! TOML lists: `[[source]]` tables, read with the same quality of errors as the config, and
//! written.
//!
//! What must stay true: a setting is in one table, [`SourceTable`], which is both read and written;
//! the way from there to a
//! [`Source`] and back names each setting, so that one that is forgotten does not compile.

pub(super) mod write;

use std::{
    path::{Path, PathBuf},
    str::FromStr as _,
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;
use serde::Serialize;
use url::Url;

use super::{
    EntryBounds, ListOrigin, Location, ParsedList, Source, SourceId, TopicSource, label, source_url,
};
use crate::{
    config::{
        Broker, PageMode, Place, RobotsMode, SettingEntry, StartAt, TopicName, reader,
        setting::{Placed, Setting as _, from_text, settings},
    },
    html::selector::Selector,
    model::kind::{self, SourceKind},
    read::{listing::selectors::Selectors, page::Rules},
};

settings! {
    /// A TOML list.
    Sources {
        /// The `[[source]]` tables.
        source: Vec<Placed<SourceTable>> = Vec::new();
    }
}

settings! {
    /// One source. `url` is enough for a feed; settings that are not given are not written when a
    /// list is exported.
    #[derive(Serialize)]
    SourceTable {
        /// 1 to 64 letters, digits, `.`, `_`, `-`. It is the source's identity, also when its URL
        /// changes: give one to what may move. Made from the URL unless given; of a topic, its
        /// name.
        id: Option<SourceId> = None;
        /// A name for people: records and messages show it beside the id.
        name: Option<String> = None;
        /// What it is, and how it is read: see [sources](sources.md#kinds).
        #[serde(skip_serializing_if = "write::is_usual")]
        kind: SourceKind = SourceKind::Feed;
        /// Where it is: http or https. Each source but a file and a topic has one.
        url: Option<SourceUrl> = None;
        /// The file that a page is, relative to the list. Only for the kind `page`, in a list that
        /// is itself a file of this machine.
        file: Option<PathBuf> = None;
        /// The topic that other services write. Only for the kind `kafka`, in a list that is a file
        /// of this machine.
        topic: Option<TopicName> = None;
        /// The brokers of the topic, where they are not those of `kafka.brokers`.
        brokers: Option<Vec<Broker>> = None;
        /// Where a topic that was never read begins: "beginning" (unless given) or "end".
        from: Option<StartAt> = None;
        /// Free words; consumers get them with each article.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tags: Vec<String> = Vec::new();
        /// Instead of `poll.min_interval`.
        #[serde(serialize_with = "write::interval")]
        min_interval: Option<Duration> = None;
        /// Instead of `poll.max_interval`.
        #[serde(serialize_with = "write::interval")]
        max_interval: Option<Duration> = None;
        /// Instead of `poll.entries_per_poll`.
        entries_per_poll: Option<usize> = None;
        /// Instead of `poll.entries_per_day`.
        entries_per_day: Option<usize> = None;
        /// Instead of `poll.entries_pending`.
        entries_pending: Option<usize> = None;
        /// true: it stays in the list and is not polled.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        paused: bool = false;
        /// Instead of `page.mode`: "on", "feed" or "off".
        pages: Option<PageMode> = None;
        /// Instead of `page.follow_pages`, from 0 to 100.
        follow_pages: Option<usize> = None;
        /// Instead of `fetch.robots`, for the source and the pages behind its entries: "ignore" if
        /// the site is yours.
        robots: Option<RobotsMode> = None;
        /// Beside `fetch.allow_addresses`, for this source alone, its pages and hubs included:
        /// `["10.1.2.3"]`. Only lists that are files of this machine can say it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        allow_addresses: Vec<IpNet> = Vec::new();
        /// How the links of a listing are found.
        listing: Option<ListingTable> = None;
        /// What is said of the pages behind its entries.
        page: Option<PageTable> = None;
    }
}

settings! {
    /// CSS selectors for the links of a listing, for those who would rather name them than have
    /// them found; one of the two is enough. Understood are tag, `*`, `.class`, `#id`,
    /// `[attribute]` with `=`, `~=`, `^=`, `$=` and `*=`, descendants, `>` and commas.
    #[derive(Serialize)]
    ListingTable {
        /// The elements that show one article each.
        item: Option<Selector> = None;
        /// The link in an item or, without `item`, in the page.
        link: Option<Selector> = None;
    }
}

settings! {
    /// CSS selectors for the fields of an article, for those who would rather name them than have
    /// them found, for the pages behind the source's entries. What matches nothing is found as
    /// ever. `nashra try URL --rule text=.article-body --rule remove=.box` tries them.
    #[derive(Serialize)]
    PageTable {
        /// Where the headline is.
        title: Option<Selector> = None;
        /// Where the line under the headline is.
        subtitle: Option<Selector> = None;
        /// Where the name of the section is.
        section: Option<Selector> = None;
        /// Where the writers are named; it may match several elements.
        byline: Option<Selector> = None;
        /// Where the date of publication is, with or without its time.
        published: Option<Selector> = None;
        /// All elements that hold the text; nothing else of the page is text then.
        text: Option<Selector> = None;
        /// Elements of which nothing is part of the article.
        remove: Option<Selector> = None;
    }
}

/// What is said of each setting of a source.
#[must_use]
pub fn settings() -> Vec<SettingEntry> {
    let mut entries = Vec::new();
    let section = |key: &str| SettingEntry { key: key.to_owned(), ..SettingEntry::default() };
    SourceTable::default().describe(section("source"), &mut entries);
    entries.retain(|entry| !["source.listing", "source.page"].contains(&entry.key.as_str()));
    ListingTable::default().describe(section("source.listing"), &mut entries);
    PageTable::default().describe(section("source.page"), &mut entries);
    entries
}

impl From<PageTable> for Rules {
    fn from(
        PageTable { title, subtitle, section, byline, published, text, remove }: PageTable,
    ) -> Self {
        Self { title, subtitle, section, byline, published, text, remove }
    }
}

impl From<ListingTable> for Selectors {
    fn from(ListingTable { item, link }: ListingTable) -> Self {
        Self { item, link }
    }
}

/// An http or https URL.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SourceUrl(Url);

from_text! {
    Selector, "a CSS selector in quotes", Selector::from_str, ToString::to_string;
    SourceUrl, "a URL in quotes", |text: &str| source_url(text).map(SourceUrl), |url| url.0.to_string();
}

/// Settings that belong to some kinds only.
const OF_POLLED: [&str; 8] = [
    "url",
    "min_interval",
    "max_interval",
    "entries_per_poll",
    "entries_per_day",
    "entries_pending",
    "paused",
    "follow_pages",
];
const OF_LINKS: [&str; 1] = ["listing"];
const OF_ELEMENTS: [&str; 1] = ["page"];
const OF_FILES: [&str; 1] = ["file"];
const OF_TOPICS: [&str; 3] = ["topic", "brokers", "from"];

/// The settings that sources of other kinds have.
fn foreign(kind: SourceKind) -> impl Iterator<Item = &'static str> {
    let kind::Settings { polling, links, elements, file, topic } = kind.properties().settings;
    let groups: [(bool, &[&str]); 5] = [
        (polling, &OF_POLLED),
        (links, &OF_LINKS),
        (elements, &OF_ELEMENTS),
        (file, &OF_FILES),
        (topic, &OF_TOPICS),
    ];
    groups.into_iter().filter(|(has, _)| !has).flat_map(|(_, settings)| settings.iter().copied())
}

/// Reads a TOML list.
pub(super) fn parse(name: &str, text: &str, author: ListOrigin<'_>) -> ParsedList {
    let folder = author.folder();
    let (file, given, errors) = reader::parse_settings::<Sources>(name, text);
    let mut list = ParsedList { errors, ..ParsedList::default() };
    for (index, Placed { place, value: table }) in file.source.into_iter().enumerate() {
        let has = |setting: &str| given.has(&format!("source[{index}].{setting}"));
        if let Some(setting) = foreign(table.kind).find(|foreign| has(foreign)) {
            list.wrong(
                place,
                format!("a source of kind {:?} has no {setting}", table.kind.as_str()),
            );
        } else if folder.is_none() && (has("file") || !table.kind.is_polled()) {
            list.wrong(place, "files and topics can be named by a list that is a file of this machine, not by one that was fetched");
        } else if author == ListOrigin::Anybody && has("allow_addresses") {
            list.wrong(place, "allow_addresses can be given by a list that is a file of this machine, not by one that was fetched");
        } else if !table.kind.is_polled() {
            list.topic(table, place, &has);
        } else {
            list.polled(table, place, &has, folder.unwrap_or(Path::new("")));
        }
    }
    list.errors.sort();
    list
}

impl ParsedList {
    fn polled(
        &mut self,
        table: SourceTable,
        place: Place,
        has: &dyn Fn(&str) -> bool,
        folder: &Path,
    ) {
        let at = match (table.url, table.file) {
            (Some(SourceUrl(url)), None) => Location::Url(url.into()),
            (None, Some(file)) => {
                Location::File { written: file.display().to_string(), path: folder.join(file) }
            }
            (Some(_), Some(_)) => {
                return self
                    .wrong(place, "this source has a url and a file: one of them is where it is");
            }
            // A URL that is there and wrong has its error already.
            (None, None) if has("url") || has("file") => return,
            (None, None) if table.kind.properties().settings.file => {
                return self.wrong(place, "this source has no url and no file");
            }
            (None, None) => return self.wrong(place, "this source has no url"),
        };
        if let (Some(min), Some(max)) = (table.min_interval, table.max_interval)
            && min > max
        {
            self.wrong(place.clone(), "the source's min_interval is longer than its max_interval");
        }
        let entries = EntryBounds {
            per_poll: table.entries_per_poll,
            per_day: table.entries_per_day,
            pending: table.entries_pending,
        };
        if [entries.per_poll, entries.per_day, entries.pending].contains(&Some(0)) {
            self.wrong(
                place.clone(),
                "a source of which no entry may be taken: set paused instead",
            );
        }
        if table.follow_pages.is_some_and(|pages| pages > 100) {
            self.wrong(place.clone(), "the source's follow_pages is over 100");
        }
        let selectors = table.listing.map(Selectors::from);
        let rules = table.page.map(Rules::from);
        self.sources.push(Source {
            id: table.id.unwrap_or_else(|| at.id()),
            name: table.name.as_deref().and_then(label),
            kind: table.kind,
            at,
            tags: table.tags.iter().filter_map(|tag| label(tag)).collect(),
            min_interval: table.min_interval,
            max_interval: table.max_interval,
            entries,
            paused: table.paused,
            pages: table.pages,
            follow_pages: table.follow_pages,
            robots: table.robots,
            allow_addresses: table.allow_addresses.into(),
            listing: selectors
                .filter(|selector| selector.item.is_some() || selector.link.is_some())
                .map(Box::new),
            page: rules.filter(|rule| !rule.is_empty()).map(Arc::new),
            place,
            added: None,
        });
    }

    fn topic(&mut self, table: SourceTable, place: Place, has: &dyn Fn(&str) -> bool) {
        let Some(topic) = table.topic else {
            if !has("topic") {
                self.wrong(place, "this source has no topic");
            }
            return;
        };
        let id = table.id.or_else(|| topic.as_str().parse().ok());
        self.topics.push(TopicSource {
            id: id.unwrap_or_else(|| SourceId::from_location(&format!("kafka:{topic}"))),
            name: table.name.as_deref().and_then(label),
            topic,
            brokers: table.brokers.unwrap_or_default(),
            from: table.from.unwrap_or(StartAt::Beginning),
            tags: table.tags.iter().filter_map(|tag| label(tag)).collect(),
            pages: table.pages,
            robots: table.robots,
            allow_addresses: table.allow_addresses.into(),
            place,
        });
    }
}
