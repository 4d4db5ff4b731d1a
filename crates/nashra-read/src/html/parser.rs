//! The parser: a tokenizer in one pass over the text, and for each tag the elements that it opens
//! and closes.

mod attributes;
mod close;

use std::ops::Range;

use memchr::{memchr, memmem};

use super::{
    Attribute, ESCAPED, LINKED, MAX_DEPTH, MAX_NODES, Node, NodeId, STRESSED, Span, Tag, Tree,
    open::Stack,
};

pub(super) fn parse(source: &str) -> Tree<'_> {
    let source = &source[..source.floor_char_boundary(u32::MAX as usize - 1)];
    let guess = source.len() / 24 + 16;
    let mut parser = Parser {
        bytes: source.as_bytes(),
        nodes: Vec::with_capacity(guess.min(MAX_NODES)),
        attributes: Vec::with_capacity(guess / 2),
        open: Stack::new(),
        too_deep: 0,
        links: 0,
        foreign: 0,
        in_head: false,
        truncated: false,
    };
    parser.nodes.push(Node {
        tag: Tag::Document,
        flags: 0,
        depth: 0,
        parent: 0,
        block: 0,
        end: 0,
        content: Span { from: 0, to: 0 },
    });
    parser.open.push(0, Tag::Document, b"");
    parser.run();
    parser.truncate(0);
    Tree { source, nodes: parser.nodes, attributes: parser.attributes, truncated: parser.truncated }
}

/// The end of a comment, behind its `-->` or `--!>`. One search for both, because a search for
/// the rare one alone would go through the rest of the page at every comment.
fn end_of_comment(comment: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = memmem::find(&comment[at..], b"--") {
        let end = at + found + 2;
        match comment[end..] {
            [b'>', ..] => return Some(end + 1),
            [b'!', b'>', ..] => return Some(end + 2),
            _ => at = end - 1,
        }
    }
    None
}

struct Parser<'a> {
    bytes: &'a [u8],
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    open: Stack,
    /// Elements that began beyond the depth limit and are not on the stack.
    too_deep: u32,
    /// The number of open links.
    links: u32,
    /// The number of open elements of SVG and `MathML`.
    foreign: u32,
    in_head: bool,
    truncated: bool,
}

impl Parser<'_> {
    fn run(&mut self) {
        let mut at = 0;
        let mut text = 0;
        while let Some(found) = memchr(b'<', &self.bytes[at..]) {
            if self.nodes.len() >= MAX_NODES {
                self.truncated = true;
                return;
            }
            let start = at + found;
            let end = match self.bytes.get(start + 1) {
                Some(byte) if byte.is_ascii_alphabetic() => {
                    self.text(text, start);
                    self.start_tag(start + 1)
                }
                Some(b'/') => {
                    self.text(text, start);
                    self.end_tag(start + 2)
                }
                Some(b'!') => {
                    self.text(text, start);
                    self.declaration(start + 2)
                }
                Some(b'?') => {
                    self.text(text, start);
                    self.skip_to(b'>', start + 2)
                }
                // A `<` that is text.
                _ => {
                    at = start + 1;
                    continue;
                }
            };
            (at, text) = (end, end);
        }
        self.text(text, self.bytes.len());
    }

    fn next_id(&self) -> NodeId {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    fn top(&self) -> (NodeId, Tag) {
        self.open.top().map_or((0, Tag::Document), |top| (top.node, top.tag))
    }

    fn push_node(&mut self, tag: Tag, flags: u8, content: Range<usize>) -> NodeId {
        let id = self.next_id();
        let depth = u16::try_from(self.open.len()).unwrap_or(u16::MAX);
        let parent = self.top().0;
        let (block, stressed) = self.inside(parent);
        self.nodes.push(Node {
            tag,
            flags: flags | stressed,
            depth,
            parent,
            block,
            end: id + 1,
            content: Span::new(content),
        });
        id
    }

    /// The innermost block that a child of a node stands in, and whether it is stressed there.
    fn inside(&self, parent: NodeId) -> (NodeId, u8) {
        let Some(node) = self.nodes.get(parent as usize) else { return (0, 0) };
        if node.tag.is_block() {
            return (parent, 0);
        }
        let stresses = matches!(node.tag, Tag::B | Tag::Strong | Tag::Em | Tag::I);
        (node.block, if stresses { STRESSED } else { node.flags & STRESSED })
    }

    fn text(&mut self, from: usize, to: usize) {
        // Ruby annotations (§4.5.11) show how characters are pronounced; they are not part of the
        // text.
        if from >= to || matches!(self.top().1, Tag::Rt | Tag::Rp) {
            return;
        }
        let text = &self.bytes[from..to];
        if self.in_head && !text.trim_ascii().is_empty() {
            self.leave_head();
        }
        let escaped = if memchr(b'&', text).is_some() { ESCAPED } else { 0 };
        let linked = if self.links > 0 { LINKED } else { 0 };
        self.push_node(Tag::Text, escaped | linked, from..to);
    }

    fn skip_to(&self, byte: u8, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        memchr(byte, rest).map_or(self.bytes.len(), |at| from + at + 1)
    }

    /// Comments (§13.2.5.43, the usual ends), the doctype, CDATA of foreign content.
    fn declaration(&mut self, at: usize) -> usize {
        let rest = &self.bytes[at..];
        if let Some(comment) = rest.strip_prefix(b"--") {
            if comment.starts_with(b">") || comment.starts_with(b"->") {
                return self.skip_to(b'>', at + 2);
            }
            return end_of_comment(comment).map_or(self.bytes.len(), |end| at + 2 + end);
        }
        if self.foreign > 0 && rest.starts_with(b"[CDATA[") {
            let from = at + 7;
            let end = memmem::find(&self.bytes[from..], b"]]>")
                .map_or(self.bytes.len(), |found| from + found);
            self.text(from, end);
            return (end + 3).min(self.bytes.len());
        }
        self.skip_to(b'>', at)
    }

    fn name_end(&self, at: usize) -> usize {
        let rest = &self.bytes[at..];
        at + rest
            .iter()
            .position(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'/' | b'>'))
            .unwrap_or(rest.len())
    }

    fn end_tag(&mut self, at: usize) -> usize {
        let Some(first) = self.bytes.get(at) else { return at };
        if !first.is_ascii_alphabetic() {
            return self.skip_to(b'>', at);
        }
        let name_end = self.name_end(at);
        let tag = Tag::from_name(&self.bytes[at..name_end]);
        let end = self.tag_end(name_end, false).0;
        self.close_named(tag, at..name_end);
        end
    }

    fn start_tag(&mut self, at: usize) -> usize {
        let name_end = self.name_end(at);
        let tag = Tag::from_name(&self.bytes[at..name_end]);
        let first = self.attributes.len();
        if tag == Tag::Other {
            self.keep_attribute(at..name_end, at..at);
        }
        let (end, self_closing) = self.tag_end(name_end, true);
        if !self.close_implied(tag) {
            self.attributes.truncate(first);
            return end;
        }
        let node = self.push_node(tag, 0, first..self.attributes.len());
        let childless = tag.is_void()
            || (self_closing && (self.foreign > 0 || matches!(tag, Tag::Svg | Tag::Math)));
        if childless {
            return end;
        }
        if tag.is_raw() && (self.foreign == 0 || matches!(tag, Tag::Script | Tag::Style)) {
            return self.raw_text(node, tag, end);
        }
        if tag == Tag::Plaintext {
            self.text(end, self.bytes.len());
            return self.bytes.len();
        }
        self.push_open(node, tag, at..name_end);
        end
    }

    fn push_open(&mut self, node: NodeId, tag: Tag, name: Range<usize>) {
        if self.open.len() >= usize::from(MAX_DEPTH) {
            self.too_deep = self.too_deep.saturating_add(1);
            return;
        }
        self.open.push(node, tag, &self.bytes[name]);
        self.links += u32::from(tag == Tag::A);
        self.foreign += u32::from(matches!(tag, Tag::Svg | Tag::Math));
        self.in_head |= tag == Tag::Head;
    }

    /// Reads the content of a raw element and its end tag; the offset behind them.
    fn raw_text(&mut self, node: NodeId, tag: Tag, from: usize) -> usize {
        let name = tag.name().as_bytes();
        let mut at = from;
        let end = loop {
            let Some(found) = memmem::find(&self.bytes[at..], b"</") else {
                break self.bytes.len();
            };
            let rest = &self.bytes[at + found + 2..];
            let ends = rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
                && rest
                    .get(name.len())
                    .is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'));
            if ends {
                break at + found;
            }
            at += found + 2;
        };
        if from < end {
            let decoded = matches!(tag, Tag::Title | Tag::Textarea)
                && memchr(b'&', &self.bytes[from..end]).is_some();
            let text = self.push_node(Tag::Text, if decoded { ESCAPED } else { 0 }, from..end);
            let (depth, (block, stressed)) =
                (self.nodes[node as usize].depth + 1, self.inside(node));
            let text = &mut self.nodes[text as usize];
            (text.parent, text.depth, text.block, text.flags) =
                (node, depth, block, text.flags & !STRESSED | stressed);
        }
        self.nodes[node as usize].end = self.next_id();
        if end == self.bytes.len() { end } else { self.skip_to(b'>', end + 2) }
    }
}
