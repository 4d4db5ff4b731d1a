//! Reads what entries and channels have in common: links, categories, dates, flags.

use super::{
    best::Best,
    dates,
    model::{Category, Enclosure},
    names::{Field, Namespace},
    text,
    tree::Element,
};
use crate::model::entry::{Date, Link};

/// The most categories, links or files of one entry; further ones are ignored.
pub(super) const MAX_LIST: usize = 1_000;

/// The text of an element, trimmed; `None` where it is empty.
pub(super) fn owned(element: Element<'_, '_>) -> Option<String> {
    text::trimmed_string(element).map(std::borrow::Cow::into_owned)
}

/// An attribute of an element, trimmed; `None` where it is empty.
pub(super) fn attribute(element: Element<'_, '_>, name: &str) -> Option<String> {
    element.attribute(name).map(std::borrow::Cow::into_owned)
}

/// Reads a link in the form of Atom or of RSS.
pub(super) fn link(element: Element<'_, '_>) -> Link {
    let href = if has_attribute(element, "href") {
        Some(element.attribute("href").unwrap_or_default().into_owned())
    } else {
        owned(element).or_else(|| element.prefixed("resource").map(std::borrow::Cow::into_owned))
    };
    let atom = element.namespace() != Namespace::Core;
    let rel = attribute(element, "rel").unwrap_or_else(|| "alternate".to_owned());
    let implied = (atom && rel == "self").then(|| "application/atom+xml".to_owned());
    Link {
        href: href.map(|href| element.resolve(&href)).filter(|address| !address.is_empty()),
        media_type: attribute(element, "type").or(implied),
        title: attribute(element, "title"),
        hreflang: attribute(element, "hreflang"),
        length: attribute(element, "length"),
        rel,
    }
}

fn has_attribute(element: Element<'_, '_>, name: &str) -> bool {
    super::attributes::raw(element.node().attributes)
        .any(|(written, _)| written.eq_ignore_ascii_case(name))
}

/// The rank of a link as the address of its entry or feed, lower is better; `None` where it leads
/// elsewhere.
pub(super) fn link_rank(element: Element<'_, '_>, link: &Link) -> Option<u8> {
    let html = link.media_type.as_deref().is_none_or(|media_type| media_type.contains("html"));
    let mixed = element.namespace() == Namespace::Atom && element.unit.core == Namespace::Core;
    (link.rel == "alternate").then_some(1 + u8::from(mixed) + 2 * u8::from(!html))
}

/// Offers a link as the address of its entry or feed. Of several RSS links the last counts, of
/// Atom's the first.
pub(super) fn offer_link(best: &mut Best<String>, element: Element<'_, '_>, link: &Link) {
    match link_rank(element, link) {
        Some(rank) if element.namespace() == Namespace::Core => {
            best.offer_last(rank, || link.href.clone());
        }
        Some(rank) => best.offer(rank, || link.href.clone()),
        None => {}
    }
}

/// A file that a link or an `enclosure` names.
pub(super) fn enclosure(link: &Link) -> Option<Enclosure> {
    let url = link.href.clone().filter(|href| !href.is_empty())?;
    Some(Enclosure { url, media_type: link.media_type.clone(), length: link.length.clone() })
}

/// Adds a value to a list, unless it is there or the list is full.
pub(super) fn add<T: PartialEq>(list: &mut Vec<T>, value: Option<T>) {
    if let Some(value) = value
        && list.len() < MAX_LIST
        && !list.contains(&value)
    {
        list.push(value);
    }
}

/// Adds the categories that an element names.
pub(super) fn categories(element: Element<'_, '_>, list: &mut Vec<Category>) {
    let podcast = element.namespace() == Namespace::Itunes;
    if element.field() == Field::Keywords {
        for term in owned(element)
            .unwrap_or_default()
            .split([',', ';', '،'])
            .map(str::trim)
            .filter(|term| !term.is_empty())
        {
            add_category(list, Category { term: Some(term.to_owned()), ..Category::default() });
        }
        return;
    }
    let term = attribute(element, "term").or_else(|| attribute(element, "text"));
    let term =
        term.or_else(|| if element.has_children() && podcast { None } else { owned(element) });
    let scheme = attribute(element, "scheme").or_else(|| attribute(element, "domain"));
    let label = attribute(element, "label");
    if term.is_some() || label.is_some() || scheme.is_some() {
        add_category(list, Category { term, scheme, label });
    }
    for child in element.children().filter(|child| podcast && child.field() == Field::Category) {
        let term = attribute(child, "text");
        add_category(list, Category { term, ..Category::default() });
    }
}

/// The same for an element of any field: others than categories and keywords are ignored.
pub(super) fn categories_only(element: Element<'_, '_>, list: &mut Vec<Category>) {
    if matches!(element.field(), Field::Category | Field::Keywords) {
        categories(element, list);
    }
}

fn add_category(list: &mut Vec<Category>, category: Category) {
    let known = |other: &Category| {
        other.term == category.term
            && (other.scheme == category.scheme || category.scheme.is_none())
    };
    if list.len() < MAX_LIST && !list.iter().any(known) {
        list.push(category);
    }
}

/// Whether something is not suitable for children.
pub(super) fn explicit(element: Element<'_, '_>) -> Option<bool> {
    match owned(element)?.to_ascii_lowercase().as_str() {
        "yes" | "true" | "explicit" => Some(true),
        "no" | "false" | "clean" => Some(false),
        _ => None,
    }
}

/// Offers a date; one that cannot be parsed ranks behind all others.
pub(super) fn date(best: &mut Best<Date>, rank: u8, element: Element<'_, '_>) {
    best.offer_ranked(text::trimmed_string(element).map(|raw| dates::parse(&raw)), |date| {
        rank + 100 * u8::from(date.time.is_none())
    });
}

/// A language tag as BCP 47 writes it.
pub(super) fn language(tag: &str) -> Option<String> {
    let tag = tag.trim();
    (!tag.is_empty() && tag.len() <= 100).then(|| tag.replace('_', "-"))
}
