//! The model: a sum over small trees, whose weights are data ([`super::weights`]).
//!
//! It has trees because the meaning of a measure depends on others: a short name is an article's
//! beside a picture and a section's in a menu. They were trained on labelled pages by
//! `tests/train/listing.py`, which also says how well they do on sites that they have not seen.

use std::sync::LazyLock;

use super::{
    features::{Measures, NAMES},
    weights::{THRESHOLD, TREES},
};
use crate::read::trees::Forest;

static FOREST: LazyLock<Forest<{ NAMES.len() }>> =
    LazyLock::new(|| Forest::from_rows(TREES).unwrap_or_default());

/// The logit of an address being an article's, minus the threshold: above 0 it is one.
pub(super) fn score(measures: &Measures) -> f32 {
    FOREST.sum(&measures.values()) - THRESHOLD
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{listing::weights, trees::LEAF};

    #[test]
    fn the_weights_are_those_of_the_measures() {
        assert_eq!(weights::NAMES, NAMES);
    }

    #[test]
    fn every_walk_ends_in_a_leaf() {
        assert_eq!(FOREST.len(), TREES.len());
        for tree in TREES {
            for (at, (measure, number, below, above)) in tree.iter().enumerate() {
                assert!(number.is_finite());
                let forward = |to: u8| usize::from(to) > at && usize::from(to) < tree.len();
                assert!(
                    *measure == LEAF
                        || forward(*below)
                            && forward(*above)
                            && usize::from(*measure) < NAMES.len()
                );
            }
        }
    }

    #[test]
    fn every_tree_begins_with_a_split() {
        assert!(TREES.iter().all(|tree| tree[0].0 != LEAF));
    }
}
