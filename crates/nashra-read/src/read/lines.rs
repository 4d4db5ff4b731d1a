//! A page as lines: the runs of text between the borders of blocks, in the order of the page, and
//! the pictures between them.
//!
//! Preformatted text is one line with its line ends and indents, the only one that has any.
//!
//! What must stay true: every visible character is in exactly one line; lines are in document
//! order; a line knows the innermost block that it stands in. Text that no reader sees (scripts,
//! templates, the choices of a form, what is hidden) is in none.

mod hidden;

use std::ops::Range;

use self::hidden::Hidden;
use super::{
    borders::{self, Place},
    embeds::{self, Component},
};
use crate::html::{NodeId, Tag, Tree};

/// Elements around a block of which one may be preformatted text.
const MAX_KEPT: usize = 4;

/// A run of text without a border of a block in it.
#[derive(Debug, Clone)]
pub struct Line {
    /// The range of its text in [`Lines::text`], in bytes.
    pub text: Range<usize>,
    /// The innermost block around it.
    pub block: NodeId,
    /// Its first text node.
    pub first: NodeId,
    /// Its last text node.
    pub last: NodeId,
    /// The number of its characters without spaces.
    pub chars: u32,
    /// How many of these are in links.
    pub linked: u32,
    /// How many of these are in `b`, `strong`, `em` or `i`.
    pub stressed: u32,
}

/// A picture, or something embedded.
#[derive(Debug, Clone, Copy)]
pub struct Picture {
    /// The `img` or `iframe` element.
    pub node: NodeId,
    /// The number of lines before it.
    pub before: usize,
}

/// The lines and pictures of a page.
#[derive(Debug, Default)]
pub struct Lines {
    /// All their texts, one after the other; a run of white space is one space but in preformatted
    /// text, invisible characters are gone.
    pub text: String,
    /// The lines, in document order.
    pub lines: Vec<Line>,
    /// The pictures, in document order.
    pub pictures: Vec<Picture>,
    /// The posts and components that embed something, in document order.
    pub embeds: Vec<Picture>,
}

impl Lines {
    /// The lines of a page.
    #[must_use]
    pub fn from_tree(tree: &Tree<'_>) -> Self {
        let mut walk = Walk {
            tree,
            hidden: Hidden::of(tree),
            out: Self::default(),
            open: None,
            apart: true,
            breaks: 0,
            space: Space::None,
            kept: (0, false),
            keeps: false,
        };
        let mut at = 0;
        while at < tree.len() {
            at = walk.node(at);
        }
        walk.close();
        walk.out
    }

    /// The text of a line.
    #[must_use]
    pub fn get(&self, line: &Line) -> &str {
        &self.text[line.text.clone()]
    }

    /// The lines that begin inside an element.
    pub(super) fn inside(&self, tree: &Tree<'_>, node: NodeId) -> Range<usize> {
        let at = |node: NodeId| self.lines.partition_point(|line| line.first < node);
        at(node)..at(tree.end(node))
    }
}

/// The white space between the last character and the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Space {
    None,
    Plain,
    Kept,
}

struct Walk<'a, 'b> {
    tree: &'a Tree<'b>,
    hidden: Hidden,
    out: Lines,
    open: Option<Line>,
    /// Whether a border of a block was passed since the last text.
    apart: bool,
    breaks: u32,
    space: Space,
    /// The last block with text, and whether its line ends are those of its source.
    kept: (NodeId, bool),
    /// Whether those of the open line are.
    keeps: bool,
}

impl Walk<'_, '_> {
    /// Visits a node; the next node to visit.
    fn node(&mut self, at: NodeId) -> NodeId {
        let tag = self.tree.tag(at);
        if hidden::is_left_out(self.tree, at) {
            self.space = Space::Plain;
            return self.tree.end(at);
        }
        if tag != Tag::Text && self.hidden.begins_at(at) {
            self.hidden_pictures(at);
            return self.tree.end(at);
        }
        match tag {
            Tag::Text => self.text(at),
            // Those that are shown are text, and shadow roots are what their elements hold.
            Tag::Noscript | Tag::Template => self.apart = true,
            Tag::Br => {
                self.breaks += 1;
                self.space = Space::Plain;
            }
            Tag::Img | Tag::AmpImg | Tag::Iframe => {
                self.picture(at);
                self.space = Space::Plain;
                return self.tree.end(at);
            }
            Tag::Other => {
                if let Some(component) = embeds::component(self.tree, at) {
                    if component == Component::Embedded {
                        let here = self.here(at);
                        self.out.embeds.push(here);
                    }
                    self.space = Space::Plain;
                    return self.tree.end(at);
                }
            }
            _ if tag.is_block() => {
                self.apart = true;
                if matches!(tag, Tag::Blockquote | Tag::Div) && embeds::is_post(self.tree, at) {
                    let here = self.here(at);
                    self.out.embeds.push(here);
                }
            }
            _ => {}
        }
        at + 1
    }

    /// Keeps the pictures of a hidden element: a gallery hides all but one of them, and those for
    /// readers without scripts are the only ones of some pages.
    fn hidden_pictures(&mut self, hidden: NodeId) {
        let mut at = hidden + 1;
        while at < self.tree.end(hidden) {
            let inside = at;
            at = if hidden::is_left_out(self.tree, at) { self.tree.end(at) } else { at + 1 };
            if self.tree.tag(inside) == Tag::Img {
                self.picture(inside);
            }
        }
    }

    fn picture(&mut self, node: NodeId) {
        let here = self.here(node);
        self.out.pictures.push(here);
    }

    /// An element with the number of lines before it.
    fn here(&self, node: NodeId) -> Picture {
        Picture { node, before: self.out.lines.len() + usize::from(self.open.is_some()) }
    }

    /// Whether the line ends of a block are those of its source.
    fn is_kept(&mut self, block: NodeId) -> bool {
        if self.kept.0 != block {
            let around = std::iter::once(block).chain(self.tree.ancestors(block)).take(MAX_KEPT);
            let is = around
                .map(|node| self.tree.tag(node))
                .any(|tag| matches!(tag, Tag::Pre | Tag::Xmp | Tag::Plaintext));
            self.kept = (block, is);
        }
        self.kept.1
    }

    fn text(&mut self, at: NodeId) {
        let block = self.tree.block(at);
        let kept = self.is_kept(block);
        let blank = self.tree.raw_text(at).trim_ascii().is_empty();
        if blank && !(kept && !self.apart && self.open.is_some()) {
            self.space = Space::Plain;
            return;
        }
        let text = self.tree.text(at);
        // Two breaks in a row are how old pages end a paragraph.
        if self.apart
            || self.breaks > 1 && !kept
            || self.open.as_ref().is_some_and(|element| element.block != block)
        {
            self.close();
        }
        if let Some(line) = self.open.as_ref().filter(|_| self.space == Space::None)
            && self.is_apart(line, at, block, &text)
        {
            self.space = Space::Plain;
        }
        let begin = self.out.text.len();
        let line = self.open.get_or_insert(Line {
            text: begin..begin,
            block,
            first: at,
            last: at,
            chars: 0,
            linked: 0,
            stressed: 0,
        });
        self.keeps = kept;
        let chars = if kept {
            self.space = Space::None;
            append_kept(&mut self.out.text, &text, self.breaks)
        } else {
            append(&mut self.out.text, &text, line.text.start, &mut self.space)
        };
        line.chars += chars;
        line.linked += if self.tree.linked(at) { chars } else { 0 };
        line.stressed += if self.tree.stressed(at) { chars } else { 0 };
        line.last = at;
        (self.apart, self.breaks) = (false, 0);
    }

    /// Whether a word ends at the border of an element between an open line and a text.
    fn is_apart(&self, line: &Line, at: NodeId, block: NodeId, text: &str) -> bool {
        let heading = self.tree.tag(block).heading_level().is_some();
        let place = if heading { Place::Heading } else { Place::Text };
        let before = &self.out.text[line.text.start..];
        borders::are_apart(self.tree, [line.last, at], [before, text], place)
    }

    fn close(&mut self) {
        self.space = Space::None;
        if let Some(mut line) = self.open.take() {
            if self.keeps {
                // The first line end behind the start tag is none, and the last shows nothing.
                let kept = self.out.text.trim_end().len().max(line.text.start);
                self.out.text.truncate(kept);
                line.text.start +=
                    self.out.text[line.text.start..].find(|c| c != '\n').unwrap_or_default();
            }
            line.text.end = self.out.text.len();
            if line.chars > 0 {
                self.out.lines.push(line);
            }
        }
    }
}

/// Appends with a run of white space made one space and invisible characters left out; gives the
/// number of visible ones. A no-break space that stands alone was set on purpose and stays.
fn append(out: &mut String, text: &str, start: usize, space: &mut Space) -> u32 {
    let mut chars = 0;
    for c in text.chars() {
        if c.is_whitespace() {
            *space =
                if c == '\u{a0}' && *space == Space::None { Space::Kept } else { Space::Plain };
        } else if !crate::text::invisible(c) {
            match *space {
                Space::Plain if out.len() > start => out.push(' '),
                Space::Kept if out.len() > start => out.push('\u{a0}'),
                _ => {}
            }
            *space = Space::None;
            out.push(c);
            chars += 1;
        }
    }
    chars
}

/// Appends text whose white space is that of its source, with `breaks` line ends before it.
fn append_kept(out: &mut String, text: &str, breaks: u32) -> u32 {
    let mut chars = 0;
    out.extend((0..breaks).map(|_| '\n'));
    let mut last = None;
    for c in text.chars().filter(|c| !crate::text::invisible(*c)) {
        match c {
            '\n' if last == Some('\r') => {}
            '\r' | '\n' => out.push('\n'),
            '\u{a0}' => out.push(' '),
            c => {
                out.push(c);
                chars += u32::from(!c.is_whitespace());
            }
        }
        last = Some(c);
    }
    chars
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(html: &str) -> Vec<String> {
        let tree = Tree::parse(html);
        let lines = Lines::from_tree(&tree);
        lines.lines.iter().map(|line| lines.get(line).to_owned()).collect()
    }

    #[test]
    fn a_line_ends_at_the_border_of_a_block_and_at_two_breaks() {
        assert_eq!(
            lines("<div>a <b>b</b> c<p>d</p>e</div><p>f<br>g<br><br>h"),
            ["a b c", "d", "e", "f g", "h"]
        );
    }

    #[test]
    fn sentences_in_elements_of_their_own_are_words_apart() {
        for name in ["span", "x-paragraph", "b"] {
            let html = format!(
                "<div><{name}>It rained.</{name}><{name}>“So what?”</{name}><{name}>He left.</{name}></div>"
            );
            assert_eq!(lines(&html), ["It rained. “So what?” He left."], "{html}");
        }
        assert_eq!(lines("<p>U.<b>S.</b> trade, two <a>bond</a>s</p>"), ["U.S. trade, two bonds"]);
    }

    #[test]
    fn white_space_joins_and_invisible_characters_go() {
        assert_eq!(lines("<p> a\n\t<span> b</span>c&nbsp;&#8203;d&shy;e </p>"), ["a bc\u{a0}de"]);
    }

    #[test]
    fn what_no_reader_sees_is_in_no_line() {
        assert_eq!(
            lines(
                "<script>x</script><p>a<style>p{}</style>b<select><option>c</select></p><noscript>d</noscript>"
            ),
            ["a b"]
        );
    }

    #[test]
    fn preformatted_text_keeps_its_line_ends_and_indents() {
        assert_eq!(
            lines(
                "<p>a</p><pre>\n<code><b>for</b> x:\r\n    <i>y</i>\n\n\tz<br>&nbsp;w\n</code></pre>b"
            ),
            ["a", "for x:\n    y\n\n\tz\n w", "b"]
        );
    }

    #[test]
    fn links_are_counted_and_pictures_have_their_place() {
        let tree = Tree::parse("<p>ab <a href=x>cde</a></p><img src=1><p>f</p>");
        let lines = Lines::from_tree(&tree);
        assert_eq!((lines.lines[0].chars, lines.lines[0].linked), (5, 3));
        assert_eq!(lines.pictures[0].before, 1);
    }
}
