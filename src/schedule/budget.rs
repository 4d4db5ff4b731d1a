//! What a poll costs, so that all sources together are polled as often as the config allows.
//!
//! Where each poll has the same price, and each source is polled when its entries are expected to have waited for that
//! price, the waiting over all sources is the least that so many polls can buy (the price is the Lagrange multiplier
//! of the budget). A source's polls go with one over the square root of the price, so the price follows from the sum of
//! the sources' appetites at a price of one; what that sum cannot know (floors, ceilings, failures) is trimmed by
//! what was spent. What must stay true: the price is the same for all sources and moves slowly, because one that
//! followed the hours would take from the day what the night does not need.

use chrono::{DateTime, Utc};

use super::rhythm::{DAY, Rhythm};

/// Days after which spending is forgotten.
const MEMORY: f64 = 7.0;
/// Days of spending as planned that the memory begins with.
const CALM: f64 = 0.5;
/// How far the trim may go.
const MOST: f64 = 1e4;

/// The account of all sources.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Polls a day, over all sources.
    daily: f64,
    appetite: f64,
    spent: f64,
    planned: f64,
    since: DateTime<Utc>,
}

impl Budget {
    /// For so many polls a source and day. A source that was never polled has the appetite of one that nothing is
    /// known of: give `None`.
    #[must_use]
    pub fn new(per_source_day: f64, appetites: impl IntoIterator<Item = Option<f32>>, now: DateTime<Utc>) -> Self {
        let unknown = unknown_appetite();
        let (mut sources, mut appetite) = (0.0, 0.0);
        for known in appetites {
            sources += 1.0;
            appetite += known.map_or(unknown, f64::from);
        }
        let daily = (per_source_day * sources).max(f64::MIN_POSITIVE);
        Self { daily, appetite, spent: daily * CALM, planned: daily * CALM, since: now }
    }

    /// A poll was made.
    pub fn spend(&mut self, now: DateTime<Utc>) {
        // A clock that jumps must not shift the price for a week.
        let days = ((now - self.since).as_seconds_f64() / DAY).clamp(0.0, 1.0);
        let kept = (-days / MEMORY).exp();
        self.since = now;
        self.spent = self.spent * kept + 1.0;
        self.planned = self.planned * kept + self.daily * days;
    }

    /// A source's appetite is another now.
    pub fn learn(&mut self, before: Option<f32>, after: f32) {
        let before = before.map_or_else(unknown_appetite, f64::from);
        self.appetite = (self.appetite + f64::from(after) - before).max(0.0);
    }

    /// The price of a poll: days that entries may wait, summed over them.
    #[must_use]
    pub fn price(&self) -> f64 {
        let trim = (self.spent / self.planned.max(f64::MIN_POSITIVE)).powi(4).clamp(1.0 / MOST, MOST);
        (self.appetite / self.daily).powi(2) * trim
    }
}

/// Of a source that nothing is known of.
fn unknown_appetite() -> f64 {
    Rhythm::default().expectation(0).appetite()
}
