//! Parses caption lines: the caption without its credit, the credit as it is written, its
//! agency, whether the picture is from the archive, and when it was taken.
//!
//! [`forms`] finds the credit. What the caption says of itself («أرشيفية لجنود…») stays in it.

mod forms;

use std::sync::LazyLock;

use hashbrown::HashSet;

use aho_corasick::AhoCorasick;

use self::forms::{split, unlabelled};
use super::agency;
use crate::{
    dates::partial,
    model::record::Image,
    text::{collapse, letters::is_east_asian, listed},
};

/// The longest credit, in characters; a longer text is a sentence.
const MAX_CREDIT: usize = 90;
const OPEN: [char; 4] = ['(', '（', '[', '【'];
const CLOSE: [char; 4] = [')', '）', ']', '】'];

static WORDS: LazyLock<Words> = LazyLock::new(|| Words {
    labels: words("label").collect(),
    sources: words("source").collect(),
    // The words are ours, and tests read captions by them: without a finder none is found.
    by: AhoCorasick::new(words("by")).ok(),
    archive: words("archive").collect(),
    old: AhoCorasick::new(words("old")).ok(),
    places: words("place").collect(),
    captions: words("caption").collect(),
});

struct Words {
    labels: HashSet<&'static str>,
    sources: HashSet<&'static str>,
    by: Option<AhoCorasick>,
    archive: HashSet<&'static str>,
    old: Option<AhoCorasick>,
    places: HashSet<&'static str>,
    captions: HashSet<&'static str>,
}

fn words(kind: &'static str) -> impl Iterator<Item = &'static str> {
    listed(include_str!("caption/words.txt"), kind)
}

/// The sign by which a line is known to have a credit, from the weakest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CreditSign {
    /// A bracket at its end with an unknown name.
    Bracket,
    /// An agency or a name behind a separator or a full stop.
    Agency,
    /// A bracket with an agency or the archive, or a label.
    Credit,
}

/// Parses a caption line with its credit. The image has no address.
#[must_use]
pub fn parse(line: &str) -> Image {
    let line = collapse(line);
    let (caption, credit) = match split(&line) {
        Some(parts) => (parts.caption, Some(parts.credit)),
        None => (line.as_str(), None),
    };
    let caption = bare(caption);
    let taken = partial::find_last(caption).or_else(|| partial::find_last(credit?));
    Image {
        agency: credit.and_then(agency::in_credit).map(str::to_owned),
        archive: credit.is_some_and(names_archive) || is_from_archive(caption),
        taken: taken.map(|taken| taken.iso),
        credit: credit.filter(|credit| !is_only_archive(credit)).map(str::to_owned),
        caption: Some(caption.to_owned()).filter(|caption| !caption.is_empty()),
        ..Image::default()
    }
}

/// Parses a text that is known to be a caption without a credit.
#[must_use]
pub fn parse_caption(text: &str) -> Image {
    let caption = bare(text).to_owned();
    let taken = partial::find_last(&caption).map(|date| date.iso);
    Image {
        archive: is_from_archive(&caption),
        taken,
        caption: Some(caption).filter(|caption| !caption.is_empty()),
        ..Image::default()
    }
}

/// Parses a text that is known to be a credit: its label, brackets and separators are removed.
#[must_use]
pub fn parse_credit(text: &str) -> Image {
    let text = collapse(text);
    let bare = text.trim_matches([
        ' ', '(', ')', '[', ']', '（', '）', '|', '/', '•', '·', ',', '–', '—', '-', '.',
    ]);
    let credit = unlabelled(bare).unwrap_or(bare).trim_matches([' ', '|', ':', '(', ')']);
    Image {
        agency: agency::in_credit(credit).map(str::to_owned),
        archive: names_archive(credit),
        credit: Some(credit.to_owned())
            .filter(|credit| !credit.is_empty() && !is_only_archive(credit)),
        ..Image::default()
    }
}

/// A caption without arrows to the picture, separators before the credit, and a label such as
/// `Caption:`.
fn bare(caption: &str) -> &str {
    let caption = caption
        .trim_start_matches(['▲', '△', '▶', '◀', '▼', '▽', '■', '●', ' '])
        .trim_end_matches([' ', '|', '/', '•', '·', '–', '—', '(']);
    let named = caption
        .split_once(':')
        .filter(|(label, _)| WORDS.captions.contains(label.trim().to_lowercase().as_str()));
    named.map_or(caption, |named| named.1.trim_start())
}

/// Whether a line has the form of a caption with its credit, or of a credit alone.
#[must_use]
pub fn credit_sign(line: &str) -> Option<CreditSign> {
    split(line).map(|part| part.sign)
}

/// Whether a line is nothing but a credit: `Bloomberg/Ann Lee`, `© AFP`, `Foto: dpa`.
#[must_use]
pub fn is_credit(line: &str) -> bool {
    split(line).is_some_and(|part| part.sign > CreditSign::Bracket && part.caption.is_empty())
}

/// Whether a line names the source of a whole text: `Quelle: dpa`, `(Source: AFP)`.
#[must_use]
pub fn is_source(line: &str) -> bool {
    let line = line.trim().trim_start_matches(OPEN);
    let Some((label, rest)) = line.split_once([':', '：']) else { return false };
    rest.chars().count() <= MAX_CREDIT
        && WORDS.sources.contains(label.trim().to_lowercase().as_str())
}

/// Whether all words are written as names are. Scripts without case have no such sign: there a few
/// words are enough.
pub(crate) fn is_name(text: &str) -> bool {
    let words =
        || text.split(|c: char| !c.is_alphanumeric() && c != '.').filter(|part| !part.is_empty());
    words().all(|word| {
        !word.starts_with(char::is_lowercase)
            || matches!(
                word,
                "dpa"
                    | "via"
                    | "picture"
                    | "alliance"
                    | "epa"
                    | "afp"
                    | "imago"
                    | "images"
                    | "von"
                    | "van"
                    | "de"
                    | "der"
                    | "al"
            )
    }) && (words().any(|word| word.starts_with(char::is_uppercase)) || text.chars().count() <= 14)
}

fn names_archive(credit: &str) -> bool {
    let lower = credit.to_lowercase();
    let mut words = lower.split(|c: char| {
        !c.is_alphanumeric() && !matches!(c, '\u{64b}'..='\u{65f}' | '\u{93c}'..='\u{94d}' | '\u{900}'..='\u{903}' | '\u{9be}'..='\u{9cd}')
    });
    words.any(|word| WORDS.archive.contains(word))
        || WORDS.archive.iter().any(|phrase| {
            phrase.contains(' ') && lower.contains(phrase)
                || phrase.starts_with(is_east_asian) && lower.contains(phrase)
        })
}

fn is_only_archive(credit: &str) -> bool {
    WORDS.archive.contains(credit.to_lowercase().trim())
}

fn is_from_archive(caption: &str) -> bool {
    if caption.starts_with("FILE - ")
        || caption.starts_with("FILE PHOTO")
        || caption.starts_with("FILE – ")
        || caption.starts_with("FILE — ")
    {
        return true;
    }
    let lower = caption.to_lowercase();
    WORDS.old.iter().flat_map(|old| old.find_overlapping_iter(&lower)).any(|word| {
        let before = lower[..word.start()].chars().next_back();
        let after = lower[word.end()..].chars().next();
        lower[word.range()].starts_with(is_east_asian)
            || before.is_none_or(|c| !c.is_alphanumeric())
                && after.is_none_or(|c| !c.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests;
