//! Times of the day: `03:04:05`, `3時04分`, `15h30`, `030405`.

use chrono::{NaiveTime, Timelike as _};

/// What stands behind the hour, and behind the minute.
const MARKS: [[&str; 5]; 2] = [[":", "時", "시", "h", "点"], [":", "分", "분", "m", "’"]];

/// A time of the day.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Clock {
    pub(super) time: NaiveTime,
    /// It was written as 24:00: midnight at the end of the day.
    pub(super) next_day: bool,
}

impl Clock {
    pub(super) fn new(hour: u32, minute: u32, second: u32) -> Option<Self> {
        if hour == 24 && minute == 0 && second == 0 {
            return Some(Self { time: NaiveTime::MIN, next_day: true });
        }
        // A leap second is the last of its minute.
        let second = if second == 60 { 59 } else { second };
        NaiveTime::from_hms_opt(hour, minute, second).map(|time| Self { time, next_day: false })
    }

    /// In the first or the second half of the day. `15:04 PM` says it twice.
    pub(super) fn in_half(self, second: bool) -> Option<Self> {
        let hour = match (self.time.hour(), second) {
            (hour @ 13.., _) => hour,
            (hour, true) => hour % 12 + 12,
            (hour, false) => hour % 12,
        };
        Some(Self { time: self.time.with_hour(hour)?, ..self })
    }
}

/// The time at the start of the text, and its length in bytes. `Some((None, _))` is a time that no
/// clock shows, such as 25:00.
pub(super) fn at(text: &str) -> Option<(Option<Clock>, usize)> {
    let hours = count_digits(text);
    let mut numbers = [text[..hours].parse().ok()?, 0, 0];
    let mut at = hours;
    for (place, marks) in MARKS.iter().enumerate() {
        // `10 h 30`
        let apart = usize::from(place == 0 && text[at..].starts_with(" h "));
        let Some(mark) = marks.iter().find(|mark| text[at + apart..].starts_with(**mark)) else {
            break;
        };
        let behind = text[at + apart + mark.len()..].trim_start();
        let digits = count_digits(behind);
        if !(1..=2).contains(&digits) {
            // `3시`, `3時`
            at += if place == 0 && !mark.is_ascii() { mark.len() } else { 0 };
            break;
        }
        numbers[place + 1] = behind[..digits].parse().ok()?;
        at = text.len() - behind.len() + digits;
    }
    if at == hours {
        return None;
    }
    at += ["分", "분", "秒", "초"]
        .iter()
        .find(|unit| text[at..].starts_with(**unit))
        .map_or(0, |unit| unit.len());
    // `10:00:00:000`
    let past_second = text[..at].matches(':').count() == 2;
    if text[at..].starts_with(['.', ',']) || past_second && text[at..].starts_with(':') {
        let fraction = count_digits(&text[at + 1..]);
        at += if fraction > 0 { 1 + fraction } else { 0 };
    }
    let [hour, minute, second] = numbers;
    Some((Clock::new(hour, minute, second), at))
}

/// `15.30`, `15.30.05`: only behind a whole date, because a date may be written so, too.
pub(super) fn dotted_at(text: &str) -> Option<(Option<Clock>, usize)> {
    let pair = |from: usize| {
        text.get(from..from + 2)
            .filter(|text| count_digits(text) == 2)
            .and_then(|text| text.parse().ok())
    };
    let hours = count_digits(text);
    let hour = text[..hours].parse().ok()?;
    let minute = pair(hours + 1).filter(|_| text[hours..].starts_with('.'))?;
    let second = pair(hours + 4).filter(|_| text[hours + 3..].starts_with('.'));
    let end = hours + if second.is_some() { 6 } else { 3 };
    let more = text[end..].starts_with(|c: char| c.is_ascii_digit() || c == '.');
    (!more).then(|| (Clock::new(hour, minute, second.unwrap_or(0)), end))
}

/// An hour alone: `10 AM`. Only behind a whole date.
pub(super) fn hour_at(text: &str) -> Option<(Option<Clock>, usize)> {
    let hours = count_digits(text);
    let hour = text[..hours].parse().ok()?;
    let half = text[hours..].trim_start();
    super::small_words::half_at(half).map(|_| (Clock::new(hour, 0, 0), hours))
}

/// A time without marks: `030405`, `0304`.
pub(super) fn compact(digits: &str) -> Option<Clock> {
    let pair = |at: usize| digits.get(at..at + 2).map_or(Some(0), |digit| digit.parse().ok());
    Clock::new(pair(0)?, pair(2)?, pair(4)?)
}

pub(super) fn count_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}
