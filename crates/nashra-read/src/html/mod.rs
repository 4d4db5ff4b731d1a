//! Parses HTML into a compact tree, in one pass over the text. Pages and listings are read from it.
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
//! [`MAX_DEPTH`], and deeper elements become siblings; nothing recurses and nothing panics.

pub mod selector;
mod open;
mod parser;
mod tag;

use std::{borrow::Cow, ops::Range};

pub use tag::Tag;

/// The deepest nesting of elements that is kept.
pub const MAX_DEPTH: u16 = 400;
/// The most nodes of a tree; what follows is cut off. A page of 20 MB of text and sane markup has
/// fewer.
pub const MAX_NODES: usize = 2_000_000;
/// The most attributes that are kept of one element; the others are skipped.
const MAX_ATTRIBUTES: usize = 64;

/// The most nodes and bytes that [`Tree::start_of_text`] reads.
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
    /// The innermost block around it.
    block: NodeId,
    /// One past its last descendant.
    end: NodeId,
    /// For text, its range of the source. For an element, the range of its attributes; the name of
    /// an element that [`Tag`] does not know is the first of them.
    content: Span,
}

/// A text with character references; never set on an element.
const ESCAPED: u8 = 1;
/// A text within a link.
const LINKED: u8 = 2;
/// Within a `b`, `strong`, `em` or `i` that is inside the same block.
const STRESSED: u8 = 4;

/// A range of the source, in bytes.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: u32,
    to: u32,
}

impl Span {
    /// The same range for a source of at most 4 GiB.
    fn new(range: Range<usize>) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { from: offset(range.start), to: offset(range.end) }
    }

    fn range(self) -> Range<usize> {
        self.from as usize..self.to as usize
    }
}

/// An attribute of an element, as it is written.
#[derive(Debug, Clone, Copy)]
struct Attribute {
    name: Span,
    value: Span,
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
    /// Parses a page. Every text has a tree; text beyond 4 GiB is left out.
    #[must_use]
    pub fn parse(source: &'a str) -> Self {
        parser::parse(source)
    }

    /// The number of nodes, the root included.
    #[must_use]
    pub fn len(&self) -> NodeId {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    /// Always `false`, because every tree has a root.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether the page had more than [`MAX_NODES`].
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// The kind of a node: root, text or which element.
    #[must_use]
    pub fn tag(&self, node: NodeId) -> Tag {
        self.node(node).tag
    }

    /// An element's name: in lower case, or as it is written where [`Tag`] does not know it.
    #[must_use]
    pub fn name(&self, node: NodeId) -> &'a str {
        match self.node(node).tag {
            Tag::Other => self
                .attributes
                .get(self.node(node).content.from as usize)
                .map_or("", |attribute| self.slice(attribute.name)),
            tag => tag.name(),
        }
    }

    /// The parent of a node; the root is its own.
    #[must_use]
    pub fn parent(&self, node: NodeId) -> NodeId {
        self.node(node).parent
    }

    /// The innermost block around a node, see [`Tag::is_block`]; the root is its own.
    #[must_use]
    pub fn block(&self, node: NodeId) -> NodeId {
        self.node(node).block
    }

    /// The number of elements around a node.
    #[must_use]
    pub fn depth(&self, node: NodeId) -> u16 {
        self.node(node).depth
    }

    /// One past its last descendant.
    #[must_use]
    pub fn end(&self, node: NodeId) -> NodeId {
        self.node(node).end
    }

    /// All nodes inside a node, in document order.
    #[must_use]
    pub fn descendants(&self, node: NodeId) -> Range<NodeId> {
        node + 1..self.end(node)
    }

    /// A node and all nodes inside it.
    #[must_use]
    pub fn subtree(&self, node: NodeId) -> Range<NodeId> {
        node..self.end(node)
    }

    /// The children of a node, in document order.
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

    /// The ancestors of a node, from its parent to the root.
    pub fn ancestors(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<'_, 'a> {
        let step = move |at: NodeId| (at != 0).then(|| self.parent(at));
        std::iter::successors(step(node), move |at| step(*at))
    }

    /// The first element of a kind inside a node.
    #[must_use]
    pub fn find(&self, node: NodeId, tag: Tag) -> Option<NodeId> {
        self.descendants(node).find(|node| self.tag(*node) == tag)
    }

    /// Whether `node` is inside `outer`, or is it.
    #[must_use]
    pub fn within(&self, node: NodeId, outer: NodeId) -> bool {
        self.subtree(outer).contains(&node)
    }

    /// A text node's text as it is written, its character references not decoded.
    #[must_use]
    pub fn raw_text(&self, node: NodeId) -> &'a str {
        let Node { tag: Tag::Text, content, .. } = *self.node(node) else { return "" };
        self.slice(content)
    }

    /// A text node's text, decoded; empty for elements.
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

    /// All text inside a node. Asked of each of many nested elements it takes quadratic time: see
    /// [`Self::start_of_text`].
    #[must_use]
    pub fn whole_text(&self, node: NodeId) -> String {
        self.subtree(node)
            .filter(|node| self.tag(*node) == Tag::Text)
            .map(|node| self.text(node))
            .collect()
    }

    /// The start of the text inside a node, up to a thousand nodes and four kilobytes: enough for a
    /// name, a headline or a date.
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

    /// The decoded value of an attribute; `name` is in lower case.
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
        let Node { tag, content, .. } = *self.node(node);
        let first = content.from as usize + usize::from(tag == Tag::Other);
        if tag == Tag::Text {
            &[]
        } else {
            self.attributes.get(first..content.to as usize).unwrap_or_default()
        }
    }

    fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node as usize]
    }

    fn slice(&self, span: Span) -> &'a str {
        self.source.get(span.range()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
