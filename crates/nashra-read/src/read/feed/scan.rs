//! Scans the text of a feed for tags. Tolerant: every text is accepted.
//!
//! What is no markup is text: a `<` before a space, a quote that never closes. A section that never
//! ends gives way to what follows it. Nothing is decoded or copied here. What must stay true: each
//! byte is looked at a bounded number of times, whatever the text is; a search that found nothing
//! up to the end is never made again.

use memchr::{memchr, memchr3};

use super::{
    ahead::ForwardSearch,
    entities::Entities,
    repairs::{Repair, Repairs},
};

mod sections;

/// A tag of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Start(StartTag<'a>),
    End(EndTag<'a>),
}

/// A start tag, `<name attributes>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StartTag<'a> {
    pub(super) name: &'a str,
    /// The attributes as they are written.
    pub(super) attributes: &'a str,
    /// Whether it is an empty element, `<name/>`.
    pub(super) empty: bool,
    /// The offset of its `<`.
    pub(super) at: usize,
    /// The offset behind its `>`.
    pub(super) inner: usize,
}

/// An end tag, `</name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EndTag<'a> {
    pub(super) name: &'a str,
    pub(super) at: usize,
}

#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Whether the text ends with the end tag of a feed.
    whole: bool,
    comment_end: ForwardSearch,
    cdata_end: ForwardSearch,
    instruction_end: ForwardSearch,
    double_quote: ForwardSearch,
    single_quote: ForwardSearch,
    pub(super) entities: Entities<'a>,
    pub(super) repairs: Repairs,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            whole: sections::end_like_a_feed(text),
            comment_end: ForwardSearch::new(b"-->"),
            cdata_end: ForwardSearch::new(b"]]>"),
            instruction_end: ForwardSearch::new(b"?>"),
            double_quote: ForwardSearch::new(b"\""),
            single_quote: ForwardSearch::new(b"'"),
            entities: Entities::default(),
            repairs: Repairs::default(),
        }
    }

    /// The text as a whole; tokens say where in it they are.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The next tag. `within` is the name of the element that is open, whose end tag ends a section
    /// that does not.
    pub(super) fn next(&mut self, within: &str) -> Option<Token<'a>> {
        let bytes = self.text.as_bytes();
        loop {
            let at = self.at + memchr(b'<', &bytes[self.at..])?;
            match bytes.get(at + 1) {
                Some(b'/') => {
                    if let Some(end) = self.end_tag(at) {
                        return Some(Token::End(end));
                    }
                }
                Some(b'!') => self.declaration(at, within),
                Some(b'?') => self.instruction(at),
                Some(byte) if is_name_start(*byte) => {
                    return Some(Token::Start(self.start_tag(at)));
                }
                _ => {
                    self.repairs.add(Repair::BareLessThan);
                    self.at = at + 1;
                }
            }
        }
    }

    fn end_tag(&mut self, at: usize) -> Option<EndTag<'a>> {
        let from = at + 2;
        let rest = &self.text.as_bytes()[from..];
        // A tag that was forgotten to close ends before the next.
        let Some(length) = memchr::memchr2(b'>', b'<', rest) else {
            self.repairs.add(Repair::Truncated);
            self.at = self.text.len();
            return None;
        };
        let closed = rest[length] == b'>';
        if !closed {
            self.repairs.add(Repair::BareLessThan);
        }
        self.at = from + length + usize::from(closed);
        let name = self.text[from..from + length].trim_ascii();
        let name = name.split_ascii_whitespace().next().unwrap_or_default();
        (!name.is_empty()).then_some(EndTag { name, at })
    }

    fn start_tag(&mut self, at: usize) -> StartTag<'a> {
        let from = at + 1;
        let bytes = self.text.as_bytes();
        let name_end = from
            + bytes[from..].iter().position(|byte| ends_name(*byte)).unwrap_or(bytes.len() - from);
        let name = &self.text[from..name_end];
        let end = match bytes.get(name_end) {
            Some(b'>') => name_end,
            _ => self.tag_end(name_end),
        };
        let attributes = &self.text[name_end..end];
        let inner = if bytes.get(end) == Some(&b'>') { end + 1 } else { end };
        self.at = inner;
        let (attributes, empty) = match attributes.trim_ascii_end().strip_suffix('/') {
            // The slash of an address without quotes is no end, nor is one behind which the text is
            // cut off.
            Some(shorter) if end < bytes.len() && !ends_in_bare_value(shorter) => (shorter, true),
            _ => (attributes, false),
        };
        StartTag { name, attributes, empty, at, inner }
    }

    /// Where the `>` is that ends a tag, past quotes that hold one.
    fn tag_end(&mut self, from: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = from;
        while let Some(found) = memchr3(b'>', b'"', b'\'', &bytes[at..]).map(|found| at + found) {
            let quote = bytes[found];
            if quote == b'>' {
                return found;
            }
            // Only what stands behind `=` opens a value.
            if !bytes[from..found].trim_ascii_end().ends_with(b"=") {
                at = found + 1;
                continue;
            }
            let Some(end) = self.quote_end(found, quote) else {
                self.repairs.add(Repair::Attribute);
                return memchr::memchr2(b'>', b'<', &bytes[found..])
                    .map_or(bytes.len(), |at| found + at);
            };
            at = end + 1;
        }
        self.repairs.add(Repair::Truncated);
        bytes.len()
    }

    /// The quote that closes the one at `from`; none where what follows shows that the quote was
    /// forgotten.
    fn quote_end(&mut self, from: usize, quote: u8) -> Option<usize> {
        let ahead = if quote == b'"' { &mut self.double_quote } else { &mut self.single_quote };
        let end = ahead.find(self.text, from + 1)?;
        let bytes = self.text.as_bytes();
        let value = &bytes[from + 1..end];
        let follows = bytes.get(end + 1).is_none_or(|byte| {
            byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/' | b'?' | b'<')
        });
        // `href="a>text</a><b class="x"`: the value holds a tag's end, and its quote begins the
        // next value.
        (follows || memchr(b'>', value).is_none()).then_some(end)
    }
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

fn ends_name(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'<' | b'=' | b'"' | b'\'')
}

/// Whether the attributes end in a value without quotes.
fn ends_in_bare_value(attributes: &str) -> bool {
    let last = attributes.rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
    last.split_once('=').is_some_and(|(_, value)| {
        !value.is_empty() && !value.starts_with(['"', '\'']) && !value.ends_with(['"', '\''])
    })
}

#[cfg(test)]
mod tests;
