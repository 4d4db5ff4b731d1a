//! Splits a page into its articles.
//!
//! A page that goes on with further articles repeats what an article begins with: a headline that
//! stands at the head of an element of its own, its date and its writers, the address that the
//! element carries for the browser's history; and the text behind it is about something else. None
//! of these is enough alone, since headings stand inside articles too: a forest of small trees
//! weighs them. Of the names that publishers give to their elements only those of comments and
//! notices count, against a part.
//!
//! What must stay true: a part has a headline of its own and a text that is worth one; lists,
//! comments and boxes are no parts.

use std::cell::OnceCell;

use hashbrown::{HashMap, HashSet};

use url::Url;

use super::{
    features::{Measured, element_hash},
    forest, hints,
    meta::{Meta, title::longest},
    related::{self, RelatedItem},
    rules::RulePlaces,
    topic::Topics,
};
use crate::{
    html::{NodeId, Tag, Tree},
    read::{lines::Lines, trees::probability},
    text::fold,
};

mod address;
pub(super) mod signs;

/// The least text of a further article, as [`Measured::weight`] counts it.
const MIN_PART: u32 = 180;
/// The least text of an article before another begins.
const MIN_TEXT: u32 = 120;
/// The probability from which on an article begins at a heading.
const PROBABLE: f32 = 0.4;
/// Weight of a line that tells what a text is about.
const PARAGRAPH: u32 = 20;
/// The likeness of texts that are too short to compare.
const NEUTRAL: f32 = 0.25;
/// The most headings of a page that are weighed.
const MAX_HEADINGS: usize = 3_000;
/// Lines in which the head of an article is searched.
const HEAD_LINES: usize = 25;
/// Bytes from which a headline is known by the line that begins with it, in the form of [`fold`].
const MIN_BEGINNING: usize = 16;

/// The lines of one article of a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ArticleSpan {
    /// The line of its headline; `None` for a page without one.
    pub(super) headline: Option<usize>,
    /// Its first line: the headline, where it has one.
    pub(super) from: usize,
    /// One past its last line.
    pub(super) to: usize,
    /// The element that holds this article and no other; 0 for the first.
    pub(super) holder: NodeId,
    /// The address that the element has for the browser's history.
    pub(super) url: Option<Url>,
}

/// A measured page, as the steps of extraction see it.
#[derive(Clone, Copy)]
pub(super) struct View<'a, 'b> {
    pub(super) tree: &'a Tree<'b>,
    pub(super) lines: &'a Lines,
    pub(super) measured: &'a Measured,
    /// Whether a line belongs to the text of an article.
    pub(super) body: &'a [bool],
    /// Whether no line is probable text, so that the most probable ones were taken.
    pub(super) guessed: bool,
    /// Where the operator's rules put the text.
    pub(super) places: &'a RulePlaces,
    pub(super) meta: &'a Meta,
    pub(super) base: &'a Url,
}

/// The lists of links behind a line, where they were looked for.
pub(super) type ListsBehindText = Option<(usize, Vec<RelatedItem>)>;

/// The articles of a page, in its order, at least one; and the lists of links behind the first line
/// of text.
pub(super) fn spans(view: View<'_, '_>) -> (Vec<ArticleSpan>, ListsBehindText) {
    walk(view, |row, _| probability(forest::SPLIT.sum(row)) >= PROBABLE)
}

/// Walks through the lines and asks for each possible headline of a further article whether it is
/// one.
pub(super) fn walk(
    view: View<'_, '_>,
    mut is_headline: impl FnMut(&[f32; signs::COUNT], &str) -> bool,
) -> (Vec<ArticleSpan>, ListsBehindText) {
    let count = view.lines.lines.len();
    let title = headline(view);
    let mut found = vec![ArticleSpan { headline: title, from: 0, to: count, holder: 0, url: None }];
    let Some(first_body) = (title.unwrap_or(0)..count).find(|at| view.body[*at]) else {
        return (found, None);
    };
    // The head of a list stands a line or two above its first item. ListsBehindText are looked for
    // where a heading could be one's.
    let (lists, listed) = (OnceCell::new(), OnceCell::<HashSet<usize>>::new());
    let lines_of = || {
        let items: &Vec<RelatedItem> =
            lists.get_or_init(|| related::items(view, first_body, count));
        items.iter().flat_map(|item| item.from.saturating_sub(2)..item.to).collect()
    };
    let context = Context::new(view);
    // The headline of the article that is read.
    let mut own = title.map(|title| fold(view.lines.get(&view.lines.lines[title])));
    let heads = |at: &usize| heading_level(view.tree, view.lines.lines[*at].block).is_some();
    for at in (first_body + 1..count).filter(heads).take(MAX_HEADINGS) {
        let candidate = candidate(&context, at, &found, own.as_deref())
            .filter(|_| !listed.get_or_init(lines_of).contains(&at));
        let begun = candidate.filter(|candidate| {
            signs::measure(&context, candidate, &found).is_some_and(|signs| {
                let is_one = is_headline(&signs, view.lines.get(&view.lines.lines[at]));
                is_one || signs::has_whole_head(&context, candidate, &found)
            })
        });
        if let Some(begun) = begun {
            if let Some(last) = found.last_mut() {
                last.to = at;
            }
            let begun = begun.span(&context);
            own = begun.headline.map(|headline| fold(view.lines.get(&view.lines.lines[headline])));
            found.push(begun);
        }
    }
    (found, lists.into_inner().map(|list| (first_body, list)))
}

/// What is known of the whole page.
pub(super) struct Context<'a, 'b> {
    view: View<'a, 'b>,
    /// The text up to each line, in weight.
    text: Vec<u32>,
    /// For each line the last line of text before it.
    before: Vec<usize>,
    /// Computed at the first candidate, because most pages have none.
    topics: OnceCell<Topics>,
    /// Whether a line has a date, and whether it names writers: many headings have the same lines
    /// behind them.
    dated: Vec<OnceCell<bool>>,
    signed: Vec<OnceCell<bool>>,
    /// The stems of the page's headline.
    title: OnceCell<Vec<u32>>,
    /// The number of headings for each kind of element around them.
    builds: HashMap<u64, u32>,
    /// The descriptions of the page in its metadata, folded.
    decks: Vec<String>,
    /// The headlines of further articles, in its scripts.
    further: HashSet<String>,
}

impl<'a, 'b> Context<'a, 'b> {
    fn new(view: View<'a, 'b>) -> Self {
        let count = view.lines.lines.len();
        let (mut text, mut before) = (Vec::with_capacity(count + 1), Vec::with_capacity(count));
        let (mut sum, mut last) = (0, usize::MAX);
        for at in 0..count {
            text.push(sum);
            before.push(last);
            if view.body[at] {
                sum += view.measured.weight[at];
                last = at;
            }
        }
        text.push(sum);
        let mut builds = HashMap::new();
        for line in
            view.lines.lines.iter().filter(|line| heading_level(view.tree, line.block).is_some())
        {
            *builds.entry(element_hash(view.tree, line.block)).or_insert(0) += 1;
        }
        let decks = [&view.meta.content.summary, &view.meta.content.subtitle]
            .into_iter()
            .flatten()
            .map(|deck| fold(deck))
            .collect();
        let further = view
            .meta
            .further
            .iter()
            .filter_map(|(_, said)| said.headline.as_deref().map(fold))
            .collect();
        Self {
            view,
            text,
            before,
            topics: OnceCell::new(),
            dated: vec![OnceCell::new(); count],
            signed: vec![OnceCell::new(); count],
            title: OnceCell::new(),
            builds,
            decks,
            further,
        }
    }

    /// What the page's paragraphs are about.
    fn topics(&self) -> &Topics {
        self.topics.get_or_init(|| {
            let (view, count) = (self.view, self.view.lines.lines.len());
            let paragraph = |at: &usize| view.body[*at] && view.measured.weight[*at] >= PARAGRAPH;
            let paragraphs =
                (0..count).filter(paragraph).map(|at| (at, view.lines.get(&view.lines.lines[at])));
            Topics::new(count, paragraphs, NEUTRAL)
        })
    }

    /// Whether a line has a date.
    fn is_dated(&self, at: usize) -> bool {
        *self.dated[at].get_or_init(|| signs::is_dated(self.view, at))
    }

    /// Whether a line names writers.
    fn is_signed(&self, at: usize) -> bool {
        *self.signed[at].get_or_init(|| signs::is_signed(self.view, at))
    }

    /// Text of articles in lines, in weight.
    fn text_in(&self, from: usize, to: usize) -> u32 {
        self.text[to.max(from)] - self.text[from]
    }

    /// The first line that stands at or behind a node.
    fn line_at(&self, node: NodeId) -> usize {
        self.view.lines.lines.partition_point(|line| line.first < node)
    }
}

/// A line that could be the headline of an article.
#[derive(Debug)]
pub(super) struct HeadingCandidate {
    at: usize,
    level: u8,
    /// The last line of text before it, and the first one behind it.
    last_body: usize,
    next_body: usize,
    /// The innermost element around it and the text before it.
    shared: NodeId,
    /// The outermost element around it that does not have the text before it.
    holder: NodeId,
    /// Whether the text behind it stands in that element, too.
    nested: bool,
    /// One past the last line of what may be its article.
    end: usize,
    url: Option<Url>,
}

impl HeadingCandidate {
    fn span(self, context: &Context<'_, '_>) -> ArticleSpan {
        let apart = self.nested || self.holder != context.view.lines.lines[self.at].block;
        let headline =
            if apart { best_headline(context, self.at, self.next_body) } else { self.at };
        ArticleSpan {
            headline: Some(headline),
            from: self.at,
            to: context.view.lines.lines.len(),
            holder: self.holder,
            url: self.url,
        }
    }
}

/// The line of the page's own headline.
fn headline(view: View<'_, '_>) -> Option<usize> {
    let title = view.meta.content.title.as_deref().map(fold).filter(|title| !title.is_empty());
    let first_body = view.body.iter().position(|body| *body).unwrap_or(view.body.len());
    let lines = &view.lines.lines;
    let heading = |at: &usize| view.tree.tag(lines[*at].block).heading_level().is_some();
    // The longest part of a title that also names the site, its section or the kind of text.
    let part = view.meta.content.title.as_deref().map(longest).filter(|longest| longest.len() > 10);
    // Folding is what costs: a line that is much shorter is another one.
    let letters = part.as_ref().or(title.as_ref()).map_or(0, |part| part.chars().count() / 3);
    let least = u32::try_from(letters).unwrap_or(u32::MAX);
    let same = |at: &usize| {
        let known = |line: &str| {
            title
                .as_ref()
                .is_some_and(|title| alike(line, title) || heading(at) && begins(line, title))
                || part.as_deref() == Some(line)
        };
        let text = view.lines.get(&lines[*at]);
        // A path to the page ends with the words of its title, too.
        let path = || !heading(at) && [" > ", " » ", " › "].iter().any(|sign| text.contains(sign));
        (least..400).contains(&lines[*at].chars) && known(&fold(text)) && !path()
    };
    // The highest before the text, and of several the last: menus and hidden heads repeat it above,
    // bars below.
    let level = |at: &usize| heading_level(view.tree, lines[*at].block).unwrap_or(9);
    let highest = (0..first_body)
        .filter(|at| heading(at) && same(at))
        .min_by_key(|at| (level(at), usize::MAX - *at));
    highest.or_else(|| (0..first_body).rev().find(same)).or_else(|| {
        let h1 = |at: &usize| view.tree.tag(lines[*at].block) == Tag::H1;
        (0..first_body)
            .rev()
            .find(h1)
            .or_else(|| (first_body..lines.len()).find(|at| heading(at) && same(at)))
    })
}

/// Whether two headlines are the same, or one is the other with something before or behind it.
pub(super) fn alike(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    one == other || short.len() * 3 > long.len() * 2 && short.len() > 12 && long.contains(short)
}

/// Whether a line is a headline with more behind it. Both are folded.
fn begins(line: &str, headline: &str) -> bool {
    headline.len() >= MIN_BEGINNING && line.starts_with(headline)
}

/// Whether a line could be the headline of an article that follows the ones before.
fn candidate(
    context: &Context<'_, '_>,
    at: usize,
    before: &[ArticleSpan],
    own: Option<&str>,
) -> Option<HeadingCandidate> {
    let view = context.view;
    let (tree, lines) = (view.tree, &view.lines.lines);
    let line = &lines[at];
    let level = heading_level(tree, line.block)?;
    let last = before.last()?;
    let refused = view.measured.all[line.block as usize] & (hints::COMMENTS | hints::NOTICE) != 0;
    // What an article has under its headline before its text is no further one.
    let text_before = context.text_in(last.headline.unwrap_or(last.from), at);
    if refused
        || view.measured.weight[at] < 8
        || line.chars > 300
        || level > 4
        || text_before < MIN_TEXT
    {
        return None;
    }
    // Nor is its own headline once more, nor a deck that is set as a heading.
    let name = fold(view.lines.get(line));
    if own.is_some_and(|own| alike(own, &name))
        || context.decks.iter().any(|deck| alike(deck, &name))
    {
        return None;
    }
    let last_body = context.before[at];
    let next_body = (at + 1..lines.len().min(at + 1 + HEAD_LINES)).find(|line| view.body[*line])?;
    let shared = common(tree, lines.get(last_body)?.block, line.block);
    let holder = below(tree, shared, line.block);
    let nested = tree.within(lines[next_body].first, holder);
    if !nested && !tree.within(lines[next_body].first, shared) {
        return None;
    }
    let end = context.line_at(tree.end(if nested { holder } else { shared }));
    let url = address::of_element(view, holder, line.block);
    (context.text_in(at + 1, end) >= MIN_PART).then_some(HeadingCandidate {
        at,
        level,
        last_body,
        next_body,
        shared,
        holder,
        nested,
        end,
        url,
    })
}

/// Among the headings at the head of an article: the one that a script names, else the highest,
/// else the first that is longer than a kicker.
fn best_headline(context: &Context<'_, '_>, at: usize, next_body: usize) -> usize {
    let view = context.view;
    let lines = &view.lines.lines;
    let level = |line: usize| heading_level(view.tree, lines[line].block);
    let headings: Vec<usize> = (at..next_body)
        .filter(|node| level(*node).is_some() && view.measured.weight[*node] >= 8)
        .collect();
    let named = headings
        .iter()
        .find(|heading| context.further.contains(&fold(view.lines.get(&lines[**heading]))));
    let highest = headings.iter().filter_map(|heading| level(*heading)).min();
    let best =
        headings.iter().filter(|heading| level(**heading) == highest).copied().collect::<Vec<_>>();
    let long = best.iter().find(|line| view.measured.weight[**line] >= 30);
    named.or(long).or(best.first()).copied().unwrap_or(at)
}

fn heading_level(tree: &Tree<'_>, block: NodeId) -> Option<u8> {
    std::iter::once(block)
        .chain(tree.ancestors(block).take(2))
        .find_map(|node| tree.tag(node).heading_level())
}

/// The innermost element around both nodes.
pub(super) fn common(tree: &Tree<'_>, one: NodeId, other: NodeId) -> NodeId {
    std::iter::once(one)
        .chain(tree.ancestors(one))
        .find(|node| tree.within(other, *node))
        .unwrap_or(0)
}

/// The outermost element inside `outer` that holds `node`.
pub(super) fn below(tree: &Tree<'_>, outer: NodeId, node: NodeId) -> NodeId {
    std::iter::once(node)
        .chain(tree.ancestors(node))
        .take_while(|node| *node != outer)
        .last()
        .unwrap_or(node)
}
