//! A tag from behind its name to its end: its attributes (§13.2.5.32 to §13.2.5.40).

use std::ops::Range;

use memchr::memchr;

use super::Parser;
use crate::html::{Attribute, MAX_ATTRIBUTES, Span};

impl Parser<'_> {
    /// Reads from the end of a tag's name: keeps the attributes where `keep` is set; the offset
    /// behind the tag, and whether it ends in `/>`.
    pub(super) fn tag_end(&mut self, mut at: usize, keep: bool) -> (usize, bool) {
        let first = self.attributes.len();
        loop {
            while self.bytes.get(at).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/')
            {
                at += 1;
            }
            match self.bytes.get(at) {
                None => return (self.bytes.len(), false),
                Some(b'>') => return (at + 1, self.bytes[at - 1] == b'/'),
                Some(_) => {}
            }
            let start = at;
            // An attribute may begin with `=` (§13.2.5.32).
            at += 1;
            while self.bytes.get(at).is_some_and(|byte| {
                !byte.is_ascii_whitespace() && !matches!(byte, b'/' | b'>' | b'=')
            }) {
                at += 1;
            }
            let name = start..at;
            let value;
            (value, at) = self.attribute_value(at);
            if keep && self.attributes.len() - first < MAX_ATTRIBUTES {
                self.keep_attribute(name, value);
            }
        }
    }

    pub(super) fn keep_attribute(&mut self, name: Range<usize>, value: Range<usize>) {
        self.attributes.push(Attribute { name: Span::new(name), value: Span::new(value) });
    }

    /// The value of the attribute whose name ends there, and the offset behind it. Without a `=`
    /// the value is empty.
    fn attribute_value(&self, after_name: usize) -> (Range<usize>, usize) {
        let skip = |mut at: usize| {
            while self.bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            at
        };
        let at = skip(after_name);
        if self.bytes.get(at) != Some(&b'=') {
            return (after_name..after_name, after_name);
        }
        let at = skip(at + 1);
        if let Some(quote @ (b'"' | b'\'')) = self.bytes.get(at) {
            let from = at + 1;
            let end = memchr(*quote, self.bytes.get(from..).unwrap_or_default())
                .map_or(self.bytes.len(), |at| from + at);
            return (from..end, (end + 1).min(self.bytes.len()));
        }
        let mut end = at;
        while self.bytes.get(end).is_some_and(|byte| !byte.is_ascii_whitespace() && *byte != b'>') {
            end += 1;
        }
        (at..end, end)
    }
}
