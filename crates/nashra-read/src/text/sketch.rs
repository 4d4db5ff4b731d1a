//! A few numbers that two editions of one text share for the most part, and two texts about other
//! things do not.
//!
//! Every three tokens in a row (two are often words that any text has) are spread over twelve slots,
//! and each slot keeps the least of its hashes. What must stay true: sketches are durable, so the
//! same text always has the same one.

use super::tokens::{Token, chain, mix};

/// The number of slots.
const SLOTS: usize = 12;
/// The fewest tokens that tell anything.
const FEWEST: usize = 6;
/// Slots in common from which on two texts are editions of one.
const RELATED: usize = 4;
/// Slots in common up to which two texts have nothing to do with each other: a phrase may be in both.
const UNRELATED: usize = 1;

/// The sketch of the tokens of title and text; empty where these are too short to tell anything.
#[must_use]
pub fn of<'a>(tokens: impl IntoIterator<Item = &'a Token>) -> Vec<u16> {
    let (mut least, mut before, mut count) = ([u32::MAX; SLOTS], (0, 0), 0);
    for token in tokens {
        let (first, second) = before;
        let three = mix(chain(chain(first, second), token.hash));
        // The slot is given by the upper bits and the order by all of them within it.
        let slot = (u64::from(three) * SLOTS as u64) >> 32;
        if let Ok(slot) = usize::try_from(slot) {
            least[slot] = least[slot].min(mix(three));
        }
        (before, count) = ((second, token.hash), count + 1);
    }
    if count < FEWEST {
        return Vec::new();
    }
    // Sixteen bits are enough to tell hashes apart; an empty slot is 0.
    let stored = |hash: &u32| u16::try_from(hash & 0xffff).map_or(0, |low| low | 1);
    least.iter().map(|hash| if *hash == u32::MAX { 0 } else { stored(hash) }).collect()
}

fn in_common(one: &[u16], other: &[u16]) -> usize {
    one.iter().zip(other).filter(|(one, other)| one == other && **one != 0).count()
}

/// Whether two sketches are surely of one text.
#[must_use]
pub fn are_related(one: &[u16], other: &[u16]) -> bool {
    in_common(one, other) >= RELATED
}

/// Whether two sketches are surely of texts that have nothing to do with each other.
#[must_use]
pub fn are_unrelated(one: &[u16], other: &[u16]) -> bool {
    !one.is_empty() && !other.is_empty() && in_common(one, other) <= UNRELATED
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tokens::read;

    const ONE: &str = "The harbour of the old town is open again after the storm that closed it for nine days, and the first ferry left before dawn with forty people on board.";
    const EDITED: &str = "The harbour of the old town is open again after the storm that closed it for ten days, and the first ferry left before dawn with forty people on board, the port said.";
    const OTHER: &str = "The council of the upper valley decided on Monday that the school will be built next to the station, where the market was until the spring of last year.";

    #[test]
    fn an_edited_text_is_related_and_another_one_is_not() {
        let [one, edited, other] =
            [ONE, EDITED, OTHER].map(|text| of(&read(&format!("A title {text}"))));
        assert!(are_related(&one, &edited) && !are_unrelated(&one, &edited));
        assert!(are_unrelated(&one, &other) && !are_related(&one, &other));
        let chinese = of(&read("老城的港口在暴风雨关闭九天后重新开放"));
        assert!(are_related(&chinese, &of(&read("老城的港口在暴风雨关闭十天后重新开放"))));
        assert!(are_unrelated(&chinese, &one));
    }

    #[test]
    fn a_text_of_a_few_words_tells_nothing() {
        let short = of(&read("Road closed Till noon."));
        assert!(short.is_empty());
        assert!(!are_unrelated(&short, &of(&read(ONE))) && !are_related(&short, &short));
    }
}
