//! Forests of decision trees: how probable it is that a line belongs to an article's text, by the measures of the line,
//! and that a heading begins a further article, by its signs.
//!
//! The trees are data (`body.model`, `split.model`), learned by gradient boosting from labelled pages; `tests/train` has the script
//! that made them. Layout, all little-endian: `NFR1`, the number of trees (u16), and for each its number of splits
//! (u16), the splits (measure u8, threshold f32, where to go at or below it i16, where above i16; below zero is the
//! leaf with that number, from -1), its number of leaves (u16) and their values (f32).

use std::sync::LazyLock;

use super::{features::COUNT, split::signs};

static MODEL: &[u8] = include_bytes!("body.model");
static SPLIT_MODEL: &[u8] = include_bytes!("split.model");

/// The forest that tells an article's text.
pub(super) static BODY: LazyLock<Forest<COUNT>> = LazyLock::new(|| Forest::read(MODEL).unwrap_or_default());

/// The forest that tells where a further article begins.
pub(super) static SPLIT: LazyLock<Forest<{ signs::COUNT }>> = LazyLock::new(|| Forest::read(SPLIT_MODEL).unwrap_or_default());

#[derive(Debug, Clone, Copy)]
struct Split {
    measure: u8,
    threshold: f32,
    below: i16,
    above: i16,
}

/// Trees over `N` measures.
#[derive(Debug, Default)]
pub(super) struct Forest<const N: usize>(Vec<(Vec<Split>, Vec<f32>)>);

impl<const N: usize> Forest<N> {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes.strip_prefix(b"NFR1")?);
        let trees = (0..bytes.u16()?).map(|_| {
            let splits = (0..bytes.u16()?).map(|_| bytes.split()).collect::<Option<Vec<_>>>()?;
            let leaves = (0..bytes.u16()?).map(|_| bytes.take().map(f32::from_le_bytes)).collect::<Option<Vec<_>>>()?;
            Some((splits, leaves))
        });
        trees.collect::<Option<Vec<_>>>().map(Self)
    }

    /// From 0 to 1.
    pub(super) fn probability(&self, row: &[f32; N]) -> f32 {
        let sum: f32 = self.0.iter().map(|(splits, leaves)| leaf(splits, leaves, row)).sum();
        1.0 / (1.0 + (-sum).exp())
    }
}

fn leaf(splits: &[Split], leaves: &[f32], row: &[f32]) -> f32 {
    let mut at: i16 = 0;
    // A tree leads on to splits that come later, so this ends.
    while let Some(split) = usize::try_from(at).ok().and_then(|it| splits.get(it)) {
        let value = row.get(usize::from(split.measure)).copied().unwrap_or_default();
        let next = if value <= split.threshold { split.below } else { split.above };
        if next >= 0 && next <= at {
            return 0.0;
        }
        at = next;
    }
    usize::try_from(-1 - i32::from(at)).ok().and_then(|it| leaves.get(it)).copied().unwrap_or_default()
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn split(&mut self) -> Option<Split> {
        Some(Split {
            measure: self.take::<1>()?[0],
            threshold: f32::from_le_bytes(self.take()?),
            below: i16::from_le_bytes(self.take()?),
            above: i16::from_le_bytes(self.take()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_are_whole() {
        for (model, trees) in [(MODEL, 50), (SPLIT_MODEL, 20)] {
            let forest = Forest::<COUNT>::read(model).unwrap();
            assert!(forest.0.len() > trees && forest.0.iter().all(|(splits, leaves)| leaves.len() == splits.len() + 1));
            assert!(Forest::<COUNT>::read(&model[..model.len() - 1]).is_none());
        }
    }
}
