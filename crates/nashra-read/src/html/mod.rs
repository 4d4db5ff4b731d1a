//! HTML to a compact tree, in one pass over the text: what pages, listings and feeds are read from.
//!
//! Nodes stand in one array in document order, so the descendants of a node are a range of it and
//! sums over a subtree are differences of two running sums. Text and attributes are slices of the
//! source and are decoded when somebody asks. The parser follows the tree construction of the HTML
//! Living Standard (§13.2.6) as far as it decides what is inside what: implied end tags, scopes,
//! tables, heads without an end. It does not rebuild misnested formatting, which changes no text; a
//! link that was closed inside a block is over for the text that follows.
//!
//! What must stay true: time and memory are linear in the source, whatever is in it; nesting is
//! bounded by
//! [`MAX_DEPTH`], beyond which elements stand beside each other; nothing recurses and nothing panics.

pub mod selector;
mod open;
mod parser;
mod tag;

use std::{borrow::Cow, ops::Range};

pub use tag::Tag;

/// Elements nest so deep at most.
pub const MAX_DEPTH: u16 = 400;
/// Nodes of a tree; what follows is cut off. A page of 20 MB of text and sane markup has fewer.
pub const MAX_NODES: usize = 2_000_000;
/// Attributes that are kept of one element; the others are passed over.
const MAX_ATTRIBUTES: usize = 64;

/// Nodes and bytes of the start of a text.
const START_NODES: usize = 1_000;
const START_BYTES: usize = 4_096;

/// A node: its place in document order. The root is 0.
pub type NodeId = u32;

#[derive(Debug, Clone, Copy)]
struct Node {
    tag: Tag,
    flags: u8,
    depth: u16,
    parent: NodeId,
    /// The innermost block that it stands in.
    block: NodeId,
    /// One past its last descendant.
    end: NodeId,
    /// For text: where it is in the source. For an element: its attributes; the name of an element
    /// that [`Tag`] does not know stands before them.
    from: u32,
    to: u32,
}

/// Text: it holds character references. An element: nothing.
const ESCAPED: u8 = 1;
/// Text within a link.
const LINKED: u8 = 2;
/// Within `b`, `strong`, `em` or `i`, as far as they are inside its block.
const STRESSED: u8 = 4;

#[derive(Debug, Clone, Copy)]
struct Attribute {
    name: (u32, u32),
    value: (u32, u32),
}

/// A parsed page, which borrows its source.
#[derive(Debug)]
pub struct Tree<'a> {
    source: &'a str,
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    truncated: bool,
}

impl<'a> Tree<'a> {
    /// Parses; every text has a tree. Text beyond 4 GiB is passed over.
    #[must_use]
    pub fn parse(source: &'a str) -> Self {
        parser::parse(source)
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> NodeId {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    /// Never: there is always a root.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether the page had more than [`MAX_NODES`].
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// What a node is.
    #[must_use]
    pub fn tag(&self, node: NodeId) -> Tag {
        self.node(node).tag
    }

    /// An element's name as it is written where [`Tag`] does not know it, else in lower case.
    #[must_use]
    pub fn name(&self, node: NodeId) -> &'a str {
        match self.node(node).tag {
            Tag::Other => self
                .attributes
                .get(self.node(node).from as usize)
                .map_or("", |attribute| self.slice(attribute.name)),
            tag => tag.name(),
        }
    }

    /// The node that it is in; the root is in itself.
    #[must_use]
    pub fn parent(&self, node: NodeId) -> NodeId {
        self.node(node).parent
    }

    /// The innermost block that it stands in, see [`Tag::is_block`]; that of the root is the root.
    #[must_use]
    pub fn block(&self, node: NodeId) -> NodeId {
        self.node(node).block
    }

    /// How many elements it is in.
    #[must_use]
    pub fn depth(&self, node: NodeId) -> u16 {
        self.node(node).depth
    }

    /// One past its last descendant.
    #[must_use]
    pub fn end(&self, node: NodeId) -> NodeId {
        self.node(node).end
    }

    /// All nodes inside it, in document order.
    #[must_use]
    pub fn descendants(&self, node: NodeId) -> Range<NodeId> {
        node + 1..self.end(node)
    }

    /// The node and all that are inside it.
    #[must_use]
    pub fn subtree(&self, node: NodeId) -> Range<NodeId> {
        node..self.end(node)
    }

    /// The nodes directly inside it.
    pub fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<'_, 'a> {
        let (mut next, end) = (node + 1, self.end(node));
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let at = next;
                next = self.end(at);
                at
            })
        })
    }

    /// A node and those that follow it in the same parent.
    pub fn siblings_from(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<'_, 'a> {
        let end = self.end(self.parent(node));
        std::iter::successors(Some(node), move |node| {
            Some(self.end(*node)).filter(|next| *next < end)
        })
    }

    /// What it is inside of, from its parent to the root.
    pub fn ancestors(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<'_, 'a> {
        let step = move |at: NodeId| (at != 0).then(|| self.parent(at));
        std::iter::successors(step(node), move |at| step(*at))
    }

    /// The first element of a kind inside it.
    #[must_use]
    pub fn find(&self, node: NodeId, tag: Tag) -> Option<NodeId> {
        self.descendants(node).find(|node| self.tag(*node) == tag)
    }

    /// Whether `node` is inside `outer`, or is it.
    #[must_use]
    pub fn within(&self, node: NodeId, outer: NodeId) -> bool {
        self.subtree(outer).contains(&node)
    }

    /// A text node's text as it is written, with its character references.
    #[must_use]
    pub fn raw_text(&self, node: NodeId) -> &'a str {
        let Node { tag: Tag::Text, from, to, .. } = *self.node(node) else { return "" };
        self.slice((from, to))
    }

    /// A text node's text; empty for elements.
    #[must_use]
    pub fn text(&self, node: NodeId) -> Cow<'a, str> {
        let raw = self.raw_text(node);
        if self.node(node).flags & ESCAPED == 0 {
            Cow::Borrowed(raw)
        } else {
            htmlize::unescape(raw)
        }
    }

    /// Whether a text node stands in a link.
    #[must_use]
    pub fn linked(&self, node: NodeId) -> bool {
        self.node(node).flags & LINKED != 0
    }

    /// Whether a text stands in `b`, `strong`, `em` or `i` inside its block.
    #[must_use]
    pub fn stressed(&self, node: NodeId) -> bool {
        self.node(node).flags & STRESSED != 0
    }

    /// All text inside a node, one run after the other. Where elements hold each other, asking it
    /// of each of them takes quadratic time: see [`Self::start_of_text`].
    #[must_use]
    pub fn whole_text(&self, node: NodeId) -> String {
        self.subtree(node)
            .filter(|node| self.tag(*node) == Tag::Text)
            .map(|node| self.text(node))
            .collect()
    }

    /// The text inside a node, of its first nodes and up to some kilobytes: enough for a name, a
    /// headline, a date.
    #[must_use]
    pub fn start_of_text(&self, node: NodeId) -> String {
        let mut out = String::new();
        for inside in
            self.subtree(node).take(START_NODES).filter(|node| self.tag(*node) == Tag::Text)
        {
            let text = self.text(inside);
            out.push_str(
                &text[..text.floor_char_boundary(START_BYTES - out.len().min(START_BYTES))],
            );
        }
        out
    }

    /// An attribute of an element; `name` is in lower case.
    #[must_use]
    pub fn attribute(&self, node: NodeId, name: &str) -> Option<Cow<'a, str>> {
        let found = self
            .attributes_of(node)
            .iter()
            .find(|attribute| self.slice(attribute.name).eq_ignore_ascii_case(name))?;
        let value = self.slice(found.value);
        Some(if value.contains('&') {
            htmlize::unescape_attribute(value)
        } else {
            Cow::Borrowed(value)
        })
    }

    /// All attributes of an element, as they are written: name and value.
    pub fn raw_attributes(
        &self,
        node: NodeId,
    ) -> impl Iterator<Item = (&'a str, &'a str)> + use<'_, 'a> {
        self.attributes_of(node)
            .iter()
            .map(|attribute| (self.slice(attribute.name), self.slice(attribute.value)))
    }

    fn attributes_of(&self, node: NodeId) -> &[Attribute] {
        let Node { tag, from, to, .. } = *self.node(node);
        let first = from as usize + usize::from(tag == Tag::Other);
        if tag == Tag::Text {
            &[]
        } else {
            self.attributes.get(first..to as usize).unwrap_or_default()
        }
    }

    fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node as usize]
    }

    fn slice(&self, (from, to): (u32, u32)) -> &'a str {
        self.source.get(from as usize..to as usize).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
