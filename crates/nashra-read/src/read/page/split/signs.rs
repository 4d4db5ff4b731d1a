//! Measures a line that could be the headline of a further article.

use super::{ArticleSpan, Context, HeadingCandidate, View, element_hash, heading_level};
use crate::{
    dates::partial,
    html::{NodeId, Tag, Tree},
    read::{
        credits::byline,
        page::{hints, topic::stems, writers},
    },
    text::fold,
};

/// The number of measures of a candidate.
pub(in crate::read::page) const COUNT: usize = 25;
/// The most nodes of a head that are read.
const MAX_NODES: usize = 2_000;
/// The most children of one element that are counted.
const MAX_SIBLINGS: usize = 200;
/// The most lines between two articles that are read.
const MAX_GAP: usize = 60;
/// The most lines of a text that are compared with a headline.
const TEXT: usize = 40;

/// The most lines of a head with a deck and pictures, and the weight of a long paragraph.
const WHOLE_HEAD: usize = 10;
const LONG: u32 = 120;

/// Measures a candidate that follows the articles before; `None` where it is a section's heading,
/// see [`heads_section`].
#[expect(clippy::cast_precision_loss, reason = "small counts, and logarithms of large ones")]
pub(super) fn measure(
    context: &Context<'_, '_>,
    candidate: &HeadingCandidate,
    before: &[ArticleSpan],
) -> Option<[f32; COUNT]> {
    let view = context.view;
    let (tree, lines) = (view.tree, &view.lines.lines);
    let (line, last) = (&lines[candidate.at], before.last());
    let title = before.first().and_then(|before| before.headline);
    let title_level = title.and_then(|title| heading_level(tree, lines[title].block)).unwrap_or(1);
    let flag = |is: bool| f32::from(u8::from(is));
    let head = PartHead::find(context, candidate);
    let below = f32::from(candidate.level) - f32::from(title_level);
    let repeated = repeated(context, candidate.at);
    // Before all that goes through the text, because long pages have many.
    if heads_section(
        below,
        [candidate.nested, candidate.url.is_some(), repeated, head.time, head.dated, head.byline],
    ) {
        return None;
    }
    let gap = &lines[candidate.last_body + 1..candidate.at];
    let gap = &gap[gap.len().saturating_sub(MAX_GAP)..];
    let text_before =
        context.text_in(last.map_or(0, |last| last.headline.unwrap_or(last.from)), candidate.at);
    let text_after = context.text_in(candidate.at + 1, candidate.end);
    let name = stems(view.lines.get(line));
    let after = candidate.at + 1..candidate.end.min(candidate.at + TEXT);
    let earlier = candidate.at.saturating_sub(TEXT)..candidate.at;
    let of_title = title.map_or(-1.0, |title| {
        let stems = context.title.get_or_init(|| stems(view.lines.get(&lines[title])));
        context.topics().fit_to(stems, after.clone())
    });
    Some([
        f32::from(candidate.level),
        below,
        flag(candidate.nested),
        flag(candidate.holder == line.block),
        flag(candidate.url.is_some()),
        flag(repeated),
        flag(head.time),
        flag(head.dated),
        flag(head.byline),
        flag(outside(context, candidate, last)),
        last.filter(|last| last.holder != 0)
            .map_or(0.5, |last| flag(same_build(tree, last.holder, candidate.holder))),
        gap.len() as f32,
        gap.iter().filter(|gap| gap.linked * 2 > gap.chars).count() as f32,
        line.linked as f32 / line.chars.max(1) as f32,
        view.measured.weight[candidate.at] as f32,
        context.topics().likeness(candidate.at, candidate.at).unwrap_or(-1.0),
        context.topics().fit_to(&name, after),
        context.topics().fit_to(&name, earlier),
        of_title,
        (text_after as f32 + 1.0).ln(),
        (text_before as f32 + 1.0).ln(),
        (context.builds.get(&element_hash(tree, line.block)).copied().unwrap_or(0) as f32)
            .min(20.0),
        (siblings_of_a_kind(tree, line.block) as f32).min(20.0),
        flag(view.body[candidate.at]),
        (candidate.next_body - candidate.at) as f32,
    ])
}

/// Whether a candidate has all that the head of an article has: a heading hardly lower than the
/// page's, in an element of its own, and a day and a writer before the first long paragraph, where
/// a deck and a picture may stand between.
pub(super) fn has_whole_head(
    context: &Context<'_, '_>,
    candidate: &HeadingCandidate,
    before: &[ArticleSpan],
) -> bool {
    let view = context.view;
    let lines = &view.lines.lines;
    let title = before.first().and_then(|before| before.headline);
    let level = title.and_then(|title| heading_level(view.tree, lines[title].block)).unwrap_or(1);
    let own = candidate.nested && candidate.holder != lines[candidate.at].block;
    if !own || candidate.level > level + 1 || context.is_dated(candidate.at) {
        return false;
    }
    let head = (candidate.at + 1..candidate.end.min(candidate.at + 1 + WHOLE_HEAD))
        .take_while(|at| !(view.body[*at] && view.measured.weight[*at] >= LONG));
    let (mut dated, mut signed) = (false, false);
    for at in head {
        dated |= context.is_dated(at);
        signed |= context.is_signed(at);
    }
    dated && signed
}

/// Whether two elements have the same tag and the same class, numbers in it aside.
fn same_build(tree: &Tree<'_>, one: NodeId, other: NodeId) -> bool {
    tree.tag(one) == tree.tag(other) && element_hash(tree, one) == element_hash(tree, other)
}

/// The elements with the same tag and the same parent as this one, itself among them.
fn siblings_of_a_kind(tree: &Tree<'_>, node: NodeId) -> usize {
    let siblings = tree.children(tree.parent(node)).take(MAX_SIBLINGS);
    siblings.filter(|child| tree.tag(*child) == tree.tag(node)).count()
}

/// Whether a heading is that of a section: lower than the page's headline, without an element, an
/// address, a date or a writer of its own, and printed once. What its text is about is not enough
/// then.
fn heads_section(below: f32, own: [bool; 6]) -> bool {
    below > 0.0 && own == [false; 6]
}

/// What is between a headline and its text: a date, writers.
#[derive(Default)]
struct PartHead {
    time: bool,
    dated: bool,
    byline: bool,
}

impl PartHead {
    fn find(context: &Context<'_, '_>, candidate: &HeadingCandidate) -> Self {
        let view = context.view;
        let (tree, lines) = (view.tree, &view.lines.lines);
        let mut head = Self::default();
        for node in (lines[candidate.at].last..lines[candidate.next_body].first).take(MAX_NODES) {
            head.time |= tree.tag(node) == Tag::Time;
        }
        for at in candidate.at + 1..=candidate.next_body {
            head.dated |= at < candidate.next_body && context.is_dated(at);
            head.byline |= context.is_signed(at);
        }
        head
    }
}

/// Whether a line has a date.
pub(super) fn is_dated(view: View<'_, '_>, at: usize) -> bool {
    let line = &view.lines.lines[at];
    line.chars < 120 && partial::find_last(view.lines.get(line)).is_some()
}

/// Whether a line names writers.
pub(super) fn is_signed(view: View<'_, '_>, at: usize) -> bool {
    let line = &view.lines.lines[at];
    let text = view.lines.get(line);
    let named = || {
        // One word there names a section or the kind of an article.
        view.measured.own[line.block as usize] & hints::META != 0 && writers::is_one(text)
    };
    // `By Ann Lee | 12 November 2025`.
    let before_date = || {
        let date = partial::find_last(text)?;
        Some(text[..date.range.start].trim_end_matches(|c: char| !c.is_alphanumeric()))
    };
    line.chars < 120
        && (byline::is_byline(text) || named() || before_date().is_some_and(byline::is_byline))
}

/// Whether a headline is beside the article before and not inside it.
fn outside(
    context: &Context<'_, '_>,
    candidate: &HeadingCandidate,
    last: Option<&ArticleSpan>,
) -> bool {
    let tree = context.view.tree;
    match last {
        Some(last) if last.holder != 0 => {
            tree.within(last.holder, candidate.shared) && last.holder != candidate.shared
        }
        Some(ArticleSpan { headline: Some(title), .. }) => {
            tree.within(context.view.lines.lines[*title].first, candidate.shared)
        }
        _ => true,
    }
}

/// Whether the headline is repeated in the head of its article.
fn repeated(context: &Context<'_, '_>, at: usize) -> bool {
    let view = context.view;
    let lines = &view.lines.lines;
    let text = fold(view.lines.get(&lines[at]));
    let near = at.saturating_sub(4)..lines.len().min(at + 12);
    text.len() > 12
        && near.filter(|near| *near != at).any(|near| {
            lines[near].chars.abs_diff(lines[at].chars) < 12
                && fold(view.lines.get(&lines[near])) == text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lower_heading_without_a_head_of_its_own_heads_a_section() {
        assert!(heads_section(1.0, [false; 6]));
        assert!(!heads_section(0.0, [false; 6]));
        for own in 0..6 {
            let mut signs = [false; 6];
            signs[own] = true;
            assert!(!heads_section(1.0, signs));
        }
    }
}
