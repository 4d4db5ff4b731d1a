//! Splits a text into tokens and collects what they tell of a moment: the numbers of the date, the
//! time of the day, the zone.

use super::{
    Moment, Order, Zone,
    clock::{self, Clock, count_digits},
    date::DateParts,
};
use crate::dates::words::{self, OwnMonths};

mod program;
mod word;

/// What the tokens of a text tell of a moment.
#[derive(Debug, Default)]
pub(super) struct MomentParts {
    date: DateParts,
    clock: Option<Clock>,
    zone: Zone,
    /// Whether it has letters or marks beyond ASCII: only in English do months come first.
    foreign: bool,
}

impl MomentParts {
    fn moment(self, order: Option<Order>) -> Option<Moment> {
        if let Some(time) = self.date.unix_time(self.clock.is_some()) {
            return Some(Moment { time: time.fixed_offset(), assumed: super::Assumed::default() });
        }
        let (date, assumed) = self.date.date(order.or(self.foreign.then_some(Order::DayFirst)))?;
        super::moment(date, self.clock, self.zone, assumed)
    }

    /// Whether it is a moment whatever else the text says: a whole date and a time of the day.
    fn is_certain(&self) -> bool {
        self.clock.is_some() && self.date.is_certain()
    }
}

/// The moment of a text.
pub(super) fn moment(text: &str, order: Option<Order>, own: Option<&OwnMonths>) -> Option<Moment> {
    if let Some(time) = program::parse(text) {
        return Some(time);
    }
    let line = Line::new(text, own);
    let whole = line.read(&line.text, false).and_then(|parts| parts.moment(order));
    whole.or_else(|| line.but_one_token().find_map(|parts| parts.moment(order)))
}

/// The order that the numbers of a text show.
pub(super) fn order(text: &str) -> Option<Order> {
    let line = Line::new(text, None);
    line.read(&line.text, false)?.date.order()
}

/// A text that may be a moment.
struct Line<'a> {
    text: String,
    /// What stands in brackets, which nearly always says again what the text says.
    bracketed: String,
    foreign: bool,
    /// Names of months that its language has for itself.
    own: Option<&'a OwnMonths>,
}

impl<'a> Line<'a> {
    fn new(text: &str, own: Option<&'a OwnMonths>) -> Self {
        let foreign = text.chars().any(|c| !c.is_ascii() && (c.is_alphabetic() || c == '\u{200f}'));
        let (text, bracketed) = normalise(program::without_monotonic(text));
        Self { text: text.trim().to_owned(), bracketed, foreign, own }
    }

    /// Reads all tokens; `None` where one of them has no meaning. One may, where that is
    /// `forgiven`.
    fn read(&self, text: &str, forgiven: bool) -> Option<MomentParts> {
        let mut reader = Reader {
            rest: text,
            parts: MomentParts { foreign: self.foreign, ..MomentParts::default() },
            half: None,
            apart: true,
            own: self.own,
        };
        let mut forgiven = forgiven;
        while !reader.rest.is_empty() {
            let (rest, apart) = (reader.rest, reader.apart);
            if reader.token().is_none() {
                reader.rest = rest;
                if !forgiven || !apart || !reader.is_odd() {
                    return None;
                }
                forgiven = false;
                reader.pass(rest.find(' ').unwrap_or(rest.len()));
            }
        }
        let mut parts = reader.finish()?;
        if parts.zone == Zone::Unknown && parts.clock.is_some() {
            parts.zone = self.bracketed_zone().unwrap_or_default();
        }
        Some(parts)
    }

    /// The zone that stands in brackets: `(CET)`, `(GMT+7)`, `[Europe/Paris]`.
    fn bracketed_zone(&self) -> Option<Zone> {
        let behind_a_time = MomentParts { clock: Some(Clock::default()), ..MomentParts::default() };
        let mut reader = Reader {
            rest: self.bracketed.trim(),
            parts: behind_a_time,
            half: None,
            apart: true,
            own: None,
        };
        while !reader.rest.is_empty() {
            reader.token()?;
        }
        Some(reader.parts.zone)
    }

    /// What is read where one token is left out: a label (`Published:`), what stands for the day of
    /// the week, or a word that nobody knows. Only a whole date with a time is believed then.
    fn but_one_token(&self) -> impl Iterator<Item = MomentParts> {
        let text = self.text.as_str();
        let digit = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
        let label = text[..digit].rfind(": ").map(|at| (&text[at + 1..], false));
        let weekday = text.split_once(' ').filter(|(first, _)| first.ends_with(','));
        let weekday = weekday.map(|(_, rest)| (rest, false));
        [label, weekday, Some((text, true))]
            .into_iter()
            .flatten()
            .filter_map(|(text, forgiven)| self.read(text.trim(), forgiven))
            .filter(MomentParts::is_certain)
    }
}

/// The text with ASCII digits and marks, without brackets, what is in them and invisible
/// characters; line ends that are written as escapes (`\n`) become spaces. What was in brackets is
/// the second part.
fn normalise(text: &str) -> (String, String) {
    let (mut out, mut bracketed) = (String::with_capacity(text.len()), String::new());
    let mut depth = 0_usize;
    let text = text.replace("\\n", " ").replace("\\r", " ").replace("\\t", " ");
    for c in words::ascii_digits(&text).chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            c if depth > 0 => bracketed.push(c),
            '\u{200c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => {}
            '،' | '、' | '，' => out.push(','),
            '：' => out.push(':'),
            '−' | '‐' | '‑' | '–' | '—' => out.push('-'),
            c if c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
    (out, bracketed)
}

struct Reader<'a> {
    rest: &'a str,
    parts: MomentParts,
    /// Whether the time is of the second half of the day.
    half: Option<bool>,
    /// Whether a space stands before the rest.
    apart: bool,
    /// Names of months that its language has for itself.
    own: Option<&'a OwnMonths>,
}

impl Reader<'_> {
    fn token(&mut self) -> Option<()> {
        let first = self.rest.chars().next()?;
        let apart = std::mem::take(&mut self.apart);
        match first {
            ' ' => {
                self.pass(1);
                self.apart = true;
            }
            '0'..='9' => self.number()?,
            '+' | '-' if self.is_offset() => self.offset()?,
            '-' | '/' | '.' | '_' => {
                let alone = apart && self.rest[1..].starts_with(' ');
                self.parts.date.set_mark(if alone { ' ' } else { first });
                self.pass(1);
            }
            ',' | '|' | '@' | '·' | ';' | '\'' | '’' => {
                self.parts.date.set_mark(',');
                self.pass(first.len_utf8());
            }
            // The years of the common era in Arabic.
            'م' if !apart && self.parts.clock.is_none() && self.parts.date.has_numbers() => {
                self.pass('م'.len_utf8());
            }
            c if c.is_alphabetic() => self.word()?,
            _ => return None,
        }
        Some(())
    }

    fn pass(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    /// Whether the token at the start may be left out. A number may only be where the date and the
    /// time are there already, and what looks like a distance from UTC never.
    fn is_odd(&self) -> bool {
        let done = self.parts.clock.is_some() && self.parts.date.is_whole();
        let digit = self.rest.starts_with(|c: char| c.is_ascii_digit());
        !self.rest.starts_with(['+', '-']) && (done || !digit)
    }

    fn finish(mut self) -> Option<MomentParts> {
        if let Some(second) = self.half {
            self.parts.clock = Some(self.parts.clock?.in_half(second)?);
        }
        Some(self.parts)
    }

    /// A number: of the date, or of the time that begins with it.
    fn number(&mut self) -> Option<()> {
        let digits = count_digits(self.rest);
        if self.parts.clock.is_none()
            && digits <= 2
            && let Some((clock, length)) = self.clock()
        {
            self.parts.clock = Some(clock?);
            self.pass(length);
            return Some(());
        }
        if digits == 14 || digits == 12 && self.rest.starts_with(['1', '2']) {
            return self.compact(digits);
        }
        let value = self.rest[..digits].parse().ok()?;
        self.pass(digits);
        // A fraction of a second behind Unix time.
        if digits >= 9 && self.rest.starts_with('.') {
            self.pass(1 + count_digits(&self.rest[1..]));
        }
        // `0000` behind a time is a distance from UTC without its sign.
        if digits == 4 && self.parts.clock.is_some() && self.parts.date.is_whole() {
            return None;
        }
        let unit = words::unit_at(self.rest)
            .filter(|_| !self.rest.starts_with(|c: char| c.is_ascii_alphabetic()));
        if let Some((unit, length)) = unit {
            self.pass(length);
            return self.parts.date.add_counted(value, unit);
        }
        self.parts.date.add_number(value, digits)
    }

    fn clock(&self) -> Option<(Option<Clock>, usize)> {
        let whole = self.parts.date.is_whole();
        let dotted = whole.then(|| clock::dotted_at(self.rest)).flatten();
        let hour = || whole.then(|| clock::hour_at(self.rest)).flatten();
        dotted.or_else(|| clock::at(self.rest)).or_else(hour)
    }

    /// Reads a date and a time without marks: `20240102030405`, `202401020304`.
    fn compact(&mut self, digits: usize) -> Option<()> {
        let (date, time) = self.rest[..digits].split_at(8);
        self.parts.clock = Some(clock::compact(time)?);
        let date = date.parse().ok()?;
        self.pass(digits);
        self.parts.date.add_number(date, 8)
    }

    /// Whether a sign begins the distance from UTC: only behind a time or a zone, and before
    /// digits.
    fn is_offset(&self) -> bool {
        let timed = self.parts.clock.is_some() || self.parts.zone != Zone::Unknown;
        timed && self.rest[1..].starts_with(|c: char| c.is_ascii_digit())
    }

    fn offset(&mut self) -> Option<()> {
        let sign = if self.rest.starts_with('-') { -1 } else { 1 };
        self.pass(1);
        let digits = count_digits(self.rest);
        let value: i32 = self.rest[..digits].parse().ok()?;
        self.pass(digits);
        let minutes = match digits {
            1 | 2 if self.rest.starts_with(':') => {
                self.pass(1);
                let digits = count_digits(self.rest);
                let minutes: i32 = self.rest[..digits]
                    .parse()
                    .ok()
                    .filter(|minutes| *minutes < 60 && digits == 2)?;
                self.pass(digits);
                // `-05:00:00`
                self.pass(if self.rest.starts_with(":00") { 3 } else { 0 });
                value * 60 + minutes
            }
            1 | 2 => value * 60,
            3 | 4 if value % 100 < 60 => value / 100 * 60 + value % 100,
            _ => return None,
        };
        self.parts.zone = Zone::from_minutes(sign * minutes)?;
        Some(())
    }
}
