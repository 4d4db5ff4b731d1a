//! Parses caption lines: the caption without its credit, the credit as it is written, its
//! agency, whether the picture is from the archive, and when it was taken.
//!
//! Credits stand in a bracket at the end, behind a label (`Foto: …`), behind a stroke, or alone.
//! What the caption says of itself («أرشيفية لجنود…») stays in it.

use std::{collections::HashSet, sync::LazyLock};

use aho_corasick::AhoCorasick;

use super::agency;
use crate::{
    dates::partial,
    model::record::Image,
    text::{collapse, lower_in_place},
};

/// The longest credit, in characters; a longer text is a sentence.
const MAX_CREDIT: usize = 90;
/// The longest label with its spaces, in characters.
const MAX_LABEL: usize = 28;
const OPEN: [char; 4] = ['(', '（', '[', '【'];
const CLOSE: [char; 4] = [')', '）', ']', '】'];

static WORDS: LazyLock<Words> = LazyLock::new(|| Words {
    labels: words("label").collect(),
    sources: words("source").collect(),
    // The words are ours, and a test reads credits by them: without a finder none is found.
    by: AhoCorasick::new(words("by")).ok(),
    archive: words("archive").collect(),
    old: words("old").collect(),
    places: words("place").collect(),
    captions: words("caption").collect(),
});

struct Words {
    labels: HashSet<&'static str>,
    sources: HashSet<&'static str>,
    by: Option<AhoCorasick>,
    archive: HashSet<&'static str>,
    old: Vec<&'static str>,
    places: HashSet<&'static str>,
    captions: HashSet<&'static str>,
}

fn words(kind: &str) -> impl Iterator<Item = &'static str> {
    let lines = include_str!("caption/words.txt").lines();
    lines
        .filter_map(move |line| line.strip_prefix(kind)?.strip_prefix(": "))
        .flat_map(|words| words.split("; "))
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

/// A caption line, split into caption and credit.
struct SplitCaption<'a> {
    caption: &'a str,
    credit: &'a str,
    sign: CreditSign,
}

fn split(line: &str) -> Option<SplitCaption<'_>> {
    let line = without_class(line.trim());
    bracket(line)
        .or_else(|| labelled(line))
        .or_else(|| behind_separator(line))
        .or_else(|| behind_sentence(line))
        .or_else(|| alone(line))
}

/// A line without the name of an icon (`p-circle`) that a plain-text page has behind the bracket of
/// the credit.
fn without_class(line: &str) -> &str {
    match line.rsplit_once(' ') {
        Some((rest, last))
            if rest.ends_with(CLOSE)
                && last.contains('-')
                && last.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') =>
        {
            rest
        }
        _ => line,
    }
}

/// `… (أ.ب)`, `…（写真：共同）`, `… [사진=연합뉴스]`.
fn bracket(line: &str) -> Option<SplitCaption<'_>> {
    let inner = line.trim_end_matches(['.', '。', ' ']);
    let inner = inner.strip_suffix(CLOSE)?;
    let open = inner.rfind(OPEN)?;
    let caption = line[..open].trim_end();
    let whole = inner[open..].trim_start_matches(OPEN).trim();
    let credit = unlabelled(whole).unwrap_or(whole);
    if credit.is_empty() || credit.chars().count() > MAX_CREDIT {
        return None;
    }
    if credit.len() < whole.len() || agency::in_credit(credit).is_some() || names_archive(credit) {
        return Some(SplitCaption { caption, credit, sign: CreditSign::Credit });
    }
    let letters = credit.chars().filter(|c| c.is_alphabetic()).count();
    // Numbers, ages, parties, and where somebody stands.
    let acronym =
        credit.len() <= 4 && credit.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    let other = letters < 2
        || acronym
        || WORDS.places.contains(credit.to_lowercase().as_str())
        || partial::find_last(credit).is_some();
    let clause = credit.contains(['.', '،', '。', '?', '!', ':', ';', '؛', '؟'])
        || credit.split(' ').count() > 6;
    (!other && !clause && !caption.is_empty()).then_some(SplitCaption {
        caption,
        credit,
        sign: CreditSign::Bracket,
    })
}

/// `… Foto: dpa`, `Photo: X/AFP`, `© Getty`, `… 사진=연합뉴스`.
fn labelled(line: &str) -> Option<SplitCaption<'_>> {
    let (at, label_end) = label(line)?;
    let caption = line[..at].trim_end_matches(|c: char| {
        c.is_whitespace()
            || OPEN.contains(&c)
            || matches!(c, '|' | '/' | '-' | '–' | '—' | '•' | '／')
    });
    let rest = line[label_end..].trim();
    let end = if line[..at].ends_with(OPEN) {
        rest.find(CLOSE).unwrap_or(rest.len())
    } else {
        rest.len()
    };
    let credit = rest[..end].trim_end_matches(['.', ' ', ')', '）', ']', '】', '。']);
    let credit = unlabelled(credit).unwrap_or(credit);
    let sentence =
        credit.match_indices(". ").any(|(at, _)| !credit[..at].ends_with(char::is_uppercase));
    let short = credit.chars().count() <= MAX_CREDIT && !sentence;
    // `Photo: the president meets his guests` has a caption behind it.
    let names = !caption.is_empty()
        || agency::in_credit(credit).is_some()
        || credit.split(' ').count() <= 6;
    (!credit.is_empty() && short && names).then_some(SplitCaption {
        caption,
        credit,
        sign: CreditSign::Credit,
    })
}

/// The range of the first label of a text with its colon, in bytes.
fn label(line: &str) -> Option<(usize, usize)> {
    let lower = lower_in_place(line);
    let lower = lower.as_str();
    let starts = |at: usize| {
        line[..at].chars().next_back().is_none_or(|c| {
            // `…in the portPhoto: X` was glued together.
            let glued = c.is_lowercase() && line[at..].starts_with(char::is_uppercase);
            !c.is_alphanumeric() || cjk(c) && line[at..].starts_with(cjk) || glued
        })
    };
    let by = WORDS
        .by
        .iter()
        .flat_map(|matcher| matcher.find_overlapping_iter(lower))
        .map(|found| (found.start(), found.end()))
        .filter(|(at, end)| {
            let bounded = !lower[*at..*end].ends_with(char::is_alphabetic)
                || line[*end..].starts_with(|c: char| !c.is_alphanumeric());
            bounded && starts(*at)
        });
    let colon = lower
        .char_indices()
        .filter(|(_, c)| matches!(c, ':' | '：' | '=' | '＝' | '／' | '/' | '﹕'))
        .find_map(|(end, c)| {
            let before = lower[..end].trim_end();
            let from = before.char_indices().rev().take(MAX_LABEL).last().map_or(0, |(at, _)| at);
            let starting =
                before[from..].char_indices().map(|(at, _)| from + at).filter(|at| starts(*at));
            let at = starting
                .into_iter()
                .find(|at| WORDS.labels.contains(before[*at..].trim_start_matches(OPEN)))?;
            let at = at + (before.len() - at - before[at..].trim_start_matches(OPEN).len());
            Some((at, end + c.len_utf8()))
        });
    by.chain(colon).min()
}

/// The rest of a credit behind its label.
fn unlabelled(credit: &str) -> Option<&str> {
    let (at, end) = label(credit)?;
    let rest = credit[end..].trim();
    (at == 0 && !rest.is_empty()).then_some(rest)
}

/// `… | EFE`, `… / Reuters`, `…. AP`: the last part, where it names an agency.
fn behind_separator(line: &str) -> Option<SplitCaption<'_>> {
    if !line.contains(['|', '/', '–', '—', '-', '•', '·', '＝', '／', '=', '.', '©']) {
        return None;
    }
    for stroke in
        [" | ", "| ", " / ", " – ", " — ", " - ", " • ", " · ", "＝", "／", "=", ". ", " © "]
    {
        let Some((caption, credit)) = line.rsplit_once(stroke) else { continue };
        let credit = credit.trim_end_matches(['.', ' ']);
        if (1..=40).contains(&credit.chars().count())
            && credit.split(' ').count() <= 6
            && !caption.is_empty()
            && agency::in_credit(credit).is_some()
        {
            // A name in capitals before the stroke belongs to the credit: `ARND WIEGMANN /
            // REUTERS`.
            if let Some((before, _)) =
                caption.rsplit_once(". ").filter(|(_, name)| stroke == " / " && is_name(name))
            {
                return Some(SplitCaption {
                    caption: &line[..=before.len()],
                    credit: line[before.len() + 2..].trim_end_matches('.'),
                    sign: CreditSign::Agency,
                });
            }
            if is_name(caption) && caption.split(' ').count() <= 4 && stroke != ". " {
                return Some(SplitCaption { caption: "", credit: line, sign: CreditSign::Credit });
            }
            let end = if stroke == ". " { caption.len() + 1 } else { caption.len() };
            return Some(SplitCaption {
                caption: line[..end].trim_end(),
                credit,
                sign: CreditSign::Agency,
            });
        }
    }
    None
}

/// `… of the port.AFP`, `… in the port. Ann Lee`: a name behind the last sentence, which ends with
/// no stop.
fn behind_sentence(line: &str) -> Option<SplitCaption<'_>> {
    let (sentence, name) = line.rsplit_once('.')?;
    let (apart, name) = (name.starts_with(' '), name.trim_start());
    let words = name.split(' ').count();
    let person = apart
        && (2..=3).contains(&words)
        && name.split(' ').all(|part| {
            part.starts_with(char::is_uppercase)
                && part.chars().filter(|c| c.is_lowercase()).count() > 1
        });
    let agency = !apart
        && words <= 3
        && agency::is_unambiguous(name)
        && name.starts_with(char::is_uppercase);
    let whole = sentence.split(' ').count() >= 5
        && name.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '/' | '-' | '\''));
    (whole && (person || agency)).then(|| SplitCaption {
        caption: &line[..=sentence.len()],
        credit: name,
        sign: CreditSign::Agency,
    })
}

/// A line of names with an agency among them.
fn alone(line: &str) -> Option<SplitCaption<'_>> {
    let short = line.chars().count() <= 60 && line.split(' ').count() <= 8;
    // `TT` or `Mehr` alone may be anything.
    let sure = line.contains([' ', '/', '|', '／']) || agency::is_unambiguous(line);
    (short && sure && is_name(line) && agency::in_credit(line).is_some()).then_some(SplitCaption {
        caption: "",
        credit: line,
        sign: CreditSign::Credit,
    })
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
                || phrase.starts_with(cjk) && lower.contains(phrase)
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
    WORDS.old.iter().any(|word| {
        lower.match_indices(word).any(|(at, _)| {
            let before = lower[..at].chars().next_back();
            let after = lower[at + word.len()..].chars().next();
            word.starts_with(cjk)
                || before.is_none_or(|c| !c.is_alphanumeric())
                    && after.is_none_or(|c| !c.is_alphanumeric())
        })
    })
}

fn cjk(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

#[cfg(test)]
mod tests;
