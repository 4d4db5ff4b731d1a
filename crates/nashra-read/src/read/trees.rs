//! Evaluates ensembles of small decision trees. Pure.
//!
//! They are trees because the meaning of a measure depends on others. They are learned by gradient
//! boosting from labelled pages (`tests/train`) and are data of those who ask: as bytes
//! ([`Forest::from_bytes`]) or as rows in code ([`Forest::from_rows`]). What must stay true: a tree
//! leads on to splits that come later only, so a walk is no longer than its tree.

#[derive(Debug, Clone, Copy)]
struct Split {
    measure: u8,
    threshold: f32,
    /// Where to go at or below the threshold: a split, or below zero the leaf with that number,
    /// from -1.
    below: i16,
    /// Where to go above it.
    above: i16,
}

/// The splits of a tree, the first one first, and the values of its leaves.
#[derive(Debug)]
struct Tree {
    splits: Vec<Split>,
    leaves: Vec<f32>,
}

/// Trees over `N` measures.
#[derive(Debug, Default)]
pub(super) struct Forest<const N: usize>(Vec<Tree>);

/// One row of a tree in code: measure, threshold, the row to go on with when not above it, and when
/// above; or [`LEAF`] and the leaf's value.
pub(super) type Row = (u8, f32, u8, u8);

/// In the place of a measure: the row is a leaf.
pub(super) const LEAF: u8 = 255;

impl<const N: usize> Forest<N> {
    /// Reads trees from bytes, all little-endian: `NFR1`, the number of trees (u16), and for each
    /// its number of splits (u16), the splits (measure u8, threshold f32, where to go at or below
    /// it i16, where above i16; below zero is the leaf with that number, from -1), its number of
    /// leaves (u16) and their values (f32). `None` where bytes are missing.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes.strip_prefix(b"NFR1")?);
        let trees = (0..bytes.u16()?).map(|_| {
            let splits = (0..bytes.u16()?).map(|_| bytes.split()).collect::<Option<Vec<_>>>()?;
            let leaves = (0..bytes.u16()?)
                .map(|_| bytes.take().map(f32::from_le_bytes))
                .collect::<Option<Vec<_>>>()?;
            Some(Tree { splits, leaves })
        });
        trees.collect::<Option<Vec<_>>>().map(Self)
    }

    /// Makes trees of rows, with splits and leaves in any order.
    pub(super) fn from_rows(trees: &[&[Row]]) -> Self {
        Self(trees.iter().map(|rows| Tree::from_rows(rows)).collect())
    }

    /// The sum of the leaves that these measures lead to: a logit.
    pub(super) fn sum(&self, measures: &[f32; N]) -> f32 {
        self.0.iter().map(|tree| tree.leaf(measures)).sum()
    }

    /// The same as a probability, from 0 to 1.
    pub(super) fn probability(&self, measures: &[f32; N]) -> f32 {
        1.0 / (1.0 + (-self.sum(measures)).exp())
    }

    /// The number of trees, if each is whole: it has a leaf more than splits, and leads to those
    /// alone.
    #[cfg(test)]
    pub(super) fn whole(&self) -> Option<usize> {
        self.0.iter().all(Tree::is_whole).then_some(self.0.len())
    }
}

impl Tree {
    fn from_rows(rows: &[Row]) -> Self {
        let is_leaf = |row: &&Row| row.0 == LEAF;
        // A row stands among the splits, or among the leaves, where it stands among all rows.
        let place = |at: u8| {
            let (before, leaf) = (
                rows.iter().take(at.into()),
                rows.get(usize::from(at)).is_none_or(|row| row.0 == LEAF),
            );
            let leaves = i16::try_from(before.clone().filter(is_leaf).count()).unwrap_or(i16::MAX);
            if leaf { -1 - leaves } else { i16::from(at) - leaves }
        };
        let split = |&(measure, threshold, below, above): &Row| Split {
            measure,
            threshold,
            below: place(below),
            above: place(above),
        };
        Self {
            splits: rows.iter().filter(|row| row.0 != LEAF).map(split).collect(),
            leaves: rows.iter().filter(is_leaf).map(|row| row.1).collect(),
        }
    }

    fn leaf(&self, measures: &[f32]) -> f32 {
        let mut at: i16 = 0;
        while let Some(split) = usize::try_from(at).ok().and_then(|index| self.splits.get(index)) {
            let value = measures.get(usize::from(split.measure)).copied().unwrap_or_default();
            let next = if value <= split.threshold { split.below } else { split.above };
            if next >= 0 && next <= at {
                return 0.0;
            }
            at = next;
        }
        usize::try_from(-1 - i32::from(at))
            .ok()
            .and_then(|index| self.leaves.get(index))
            .copied()
            .unwrap_or_default()
    }

    #[cfg(test)]
    fn is_whole(&self) -> bool {
        let leads_on = |(at, split): (usize, &Split)| {
            [split.below, split.above].into_iter().all(|to| match usize::try_from(to) {
                Ok(to) => to > at && to < self.splits.len(),
                Err(_) => usize::try_from(-1 - to).is_ok_and(|leaf| leaf < self.leaves.len()),
            })
        };
        self.leaves.len() == self.splits.len() + 1 && self.splits.iter().enumerate().all(leads_on)
    }
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
    fn rows_and_bytes_are_walked_alike() {
        let rows: &[Row] = &[
            (0, 1.0, 1, 4),
            (1, 5.0, 2, 3),
            (LEAF, 0.25, 0, 0),
            (LEAF, 0.5, 0, 0),
            (LEAF, 4.0, 0, 0),
        ];
        let splits: [(u8, f32, i16, i16); 2] = [(0, 1.0, 1, -3), (1, 5.0, -1, -2)];
        let mut bytes = [b"NFR1".as_slice(), &1_u16.to_le_bytes(), &2_u16.to_le_bytes()].concat();
        for (measure, threshold, below, above) in splits {
            bytes.extend(
                [
                    &[measure][..],
                    &threshold.to_le_bytes(),
                    &below.to_le_bytes(),
                    &above.to_le_bytes(),
                ]
                .concat(),
            );
        }
        bytes.extend(3_u16.to_le_bytes());
        bytes.extend([0.25_f32, 0.5, 4.0].into_iter().flat_map(f32::to_le_bytes));
        for forest in [Forest::<2>::from_rows(&[rows]), Forest::from_bytes(&bytes).unwrap()] {
            assert_eq!(forest.whole(), Some(1));
            let leaves = [[0.0, 5.0], [1.0, 6.0], [1.5, 0.0], [f32::NAN, 0.0]]
                .map(|measures| forest.sum(&measures).to_bits());
            assert_eq!(leaves, [0.25_f32, 0.5, 4.0, 4.0].map(f32::to_bits));
        }
        assert!(Forest::<2>::from_bytes(&bytes[..bytes.len() - 1]).is_none());
    }
}
