//! What the words beside a day say of it, in many languages.

use std::sync::LazyLock;

use hashbrown::HashMap;

use crate::text::{letters::is_unbounded, listed, lower};

/// What a day on a page is the day of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The publication, as a word beside it says.
    Published,
    /// A change, as a word beside it says.
    Updated,
    /// Nothing stands beside it.
    Bare,
    /// Something else, such as an event.
    Other,
}

/// The most words of one label.
const MAX_WORDS: usize = 4;
/// Words before a day in which its label is looked for.
const REACH: usize = 8;
/// The longest line that is the label of the next one, in bytes.
const MAX_LINE: usize = 40;

static WORDS: LazyLock<HashMap<&'static str, Role>> = LazyLock::new(|| {
    let kinds =
        [("published", Role::Published), ("updated", Role::Updated), ("other", Role::Other)];
    let of = |(kind, role): (&'static str, Role)| lines(kind).map(move |word| (word, role));
    kinds.into_iter().flat_map(of).collect()
});
static AT: LazyLock<Vec<&'static str>> = LazyLock::new(|| lines("at").collect());
/// The labels of scripts without spaces.
static UNSPACED: LazyLock<Vec<(&'static str, Role)>> = LazyLock::new(|| {
    let labels = WORDS.iter().filter(|(word, _)| word.chars().all(is_unbounded));
    labels.map(|(word, role)| (*word, *role)).collect()
});

fn lines(kind: &'static str) -> impl Iterator<Item = &'static str> {
    listed(include_str!("words.txt"), kind)
}

/// The role of a day by what stands to its left, to its right, and in the line before it.
pub(super) fn role(left: &str, right: &str, before: &str) -> Role {
    if let Some(role) = last_label(left) {
        return role;
    }
    if left.chars().any(char::is_alphabetic) {
        // A name may stand before a day, with nothing about it.
        return first_label(right).unwrap_or(Role::Bare);
    }
    let of_line = || {
        let short = before.len() <= MAX_LINE && !before.chars().any(char::is_numeric);
        if short { whole_label(before) } else { None }
    };
    first_label(right).or_else(of_line).unwrap_or(Role::Bare)
}

/// The role that the names of an element tell: `entry-date updated`, `datePublished`.
pub(super) fn of_names(names: &str) -> Option<Role> {
    let names = names.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| names.contains(part));
    if has(&["publish", "posted", "entry-date", "pubdate", "dtpub"]) {
        Some(Role::Published)
    } else if has(&["updated", "modified", "update-"]) {
        Some(Role::Updated)
    } else {
        None
    }
}

/// A text behind a day without the word or sign that leads to its time.
pub(super) fn without_at(text: &str) -> &str {
    let sign = |c: char| {
        c.is_whitespace()
            || matches!(c, ',' | '|' | '·' | '•' | '–' | '—' | '-' | '(' | '，' | '、' | ';' | ':')
    };
    let text = text.trim_start_matches(sign);
    let plain = lower(text);
    let word = AT
        .iter()
        .filter(|word| plain.strip_prefix(**word).is_some_and(|rest| rest.starts_with(' ')))
        .max_by_key(|word| word.len());
    // Small letters may be longer than the capitals; those of these words are not.
    word.and_then(|word| text.get(word.len()..)).unwrap_or(text).trim_start_matches(sign)
}

/// The role of the last label of a text.
fn last_label(text: &str) -> Option<Role> {
    let plain = lower(text);
    let words: Vec<&str> = words(&plain);
    let from = words.len().saturating_sub(REACH);
    let found = (from..words.len()).rev().find_map(|at| {
        let (role, end) = longest_at(&words, at)?;
        // What is no publication is told by the very words before the day alone.
        (role != Role::Other || end == words.len()).then_some(role)
    });
    found.or_else(|| unspaced(&plain))
}

/// The role of the label that a text begins with.
fn first_label(text: &str) -> Option<Role> {
    let plain = lower(text);
    let clock = |word: &&&str| word.chars().any(char::is_numeric);
    let words: Vec<&str> = words(&plain).iter().skip_while(clock).copied().collect();
    // A word behind a day is its label where nothing else follows, or a bracket holds it.
    let alone = words.len() <= 2 || text.trim_start().starts_with(['(', '[']);
    longest_at(&words, 0).filter(|_| alone).map(|label| label.0).or_else(|| unspaced(&plain))
}

/// Whether a text that stands beside a day says what the day is of.
pub(in crate::read::page::parts) fn is_label(text: &str) -> bool {
    let plain = lower(text);
    let words = words(&plain);
    words.iter().any(|word| matches!(*word, "date" | "datum" | "fecha" | "data"))
        || (0..words.len()).any(|at| longest_at(&words, at).is_some())
}

/// The role of a line that is a label and nothing else.
fn whole_label(text: &str) -> Option<Role> {
    let plain = lower(text);
    let words = words(&plain);
    WORDS.get(words.join(" ").as_str()).copied()
}

/// The longest label that begins with a word, and the word behind it.
fn longest_at(words: &[&str], at: usize) -> Option<(Role, usize)> {
    let most = words.len().min(at + MAX_WORDS);
    (at + 1..=most)
        .rev()
        .find_map(|end| Some((*WORDS.get(words.get(at..end)?.join(" ").as_str())?, end)))
}

/// The last label of a script without spaces.
fn unspaced(text: &str) -> Option<Role> {
    if !text.chars().any(is_unbounded) {
        return None;
    }
    UNSPACED
        .iter()
        .filter_map(|(word, role)| Some((text.rfind(word)? + word.len(), word.len(), *role)))
        .max_by_key(|(end, length, _)| (*end, *length))
        .map(|(.., role)| role)
}

fn words(text: &str) -> Vec<&str> {
    let apart = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ':' | '：' | ',' | '|' | '(' | ')' | '[' | ']' | '·' | '•' | '/' | '–' | '—' | ';'
            )
    };
    text.split(apart).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_tell_what_a_day_is_of_in_many_languages() {
        for (left, right, wanted) in [
            ("Published: ", "", Role::Published),
            ("By Ann Lee, posted on ", "", Role::Published),
            ("Received: ", "", Role::Other),
            ("Zuletzt aktualisiert am ", "", Role::Updated),
            ("Mis à jour le ", "", Role::Updated),
            ("تاریخ انتشار: ", "", Role::Published),
            ("آخر تحديث: ", "", Role::Updated),
            ("发布时间：", "", Role::Published),
            ("", " 公開", Role::Published),
            ("", " (updated)", Role::Updated),
            ("입력 ", "", Role::Published),
            ("Anmeldeschluss: ", "", Role::Other),
            ("Ann Lee | ", "", Role::Bare),
            ("By Ann Lee • ", "", Role::Bare),
            ("The event, by Ann Lee, ", "", Role::Bare),
            ("", " at 10:30 in the harbour", Role::Bare),
        ] {
            assert_eq!(role(left, right, ""), wanted, "{left}…{right}");
        }
        assert_eq!(role("", "", "Published"), Role::Published);
        assert_eq!(role("", "", "The harbour was published"), Role::Bare);
    }
}
