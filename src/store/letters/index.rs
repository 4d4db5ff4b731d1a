//! What is known of all letters without reading the store: their ages and sizes, so that the oldest
//! make room, and what each is about, so that an entry or a record has one letter. Some 150 bytes of
//! memory for a letter.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::LetterFacts;

#[derive(Debug, Default)]
pub(in crate::store) struct Index {
    letters: HashMap<Uuid, Known>,
    /// By when they were tried last.
    by_age: BTreeSet<(i64, Uuid)>,
    by_subject: HashMap<[u8; 8], Uuid>,
    /// Those whose records are in the outbox again, by their numbers there.
    in_outbox: BTreeMap<u64, Uuid>,
    total: u64,
}

#[derive(Debug)]
struct Known {
    size: u64,
    at_ms: i64,
    subject: Option<[u8; 8]>,
    in_outbox: Option<u64>,
}

impl Index {
    /// Takes a letter in, in the place of one of the same id.
    pub(super) fn put(&mut self, facts: &LetterFacts, size: u64) {
        self.remove(facts.id);
        let in_outbox = facts.retried.as_ref().and_then(|retried| retried.outbox);
        let known =
            Known { size, at_ms: facts.at.timestamp_millis(), subject: facts.subject, in_outbox };
        self.total += size;
        self.by_age.insert((known.at_ms, facts.id));
        self.by_subject.extend(known.subject.map(|subject| (subject, facts.id)));
        self.in_outbox.extend(known.in_outbox.map(|seq| (seq, facts.id)));
        self.letters.insert(facts.id, known);
    }

    /// Takes other facts of a letter in.
    pub(super) fn note(&mut self, facts: &LetterFacts) {
        if let Some(size) = self.letters.get(&facts.id).map(|known| known.size) {
            self.put(facts, size);
        }
    }

    pub(super) fn remove(&mut self, id: Uuid) {
        let Some(known) = self.letters.remove(&id) else { return };
        self.total -= known.size;
        self.by_age.remove(&(known.at_ms, id));
        if let Some(subject) = known.subject.filter(|subject| self.of(*subject) == Some(id)) {
            self.by_subject.remove(&subject);
        }
        known.in_outbox.map(|seq| self.in_outbox.remove(&seq));
    }

    pub(super) fn of(&self, subject: [u8; 8]) -> Option<Uuid> {
        self.by_subject.get(&subject).copied()
    }

    pub(super) fn has(&self, id: Uuid) -> bool {
        self.letters.contains_key(&id)
    }

    pub(super) fn oldest(&self) -> Option<Uuid> {
        self.by_age.first().map(|(_, id)| *id)
    }

    /// Those that were last tried before a time.
    pub(super) fn before(&self, oldest: DateTime<Utc>) -> Vec<Uuid> {
        let end = (oldest.timestamp_millis(), Uuid::nil());
        self.by_age.range(..end).map(|(_, id)| *id).collect()
    }

    /// Those whose records have numbers in the outbox up to this one.
    pub(super) fn delivered(&self, acked: u64) -> Vec<Uuid> {
        self.in_outbox.range(..=acked).map(|(_, id)| *id).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }
}
