//! The sources that are polled, each in a slot of its own, while they come and go.
//!
//! What must stay true: a slot that is taken has one token, which is in the schedule's heap or with
//! a poll. A source that is let go leaves its slot when the token comes back, and takes it up again
//! where it is added before that: so a late token never means another source, and a source is
//! polled once at a time.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{SourceStatus, change::PolledNow};
use crate::config::sources::{Source, SourceId};

/// A place in the roster.
pub type Slot = u32;

/// The sources that are polled.
#[derive(Debug, Default)]
pub(super) struct Roster {
    slots: Vec<Option<RosterEntry>>,
    free: Vec<Slot>,
    /// Sources that were let go while their tokens are out.
    leaving: HashMap<SourceId, Slot>,
}

/// The token of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) slot: Slot,
    /// Whether it is with a poll; else it is the caller's.
    pub(super) is_out: bool,
}

/// A source in its slot.
#[derive(Debug)]
struct RosterEntry {
    source: Arc<Source>,
    status: SourceStatus,
    leaves: bool,
}

impl Roster {
    /// Takes a source in, in a slot of its own. The token of one that was let go may be out still.
    pub(super) fn insert(&mut self, source: Arc<Source>, status: SourceStatus) -> Token {
        let before = self.leaving.remove(&source.id);
        let slot = before.or_else(|| self.free.pop()).unwrap_or_else(|| {
            self.slots.push(None);
            Slot::try_from(self.slots.len() - 1).unwrap_or(Slot::MAX)
        });
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(RosterEntry { source, status, leaves: false });
        }
        Token { slot, is_out: before.is_some() }
    }

    /// The source of a token that came back; one that was let go is gone with it.
    pub(super) fn take_back(&mut self, slot: Slot) -> Option<(&Arc<Source>, &mut SourceStatus)> {
        let place = self.slots.get_mut(slot as usize)?;
        if let Some(left) = place.take_if(|place| place.leaves) {
            self.leaving.remove(&left.source.id);
            self.free.push(slot);
        }
        place.as_mut().map(|place| (&place.source, &mut place.status))
    }

    /// The source in a slot, if it was let go and its token is out still.
    pub(super) fn leaving_source(&self, slot: Slot) -> Option<&SourceId> {
        self.slots
            .get(slot as usize)?
            .as_ref()
            .filter(|slot| slot.leaves)
            .map(|slot| &slot.source.id)
    }

    /// Puts other declarations in the places of sources, by their ids. A poll that is under way ends
    /// by the one that it began with.
    pub(super) fn replace(&mut self, mut sources: HashMap<String, Arc<Source>>) {
        for entry in self.slots.iter_mut().flatten().filter(|entry| !entry.leaves) {
            if let Some(source) = sources.remove(entry.source.id.as_str()) {
                entry.source = source;
            }
        }
    }

    /// Lets go those that have one of these ids: gives what was remembered of them.
    pub(super) fn remove(&mut self, ids: &HashSet<String>) -> Vec<SourceStatus> {
        let mut gone = Vec::new();
        for (slot, entry) in (0..).zip(&mut self.slots) {
            let Some(entry) = entry.as_mut().filter(|entry| !entry.leaves) else { continue };
            if ids.contains(entry.source.id.as_str()) {
                entry.leaves = true;
                self.leaving.insert(entry.source.id.clone(), slot);
                gone.push(entry.status);
            }
        }
        gone
    }

    /// All that are polled.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.slots.iter().flatten().filter(|slot| !slot.leaves).map(|slot| &*slot.source)
    }

    /// Those of these ids that are polled, with what is remembered of them.
    pub(super) fn of_ids(
        &mut self,
        ids: &HashSet<&str>,
    ) -> impl Iterator<Item = (&Arc<Source>, &mut SourceStatus)> {
        let entries = self.slots.iter_mut().flatten().filter(|entry| !entry.leaves);
        entries
            .filter(|entry| ids.contains(entry.source.id.as_str()))
            .map(|entry| (&entry.source, &mut entry.status))
    }

    /// All that are polled, each with its state.
    pub(super) fn polled(&self) -> impl Iterator<Item = PolledNow> {
        self.slots
            .iter()
            .flatten()
            .filter(|slot| !slot.leaves)
            .map(|slot| PolledNow { source: Arc::clone(&slot.source), state: slot.status.state })
    }

    /// The slots of the sources that are polled, with the sources' ids.
    pub(super) fn slots(&self) -> impl Iterator<Item = (Slot, &SourceId)> {
        let taken =
            (0..).zip(&self.slots).filter_map(|(slot, entry)| Some((slot, entry.as_ref()?)));
        taken.filter(|(_, entry)| !entry.leaves).map(|(slot, entry)| (slot, &entry.source.id))
    }

    /// What is remembered of them.
    pub(super) fn statuses(&self) -> impl Iterator<Item = SourceStatus> {
        self.slots.iter().flatten().filter(|slot| !slot.leaves).map(|slot| slot.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::sources, model::source::State};

    const STATUS: SourceStatus = SourceStatus { state: State::Ok, appetite: None };

    fn source(url: &str) -> Arc<Source> {
        let source = sources::parse("l", url.as_bytes()).sources.remove(0);
        Arc::new(Source { added: Some(chrono::DateTime::UNIX_EPOCH), ..source })
    }

    fn own(slot: Slot) -> Token {
        Token { slot, is_out: false }
    }

    fn ids(sources: &[&Source]) -> HashSet<String> {
        sources.iter().map(|source| source.id.to_string()).collect()
    }

    #[test]
    fn a_slot_is_given_to_another_source_only_when_its_token_is_back() {
        let (mut roster, one, two, three) = (
            Roster::default(),
            source("https://a.example/"),
            source("https://b.example/"),
            source("https://c.example/"),
        );
        assert_eq!(roster.insert(Arc::clone(&one), STATUS), own(0));
        assert_eq!(roster.remove(&ids(&[&one])).len(), 1);
        assert_eq!(roster.remove(&ids(&[&one])).len(), 0, "it is gone already");
        assert_eq!(roster.insert(Arc::clone(&two), STATUS), own(1));
        assert_eq!((roster.leaving_source(0), roster.leaving_source(1)), (Some(&one.id), None));
        assert!(roster.take_back(0).is_none());
        assert_eq!(roster.insert(Arc::clone(&three), STATUS), own(0));
        assert_eq!(roster.take_back(0).map(|entry| entry.0.clone()), Some(three));
        assert_eq!(roster.sources().count(), 2);
    }

    #[test]
    fn a_source_that_is_added_again_goes_on_with_the_token_that_is_out() {
        let (mut roster, one) = (Roster::default(), source("https://a.example/"));
        roster.insert(Arc::clone(&one), STATUS);
        roster.remove(&ids(&[&one]));
        assert_eq!(roster.insert(Arc::clone(&one), STATUS), Token { slot: 0, is_out: true });
        assert!(roster.take_back(0).is_some(), "it is polled on");
        assert_eq!(roster.statuses().count(), 1);
    }

    #[test]
    fn another_declaration_takes_the_place_of_a_source_and_its_token_stays() {
        let (mut roster, one) = (Roster::default(), source("https://a.example/"));
        let slot = roster.insert(Arc::clone(&one), STATUS).slot;
        let paused = Arc::new(Source { paused: true, ..(*one).clone() });
        roster.replace(HashMap::from([(one.id.to_string(), paused)]));
        assert!(roster.take_back(slot).is_some_and(|(source, _)| source.paused));
        assert_eq!(roster.sources().count(), 1);
    }
}
