//! The sources that are polled, each in a slot of its own.
//!
//! What must stay true: a slot that is taken has one token, which is in the schedule's heap or with a poll. A source that
//! is let go leaves its slot when the token comes back, so that a late token never means another source.

use std::sync::Arc;

use super::Known;
use crate::config::sources::Source;

/// A place in the roster.
pub type Slot = u32;

/// The sources that are polled.
#[derive(Debug, Default)]
pub(super) struct Roster {
    slots: Vec<Entry>,
}

/// What is in a slot.
#[derive(Debug)]
struct Entry {
    source: Arc<Source>,
    known: Known,
}

impl Roster {
    /// Takes a source in. Its token is the caller's.
    pub(super) fn insert(&mut self, source: Arc<Source>, known: Known) -> Slot {
        self.slots.push(Entry { source, known });
        Slot::try_from(self.slots.len() - 1).unwrap_or(Slot::MAX)
    }

    /// The source in a slot.
    pub(super) fn source(&self, slot: Slot) -> Option<&Arc<Source>> {
        self.slots.get(slot as usize).map(|it| &it.source)
    }

    /// What is remembered of the source in a slot.
    pub(super) fn known_mut(&mut self, slot: Slot) -> Option<&mut Known> {
        self.slots.get_mut(slot as usize).map(|it| &mut it.known)
    }

    /// What is remembered of all.
    pub(super) fn known(&self) -> impl Iterator<Item = Known> {
        self.slots.iter().map(|it| it.known)
    }
}
