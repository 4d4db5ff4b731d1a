//! Dates in short texts such as captions and date lines: full (`2023-11-11`) or partial
//! (`2025-06`).
//!
//! Year, month and day may stand in any usual order, in any language of [`super::words`] and in any
//! digits. What could be read in two ways is left out: `3/4/2025` among Latin letters, a day
//! without a year, a year alone, numbers of the Islamic calendar. Persian and Buddhist years are
//! converted; a wrong date is worse than none.

mod tokens;

use std::ops::Range;

use chrono::NaiveDate;

use self::tokens::{Token, TokenKind};
use super::{
    jalali,
    words::{self, Calendar, Month, Unit},
};

/// The most bytes of a text that are searched: a caption is shorter.
const MAX_TEXT: usize = 4_000;
/// Tokens between the parts of a date: `5 من يونيو عام 2025` has one, `5th of June, 2025` two.
const MAX_BETWEEN: usize = 3;
/// Words that may stand between day, month and year.
const BETWEEN: [&str; 27] = [
    "de", "del", "the", "den", "st", "nd", "rd", "th", "er", "го", "г", "года", "р", "року", "من",
    "عام", "سنة", "لعام", "ه", "e", "ti", "m", "metų", "gada", "ภ", "พ", "ค",
];

/// A date in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateMatch {
    /// ISO 8601: `2023-11-11` or `2025-06`.
    pub iso: String,
    /// The bytes of the text that name it.
    pub range: Range<usize>,
}

impl DateMatch {
    /// The day, where the date is a full one.
    #[must_use]
    pub fn day(&self) -> Option<NaiveDate> {
        NaiveDate::parse_from_str(&self.iso, "%Y-%m-%d").ok()
    }
}

/// The dates of a text in their order.
#[must_use]
pub fn find_all(text: &str) -> Vec<DateMatch> {
    let text = &text[..text.floor_char_boundary(MAX_TEXT)];
    if !text.chars().any(|c| words::digit(c).is_some()) {
        return Vec::new();
    }
    let tokens = tokens::split(text);
    // Among letters that are not English ones, `3/4/2025` is the third of April.
    let day_first = text.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
    let ends_with_year = !text.chars().any(|c| matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'));
    let persian = text.chars().any(|c| matches!(c, '\u{600}'..='\u{6ff}'));
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let reader = Reader { tokens: &tokens, day_first, ends_with_year, persian };
        match reader.numeric(at).or_else(|| reader.counted(at)).or_else(|| reader.named(at)) {
            Some((iso, last)) => {
                found
                    .push(DateMatch { iso, range: tokens[at].range.start..tokens[last].range.end });
                at = last + 1;
            }
            None => at += 1,
        }
    }
    found
}

/// The last date of a text: a caption ends with the day on which its picture was taken.
#[must_use]
pub fn find_last(text: &str) -> Option<DateMatch> {
    find_all(text).pop()
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    day_first: bool,
    /// Whether dates may end with a year of two digits.
    ends_with_year: bool,
    /// Whether the text may be Persian, by its letters or digits.
    persian: bool,
}

/// A date in ISO 8601, and the index of its last token.
type ParsedDate = Option<(String, usize)>;

impl Reader<'_> {
    fn kind(&self, at: usize) -> Option<TokenKind<'_>> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// The value of a number and how many digits it has.
    fn number(&self, at: usize) -> Option<(u32, usize)> {
        match self.kind(at)? {
            TokenKind::Number(value, digits) => Some((value, digits)),
            _ => None,
        }
    }

    fn day(&self, at: usize) -> Option<u32> {
        self.number(at)
            .filter(|(value, digits)| *digits <= 2 && (1..=31).contains(value))
            .map(|number| number.0)
    }

    /// A year of the common calendar. Buddhist years are 543 ahead and meet none of it for
    /// centuries.
    fn year(&self, at: usize) -> Option<u32> {
        match self.number(at).filter(|(_, digits)| *digits == 4)?.0 {
            year @ 1800..=2199 => Some(year),
            year @ 2400..=2700 => Some(year - 543),
            _ => None,
        }
    }

    /// `۱۴۰۴/۱۲/۱۷` of the Persian calendar, whose years of our time end before 1420: those of the
    /// Islamic one are above it.
    fn solar_hijri(&self, at: usize, month: u32) -> Option<String> {
        let (year, _) = self
            .number(at)
            .filter(|(year, digits)| self.persian && *digits == 4 && (1300..1420).contains(year))?;
        let day = jalali::to_gregorian(year, month, self.day(at + 4)?)?;
        Some(day.format("%Y-%m-%d").to_string())
    }

    /// The year of `25.04.24`: only points stand between days, months and years, in this order but
    /// in East Asia.
    fn short_year(&self, at: usize, mark: char) -> Option<u32> {
        let all = [at, at + 2, at + 4]
            .iter()
            .all(|index| self.number(*index).is_some_and(|number| number.1 == 2));
        (mark == '.' && all && self.ends_with_year)
            .then(|| Some(2000 + self.number(at + 4)?.0))
            .flatten()
    }

    /// Numbers alone: `2023-11-11`, `11.11.2023`, `2025/06`, `06/2025`.
    fn numeric(&self, at: usize) -> ParsedDate {
        if at > 0
            && !self.tokens[at].apart
            && matches!(
                self.kind(at - 1),
                Some(TokenKind::Mark('/' | '.' | '-' | '+' | ':' | '_' | '#'))
            )
        {
            return None;
        }
        let TokenKind::Mark(mark @ ('-' | '/' | '.' | '‐' | '‑' | '–')) = self.kind(at + 1)?
        else {
            return None;
        };
        let whole =
            self.kind(at + 3) == Some(TokenKind::Mark(mark)) && self.number(at + 4).is_some();
        let last = if whole { at + 4 } else { at + 2 };
        let spaced = self.tokens.get(at + 1..=last)?.iter().any(|token| token.apart);
        if spaced && (mark != '.' || self.tokens[at + 1].apart) {
            return None;
        }
        let (first, second) = (self.number(at)?, self.number(at + 2)?);
        if whole {
            if let Some(year) = self.year(at) {
                return date(year, second.0, Some(self.day(at + 4)?)).map(|date| (date, at + 4));
            }
            if let Some(day) = self.solar_hijri(at, second.0) {
                return Some((day, at + 4));
            }
            let (year, a, b) = (
                self.year(at + 4).or_else(|| self.short_year(at, mark))?,
                self.day(at)?,
                self.day(at + 2)?,
            );
            let (day, month) = match (a, b) {
                _ if mark != '/' || a > 12 || a == b => (a, b),
                _ if b > 12 => (b, a),
                _ if self.day_first => (a, b),
                _ => return None,
            };
            return date(year, month, Some(day)).map(|date| (date, at + 4));
        }
        if spaced || second.1 > 4 || matches!(self.kind(at + 3), Some(TokenKind::Mark('/' | '-'))) {
            return None;
        }
        match (self.year(at), self.year(at + 2)) {
            // `2011/12` and `2011-12` are a season.
            (Some(year), None) if second.1 == 2 && mark != '.' && second.0 != (year + 1) % 100 => {
                date(year, second.0, None)
            }
            (None, Some(year)) if first.1 == 2 && mark != '-' => date(year, first.0, None),
            _ => None,
        }
        .map(|date| (date, at + 2))
    }

    /// Numbers that are written with their units: `2026年2月10日`, `令和7年6月`, `2026년 2월 10일`, `ngày 5
    /// tháng 6 năm 2025`.
    fn counted(&self, at: usize) -> ParsedDate {
        if self.kind(at)? == TokenKind::Unit(Unit::Day) {
            let (day, month) = (
                self.day(at + 1)?,
                self.day(at + 3)
                    .filter(|_| self.kind(at + 2) == Some(TokenKind::Unit(Unit::Month)))?,
            );
            let year = if matches!(
                self.kind(at + 4)?,
                TokenKind::Unit(Unit::Year) | TokenKind::Mark('/' | ',')
            ) {
                at + 5
            } else {
                at + 4
            };
            return date(self.year(year)?, month, Some(day)).map(|date| (date, year));
        }
        if self.kind(at)? == TokenKind::Unit(Unit::Month) {
            let year = if matches!(
                self.kind(at + 2)?,
                TokenKind::Unit(Unit::Year) | TokenKind::Mark('/' | '-')
            ) {
                at + 3
            } else {
                at + 2
            };
            return date(self.year(year)?, self.day(at + 1)?, None).map(|date| (date, year));
        }
        let (year, from) = match self.kind(at)? {
            TokenKind::Era(years) if years > 0 => {
                (self.number(at + 1).filter(|number| number.1 <= 3)?.0 + years, at + 2)
            }
            _ => (self.year(at)?, at + 1),
        };
        let unit = |at: usize, unit: Unit| self.kind(at) == Some(TokenKind::Unit(unit));
        if !unit(from, Unit::Year) || !unit(from + 2, Unit::Month) {
            return None;
        }
        let month = self.day(from + 1)?;
        match self.day(from + 3).filter(|_| unit(from + 4, Unit::Day)) {
            Some(day) => date(year, month, Some(day)).map(|date| (date, from + 4)),
            None => date(year, month, None).map(|date| (date, from + 2)),
        }
    }

    /// Dates with the name of a month: `11 نوفمبر 2023`, `Nov. 11, 2023`, `juin 2025`, `2025.
    /// június 5.`
    fn named(&self, at: usize) -> ParsedDate {
        if let Some(day) = self.day(at) {
            let month =
                self.next(at, |index| matches!(self.kind(index), Some(TokenKind::Month(_))))?;
            let (month, after) = self.month(month)?;
            let year = self.next(after, |index| self.number(index).is_some())?;
            let range = at >= 2
                && matches!(self.kind(at - 1), Some(TokenKind::Mark('-' | '–')))
                && self.day(at - 2).is_some();
            return self
                .dated(month, year, Some(day).filter(|_| !range))
                .map(|dated| (dated, year));
        }
        if let Some(TokenKind::Month(_)) = self.kind(at) {
            let (month, after) = self.month(at)?;
            let next = self.next(after, |index| self.number(index).is_some())?;
            if let Some(day) = self.day(next) {
                let mut last = next;
                // `June 10-12, 2025`: of the month.
                let range = matches!(self.kind(next + 1), Some(TokenKind::Mark('-' | '–')))
                    && self.day(next + 2).is_some();
                if range {
                    last = next + 2;
                }
                let year = self.next(last, |index| self.number(index).is_some())?;
                return self
                    .dated(month, year, Some(day).filter(|_| !range))
                    .map(|dated| (dated, year));
            }
            return self.dated(month, next, None).map(|dated| (dated, next));
        }
        self.year(at)?;
        let month = self.next(at, |index| matches!(self.kind(index), Some(TokenKind::Month(_))))?;
        let (month, after) = self.month(month)?;
        match self
            .next(after, |index| self.number(index).is_some())
            .filter(|index| self.day(*index).is_some())
        {
            Some(day) => self.dated(month, at, self.day(day)).map(|dated| (dated, day)),
            // `in 2023 May said`: a month after its year needs its day.
            None => None,
        }
    }

    /// The month, and the index of its last token: `حزيران/يونيو` names it twice.
    fn month(&self, at: usize) -> Option<(Month, usize)> {
        let TokenKind::Month(month) = self.kind(at)? else { return None };
        let twice = matches!(self.kind(at + 1), Some(TokenKind::Mark('/' | '(')))
            && self.kind(at + 2) == Some(TokenKind::Month(month));
        let closed = twice && self.kind(at + 3) == Some(TokenKind::Mark(')'));
        Some((
            month,
            at + if closed {
                3
            } else if twice {
                2
            } else {
                0
            },
        ))
    }

    /// The next token of a kind, over what may stand between the parts of a date.
    fn next(&self, at: usize, wanted: impl Fn(usize) -> bool) -> Option<usize> {
        for index in at + 1..=at + 1 + MAX_BETWEEN {
            if wanted(index) {
                return Some(index);
            }
            let between = match self.kind(index)? {
                TokenKind::Mark(mark) => {
                    matches!(mark, ',' | '.' | '-' | '/' | '،' | 'º' | 'ª' | '’' | '\'' | '‑')
                }
                // `10 out of 2025` is not October.
                TokenKind::Word("of") => !matches!(self.kind(index - 1), Some(TokenKind::Month(_))),
                TokenKind::Word(word) => BETWEEN.contains(&word.to_lowercase().as_str()),
                TokenKind::Era(0) => true,
                _ => false,
            };
            if !between {
                return None;
            }
        }
        None
    }

    /// A date by its named month: the calendar is the month's.
    fn dated(&self, month: Month, year: usize, day: Option<u32>) -> Option<String> {
        match month.calendar {
            Calendar::Gregorian => date(self.year(year)?, month.number.into(), day),
            Calendar::Jalali => {
                let year = self
                    .number(year)
                    .map(|number| number.0)
                    .filter(|year| (1200..1500).contains(year))?;
                Some(
                    jalali::to_gregorian(year, month.number.into(), day?)?
                        .format("%Y-%m-%d")
                        .to_string(),
                )
            }
            Calendar::Hijri => None,
        }
    }
}

/// The date in ISO 8601, without a day where `day` is `None`.
fn date(year: u32, month: u32, day: Option<u32>) -> Option<String> {
    let first = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day.unwrap_or(1))?;
    Some(first.format(if day.is_some() { "%Y-%m-%d" } else { "%Y-%m" }).to_string())
}

#[cfg(test)]
mod tests;
