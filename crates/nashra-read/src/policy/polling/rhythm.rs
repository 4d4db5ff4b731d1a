//! What is learned of a source: how many entries it publishes, and when.
//!
//! The rate at a time is a level times a shape ([`shape`]: hours and weekdays). The level is an
//! estimate on four time scales, from hours to weeks, each drawn towards the next longer one by so
//! much as it has seen little itself (gamma-Poisson). An event raises the short ones at once and is
//! forgotten within hours. Counted are the entries' own dates of publication, not the times of the
//! polls that found them, so polling seldom does not blur the hours. What must stay true: what is
//! kept is of fixed size, whatever a feed lists; and a date is only believed between the poll
//! before and now, so no feed can claim a history that it did not have.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "times in seconds and rates lose nothing that matters as 32 bits"
)]

mod shape;
mod expectation;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use expectation::each_slot;
pub use expectation::{Expectation, Worth};
use shape::{Counts, QUARTERS, SLOTS, Shape};

/// A day in seconds.
pub(crate) const DAY: f64 = 86_400.0;

/// Time scales of the level, in seconds.
const SCALES: [f64; 4] = [0.1 * DAY, 0.5 * DAY, 3.0 * DAY, 21.0 * DAY];
/// How many entries' worth of evidence the next longer scale is, for each scale but the longest.
const DRAWN: [f64; 3] = [8.0, 8.0, 3.0];
/// A source that nothing is known of: seven entries a day, and that within a factor of five.
const PRIOR_ENTRIES: f64 = 0.75;
const PRIOR_RATE: f64 = 7.0;
/// Habits are halved after so many seconds: an editor who changes the hour is followed within
/// weeks.
const AGE: f64 = 28.0 * DAY;
/// The history that a first poll is believed to show.
const HISTORY: f64 = 28.0 * DAY;

/// What one poll that was read showed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sighting {
    /// When the entries that are new were published, in seconds since 1970; `None` where it is not
    /// said.
    pub published: Vec<Option<i64>>,
    /// Whether all is known since the poll before; else only since the oldest new entry.
    pub gapless: bool,
}

/// The learned part of a source's facts; [`BYTES`] long in the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Rhythm {
    since: u32,
    until: u32,
    aged: u32,
    counts: Counts,
    /// Entries by time scale, each weighing less the older it is.
    entries: [f32; 4],
    /// The days that they are out of, weighed in the same way and by the shape.
    days: [f32; 4],
}

/// The size of a [`Rhythm`] in the store, before base64.
pub const BYTES: usize = 12 + SLOTS + QUARTERS + 32;

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            since: 0,
            until: 0,
            aged: 0,
            counts: Counts::NONE,
            entries: [0.0; 4],
            days: [0.0; 4],
        }
    }
}

impl Rhythm {
    /// Learns from a poll at `now` (seconds since 1970), and tells what is to be expected from then
    /// on.
    pub fn observe(&mut self, sighting: &Sighting, now: i64) -> Expectation {
        let now = now.max(0) as f64;
        let first = self.until == 0;
        let before = if first { now - HISTORY } else { f64::from(self.until).min(now) };
        let times = believed(&sighting.published, before, now, first);
        let oldest = times.iter().copied().fold(now, f64::min);
        // What a feed showed when it was first read begins with its oldest entry, and so does what
        // is read after a gap.
        let from = if first || !sighting.gapless { oldest } else { before };
        if first {
            (self.since, self.aged) = (from as u32, now as u32);
        } else if now - f64::from(self.aged) > AGE {
            self.counts.age();
            self.aged = now as u32;
        }
        // After a gap they tell how much is published, but their hours are those before the poll
        // and not the source's.
        if sighting.gapless {
            for &at in &times {
                self.counts.add(at);
            }
        }
        let shape = self.counts.shape(f64::from(self.since), now);
        for (scale, length) in SCALES.into_iter().enumerate() {
            let decay = (-(now - before) / length).exp();
            let entries: f64 = times.iter().map(|at| (-(now - at) / length).exp()).sum();
            self.entries[scale] = (f64::from(self.entries[scale]) * decay + entries) as f32;
            self.days[scale] =
                (f64::from(self.days[scale]) * decay + weighed(&shape, from, now, length)) as f32;
        }
        self.until = now as u32;
        Expectation { levels: self.levels(), shape, now }
    }

    /// What is to be expected from `now` on, without another poll.
    #[must_use]
    pub fn expectation(&self, now: i64) -> Expectation {
        let now = now.max(0) as f64;
        let since = f64::from(self.since).clamp(now - 1000.0 * DAY, now);
        Expectation { levels: self.levels(), shape: self.counts.shape(since, now), now }
    }

    /// Since when it is known what was published; `None` before the first good poll.
    #[must_use]
    pub fn since(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.since.into(), 0).filter(|_| self.until > 0)
    }

    /// Entries a day on each scale.
    fn levels(&self) -> [f64; 4] {
        let mut levels = [0.0; 4];
        levels[3] = (f64::from(self.entries[3]) + PRIOR_ENTRIES)
            / (f64::from(self.days[3]) + PRIOR_ENTRIES / PRIOR_RATE);
        for scale in (0..3).rev() {
            let drawn = DRAWN[scale];
            levels[scale] = (f64::from(self.entries[scale]) + drawn)
                / (f64::from(self.days[scale]) + drawn / levels[scale + 1]);
        }
        levels
    }
}

/// The times of publication that are possible. Entries without one are spread over the time since
/// the last poll; at a first poll they tell nothing, since they may be years old.
fn believed(published: &[Option<i64>], before: f64, now: f64, first: bool) -> Vec<f64> {
    let undated = published.iter().filter(|published| published.is_none()).count();
    let step = (now - before) / (f64::from(u32::try_from(undated).unwrap_or(u32::MAX)) + 1.0);
    let mut place = before;
    let time = |published: &Option<i64>| match published
        .and_then(|published| i32::try_from(published / 2).ok())
        .map(|half| f64::from(half) * 2.0)
    {
        Some(at) if first => (before..=now).contains(&at).then_some(at),
        // One that was dated back or came late is of the time in which it could be found.
        Some(at) => Some(at.clamp(before, now)),
        None if first => None,
        None => {
            place += step;
            Some(place)
        }
    };
    published.iter().filter_map(time).collect()
}

/// The days from one time to another, weighed by the shape and by how long ago they are.
fn weighed(shape: &Shape, from: f64, now: f64, length: f64) -> f64 {
    let mut days = 0.0;
    each_slot(from.max(now - 8.0 * length), now, |middle, seconds| {
        days += shape.at(middle) * seconds / DAY * (-(now - middle) / length).exp();
        false
    });
    days
}

impl From<Rhythm> for String {
    fn from(rhythm: Rhythm) -> Self {
        let mut bytes = Vec::with_capacity(BYTES);
        for time in [rhythm.since, rhythm.until, rhythm.aged] {
            bytes.extend_from_slice(&time.to_le_bytes());
        }
        bytes.extend_from_slice(&rhythm.counts.slots);
        bytes.extend_from_slice(&rhythm.counts.week);
        for number in rhythm.entries.into_iter().chain(rhythm.days) {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        STANDARD_NO_PAD.encode(bytes)
    }
}

impl From<String> for Rhythm {
    /// What cannot be read is learned anew: it is worth less than a source that stands still.
    fn from(text: String) -> Self {
        STANDARD_NO_PAD.decode(text).ok().and_then(|bytes| decode(&bytes)).unwrap_or_default()
    }
}

fn decode(bytes: &[u8]) -> Option<Rhythm> {
    let (times, rest) = bytes.split_first_chunk::<12>()?;
    let (slots, rest) = rest.split_first_chunk::<SLOTS>()?;
    let (week, rest) = rest.split_first_chunk::<QUARTERS>()?;
    let time = |at: usize| Some(u32::from_le_bytes(*times[at..].first_chunk()?));
    let number = |at: usize| {
        Some(f32::from_le_bytes(*rest.get(at * 4..)?.first_chunk()?))
            .filter(|value| value.is_finite() && *value >= 0.0)
    };
    let four = |from: usize| {
        Some([number(from)?, number(from + 1)?, number(from + 2)?, number(from + 3)?])
    };
    let counts = Counts { slots: *slots, week: *week };
    Some(Rhythm {
        since: time(0)?,
        until: time(4)?,
        aged: time(8)?,
        counts,
        entries: four(0)?,
        days: four(4)?,
    })
}

#[cfg(test)]
mod tests;
