//! Credits that stand in an element of their own, or in an attribute of their picture.

use std::{borrow::Cow, ops::Range};

use super::{Tag, collapse};
use crate::{
    article::caption::{self, Sign},
    html::{NodeId, Tree},
    page::split::View,
};

/// Bytes of a credit.
const MAX_CREDIT: usize = 200;
/// What the names of elements for credits have in them.
const NAMES: [&str; 14] = [
    "credit", "copyright", "photographer", "fotograf", "captionauthor", "caption-author", "image-author", "imagesource", "image-source",
    "img-source", "bildquelle", "urheber", "pictsrc", "rights",
];
/// Properties of schema.org that name who made a picture.
const PROPERTIES: [&str; 4] = ["author", "creator", "copyrightHolder", "creditText"];
/// Attributes in which scripts find a credit.
const ATTRIBUTES: [&str; 6] = ["data-credit", "data-credits", "data-copyright", "data-photographer", "data-source", "data-author"];

/// The credit among the lines of a caption, as an element of its own has it.
pub(super) fn marked(view: View<'_, '_>, picture: NodeId, lines: &Range<usize>) -> Option<String> {
    let (first, last) = (view.lines.lines.get(lines.start)?, view.lines.lines.get(lines.end.checked_sub(1)?)?);
    let tree = view.tree;
    // From the element that holds the caption, but not before the picture, unless the caption stands there.
    let start = std::iter::once(first.block).chain(tree.ancestors(first.block).take(2)).find(|it| tree.tag(*it) == Tag::Figcaption);
    let start = start.unwrap_or_else(|| first.block.max(picture.min(first.first)));
    let named = (start..=last.last).filter(|it| tree.tag(*it) != Tag::Text).find(|it| is_named(tree, *it)).map(|it| text(tree, it));
    named
        .filter(|it| (2..=MAX_CREDIT).contains(&it.len()) && it.chars().any(char::is_alphabetic))
        .or_else(|| at_the_end(view, last.block.min(last.first), last.last))
}

/// The last element within a line, where it ends the caption and has the form of a name.
fn at_the_end(view: View<'_, '_>, block: NodeId, last: NodeId) -> Option<String> {
    let tree = view.tree;
    let element = tree.ancestors(last).take_while(|it| *it > block).find(|it| matches!(tree.tag(*it), Tag::Span | Tag::Small | Tag::Cite))?;
    let said = text(tree, element);
    let whole = text(tree, block);
    let before = whole.strip_suffix(said.as_str())?.trim_end();
    let apart = before.ends_with(['.', '!', '?', '…', '”', '»', '"', '/', '|']) || said.contains('/');
    (apart && before.split(' ').count() >= 3 && caption::is_name(&said) && said.chars().count() <= 60).then_some(said)
}

fn text(tree: &Tree<'_>, node: NodeId) -> String {
    let texts = tree.subtree(node).filter(|it| tree.tag(*it) == Tag::Text && tree.tag(tree.parent(*it)) != Tag::Style);
    collapse(&texts.map(|it| tree.text(it)).collect::<Vec<Cow<'_, str>>>().join(" "))
}

fn is_named(tree: &Tree<'_>, node: NodeId) -> bool {
    tree.raw_attributes(node).any(|(name, value)| {
        let known = |it: &str| NAMES.iter().any(|name| it.contains(name));
        match name.to_ascii_lowercase().as_str() {
            "class" | "data-testid" => known(&value.to_ascii_lowercase()),
            "itemprop" => PROPERTIES.contains(&value),
            name => name.starts_with("data-") && known(name),
        }
    })
}

/// What an attribute of the picture says of who made it.
pub(super) fn of_attributes(tree: &Tree<'_>, picture: NodeId) -> Option<String> {
    let value = |name: &&str| tree.attribute(picture, name).map(|it| collapse(&it)).filter(|it| (2..=MAX_CREDIT).contains(&it.len()));
    let plain = ATTRIBUTES.iter().find_map(value).filter(|it| !it.contains("://") && it.chars().any(char::is_alphabetic));
    plain.or_else(|| ["title", "alt"].iter().filter_map(value).find(|it| caption::sign(it) == Some(Sign::Credit)).and_then(|it| caption::read(&it).credit))
}

/// A line without the credit and the signs around it; `None` where it has no such part.
pub(super) fn without(line: &str, credit: &str) -> Option<String> {
    let at = line.rfind(credit)?;
    let (before, after) = (&line[..at], &line[at + credit.len()..]);
    let signs = [' ', '(', '[', '|', '/', '•', '·', '–', '—', '-'];
    Some(format!("{} {}", before.trim_end_matches(signs), after.trim_start_matches([' ', ')', ']'])).trim().to_owned())
}
