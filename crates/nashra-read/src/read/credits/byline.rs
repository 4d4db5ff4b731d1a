//! Parses bylines into writers: `By Ann Lee in Kyiv`, `سعيد عبد الرازق (أنقرة)`, `文／王小明`, lists of
//! names.

use std::{collections::HashSet, sync::LazyLock};

use super::agency;
use crate::{
    dates::partial,
    model::record::{Byline, BylineKind},
    text::{collapse, letters::Letter, lower, lower_in_place},
};

/// The longest byline, in characters; a longer line is a sentence.
const MAX_LINE: usize = 160;
/// The most writers of one line.
const MAX_NAMES: usize = 12;

static WORDS: LazyLock<Words> = LazyLock::new(|| Words {
    before: words("before: ").collect(),
    colon: words("colon: ").collect(),
    after: words("after: ").collect(),
    places: words("in: ").collect(),
    and: words("and: ").collect(),
    newsroom: words("newsroom: ").collect(),
    jobs: words("job: ").collect(),
});

struct Words {
    before: Vec<&'static str>,
    colon: Vec<&'static str>,
    after: Vec<&'static str>,
    places: Vec<&'static str>,
    and: HashSet<&'static str>,
    newsroom: HashSet<&'static str>,
    jobs: HashSet<&'static str>,
}

fn words(kind: &'static str) -> impl Iterator<Item = &'static str> {
    include_str!("byline/words.txt")
        .lines()
        .filter_map(move |line| line.strip_prefix(kind))
        .flat_map(|words| words.split("; "))
}

/// The writers of a line that is known to be a byline.
#[must_use]
pub fn parse(line: &str) -> Vec<Byline> {
    let line = collapse(line);
    let line = &line[..line.floor_char_boundary(4 * MAX_LINE)];
    let who = strip_label(line).unwrap_or(line);
    let (who, place) = place(who);
    let mut names = list(who);
    // `Ann Lee, Kyiv`: a single word behind names is where they are.
    let last = names
        .last()
        .filter(|name| {
            names.len() > 1 && place.is_none() && who.contains([',', '،']) && is_single(name)
        })
        .cloned();
    names.truncate(names.len() - usize::from(last.is_some()));
    let place = place.or(last.as_deref());
    names
        .into_iter()
        .take(MAX_NAMES)
        .map(|name| Byline {
            kind: kind(&name),
            place: place.map(str::to_owned),
            name: bare(&name),
        })
        .collect()
}

/// Whether a line says of itself that it is a byline, by a word or by its form; `Ann Lee` alone
/// does not.
#[must_use]
pub fn is_byline(line: &str) -> bool {
    let line = line.trim();
    if line.chars().count() > MAX_LINE {
        return false;
    }
    let (rest, said) = match strip_label(line) {
        Some(rest) => (rest, true),
        None => (line, false),
    };
    let (who, place) = place(rest);
    let names = list(who);
    !names.is_empty()
        && names.iter().all(|name| looks_like_name(name))
        && (said || place.is_some() && rest.ends_with([')', '）']))
        || names_and_day(rest)
}

/// `Ann Lee | 5 April 2025`: names of persons, a sign, and a day.
fn names_and_day(line: &str) -> bool {
    let Some((names, day)) = line.split_once(['|', '•', '·', '–', '—']) else {
        return false;
    };
    let person = |name: &String| name.contains(' ') && looks_like_name(name);
    let names = list(names);
    !names.is_empty()
        && names.iter().all(person)
        && partial::find_last(day).is_some_and(|date| date.day().is_some())
}

/// Whether a text has the form of a person's or a newsroom's name: few words, all written as names
/// are.
#[must_use]
pub fn looks_like_name(text: &str) -> bool {
    let text = text.trim_matches(['«', '»', '"', '“', '”']);
    let words: Vec<&str> = text.split(' ').collect();
    let cased = text.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    let spaced = !text.chars().any(cjk);
    let particle = |word: &str| {
        matches!(
            word,
            "de" | "von"
                | "van"
                | "der"
                | "den"
                | "di"
                | "da"
                | "dos"
                | "del"
                | "la"
                | "el"
                | "al"
                | "bin"
                | "ter"
                | "le"
                | "du"
                | "of"
                | "zu"
                | "ben"
                | "y"
        )
    };
    let all_names = || {
        words.iter().all(|word| {
            word.starts_with(|c: char| !c.is_lowercase())
                || particle(word)
                || word.starts_with("al-")
                || word.starts_with("el-")
        })
    };
    let plain = |c: char| {
        c.is_alphabetic()
            || matches!(c, ' ' | '-' | '.' | '\'' | '’' | '‘' | 'ʼ' | '·' | '・' | '\u{200c}')
            || mark(c)
    };
    let most = if spaced { 5 } else { 2 };
    (2..=48).contains(&text.chars().count())
        && words.len() <= most
        && text.chars().all(plain)
        && !text.ends_with(['.', ' '])
        && (!cased || all_names())
        && (spaced || text.chars().count() <= 12)
}

/// Whether a name is nobody's in particular: `Redaktion`, `admin`, the name of an account
/// (`annlee7`) or of a company.
#[must_use]
pub fn is_nobody(name: &str) -> bool {
    let lower = name.to_lowercase();
    let account = lower == name && name.is_ascii() && !name.contains(' ');
    let company = || {
        lower.split([' ', '.']).any(|part| matches!(part, "gmbh" | "inc" | "ltd" | "llc"))
            || lower.ends_with("e.v.")
    };
    let word = |text: &str| {
        WORDS.newsroom.contains(text) || WORDS.jobs.contains(text) || text.starts_with("admin")
    };
    account || lower.split([' ', '-']).all(word) || company()
}

fn mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{981}'..='\u{983}' | '\u{9bc}'..='\u{9cd}' | '\u{e31}'..='\u{e4e}')
}

fn cjk(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// The rest of a line behind `By`, `Von`, `بقلم` or `文／`, or before `기자`; `None` without one.
fn strip_label(line: &str) -> Option<&str> {
    let lower = lower_in_place(line);
    let colon = WORDS.colon.iter().filter_map(|word| {
        let rest = lower.strip_prefix(word)?.trim_start();
        let sign = rest
            .chars()
            .next()
            .filter(|c| matches!(c, ':' | '：' | '/' | '／' | '|' | '丨' | '｜' | '='))?;
        Some(line[line.len() - rest.len() + sign.len_utf8()..].trim())
    });
    let before = WORDS.before.iter().filter_map(|word| {
        let rest = lower.strip_prefix(word)?;
        let rest = rest.strip_prefix([' ', '\u{a0}'])?;
        let name = line[line.len() - rest.len()..].trim();
        // A sentence may begin with `By` or `من`; a name goes on in capitals, where there are any.
        looks_like_names(name).then_some(name)
    });
    let after = WORDS.after.iter().filter_map(|word| {
        let name = line[..line.len() - (line.len() - lower.strip_suffix(word)?.len())]
            .trim_end_matches([' ', '=', '／', '/', '　']);
        let name =
            WORDS.colon.iter().find_map(|word| name.strip_prefix(word)).unwrap_or(name).trim();
        (looks_like_names(name) && name.chars().count() <= 40).then_some(name)
    });
    colon
        .chain(before)
        .chain(after)
        .filter(|names| !names.is_empty())
        .min_by_key(|names| names.len())
}

fn looks_like_names(text: &str) -> bool {
    let (who, _) = place(text);
    let names = list(who);
    !names.is_empty() && names.iter().all(|name| looks_like_name(name) || is_organisation(name))
}

/// The names without their place, and the place: in a bracket, behind `in`, or before a colon.
fn place(line: &str) -> (&str, Option<&str>) {
    let closed = line
        .strip_suffix([')', '）', ']', '］'])
        .and_then(|rest| rest.rsplit_once(['(', '（', '[', '［']));
    if let Some((names, place)) = closed.map(|(names, place)| (names.trim_end(), place.trim())) {
        let is_place =
            !names.is_empty() && looks_like_name(place) && agency::in_credit(place).is_none();
        return (names, Some(place).filter(|_| is_place));
    }
    for sign in [": ", "： ", " / ", "／"] {
        if let Some((place, names)) = line.split_once(sign)
            && looks_like_name(place)
            && place.split(' ').count() <= 3
            && !names.is_empty()
            && sign == ": "
        {
            return (names, Some(place));
        }
    }
    // A search for each would take its time, and most lines have none of them.
    let found: Vec<&str> = line.split(' ').filter(|part| WORDS.places.contains(part)).collect();
    for word in WORDS.places.iter().filter(|word| found.contains(word)) {
        let Some((names, place)) = line.rsplit_once(&format!(" {word} ")) else { continue };
        let cased = place.starts_with(char::is_uppercase);
        // `Maria de Souza` is a name, and `سعيد من ...` needs a place of few words.
        let apart =
            names.split(' ').count() >= 2 && !matches!(*word, "de" | "da" | "di" | "a" | "e" | "i");
        if cased && apart && looks_like_name(place) && place.split(' ').count() <= 3 {
            return (names.trim_end_matches([',', ' ']), Some(place));
        }
    }
    (line, None)
}

/// The names of a list, without jobs, addresses and dates.
fn list(line: &str) -> Vec<String> {
    let mut names = Vec::new();
    for part in line.split([',', '،', '、', ';', '؛', '|', '/', '／', '•', '·', '+', '，'])
    {
        let mut name = String::new();
        for word in part.split_whitespace() {
            if WORDS.and.contains(lower(word).as_ref()) && !name.is_empty() && !is_initial(word) {
                names.push(std::mem::take(&mut name));
            } else if !word.contains('@') {
                // «سعيد وعلي» joins with its first letter; that cannot be told from a name.
                if !name.is_empty() {
                    name.push(' ');
                }
                name.push_str(word);
            }
        }
        names.push(name);
    }
    names.retain(|name| {
        let letters = || name.chars().map(Letter::from_char);
        letters().filter(|letter| letter.is_alphabetic()).count() >= 2
            && !letters().any(Letter::is_numeric)
            && !is_job(name)
    });
    names
}

fn is_single(name: &str) -> bool {
    !name.contains(' ') && looks_like_name(name) && !is_organisation(name)
        || name.chars().all(char::is_uppercase)
}

fn is_initial(word: &str) -> bool {
    word.chars().count() == 1 && word.starts_with(char::is_uppercase)
}

fn is_job(name: &str) -> bool {
    lower(name).split(' ').any(|part| WORDS.jobs.contains(part))
}

fn is_organisation(name: &str) -> bool {
    let quoted =
        name.starts_with(['«', '"', '“', '„', '「']) && name.ends_with(['»', '"', '”', '“', '」']);
    let lower = name.to_lowercase();
    let words = || lower.split([' ', '-', '.']).map(|part| part.trim_matches(['«', '»', '"']));
    quoted
        || words().any(|word| WORDS.newsroom.contains(word))
        || agency::in_credit(name).is_some()
        || name.chars().any(cjk) && WORDS.newsroom.iter().any(|newsroom| newsroom.starts_with(cjk) && name.ends_with(newsroom))
        // `BBC`, `NTV`: capitals alone.
        || !name.contains(' ') && name.len() >= 2 && name.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn kind(name: &str) -> BylineKind {
    if is_organisation(name) { BylineKind::Organisation } else { BylineKind::Person }
}

/// The name without blanks and stray marks; its quotes are a part of it.
fn bare(name: &str) -> String {
    name.trim_matches([' ', ',', ':', '-', '–', '—']).to_owned()
}

#[cfg(test)]
mod tests;
