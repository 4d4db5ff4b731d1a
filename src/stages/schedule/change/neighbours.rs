//! Sources of the same sites that are polled already: whoever adds a source of a site wants to know
//! them, since one site's feeds often tell the same articles.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    config::sources::Source,
    model::{identity::site_of, source::State},
    store::{PollStore, StoreError},
};

/// The most that are named.
const MAX_NAMED: usize = 20;

/// Sources of the same sites as those that are added, which are polled already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Neighbours {
    /// The first 20 of them.
    pub sources: Vec<Neighbour>,
    /// How many there are.
    pub total: usize,
}

/// A source of the same site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Neighbour {
    /// Its id.
    pub id: String,
    /// Its address, without what is secret in it.
    pub url: String,
    /// Its kind.
    pub kind: String,
    /// Its state after the last poll.
    pub state: State,
}

/// The sources of `present` that are of the sites of `added`. A site is what one owner registers, or
/// else a host.
pub(super) fn neighbours<'a>(
    added: impl Iterator<Item = &'a Source>,
    present: impl Iterator<Item = &'a Source>,
    (store, now): (&PollStore, DateTime<Utc>),
) -> Result<Neighbours, StoreError> {
    let site = |source: &'a Source| source.at.url().and_then(site_of);
    let sites: HashSet<&str> = added.filter_map(site).collect();
    let mut found = Neighbours::default();
    if sites.is_empty() {
        return Ok(found);
    }
    for source in present.filter(|source| site(source).is_some_and(|site| sites.contains(site))) {
        found.total += 1;
        if found.sources.len() < MAX_NAMED {
            found.sources.push(neighbour(source, store, now)?);
        }
    }
    Ok(found)
}

fn neighbour(
    source: &Source,
    store: &PollStore,
    now: DateTime<Utc>,
) -> Result<Neighbour, StoreError> {
    let id = source.id.as_str();
    let is_paused = source.paused || store.pause_at(id, now)?.is_some();
    let state = match store.facts(id)? {
        _ if is_paused => State::Paused,
        Some(facts) => facts.state,
        None => State::New,
    };
    let (url, kind) = (source.at.to_string(), source.kind.to_string());
    Ok(Neighbour { id: id.to_owned(), url, kind, state })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::sources::parse, store::Store};

    #[test]
    fn sources_of_one_registered_domain_are_neighbours_and_those_of_one_suffix_are_none() {
        let polls = Store::in_memory().unwrap().polls();
        let sources = |list: &str| parse("l.txt", list.as_bytes()).sources;
        let present = sources(
            "https://news.a.co.uk/feed\nhttp://a.co.uk/\nhttps://b.co.uk/\nhttp://10.0.0.1/x\nhttp://10.0.0.2/\nhttp://wiki/a\n",
        );
        let of = |list: &str| {
            let (added, beside) = (sources(list), (&polls, DateTime::UNIX_EPOCH));
            let found = neighbours(added.iter(), present.iter(), beside).unwrap();
            let urls: Vec<String> = found.sources.into_iter().map(|source| source.url).collect();
            urls.join(" ")
        };
        assert_eq!(of("https://www.a.co.uk/new"), "https://news.a.co.uk/feed http://a.co.uk/");
        assert_eq!(of("http://10.0.0.1/y"), "http://10.0.0.1/x");
        assert_eq!(of("http://wiki/b"), "http://wiki/a");
        assert_eq!(of("https://co.uk/"), "");
        let many: Vec<String> = (0..30).map(|n| format!("https://a.example/{n}")).collect();
        let (added, present) = (sources("https://a.example/"), sources(&many.join("\n")));
        let beside = (&polls, DateTime::UNIX_EPOCH);
        let found = neighbours(added.iter(), present.iter(), beside).unwrap();
        assert_eq!((found.sources.len(), found.total), (MAX_NAMED, 30));
    }
}
