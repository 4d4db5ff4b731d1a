//! Whether running text credits an agency where it names it: brackets, quotes, date lines, words of
//! attribution.

use std::sync::LazyLock;

use aho_corasick::Match;

use super::{Certainty, arabic, head, tail};
use crate::text::{letters::is_unbounded, listed};

/// Bytes before and after a name that are looked at.
const REACH: usize = 120;
/// Characters of a bracket that is a credit and no clause.
const MAX_BRACKET: usize = 48;

static WORDS: LazyLock<Words> = LazyLock::new(|| Words {
    agency: Neighbours { before: words("agency before"), after: words("agency after") },
    said: Neighbours { before: words("said before"), after: words("said after") },
});

struct Words {
    agency: Neighbours,
    said: Neighbours,
}

/// What may stand before a name, and what after it.
struct Neighbours {
    before: Vec<&'static str>,
    after: Vec<&'static str>,
}

fn words(kind: &'static str) -> Vec<&'static str> {
    listed(include_str!("attribution.txt"), kind).collect()
}

/// Whether a name in running text is there as the origin of the news.
pub(super) fn credited(text: &str, found: &Match, certainty: Certainty) -> bool {
    if certainty == Certainty::Plain {
        return true;
    }
    let before = tail(&text[..found.start()], REACH);
    let after = head(&text[found.end()..], REACH);
    // «لرويترز»: to Reuters.
    let told = before.ends_with('ل') && arabic(text[found.start()..].chars().next().unwrap_or(' '));
    if certainty == Certainty::Marked
        && (told || quoted(before, after) || attributed(before, after, &WORDS.said))
    {
        return true;
    }
    attributed(before, after, &WORDS.agency) || in_bracket(before, after, certainty)
}

fn quoted(before: &str, after: &str) -> bool {
    before.ends_with(['«', '“', '"', '„', '”', '「', '『', '‹'])
        && after.starts_with(['»', '”', '"', '“', '」', '』', '›'])
}

/// Whether the name stands at an edge of a short bracket. An abbreviation needs a bracket that
/// opens or ends its paragraph, or a date line behind it: `Middle East and North Africa (MENA)
/// countries` credits nobody.
fn in_bracket(before: &str, after: &str, certainty: Certainty) -> bool {
    const OPEN: [char; 5] = ['(', '（', '[', '【', '/'];
    const CLOSE: [char; 5] = [')', '）', ']', '】', '/'];
    let (Some(open), Some(close)) = (before.rfind(OPEN), after.find(CLOSE)) else { return false };
    let (inner, lead) = (&before[open..], before[..open].trim_end_matches(OPEN));
    let (rest, behind) =
        (&after[..close], after[close..].trim_start_matches(CLOSE).trim_start_matches(' '));
    let edge = inner.chars().count() == 1
        || rest.is_empty()
        || inner.ends_with(['=', '/', '-', '–', '、', '，', ',', '・', ' '])
            && rest.starts_with(['=', '/', '-', '–', '、', ',', '・', ' ', '，']);
    if inner.contains(['\n', ';', '؛'])
        || rest.contains(['\n', ';', '؛'])
        || !edge
        || inner.chars().count() + rest.chars().count() > MAX_BRACKET
    {
        return false;
    }
    let opens =
        lead.rfind('\n').map_or(lead.is_empty(), |newline| lead[newline..].trim().is_empty());
    let ends = behind.trim_start_matches(['.', '。', '»', '”', '"']).trim_start_matches(' ');
    let dateline = behind.starts_with(['-', '–', '—', '=', '―', ':', '：', '─', '.', '|'])
        && !behind.starts_with(". ");
    certainty == Certainty::Marked || opens || dateline || ends.is_empty() || ends.starts_with('\n')
}

fn attributed(before: &str, after: &str, words: &Neighbours) -> bool {
    let quotes = ['«', '“', '"', '„', '\'', '’', '‘', '「', ' ', '\u{a0}', '»', '”', 'ـ', '」'];
    let mut left = before.trim_end_matches(quotes);
    for article in [" the", " la", " el", " der", " die", " al", " l"] {
        left = left.strip_suffix(article).unwrap_or(left);
    }
    let left = tail(left, 40).to_lowercase();
    let right = head(after.trim_start_matches(quotes), 30).to_lowercase();
    let bounded = |end: Option<char>| {
        end.is_none_or(|c| !c.is_alphanumeric() || matches!(c, 'و' | 'ف' | 'ل' | 'ب'))
    };
    words.before.iter().any(|before| {
        left.strip_suffix(*before).is_some_and(|rest| bounded(rest.chars().next_back()))
    }) || words.after.iter().any(|after| {
        right.strip_prefix(*after).is_some_and(|rest| {
            is_unbounded(after.chars().next().unwrap_or(' ')) || bounded(rest.chars().next())
        })
    })
}
