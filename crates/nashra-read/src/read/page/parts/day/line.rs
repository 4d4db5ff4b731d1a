//! The moments that one line of a page shows.

use std::ops::Range;

use chrono::{Datelike as _, NaiveDate};

use super::{
    Shown,
    label::{self, Role},
};
use crate::dates::{
    moment::{self, Moment},
    partial::{self, DateMatch},
};

/// The longest line that shows a day, in bytes.
const MAX_LINE: usize = 200;
/// Bytes at the start of a text that may be its dateline.
const MAX_DATELINE: usize = 80;
/// The most words before the day in a dateline.
const DATELINE_WORDS: usize = 4;
/// Bytes before and behind a day in which its time is looked for.
const MAX_LABEL: usize = 48;

/// The day that a short line names: the first, since that of a change follows it.
pub(in crate::read::page::parts) fn of_short_line(line: &str) -> Option<NaiveDate> {
    if line.len() > MAX_LINE {
        None
    } else {
        partial::find_all(line).iter().find_map(DateMatch::day)
    }
}

/// The day of a dateline: it stands in the first words of a text, and a bracket or a sign ends it.
pub(super) fn dateline(text: &str) -> Option<NaiveDate> {
    let start = &text[..text.floor_char_boundary(MAX_DATELINE)];
    let found = partial::find_all(start).into_iter().next()?;
    let day = found.day().filter(|day| plausible(*day))?;
    let (before, behind) = (&start[..found.range.start], start[found.range.end..].trim_start());
    let opened = before.ends_with(['(', '[', '（', '［']);
    let closed = behind.starts_with([')', ']', '）', '］']);
    let ended = behind.starts_with(['|', '–', '—', '-', '/', ':', '：']);
    let few = before.split_whitespace().count() <= DATELINE_WORDS
        && !before.contains(['.', '!', '?', ';', '。']);
    (few && if opened { closed } else { ended }).then_some(day)
}

/// The moments that a short line shows, with their roles; `before` is the line before it.
pub(super) fn of_line(line: &str, before: &str) -> Vec<Shown> {
    if line.len() > MAX_LINE {
        return Vec::new();
    }
    let days: Vec<(NaiveDate, Range<usize>)> = partial::find_all(line)
        .into_iter()
        .filter_map(|found| Some((found.day()?, found.range)))
        .filter(|found| plausible(found.0))
        .collect();
    let mut shown: Vec<Shown> = Vec::new();
    for (at, (day, range)) in days.iter().enumerate() {
        let left = &line[at.checked_sub(1).map_or(0, |at| days[at].1.end)..range.start];
        let right = &line[range.end..days.get(at + 1).map_or(line.len(), |next| next.1.start)];
        let before = if at == 0 { before } else { "" };
        let role = match (label::role(left, right, before), shown.last()) {
            // `3 to 5 May`: of a span neither day is one of publication.
            (Role::Bare, Some(last)) if last.role == Role::Other => Role::Other,
            (role, _) => role,
        };
        shown.push(
            timed(*day, left, right)
                .map_or_else(|| Shown::from_day(*day, role), |it| Shown::from_moment(it, role)),
        );
    }
    shown
}

/// A day with the time that stands behind or before it.
fn timed(day: NaiveDate, left: &str, right: &str) -> Option<Moment> {
    let right = &right[..right.floor_char_boundary(MAX_LABEL)];
    let left = &left[left.ceil_char_boundary(left.len().saturating_sub(MAX_LABEL))..];
    let read = |text: &str| {
        moment::parse(&format!("{day} {text}"), None).filter(|moment| !moment.assumed.time)
    };
    let behind = label::without_at(right);
    let ends = behind.char_indices().filter(|(_, c)| ends_word(*c)).map(|(at, _)| at);
    let mut ends: Vec<usize> = ends.chain(std::iter::once(behind.len())).collect();
    ends.reverse();
    let clocked = |text: &str| text.chars().any(char::is_numeric);
    ends.into_iter()
        .map(|end| behind[..end].trim_matches(|c: char| ends_word(c) && c != '+'))
        .filter(|text| clocked(text))
        .find_map(read)
        .or_else(|| {
            let clock = left.trim_end_matches(|c: char| {
                c.is_whitespace() || matches!(c, ',' | '|' | '-' | '–' | '·')
            });
            let begin = clock.rfind(char::is_whitespace).map_or(0, |at| at + 1);
            clock.get(begin..).filter(|clock| clock.contains([':', '.', 'h'])).and_then(read)
        })
}

fn ends_word(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, ',' | '|' | '·' | '•' | '(' | ')' | '[' | ']' | '/' | ';' | '-' | '–' | '—')
}

/// What stands behind the last day of a text.
pub(super) fn behind_last_day(text: &str) -> &str {
    let text = &text[text.ceil_char_boundary(text.len().saturating_sub(MAX_LINE))..];
    partial::find_last(text).map_or(text, |day| &text[day.range.end..])
}

/// Whether the web had articles on that day.
pub(super) fn plausible(day: NaiveDate) -> bool {
    (1993..2100).contains(&day.year())
}
