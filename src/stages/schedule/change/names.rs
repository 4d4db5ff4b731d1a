//! The sources that operators mean: by an id, by an address, or by the name of a topic.

use std::collections::HashMap;

use url::Url;

use super::TopicIds;
use crate::{
    base::private::shown,
    config::{
        Place,
        sources::{Source, SourceId},
    },
};

/// What an operator's name is known as.
#[derive(Debug, Clone)]
pub(super) struct Known<'a> {
    pub(super) name: String,
    /// The source that is polled under it.
    pub(super) source: Option<&'a Source>,
    /// The topic that is read under it.
    pub(super) topic: Option<(&'a SourceId, &'a Place)>,
}

impl Known<'_> {
    /// The id of the source that is polled, or the topic that is read.
    pub(super) fn id(&self) -> Option<&SourceId> {
        self.source.map(|source| &source.id).or(self.topic.map(|(id, _)| id))
    }

    /// The ids that a row of the store may have which is meant.
    pub(super) fn ids(&self) -> impl Iterator<Item = String> + use<> {
        let of_address = Url::parse(self.name.trim()).ok().map(|url| SourceId::from_url(&url));
        let known = self.id().map(ToString::to_string);
        let of_address = of_address.map(|id| id.to_string());
        [known, Some(self.name.clone()), of_address].into_iter().flatten()
    }

    /// Where a list of the config names it.
    pub(super) fn place(&self) -> Option<&Place> {
        let source = self.source.filter(|source| source.added.is_none());
        source.map(|source| &source.place).or(self.topic.map(|(_, place)| place))
    }
}

/// Finds what is meant, in the order of the names. `present` is gone through once, however many
/// there are.
pub(super) fn find<'a>(
    names: &[String],
    present: impl Iterator<Item = &'a Source>,
    topics: &'a TopicIds,
) -> Vec<Known<'a>> {
    let addresses: Vec<Option<Url>> =
        names.iter().map(|name| Url::parse(name.trim()).ok()).collect();
    let unknown = |name: &String| Known { name: name.clone(), source: None, topic: None };
    let mut known: Vec<Known<'a>> = names.iter().map(unknown).collect();
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, (name, address)) in names.iter().zip(&addresses).enumerate() {
        let key = address.as_ref().map_or(name.as_str(), Url::as_str);
        by_name.entry(key).or_default().push(index);
    }
    for source in present {
        let at = source.at.configured();
        let meant = [source.id.as_str(), &at].into_iter().filter_map(|name| by_name.get(name));
        for index in meant.flatten() {
            known[*index].source = Some(source);
        }
    }
    for known in &mut known {
        let topic = topics.0.iter().find(|(id, _)| id.as_str() == known.name);
        known.topic = topic.map(|(id, place)| (id, place));
    }
    known
}

/// Says that nothing is known by a name.
pub(super) fn unknown(name: &str) -> String {
    let name = shown(name);
    format!("{name}: no source is known by this id or address (`nashra sources list` shows all)")
}
