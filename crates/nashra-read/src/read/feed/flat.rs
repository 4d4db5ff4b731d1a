//! Reads XML that is no feed with the scanner of feeds, as a flat list of tags: each start tag with
//! the text up to the next tag. There is no stack, so a missing end tag does no damage.

use std::borrow::Cow;

use super::{
    encoding,
    scan::{Scanner, Token},
    text,
};

/// A tag, by its name without a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlatTag<'a> {
    /// A start tag, `<name>`.
    Start {
        name: &'a str,
        /// Up to the next tag, as it is written.
        text: &'a str,
    },
    /// An empty element, `<name/>`.
    Empty,
    /// An end tag, `</name>`.
    End { name: &'a str },
}

/// The tags of a text.
#[derive(Debug)]
pub(crate) struct FlatReader<'a> {
    scanner: Scanner<'a>,
    ahead: Option<Token<'a>>,
}

impl<'a> FlatReader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut scanner = Scanner::new(text);
        let ahead = scanner.next("");
        Self { scanner, ahead }
    }

    pub(crate) fn next(&mut self) -> Option<FlatTag<'a>> {
        let token = self.ahead.take()?;
        // A section that never ends, ends with the element that it stands in.
        let within = if let Token::Start(start) = token { start.name } else { "" };
        self.ahead = self.scanner.next(within);
        Some(match token {
            Token::Start(start) if start.empty => FlatTag::Empty,
            Token::Start(start) => {
                let end = match self.ahead {
                    Some(Token::Start(next)) => next.at,
                    Some(Token::End(next)) => next.at,
                    None => self.scanner.text().len(),
                };
                FlatTag::Start {
                    name: local(start.name),
                    text: self.scanner.text().get(start.inner..end).unwrap_or_default(),
                }
            }
            Token::End(end) => FlatTag::End { name: local(end.name) },
        })
    }

    /// A text decoded and trimmed.
    pub(crate) fn decode(&self, text: &str) -> String {
        text::decoded(text, &self.scanner.entities).trim().to_owned()
    }

    /// The same for words that people read: publishers escape them twice.
    pub(crate) fn decode_words(&self, text: &str) -> String {
        self.scanner.entities.decode(&self.decode(text)).trim().to_owned()
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Decodes bytes in the same way as those of a feed.
pub(crate) fn to_text<'a>(
    bytes: &'a [u8],
    content_type: Option<&str>,
    domain: Option<&str>,
) -> Cow<'a, str> {
    encoding::decode(bytes, content_type, domain).text
}
