//! Which sources a list shows: for the status pages and the API.

use std::collections::HashMap;

use crate::{config::sources::Source, stages::schedule::change::PolledNow};

/// What is looked for.
#[derive(Debug, Clone)]
pub(super) struct SourceFilter {
    /// In a name, an address, an id or a tag, in lower case; all where it is empty.
    words: String,
    /// The label of a state; all where it is empty.
    state: String,
}

impl SourceFilter {
    pub(super) fn new(words: &str, state: &str) -> Self {
        Self { words: words.to_lowercase(), state: state.to_owned() }
    }

    /// Those of the sources that are looked for, in their order; `titles` are the names that they
    /// give themselves, needed where words are looked for.
    pub(super) fn apply(
        &self,
        polled: Vec<PolledNow>,
        titles: &HashMap<String, String>,
    ) -> impl Iterator<Item = PolledNow> {
        polled.into_iter().filter(|PolledNow { source, state }| {
            let title = titles.get(source.id.as_str()).map(String::as_str);
            (self.state.is_empty() || state.as_str() == self.state)
                && (self.words.is_empty() || has_words(source, title, &self.words))
        })
    }

    /// The operator's name for a source, or its own, or its address.
    pub(super) fn shown_name(source: &Source, title: Option<&str>) -> String {
        let name = source.name.as_deref().or(title);
        name.map_or_else(|| source.at.to_string(), str::to_owned)
    }
}

fn has_words(source: &Source, title: Option<&str>, words: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(words);
    has(source.id.as_str())
        || source.name.as_deref().or(title).is_some_and(has)
        || has(&source.at.to_string())
        || source.tags.iter().any(|tag| has(tag))
}
