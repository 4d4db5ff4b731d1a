//! Moments as programs print their own values of time: `/Date(1773482400000+0100)/` of Microsoft's
//! JSON, and the monotonic clock behind the times of Go.

use chrono::DateTime;

use super::super::{Assumed, Moment, Zone};

/// The moment that such a text names.
pub(super) fn parse(text: &str) -> Option<Moment> {
    let text = text.trim_matches(['/', '\\', '"']);
    let value = text.strip_prefix("new ").unwrap_or(text).strip_prefix("Date(")?;
    let value = value.strip_suffix(')')?;
    // The first sign is that of the milliseconds themselves.
    let sign = value.char_indices().skip(1).find(|(_, c)| matches!(c, '+' | '-'));
    let sign = sign.map_or(value.len(), |(at, _)| at);
    let (milliseconds, offset) = value.split_at(sign);
    let time = DateTime::from_timestamp_millis(milliseconds.parse().ok()?)?.fixed_offset();
    let minutes = offset.parse::<i32>().map_or(0, |hours| hours / 100 * 60 + hours % 100);
    let Some(Zone::Offset(zone)) = Zone::from_minutes(minutes) else { return None };
    Some(Moment { time: time.with_timezone(&zone), assumed: Assumed::default() })
}

/// The text without the reading of a monotonic clock, `m=+0.012345678`.
pub(super) fn without_monotonic(text: &str) -> &str {
    let Some((time, clock)) = text.rsplit_once(" m=") else { return text };
    let is_clock = clock.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
    if is_clock { time } else { text }
}
