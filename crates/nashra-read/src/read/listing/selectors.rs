//! The operator's selectors for the links of a listing.

use std::fmt;

use crate::{
    html::{NodeId, Tag, Tree, selector::Selector},
    read::listing::{
        gather::{Gathered, Occurrence},
        survey::Survey,
    },
};

/// The selectors of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selectors {
    /// The elements that show one article each. Without it the whole page is searched for links.
    pub item: Option<Selector>,
    /// The link in an item, or an element in or around it. Without it the item's first link with
    /// most text.
    pub link: Option<Selector>,
}

impl fmt::Display for Selectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [("item", &self.item), ("link", &self.link)];
        let written = named.iter().filter_map(|(name, selector)| {
            selector.as_ref().map(|selector| format!("{name} = {:?}", selector.text))
        });
        f.write_str(&written.collect::<Vec<_>>().join(", "))
    }
}

impl Selectors {
    /// The chosen addresses, each once, and the item of each, in the order of the page.
    pub(super) fn choose(
        &self,
        survey: &Survey<'_, '_>,
        gathered: &Gathered,
    ) -> Vec<(usize, Option<NodeId>)> {
        let tree = survey.tree;
        let links = self.link.as_ref().map(|link| link.matches(tree));
        let mut chosen = Vec::new();
        let mut known = std::collections::HashSet::new();
        let mut take = |place: Option<&Occurrence>, item: Option<NodeId>| {
            if let Some(place) = place.filter(|place| known.insert(place.target)) {
                chosen.push((place.target as usize, item));
            }
        };
        match (&self.item, links) {
            (Some(item), links) => {
                for item in item.matches(tree) {
                    let own = links
                        .as_ref()
                        .and_then(|link| link[link.partition_point(|at| *at < item)..].first())
                        .copied();
                    let place = match own {
                        Some(own) if tree.within(own, item) => at(tree, gathered, own),
                        _ if links.is_some() => None,
                        _ => longest(survey, gathered, item),
                    };
                    take(place, Some(item));
                }
            }
            (None, links) => links
                .unwrap_or_default()
                .into_iter()
                .for_each(|link| take(at(tree, gathered, link), None)),
        }
        chosen
    }
}

/// The link that a node is, is in, or has in it.
fn at<'g>(tree: &Tree<'_>, gathered: &'g Gathered, node: NodeId) -> Option<&'g Occurrence> {
    let all = &gathered.occurrences;
    let outer = std::iter::once(node)
        .chain(tree.ancestors(node).take(8))
        .find(|node| tree.tag(*node) == Tag::A);
    let from = outer.unwrap_or(node);
    all.get(all.partition_point(|occurrence| occurrence.node < from))
        .filter(|occurrence| tree.within(occurrence.node, from))
}

/// The link of an item with the most text; of several the first.
fn longest<'g>(
    survey: &Survey<'_, '_>,
    gathered: &'g Gathered,
    item: NodeId,
) -> Option<&'g Occurrence> {
    let all = &gathered.occurrences;
    let (from, end) = (
        all.partition_point(|occurrence| occurrence.node < item),
        all.partition_point(|occurrence| occurrence.node < survey.tree.end(item)),
    );
    all[from..end.min(from + 200)]
        .iter()
        .rev()
        .max_by_key(|occurrence| (occurrence.named, survey.inside(occurrence.node).text.min(200)))
}
