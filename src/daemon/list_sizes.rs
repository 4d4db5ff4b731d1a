//! Which files gave sources and give none now. A list that was emptied or broke off must not take its
//! sources away without a word, and neither must a config that lost the names of its lists.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    base::private::shown,
    config::{Config, Overrides, SourceList, sources::Sources},
    stages::schedule::reload::EmptyFile,
    store::{Store, StoreError},
};

/// How many sources each list gave when it was last taken over, by the name in their places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ListSizes(BTreeMap<String, usize>);

impl ListSizes {
    /// As it was noted at the last start or reload.
    pub(super) fn read(store: &Store) -> Result<Self, StoreError> {
        store.list_sizes().map(Self)
    }

    /// The files that gave sources and give none now.
    pub(super) fn empty_now(
        &self,
        (config, flags): (&Config, Option<&Overrides>),
        listed: &Sources,
    ) -> Vec<EmptyFile> {
        if config.sources.is_empty() && !self.0.is_empty() {
            let file = flags.and_then(|flags| flags.config.as_deref());
            let name = file.map_or("the config".to_owned(), |file| file.display().to_string());
            return vec![EmptyFile { name, lists: self.0.keys().cloned().collect() }];
        }
        let full = sizes(listed);
        let lists = config.sources.iter().map(SourceList::place_name);
        let empty = lists.filter(|list| self.0.contains_key(list) && !full.contains_key(list));
        empty.map(|list| EmptyFile { name: shown(&list).into_owned(), lists: vec![list] }).collect()
    }

    /// What is noted once `listed` is taken over. Where a list was not to be empty, its number stays.
    fn after(&self, listed: &Sources, empty: &[EmptyFile]) -> Self {
        let mut after = sizes(listed);
        let known: BTreeSet<&String> = empty.iter().flat_map(|file| &file.lists).collect();
        let missed = self.0.iter().filter(|(list, _)| known.contains(list));
        after.extend(missed.map(|(list, size)| (list.clone(), *size)));
        Self(after)
    }

    /// Notes what was taken over; files of `empty` are told of again until they give sources.
    pub(super) async fn note(&mut self, listed: &Sources, empty: &[EmptyFile], store: &Store) {
        let after = self.after(listed, empty);
        if after == *self {
            return;
        }
        if let Err(error) = store.keep_list_sizes(&after.0).await {
            // It is told of again; nothing else depends on it.
            tracing::warn!(%error, "how many sources each list gives could not be noted");
        }
        *self = after;
    }

    /// Warns at a start of files that gave sources and give none now.
    pub(super) fn warn(&self, empty: &[EmptyFile]) {
        for EmptyFile { name, lists } in empty {
            let sources: usize = lists.iter().filter_map(|list| self.0.get(list)).sum();
            tracing::warn!(
                file = name,
                sources,
                "the file gives no source now and gave some before: they are not polled; \
                `nashra reload --allow-empty` says that it is meant so"
            );
        }
    }
}

/// How many sources each list gives that gives some.
fn sizes(listed: &Sources) -> BTreeMap<String, usize> {
    let polled = listed.polled.iter().filter(|source| source.added.is_none());
    let places = polled.map(|source| &source.place);
    let mut sizes = BTreeMap::new();
    for place in places.chain(listed.topics.iter().map(|topic| &topic.place)) {
        *sizes.entry(place.file.to_string()).or_default() += 1;
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sources;

    fn listed(lists: &[(&str, &str)]) -> Sources {
        let lists = lists.iter().map(|(name, text)| sources::parse(name, text.as_bytes()));
        Sources { polled: sources::merge(lists).sources, topics: Vec::new() }
    }

    fn config(lists: &[&str]) -> Config {
        let sources = lists.iter().map(|list| list.parse().unwrap()).collect();
        Config { sources, ..Config::default() }
    }

    #[tokio::test]
    async fn a_list_that_gave_sources_is_told_of_until_it_is_meant_to_be_empty() {
        let store = Store::in_memory().unwrap();
        let mut known = ListSizes::read(&store).unwrap();
        let both = config(&["a.txt", "b.txt"]);
        let full = listed(&[("a.txt", "https://a.example/\nhttps://b.example/"), ("b.txt", "")]);
        assert_eq!(known.empty_now((&both, None), &full), [], "b.txt was always empty");
        known.note(&full, &[], &store).await;

        let mut known = ListSizes::read(&store).unwrap();
        let none = Sources::default();
        let empty = known.empty_now((&both, None), &none);
        let name =
            |empty: &[EmptyFile]| empty.iter().map(|file| file.name.clone()).collect::<Vec<_>>();
        assert_eq!(name(&empty), ["a.txt"]);
        known.note(&none, &empty, &store).await;
        let empty = ListSizes::read(&store).unwrap().empty_now((&both, None), &none);
        assert_eq!(name(&empty), ["a.txt"], "a start told of it, and nobody meant it");
        assert_eq!(name(&known.empty_now((&config(&[]), None), &none)), ["the config"]);
        assert_eq!(known.empty_now((&config(&["b.txt"]), None), &none), [], "it was taken out");
        known.note(&none, &[], &store).await;
        assert_eq!(ListSizes::read(&store).unwrap(), ListSizes::default());
    }
}
