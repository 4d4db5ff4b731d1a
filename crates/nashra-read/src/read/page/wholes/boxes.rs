//! Leaves boxes out that are none of an article: by what they are named after, or by the form or
//! button in them.

use std::ops::Range;

use super::{
    Judged,
    names::{self, Named},
    ratio,
    stem::Stem,
};
use crate::html::{NodeId, Tag};

/// A box with a larger share of the text is what the article is.
const TOO_LARGE: f32 = 0.4;
/// The same for one behind so much text.
const MOST: f32 = 0.8;
const ENOUGH: u32 = 240;
/// The same for one with a form or a button, and the most lines of it.
const FORM_SHARE: f32 = 0.3;
const FORM_LINES: usize = 9;
/// The most nodes of a box in which a form is looked for.
const MAX_NODES: usize = 400;

/// Leaves out boxes that are named after something else.
pub(super) fn leave_out_named(page: Judged<'_, '_>, body: &mut [bool]) {
    // The weight of the text before each line. Boxes are left out from the front, so a box that is
    // looked at still has all of its text, and before it `gone` is lacking.
    let mut before = vec![0];
    for (weight, is_text) in page.measured.weight.iter().zip(&*body) {
        before.push(before[before.len() - 1] + if *is_text { *weight } else { 0 });
    }
    let total = before[body.len()];
    let mut gone = 0;
    leave_out(page, body, |node, _| {
        let named = names::of(page.tree, node)?;
        let lines = page.inside(node);
        let weight = before[lines.end] - before[lines.start];
        let share = ratio(weight, total);
        // Behind an article these may be longer than it.
        let behind = matches!(named, Named::Biography | Named::Comments)
            && share < MOST
            && before[lines.start] - gone >= ENOUGH;
        if share >= TOO_LARGE && !behind {
            return None;
        }
        gone += weight;
        Some(lines)
    });
}

/// Leaves out boxes among the paragraphs that ask readers for something.
pub(super) fn leave_out_asking(page: Judged<'_, '_>, stem: &Stem, body: &mut [bool]) {
    leave_out(page, body, |node, body| {
        let lines = page.inside(node);
        let small = lines.start > stem.text.start
            && lines.len() <= FORM_LINES
            && !page.tree.within(stem.node, node)
            && ratio(page.body(lines.clone(), body), stem.weight) < FORM_SHARE;
        (small && asks(page, node, lines.start)).then_some(lines)
    });
}

/// Leaves out the elements with text for which `other` has their lines; what is inside of them is
/// not asked for.
fn leave_out(
    page: Judged<'_, '_>,
    body: &mut [bool],
    mut other: impl FnMut(NodeId, &[bool]) -> Option<Range<usize>>,
) {
    let tree = page.tree;
    let text: Vec<NodeId> =
        page.lines.lines.iter().zip(&*body).filter(|it| *it.1).map(|it| it.0.first).collect();
    let (mut node, mut next) = (1, 0);
    // Elements before, between and behind the text have none.
    while let Some(first) = text.get(next) {
        if *first < node {
            next += 1;
            continue;
        }
        let skip = matches!(tree.tag(node), Tag::Text | Tag::Html | Tag::Body | Tag::P)
            || tree.end(node) <= *first;
        match if skip { None } else { other(node, body) } {
            Some(lines) => {
                body[lines].fill(false);
                node = tree.end(node);
            }
            None => node = if tree.end(node) <= *first { tree.end(node) } else { node + 1 },
        }
    }
}

/// Whether an element asks for something: behind its first words it has a field for an address, or a
/// button with words that opens nothing.
fn asks(page: Judged<'_, '_>, node: NodeId, first: usize) -> bool {
    let tree = page.tree;
    let first = page.lines.lines[first].last;
    let mut asks = false;
    for inside in tree.descendants(node).take(MAX_NODES) {
        match tree.tag(inside) {
            Tag::Input if is_address(page, inside) => asks |= inside > first,
            Tag::Button => {
                let opens = ["aria-expanded", "aria-controls", "aria-haspopup"]
                    .iter()
                    .any(|name| tree.attribute(inside, name).is_some());
                let says = tree.start_of_text(inside).trim().chars().count() > 3;
                // A box that begins with its button opens and closes.
                if !opens && says && inside < first {
                    return false;
                }
                asks |= !opens && says;
            }
            Tag::Pre | Tag::Video | Tag::Audio | Tag::Table | Tag::Img | Tag::Figure => {
                return false;
            }
            _ => {}
        }
    }
    asks
}

/// Whether a field is one for the address of a reader.
fn is_address(page: Judged<'_, '_>, input: NodeId) -> bool {
    page.tree.attribute(input, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("email"))
        || ["name", "id", "placeholder", "class"].iter().any(|name| {
            page.tree
                .attribute(input, name)
                .is_some_and(|value| value.to_ascii_lowercase().contains("mail"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        html::Tree,
        read::{lines::Lines, page::features::Measured},
    };

    #[test]
    fn many_boxes_of_comments_beside_each_other_cost_no_more_than_they_hold() {
        let html = format!("<p>a</p>{}", "<div class=comments><p>a</p></div>".repeat(100_000));
        let tree = Tree::parse(&html);
        let lines = Lines::from_tree(&tree);
        let count = lines.lines.len();
        let measured = Measured {
            own: Vec::new(),
            all: Vec::new(),
            prose: vec![true; count],
            weight: vec![100; count],
            looks: vec![0; count],
        };
        let page = Judged {
            tree: &tree,
            lines: &lines,
            measured: &measured,
            probable: &[],
            writers: &[],
            article: true,
            live: false,
        };
        let mut body = vec![true; count];
        leave_out_named(page, &mut body);
        assert!(body[0] && body[1..].iter().all(|is_text| !is_text));
    }
}
