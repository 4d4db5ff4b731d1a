//! Evaluates ensembles of small decision trees, for many rows of measures at once. Pure.
//!
//! They are trees because the meaning of a measure depends on others. They are learned by gradient
//! boosting from labelled pages (`tests/train`) and are data of those who ask: as bytes
//! ([`Forest::from_bytes`]) or as rows in code ([`Forest::from_rows`]).
//!
//! No tree is walked. Each leaf of a tree has a bit, from left to right, and a split whose measure
//! is above its threshold takes away the bits of the leaves below it; the first bit that is left is
//! that of the leaf (Lucchese et al., "`QuickScorer`", SIGIR 2015). The splits of all trees stand in
//! one list, by measure and threshold, so that the work is a plain loop over rows, which the
//! compiler does for several at a time, and nothing depends on where a tree leads.
//!
//! What must stay true: the leaves of a row are added up in the order of the trees, so that a sum is
//! the same whatever stands beside the row.

/// Rows that are evaluated together.
const LANES: usize = 16;
/// The most leaves of a tree: one for each bit of its set.
const MAX_LEAVES: usize = 32;

/// A split of any of the trees.
#[derive(Debug, Clone, Copy)]
struct Split {
    threshold: f32,
    tree: u16,
    /// The leaves that can be reached where the measure is above the threshold.
    above: u32,
}

impl Split {
    /// Takes away what rows with these values cannot reach.
    // A function of its own, because in the loop over splits the compiler keeps the values as single
    // numbers and compares them one by one.
    #[inline(never)]
    fn narrow(&self, reachable: &mut [u32; LANES], values: &[f32; LANES]) {
        for (reachable, value) in reachable.iter_mut().zip(values) {
            let all_if_below = u32::from(*value <= self.threshold).wrapping_neg();
            *reachable &= all_if_below | self.above;
        }
    }
}

/// Trees over `N` measures.
#[derive(Debug)]
pub(super) struct Forest<const N: usize> {
    /// The splits on each measure, by threshold.
    splits: [Vec<Split>; N],
    /// The values of each tree's leaves, from left to right.
    leaves: Vec<[f32; MAX_LEAVES]>,
}

/// One row of a tree in code: measure, threshold, the row to go on with when not above it, and when
/// above; or [`LEAF`] and the leaf's value.
pub(super) type Row = (u8, f32, u8, u8);

/// In the place of a measure: the row is a leaf.
pub(super) const LEAF: u8 = 255;

impl<const N: usize> Default for Forest<N> {
    fn default() -> Self {
        Self { splits: std::array::from_fn(|_| Vec::new()), leaves: Vec::new() }
    }
}

impl<const N: usize> Forest<N> {
    /// Reads trees from bytes, all little-endian: `NFR1`, the number of trees (u16), and for each
    /// its number of splits (u16), the splits (measure u8, threshold f32, where to go at or below
    /// it i16, where above i16; below zero is the leaf with that number, from -1), its number of
    /// leaves (u16) and their values (f32). `None` where bytes are missing, or a tree is not whole:
    /// each split and each leaf is reached on one way, and there are at most 32 leaves.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes.strip_prefix(b"NFR1")?);
        let mut forest = Self::default();
        for _ in 0..bytes.u16()? {
            // Here leaves come after splits, as in rows.
            let splits = usize::from(bytes.u16()?);
            let mut nodes =
                (0..splits).map(|_| bytes.split(splits)).collect::<Option<Vec<Node>>>()?;
            for _ in 0..bytes.u16()? {
                nodes.push(Node::Leaf(f32::from_le_bytes(bytes.take()?)));
            }
            forest.add(&nodes)?;
        }
        forest.sort();
        Some(forest)
    }

    /// Makes trees of rows, with splits and leaves in any order; `None` as for
    /// [`Self::from_bytes`].
    pub(super) fn from_rows(trees: &[&[Row]]) -> Option<Self> {
        let mut forest = Self::default();
        for rows in trees {
            let node = |&(measure, threshold, below, above): &Row| match measure {
                LEAF => Node::Leaf(threshold),
                measure => Node::Split { measure, threshold, to: [below, above].map(usize::from) },
            };
            forest.add(&rows.iter().map(node).collect::<Vec<_>>())?;
        }
        forest.sort();
        Some(forest)
    }

    /// Adds a tree, whose first node is its root.
    fn add(&mut self, nodes: &[Node]) -> Option<()> {
        let number = u16::try_from(self.leaves.len()).ok()?;
        let mut tree = NewTree { nodes, number, splits: &mut self.splits, leaves: Vec::new() };
        let used = tree.add(0, nodes.len())?;
        let mut leaves = [0.0; MAX_LEAVES];
        leaves.get_mut(..tree.leaves.len())?.copy_from_slice(&tree.leaves);
        self.leaves.push(leaves);
        (used == nodes.len()).then_some(())
    }

    fn sort(&mut self) {
        for splits in &mut self.splits {
            splits.sort_by(|one, other| one.threshold.total_cmp(&other.threshold));
        }
    }

    /// Calls `take` for each row with the sum of the leaves that its measures lead to: a logit.
    pub(super) fn sums(&self, rows: &[[f32; N]], mut take: impl FnMut(f32)) {
        let mut reachable = vec![[0_u32; LANES]; self.leaves.len()];
        for rows in rows.chunks(LANES) {
            reachable.fill([u32::MAX; LANES]);
            for (measure, splits) in self.splits.iter().enumerate() {
                let mut values = [f32::NEG_INFINITY; LANES];
                for (value, row) in values.iter_mut().zip(rows) {
                    *value = row[measure];
                }
                // What is above no threshold from here on has nothing left to take away. What is no
                // number is above every one.
                let most = values.iter().fold(f32::NEG_INFINITY, |most, value| {
                    if value.is_nan() { f32::INFINITY } else { most.max(*value) }
                });
                for split in splits.iter().take_while(|split| split.threshold < most) {
                    let Some(reachable) = reachable.get_mut(usize::from(split.tree)) else { break };
                    split.narrow(reachable, &values);
                }
            }
            for lane in 0..rows.len() {
                let leaf = |(leaves, reachable): (&[f32; MAX_LEAVES], &[u32; LANES])| {
                    leaves[reachable[lane].trailing_zeros() as usize % MAX_LEAVES]
                };
                take(self.leaves.iter().zip(&reachable).map(leaf).sum());
            }
        }
    }

    /// The sum for one row.
    pub(super) fn sum(&self, row: &[f32; N]) -> f32 {
        let mut of_row = 0.0;
        self.sums(std::slice::from_ref(row), |sum| of_row = sum);
        of_row
    }

    /// The number of trees.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.leaves.len()
    }
}

/// A tree that is added to a forest.
struct NewTree<'a, const N: usize> {
    nodes: &'a [Node],
    number: u16,
    splits: &'a mut [Vec<Split>; N],
    /// Its leaves so far, from left to right.
    leaves: Vec<f32>,
}

impl<const N: usize> NewTree<'_, N> {
    /// Adds a node and what it leads to; returns the number of nodes. `left` bounds the depth, where
    /// nodes lead back.
    fn add(&mut self, at: usize, left: usize) -> Option<usize> {
        let left = left.checked_sub(1)?;
        let (measure, threshold, [below, above]) = match *self.nodes.get(at)? {
            Node::Leaf(value) => {
                self.leaves.push(value);
                return (self.leaves.len() <= MAX_LEAVES).then_some(1);
            }
            Node::Split { measure, threshold, to } => (measure, threshold, to),
        };
        let first = self.leaves.len();
        let used = self.add(below, left)?;
        let unreachable = bits(self.leaves.len()) & !bits(first);
        let split = Split { threshold, tree: self.number, above: !unreachable };
        self.splits.get_mut(usize::from(measure))?.push(split);
        Some(used + self.add(above, left)? + 1)
    }
}

/// A logit as a probability, from 0 to 1.
pub(super) fn probability(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// The first bits.
fn bits(count: usize) -> u32 {
    u32::try_from(count)
        .ok()
        .and_then(|count| 1_u32.checked_shl(count))
        .map_or(u32::MAX, |bit| bit - 1)
}

/// A node of a tree, as it is read.
enum Node {
    Leaf(f32),
    Split {
        measure: u8,
        threshold: f32,
        /// The node to go on with at or below the threshold, and above it.
        to: [usize; 2],
    },
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

    /// A split of a tree that has as many, after which its leaves come.
    fn split(&mut self, splits: usize) -> Option<Node> {
        let measure = self.take::<1>()?[0];
        let threshold = f32::from_le_bytes(self.take()?);
        let mut node = || {
            let to = i16::from_le_bytes(self.take()?);
            let leaf = || usize::try_from(-1 - i32::from(to)).ok().map(|leaf| splits + leaf);
            usize::try_from(to).ok().or_else(leaf)
        };
        Some(Node::Split { measure, threshold, to: [node()?, node()?] })
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
        let from_rows = Forest::<2>::from_rows(&[rows]).unwrap();
        for forest in [from_rows, Forest::from_bytes(&bytes).unwrap()] {
            assert_eq!(forest.len(), 1);
            let measures = [[0.0, 5.0], [1.0, 6.0], [1.5, 0.0], [f32::NAN, 0.0], [-1.0, f32::NAN]];
            let mut sums = Vec::new();
            forest.sums(&measures, |sum| sums.push(sum.to_bits()));
            assert_eq!(sums, [0.25_f32, 0.5, 4.0, 4.0, 0.5].map(f32::to_bits));
        }
        assert!(Forest::<2>::from_bytes(&bytes[..bytes.len() - 1]).is_none());
    }

    #[test]
    fn many_rows_lead_to_the_leaves_that_each_tree_leads_to() {
        // Trees and rows without a pattern, the same each time.
        let mut state = 1_u32;
        let mut next = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u8::try_from((state >> 8) as usize % below).unwrap()
        };
        let trees: Vec<Vec<Row>> = (0..40)
            .map(|_| {
                let mut rows = vec![(LEAF, f32::from(next(100)), 0, 0)];
                for at in (1..=2 * (1 + next(15))).step_by(2) {
                    // A leaf that was there becomes a split with two.
                    let leaves: Vec<usize> =
                        (0..rows.len()).filter(|row| rows[*row].0 == LEAF).collect();
                    let leaf = leaves[usize::from(next(leaves.len()))];
                    rows[leaf] = (next(3), f32::from(next(8)), at, at + 1);
                    rows.extend([0, 1].map(|_| (LEAF, f32::from(next(100)), 0, 0)));
                }
                rows
            })
            .collect();
        let rows: Vec<[f32; 3]> =
            (0..1_000).map(|_| std::array::from_fn(|_| f32::from(next(9)))).collect();
        let walk = |tree: &[Row], measures: &[f32; 3]| {
            let mut at = tree[0];
            while at.0 != LEAF {
                let is_below = measures[usize::from(at.0)] <= at.1;
                at = tree[usize::from(if is_below { at.2 } else { at.3 })];
            }
            at.1
        };
        let all: Vec<&[Row]> = trees.iter().map(Vec::as_slice).collect();
        let mut sums = Vec::new();
        Forest::<3>::from_rows(&all).unwrap().sums(&rows, |sum| sums.push(sum));
        let walked: Vec<f32> =
            rows.iter().map(|row| trees.iter().map(|tree| walk(tree, row)).sum::<f32>()).collect();
        assert_eq!(sums, walked);
    }

    #[test]
    fn a_tree_that_is_not_whole_is_refused() {
        let leads_back: &[Row] = &[(0, 1.0, 1, 0), (LEAF, 0.5, 0, 0)];
        let leads_nowhere: &[Row] = &[(0, 1.0, 1, 2), (LEAF, 0.5, 0, 0)];
        let has_more: &[Row] = &[(LEAF, 0.5, 0, 0), (LEAF, 0.5, 0, 0)];
        let of_no_measure: &[Row] = &[(2, 1.0, 1, 2), (LEAF, 0.5, 0, 0), (LEAF, 0.5, 0, 0)];
        for tree in [leads_back, leads_nowhere, has_more, of_no_measure, &[]] {
            assert!(Forest::<2>::from_rows(&[tree]).is_none(), "{tree:?}");
        }
    }
}
