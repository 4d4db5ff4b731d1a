//! The page's own list of related articles: elements of one build, each with a headline that is a link.

use std::collections::HashSet;

use url::Url;

use super::{hints, lines::Picture, pictures, split::View};
use crate::{
    article::{
        byline, caption,
        record::{Image, Related},
        text::fold,
    },
    html::{NodeId, Tag},
};

/// Items taken.
const MAX_ITEMS: usize = 60;
/// Items taken of one group: a longer one is an archive or a ranking.
const MAX_OF_GROUP: usize = 12;
/// Weight of a headline, at least.
const MIN_TITLE: u32 = 14;

/// An item and the lines that it is made of.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) related: Related,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The items among the lines of one article and what follows it, up to the next.
pub(super) fn items(view: View<'_, '_>, from: usize, to: usize) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut titles = HashSet::new();
    let mut at = from;
    while at < to && found.len() < MAX_ITEMS {
        match group(view, at, to) {
            Some((items, end)) => {
                for item in items.into_iter().take(MAX_OF_GROUP) {
                    if found.len() < MAX_ITEMS && titles.insert(item.related.title.as_deref().map(fold)) {
                        found.push(item);
                    }
                }
                at = end.max(at + 1);
            }
            None => at += 1,
        }
    }
    found
}

/// The group whose first headline is in a line.
fn group(view: View<'_, '_>, at: usize, to: usize) -> Option<(Vec<Item>, usize)> {
    let tree = view.tree;
    if !title_like(view, at) {
        return None;
    }
    let line = &view.lines.lines[at];
    // The element around this headline that has most siblings of its build.
    let chain: Vec<NodeId> = std::iter::once(line.block).chain(tree.ancestors(line.block)).take(8).collect();
    let siblings = |item: NodeId, list: NodeId| {
        let build = build_of(view, item);
        tree.children(list)
            .filter(|it| tree.tag(*it) != Tag::Text && build_of(view, *it) == build && has_title(view, *it))
            .take(MAX_ITEMS)
            .count()
    };
    let counted = chain.windows(2).map(|pair| (siblings(pair[0], pair[1]), pair[0], pair[1]));
    let (_, item, list) = counted.rev().filter(|it| it.0 >= 2).max_by_key(|it| it.0)?;
    let refused = hints::NAVIGATION | hints::COMMENTS | hints::SHARING | hints::TOPICS | hints::ADS | hints::BIOGRAPHY;
    let near = tree.ancestors(list).take(2).fold(view.measured.own[list as usize], |hints, it| hints | view.measured.own[it as usize]);
    if near & refused != 0 && near & hints::OTHERS == 0 || tree.ancestors(list).any(|it| matches!(tree.tag(it), Tag::Nav | Tag::Footer)) {
        return None;
    }
    let build = build_of(view, item);
    let mut items = Vec::new();
    let mut end = at + 1;
    for child in tree.children(list).filter(|it| *it >= item && build_of(view, *it) == build) {
        let from = view.lines.lines.partition_point(|it| it.first < child);
        let until = view.lines.lines.partition_point(|it| it.first < tree.end(child)).min(to);
        if from >= to {
            break;
        }
        if let Some(related) = read(view, from, until, child) {
            items.push(Item { related, from, to: until });
            end = until;
        }
    }
    let text: u32 = items.iter().flat_map(|it| it.from..it.to).filter(|it| view.body[*it]).map(|it| view.measured.weight[it]).sum();
    // A group that is most of what was taken for the article's text is the text.
    let whole: u32 = (0..view.body.len()).filter(|it| view.body[*it]).map(|it| view.measured.weight[it]).sum();
    (items.len() >= 2 && text * 2 <= whole).then_some((items, end))
}

fn build_of(view: View<'_, '_>, node: NodeId) -> (Tag, u64) {
    (view.tree.tag(node), super::features::element_hash(view.tree, node))
}

/// A line that is a link as long as a headline.
fn title_like(view: View<'_, '_>, at: usize) -> bool {
    let line = &view.lines.lines[at];
    line.linked * 5 >= line.chars * 4 && view.measured.weight[at] >= MIN_TITLE && line.chars < 250
}

fn has_title(view: View<'_, '_>, node: NodeId) -> bool {
    let from = view.lines.lines.partition_point(|it| it.first < node);
    let to = view.lines.lines.partition_point(|it| it.first < view.tree.end(node));
    // An element with many of them is a list of its own.
    (from..to).any(|it| title_like(view, it)) && to - from < 14
}

fn read(view: View<'_, '_>, from: usize, to: usize, node: NodeId) -> Option<Related> {
    let text = |at: usize| view.lines.get(&view.lines.lines[at]).to_owned();
    let heading =
        |at: &usize| view.tree.ancestors(view.lines.lines[*at].first).take(4).any(|it| view.tree.tag(it).heading_level().is_some());
    let caption_of = |at: usize| {
        let block = view.lines.lines[at].block;
        let around = view.tree.ancestors(block).take(2).any(|it| view.tree.tag(it) == Tag::Figure);
        around
            || view.measured.own[block as usize] & hints::CAPTION != 0
            || caption::sign(&text(at)).is_some_and(|it| it >= caption::Sign::Agency)
    };
    let linked: Vec<usize> = (from..to).filter(|at| title_like(view, *at)).collect();
    let plain: Vec<usize> = linked.iter().copied().filter(|it| !caption_of(*it)).collect();
    let titles = if plain.is_empty() { &linked } else { &plain };
    let title =
        titles.iter().copied().find(heading).or_else(|| titles.iter().copied().max_by_key(|at| view.measured.weight[*at].min(120)))?;
    let url = link(view, title);
    let mut related = Related { title: Some(text(title)), url: url.map(Into::into), ..Related::default() };
    for at in (from..to).filter(|at| *at != title && (*at < title || !linked.contains(at))) {
        let weight = view.measured.weight[at];
        let line = text(at);
        if at > title && byline::is_byline(&line) && related.byline.is_none() {
            let (name, place) = byline::read(&line).into_iter().next().map(|it| (it.name, it.place)).unzip();
            (related.byline, related.place) = (name, place.flatten());
        } else if at > title && weight >= 40 && related.summary.is_none() && !caption_of(at) {
            related.summary = Some(line);
        } else if at < title && weight < 40 && related.section.is_none() && !caption_of(at) && !line.chars().any(char::is_numeric) {
            related.section = Some(line);
        }
    }
    related.image = picture(view, node);
    Some(related)
}

fn picture(view: View<'_, '_>, node: NodeId) -> Option<Image> {
    let picture: &Picture = view.lines.pictures.iter().find(|it| view.tree.within(it.node, node))?;
    let mut image = pictures::read(view, picture)?.image;
    // A card shows no caption; what is written for those who do not see the picture often is one, with its credit.
    if image.caption.is_none()
        && let Some(said) = view.tree.attribute(picture.node, "alt")
        && caption::sign(&said).is_some()
    {
        let said = caption::read(&said);
        image = Image { url: image.url, width: image.width, height: image.height, ..said };
    }
    Some(image)
}

fn link(view: View<'_, '_>, at: usize) -> Option<Url> {
    let line = &view.lines.lines[at];
    let anchor = view.tree.ancestors(line.last).find(|it| view.tree.tag(*it) == Tag::A)?;
    view.base.join(view.tree.attribute(anchor, "href")?.trim()).ok().filter(|it| matches!(it.scheme(), "http" | "https"))
}
