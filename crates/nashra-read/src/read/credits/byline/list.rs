//! The names of a list, without what people write beside them: jobs, degrees, papers, agencies.

use super::{WORDS, agency, is_of_page, is_organisation, looks_like_name};
use crate::{
    dates::{partial, words},
    text::{
        letters::{Letter, is_east_asian},
        lower,
    },
};

/// What follows a name and belongs to it.
const SUFFIXES: [&str; 8] = ["jr", "sr", "jnr", "snr", "ii", "iii", "iv", "esq"];
/// Words that lead to the paper for which somebody writes, to a task or to a source.
const FOR: [&str; 16] = [
    "for", "für", "pour", "para", "per", "voor", "för", "til", "dla", "для", "için", "special",
    "at", "als", "as", "via",
];
/// The most words of an agency's name.
const AGENCY_WORDS: usize = 4;

/// The most words of the label of a link.
const LINK_WORDS: usize = 6;

/// The names of a list in their order.
pub(super) fn names(line: &str) -> Vec<String> {
    let separators =
        [',', '،', '、', ';', '؛', '|', '/', '／', '•', '·', '+', '，', '&', '＆', '\t'];
    let mut names: Vec<String> = Vec::new();
    for part in line.split(separators) {
        let capitals = !part.chars().any(char::is_lowercase);
        let mut name = String::new();
        for word in part.split_whitespace() {
            let plain = lower(word);
            let joins = WORDS.and.contains(plain.as_ref())
                && (plain == word || capitals && plain.len() > 1)
                && !name.is_empty();
            if joins {
                add(&mut names, &std::mem::take(&mut name));
            } else if !word.contains('@') {
                // «سعيد وعلي» joins with its first letter; that cannot be told from a name.
                if !name.is_empty() {
                    name.push(' ');
                }
                name.push_str(word);
            }
        }
        add(&mut names, &name);
    }
    names
}

/// Adds what a part of a list names; a suffix goes on with the name before it.
fn add(names: &mut Vec<String>, part: &str) {
    let part =
        part.trim_matches([' ', ',', ':', '-', '–', '—', '(', ')', '[', ']', '【', '】', '\u{a0}']);
    let part = without_full_stop(part);
    let reports = part.ends_with("報導") || part.ends_with("报道");
    let part = of_link(of_reporter(part));
    if let Some(last) = names.last_mut()
        && is_suffix(part)
    {
        last.push_str(", ");
        last.push_str(part);
        return;
    }
    if names.last().is_some_and(|last| !is_organisation(last))
        && (is_degree(part) || is_title(part))
    {
        return;
    }
    let leads = part.split(' ').next().is_some_and(|word| FOR.contains(&lower(word).as_ref()));
    if !names.is_empty() && (leads && part.contains(' ') || reports) {
        return;
    }
    let (name, credited) = without_agency(part);
    let name = without_job(of_job(without_paper(name)));
    let name = without_small_words(without_degrees(name));
    let letters = || name.chars().map(Letter::from_char);
    let usable = letters().filter(|letter| letter.is_alphabetic()).count() >= 2
        && !letters().any(Letter::is_numeric)
        && !is_job(name)
        && !is_no_name(name)
        && !is_of_page(name);
    if usable {
        names.push(name.to_owned());
    }
    names.extend(credited.map(str::to_owned));
}

/// Without the full stop of a sentence; those of `Jr.` and of initials stay.
fn without_full_stop(part: &str) -> &str {
    let Some(rest) = part.strip_suffix('.') else { return part };
    let last = rest.rsplit([' ', '.', ',']).next().unwrap_or_default();
    if is_suffix(last) || last.chars().count() < 3 { part } else { rest }
}

fn is_suffix(text: &str) -> bool {
    SUFFIXES.contains(&lower(text.trim_end_matches('.')).as_ref())
}

fn is_degree(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| !matches!(c, '.' | ' ' | '-')).collect();
    !plain.is_empty() && WORDS.degrees.contains(lower(&plain).as_ref())
}

/// Whether a part behind a name says what somebody is: `Head of Research`.
fn is_title(text: &str) -> bool {
    let lower = lower(text);
    lower.split([' ', '-']).any(|word| WORDS.titles.contains(word)) || is_job(text)
}

pub(super) fn is_job(name: &str) -> bool {
    let lower = lower(name);
    let title = |part: &str| WORDS.titles.contains(part);
    let all = |part: &str| title(part) || WORDS.kinds.contains(part);
    lower.split(' ').any(|part| WORDS.jobs.contains(part))
        || lower.contains(' ') && lower.split(' ').any(title) && lower.split(' ').all(all)
}

/// Whether words are those of a page, and no name: `More Posts`, `No Comments`.
fn is_no_name(name: &str) -> bool {
    lower(name).split(' ').any(|word| WORDS.no_name.contains(word))
}

/// A name without an agency that follows it.
fn without_agency(part: &str) -> (&str, Option<&str>) {
    let spaces: Vec<usize> = part.match_indices(' ').map(|(at, _)| at).collect();
    let tails = spaces.iter().rev().take(AGENCY_WORDS);
    let mut found = tails.filter(|at| part[..**at].contains(' ')).filter(|at| {
        let tail = part[**at..].trim_start_matches([' ', '(', '/', '-', '–', '—']);
        let capitals = tail.len() > 1 && tail.bytes().all(|byte| byte.is_ascii_uppercase());
        agency::is_unambiguous(tail) || capitals && agency::in_credit(tail).is_some()
    });
    let Some(at) = found.next_back() else { return (part, None) };
    let name = part[..*at].trim_end_matches([' ', '(', '/', '-', '–', '—']);
    let whole = looks_like_name(name) && !is_organisation(name);
    if whole {
        (name, Some(part[*at..].trim_matches([' ', '(', ')', '/', '-'])))
    } else {
        (part, None)
    }
}

/// A name without the word for who reports: `홍길동 기자`, `本报记者 王小明`.
fn of_reporter(name: &str) -> &str {
    for word in &WORDS.after {
        if let Some(rest) = name.strip_suffix(word) {
            let rest = rest.trim_end_matches([' ', '=', '／', '/', '　', '·']);
            let rest = WORDS.colon.iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
            if !rest.trim().is_empty() {
                return rest.trim();
            }
        }
    }
    if name.contains(is_east_asian) {
        for word in ["记者", "記者", "기자 ", "通讯员", "特派员", "特派員"] {
            if let Some((_, rest)) = name.rsplit_once(word)
                && !rest.trim().is_empty()
            {
                return rest.trim();
            }
        }
    }
    name
}

/// A name without the paper or the task that follows it: `Ann Lee for The Daily`.
fn without_paper(name: &str) -> &str {
    let mut at = 0;
    for (count, word) in name.split(' ').enumerate() {
        let of_paper = matches!(word, "of" | "in" | "with")
            && name[at + word.len()..].starts_with(" the ")
            || word == "of" && name[at + word.len()..].starts_with(" The ");
        if count >= 2 && (FOR.contains(&word) || of_paper || word.eq_ignore_ascii_case("special")) {
            return name[..at].trim_end();
        }
        at += word.len() + 1;
    }
    name
}

/// A name without what a link to its page says before it: `Alles von Jana Wolf`.
fn of_link(name: &str) -> &str {
    let ends: Vec<usize> = name.match_indices(' ').map(|(at, _)| at).take(LINK_WORDS).collect();
    let label = |end: &&usize| WORDS.links.contains(lower(&name[..**end]).as_ref());
    let rest = ends.iter().rev().find(label).map(|end| name[*end..].trim_start());
    rest.filter(|rest| !rest.starts_with(char::is_lowercase)).unwrap_or(name)
}

/// A name without the job that stands before it: `Senior Reporter Ann Lee`.
fn of_job(name: &str) -> &str {
    let (mut rest, mut job) = (name, false);
    while let Some((word, behind)) = rest.split_once(' ') {
        let plain = lower(word);
        let last = plain.rsplit('-').next().unwrap_or_default();
        let is_job = WORDS.jobs.contains(last);
        if !is_job && (job || !WORDS.kinds.contains(plain.as_ref())) {
            break;
        }
        (rest, job) = (behind, job || is_job);
    }
    let named = || {
        rest.contains(' ')
            && looks_like_name(rest)
            && !is_organisation(rest)
            && rest.split(' ').all(|word| !WORDS.kinds.contains(lower(word).as_ref()))
    };
    if job && named() { rest } else { name }
}

/// A name without the job that follows it, with what tells more of the job.
fn without_job(name: &str) -> &str {
    let words: Vec<&str> = name.split(' ').collect();
    let says = |word: &str, of: &dyn Fn(&str) -> bool| {
        let plain = lower(word);
        of(plain.trim_matches([',', '.', '-']))
    };
    let job = |word: &str| says(word, &|plain| WORDS.jobs.contains(plain));
    let place = words.iter().position(|word| job(word)).filter(|place| *place >= 2);
    // `Ann Lee Content Marketing Coordinator`: a title at the end, and what tells more of it before.
    let titled = || {
        let title = |word: &str| says(word, &|plain| WORDS.titles.contains(plain));
        let more = |word: &str| title(word) || says(word, &|plain| WORDS.kinds.contains(plain));
        let last = words.len() - 1;
        (last > 2 && title(words[last]) && more(words[2])).then_some(last)
    };
    let Some(place) = place.or_else(titled) else { return name };
    let first = words[..place]
        .iter()
        .rposition(|word| !says(word, &|plain| WORDS.kinds.contains(plain)))
        .map_or(0, |last| last + 1);
    // `Jonas Ferrer Harbour Correspondent`: most names have two words.
    let end = if first == place && place > 2 { 2 } else { first.max(2) };
    // `Guardian staff reporter`, `Executive Content Editor`: no person is named.
    let kind = |word: &str| says(word, &|plain| WORDS.kinds.contains(plain));
    if words[..end].iter().any(|word| kind(word)) {
        return name;
    }
    let length = words[..end].iter().map(|word| word.len() + 1).sum::<usize>() - 1;
    name[..length].trim_end_matches([',', '-', '–', ' '])
}

/// A name without the degrees at its end.
fn without_degrees(mut name: &str) -> &str {
    while let Some((rest, last)) = name.rsplit_once(' ')
        && rest.contains(' ')
        && is_degree(last)
        && last.chars().skip(1).any(char::is_uppercase)
    {
        name = rest.trim_end();
    }
    name
}

/// A name without the small words of what was cut off behind it.
fn without_small_words(mut name: &str) -> &str {
    const SMALL: [&str; 10] =
        ["le", "in", "on", "at", "am", "the", "by", "last", "updated", "published"];
    while let Some((rest, last)) = name.rsplit_once(' ')
        && SMALL.contains(&lower(last).as_ref())
        && rest.starts_with(char::is_uppercase)
    {
        name = rest.trim_end();
    }
    name
}

/// A line without its days and times, and without the weekdays before them.
pub(super) fn without_days(line: &str) -> &str {
    let Some(day) = partial::find_all(line).into_iter().find(|found| found.day().is_some()) else {
        return without_weekday(line);
    };
    let before = without_weekday(trim_end(&line[..day.range.start]));
    if before.chars().filter(|c| c.is_alphabetic()).count() >= 2 && !before.ends_with([':', '：'])
    {
        return before;
    }
    // What stands before a day that comes first is its label.
    let behind = &line[day.range.end..];
    let clock = |c: char| !c.is_alphabetic() && !matches!(c, '(' | '（' | '«' | '"' | '“');
    let rest = behind.trim_start_matches(clock);
    if rest.chars().filter(|c| c.is_alphabetic()).count() >= 2 { without_days(rest) } else { line }
}

fn trim_end(text: &str) -> &str {
    text.trim_end_matches([' ', ',', '|', '-', '–', '—', '·', '•', '(', '/', ';'])
}

/// Without a weekday at the end that is no part of a name.
fn without_weekday(line: &str) -> &str {
    let Some((rest, last)) = line.trim_end().rsplit_once([' ', ',', '，']) else { return line };
    let apart = line[rest.len()..].starts_with([',', '，']) || rest.trim_end().contains(' ');
    let long = last.chars().count() >= 5 || !last.is_ascii();
    if apart && long && words::weekday(last).is_some() { trim_end(rest) } else { line }
}
