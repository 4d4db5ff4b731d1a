//! Takes a byline apart by what its words say of the names behind them: who wrote, who edited, who
//! took the pictures.

use std::sync::LazyLock;

use hashbrown::HashMap;

use super::{is_genre, looks_like_names, words};
use crate::text::{letters::is_east_asian, lower_in_place};

/// The labels by their first letters: a byline is looked through word by word.
static LABELS: LazyLock<HashMap<char, Vec<Label>>> = LazyLock::new(|| {
    let kinds = [
        ("before", Role::Writer, true),
        ("colon", Role::Writer, false),
        ("other by", Role::Other, true),
        ("other", Role::Other, false),
    ];
    let mut labels: HashMap<char, Vec<Label>> = HashMap::new();
    for (kind, role, alone) in kinds {
        for word in words(kind) {
            let first = word.chars().next().unwrap_or_default();
            labels.entry(first).or_default().push(Label { word, role, alone });
        }
    }
    labels
});

/// A word before names.
struct Label {
    word: &'static str,
    role: Role,
    /// Whether it needs no colon behind it.
    alone: bool,
}

/// What a part of a byline names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Nothing stands before the names.
    Unsaid,
    Writer,
    /// Editors, photographers, sources.
    Other,
}

/// A part of a byline.
#[derive(Debug)]
struct Part<'a> {
    role: Role,
    names: &'a str,
}

/// The part of a line that names its writers, and whether a word says so. `None` where all of its
/// parts name others.
pub(super) fn writers(line: &str) -> Option<(String, bool)> {
    let parts = parts(line);
    let of = |role: Role| {
        let names = parts.iter().filter(|part| part.role == role && !part.names.is_empty());
        names.map(|part| part.names).collect::<Vec<_>>()
    };
    let (said, unsaid) = (of(Role::Writer), of(Role::Unsaid));
    if !said.is_empty() {
        // `All loans are made by WebBank` says something else.
        let named =
            |before: &str| looks_like_names(before) && (before.contains(' ') || !before.is_ascii());
        let alone = unsaid.iter().all(|before| is_genre(before) || named(before));
        return Some((said.join(", "), alone));
    }
    (!unsaid.is_empty()).then(|| (unsaid.join(", "), false))
}

/// Whether a line is made of credits alone, none of them a writer's: `责任编辑：张伟`.
pub(super) fn are_others(line: &str) -> bool {
    let parts = parts(line.trim_matches(['(', ')', '（', '）', '[', ']', '【', '】']));
    let short = |part: &Part<'_>| looks_like_names(part.names);
    parts.iter().any(|part| part.role == Role::Other)
        && parts.iter().all(|part| part.role == Role::Other && short(part) || part.names.is_empty())
}

fn parts(line: &str) -> Vec<Part<'_>> {
    let lower = lower_in_place(line);
    let (mut parts, mut role, mut from) = (Vec::new(), Role::Unsaid, 0);
    let mut at = 0;
    while at < line.len() {
        let starts = line.is_char_boundary(at) && starts_word(line, at);
        if let Some((next, end)) = starts.then(|| label(line, &lower, at)).flatten() {
            parts.push(Part { role, names: trimmed(&line[from..at]) });
            (role, from, at) = (next, end, end);
        } else {
            at += 1;
        }
    }
    parts.push(Part { role, names: trimmed(&line[from..]) });
    parts
}

fn trimmed(names: &str) -> &str {
    names.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ',' | ';'
                    | '|'
                    | '/'
                    | '–'
                    | '—'
                    | '-'
                    | '•'
                    | '·'
                    | '，'
                    | '、'
                    | '='
                    | ':'
                    | '&'
                    | '+'
            )
    })
}

fn starts_word(line: &str, at: usize) -> bool {
    let before = line[..at].chars().next_back();
    before.is_none_or(|c| {
        !c.is_alphanumeric() || is_east_asian(c) && line[at..].starts_with(is_east_asian)
    })
}

/// The longest label that begins at a place: its role, and where the names behind it begin.
fn label(line: &str, lower: &str, at: usize) -> Option<(Role, usize)> {
    let rest = &lower[at..];
    let labels = LABELS.get(&rest.chars().next()?)?;
    let fitting = labels.iter().filter_map(|label| {
        let end = line.len() - rest.strip_prefix(label.word)?.len();
        let alone = || behind_space(line, end).filter(|_| label.alone && may_stand(line, at, end));
        Some((label.word.len(), label.role, behind_sign(line, end).or_else(alone)?))
    });
    fitting.max_by_key(|found| found.0).map(|(_, role, end)| (role, end))
}

/// Where names begin behind the sign that follows a label.
fn behind_sign(line: &str, end: usize) -> Option<usize> {
    let rest = line[end..].trim_start();
    let sign = rest.chars().next().filter(|c| is_sign(*c))?;
    Some(line.len() - rest.len() + sign.len_utf8())
}

/// Where names begin behind the space that follows a label.
fn behind_space(line: &str, end: usize) -> Option<usize> {
    let space = line[end..].chars().next().filter(|c| matches!(c, ' ' | '\u{a0}'))?;
    let end = end + space.len_utf8();
    begins_name(&line[end..]).then_some(end)
}

fn is_sign(c: char) -> bool {
    matches!(c, ':' | '：' | '/' | '／' | '|' | '丨' | '｜' | '=')
}

/// Whether a word without a sign behind it may begin names: at the start of a line all do; further
/// on `von` and `de` are parts of names, unless what stands before is a kind of article.
fn may_stand(line: &str, at: usize, end: usize) -> bool {
    let word = line[at..end].trim();
    let before = line[..at].trim();
    before.is_empty() || word.eq_ignore_ascii_case("by") || word.contains(' ') || is_genre(before)
}

/// Whether what follows has the form of a name: a capital, or else that of a name as a whole, such
/// as in scripts without capitals.
fn begins_name(text: &str) -> bool {
    let text = text.trim_start();
    let name = &text[..text.find([',', ';', '|', '(', '،', '،']).unwrap_or(text.len())];
    let Some(first) = name.chars().next() else { return false };
    first.is_uppercase()
        || matches!(first, '«' | '"' | '“')
        || first.is_alphabetic() && looks_like_names(name)
}
