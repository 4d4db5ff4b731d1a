//! Splits the content of an element into pieces: text, CDATA sections, tags inside the text.

use memchr::memchr;

use super::ahead::ForwardSearch;

const CDATA: &str = "<![CDATA[";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Characters and references, without a `<` that begins something.
    Text(&'a str),
    /// The characters of a CDATA section.
    Section(&'a str),
    /// `<` before the name of a tag; name and attributes follow as text.
    Start,
    /// An end tag, `</name>`.
    End(&'a str),
    /// A `<` that begins nothing.
    LessThan,
}

/// Iterates over the pieces of a text, without comments and instructions.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    text: &'a str,
    at: usize,
    section_end: ForwardSearch,
    comment_end: ForwardSearch,
    instruction_end: ForwardSearch,
    tag_end: ForwardSearch,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            section_end: ForwardSearch::new(b"]]>"),
            comment_end: ForwardSearch::new(b"-->"),
            instruction_end: ForwardSearch::new(b"?>"),
            tag_end: ForwardSearch::new(b">"),
        }
    }

    /// Skips a section or a comment; `None` where it has no end.
    fn pass(&mut self, end: Option<usize>, length: usize) -> Option<()> {
        self.at = end? + length;
        Some(())
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            let rest = self.text.get(self.at..).filter(|text| !text.is_empty())?;
            let bytes = rest.as_bytes();
            if bytes[0] != b'<' {
                let length = memchr(b'<', bytes).unwrap_or(bytes.len());
                self.at += length;
                return Some(Piece::Text(&rest[..length]));
            }
            let from = self.at;
            let passed = match bytes {
                _ if rest.starts_with(CDATA) => {
                    let end = self.section_end.find(self.text, from).unwrap_or(self.text.len());
                    self.at = (end + 3).min(self.text.len());
                    return Some(Piece::Section(
                        &self.text[from + CDATA.len()..end.max(from + CDATA.len())],
                    ));
                }
                [_, b'!', b'-', b'-', ..] => {
                    let end = self.comment_end.find(self.text, from + 4);
                    self.pass(end, 3)
                }
                [_, b'?', ..] => {
                    let end = self.instruction_end.find(self.text, from);
                    self.pass(end, 2)
                }
                [_, b'/', letter, ..] if letter.is_ascii_alphabetic() => {
                    let end = self.tag_end.find(self.text, from);
                    if self.pass(end, 1).is_some() {
                        return Some(Piece::End(&self.text[from..self.at]));
                    }
                    None
                }
                [_, letter, ..] if letter.is_ascii_alphabetic() => {
                    self.at += 1;
                    return Some(Piece::Start);
                }
                _ => None,
            };
            if passed.is_none() {
                self.at = from + 1;
                return Some(Piece::LessThan);
            }
        }
    }
}
