//! Finds the page's own list of related articles: similar elements, each with a headline that is a
//! link.

use std::ops::Range;

use hashbrown::{HashMap, HashSet};

use url::Url;

use super::{hints, pictures, split::View};
use crate::{
    html::{NodeId, Tag},
    model::record::{Image, Related},
    read::{
        credits::{byline, caption},
        lines::Picture,
    },
    text::{fold, letters::ends_sentence},
};

/// The most items that are taken.
const MAX_ITEMS: usize = 60;
/// The most items of one group: a longer one is an archive or a ranking.
const MAX_OF_GROUP: usize = 12;
/// The least weight of a headline.
const MIN_TITLE: u32 = 14;

/// An item and the range of its lines.
#[derive(Debug)]
pub(super) struct RelatedItem {
    pub(super) related: Related,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The items among the lines of one article and what follows it, up to the next.
pub(super) fn items(view: View<'_, '_>, from: usize, to: usize) -> Vec<RelatedItem> {
    let mut finder = Finder::new(view, to);
    let mut found: Vec<RelatedItem> = Vec::new();
    let mut titles = HashSet::new();
    let mut at = from;
    while at < to && found.len() < MAX_ITEMS {
        let Some((items, end)) = finder.group(at) else {
            at += 1;
            continue;
        };
        for item in items {
            if found.len() < MAX_ITEMS && titles.insert(item.related.title.as_deref().map(fold)) {
                found.push(item);
            }
        }
        at = end.max(at + 1);
    }
    found
}

/// The tag and a hash of the class of an element: equal for similar elements.
type ElementForm = (Tag, u64);

/// The similar children of an element that have a headline each.
#[derive(Default)]
struct ItemGroup {
    /// The number of those that are no lists themselves, up to [`MAX_ITEMS`].
    short: usize,
    /// All of them: the child, its lines, and the weight of the text of those before it.
    children: Vec<(NodeId, Range<usize>, u32)>,
    /// The weight of the text of all.
    text: u32,
}

/// Looks for groups. Each element's children are gone through once, however many headlines they
/// hold.
struct Finder<'a, 'b> {
    view: View<'a, 'b>,
    /// One past the last line of the article.
    to: usize,
    /// The headlines before each line, and the weight of the text.
    before: Vec<(usize, u32)>,
    groups: HashMap<NodeId, HashMap<ElementForm, ItemGroup>>,
}

impl<'a, 'b> Finder<'a, 'b> {
    fn new(view: View<'a, 'b>, to: usize) -> Self {
        let mut before = Vec::with_capacity(view.body.len() + 1);
        let (mut titles, mut text) = (0, 0);
        before.push((0, 0));
        for at in 0..view.body.len() {
            titles += usize::from(title_like(view, at));
            text += if view.body[at] { view.measured.weight[at] } else { 0 };
            before.push((titles, text));
        }
        Self { view, to, before, groups: HashMap::new() }
    }

    /// The group whose first headline is in a line, and the line behind it.
    fn group(&mut self, at: usize) -> Option<(Vec<RelatedItem>, usize)> {
        let (view, tree) = (self.view, self.view.tree);
        if !title_like(view, at) {
            return None;
        }
        let line = &view.lines.lines[at];
        // The element around this headline that has most siblings of its build.
        let chain: Vec<NodeId> =
            std::iter::once(line.block).chain(tree.ancestors(line.block)).take(8).collect();
        let counted: Vec<_> = chain
            .windows(2)
            .map(|pair| (self.siblings(pair[0], pair[1]), pair[0], pair[1]))
            .collect();
        let (_, item, list) = counted
            .into_iter()
            .rev()
            .filter(|(siblings, ..)| *siblings >= 2)
            .max_by_key(|(siblings, ..)| *siblings)?;
        let refused = hints::NAVIGATION
            | hints::COMMENTS
            | hints::SHARING
            | hints::TOPICS
            | hints::ADS
            | hints::BIOGRAPHY;
        let near =
            tree.ancestors(list).take(2).fold(view.measured.own[list as usize], |hints, node| {
                hints | view.measured.own[node as usize]
            });
        if near & refused != 0 && near & hints::OTHERS == 0
            || tree
                .ancestors(list)
                .any(|ancestor| matches!(tree.tag(ancestor), Tag::Nav | Tag::Footer))
        {
            return None;
        }
        let group = self.groups.get(&list)?.get(&build_of(view, item))?;
        let children = &group.children[group.children.partition_point(|child| child.0 < item)..];
        let [head, .., tail] = children else { return None };
        // A group that is most of what was taken for the article's text is the text.
        if (group.text - head.2) * 2 > self.before.last()?.1 {
            return None;
        }
        let items = children.iter().take(MAX_OF_GROUP).filter_map(|(child, lines, _)| {
            Some(RelatedItem {
                related: read_item(view, lines.start, lines.end, *child)?,
                from: lines.start,
                to: lines.end,
            })
        });
        Some((items.collect(), tail.1.end))
    }

    fn siblings(&mut self, item: NodeId, list: NodeId) -> usize {
        let (view, before, to) = (self.view, &self.before, self.to);
        let groups = self.groups.entry(list).or_insert_with(|| {
            let mut groups: HashMap<ElementForm, ItemGroup> = HashMap::new();
            for child in view.tree.children(list).filter(|child| view.tree.tag(*child) != Tag::Text)
            {
                let Range { start: from, end: until } = view.lines.inside(view.tree, child);
                if before[until].0 == before[from].0 {
                    continue;
                }
                let group = groups.entry(build_of(view, child)).or_default();
                // An element with many of them is a list of its own.
                group.short = MAX_ITEMS.min(group.short + usize::from(until - from < 14));
                let until = until.min(to);
                if from < until && before[until].0 > before[from].0 {
                    group.children.push((child, from..until, group.text));
                    group.text += before[until].1 - before[from].1;
                }
            }
            groups
        });
        groups.get(&build_of(view, item)).map_or(0, |group| group.short)
    }
}

fn build_of(view: View<'_, '_>, node: NodeId) -> ElementForm {
    (view.tree.tag(node), super::features::element_hash(view.tree, node))
}

/// Whether a line is a link as long as a headline.
fn title_like(view: View<'_, '_>, at: usize) -> bool {
    let line = &view.lines.lines[at];
    // A paragraph of the text may be a sentence that is a link.
    let sentence = || {
        view.body[at]
            && line.linked < line.chars
            && view.tree.tag(line.block) == Tag::P
            && view.lines.get(line).ends_with(ends_sentence)
    };
    line.linked * 5 >= line.chars * 4
        && view.measured.weight[at] >= MIN_TITLE
        && line.chars < 250
        && !sentence()
}

fn read_item(view: View<'_, '_>, from: usize, to: usize, node: NodeId) -> Option<Related> {
    let text = |at: usize| view.lines.get(&view.lines.lines[at]).to_owned();
    let heading = |at: &usize| {
        view.tree
            .ancestors(view.lines.lines[*at].first)
            .take(4)
            .any(|ancestor| view.tree.tag(ancestor).heading_level().is_some())
    };
    let caption_of = |at: usize| {
        let block = view.lines.lines[at].block;
        let around = view
            .tree
            .ancestors(block)
            .take(2)
            .any(|ancestor| view.tree.tag(ancestor) == Tag::Figure);
        around
            || view.measured.own[block as usize] & hints::CAPTION != 0
            || caption::credit_sign(&text(at))
                .is_some_and(|sign| sign >= caption::CreditSign::Agency)
    };
    let linked: Vec<usize> = (from..to).filter(|at| title_like(view, *at)).collect();
    let plain: Vec<usize> = linked.iter().copied().filter(|linked| !caption_of(*linked)).collect();
    let titles = if plain.is_empty() { &linked } else { &plain };
    let title =
        titles.iter().copied().find(heading).or_else(|| {
            titles.iter().copied().max_by_key(|at| view.measured.weight[*at].min(120))
        })?;
    let url = link(view, title);
    let mut related =
        Related { title: Some(text(title)), url: url.map(Into::into), ..Related::default() };
    for at in (from..to).filter(|at| *at != title && (*at < title || !linked.contains(at))) {
        let weight = view.measured.weight[at];
        let line = text(at);
        if at > title && byline::is_byline(&line) && related.byline.is_none() {
            let (name, place) = byline::parse(&line)
                .into_iter()
                .next()
                .map(|byline| (byline.name, byline.place))
                .unzip();
            (related.byline, related.place) = (name, place.flatten());
        } else if at > title && weight >= 40 && related.summary.is_none() && !caption_of(at) {
            related.summary = Some(line);
        } else if at < title
            && weight < 40
            && related.section.is_none()
            && !caption_of(at)
            && !line.chars().any(char::is_numeric)
        {
            related.section = Some(line);
        }
    }
    related.image = picture(view, node);
    Some(related)
}

fn picture(view: View<'_, '_>, node: NodeId) -> Option<Image> {
    let at = view.lines.pictures.partition_point(|picture| picture.node < node);
    let picture: &Picture =
        view.lines.pictures.get(at).filter(|picture| view.tree.within(picture.node, node))?;
    let mut image = pictures::parse(view, picture)?.image;
    // A card shows no caption; what is written for those who do not see the picture often is one,
    // with its credit.
    if image.caption.is_none()
        && let Some(said) = view.tree.attribute(picture.node, "alt")
        && caption::credit_sign(&said).is_some()
    {
        let said = caption::parse(&said);
        image = Image { url: image.url, width: image.width, height: image.height, ..said };
    }
    Some(image)
}

fn link(view: View<'_, '_>, at: usize) -> Option<Url> {
    let line = &view.lines.lines[at];
    let anchor =
        view.tree.ancestors(line.last).find(|ancestor| view.tree.tag(*ancestor) == Tag::A)?;
    view.base
        .join(view.tree.attribute(anchor, "href")?.trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
}
