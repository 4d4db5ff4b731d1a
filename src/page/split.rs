//! Where one article of a page ends and the next begins.
//!
//! A page that goes on with further articles repeats what an article begins with: a headline that stands at the head of
//! an element of its own, its date and its writers, the address that the element carries for the browser's history.
//! None of these is enough alone, since headings stand inside articles too; their weights are added up. Names that
//! publishers give to their elements play no part here.
//!
//! What must stay true: a part has a headline of its own and a text that is worth one; lists, comments and boxes are no
//! parts.

use url::Url;

use super::{features::Measured, lines::Lines, meta::Meta};
use crate::{
    article::text::fold,
    dates::partial,
    html::{NodeId, Tag, Tree},
};

/// Text of an article that follows another, at least; in weight of [`Measured::weight`].
const MIN_PART: u32 = 300;
/// Evidence from which on a heading begins an article.
const ENOUGH: f32 = 4.0;
/// Lines in which the head of an article is looked for.
const HEAD_LINES: usize = 25;

/// One article among a page's lines.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stretch {
    /// The line of its headline; `None` for a page without one.
    pub(super) headline: Option<usize>,
    /// Its lines: from the headline up to the next one's.
    pub(super) from: usize,
    /// One past its last line.
    pub(super) to: usize,
    /// The element that holds it and nothing of the others; 0 for the first.
    pub(super) holder: NodeId,
    /// The address that the element carries.
    pub(super) url: Option<Url>,
}

/// What splitting looks at.
#[derive(Clone, Copy)]
pub(super) struct View<'a, 'b> {
    pub(super) tree: &'a Tree<'b>,
    pub(super) lines: &'a Lines,
    pub(super) measured: &'a Measured,
    /// Whether a line belongs to the text of an article.
    pub(super) body: &'a [bool],
    pub(super) meta: &'a Meta,
    pub(super) base: &'a Url,
}

/// The articles of a page, in its order; one at least.
pub(super) fn stretches(view: View<'_, '_>) -> Vec<Stretch> {
    let count = view.lines.lines.len();
    let title = headline(view);
    let mut found = vec![Stretch { headline: title, from: 0, to: count, holder: 0, url: None }];
    let Some(first_body) = (title.unwrap_or(0)..count).find(|at| view.body[*at]) else { return found };
    let mut at = first_body + 1;
    while at < count {
        if let Some(begun) = begins(view, at, &found) {
            if let Some(last) = found.last_mut() {
                last.to = at;
            }
            at = begun.from + 1;
            found.push(begun);
        } else {
            at += 1;
        }
    }
    found
}

/// The line of the page's own headline.
fn headline(view: View<'_, '_>) -> Option<usize> {
    let title = view.meta.content.title.as_deref().map(fold).filter(|it| !it.is_empty());
    let first_body = view.body.iter().position(|it| *it).unwrap_or(view.body.len());
    let lines = &view.lines.lines;
    let heading = |at: &usize| view.tree.tag(lines[*at].block).heading_level().is_some();
    let same = |at: &usize| title.as_ref().is_some_and(|title| lines[*at].chars < 400 && alike(&fold(view.lines.get(&lines[*at])), title));
    // The last one before the text: menus and hidden heads repeat it above.
    (0..first_body).rev().find(|at| heading(at) && same(at)).or_else(|| (0..first_body).rev().find(same)).or_else(|| {
        let h1 = |at: &usize| view.tree.tag(lines[*at].block) == Tag::H1;
        (0..first_body).rev().find(h1).or_else(|| (first_body..lines.len()).find(|at| heading(at) && same(at)))
    })
}

/// The same headline, or one that is the other with something before or behind it.
fn alike(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    one == other || short.len() * 3 > long.len() * 2 && short.len() > 12 && long.contains(short)
}

/// Whether an article begins at a line that could be its headline.
fn begins(view: View<'_, '_>, at: usize, before: &[Stretch]) -> Option<Stretch> {
    let (tree, lines) = (view.tree, &view.lines.lines);
    let line = &lines[at];
    let level = heading_level(tree, line.block)?;
    if view.measured.weight[at] < 8 || line.chars > 300 || level > 4 {
        return None;
    }
    let last_body = (0..at).rev().find(|it| view.body[*it])?;
    let next_body = (at + 1..lines.len().min(at + 1 + HEAD_LINES)).find(|it| view.body[*it])?;
    let shared = common(tree, lines[last_body].block, line.block);
    let holder = below(tree, shared, line.block);
    // A heading that stands among the paragraphs, or alone in its wrapping, begins nothing.
    if !tree.within(lines[next_body].first, holder)
        && (holder == line.block || !tree.within(lines[next_body].first, shared))
        && !repeated(view, at)
    {
        return flat(view, at, (last_body, next_body), level, before);
    }
    let end = if tree.within(lines[next_body].first, holder) { tree.end(holder) } else { tree.end(shared) };
    let text = text_weight(view, at + 1, end);
    if text < MIN_PART {
        return None;
    }
    let title_level = before[0].headline.and_then(|it| heading_level(tree, lines[it].block)).unwrap_or(1);
    let mut evidence = 0.0;
    evidence += level_evidence(level, title_level);
    let url = address(view, holder, line.block);
    evidence += if url.is_some() { 2.5 } else { 0.0 };
    evidence += if holds_article(tree, holder, line.block) { 1.5 } else { 0.0 };
    evidence += head_evidence(view, at, next_body);
    evidence += if described(view, at, holder) { 3.0 } else { 0.0 };
    let outside = before[0].headline.is_none_or(|it| tree.within(lines[it].first, shared));
    evidence += if outside { 1.5 } else { -3.0 };
    evidence += gap_evidence(view, last_body, at);
    (evidence >= ENOUGH).then_some(Stretch { headline: Some(at), from: at, to: lines.len(), holder, url })
}

/// A headline whose article follows it without an element that holds both: it is printed twice, or looks like the
/// page's own headline.
fn flat(view: View<'_, '_>, at: usize, (last_body, next_body): (usize, usize), level: u8, before: &[Stretch]) -> Option<Stretch> {
    let (tree, lines) = (view.tree, &view.lines.lines);
    let title = before[0].headline?;
    let title_level = heading_level(tree, lines[title].block)?;
    let shared = common(tree, lines[last_body].block, lines[at].block);
    if text_weight(view, at + 1, tree.end(shared)) < MIN_PART || !tree.within(lines[title].first, shared) {
        return None;
    }
    let mut evidence = level_evidence(level, title_level) + head_evidence(view, at, next_body) + gap_evidence(view, last_body, at);
    evidence += if element_alike(view, title, at) { 2.0 } else { 0.0 };
    evidence += if described(view, at, lines[at].block) { 3.0 } else { 0.0 };
    (evidence >= ENOUGH + 1.0).then_some(Stretch { headline: Some(at), from: at, to: lines.len(), holder: lines[at].block, url: None })
}

fn element_alike(view: View<'_, '_>, one: usize, other: usize) -> bool {
    let hash = |at: usize| super::features::element_hash(view.tree, view.lines.lines[at].block);
    hash(one) == hash(other)
}

fn level_evidence(level: u8, title: u8) -> f32 {
    match (level, title) {
        (1, _) => 2.0,
        (level, title) if level == title => 2.0,
        (2, _) => 0.5,
        _ => -1.0,
    }
}

/// Dates, writers, a picture, the headline once more: what stands at the head of an article.
fn head_evidence(view: View<'_, '_>, at: usize, next_body: usize) -> f32 {
    let (tree, lines) = (view.tree, &view.lines.lines);
    let mut evidence = if repeated(view, at) { 2.0 } else { 0.0 };
    let between = lines[at].last..lines[next_body].first;
    let time = between.clone().any(|it| tree.tag(it) == Tag::Time);
    let dated = (at + 1..next_body).any(|it| lines[it].chars < 120 && partial::find(view.lines.get(&lines[it])).is_some());
    evidence += if time || dated { 1.5 } else { 0.0 };
    evidence += if between.clone().any(|it| tree.tag(it) == Tag::Img) { 0.5 } else { 0.0 };
    evidence
}

/// Whether the headline stands again within the head of its article.
fn repeated(view: View<'_, '_>, at: usize) -> bool {
    let lines = &view.lines.lines;
    let text = fold(view.lines.get(&lines[at]));
    let near = at.saturating_sub(4)..lines.len().min(at + 12);
    text.len() > 12
        && near.filter(|it| *it != at).any(|it| lines[it].chars.abs_diff(lines[at].chars) < 12 && fold(view.lines.get(&lines[it])) == text)
}

/// What stands between the text before and the headline: after a list or the foot of an article something new begins.
fn gap_evidence(view: View<'_, '_>, last_body: usize, at: usize) -> f32 {
    let gap = &view.lines.lines[last_body + 1..at];
    let links = gap.iter().filter(|it| it.linked * 2 > it.chars).count();
    match (gap.len(), links) {
        (0, _) => -2.0,
        (_, 3..) => 1.5,
        (5.., _) => 1.0,
        _ => 0.0,
    }
}

/// Whether a script of the page describes an article of this name, or one inside the element.
fn described(view: View<'_, '_>, at: usize, holder: NodeId) -> bool {
    let text = fold(view.lines.get(&view.lines.lines[at]));
    view.meta.further.iter().any(|(script, said)| {
        view.tree.within(*script, holder) && holder != 0
            || said.headline.as_deref().is_some_and(|it| text.len() > 8 && alike(&fold(it), &text))
    })
}

/// Whether the element, or one between it and the headline, is an article by its kind.
fn holds_article(tree: &Tree<'_>, holder: NodeId, block: NodeId) -> bool {
    path(tree, holder, block).any(|it| {
        tree.tag(it) == Tag::Article || tree.attribute(it, "itemtype").is_some_and(|it| it.contains("Article") || it.contains("Posting"))
    })
}

/// The address of this site that the element carries, or one between it and the headline.
fn address(view: View<'_, '_>, holder: NodeId, block: NodeId) -> Option<Url> {
    const NOT: [&str; 14] = [
        "href",
        "src",
        "class",
        "id",
        "style",
        "srcset",
        "data-src",
        "itemtype",
        "itemscope",
        "action",
        "data-image",
        "data-img",
        "poster",
        "content",
    ];
    let of = |node: NodeId| {
        view.tree
            .raw_attributes(node)
            .filter(|(name, value)| !NOT.contains(&name.to_ascii_lowercase().as_str()) && value.len() < 2_000)
            .find_map(|(_, value)| {
                let value = value.trim();
                let looks = value.starts_with("https://")
                    || value.starts_with("http://")
                    || value.starts_with('/') && value.len() > 8 && !value.contains(' ');
                let url = looks.then(|| view.base.join(&htmlize::unescape_attribute(value)).ok()).flatten()?;
                let picture = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".svg", ".js", ".css"].iter().any(|it| url.path().ends_with(it));
                (!picture && url.path().len() > 2 && (view.base.host().is_none() || same_site(view.base, &url))).then_some(url)
            })
    };
    path(view.tree, holder, block).find_map(of)
}

fn same_site(one: &Url, other: &Url) -> bool {
    let bare = |url: &Url| url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
    let (one, other) = (bare(one), bare(other));
    one == other || one.ends_with(&format!(".{other}")) || other.ends_with(&format!(".{one}"))
}

/// The elements from `block` up to `holder`.
fn path(tree: &Tree<'_>, holder: NodeId, block: NodeId) -> impl Iterator<Item = NodeId> {
    std::iter::once(block).chain(tree.ancestors(block)).take_while(move |it| tree.within(*it, holder))
}

/// Text of articles from a line on, as long as it stands before a node.
fn text_weight(view: View<'_, '_>, from: usize, end: NodeId) -> u32 {
    let inside = (from..view.lines.lines.len()).take_while(|it| view.lines.lines[*it].first < end);
    inside.filter(|it| view.body[*it]).map(|it| view.measured.weight[it]).sum()
}

fn heading_level(tree: &Tree<'_>, block: NodeId) -> Option<u8> {
    std::iter::once(block).chain(tree.ancestors(block).take(2)).find_map(|it| tree.tag(it).heading_level())
}

/// The innermost element that both are in.
pub(super) fn common(tree: &Tree<'_>, one: NodeId, other: NodeId) -> NodeId {
    std::iter::once(one).chain(tree.ancestors(one)).find(|it| tree.within(other, *it)).unwrap_or(0)
}

/// The outermost element inside `outer` that holds `node`.
pub(super) fn below(tree: &Tree<'_>, outer: NodeId, node: NodeId) -> NodeId {
    std::iter::once(node).chain(tree.ancestors(node)).take_while(|it| *it != outer).last().unwrap_or(node)
}
