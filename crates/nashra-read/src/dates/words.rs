//! The words of calendars in some eighty languages: names of months and weekdays, units, and the
//! digits of all scripts.
//!
//! The names are data (`words.txt`); this is the lookup. Months of the Persian and Islamic
//! calendars are told apart from Gregorian ones, so that nobody takes the one for the other.

mod cut;

use std::{borrow::Cow, sync::LazyLock};

use hashbrown::HashMap;

use chrono::Weekday;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

pub use cut::{OwnMonths, cut_month_at, own_months};

/// Words of the longest name, `tháng mười một`.
const MAX_PIECES: usize = 3;
/// Characters of the longest name.
const MAX_NAME: usize = 24;
/// Where the decimal digits of each script begin (Unicode category Nd; the ten follow one another).
const ZEROS: [u32; 38] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66,
    0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
    0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x1e950,
];

static NAMES: LazyLock<HashMap<String, Meaning>> = LazyLock::new(load);

/// A calendar with months of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calendar {
    /// The common calendar.
    Gregorian,
    /// Persian (Solar Hijri), from Farvardin.
    Jalali,
    /// Islamic (lunar), from Muharram.
    Hijri,
}

/// A month of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// The calendar that the month belongs to.
    pub calendar: Calendar,
    /// From 1 to 12.
    pub number: u8,
}

/// What counts years, months or days after (or, in Vietnamese, before) a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Counts years: 年, 년, năm.
    Year,
    /// Counts months: 月, 월, tháng.
    Month,
    /// Counts days: 日, 号, 일, ngày.
    Day,
}

#[derive(Debug, Clone, Copy, Default)]
struct Meaning {
    month: Option<Month>,
    /// `mar` is a month in Spanish, and a day as well.
    day: Option<Weekday>,
}

/// The month that a word names: `Sept.`, `تموز`, `сентября`, `มิ.ย.`. Case, accents and points do
/// not matter.
#[must_use]
pub fn month(word: &str) -> Option<Month> {
    NAMES.get(fold(word).as_str())?.month
}

/// The weekday that a word names.
#[must_use]
pub fn weekday(word: &str) -> Option<Weekday> {
    NAMES.get(fold(word).as_str())?.day
}

/// The month whose name stands at the start of the text, and the bytes that it takes with its
/// point. The longest name wins: `كانون الثاني` is January, `كانون` nothing. A name ends where its
/// word does, but in scripts without spaces.
#[must_use]
pub fn month_at(text: &str) -> Option<(Month, usize)> {
    named_at(text, |name| NAMES.get(name)?.month)
}

/// The same for weekdays.
#[must_use]
pub fn weekday_at(text: &str) -> Option<(Weekday, usize)> {
    named_at(text, |name| NAMES.get(name)?.day)
}

/// The unit at the start of the text, and the bytes that it takes.
#[must_use]
pub fn unit_at(text: &str) -> Option<(Unit, usize)> {
    const UNITS: [(&str, Unit); 15] = [
        ("年", Unit::Year),
        ("년", Unit::Year),
        ("năm ", Unit::Year),
        ("Năm ", Unit::Year),
        ("月", Unit::Month),
        ("월", Unit::Month),
        ("tháng ", Unit::Month),
        ("Tháng ", Unit::Month),
        ("thg ", Unit::Month),
        ("日", Unit::Day),
        ("号", Unit::Day),
        ("號", Unit::Day),
        ("일", Unit::Day),
        ("ngày ", Unit::Day),
        ("Ngày ", Unit::Day),
    ];
    UNITS.iter().find(|(word, _)| text.starts_with(word)).map(|(word, unit)| (*unit, word.len()))
}

/// The value of a decimal digit of any script.
#[must_use]
pub fn digit(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.is_ascii_digit().then(|| c as u8 - b'0');
    }
    if !c.is_numeric() {
        return None;
    }
    let code = u32::from(c);
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code))?;
    u8::try_from(code - zero).ok()
}

/// The text with all decimal digits as ASCII ones.
#[must_use]
pub fn ascii_digits(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c.is_ascii() || digit(c).is_none()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| digit(c).map_or(c, |digit| char::from(b'0' + digit))).collect())
}

/// A name as it stands in the table: lower case, without accents, points, vowel signs and joiners,
/// Arabic letters in one form each. The signs of Indic scripts are letters and stay.
fn fold(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.trim().chars() {
        fold_into(&mut out, c);
    }
    out
}

fn fold_into(out: &mut String, c: char) {
    if c.is_ascii() {
        if !matches!(c, '.' | '\'') {
            out.push(c.to_ascii_lowercase());
        }
        return;
    }
    for c in c.to_lowercase().nfkd() {
        match c {
            'ى' | 'ی' => out.push('ي'),
            'ک' => out.push('ك'),
            'ە' | 'ہ' | 'ھ' | 'ة' => out.push('ه'),
            'ı' => out.push('i'),
            'ł' => out.push('l'),
            'ø' => out.push('o'),
            'đ' => out.push('d'),
            'ß' => out.push_str("ss"),
            'ς' => out.push('σ'),
            c if unwritten(c) => {}
            c if c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
}

/// Accents, Arabic and Hebrew vowel signs, the stretch of Arabic script, joiners, apostrophes and
/// points.
fn unwritten(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}')
        || matches!(c, '\u{640}' | '\u{200c}' | '\u{200d}' | '’' | 'ʼ' | '׳' | '॰')
}

/// What `select` takes of the longest name at the start of the text, and the bytes of that name.
fn named_at<T>(text: &str, select: impl Fn(&str) -> Option<T>) -> Option<(T, usize)> {
    let first = text.chars().next()?;
    let mut folded = String::new();
    // Where a name may end: bytes of the folded word, bytes of the text.
    let mut ends: Vec<(usize, usize)> = Vec::new();
    let (mut pieces, mut letters) = (1, false);
    for (index, c) in text.char_indices().take(MAX_NAME) {
        let of_word = c.is_alphabetic()
            || is_combining_mark(c)
            || matches!(c, '\'' | '’' | 'ʼ' | '׳' | '॰' | '.');
        if of_word {
            letters |= c.is_alphabetic();
        } else {
            if letters {
                ends.push((folded.len(), index));
            }
            let joins =
                matches!(c, ' ' | '\u{a0}' | '-' | '\u{200c}') && letters && pieces < MAX_PIECES;
            if !joins {
                return longest(&folded, &ends, select);
            }
            (pieces, letters) = (pieces + 1, false);
        }
        fold_into(&mut folded, c);
        if letters && without_spaces(first) {
            ends.push((folded.len(), index + c.len_utf8()));
        }
    }
    if letters && text.chars().nth(MAX_NAME).is_none() {
        ends.push((folded.len(), text.len()));
    }
    longest(&folded, &ends, select)
}

fn longest<T>(
    folded: &str,
    ends: &[(usize, usize)],
    select: impl Fn(&str) -> Option<T>,
) -> Option<(T, usize)> {
    ends.iter().rev().find_map(|(end, bytes)| Some((select(folded.get(..*end)?)?, *bytes)))
}

/// Whether words of the letter's script stand together without spaces.
fn without_spaces(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// A line of the table: a language, what its names are of, and the names of each item.
fn lines() -> impl Iterator<Item = (&'static str, &'static str, impl Iterator<Item = &'static str>)>
{
    let lines = include_str!("words.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut fields = line.splitn(3, ' ');
        Some((fields.next()?, fields.next()?, fields.next()?.split("; ")))
    })
}

fn load() -> HashMap<String, Meaning> {
    const DAYS: [Weekday; 7] = [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
        Weekday::Sat,
        Weekday::Sun,
    ];
    let mut names: HashMap<String, Meaning> = HashMap::new();
    for (_, kind, items) in lines() {
        for (index, item) in (0_u8..).zip(items) {
            for name in item.split(',') {
                let meaning = names.entry(fold(name)).or_default();
                let calendar = match kind {
                    "jalali" => Calendar::Jalali,
                    "hijri" => Calendar::Hijri,
                    _ => Calendar::Gregorian,
                };
                if kind == "days" {
                    meaning.day = meaning.day.or(DAYS.get(usize::from(index)).copied());
                } else {
                    meaning.month = meaning.month.or(Some(Month { calendar, number: index + 1 }));
                }
            }
        }
    }
    names
}

#[cfg(test)]
mod tests;
