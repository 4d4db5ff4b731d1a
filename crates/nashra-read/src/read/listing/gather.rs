//! Gathers the links of a page by address: the place of each, the card around it, and what names
//! it.

use hashbrown::HashMap;

use url::Url;

use super::address;
use super::survey::{Survey, is_unseen};
use super::words::Region;
use crate::html::{NodeId, Tag, Tree};

/// The longest address that is accepted, in bytes.
const MAX_ADDRESS: usize = 4_096;
/// The most addresses of one page that are weighed: the longest real pages have two thousand.
const MAX_ADDRESSES: usize = 20_000;
/// The most links to one address that are read.
const MAX_OCCURRENCES: u32 = 64;
/// The most ancestors of a link that may be its card, or the item of a list around it.
const MAX_CLIMB: usize = 10;
/// The most links of an item of a list; an element with more is a list itself.
const MAX_ITEM_LINKS: u32 = 24;
/// The fewest similar elements that make a list.
const MIN_REPEATS: u32 = 3;

/// An `<a href>` of the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Occurrence {
    pub(super) node: NodeId,
    /// The index of its address among the targets.
    pub(super) target: u32,
    /// The largest element around it all of whose links have this address.
    pub(super) card: NodeId,
    /// The item of a list that it is in, one of several similar elements; else the card.
    pub(super) item: NodeId,
    /// What names it: a heading in or around it, or in its card; else itself.
    pub(super) title: NodeId,
    /// The kind of that element.
    pub(super) named: NamedBy,
}

/// What names a link, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NamedBy {
    /// Its own text alone.
    Text,
    /// An element that is a title by its class.
    Class,
    /// A heading in or around the link, or in its card.
    Heading,
}

/// An address and the links to it.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) url: Url,
    /// The indices of its links in [`Gathered::occurrences`].
    pub(super) places: Vec<u32>,
}

#[derive(Debug)]
pub(super) struct Gathered {
    /// All links, in document order.
    pub(super) occurrences: Vec<Occurrence>,
    /// The addresses, in the order of their first link.
    pub(super) targets: Vec<Target>,
    /// The address that relative ones are resolved against.
    pub(super) base: Url,
}

/// All links of a page that could lead to articles: to http and https addresses other than the page
/// itself.
pub(super) fn gather(survey: &Survey<'_, '_>, page: &Url) -> Gathered {
    let tree = survey.tree;
    let base = base(tree, page);
    let own = key(page);
    let mut written: HashMap<&str, Option<u32>> = HashMap::new();
    let mut keys: HashMap<String, u32> = HashMap::new();
    let mut found = Gathered { occurrences: Vec::new(), targets: Vec::new(), base };
    for node in (0..tree.len()).filter(|node| matches!(tree.tag(*node), Tag::A | Tag::Area)) {
        let Some(href) = tree
            .raw_attributes(node)
            .find(|(name, _)| name.eq_ignore_ascii_case("href"))
            .map(|(_, value)| value)
        else {
            continue;
        };
        let Gathered { targets, base, .. } = &mut found;
        let target = *written.entry(href).or_insert_with(|| {
            let url = resolve(base, &tree.attribute(node, "href")?)?;
            if address::form(&url).no_page {
                return None;
            }
            let key = key(&url);
            if key == own || targets.len() >= MAX_ADDRESSES {
                return keys.get(&key).copied();
            }
            Some(*keys.entry(key).or_insert_with(|| {
                targets.push(Target { url, places: Vec::new() });
                index(targets.len() - 1)
            }))
        });
        let Some(target) = target else { continue };
        let place = index(found.occurrences.len());
        let places = &mut found.targets[target as usize].places;
        if index(places.len()) >= MAX_OCCURRENCES {
            continue;
        }
        places.push(place);
        found.occurrences.push(Occurrence {
            node,
            target,
            card: node,
            item: node,
            title: node,
            named: NamedBy::Text,
        });
    }
    frame(survey, &mut found.occurrences);
    found
}

/// Finds card, item and title of each link.
fn frame(survey: &Survey<'_, '_>, occurrences: &mut [Occurrence]) {
    // The end of the run of links to the same address that each is in, and its start.
    let count = occurrences.len();
    let mut starts = vec![0; count];
    let mut ends = vec![count; count];
    for at in 1..count {
        starts[at] =
            if occurrences[at].target == occurrences[at - 1].target { starts[at - 1] } else { at };
    }
    for at in (0..count.saturating_sub(1)).rev() {
        ends[at] = if occurrences[at].target == occurrences[at + 1].target {
            ends[at + 1]
        } else {
            at + 1
        };
    }
    for at in 0..count {
        let next = occurrences.get(ends[at]).map(|occurrence| occurrence.node);
        let before = starts[at].checked_sub(1).map(|left| occurrences[left].node);
        let alone = |node: NodeId| {
            let end = survey.tree.end(node);
            before.is_none_or(|before| before < node) && next.is_none_or(|next| next >= end)
        };
        let (card, item) = climb(survey, occurrences[at].node, alone);
        let (title, named) = title(survey, occurrences[at].node, card);
        let occurrence = &mut occurrences[at];
        (occurrence.card, occurrence.item, occurrence.title, occurrence.named) =
            (card, item, title, named);
    }
}

fn climb(
    survey: &Survey<'_, '_>,
    link: NodeId,
    alone: impl Fn(NodeId) -> bool,
) -> (NodeId, NodeId) {
    let tree = survey.tree;
    let mut card = link;
    let mut item = (survey.repeats(link) >= MIN_REPEATS).then_some(link);
    for above in tree.ancestors(link).take(MAX_CLIMB) {
        if matches!(tree.tag(above), Tag::Body | Tag::Html | Tag::Document | Tag::Main) {
            break;
        }
        let alone = alone(above);
        if alone {
            card = above;
        } else if item.is_some() || survey.inside(above).links > MAX_ITEM_LINKS {
            break;
        }
        if (alone || item.is_none()) && survey.repeats(above) >= MIN_REPEATS {
            item = Some(above);
        }
    }
    (card, item.unwrap_or(card))
}

/// The element that names a link, and its kind.
fn title(survey: &Survey<'_, '_>, link: NodeId, card: NodeId) -> (NodeId, NamedBy) {
    let tree = survey.tree;
    let has_text = |node: NodeId| survey.inside(node).text > 0;
    if survey.inside(link).headings > 0
        && let Some(heading) = tree
            .descendants(link)
            .find(|node| tree.tag(*node).heading_level().is_some() && has_text(*node))
    {
        return (heading, NamedBy::Heading);
    }
    if let Some(heading) =
        tree.ancestors(link).take(5).find(|ancestor| tree.tag(*ancestor).heading_level().is_some())
        && has_text(link)
    {
        return (if survey.inside(heading).links == 1 { heading } else { link }, NamedBy::Heading);
    }
    let card_ok = survey.inside(card).text < 2_000;
    if card_ok
        && survey.inside(card).headings > 0
        && let Some(heading) = tree
            .descendants(card)
            .find(|node| tree.tag(*node).heading_level().is_some() && has_text(*node))
    {
        return (heading, NamedBy::Heading);
    }
    let titled = |outer: NodeId| {
        let above = survey.region(tree.parent(outer));
        tree.descendants(outer).take(200).find(|node| {
            !matches!(tree.tag(*node), Tag::Text)
                && survey.region(*node).is(Region::TITLE)
                && !above.is(Region::TITLE)
                && has_text(*node)
        })
    };
    if let Some(named) =
        titled(link).or_else(|| if has_text(link) || !card_ok { None } else { titled(card) })
    {
        return (named, NamedBy::Class);
    }
    (link, NamedBy::Text)
}

/// The page's `<base href>`, else its own address.
fn base(tree: &Tree<'_>, page: &Url) -> Url {
    let written = (0..tree.len())
        .filter(|node| tree.tag(*node) == Tag::Base)
        .find_map(|node| tree.attribute(node, "href"));
    written
        .and_then(|written| page.join(written.trim()).ok())
        .filter(Url::has_host)
        .unwrap_or_else(|| page.clone())
}

/// An absolute address without its fragment, where it may be that of a page.
pub(super) fn resolve(base: &Url, href: &str) -> Option<Url> {
    let href = href.trim();
    if href.is_empty() || href.starts_with('#') || href.len() > MAX_ADDRESS {
        return None;
    }
    let mut url = base.join(href).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.as_str().len() > MAX_ADDRESS {
        return None;
    }
    url.set_fragment(None);
    Some(url)
}

/// The key of an address: scheme, `www.` and a slash at the end do not count.
pub(super) fn key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let mut key = String::with_capacity(url.as_str().len());
    key.push_str(host);
    if let Some(port) = url.port() {
        key.push(':');
        key.push_str(&port.to_string());
    }
    key.push_str(url.path().trim_end_matches('/'));
    if let Some(query) = url.query() {
        key.push('?');
        key.push_str(query);
    }
    key
}

/// The first visible picture inside a node.
pub(super) fn picture(tree: &Tree<'_>, node: NodeId) -> Option<NodeId> {
    tree.subtree(node)
        .take(2_000)
        .find(|node| tree.tag(*node) == Tag::Img && !is_unseen(tree.tag(tree.parent(*node))))
}

fn index(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
