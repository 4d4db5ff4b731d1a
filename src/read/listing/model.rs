//! From measures to a decision: a sum over small trees, whose weights are data ([`super::weights`]).
//!
//! Trees because what a measure means depends on others: a short name is an article's beside a picture and a section's
//! in a menu. They were trained on labelled pages by `tests/train/listing.py`, which also says how well they do on
//! sites that they have not seen.

use super::{
    features::Measures,
    weights::{THRESHOLD, TREES},
};

/// The row of a leaf.
const LEAF: u8 = 255;

/// The logit that an address is an article's, less the threshold: an article where it is above 0.
pub(super) fn score(measures: &Measures) -> f32 {
    let values = measures.values();
    TREES.iter().map(|tree| leaf(tree, &values)).sum::<f32>() - THRESHOLD
}

fn leaf(tree: &[(u8, f32, u8, u8)], values: &[f32]) -> f32 {
    let mut at = 0;
    // Rows lead forward only, so a walk is no longer than its tree.
    while let Some((measure, number, below, above)) = tree.get(usize::from(at)).copied() {
        if measure == LEAF {
            return number;
        }
        let value = values.get(usize::from(measure)).copied().unwrap_or(0.0);
        at = if value <= number { below } else { above };
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::listing::{features, weights};

    #[test]
    fn the_weights_are_those_of_the_measures() {
        assert_eq!(weights::NAMES, features::NAMES);
    }

    #[test]
    fn every_walk_ends_in_a_leaf() {
        for tree in TREES {
            for (at, (measure, number, below, above)) in tree.iter().enumerate() {
                assert!(number.is_finite());
                let forward = |to: u8| usize::from(to) > at && usize::from(to) < tree.len();
                assert!(*measure == LEAF || forward(*below) && forward(*above) && usize::from(*measure) < features::NAMES.len());
            }
        }
    }
}
