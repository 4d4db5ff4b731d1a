//! Sources that were added by command: as rows of the store, and back.
//!
//! A row holds what a list would say, so that there is one form of a source and one reader of it.
//! Whoever adds a source names neither files nor topics, but may allow a source private networks.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{ListOrigin, ParsedList, Source, Sources, merge, parse_from, tables::write};
use crate::{
    config::{ConfigError, Place},
    model::source::AddedSource,
};

impl Source {
    /// Makes the row that the store keeps of it.
    #[must_use]
    pub fn to_added(&self, at: DateTime<Utc>) -> AddedSource {
        let Place { file, line, column } = &self.place;
        AddedSource {
            declared: write::polled(self),
            origin: file.to_string(),
            position: (*line, *column),
            at,
        }
    }
}

/// The sources of rows of the store.
#[must_use]
pub fn of_rows(rows: impl IntoIterator<Item = AddedSource>) -> ParsedList {
    let mut list = ParsedList::default();
    // Most were imported together: their places share one name.
    let mut origins: HashMap<String, Arc<str>> = HashMap::new();
    for AddedSource { declared, origin, position: (line, column), at } in rows {
        let file =
            Arc::clone(origins.entry(origin).or_insert_with_key(|origin| origin.as_str().into()));
        let place = Place { file, line, column };
        let ParsedList { sources, errors, .. } =
            parse_from("added.toml", declared.as_bytes(), ListOrigin::Operator);
        list.sources.extend(sources.into_iter().map(|source| Source {
            place: place.clone(),
            added: Some(at),
            ..source
        }));
        list.errors
            .extend(errors.into_iter().map(|error| ConfigError { place: place.clone(), ..error }));
    }
    list
}

/// Reads settings of sources as a TOML list would be read whose author may allow private networks.
///
/// # Errors
/// Where they are nothing that TOML has.
pub fn of_tables(tables: Vec<Map<String, Value>>, origin: &str) -> Result<ParsedList, String> {
    let mut list = Value::Object(Map::from_iter([("source".to_owned(), tables.into())]));
    without_null(&mut list);
    let text = toml::to_string(&list).map_err(|error| error.to_string())?;
    let mut list = parse_from(origin, text.as_bytes(), ListOrigin::Operator);
    for source in &mut list.sources {
        source.place = Place::whole(origin);
    }
    Ok(list)
}

/// The settings of a row, as they can be read back.
#[must_use]
pub fn table_of(row: &AddedSource) -> Option<Map<String, Value>> {
    table(&row.declared)
}

/// The first table of a TOML list.
pub(super) fn table(list: &str) -> Option<Map<String, Value>> {
    let mut list: Value = toml::from_str(list).ok()?;
    match list.get_mut("source")?.get_mut(0)?.take() {
        Value::Object(table) => Some(table),
        _ => None,
    }
}

/// Leaves out what is not given: TOML has no null.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// Keeps the sources of a list that are not there yet; of the others it warns as [`merge`] does.
/// What is there is gone through once, however many there are.
#[must_use]
pub fn beside<'a>(
    present: impl IntoIterator<Item = &'a Source>,
    topics: impl IntoIterator<Item = (&'a str, &'a Place)>,
    list: ParsedList,
) -> ParsedList {
    let mut list = merge([list]);
    let by_address: HashMap<String, usize> = list
        .sources
        .iter()
        .enumerate()
        .map(|(index, source)| (source.at.configured().into_owned(), index))
        .collect();
    let by_id: HashMap<&str, usize> = list
        .sources
        .iter()
        .enumerate()
        .map(|(index, source)| (source.id.as_str(), index))
        .collect();
    let mut told: Vec<Option<(bool, &Place)>> = vec![None; list.sources.len()];
    for source in present {
        let known = by_address.get(&*source.at.configured()).map(|at| (*at, true));
        let taken = by_id.get(source.id.as_str()).map(|at| (*at, false));
        for (index, is_known) in known.into_iter().chain(taken) {
            // One address is the better reason: it is often the one that made the id.
            if told[index].is_none_or(|(before, _)| !before) {
                told[index] = Some((is_known, &source.place));
            }
        }
    }
    for (id, place) in topics {
        if let Some(index) = by_id.get(id) {
            told[*index].get_or_insert((false, place));
        }
    }
    for (source, told) in std::mem::take(&mut list.sources).into_iter().zip(told) {
        match told {
            None => list.sources.push(source),
            Some((true, first)) => {
                list.already_listed(&source.at.configured(), "polled", &source.place, first);
            }
            Some((false, first)) => list.id_is_taken(&source.id, &source.place, first),
        }
    }
    list
}

impl Sources {
    /// Takes in those that were added by command: what a list of the config names, too, is polled
    /// as it says there.
    ///
    /// # Errors
    /// Where an id stands for two sources, or a row cannot be read; the message says how to mend
    /// it.
    pub fn with_added(
        &mut self,
        rows: Vec<AddedSource>,
    ) -> Result<(), crate::config::ConfigErrors> {
        let topics = self.topics.iter().map(|topic| (topic.id.as_str(), &topic.place));
        let ParsedList { sources, warnings, mut errors, .. } =
            beside(&self.polled, topics, of_rows(rows));
        for warning in &warnings {
            tracing::warn!(place = %warning.place, "{}", warning.message);
        }
        for error in &mut errors {
            error.message.push_str(
                "; this source was added by command: `nashra sources remove` takes it out",
            );
        }
        self.polled.extend(sources);
        crate::config::ConfigErrors::check(errors)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::parse, *};

    fn rows(text: &str) -> Vec<AddedSource> {
        parse("reader.opml", text.as_bytes())
            .sources
            .iter()
            .map(|source| source.to_added(DateTime::UNIX_EPOCH))
            .collect()
    }

    #[test]
    fn a_row_is_read_back_as_the_same_source_with_its_origin() {
        let text = "[[source]]\nid = \"x\"\nname = \"A\"\nkind = \"sitemap\"\nurl = \"https://example.org/a\"\ntags = [\"t\"]\npaused = true\nrobots = \"ignore\"\n";
        let list = of_rows(rows(text));
        let expected = parse("reader.opml", text.as_bytes()).sources.remove(0);
        assert_eq!(
            (list.sources, list.errors),
            (vec![Source { added: Some(DateTime::UNIX_EPOCH), ..expected }], Vec::new())
        );
    }

    #[test]
    fn what_a_list_of_the_config_names_too_is_polled_as_it_says_and_an_id_stands_for_one_source() {
        let own = parse("own.toml", b"[[source]]\nid = \"x\"\nurl = \"https://example.org/a\"");
        let mut sources = Sources { polled: own.sources, topics: Vec::new() };
        sources.with_added(rows("https://example.org/a\nhttps://example.org/b\n")).unwrap();
        assert_eq!(
            sources.polled.iter().map(|source| source.at.to_string()).collect::<Vec<_>>(),
            ["https://example.org/a", "https://example.org/b"]
        );
        let error = sources
            .with_added(rows("[[source]]\nid = \"x\"\nurl = \"https://example.org/c\""))
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("the id \"x\" is already that of the source at own.toml:1:1"),
            "{error}"
        );
    }
}
