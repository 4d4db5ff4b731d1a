//! The root of a document: that of a feed in one of the formats, or of something else.

use crate::read::feed::{
    model::Format,
    names::{Field, Namespace},
    tree::Node,
};

#[derive(Debug)]
pub(super) struct Root {
    /// Whether there is one.
    pub(super) found: bool,
    /// Whether it was closed, so that another one is a second document.
    pub(super) closed: bool,
    /// The namespace of elements that have none.
    pub(super) core: Namespace,
    /// The first element that is no feed's.
    pub(super) other: Option<String>,
}

impl Default for Root {
    fn default() -> Self {
        Self { found: false, closed: false, core: Namespace::Core, other: None }
    }
}

impl Root {
    /// Whether an element holds entries and what the feed says of itself.
    pub(super) fn is_container(&self, node: &Node<'_>, name: &str) -> bool {
        is_own(node)
            && match node.field {
                Field::Rss | Field::Rdf => true,
                Field::Feed => node.namespace != Namespace::Rdf,
                Field::Channel => self.found || name.eq_ignore_ascii_case("channel"),
                _ => false,
            }
    }

    /// Whether an element may be a unit: anything in a feed, and an entry whose feed's start is
    /// missing.
    pub(super) fn takes_unit(&mut self, node: &Node<'_>, name: &str) -> bool {
        self.found |= is_own(node) && node.field == Field::Item && self.other.is_none();
        if !self.found && self.other.is_none() {
            self.other = Some(name.chars().filter(char::is_ascii_graphic).take(40).collect());
        }
        self.found
    }

    /// Whether nothing but declarations, comments and white space stands before the root.
    pub(super) fn is_first(&self, before: &str) -> bool {
        let before = before.trim_start();
        self.other.is_none()
            && (before.is_empty() || before.starts_with("<?") || before.starts_with("<!"))
    }

    /// Takes the root for what it is.
    pub(super) fn begin(&mut self, node: &Node<'_>, version: Option<&str>) -> Format {
        let old = version.is_some_and(|version| version.starts_with("0."));
        let (format, core) = match (node.field, node.namespace) {
            (Field::Rdf, _) => (Format::Rdf, Namespace::Core),
            (Field::Feed, Namespace::Atom03) => (Format::Atom03, Namespace::Atom03),
            (Field::Feed, Namespace::Core) if old => (Format::Atom03, Namespace::Atom03),
            (Field::Feed, _) => (Format::Atom, Namespace::Atom),
            (Field::Channel, Namespace::Core) => (Format::Cdf, Namespace::Core),
            _ => (Format::Rss, Namespace::Core),
        };
        (self.found, self.core) = (true, core);
        format
    }
}

fn is_own(node: &Node<'_>) -> bool {
    matches!(node.namespace, Namespace::Core | Namespace::Atom | Namespace::Atom03 | Namespace::Rdf)
}
