//! Finds the credit of a caption line by its form: in a bracket at the end, behind a label, behind a
//! stroke, behind the last sentence, or alone.

use super::{CLOSE, CreditSign, MAX_CREDIT, OPEN, WORDS, is_name, names_archive};
use crate::{
    dates::partial,
    read::credits::agency,
    text::{letters::is_east_asian, lower_in_place},
};

/// The longest label with its spaces, in characters.
const MAX_LABEL: usize = 28;

/// A caption line, split into caption and credit.
pub(super) struct SplitCaption<'a> {
    pub(super) caption: &'a str,
    pub(super) credit: &'a str,
    pub(super) sign: CreditSign,
}

/// Splits a line by the first sign of a credit that it has; `None` where it has none.
pub(super) fn split(line: &str) -> Option<SplitCaption<'_>> {
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
            !c.is_alphanumeric()
                || is_east_asian(c) && line[at..].starts_with(is_east_asian)
                || glued
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
pub(super) fn unlabelled(credit: &str) -> Option<&str> {
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
