//! One unit of a feed, an entry or a field of the channel, as a tree over the feed's text.
//!
//! Nodes are in document order and borrow the text; they are decoded when asked for. A unit is
//! dropped once it was read, so a feed takes the memory of its largest entry.

use std::borrow::Cow;

use super::{
    attributes,
    bases::{BaseId, Bases},
    entities::Entities,
    names::{Field, Namespace},
};

#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) namespace: Namespace,
    pub(super) field: Field,
    pub(super) attributes: &'a str,
    /// The offset of its `<`.
    pub(super) at: usize,
    /// The range of its content, between its tags.
    pub(super) from: usize,
    pub(super) to: usize,
    /// One past its last descendant.
    pub(super) end: usize,
    /// Whether it has an end tag of its own.
    pub(super) closed: bool,
    pub(super) base: BaseId,
    /// Its `xml:lang`, or the one that it inherits.
    pub(super) language: &'a str,
}

/// Gives back what an element that was never closed swallowed: from the first field on that is not
/// its own.
pub(super) fn give_back(nodes: &mut [Node<'_>], index: usize) {
    let end = nodes.get(index).map_or(0, |node| node.end);
    let mut child = index + 1;
    while child < end {
        let Node { at, end: next, .. } = nodes[child];
        if nodes[child].is_field() {
            (nodes[index].to, nodes[index].end) = (at, child);
            return;
        }
        child = next;
    }
}

impl Node<'_> {
    /// Whether it is a field of an entry or a channel, and nothing that a text holds.
    fn is_field(&self) -> bool {
        use crate::read::feed::names::Field::{
            Author, Category, Comments, Content, Creator, Date, Description, Enclosure, Generator,
            Id, Issued, Language, LastBuild, Link, Published, Subject, Title, Ttl, Updated,
        };
        let field = matches!(
            self.field,
            Title
                | Link
                | Description
                | Content
                | Id
                | Author
                | Creator
                | Category
                | Subject
                | Published
                | Issued
                | Updated
                | LastBuild
                | Date
                | Enclosure
                | Comments
                | Language
                | Generator
                | Ttl
        );
        field && !matches!(self.namespace, Namespace::Other | Namespace::Xhtml | Namespace::Media)
    }
}

/// A unit, and what is needed to read it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit<'t, 'a> {
    pub(super) text: &'a str,
    pub(super) nodes: &'t [Node<'a>],
    pub(super) entities: &'t Entities<'a>,
    pub(super) bases: &'t Bases,
    /// The namespace of elements that have none: that of RSS or of Atom.
    pub(super) core: Namespace,
}

impl<'t, 'a> Unit<'t, 'a> {
    pub(super) fn root(self) -> Element<'t, 'a> {
        Element { unit: self, index: 0 }
    }

    /// The root, and what stands beside it because it was given back.
    pub(super) fn roots(self) -> impl Iterator<Item = Element<'t, 'a>> {
        let mut next = 0;
        std::iter::from_fn(move || {
            let node = self.nodes.get(next)?;
            let root = Element { unit: self, index: next };
            next = node.end.max(next + 1);
            Some(root)
        })
    }
}

/// A node of a unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'t, 'a> {
    pub(super) unit: Unit<'t, 'a>,
    index: usize,
}

impl<'t, 'a> Element<'t, 'a> {
    pub(super) fn node(self) -> &'t Node<'a> {
        &self.unit.nodes[self.index]
    }

    pub(super) fn field(self) -> Field {
        self.node().field
    }

    pub(super) fn namespace(self) -> Namespace {
        match self.node().namespace {
            Namespace::Core => self.unit.core,
            other => other,
        }
    }

    pub(super) fn children(self) -> impl Iterator<Item = Self> + use<'t, 'a> {
        let (mut next, end) = (self.index + 1, self.node().end);
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let child = Element { unit: self.unit, index: next };
                next = child.node().end;
                child
            })
        })
    }

    pub(super) fn has_children(self) -> bool {
        self.node().end > self.index + 1
    }

    pub(super) fn child(self, field: Field) -> Option<Self> {
        self.children().find(|child| child.field() == field)
    }

    pub(super) fn descendants(self) -> impl Iterator<Item = Self> + use<'t, 'a> {
        (self.index + 1..self.node().end).map(move |index| Element { unit: self.unit, index })
    }

    /// What stands between its tags, as it is written.
    pub(super) fn inner(self) -> &'a str {
        &self.unit.text[self.node().from..self.node().to]
    }

    /// An attribute without a prefix; `None` where it is empty.
    pub(super) fn attribute(self, name: &str) -> Option<Cow<'a, str>> {
        let attributes = self.node().attributes;
        if attributes.is_empty() {
            None
        } else {
            attributes::get(attributes, name, self.unit.entities)
        }
    }

    /// An attribute with any prefix.
    pub(super) fn prefixed(self, local: &str) -> Option<Cow<'a, str>> {
        let named = |name: &str| {
            name.rsplit(':').next().is_some_and(|part| part.eq_ignore_ascii_case(local))
        };
        let (_, value) = attributes::raw(self.node().attributes).find(|(name, _)| named(name))?;
        Some(attributes::decoded(value, self.unit.entities)).filter(|value| !value.is_empty())
    }

    /// An address, absolute where there is something to resolve it against.
    pub(super) fn resolve(self, address: &str) -> String {
        self.unit.bases.resolve(self.node().base, address)
    }
}
