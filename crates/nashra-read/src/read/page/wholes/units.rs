//! Leaves out units that stand side by side behind an article: teasers, each with a heading that is a
//! link to another page, and comments, each with a time and a link. What stands in one element with
//! the first paragraphs is a part of the article.

use std::ops::Range;

use hashbrown::HashMap;

use super::{Judged, ratio};
use crate::{
    html::{NodeId, Tag},
    read::page::{features::element_hash, live},
};

/// The least text before such units.
const ENOUGH: u32 = 240;
/// The least share of the text that is left of a page that does not say that it is an article: of a
/// forum or a page of news in brief they are the text.
const LEFT: f32 = 0.6;
/// The same for an article.
const LEFT_ARTICLE: f32 = 0.2;
/// The most paragraphs of a teaser and of a comment.
const TEASER: usize = 1;
const COMMENT: usize = 4;
/// Elements around a line of which one may be a unit.
const CLIMB: usize = 8;
/// The most nodes of a unit, and the most siblings, that are looked at.
const MAX_UNIT: usize = 300;
const MAX_UNITS: usize = 12;

/// Leaves all units out.
pub(super) fn leave_out(page: Judged<'_, '_>, body: &mut [bool]) {
    if page.live {
        return;
    }
    let tree = page.tree;
    let (mut known, mut forms) = (HashMap::new(), Forms::new());
    let mut left = body.to_vec();
    // The text so far, and the end of the part of it that is enough for an article.
    let (mut before, mut enough) = (0, None);
    for at in 0..body.len() {
        if !left[at] {
            continue;
        }
        let block = page.lines.lines[at].block;
        let around = std::iter::once(block).chain(tree.ancestors(block)).take(CLIMB);
        let unit = around
            .take_while(|node| enough.is_some_and(|enough| tree.parent(*node) > enough))
            .find(|node| {
                *known.entry(*node).or_insert_with(|| is_unit(page, *node, body, &mut forms))
            });
        if let Some(unit) = unit {
            left[page.inside(unit)].fill(false);
        } else {
            before += page.measured.weight[at];
            if before >= ENOUGH {
                enough = enough.or(Some(page.lines.lines[at].last));
            }
        }
    }
    let share = ratio(page.body(0..body.len(), &left), page.body(0..body.len(), body));
    if share >= if page.article { LEFT_ARTICLE } else { LEFT } {
        body.copy_from_slice(&left);
    }
}

/// Whether an element is one of several of its build that are teasers or comments.
fn is_unit(page: Judged<'_, '_>, node: NodeId, body: &[bool], forms: &mut Forms) -> bool {
    let tree = page.tree;
    let mut form_of =
        |it: NodeId| *forms.entry(it).or_insert_with(|| form(page, it, page.inside(it), body));
    let Some(form) = form_of(node) else { return false };
    let look = (tree.tag(node), element_hash(tree, node));
    let first = tree.children(tree.parent(node)).take(MAX_UNITS);
    let next = tree.siblings_from(node).take(MAX_UNITS);
    let alike = first.chain(next).any(|it| {
        it != node && (tree.tag(it), element_hash(tree, it)) == look && form_of(it) == Some(form)
    });
    alike && !live::is_within_live(tree, node)
}

/// The forms of the elements that were looked at.
type Forms = HashMap<NodeId, Option<Form>>;

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Teaser,
    Comment,
}

fn form(page: Judged<'_, '_>, node: NodeId, lines: Range<usize>, body: &[bool]) -> Option<Form> {
    let tree = page.tree;
    let paragraphs =
        lines.filter(|at| body[*at] && page.measured.prose[*at]).take(COMMENT + 1).count();
    if paragraphs > COMMENT {
        return None;
    }
    let (mut heading, mut linked, mut time, mut link) = (false, false, false, false);
    let is_heading = |it: NodeId| tree.tag(it).heading_level().is_some();
    for inside in tree.subtree(node).take(MAX_UNIT) {
        match tree.tag(inside) {
            Tag::Time => time = true,
            Tag::A if leads_away(page, inside) => {
                link = true;
                linked |= tree.ancestors(inside).take(2).any(is_heading)
                    || tree.descendants(inside).take(4).any(is_heading);
            }
            tag => heading |= tag.heading_level().is_some(),
        }
    }
    if linked && paragraphs <= TEASER {
        Some(Form::Teaser)
    } else if !heading && time && link {
        Some(Form::Comment)
    } else {
        None
    }
}

/// Whether a link leads to another page.
fn leads_away(page: Judged<'_, '_>, link: NodeId) -> bool {
    page.tree.attribute(link, "href").is_some_and(|href| {
        let href = href.trim();
        !href.is_empty() && !href.starts_with('#') && !href.starts_with("javascript:")
    })
}
