//! The forms that nearly all feeds write, byte by byte: `Tue, 02 Jan 2024 03:04:05 GMT` and
//! `2024-01-02T03:04:05Z`.

use chrono::NaiveDate;

use super::{Assumed, Clock, Moment, OTHER_CALENDARS, Zone, zones};

pub(super) fn parse(text: &[u8]) -> Option<Moment> {
    if text.get(4) == Some(&b'-') { iso(text) } else { rfc822(text) }
}

/// Bytes that are still to be read.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    /// A number of `least` to `most` digits.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let length = self.0.iter().take(most + 1).take_while(|byte| byte.is_ascii_digit()).count();
        if !(least..=most).contains(&length) {
            return None;
        }
        let value =
            self.0[..length].iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
        self.0 = &self.0[length..];
        Some(value)
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    fn spaces(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }

    /// Reads a time of the day: `03:04` or `03:04:05`.
    fn clock(&mut self) -> Option<Clock> {
        let hour = self.number(1, 2)?;
        self.take(b':')?;
        let minute = self.number(1, 2)?;
        let second = if self.take(b':').is_some() { self.number(1, 2)? } else { 0 };
        if self.0.first().is_some_and(|byte| matches!(byte, b'.' | b',')) {
            let digits = self.0[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            self.0 = &self.0[1 + digits..];
        }
        Clock::new(hour, minute, second)
    }

    /// `Z`, `+0300`, `+03:00`, `GMT`; the text ends behind it.
    fn zone(&mut self) -> Option<Zone> {
        match self.0 {
            b"Z" | b"z" | b"GMT" | b"UTC" | b"UT" => Zone::from_minutes(0),
            [sign @ (b'+' | b'-'), ..] => {
                let sign = if *sign == b'-' { -1 } else { 1 };
                self.0 = &self.0[1..];
                let hours = i32::try_from(self.number(2, 4)?).ok()?;
                let minutes = if self.take(b':').is_some() {
                    hours * 60
                        + i32::try_from(self.number(2, 2)?).ok().filter(|minutes| *minutes < 60)?
                } else if hours > 99 {
                    Some(hours / 100 * 60 + hours % 100).filter(|_| hours % 100 < 60)?
                } else {
                    hours * 60
                };
                if self.0.is_empty() { Zone::from_minutes(sign * minutes) } else { None }
            }
            word => zones::by_name(std::str::from_utf8(word).ok()?),
        }
    }
}

fn iso(text: &[u8]) -> Option<Moment> {
    let mut bytes = Bytes(text);
    let year = bytes.number(4, 4)?;
    bytes.take(b'-')?;
    let month = bytes.number(2, 2)?;
    bytes.take(b'-')?;
    let day = bytes.number(2, 2)?;
    let date = day_of(year, month, day)?;
    bytes.take(b'T').or_else(|| bytes.take(b' '))?;
    let clock = bytes.clock()?;
    bytes.spaces();
    let zone = if bytes.0.is_empty() { Zone::Unknown } else { bytes.zone()? };
    super::moment(date, Some(clock), zone, Assumed::default())
}

fn rfc822(text: &[u8]) -> Option<Moment> {
    let mut bytes = Bytes(text);
    let letters = bytes.0.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    if letters > 0 {
        // Which day of the week it says does not matter.
        const DAYS: [&[u8]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];
        let known = DAYS.iter().any(|day| {
            bytes.0[..letters].get(..3).is_some_and(|word| word.eq_ignore_ascii_case(day))
        });
        if !known || letters > 9 {
            return None;
        }
        bytes.0 = &bytes.0[letters..];
        bytes.take(b',')?;
        bytes.spaces();
    }
    let day = bytes.number(1, 2)?;
    bytes.take(b' ')?;
    let month = month(&mut bytes)?;
    bytes.take(b' ')?;
    let year = bytes.number(4, 4)?;
    bytes.take(b' ')?;
    let clock = bytes.clock()?;
    bytes.spaces();
    let zone = if bytes.0.is_empty() { Zone::Unknown } else { bytes.zone()? };
    let date = day_of(year, month, day)?;
    super::moment(date, Some(clock), zone, Assumed::default())
}

/// A day of the common calendar. Years of the Persian, the Islamic and the Buddhist one are told
/// apart where the date is read token by token.
fn day_of(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    if OTHER_CALENDARS.iter().any(|years| years.contains(&year)) {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

fn month(bytes: &mut Bytes<'_>) -> Option<u32> {
    const MONTHS: [&[u8; 3]; 12] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov",
        b"dec",
    ];
    let (word, rest) = bytes.0.split_at_checked(3)?;
    let place = MONTHS.iter().position(|month| word.eq_ignore_ascii_case(*month))?;
    bytes.0 = rest;
    u32::try_from(place + 1).ok()
}
