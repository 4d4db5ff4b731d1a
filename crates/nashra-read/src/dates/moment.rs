//! Moments as feeds and pages write them for machines and for people: RFC 822 and what is made of
//! it, ISO 8601 and its fragments, asctime, JavaScript, Unix time, dates in words of any language,
//! in any digits.
//!
//! The common forms are read byte by byte, all others from tokens. What cannot be read as a whole
//! is not read: a wrong moment is worse than none, so a thirteenth month or a 25th hour end it, and
//! so does a word that nobody knows, but for a single one beside a whole date and a time. What had to
//! be assumed is said. What must stay true: no moment depends on when it is read.

use std::ops::Range;

use chrono::{DateTime, Datelike as _, Days, FixedOffset, NaiveDate, NaiveDateTime, TimeZone as _};

use self::clock::Clock;
use super::words::OwnMonths;

mod clock;
mod date;
mod fast;
mod small_words;
mod tokens;
mod zones;

/// Bytes of a text that may be a moment.
const MAX_TEXT: usize = 160;
/// Years that are of the Buddhist calendar.
const BUDDHIST: Range<u32> = 2_400..2_700;
/// Years that are of the Persian and the Islamic calendar, and of the Buddhist one.
const OTHER_CALENDARS: [Range<u32>; 2] = [1_300..1_500, BUDDHIST];

/// A moment, and what had to be assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// When, with the distance from UTC that it names; UTC where it names none.
    pub time: DateTime<FixedOffset>,
    /// What the text leaves open, and was taken as said there.
    pub assumed: Assumed,
}

/// What a text leaves open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "any of them may be so")]
pub struct Assumed {
    /// It names no zone, or one that nobody knows: UTC.
    pub zone: bool,
    /// It names no time of the day: midnight.
    pub time: bool,
    /// It names no day: the first of the month, or of the year.
    pub day: bool,
    /// Day and month could be the other way round.
    pub order: bool,
    /// The year is not from 1970 to 2100.
    pub implausible: bool,
}

/// Which of two numbers is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The day is first: `31/12/2024`.
    DayFirst,
    /// The month is first: `12/31/2024`.
    MonthFirst,
}

impl Moment {
    /// The most important assumption as a phrase for people; `None` where nothing was assumed.
    #[must_use]
    pub fn note(&self) -> Option<&'static str> {
        let assumed = self.assumed;
        Some(match () {
            () if assumed.implausible => "an implausible year",
            () if assumed.order => "day and month could be the other way round",
            () if assumed.day => "without a day, taken as the first",
            () if assumed.time => "a day without a time, taken as midnight UTC",
            () if assumed.zone => "without a zone, taken as UTC",
            () => return None,
        })
    }
}

/// The moment that a text names. Where day and month could be either way round, `order` decides,
/// else the month is first.
#[must_use]
pub fn parse(text: &str, order: Option<Order>) -> Option<Moment> {
    parse_in(None, text, order)
}

/// The same where the language is known in which the text was probably written, and it has names of
/// months for itself.
#[must_use]
pub fn parse_in(own: Option<&OwnMonths>, text: &str, order: Option<Order>) -> Option<Moment> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_TEXT {
        return None;
    }
    let mut moment = fast::parse(text.as_bytes()).or_else(|| tokens::moment(text, order, own))?;
    moment.assumed.implausible = !(1970..=2100).contains(&moment.time.year());
    Some(moment)
}

/// The order that a text of numbers alone shows: `None` where it could be read either way.
#[must_use]
pub fn order(text: &str) -> Option<Order> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits > 14 || text.len() > MAX_TEXT || fast::parse(text.trim().as_bytes()).is_some() {
        return None;
    }
    tokens::order(text.trim())
}

/// The moment of a local time.
fn moment(
    date: NaiveDate,
    time: Option<Clock>,
    zone: Zone,
    mut assumed: Assumed,
) -> Option<Moment> {
    assumed.time = time.is_none();
    let time = time.unwrap_or_default();
    let date = if time.next_day { date.checked_add_days(Days::new(1))? } else { date };
    let local = NaiveDateTime::new(date, time.time);
    let time = match zone {
        Zone::Offset(offset) => offset.from_local_datetime(&local).single()?,
        // An hour that the clocks skip or repeat.
        Zone::Named(zone) => zone
            .from_local_datetime(&local)
            .earliest()
            .map_or_else(|| local.and_utc().fixed_offset(), |earliest| earliest.fixed_offset()),
        Zone::Unknown => {
            assumed.zone = true;
            local.and_utc().fixed_offset()
        }
    };
    Some(Moment { time, assumed })
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Zone {
    Offset(FixedOffset),
    Named(chrono_tz::Tz),
    #[default]
    Unknown,
}

impl Zone {
    /// Refuses more than 18 hours. No zone is farther from UTC than 14 hours; some texts write 15
    /// and more by mistake.
    fn from_minutes(minutes: i32) -> Option<Self> {
        if minutes.abs() > 18 * 60 {
            return None;
        }
        FixedOffset::east_opt(minutes * 60).map(Self::Offset)
    }
}

#[cfg(test)]
mod tests;
