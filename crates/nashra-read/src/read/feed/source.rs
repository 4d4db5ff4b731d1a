//! The feed that an entry was taken from: `source` of RSS, a link with a name, and of Atom, a feed
//! without entries.

use super::{model::Source, names::Field, parts, person, text::Text, tree::Element};

/// Reads an element; `None` where it is empty.
pub(super) fn parse(element: Element<'_, '_>) -> Option<Source> {
    let part = |field| element.child(field).and_then(parts::owned);
    let links = || {
        element
            .children()
            .filter(|child| child.field() == Field::Link)
            .map(|child| (child, parts::link(child)))
    };
    let link = links()
        .filter(|(element, link)| parts::link_rank(*element, link).is_some())
        .find_map(|(_, link)| link.href);
    let source = Source {
        title: element
            .child(Field::Title)
            .map_or_else(|| Text::parse(element).filter(|_| !element.has_children()), Text::parse),
        link: link.or_else(|| {
            element
                .attribute("url")
                .or_else(|| element.attribute("href"))
                .map(|url| element.resolve(&url))
        }),
        id: part(Field::Id),
        authors: element
            .children()
            .filter(|child| child.field() == Field::Author)
            .filter_map(person::parse)
            .collect(),
    };
    (source != Source::default()).then_some(source)
}
