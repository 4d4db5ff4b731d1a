//! Two documents in a row: a server that answers twice gives its entries twice.

use hashbrown::HashSet;

use crate::{base::hash::digest, read::feed::model::Item};

/// The entries of the first document, once a second one began.
#[derive(Debug, Default)]
pub(super) struct KnownEntries(Option<HashSet<[u8; 16]>>);

impl KnownEntries {
    pub(super) fn begin(&mut self, entries: &[Item]) {
        if self.0.is_none() {
            self.0 = Some(entries.iter().map(key).collect());
        }
    }

    /// Whether no document before had the entry.
    pub(super) fn is_new(&mut self, item: &Item) -> bool {
        self.0.as_mut().is_none_or(|known| known.insert(key(item)))
    }
}

fn key(item: &Item) -> [u8; 16] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let title = item.title.as_ref().map_or("", |title| title.value.as_str());
    digest(&[text(&item.id).as_bytes(), text(&item.link).as_bytes(), title.as_bytes()])
}
