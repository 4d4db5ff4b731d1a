//! Parses bylines into writers: `By Ann Lee in Kyiv`, `سعيد عبد الرازق (أنقرة)`, `文／王小明`, lists of
//! names.

mod list;
mod roles;

use std::sync::LazyLock;

use hashbrown::HashSet;

use super::agency;
use crate::{
    dates::partial,
    model::record::{Byline, BylineKind},
    text::{collapse, letters::is_east_asian, listed},
};

/// The longest byline, in characters; a longer line is a sentence.
const MAX_LINE: usize = 160;
/// The most writers of one line.
const MAX_NAMES: usize = 12;

static WORDS: LazyLock<Words> = LazyLock::new(|| Words {
    colon: words("colon").collect(),
    after: words("after").collect(),
    places: words("in").collect(),
    and: words("and").collect(),
    newsroom: words("newsroom").collect(),
    jobs: words("job").collect(),
    titles: words("title").collect(),
    kinds: words("kind").collect(),
    degrees: words("degree").collect(),
    genres: words("genre").collect(),
    no_name: words("no name").collect(),
    links: words("link").collect(),
    sections: words("section").collect(),
});

struct Words {
    colon: Vec<&'static str>,
    after: Vec<&'static str>,
    places: Vec<&'static str>,
    and: HashSet<&'static str>,
    newsroom: HashSet<&'static str>,
    jobs: HashSet<&'static str>,
    titles: HashSet<&'static str>,
    kinds: HashSet<&'static str>,
    degrees: HashSet<&'static str>,
    genres: HashSet<&'static str>,
    no_name: HashSet<&'static str>,
    links: HashSet<&'static str>,
    sections: HashSet<&'static str>,
}

fn words(kind: &'static str) -> impl Iterator<Item = &'static str> {
    listed(include_str!("byline/words.txt"), kind)
}

/// The writers of a line that is known to be a byline.
#[must_use]
pub fn parse(line: &str) -> Vec<Byline> {
    let line = collapse(line);
    let line = list::without_days(&line[..line.floor_char_boundary(4 * MAX_LINE)]);
    let Some((who, _)) = roles::writers(line) else { return Vec::new() };
    let (who, place) = place(&who);
    let mut names = list::names(who);
    // `Ann Lee, Kyiv`: a single word behind names is where they are.
    let last = names
        .last()
        .filter(|name| {
            names.len() > 1
                && place.is_none()
                && who.contains([',', '،'])
                && is_single(name)
                && !name.contains(is_east_asian)
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
    let whole = line;
    let line = list::without_days(line);
    let Some((who, labelled)) = roles::writers(line) else { return false };
    let reported =
        || WORDS.after.iter().any(|word| line.ends_with(word) && line.len() > word.len());
    let (names, place) = place(&who);
    let said = labelled || reported() || place.is_some() && line.ends_with([')', '）']);
    let names = list::names(names);
    !names.is_empty()
        && said
        && names.iter().all(|name| looks_like_name(name) || labelled && is_organisation(name))
        || names_and_day(whole)
}

/// The writer that a report in Korean names at its start: `(서울=연합뉴스) 홍길동 기자 = …`.
#[must_use]
pub fn of_lead(text: &str) -> Vec<Byline> {
    let start = &text[..text.floor_char_boundary(MAX_LINE)];
    let Some((before, _)) = start.split_once(['=', '＝']).and_then(|(before, rest)| {
        // The place and the agency are joined by the same sign.
        let bracket = before.trim_start().starts_with(['(', '[', '（', '［']);
        let rest = if bracket { rest.split_once([')', ']', '）', '］'])?.1 } else { start };
        rest.split_once(['=', '＝']).map(|(names, rest)| (names.trim(), rest))
    }) else {
        return Vec::new();
    };
    let reported = ["기자", "특파원"].iter().any(|word| before.ends_with(word));
    let found = if reported { parse(&before.replace("기자·", "기자、")) } else { Vec::new() };
    found.into_iter().filter(|byline| looks_like_name(&byline.name)).collect()
}

/// The writers in the bracket at the end of a text in Chinese or Japanese: `（记者 王小明 编辑 李芳）`.
#[must_use]
pub fn of_end(text: &str) -> Vec<Byline> {
    let inner = text
        .trim_end()
        .strip_suffix(['）', ')'])
        .and_then(|rest| rest.rsplit_once(['（', '(']))
        .map(|(_, inner)| inner.trim())
        .filter(|inner| inner.chars().count() <= 40);
    let Some(names) = inner.and_then(|inner| {
        let rest =
            ["记者", "記者", "作者", "文"].iter().find_map(|word| inner.strip_prefix(word))?;
        let end = ["编辑", "編輯", "摄影", "攝影", "责编"]
            .iter()
            .filter_map(|word| rest.find(word))
            .min();
        Some(&rest[..end.unwrap_or(rest.len())])
    }) else {
        return Vec::new();
    };
    let found = parse(&names.split_whitespace().collect::<Vec<_>>().join("、"));
    found.into_iter().filter(|byline| looks_like_name(&byline.name)).collect()
}

/// The editor that a line in Chinese names: `责任编辑：张伟`.
#[must_use]
pub fn of_editor(line: &str) -> Vec<Byline> {
    let named = ["责任编辑", "責任編輯", "编辑", "編輯"].iter().find_map(|word| {
        line.trim_start_matches(['(', '（', '[', '【', ' '])
            .strip_prefix(word)?
            .trim_start()
            .strip_prefix(['：', ':'])
    });
    let found = named
        .map(|names| parse(names.trim_end_matches([')', '）', ']', '】'])))
        .unwrap_or_default();
    found.into_iter().filter(|byline| looks_like_name(&byline.name)).collect()
}

/// Whether a line is made of credits alone, none of them a writer's.
#[must_use]
pub fn is_of_others(line: &str) -> bool {
    line.chars().count() <= MAX_LINE && roles::are_others(line)
}

/// `Ann Lee | 5 April 2025`: names of persons, a sign, and a day.
fn names_and_day(line: &str) -> bool {
    let Some((names, day)) = line.split_once(['|', '•', '·', '–', '—']) else {
        return false;
    };
    let person = |name: &String| name.contains(' ') && looks_like_name(name);
    let names = list::names(names);
    !names.is_empty()
        && names.iter().all(person)
        && partial::find_last(day).is_some_and(|date| date.day().is_some())
}

/// Whether a text has the form of a person's or a newsroom's name: few words, all written as names
/// are.
#[must_use]
pub fn looks_like_name(text: &str) -> bool {
    let text = text.trim_matches(['«', '»', '"', '“', '”']);
    // `Martin Hale, Jr.`
    let suffix = ["Jr.", "Sr.", "Jr", "Sr", "II", "III", "IV"]
        .iter()
        .find_map(|suffix| text.strip_suffix(suffix)?.strip_suffix(' '));
    let text = suffix.map_or(text, |rest| rest.trim_end_matches(','));
    let words: Vec<&str> = text.split(' ').collect();
    let cased = text.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    let spaced = !text.chars().any(is_east_asian);
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

/// Whether words are those of a page, and nobody's name: a section, such as `Nachrichten`, or the
/// label of a link, such as `More information`.
#[must_use]
pub fn is_of_page(text: &str) -> bool {
    let lower = text.to_lowercase();
    let plain = lower.trim_matches(|c: char| !c.is_alphanumeric() && !mark(c));
    WORDS.sections.contains(plain)
        || WORDS.links.contains(plain)
        || !plain.is_empty() && plain.split(' ').all(|word| WORDS.no_name.contains(word))
}

fn mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{981}'..='\u{983}' | '\u{9bc}'..='\u{9cd}' | '\u{e31}'..='\u{e4e}')
}

fn looks_like_names(text: &str) -> bool {
    let (who, _) = place(text);
    let names = list::names(who);
    !names.is_empty() && names.iter().all(|name| looks_like_name(name) || is_organisation(name))
}

/// Whether words name a kind of article: `Eine Analyse`, `Opinion`.
fn is_genre(text: &str) -> bool {
    let plain = text.to_lowercase();
    plain.split([' ', '-']).all(|word| WORDS.genres.contains(word.trim_matches([':', ',', '|'])))
}

/// The names without their place, and the place: in a bracket, behind `in`, or before a colon.
fn place(line: &str) -> (&str, Option<&str>) {
    let closed = line
        .strip_suffix([')', '）', ']', '］'])
        .and_then(|rest| rest.rsplit_once(['(', '（', '[', '［']));
    if let Some((names, place)) = closed.map(|(names, place)| (names.trim_end(), place.trim())) {
        return (names, Some(place).filter(|place| !names.is_empty() && is_place(place)));
    }
    // `سامي الحداد - الميناء`: a name and where it is, or for whom.
    for sign in [" - ", " – ", " — "] {
        if let Some((first, second)) = line.split_once(sign) {
            let (first, second) = (first.trim(), second.trim());
            let one = |text: &str| !text.contains(' ');
            if one(first) && !one(second) && is_place(first) {
                return (second, Some(first));
            }
            if !first.is_empty() && !is_organisation(first) {
                return (first, Some(second).filter(|second| one(second) && is_place(second)));
            }
        }
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
        // Dutch joins names with the word that Spanish has before places.
        let apart = apart && (!matches!(*word, "en" | "ve") || !place.contains(' '));
        if cased && apart && looks_like_name(place) && place.split(' ').count() <= 3 {
            return (names.trim_end_matches([',', ' ']), Some(place));
        }
    }
    (line, None)
}

/// Whether a text may be the name of a place: no job, no agency, no paper.
fn is_place(text: &str) -> bool {
    let lower = text.to_lowercase();
    let said = |word: &str| {
        WORDS.titles.contains(word) || WORDS.kinds.contains(word) || WORDS.degrees.contains(word)
    };
    looks_like_name(text)
        && text.split(' ').count() <= 3
        && agency::in_credit(text).is_none()
        && !list::is_job(text)
        && !lower.split([' ', '-']).any(said)
        && !is_organisation_by_word(&lower)
        && crate::dates::words::weekday(text).is_none()
}

fn is_single(name: &str) -> bool {
    !name.contains(' ') && looks_like_name(name) && !is_organisation(name)
        || name.chars().all(char::is_uppercase) && agency::in_credit(name).is_none()
}

fn is_organisation(name: &str) -> bool {
    let quoted =
        name.starts_with(['«', '"', '“', '„', '「']) && name.ends_with(['»', '"', '”', '“', '」']);
    quoted
        || is_organisation_by_word(&name.to_lowercase())
        || agency::in_credit(name).is_some()
        || name.chars().any(is_east_asian) && WORDS.newsroom.iter().any(|newsroom| newsroom.starts_with(is_east_asian) && name.ends_with(newsroom))
        // `BBC`, `NTV`: capitals alone.
        || !name.contains(' ') && name.len() >= 2 && name.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_organisation_by_word(lower: &str) -> bool {
    let mut words = lower.split([' ', '-', '.']).map(|part| part.trim_matches(['«', '»', '"']));
    words.any(|word| WORDS.newsroom.contains(word))
}

fn kind(name: &str) -> BylineKind {
    if is_organisation(name) { BylineKind::Organisation } else { BylineKind::Person }
}

/// The name without blanks and stray marks; its quotes are a part of it.
fn bare(name: &str) -> String {
    name.trim_matches([' ', ',', ':', '-', '–', '—', '　']).to_owned()
}

#[cfg(test)]
mod tests;
