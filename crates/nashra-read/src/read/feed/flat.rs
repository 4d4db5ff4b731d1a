//! XML that is no feed, read flat by the scanner that reads feeds: its tags in order, each start
//! with the text up to the next tag. Nothing is kept open, so there is nothing that a missing end
//! tag could spoil.

use std::borrow::Cow;

use super::{
    encoding,
    scan::{Scanner, Token},
    text,
};

/// A tag, by its name without a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flat<'a> {
    /// `<name>`
    Start {
        name: &'a str,
        /// Up to the next tag, as it is written.
        text: &'a str,
    },
    /// `<name/>`
    Empty,
    /// `</name>`
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

    pub(crate) fn next(&mut self) -> Option<Flat<'a>> {
        let token = self.ahead.take()?;
        // A section that never ends, ends with the element that it stands in.
        let within = if let Token::Start(start) = token { start.name } else { "" };
        self.ahead = self.scanner.next(within);
        Some(match token {
            Token::Start(start) if start.empty => Flat::Empty,
            Token::Start(start) => {
                let end = match self.ahead {
                    Some(Token::Start(next)) => next.at,
                    Some(Token::End(next)) => next.at,
                    None => self.scanner.text().len(),
                };
                Flat::Start {
                    name: local(start.name),
                    text: self.scanner.text().get(start.inner..end).unwrap_or_default(),
                }
            }
            Token::End(end) => Flat::End { name: local(end.name) },
        })
    }

    /// What a text says, without the space around it.
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

/// Bytes to text, by all the evidence that feeds are decoded by.
pub(crate) fn to_text<'a>(
    bytes: &'a [u8],
    content_type: Option<&str>,
    domain: Option<&str>,
) -> Cow<'a, str> {
    encoding::decode(bytes, content_type, domain).text
}
