//! Where one article of a page ends and the next begins.
//!
//! A page that goes on with further articles repeats what an article begins with: a headline that stands at the head of
//! an element of its own, its date and its writers, the address that the element carries for the browser's history.
//! None of these is enough alone, since headings stand inside articles too; their weights are added up. Of the names that
//! publishers give to their elements only those of comments and notices count, against a part.
//!
//! What must stay true: a part has a headline of its own and a text that is worth one; lists, comments and boxes are no
//! parts.

use std::collections::HashSet;

use url::Url;

use super::{features::Measured, hints, lines::Lines, meta::Meta, related};
use crate::{
    article::text::fold,
    dates::partial,
    html::{NodeId, Tag, Tree},
};

/// Text of an article that follows another, at least; in weight of [`Measured::weight`].
const MIN_PART: u32 = 180;
/// Text that an article has before another begins.
const MIN_TEXT: u32 = 120;
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
    // The head of a list stands a line or two above its first item.
    let listed: HashSet<usize> = related::items(view, first_body, count).iter().flat_map(|it| it.from.saturating_sub(2)..it.to).collect();
    let mut at = first_body + 1;
    while at < count {
        if let Some(begun) = Some(at).filter(|at| !listed.contains(at)).and_then(|at| begins(view, at, &found)) {
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
    // The highest before the text, and of several the last: menus and hidden heads repeat it above, bars below.
    let level = |at: &usize| heading_level(view.tree, lines[*at].block).unwrap_or(9);
    let highest = (0..first_body).filter(|at| heading(at) && same(at)).min_by_key(|at| (level(at), usize::MAX - *at));
    highest.or_else(|| (0..first_body).rev().find(same)).or_else(|| {
        let h1 = |at: &usize| view.tree.tag(lines[*at].block) == Tag::H1;
        (0..first_body).rev().find(h1).or_else(|| (first_body..lines.len()).find(|at| heading(at) && same(at)))
    })
}

/// The same headline, or one that is the other with something before or behind it.
pub(super) fn alike(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    one == other || short.len() * 3 > long.len() * 2 && short.len() > 12 && long.contains(short)
}

/// Whether an article begins at a line that could be its headline.
fn begins(view: View<'_, '_>, at: usize, before: &[Stretch]) -> Option<Stretch> {
    let (tree, lines) = (view.tree, &view.lines.lines);
    let line = &lines[at];
    let level = heading_level(tree, line.block)?;
    let last = before.last()?;
    // What an article has under its headline before its text is no further one, nor is its own headline once more.
    let text_before = (last.headline.unwrap_or(last.from)..at).filter(|it| view.body[*it]).map(|it| view.measured.weight[it]).sum::<u32>();
    let own = last.headline.is_some_and(|it| alike(&fold(view.lines.get(&lines[it])), &fold(view.lines.get(line))));
    let refused = view.measured.all[line.block as usize] & (hints::COMMENTS | hints::NOTICE) != 0;
    // Some set the deck as a heading.
    let deck = [&view.meta.content.summary, &view.meta.content.subtitle]
        .into_iter()
        .flatten()
        .any(|it| alike(&fold(it), &fold(view.lines.get(line))));
    if refused || deck || view.measured.weight[at] < 8 || line.chars > 300 || level > 4 || text_before < MIN_TEXT || own {
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
    evidence += if outside(view, last, shared) { 1.5 } else { -6.0 };
    evidence += if last.holder != 0 && alike_elements(tree, last.holder, holder) { 2.0 } else { 0.0 };
    evidence += gap_evidence(view, last_body, at) + link_evidence(view, at);
    let headline = best_headline(view, at, next_body);
    (evidence >= ENOUGH).then_some(Stretch { headline: Some(headline), from: at, to: lines.len(), holder, url })
}

/// Among the headings at the head of an article: the one that a script names, else the highest, else the first that is
/// longer than a kicker.
fn best_headline(view: View<'_, '_>, at: usize, next_body: usize) -> usize {
    let lines = &view.lines.lines;
    let level = |it: usize| heading_level(view.tree, lines[it].block);
    let headings: Vec<usize> = (at..next_body).filter(|it| level(*it).is_some() && view.measured.weight[*it] >= 8).collect();
    let named = headings.iter().find(|it| {
        let text = fold(view.lines.get(&lines[**it]));
        view.meta.further.iter().any(|(_, said)| said.headline.as_deref().is_some_and(|it| fold(it) == text))
    });
    let highest = headings.iter().filter_map(|it| level(*it)).min();
    let best = headings.iter().filter(|it| level(**it) == highest).copied().collect::<Vec<_>>();
    let long = best.iter().find(|it| view.measured.weight[**it] >= 30);
    named.or(long).or(best.first()).copied().unwrap_or(at)
}

/// A headline whose article follows it without an element that holds both: it is printed twice, or looks like the
/// page's own headline.
fn flat(view: View<'_, '_>, at: usize, (last_body, next_body): (usize, usize), level: u8, before: &[Stretch]) -> Option<Stretch> {
    let (tree, lines) = (view.tree, &view.lines.lines);
    let (title, last) = (before[0].headline?, before.last()?);
    let title_level = heading_level(tree, lines[title].block)?;
    let block = lines[at].block;
    let shared = common(tree, lines[last_body].block, block);
    let holder = below(tree, shared, block);
    // The wrapping of a headline holds little else; a box of teasers holds their headlines.
    let mut inside = (at + 1..lines.len()).take_while(|it| tree.within(lines[*it].first, holder));
    let teasers = inside.any(|it| lines[it].linked * 2 > lines[it].chars && view.measured.weight[it] >= 25);
    if text_weight(view, at + 1, tree.end(shared)) < MIN_PART || !tree.within(lines[next_body].first, shared) || teasers {
        return None;
    }
    let mut evidence = level_evidence(level, title_level) + head_evidence(view, at, next_body);
    evidence += gap_evidence(view, last_body, at) + link_evidence(view, at);
    evidence += if outside(view, last, shared) { 1.5 } else { -6.0 };
    evidence += if alike_elements(tree, lines[title].block, block) { 1.5 } else { 0.0 };
    evidence += if described(view, at, block) { 3.0 } else { 0.0 };
    (evidence >= ENOUGH + 1.0).then_some(Stretch { headline: Some(at), from: at, to: lines.len(), holder, url: None })
}

/// Whether a headline stands beside the article before and not in it.
fn outside(view: View<'_, '_>, last: &Stretch, shared: NodeId) -> bool {
    match last.headline {
        _ if last.holder != 0 => view.tree.within(last.holder, shared) && last.holder != shared,
        Some(title) => view.tree.within(view.lines.lines[title].first, shared),
        None => true,
    }
}

fn alike_elements(tree: &Tree<'_>, one: NodeId, other: NodeId) -> bool {
    super::features::element_hash(tree, one) == super::features::element_hash(tree, other)
}

/// Headlines that lead elsewhere are teasers more often than not.
fn link_evidence(view: View<'_, '_>, at: usize) -> f32 {
    let line = &view.lines.lines[at];
    if line.linked * 2 > line.chars { -1.5 } else { 0.0 }
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
        (0, _) => -1.5,
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
