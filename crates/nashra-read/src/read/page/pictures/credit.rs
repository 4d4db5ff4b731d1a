//! Finds credits in an element of their own, or in an attribute of their picture.

use std::{borrow::Cow, ops::Range};

use crate::{
    html::{NodeId, Tag, Tree},
    read::{
        credits::caption::{self, CreditSign},
        page::split::View,
    },
    text::collapse,
};

/// The longest credit, in bytes.
const MAX_CREDIT: usize = 200;
/// The most nodes of a caption that are read.
const MAX_NODES: usize = 300;
/// The longest credit without a caption, in bytes.
const MAX_ALONE: usize = 60;
/// Parts of the names of elements for credits.
const NAMES: [&str; 14] = [
    "credit",
    "copyright",
    "photographer",
    "fotograf",
    "captionauthor",
    "caption-author",
    "image-author",
    "imagesource",
    "image-source",
    "img-source",
    "bildquelle",
    "urheber",
    "pictsrc",
    "rights",
];
/// The same for elements within a caption.
const WRITERS: [&str; 9] =
    ["author", "autor", "auteur", "autore", "source", "quelle", "distributor", "agency", "agentur"];
/// Properties of schema.org that name who made a picture.
const PROPERTIES: [&str; 4] = ["author", "creator", "copyrightHolder", "creditText"];
/// Attributes of pictures that hold a credit.
const ATTRIBUTES: [&str; 6] = [
    "data-credit",
    "data-credits",
    "data-copyright",
    "data-photographer",
    "data-source",
    "data-author",
];

/// The parts of the credit among the lines of a caption, as elements of their own have them: who
/// made the picture, and who sells it.
pub(super) fn marked(view: View<'_, '_>, picture: NodeId, lines: &Range<usize>) -> Vec<String> {
    let of_line = |at: usize| view.lines.lines.get(at).filter(|_| !lines.is_empty());
    let (Some(first), Some(last)) = (of_line(lines.start), of_line(lines.end.saturating_sub(1)))
    else {
        return Vec::new();
    };
    let tree = view.tree;
    // From the element that holds the caption, but not before the picture, unless the caption
    // stands there.
    let start = std::iter::once(first.block)
        .chain(tree.ancestors(first.block).take(2))
        .find(|node| tree.tag(*node) == Tag::Figcaption);
    let start = start.unwrap_or_else(|| first.block.max(picture.min(first.first)));
    let mut parts = Vec::new();
    let mut inside = 0;
    for node in (start..=last.last).take(MAX_NODES).filter(|node| tree.tag(*node) != Tag::Text) {
        if node >= inside && is_named(tree, node, start) {
            inside = tree.end(node);
            parts.push(text(tree, node));
        }
    }
    parts.retain(|part| part.chars().any(char::is_alphabetic));
    // An element for caption and credit tells them apart no better than the line does.
    let line = view.lines.get(first);
    let whole = parts.len() == 1 && lines.len() == 1 && line.len() <= parts[0].len();
    let whole = whole && (line.len() > MAX_ALONE || caption::credit_sign(line).is_some());
    if whole || parts.iter().map(String::len).sum::<usize>() > MAX_CREDIT {
        parts.clear();
    }
    if parts.is_empty() {
        at_the_end(view, last.block.min(last.first), last.last).into_iter().collect()
    } else {
        parts
    }
}

/// The last element within a line, where it ends the caption and has the form of a name.
fn at_the_end(view: View<'_, '_>, block: NodeId, last: NodeId) -> Option<String> {
    let tree = view.tree;
    let element = tree
        .ancestors(last)
        .take_while(|ancestor| *ancestor > block)
        .find(|ancestor| matches!(tree.tag(*ancestor), Tag::Span | Tag::Small | Tag::Cite))?;
    let said = text(tree, element);
    let whole = text(tree, block);
    let before = whole.strip_suffix(said.as_str())?.trim_end();
    let apart =
        before.ends_with(['.', '!', '?', '…', '”', '»', '"', '/', '|']) || said.contains('/');
    (apart
        && before.split(' ').count() >= 3
        && caption::is_name(&said)
        && said.chars().count() <= 60)
        .then_some(said)
}

fn text(tree: &Tree<'_>, node: NodeId) -> String {
    let texts = tree
        .subtree(node)
        .take(MAX_NODES)
        .filter(|node| tree.tag(*node) == Tag::Text && tree.tag(tree.parent(*node)) != Tag::Style);
    collapse(&texts.map(|text| tree.text(text)).collect::<Vec<Cow<'_, str>>>().join(" "))
}

/// Whether an element is named as a credit's, or within `start`, a caption, as its writer's.
fn is_named(tree: &Tree<'_>, node: NodeId, start: NodeId) -> bool {
    let inner = node > start && tree.tag(start) == Tag::Figcaption;
    tree.raw_attributes(node).any(|(name, value)| {
        let known = |value: &str| {
            NAMES.iter().any(|name| value.contains(name))
                || inner && WRITERS.iter().any(|name| value.contains(name))
        };
        match name.to_ascii_lowercase().as_str() {
            "class" | "data-testid" => known(&value.to_ascii_lowercase()),
            "itemprop" => PROPERTIES.contains(&value),
            name => name.starts_with("data-") && known(name),
        }
    })
}

/// The credit in an attribute of the picture.
pub(super) fn of_attributes(tree: &Tree<'_>, picture: NodeId) -> Option<String> {
    let value = |name: &&str| {
        tree.attribute(picture, name)
            .map(|attribute| collapse(&attribute))
            .filter(|credit| (2..=MAX_CREDIT).contains(&credit.len()))
    };
    let plain = ATTRIBUTES
        .iter()
        .find_map(value)
        .filter(|value| !value.contains("://") && value.chars().any(char::is_alphabetic));
    plain.or_else(|| {
        ["title", "alt"]
            .iter()
            .filter_map(value)
            .find(|value| caption::credit_sign(value) == Some(CreditSign::Credit))
            .and_then(|value| caption::parse(&value).credit)
    })
}

/// A line without the parts of the credit and the signs around them.
pub(super) fn without(line: &str, credit: &[String]) -> String {
    let signs = [' ', '(', '[', '|', '/', '•', '·', '–', '—', '-'];
    credit.iter().fold(line.to_owned(), |rest, part| {
        let Some((before, after)) = rest.rsplit_once(part.as_str()) else { return rest };
        format!("{} {}", before.trim_end_matches(signs), after.trim_start_matches([' ', ')', ']']))
            .trim()
            .to_owned()
    })
}
