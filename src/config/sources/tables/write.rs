//! Writes sources as the tables that they are read from.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::{ListingTable, PageTable, SourceTable, SourceUrl};
use crate::{
    config::{
        duration,
        sources::{EntryBounds, Location, Source, TopicSource},
    },
    model::source::SourceKind,
    read::{listing::selectors::Selectors, page::Rules},
};

/// A TOML list of one source that is polled.
pub(in crate::config::sources) fn polled(source: &Source) -> String {
    write(source.into())
}

/// A TOML list of one topic.
pub(in crate::config::sources) fn topic(source: &TopicSource) -> String {
    write(source.into())
}

fn write(table: SourceTable) -> String {
    #[derive(Serialize)]
    struct SourceTables {
        source: [SourceTable; 1],
    }
    // Tables of strings and of numbers that TOML has can be written into memory.
    toml::to_string(&SourceTables { source: [table] }).unwrap_or_default()
}

impl From<&Source> for SourceTable {
    fn from(source: &Source) -> Self {
        let Source {
            id,
            name,
            kind,
            at,
            tags,
            min_interval,
            max_interval,
            entries: EntryBounds { per_poll, per_day, pending },
            paused,
            pages,
            follow_pages,
            robots,
            allow_addresses,
            listing,
            page,
            // Where and when it was said are no settings.
            place: _,
            added: _,
        } = source.clone();
        let (url, file) = match at {
            Location::Url(url) => (Some(SourceUrl(url.real().clone())), None),
            Location::File { written, path: _ } => (None, Some(written.into())),
        };
        Self {
            id: Some(id),
            name,
            kind,
            url,
            file,
            topic: None,
            brokers: None,
            from: None,
            tags,
            min_interval,
            max_interval,
            entries_per_poll: per_poll,
            entries_per_day: per_day,
            entries_pending: pending,
            paused,
            pages,
            follow_pages,
            robots,
            allow_addresses: allow_addresses.to_vec(),
            listing: listing.map(|listing| ListingTable::from(*listing)),
            page: page.map(|page| PageTable::from(Rules::clone(&page))),
        }
    }
}

impl From<&TopicSource> for SourceTable {
    fn from(source: &TopicSource) -> Self {
        let TopicSource {
            id,
            name,
            topic,
            brokers,
            from,
            tags,
            pages,
            robots,
            allow_addresses,
            place: _,
        } = source.clone();
        Self {
            id: Some(id),
            name,
            kind: SourceKind::Kafka,
            url: None,
            file: None,
            topic: Some(topic),
            brokers: Some(brokers).filter(|brokers| !brokers.is_empty()),
            from: Some(from),
            tags,
            min_interval: None,
            max_interval: None,
            entries_per_poll: None,
            entries_per_day: None,
            entries_pending: None,
            paused: false,
            pages,
            follow_pages: None,
            robots,
            allow_addresses: allow_addresses.to_vec(),
            listing: None,
            page: None,
        }
    }
}

impl From<Selectors> for ListingTable {
    fn from(Selectors { item, link }: Selectors) -> Self {
        Self { item, link }
    }
}

impl From<Rules> for PageTable {
    fn from(Rules { title, subtitle, section, byline, published, text, remove }: Rules) -> Self {
        Self { title, subtitle, section, byline, published, text, remove }
    }
}

/// Whether a source's kind is the one that need not be written.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub(super) fn is_usual(kind: &SourceKind) -> bool {
    *kind == SourceTable::default().kind
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
pub(super) fn interval<S: Serializer>(
    interval: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    interval.map(duration::format).serialize(serializer)
}

impl Serialize for SourceUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::{super::parse, *};
    use crate::config::{reader, setting::Setting as _, sources::ListOrigin};

    /// Sources that together set all settings that there are.
    const ALL: &str = r#"
[[source]]
id = "l"
name = "A \\ \"B\" نشرة"
kind = "listing"
url = "https://user:word@example.org/a?x=%221%22&key=%27"
tags = ["one", "two \"2\""]
min_interval = "90s"
max_interval = "2h"
entries_per_poll = 10
entries_per_day = 20
entries_pending = 30
paused = true
pages = "feed"
follow_pages = 5
robots = "ignore"
allow_addresses = ["10.1.0.0/16", "::1/128"]
listing = { item = "li[class='x y']", link = "h3 > a" }
page = { title = "h1", subtitle = "h2", section = ".s", byline = ".b", published = "time", text = "article > p", remove = "[x=\"y\"]" }
[[source]]
kind = "page"
file = "notices/a.html"
[[source]]
kind = "kafka"
name = "Handed over"
topic = "handed.over"
brokers = ["kafka:9092"]
from = "end"
tags = ["three"]
pages = "off"
robots = "obey"
allow_addresses = ["10.2.0.0/16"]
"#;

    fn keys<'t>(table: &'t toml::Table, above: &'t str) -> Vec<String> {
        let one = |(name, value): (&String, &toml::Value)| match value.as_table() {
            Some(inner) => keys(inner, name),
            None => vec![reader::join(above, name)],
        };
        table.iter().flat_map(one).collect()
    }

    #[test]
    fn a_source_that_sets_all_settings_is_read_back_as_it_was_written() {
        let read = |text: &str| {
            let list = parse("l.toml", text, ListOrigin::Machine(Path::new("lists")));
            assert_eq!(list.errors, []);
            (list.sources, list.topics)
        };
        let (sources, topics) = read(ALL);
        let written: Vec<String> =
            sources.iter().map(polled).chain(topics.iter().map(topic)).collect();
        let mut again = read(&written.concat());
        again
            .0
            .iter_mut()
            .zip(&sources)
            .for_each(|(source, before)| source.place = before.place.clone());
        again
            .1
            .iter_mut()
            .zip(&topics)
            .for_each(|(topic, before)| topic.place = before.place.clone());
        assert_eq!(again, (sources, topics), "{written:?}");

        let mut settings = Vec::new();
        SourceTable::keys("", &mut settings);
        settings.retain(|setting| !["listing", "page"].contains(&setting.as_str()));
        ListingTable::keys("listing", &mut settings);
        PageTable::keys("page", &mut settings);
        let given = |text: &String| {
            keys(text.parse::<toml::Table>().unwrap()["source"][0].as_table().unwrap(), "")
        };
        let written: BTreeSet<String> = written.iter().flat_map(given).collect();
        assert_eq!(
            written,
            BTreeSet::from_iter(settings),
            "a setting that this test does not set, or that is not written"
        );
    }
}
