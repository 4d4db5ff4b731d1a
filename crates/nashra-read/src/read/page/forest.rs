//! The learned models of pages: the probability that a line belongs to an article's text, by its
//! measures, and that a heading begins a further article, by its signs.
//!
//! The trees are data (`body.model`, `split.model`), learned from labelled pages; `tests/train` has
//! the scripts that made them.

use std::sync::LazyLock;

use super::{features::COUNT, split::signs};
use crate::read::trees::Forest;

static MODEL: &[u8] = include_bytes!("body.model");
static SPLIT_MODEL: &[u8] = include_bytes!("split.model");

/// The forest that tells an article's text.
pub(super) static BODY: LazyLock<Forest<COUNT>> =
    LazyLock::new(|| Forest::from_bytes(MODEL).unwrap_or_default());

/// The forest that tells where a further article begins.
pub(super) static SPLIT: LazyLock<Forest<{ signs::COUNT }>> =
    LazyLock::new(|| Forest::from_bytes(SPLIT_MODEL).unwrap_or_default());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_are_whole() {
        for (model, trees) in [(MODEL, 50), (SPLIT_MODEL, 20)] {
            let forest = Forest::<COUNT>::from_bytes(model).unwrap();
            assert!(forest.len() > trees);
            assert!(Forest::<COUNT>::from_bytes(&model[..model.len() - 1]).is_none());
        }
    }
}
