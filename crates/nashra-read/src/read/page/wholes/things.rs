//! Puts tables, lists and small boxes of an article in as wholes, and puts back sentences and
//! headings between its paragraphs.

use std::ops::Range;

use super::{Judged, names, ratio, stem::Stem};
use crate::{
    html::{NodeId, Tag},
    read::blocks::Places,
};

/// A thing with a larger share of the text is what the article is.
const TOO_LARGE: f32 = 0.5;
/// The share of links from which on a thing leads elsewhere.
const LINKED: f32 = 0.5;
/// The mean probability from which on a thing among the paragraphs is one of the article's, and the
/// share of it that is text by itself.
const LIKELY: f32 = 0.38;
const PART: f32 = 0.3;
/// The same mean for a box with running text, which its element sets apart.
const LIKELY_BOX: f32 = 0.12;
/// Elements around a thing whose names count.
const CLIMB: usize = 12;
/// The most lines of a box.
const MAX_BOX: usize = 14;
/// The least words of a sentence that is mostly a link, and the least probability.
const MIN_SENTENCE: u32 = 35;

/// Puts the things in that are text as wholes, among those of the element with the article.
pub(super) fn settle(page: Judged<'_, '_>, stem: &Stem, body: &mut [bool]) {
    let tree = page.tree;
    let mut places = Places::new(tree);
    let mut node = stem.node + 1;
    while node < tree.end(stem.node) {
        let lines = if is_thing(page, &mut places, node) { page.inside(node) } else { 0..0 };
        let inside = lines.start >= stem.text.start && lines.start <= stem.text.end;
        let share = ratio(page.body(lines.clone(), body), stem.weight);
        if lines.len() > 1 && inside && share < TOO_LARGE {
            if belongs(page, stem, node, lines.clone(), body) {
                body[lines].fill(true);
            }
            node = tree.end(node);
        } else {
            node += 1;
        }
    }
    between(page, stem, body);
}

/// Whether an element is a table of data, a list or a box that stands apart.
fn is_thing(page: Judged<'_, '_>, places: &mut Places<'_, '_>, node: NodeId) -> bool {
    match page.tree.tag(node) {
        Tag::Ul | Tag::Ol | Tag::Dl | Tag::Menu | Tag::Aside => true,
        Tag::Table => places.holds_data(node),
        _ => false,
    }
}

/// Whether a thing is text as a whole; else its lines stay what they are by themselves.
fn belongs(
    page: Judged<'_, '_>,
    stem: &Stem,
    node: NodeId,
    lines: Range<usize>,
    body: &[bool],
) -> bool {
    let tree = page.tree;
    let weight = page.weight(lines.clone());
    let text = page.body(lines.clone(), body);
    let likely = mean(page, lines.clone());
    let other = names::of(tree, node).is_some()
        || tree.ancestors(node).take(CLIMB).take_while(|it| *it != stem.node).any(|it| {
            names::of(tree, it).is_some()
                || matches!(tree.tag(it), Tag::Nav | Tag::Footer | Tag::Form)
        });
    if other || page.linked(lines.clone()) > LINKED {
        // Links that are most likely text stay what they are.
        return false;
    }
    if tree.tag(node) == Tag::Aside && lines.len() > MAX_BOX {
        return false;
    }
    let led = lines.start.checked_sub(1).filter(|at| body[*at]).is_some_and(|at| {
        page.text(at).ends_with([':', '：'])
            || tree.tag(page.lines.lines[at].block).heading_level().is_some()
    });
    let within = lines.end < stem.text.end;
    let told = tree.tag(node) == Tag::Aside
        && within
        && lines.clone().any(|at| page.measured.prose[at])
        && page.linked(lines.clone()) == 0.0;
    likely >= if told { LIKELY_BOX } else { LIKELY }
        || ratio(text, weight) >= PART
        || within && (led || tree.tag(node) == Tag::Table)
}

/// The mean probability of some lines, by their weight.
#[expect(clippy::cast_precision_loss, reason = "weights")]
fn mean(page: Judged<'_, '_>, lines: Range<usize>) -> f32 {
    let (mut sum, mut all) = (0.0, 0.0);
    for at in lines {
        let weight = page.measured.weight[at] as f32;
        sum += page.probable[at] * weight;
        all += weight;
    }
    if all > 0.0 { sum / all } else { 0.0 }
}

/// Puts sentences that are mostly links, and headings before text, back between paragraphs that
/// look alike.
fn between(page: Judged<'_, '_>, stem: &Stem, body: &mut [bool]) {
    let looks = &page.measured.looks;
    let parent = |at: usize| page.tree.parent(page.lines.lines[at].block);
    for at in stem.text.start + 1..stem.text.end.saturating_sub(1) {
        if body[at] {
            continue;
        }
        if page.tree.tag(page.lines.lines[at].block).heading_level().is_some() {
            // A box with other articles may stand between it and its text.
            let next =
                (at + 1..stem.text.end).take(MAX_BOX).find(|next| parent(*next) == parent(at));
            body[at] = next.is_some_and(|next| body[next])
                && page.lines.lines[at].linked == 0
                && page.probable[at] > 0.2;
            continue;
        }
        if parent(at) != parent(at + 1) {
            continue;
        }
        if page.tree.tag(page.lines.lines[at].block) == Tag::Pre {
            body[at] = true;
            continue;
        }
        let alike = looks[at] == looks[at - 1] && body[at - 1]
            || looks[at] == looks[at + 1] && body[at + 1];
        body[at] = alike && is_sentence(page, at);
    }
}

/// Whether a line is a whole sentence that reads on from its neighbours, linked or not: it ends as
/// one, outside of its link.
fn is_sentence(page: Judged<'_, '_>, at: usize) -> bool {
    let line = &page.lines.lines[at];
    let text = page.text(at).trim_end_matches(['"', '”', '’', '»', '」', ')']);
    let ends = text.ends_with(['.', '!', '?', '。', '！', '？', '।', '۔', '؟', '…']);
    ends && page.measured.weight[at] >= MIN_SENTENCE
        && line.linked < line.chars
        && line.stressed * 2 < line.chars
        && page.text(at).find([':', '：']).is_none_or(|colon| colon > 40)
}
