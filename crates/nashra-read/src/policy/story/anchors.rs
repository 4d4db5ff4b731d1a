//! A table from the hash of a shingle to the texts that have it, in memory.
//!
//! It is one flat table a part, with open addressing and linear probing: 8 bytes a slot, and no
//! other allocation. Each part grows by itself, so that growing never copies the whole.
//!
//! What must stay true: a lookup touches a bounded number of slots whatever the texts are, and what
//! was removed leaves no trace.

/// The most texts that are kept of one shingle: more would be a phrase that everybody uses.
pub(super) const MAX_TEXTS: usize = 16;
/// The parts of the table, a power of two.
const PARTS: usize = 256;
/// A slot without a text.
const EMPTY: Slot = Slot { anchor: 0, text: u32::MAX };

/// The texts that have a shingle.
#[derive(Debug)]
pub(super) struct Anchors {
    parts: Vec<Part>,
    /// Bytes of the slots.
    bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    anchor: u32,
    /// The number of the text; `u32::MAX` in an empty slot.
    text: u32,
}

#[derive(Debug, Default, Clone)]
struct Part {
    slots: Vec<Slot>,
    used: usize,
}

impl Default for Anchors {
    fn default() -> Self {
        Self { parts: vec![Part::default(); PARTS], bytes: 0 }
    }
}

/// Spreads an anchor: the smallest hashes of texts are small numbers.
fn spread(anchor: u32) -> u64 {
    u64::from(anchor).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Anchors {
    /// The texts that have this shingle, in no order, at most [`MAX_TEXTS`].
    pub(super) fn texts(&self, anchor: u32) -> impl Iterator<Item = u32> {
        let part = &self.parts[part_of(anchor)];
        part.run(part.home(anchor)).filter(move |slot| slot.anchor == anchor).map(|slot| slot.text)
    }

    /// Adds a text to those of a shingle, unless they are [`MAX_TEXTS`] already.
    pub(super) fn add(&mut self, anchor: u32, text: u32) {
        let part = &mut self.parts[part_of(anchor)];
        let before = part.slots.len();
        part.add(Slot { anchor, text });
        self.bytes += (part.slots.len() - before) * size_of::<Slot>();
    }

    /// Removes a text from those of a shingle.
    pub(super) fn remove(&mut self, anchor: u32, text: u32) {
        self.parts[part_of(anchor)].remove(Slot { anchor, text });
    }

    /// Bytes that it takes in memory.
    #[must_use]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

fn part_of(anchor: u32) -> usize {
    usize::try_from(spread(anchor) >> 56).unwrap_or(0) % PARTS
}

impl Part {
    /// Where a shingle's slots begin.
    fn home(&self, anchor: u32) -> usize {
        let slots = self.slots.len() as u64;
        // The high half of a product maps a hash to a range without a division (Lemire, "Fast random
        // integer generation in an interval", 2019).
        let spread = (spread(anchor) >> 24) & 0xffff_ffff;
        usize::try_from((spread * slots) >> 32).unwrap_or(0)
    }

    /// The slots that are used, from one on, up to the next that is empty.
    fn run(&self, from: usize) -> impl Iterator<Item = Slot> {
        let (before, after) = self.slots.split_at(from.min(self.slots.len()));
        after.iter().chain(before).copied().take_while(|slot| *slot != EMPTY)
    }

    fn add(&mut self, slot: Slot) {
        // At most four fifths are used: runs stay short.
        if (self.used + 1) * 5 > self.slots.len() * 4 {
            self.grow();
        }
        let from = self.home(slot.anchor);
        let (mut run, mut same) = (0, 0);
        for other in self.run(from) {
            run += 1;
            same += usize::from(other.anchor == slot.anchor);
        }
        if same < MAX_TEXTS {
            let at = (from + run) % self.slots.len();
            self.slots[at] = slot;
            self.used += 1;
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 5 / 4).max(16);
        let mut larger = Self { slots: vec![EMPTY; size], used: 0 };
        // The order of a shingle's texts may change: nothing depends on it.
        self.slots.iter().filter(|slot| **slot != EMPTY).for_each(|slot| larger.add(*slot));
        *self = larger;
    }

    fn remove(&mut self, slot: Slot) {
        let from = self.home(slot.anchor);
        let Some(found) = self.run(from).position(|other| other == slot) else { return };
        let size = self.slots.len();
        let mut hole = (from + found) % size;
        self.slots[hole] = EMPTY;
        self.used -= 1;
        // What stands after the hole and is at home at or before it moves into it (Knuth, "The Art
        // of Computer Programming", volume 3, 6.4, algorithm R).
        let mut at = hole;
        loop {
            at = (at + 1) % size;
            let next = self.slots[at];
            if next == EMPTY {
                return;
            }
            let its_home = self.home(next.anchor);
            let distance = |from: usize, to: usize| (to + size - from) % size;
            if distance(its_home, at) >= distance(hole, at) {
                self.slots[hole] = next;
                self.slots[at] = EMPTY;
                hole = at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_was_added_is_found_until_it_is_removed() {
        let mut anchors = Anchors::default();
        let mut model: BTreeSet<(u32, u32)> = BTreeSet::new();
        // A sequence without a pattern, the same each time.
        let mut state = 1_u32;
        for step in 0..60_000_u32 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let anchor = state >> 20;
            if step > 20_000 && state & 1 == 0 {
                if let Some(one) = model.range((anchor, 0)..).next().copied() {
                    model.remove(&one);
                    anchors.remove(one.0, one.1);
                }
            } else if model.range((anchor, 0)..=(anchor, u32::MAX)).count() < MAX_TEXTS {
                model.insert((anchor, step));
                anchors.add(anchor, step);
            }
        }
        for anchor in 0..=(u32::MAX >> 20) {
            let found: BTreeSet<u32> = anchors.texts(anchor).collect();
            let expected: BTreeSet<u32> =
                model.range((anchor, 0)..=(anchor, u32::MAX)).map(|(_, text)| *text).collect();
            assert_eq!(found, expected, "{anchor}");
        }
    }

    #[test]
    fn a_phrase_that_everybody_uses_keeps_its_first_texts() {
        let mut anchors = Anchors::default();
        (0..1_000).for_each(|text| anchors.add(7, text));
        assert_eq!(anchors.texts(7).count(), MAX_TEXTS);
        (0..1_000).for_each(|text| anchors.remove(7, text));
        assert_eq!(anchors.texts(7).count(), 0);
        assert!(anchors.bytes() < 1_000);
    }
}
