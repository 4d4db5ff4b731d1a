//! News agencies: finds those that a credit line or running text credits.
//!
//! The names are data (`agencies.txt`). An abbreviation is also a word, a company or a region: in
//! running text it counts only where the text credits it, in brackets, quotes, date lines and
//! beside words of attribution.

mod context;

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Match, MatchKind};

use crate::text::letters::is_unbounded;

static TABLE: LazyLock<Table> = LazyLock::new(load);

/// How certainly a name means an agency, from the least certain on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Certainty {
    /// It is also a word or a name of something else: an agency only in a credit.
    Bare,
    /// An agency where the text marks it as the origin.
    Marked,
    /// An agency wherever it is.
    Plain,
}

#[derive(Debug, Clone, Copy)]
struct Name {
    agency: &'static str,
    certainty: Certainty,
    /// Whether it sells pictures, also those of others.
    pictures: bool,
}

struct Table {
    finder: Option<AhoCorasick>,
    /// The names, in the order of the finder's patterns.
    names: Vec<Name>,
}

/// The agency that a credit line names: `رويترز-أرشيفية`, `Foto: dpa/Max Muster`. In `AFP via Getty
/// Images` and `Getty Images/AFP` it is AFP: who sells pictures gives way to who made them.
#[must_use]
pub fn in_credit(credit: &str) -> Option<&'static str> {
    let credit = head(credit, 400);
    let mut sold_by = None;
    for (found, name) in matches(credit) {
        if name.certainty == Certainty::Bare && !stands_alone(credit, &found) {
            continue;
        }
        if !name.pictures {
            return Some(name.agency);
        }
        sold_by = sold_by.or(Some(name.agency));
    }
    sold_by
}

/// Whether a credit line names an agency by more than an abbreviation or a common word.
#[must_use]
pub fn is_unambiguous(credit: &str) -> bool {
    matches(head(credit, 400)).any(|(_, name)| name.certainty > Certainty::Bare)
}

/// The agencies that running text credits, in the order of their first credit.
#[must_use]
pub fn credited_in(text: &str) -> Vec<&'static str> {
    let mut agencies: Vec<&'static str> = Vec::new();
    for (found, name) in matches(text) {
        if !name.pictures
            && !agencies.contains(&name.agency)
            && context::credited(text, &found, name.certainty)
        {
            agencies.push(name.agency);
        }
    }
    agencies
}

fn matches(text: &str) -> impl Iterator<Item = (Match, Name)> {
    let table = &*TABLE;
    let found = table.finder.iter().flat_map(move |finder| finder.find_iter(text));
    found
        .filter(|found| is_word(text, found))
        .filter_map(|found| Some((found, *table.names.get(found.pattern().as_usize())?)))
}

/// Whether a name begins and ends with its word. Scripts without spaces have no such bounds, Arabic
/// writes its shortest words on the next one («لرويترز»), and Cyrillic inflects.
fn is_word(text: &str, found: &Match) -> bool {
    let name = &text[found.range()];
    let (Some(first), Some(last)) = (name.chars().next(), name.chars().next_back()) else {
        return false;
    };
    if is_unbounded(first) && is_unbounded(last) {
        return true;
    }
    let mut before = text[..found.start()].chars().rev();
    let mut after = text[found.end()..].chars();
    let left = match before.next() {
        Some('@' | '#' | '_') => false,
        Some(c @ ('و' | 'ف' | 'ب' | 'ل' | 'ك')) => {
            arabic(first) && (!before.next().is_some_and(char::is_alphabetic) || c == 'ل')
        }
        Some(c) => !c.is_alphanumeric() || is_unbounded(c),
        None => true,
    };
    let right = match after.next() {
        Some(c) if cyrillic(last) && last.is_lowercase() && c.is_lowercase() => {
            !after.nth(1).is_some_and(char::is_alphabetic)
        }
        Some(c) => !c.is_alphanumeric() && !mark(c) && c != '_' || is_unbounded(c),
        None => true,
    };
    left && right
}

fn arabic(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{6ff}')
}

fn cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{4ff}')
}

/// Vowel signs, which go on with a word.
fn mark(c: char) -> bool {
    matches!(c, '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{981}'..='\u{983}' | '\u{9be}'..='\u{9cd}')
}

/// Whether an abbreviation in a credit is a part of its own, and no name: `PA` in `PA Wire`, not
/// `ANA` in `ANA LÓPEZ`.
fn stands_alone(credit: &str, found: &Match) -> bool {
    let apart = |c: char| !c.is_alphanumeric() && !matches!(c, ' ' | '-' | '.' | '\'' | '’');
    let (before, after) = (credit[..found.start()].trim_end(), credit[found.end()..].trim_start());
    if before.chars().next_back().is_none_or(apart)
        && after.chars().next().is_none_or(|c| apart(c) || c == '-')
    {
        return true;
    }
    let capitals = |word: Option<&str>| {
        word.is_some_and(|word| {
            word.chars().filter(|c| c.is_uppercase()).count() > 1
                && word.chars().all(|c| c.is_uppercase() || c == '.')
        })
    };
    let name = &credit[found.range()];
    name.bytes().all(|byte| byte.is_ascii_uppercase())
        && !capitals(before.split(' ').next_back())
        && !capitals(after.split(' ').next())
}

/// The start of a text, at most that many bytes.
fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// The end of a text, at most that many bytes.
fn tail(text: &str, bytes: usize) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(bytes))..]
}

fn load() -> Table {
    let (mut patterns, mut names) = (Vec::new(), Vec::new());
    for line in include_str!("agency/agencies.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let mut fields = line.split('|').map(str::trim);
        let agency = fields.next().unwrap_or_default();
        let (agency, pictures) =
            agency.strip_suffix(" *").map_or((agency, false), |rest| (rest, true));
        for (certainty, field) in
            [Certainty::Plain, Certainty::Marked, Certainty::Bare].into_iter().zip(fields)
        {
            for name in field.split(';').map(str::trim).filter(|name| !name.is_empty()) {
                patterns.push(name);
                names.push(Name { agency, certainty, pictures });
            }
        }
    }
    // The table is ours, and a test builds it: without a finder no agency is known.
    Table {
        finder: AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&patterns).ok(),
        names,
    }
}

#[cfg(test)]
mod tests;
