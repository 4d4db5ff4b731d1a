//! When in the day and the week a source publishes: counts of entries, and the shape that they are
//! evidence of.
//!
//! Counts are bytes, because a store holds a source's for ever and there may be a million of them.
//! The shape is a tree over the day: three parts of eight hours, each halved down to a quarter of
//! an hour. Each halving asks the counts which of three it is (even, a little uneven, or all on one
//! side) and mixes their answers by how well they explain what was seen. So an editor's hour stands
//! out after a few days, while a smooth curve is not torn up by chance. What must stay true: the
//! mean of a shape is one, and none of it is ever zero: what was never seen may still come.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "places in a day and counts below 256 are far inside what a float holds"
)]

use std::sync::LazyLock;

use super::DAY;

/// Slots of a day: quarters of an hour.
pub(super) const SLOTS: usize = 96;
/// The length of a slot, in seconds.
pub(super) const SLOT: f64 = DAY / SLOTS as f64;
/// Quarters of a day in a week: a weekend begins at another hour of UTC in each time zone.
pub(super) const QUARTERS: usize = 28;
const QUARTER: f64 = DAY / 4.0;
/// Slots in one part of the tree's root.
const PART: usize = 32;

/// What one entry adds to its slot: halving a full table then keeps fractions of an entry.
const UNIT: u8 = 4;
/// Entries that each quarter of the week is thought to have had beside those seen: one week proves
/// nothing.
const WEEK_PRIOR: f32 = 60.0;
/// The same for the three parts of the day.
const PART_PRIOR: f32 = 1.5;
/// How probable it is beforehand that a halving is a little uneven, or all on one side.
const UNEVEN: (f64, f64) = (0.3, 0.1);
/// The two kinds, as the exponents of their Beta distributions.
const BETA: (f64, f64) = (10.0, 0.5);

/// Entries by quarter of an hour of the day, and by quarter of a day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) slots: [u8; SLOTS],
    pub(super) week: [u8; QUARTERS],
}

impl Counts {
    pub(super) const NONE: Self = Self { slots: [0; SLOTS], week: [0; QUARTERS] };

    /// One entry more. A full table is halved, which is how old habits are forgotten.
    pub(super) fn add(&mut self, at: f64) {
        bump(&mut self.slots, slot(at), UNIT);
        bump(&mut self.week, quarter(at), 1);
    }

    /// Halves everything: done once in a while, so that a source with few entries forgets as well.
    pub(super) fn age(&mut self) {
        halve(&mut self.slots);
        halve(&mut self.week);
    }

    /// The shape that is the best guess after watching from `since` until `until`.
    pub(super) fn shape(&self, since: f64, until: f64) -> Shape {
        let slots = self.day(&Watched::new(since, until));
        Shape { week: self.week(&slots, since, until), slots }
    }

    fn sum(&self, from: usize, to: usize) -> f32 {
        self.slots[from..to].iter().map(|&slot| f32::from(slot)).sum::<f32>() / f32::from(UNIT)
    }

    fn day(&self, watched: &Watched) -> [f32; SLOTS] {
        let mut shape = [1.0; SLOTS];
        let total = self.sum(0, SLOTS);
        let all = watched.passes(0, SLOTS);
        for from in (0..SLOTS).step_by(PART) {
            let expected = total * watched.passes(from, from + PART) / all;
            let factor = (self.sum(from, from + PART) + PART_PRIOR) / (expected + PART_PRIOR);
            shape[from..from + PART].fill(factor);
        }
        let evenly = (ln_beta(BETA.0, BETA.0), ln_beta(BETA.1, BETA.1));
        let mut width = PART;
        while width > 1 {
            let half = width / 2;
            for from in (0..SLOTS).step_by(width) {
                let (middle, to) = (from + half, from + width);
                let counts = Halves { left: self.sum(from, middle), right: self.sum(middle, to) };
                if counts.left + counts.right > 0.0 {
                    let watched = Halves {
                        left: watched.passes(from, middle),
                        right: watched.passes(middle, to),
                    };
                    let factors = split(counts, watched, evenly);
                    shape[from..middle].iter_mut().for_each(|shape| *shape *= factors.left);
                    shape[middle..to].iter_mut().for_each(|shape| *shape *= factors.right);
                }
            }
            width = half;
        }
        normalise(&mut shape);
        shape
    }

    fn week(&self, slots: &[f32; SLOTS], since: f64, until: f64) -> [f32; QUARTERS] {
        let first = (since / QUARTER) as usize;
        let blocks = ((until / QUARTER) as usize).saturating_sub(first) + 1;
        let mean = self.week.iter().map(|&week| f32::from(week)).sum::<f32>() / blocks as f32;
        let share = |quarter: usize| slots[quarter % 4 * 24..][..24].iter().sum::<f32>() / 24.0;
        let mut week = std::array::from_fn(|quarter| {
            // How often this quarter of the week has passed.
            let ahead = (quarter + QUARTERS - first % QUARTERS) % QUARTERS;
            let passes = (blocks + QUARTERS - 1).saturating_sub(ahead) / QUARTERS;
            let expected = mean * passes as f32 * share(quarter);
            (f32::from(self.week[quarter]) + WEEK_PRIOR) / (expected + WEEK_PRIOR)
        });
        normalise(&mut week);
        week
    }
}

fn slot(at: f64) -> usize {
    (at.rem_euclid(DAY) / SLOT) as usize % SLOTS
}

fn quarter(at: f64) -> usize {
    (at / QUARTER) as usize % QUARTERS
}

fn bump(table: &mut [u8], place: usize, by: u8) {
    if table[place].checked_add(by).is_none() {
        halve(table);
    }
    table[place] = table[place].saturating_add(by);
}

fn halve(table: &mut [u8]) {
    // Every other one is rounded up, so that ones neither stay for ever nor vanish all at once.
    table
        .iter_mut()
        .enumerate()
        .for_each(|(place, count)| *count = *count / 2 + (*count & place as u8 & 1));
}

fn normalise(shape: &mut [f32]) {
    let mean = shape.iter().sum::<f32>() / shape.len() as f32;
    for value in shape {
        *value /= mean;
    }
}

/// How often each slot was passed while the source was watched. It differs only in the first days:
/// later a part of a day is nothing.
struct Watched([f32; SLOTS]);

impl Watched {
    fn new(since: f64, until: f64) -> Self {
        let span = ((until - since) / DAY).clamp(0.0, 1000.0) as f32;
        if span.floor() > 10.0 {
            return Self([1.0; SLOTS]);
        }
        let start = (since.rem_euclid(DAY) / DAY) as f32;
        Self(std::array::from_fn(|slot| {
            let place = ((slot as f32 + 0.5) / SLOTS as f32 - start).rem_euclid(1.0);
            span.floor() + f32::from(u8::from(place < span.fract()))
        }))
    }

    /// The sum over some slots of how often each was passed.
    fn passes(&self, from: usize, to: usize) -> f32 {
        self.0[from..to].iter().sum::<f32>().max(f32::EPSILON)
    }
}

/// A number for each half of a stretch of the day.
#[derive(Debug, Clone, Copy)]
struct Halves {
    left: f32,
    right: f32,
}

/// How the rates of two halves compare to their mean, from what was counted in both and how long
/// both were watched. `evenly` is the logarithm of each kind's Beta function where both were
/// watched for as long, which is nearly always so.
fn split(counts: Halves, watched: Halves, evenly: (f64, f64)) -> Halves {
    let even = f64::from(watched.left / (watched.left + watched.right)).clamp(0.01, 0.99);
    let (left, right) = (f64::from(counts.left), f64::from(counts.right));
    let by_chance = left * even.ln() + right * (1.0 - even).ln();
    // How much better a kind explains the counts than an even split, and where it puts the split.
    let kind = |beta: f64, evenly: f64| {
        let (a, b) = (2.0 * beta * even, 2.0 * beta * (1.0 - even));
        #[expect(clippy::float_cmp, reason = "half is exact")]
        let prior = if even == 0.5 { evenly } else { ln_beta(a, b) };
        let better = ln_beta(left + a, right + b) - prior - by_chance;
        (better.min(60.0).exp(), (left + a) / (left + right + 2.0 * beta))
    };
    let (little, all) = (kind(BETA.0, evenly.0), kind(BETA.1, evenly.1));
    let weights = (1.0 - UNEVEN.0 - UNEVEN.1, UNEVEN.0 * little.0, UNEVEN.1 * all.0);
    let share = (weights.0 * even + weights.1 * little.1 + weights.2 * all.1)
        / (weights.0 + weights.1 + weights.2);
    let (left, right) = (share / even, (1.0 - share) / (1.0 - even));
    let mean = f64::midpoint(left, right);
    Halves { left: (left / mean) as f32, right: (right / mean) as f32 }
}

fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// The logarithm of the Gamma function. Counts are quarters of an entry, so the argument is nearly
/// always one of few.
fn ln_gamma(argument: f64) -> f64 {
    static OF_QUARTERS: LazyLock<[f64; 1024]> =
        LazyLock::new(|| std::array::from_fn(|quarters| stirling(quarters as f64 / 4.0)));
    let quarters = (argument * 4.0) as usize;
    #[expect(clippy::float_cmp, reason = "quarters are exact")]
    let known = OF_QUARTERS.get(quarters).filter(|_| quarters as f64 / 4.0 == argument);
    known.copied().unwrap_or_else(|| stirling(argument))
}

/// Stirling's series; far more exact than needed here.
fn stirling(argument: f64) -> f64 {
    let (mut x, mut product) = (argument, 1.0);
    while x < 4.0 {
        product *= x;
        x += 1.0;
    }
    let series =
        (x - 0.5) * x.ln() - x + 0.918_938_533 + 1.0 / (12.0 * x) - 1.0 / (360.0 * x * x * x);
    if argument < 4.0 { series - product.ln() } else { series }
}

/// How the rate of a source at some time compares with its mean.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    slots: [f32; SLOTS],
    week: [f32; QUARTERS],
}

impl Shape {
    /// At a time, in seconds since 1970.
    pub(super) fn at(&self, time: f64) -> f64 {
        f64::from(self.slots[slot(time)] * self.week[quarter(time)])
    }

    /// The mean of its square root: polls are spent by the square root of a rate.
    pub(super) fn mean_root(&self) -> f64 {
        let mean = |shares: &[f32]| {
            shares.iter().map(|share| share.sqrt()).sum::<f32>() / shares.len() as f32
        };
        f64::from(mean(&self.slots) * mean(&self.week))
    }

    /// The hour of the day, in UTC, in which most is published, and its share of the day.
    pub(super) fn busiest_hour(&self) -> (usize, f64) {
        let hours = self.hours();
        let best = (0..24).max_by(|&a, &b| hours[a].total_cmp(&hours[b])).unwrap_or(0);
        (best, hours[best])
    }

    /// The share of each hour of the day, in UTC.
    pub(super) fn hours(&self) -> [f64; 24] {
        std::array::from_fn(|hour| {
            f64::from(self.slots[hour * 4..][..4].iter().sum::<f32>()) / SLOTS as f64
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some Monday at midnight.
    const MONDAY: f64 = 1_700_438_400.0;

    fn after(days: u32, hours: &[f64]) -> Shape {
        let mut counts = Counts::NONE;
        for day in 0..days {
            for hour in hours {
                counts.add(MONDAY + f64::from(day) * DAY + hour * 3600.0);
            }
        }
        counts.shape(MONDAY, MONDAY + f64::from(days) * DAY)
    }

    #[test]
    fn an_editors_hour_is_found_within_days() {
        let shape = after(5, &[6.05, 6.1, 6.2]);
        assert_eq!(shape.busiest_hour().0, 6);
        assert!(shape.at(MONDAY + 6.1 * 3600.0) > 20.0, "{}", shape.at(MONDAY + 6.1 * 3600.0));
        assert!(shape.at(MONDAY + 15.0 * 3600.0) < 0.6);
    }

    #[test]
    fn entries_at_any_hour_leave_the_day_flat() {
        let mut counts = Counts::NONE;
        (0..480_u32).for_each(|hour| {
            counts.add(MONDAY + f64::from(hour) * 3600.0 + f64::from(hour * 1237 % 3600));
        });
        let shape = counts.shape(MONDAY, MONDAY + 20.0 * DAY);
        for hour in 0..24 {
            let here = shape.at(MONDAY + f64::from(hour) * 3600.0);
            assert!((0.6..1.6).contains(&here), "{hour}: {here}");
        }
    }

    #[test]
    fn half_a_day_of_watching_does_not_make_the_other_half_silent() {
        let mut counts = Counts::NONE;
        (0..20).for_each(|entry| counts.add(MONDAY + f64::from(entry) * 2000.0));
        let shape = counts.shape(MONDAY, MONDAY + DAY / 2.0);
        assert!(shape.at(MONDAY + 0.9 * DAY) > 0.5, "{}", shape.at(MONDAY + 0.9 * DAY));
    }

    #[test]
    fn weekends_are_learned_over_weeks() {
        let mut counts = Counts::NONE;
        for day in (0..56_u32).filter(|day| day % 7 < 5) {
            (0..96).for_each(|slot| {
                counts.add(MONDAY + f64::from(day) * DAY + f64::from(slot) * SLOT);
            });
        }
        let end = MONDAY + 56.0 * DAY;
        let shape = counts.shape(MONDAY, end);
        assert!(shape.at(end + 5.5 * DAY) < 0.6 * shape.at(end + 2.5 * DAY));
    }

    #[test]
    fn full_tables_are_halved_and_keep_their_shape() {
        let mut counts = Counts::NONE;
        (0..10_000).for_each(|entry| counts.add(MONDAY + f64::from(entry % 96) * SLOT));
        assert!(counts.slots.iter().all(|&slot| slot > 100), "{:?}", counts.slots);
    }
}
