//! Reads the card around a link: title, teaser, picture, date.

use url::Url;

use super::{
    Link, bounded,
    gather::{Gathered, NamedBy, Occurrence, picture, resolve},
    survey::{Survey, is_unseen, width},
    words::Region,
};
use crate::{
    dates::moment,
    html::{NodeId, Tag, Tree},
    text::collapse,
};

/// The longest title and the longest teaser, in bytes.
const MAX_TITLE: usize = 500;
const MAX_TEASER: usize = 1_500;
/// The most nodes of a card that are read.
const MAX_NODES: usize = 2_000;
/// The most links of an item that is the card of one article: itself, its section, writer,
/// comments.
const MAX_CARD_LINKS: u32 = 8;
/// The least width of a teaser.
const MIN_TEASER: u32 = 40;
/// The least width of a link's own text that is its title; a shorter one ("Read more", "12
/// comments") gives way to a heading of its item.
const MIN_TITLE: u32 = 25;

/// The link to one address. `item` is the element that the source's selectors give it, where they
/// do.
pub(super) fn link(
    survey: &Survey<'_, '_>,
    gathered: &Gathered,
    target: usize,
    item: Option<NodeId>,
) -> Link {
    let found = &gathered.targets[target];
    let places: Vec<Occurrence> = found
        .places
        .iter()
        .filter_map(|place| gathered.occurrences.get(*place as usize))
        .copied()
        .collect();
    let card = item.or_else(|| places.iter().find_map(|place| frame(survey, place)));
    let tree = survey.tree;
    let named = title(survey, &places, card);
    let alt = || places.iter().find_map(|place| alternative(tree, place.node));
    let title = named.and_then(|named| visible(tree, named, MAX_TITLE)).or_else(alt);
    let framed = card.or_else(|| places.first().map(|place| place.card));
    Link {
        url: found.url.clone(),
        teaser: framed
            .and_then(|framed| teaser(survey, framed, named, &places))
            .filter(|teaser| title.as_ref().is_none_or(|title| !teaser.contains(title))),
        title,
        image: places
            .iter()
            .map(|place| place.card)
            .chain(framed)
            .find_map(|card| image(tree, card, &gathered.base)),
        published: framed.and_then(|framed| date(tree, framed)),
    }
}

/// The element that shows this article and no other.
fn frame(survey: &Survey<'_, '_>, place: &Occurrence) -> Option<NodeId> {
    let item = survey.inside(place.item);
    let alone = place.item != place.node && item.links <= MAX_CARD_LINKS && item.headings <= 2;
    if alone { Some(place.item) } else { (place.card != place.node).then_some(place.card) }
}

fn title(survey: &Survey<'_, '_>, places: &[Occurrence], card: Option<NodeId>) -> Option<NodeId> {
    let weight = |link: &&Occurrence| (link.named, survey.inside(link.title).text.min(300));
    // Of several equal ones the first counts.
    let best = places.iter().rev().max_by_key(weight)?;
    let tree = survey.tree;
    if best.named == NamedBy::Text && survey.inside(best.title).text < MIN_TITLE {
        let lone = card.filter(|card| survey.inside(*card).headings == 1);
        let heading = lone.and_then(|card| {
            tree.descendants(card).find(|node| tree.tag(*node).heading_level().is_some())
        });
        if let Some(heading) =
            heading.filter(|heading| survey.inside(*heading).text > survey.inside(best.title).text)
        {
            return Some(heading);
        }
    }
    Some(best.title)
}

/// The text of a node that readers see; `None` where there is none.
fn visible(tree: &Tree<'_>, node: NodeId, longest: usize) -> Option<String> {
    let mut text = String::new();
    let mut block = None;
    for text_node in tree
        .subtree(node)
        .filter(|node| tree.tag(*node) == Tag::Text && !is_unseen(tree.tag(tree.parent(*node))))
    {
        if text.len() > 2 * longest {
            break;
        }
        // Two blocks are two words, whatever is between their tags.
        let own = tree.ancestors(text_node).find(|at| tree.tag(*at).is_block());
        if block.replace(own) != Some(own) {
            text.push(' ');
        }
        text.push_str(bounded_raw(&tree.text(text_node), 2 * longest));
    }
    Some(bounded(&collapse(&text), longest)).filter(|text| !text.is_empty())
}

fn bounded_raw(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}

/// The text that stands for a link's picture (`alt`), or its tooltip (`title`).
fn alternative(tree: &Tree<'_>, link: NodeId) -> Option<String> {
    let alt = picture(tree, link)
        .and_then(|picture| tree.attribute(picture, "alt"))
        .map(|alt| collapse(&alt))
        .filter(|alt| !alt.is_empty());
    let said = || {
        ["title", "aria-label"]
            .iter()
            .find_map(|name| tree.attribute(link, name))
            .map(|label| collapse(&label))
    };
    alt.or_else(said).map(|alt| bounded(&alt, MAX_TITLE)).filter(|title| !title.is_empty())
}

/// The longest block of text in the card that is not its title, nor in a link to elsewhere.
fn teaser(
    survey: &Survey<'_, '_>,
    card: NodeId,
    title: Option<NodeId>,
    places: &[Occurrence],
) -> Option<String> {
    let tree = survey.tree;
    let own = |node: NodeId| places.iter().any(|place| tree.within(node, place.node));
    let aside = Region::AUTHOR
        .with(Region::LABEL)
        .with(Region::SHARE)
        .with(Region::TITLE)
        .with(Region::COMMENTS);
    let mut best: (u32, Option<NodeId>) = (MIN_TEASER - 1, None);
    let mut current = (None, 0);
    for node in tree.subtree(card).take(MAX_NODES).filter(|node| tree.tag(*node) == Tag::Text) {
        let parent = tree.parent(node);
        let elsewhere =
            tree.linked(node) && !own(node) || title.is_some_and(|title| tree.within(node, title));
        if elsewhere
            || is_unseen(tree.tag(parent))
            || tree.tag(parent) == Tag::Time
            || survey.region(parent).is(aside)
        {
            continue;
        }
        let block =
            tree.ancestors(node).take(6).find(|at| tree.tag(*at).is_block()).unwrap_or(parent);
        if tree.tag(block).heading_level().is_some() {
            continue;
        }
        current = if current.0 == Some(block) { current } else { (Some(block), 0) };
        current.1 += width(tree.raw_text(node));
        if current.1 > best.0 {
            best = (current.1, current.0);
        }
    }
    let block = best.1?;
    // A block that holds the title too is one of its texts only.
    let text: String = tree
        .subtree(block)
        .take(MAX_NODES)
        .filter(|node| {
            tree.tag(*node) == Tag::Text
                && !title.is_some_and(|title| tree.within(*node, title))
                && !is_unseen(tree.tag(tree.parent(*node)))
        })
        .map(|node| bounded_raw(&tree.text(node), MAX_TEASER).to_owned() + " ")
        .collect();
    Some(bounded(&collapse(&text), MAX_TEASER)).filter(|text| !text.is_empty())
}

/// The address of the card's first picture.
fn image(tree: &Tree<'_>, card: NodeId, base: &Url) -> Option<Url> {
    let mut pictures =
        tree.subtree(card).take(MAX_NODES).filter(|node| tree.tag(*node) == Tag::Img);
    pictures.find_map(|node| {
        let lazy = ["data-src", "data-original", "data-lazy-src", "src"];
        let named = lazy
            .iter()
            .filter_map(|name| tree.attribute(node, name))
            .filter_map(|address| resolve(base, &address))
            .find(|url| !stands_in(url));
        named.or_else(|| {
            let set =
                ["data-srcset", "srcset"].iter().find_map(|name| tree.attribute(node, name))?;
            resolve(base, set.split([',', ' ', '\n']).find(|part| !part.is_empty())?)
                .filter(|address| !stands_in(address))
        })
    })
}

/// Whether a picture is shown only until a script puts the right one in its place.
fn stands_in(url: &Url) -> bool {
    let name = url.path().rsplit('/').next().unwrap_or_default();
    ["placeholder", "spacer", "blank", "pixel", "transparent", "dummy"]
        .iter()
        .any(|word| name.contains(word))
}

/// The machine-readable date of the card.
fn date(tree: &Tree<'_>, card: NodeId) -> Option<chrono::DateTime<chrono::FixedOffset>> {
    let times = tree.subtree(card).take(MAX_NODES).filter(|node| tree.tag(*node) == Tag::Time);
    times
        .filter_map(|time| tree.attribute(time, "datetime"))
        .find_map(|written| moment::parse(&written, None))
        .map(|moment| moment.time)
}
