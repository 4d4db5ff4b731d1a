//! Judges what belongs together as one thing, after the model has judged each line by itself.
//!
//! A line of a table, a list or a box says little: cells are short, terms are no sentences. So a
//! table, a list or a small box between the paragraphs of an article is in as a whole, but for what
//! plainly is other inside it. Boxes that speak for the paper and tell nothing (sign-ups,
//! requests for gifts, consent, comments, teasers, the writer's biography) are out, whatever their
//! sentences look like. A text that stands twice is once.
//!
//! What must stay true: time is linear in the page but for lookups; what stands outside the element
//! with the article is never put in.

mod boxes;
mod calls;
mod copies;
mod names;
mod stem;
mod things;
mod units;

use std::ops::Range;

use super::features::Measured;
use crate::{
    html::{NodeId, Tree},
    read::lines::Lines,
};

/// A page whose lines were judged one by one.
#[derive(Clone, Copy)]
pub(super) struct Judged<'a, 'b> {
    pub(super) tree: &'a Tree<'b>,
    pub(super) lines: &'a Lines,
    pub(super) measured: &'a Measured,
    /// The probability of each line that it is text.
    pub(super) probable: &'a [f32],
    /// The writers that the metadata name.
    pub(super) writers: &'a [&'a str],
    /// Whether they say that the page is an article.
    pub(super) article: bool,
    /// Whether it may be a live blog, whose entries look like comments.
    pub(super) live: bool,
}

impl Judged<'_, '_> {
    /// The lines that begin inside an element.
    fn inside(&self, node: NodeId) -> Range<usize> {
        self.lines.inside(self.tree, node)
    }

    fn text(&self, at: usize) -> &str {
        self.lines.get(&self.lines.lines[at])
    }

    fn weight(&self, lines: Range<usize>) -> u32 {
        self.measured.weight[lines].iter().sum()
    }

    /// The weight of those lines of some that are text.
    fn body(&self, lines: Range<usize>, body: &[bool]) -> u32 {
        lines.filter(|at| body[*at]).map(|at| self.measured.weight[at]).sum()
    }

    /// The share of the characters of some lines that are linked.
    fn linked(&self, lines: Range<usize>) -> f32 {
        let lines = &self.lines.lines[lines];
        let (linked, chars) =
            lines.iter().fold((0, 0), |sum, line| (sum.0 + line.linked, sum.1 + line.chars));
        ratio(linked, chars)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share")]
fn ratio(part: u32, whole: u32) -> f32 {
    part as f32 / whole.max(1) as f32
}

/// Settles which lines are text, thing by thing.
pub(super) fn settle(page: Judged<'_, '_>, body: &mut [bool]) {
    // What is other first: it may be longer than the article.
    boxes::leave_out_named(page, body);
    units::leave_out(page, body);
    let Some(stem) = stem::find(page, body) else { return };
    things::settle(page, &stem, body);
    boxes::leave_out_asking(page, &stem, body);
    calls::leave_out(page, &stem, body);
    copies::leave_out(page, body);
}

#[cfg(test)]
mod tests;
