//! Finds the element that holds the article: the innermost one with most of its text.

use std::ops::Range;

use hashbrown::HashMap;

use super::{Judged, ratio};
use crate::html::NodeId;

/// The share of the text that the element holds.
const MOST: f32 = 0.5;
/// Blocks around a line that are looked at.
const CLIMB: usize = 14;
/// The least weight of a text.
const MIN_TEXT: u32 = 200;

/// The element with the article, and its lines from the first to the last that is text.
#[derive(Debug, Clone)]
pub(super) struct Stem {
    pub(super) node: NodeId,
    /// From the first line of text in it to one past the last.
    pub(super) text: Range<usize>,
    /// The weight of the page's text.
    pub(super) weight: u32,
}

/// The element with the article of a page; `None` where there is hardly any text.
pub(super) fn find(page: Judged<'_, '_>, body: &[bool]) -> Option<Stem> {
    let tree = page.tree;
    let mut held: HashMap<NodeId, u32> = HashMap::new();
    let mut total = 0;
    for (at, line) in page.lines.lines.iter().enumerate().filter(|(at, _)| body[*at]) {
        let weight = page.measured.weight[at];
        total += weight;
        let mut block = tree.block(line.block);
        for _ in 0..CLIMB {
            *held.entry(block).or_default() += weight;
            if block == 0 {
                break;
            }
            block = tree.block(block);
        }
    }
    if total < MIN_TEXT {
        return None;
    }
    let most = held.into_iter().filter(|(_, weight)| ratio(*weight, total) >= MOST);
    // A deeper element stands later in the document than those around it.
    let node = most.map(|(node, _)| node).max()?;
    let inside = page.inside(node);
    let first = inside.clone().find(|at| body[*at])?;
    let last = inside.rev().find(|at| body[*at])?;
    Some(Stem { node, text: first..last + 1, weight: total })
}
