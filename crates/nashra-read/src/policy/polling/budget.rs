//! What a poll costs, so that all sources together are polled as often as the config allows.
//!
//! Where each poll has the same price, and each source is polled when its entries are expected to
//! have waited for that price, the waiting over all sources is the least that so many polls can buy
//! (the price is the Lagrange multiplier of the budget). A source's polls go with one over the
//! square root of the price, so the price follows from the sum of the sources' appetites at a price
//! of one; what that sum cannot know (floors, ceilings, failures) is trimmed by what was spent.
//! What must stay true: the price is the same for all sources and moves slowly, because one that
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
    per_source_day: f64,
    sources: u32,
    /// Polls a day, over all sources.
    daily: f64,
    appetite: f64,
    spent: f64,
    planned: f64,
    since: DateTime<Utc>,
}

impl Budget {
    /// For so many polls a source and day. A source that was never polled has the appetite of one
    /// that nothing is known of: give `None`.
    #[must_use]
    pub fn new(
        per_source_day: f64,
        appetites: impl IntoIterator<Item = Option<f32>>,
        now: DateTime<Utc>,
    ) -> Self {
        let unknown = unknown_appetite();
        let (mut sources, mut appetite) = (0_u32, 0.0);
        for known in appetites {
            sources += 1;
            appetite += known.map_or(unknown, f64::from);
        }
        let mut budget = Self {
            per_source_day,
            sources,
            daily: 0.0,
            appetite,
            spent: 0.0,
            planned: 0.0,
            since: now,
        };
        budget.calm();
        budget
    }

    /// Another budget from now on: the sources begin anew with it.
    pub fn change(&mut self, per_source_day: f64) {
        if per_source_day.to_bits() != self.per_source_day.to_bits() {
            self.per_source_day = per_source_day;
            self.calm();
        }
    }

    /// A source is polled, too: as calmly at first as those of the beginning.
    pub fn join(&mut self, appetite: Option<f32>) {
        self.sources = self.sources.saturating_add(1);
        self.appetite += appetite.map_or_else(unknown_appetite, f64::from);
        let (spent, planned) = (self.spent, self.planned);
        self.calm();
        let share = self.daily * CALM / f64::from(self.sources);
        (self.spent, self.planned) = (spent + share, planned + share);
    }

    /// A source is polled no more, and takes its part of the memory with it.
    pub fn leave(&mut self, appetite: Option<f32>) {
        let before = f64::from(self.sources.max(1));
        self.sources = self.sources.saturating_sub(1);
        self.appetite =
            (self.appetite - appetite.map_or_else(unknown_appetite, f64::from)).max(0.0);
        if self.sources == 0 {
            // Rounding leaves next to nothing, which is much beside nothing.
            self.appetite = 0.0;
            return self.calm();
        }
        let share = f64::from(self.sources) / before;
        let (spent, planned) = (self.spent * share, self.planned * share);
        self.calm();
        (self.spent, self.planned) = (spent, planned);
    }

    /// As if all were polled as planned so far.
    fn calm(&mut self) {
        self.daily = (self.per_source_day * f64::from(self.sources)).max(f64::MIN_POSITIVE);
        (self.spent, self.planned) = (self.daily * CALM, self.daily * CALM);
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
        let trim =
            (self.spent / self.planned.max(f64::MIN_POSITIVE)).powi(4).clamp(1.0 / MOST, MOST);
        (self.appetite / self.daily).powi(2) * trim
    }
}

/// Of a source that nothing is known of.
fn unknown_appetite() -> f64 {
    Rhythm::default().expectation(0).appetite()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn start() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    /// After some days of so many polls a source and day, for ten sources that may have 24.
    fn spent(a_day: i32, days: i32) -> Budget {
        let mut budget = Budget::new(24.0, [None; 10], start());
        let apart = TimeDelta::days(1) / (a_day * 10);
        (1..=days * a_day * 10).for_each(|poll| budget.spend(start() + apart * poll));
        budget
    }

    #[test]
    fn a_poll_costs_a_quarter_where_twice_as_many_are_to_be_had() {
        let price = |budget| Budget::new(budget, [None; 10], start()).price();
        assert!((price(24.0) / price(48.0) - 4.0).abs() < 1e-6);
    }

    #[test]
    fn the_number_of_sources_does_not_change_the_price_but_their_appetite_does() {
        let price = |appetites: Vec<Option<f32>>| Budget::new(24.0, appetites, start()).price();
        assert!((price(vec![Some(2.0); 3]) - price(vec![Some(2.0); 3000])).abs() < 1e-9);
        let mut budget = Budget::new(24.0, [Some(2.0); 2], start());
        budget.learn(Some(2.0), 6.0);
        assert!((budget.price() / price(vec![Some(2.0); 2]) - 4.0).abs() < 1e-6);
    }

    #[test]
    fn spending_too_much_raises_the_price_and_too_little_lowers_it() {
        let planned = spent(24, 5).price();
        assert!((planned / Budget::new(24.0, [None; 10], start()).price() - 1.0).abs() < 0.05);
        assert!(spent(30, 5).price() > 1.5 * planned);
        assert!(spent(18, 5).price() < planned / 1.5);
    }

    #[test]
    fn sources_that_come_and_go_leave_the_price_where_it_was() {
        for mut budget in [spent(24, 5), spent(30, 5)] {
            let before = budget.price();
            let known = budget.clone();
            budget.join(Some(3.0));
            budget.leave(Some(3.0));
            assert!((budget.price() / before - 1.0).abs() < 0.2, "{} {before}", budget.price());
            assert!((known.price() - before).abs() < f64::EPSILON);
        }
        let mut budget = Budget::new(24.0, [], start());
        (0..10).for_each(|_| budget.join(None));
        assert!(
            (budget.price() / Budget::new(24.0, [None; 10], start()).price() - 1.0).abs() < 1e-6
        );
        (0..10).for_each(|_| budget.leave(None));
        assert!(budget.price().is_finite());
        budget.join(None);
        assert!((budget.price() / Budget::new(24.0, [None], start()).price() - 1.0).abs() < 1e-3);
    }

    #[test]
    fn without_sources_and_with_a_clock_that_jumps_the_price_is_a_number() {
        let mut budget = Budget::new(24.0, [], start());
        assert!(budget.price().is_finite());
        budget.spend(start() + TimeDelta::days(4000));
        budget.spend(start());
        assert!(budget.price().is_finite());
    }
}
