//! A word or phrase of a rule: as it was written, and what is looked for in folded texts.

use std::str::FromStr;

use super::edges::{Edges, Left, Right};
use crate::text::folding::{self, Script, script};

/// The most characters of a word or phrase.
const MAX_TERM: usize = 200;
/// The fewest letters where a star stands for the rest.
const MIN_STEM: usize = 2;

/// A word or phrase. A `*` at its beginning or end stands for any further letters of the word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    written: Box<str>,
    /// The words in one spelling, with single spaces between them alone.
    folded: Box<str>,
    open_start: bool,
    open_end: bool,
}

/// What is looked for, and what must be beside it.
#[derive(Debug)]
pub(super) struct Needle {
    pub(super) text: String,
    pub(super) edges: Edges,
}

impl Term {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    pub(super) fn into_written(self) -> Box<str> {
        self.written
    }

    /// What is looked for; `prefixes` says whether particles may stand before an Arabic or Hebrew
    /// word.
    pub(super) fn needle(&self, prefixes: bool) -> Needle {
        let mut words = &*self.folded;
        let (first, last) = (words.chars().next(), words.chars().next_back());
        let left = match first {
            _ if self.open_start => Left::Open,
            Some(c) if script(c) == Script::Unspaced => Left::Cluster,
            Some('\u{5d0}'..='\u{5ea}') if prefixes => Left::HebrewParticles,
            Some(c) if prefixes && folding::is_arabic(c) => {
                let stem = words.strip_prefix("ال").filter(|stem| {
                    stem.split(' ').next().is_some_and(|word| word.chars().nth(1).is_some())
                });
                words = stem.unwrap_or(words);
                Left::ArabicParticles { with_article: stem.is_some() }
            }
            _ => Left::Word,
        };
        let right = match last.map(script) {
            _ if self.open_end => Right::Open,
            Some(Script::Unspaced) => Right::Cluster,
            Some(Script::Hangul) => Right::Particles,
            _ => Right::Word,
        };
        let edge = |is_word: bool| if is_word { " " } else { "" };
        let text = [edge(left == Left::Word), words, edge(right == Right::Word)].concat();
        Needle { text, edges: Edges { left, right } }
    }
}

impl FromStr for Term {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let length = text.chars().count();
        if length > MAX_TERM {
            return Err(format!("a word or phrase of {length} characters: at most {MAX_TERM}"));
        }
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (open_start, inner) =
            words.strip_prefix('*').map_or((false, &*words), |rest| (true, rest));
        let (open_end, inner) = inner.strip_suffix('*').map_or((false, inner), |rest| (true, rest));
        if inner.contains('*') {
            return Err(format!("{text:?}: a * can stand at the beginning and at the end alone"));
        }
        let folded = folding::fold(inner);
        let folded = folded.trim();
        let letters = folded.chars().filter(|c| *c != ' ').count();
        if letters == 0 {
            return Err(format!("{text:?} has no letter and no digit"));
        }
        if (open_start || open_end) && letters < MIN_STEM {
            return Err(format!("{text:?}: beside a * stand {MIN_STEM} letters at least"));
        }
        // A sign beside the star ends the word there: nothing is left open.
        let is_open = |beside: Option<char>, open: bool| {
            open && beside
                .is_some_and(|c| !folding::fold(c.encode_utf8(&mut [0; 4])).trim().is_empty())
        };
        Ok(Self {
            written: text.into(),
            folded: folded.into(),
            open_start: is_open(inner.chars().next(), open_start),
            open_end: is_open(inner.chars().next_back(), open_end),
        })
    }
}
