//! How much of a source is taken: entries of one listing, of a day, and those that wait to be read.
//! Pure.
//!
//! What must stay true: what is beyond a bound is left out and not remembered, so that it is new
//! again at the next look and taken when there is room, as long as it is listed; of one listing the
//! newest are taken; it is counted and told.

use chrono::{DateTime, Utc};

use crate::{
    base::clock::day,
    config::sources::Source,
    model::entry::Entry,
    store::{Intake, IntakeBound, LeftOut},
};

/// Entries of one source that may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The most that one listing or one push brings.
    pub per_poll: usize,
    /// The most of a day (UTC), changed ones included.
    pub per_day: usize,
    /// The most that wait to be read.
    pub pending: usize,
}

impl Bounds {
    /// The bounds of a source: its own settings go before the general ones.
    pub(super) fn for_source(self, source: &Source) -> Self {
        let own = source.entries;
        Self {
            per_poll: own.per_poll.unwrap_or(self.per_poll),
            per_day: own.per_day.unwrap_or(self.per_day),
            pending: own.pending.unwrap_or(self.pending),
        }
    }

    /// How many may be taken now, where so many wait, and which bound says so.
    pub(super) fn room(
        self,
        intake: &Intake,
        pending: usize,
        now: DateTime<Utc>,
    ) -> (usize, IntakeBound) {
        let today = if intake.day == day(now) { intake.taken } else { 0 };
        let rooms = [
            (self.per_poll, IntakeBound::Poll),
            (self.per_day.saturating_sub(today), IntakeBound::Day),
            (self.pending.saturating_sub(pending), IntakeBound::Pending),
        ];
        rooms.into_iter().min_by_key(|(room, _)| *room).unwrap_or_default()
    }
}

/// Chooses which of the wanted entries are taken where there is room for `room`: the newest. One
/// without a date may be of this moment.
pub(super) fn newest(entries: &[Entry], mut wanted: Vec<usize>, room: usize) -> Vec<usize> {
    if wanted.len() > room {
        let date = |index: usize| {
            entries
                .get(index)
                .and_then(|entry| entry.published.max(entry.modified))
                .map_or(i64::MAX, |date| date.timestamp())
        };
        wanted.sort_by_key(|index| std::cmp::Reverse(date(*index)));
        wanted.truncate(room);
        wanted.sort_unstable();
    }
    wanted
}

/// What one look at a source took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// How many entries were taken.
    pub(super) taken: usize,
    /// How many were left out because of the bound.
    pub(super) left_out: usize,
    /// The narrowest bound at that time.
    pub(super) bound: IntakeBound,
}

/// What is remembered after a look.
pub(super) fn update(before: &Intake, look: Look, bounds: Bounds, now: DateTime<Utc>) -> Intake {
    let Look { taken, left_out, bound } = look;
    let today = if before.day == day(now) { before.taken } else { 0 };
    let taken = today.saturating_add(taken);
    // A day that is full stays so, whatever the last look found.
    let stays = before.left_out.filter(|_| left_out == 0 && taken >= bounds.per_day);
    let since = before.left_out.map_or(now, |left_out| left_out.since);
    let left_out = if left_out > 0 {
        Some(LeftOut { entries: left_out, bound, since, at: now })
    } else {
        stays
    };
    Intake { day: day(now), taken, left_out }
}

/// Why a source is throttled, in words.
pub(super) fn reason(left_out: &LeftOut) -> String {
    let LeftOut { entries, bound, .. } = left_out;
    format!(
        "{entries} entries were left out: more than {} allows; they are taken when there is room, while they are listed",
        bound.setting()
    )
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const BOUNDS: Bounds = Bounds { per_poll: 100, per_day: 150, pending: 120 };

    fn look(taken: usize, left_out: usize, bound: IntakeBound) -> Look {
        Look { taken, left_out, bound }
    }

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    #[test]
    fn the_narrowest_bound_holds_and_a_day_begins_anew() {
        let fresh = Intake::default();
        assert_eq!(BOUNDS.room(&fresh, 0, at(1)), (100, IntakeBound::Poll));
        assert_eq!(BOUNDS.room(&fresh, 115, at(1)), (5, IntakeBound::Pending));
        let taken = update(&fresh, look(100, 7, IntakeBound::Poll), BOUNDS, at(1));
        assert_eq!(BOUNDS.room(&taken, 0, at(2)), (50, IntakeBound::Day));
        assert_eq!(BOUNDS.room(&taken, 0, at(24)), (100, IntakeBound::Poll));
    }

    #[test]
    fn what_is_left_out_is_told_until_a_look_leaves_nothing_out_on_a_day_that_is_not_full() {
        let left = update(&Intake::default(), look(100, 7, IntakeBound::Poll), BOUNDS, at(1));
        assert_eq!(
            left.left_out,
            Some(LeftOut { entries: 7, bound: IntakeBound::Poll, since: at(1), at: at(1) })
        );
        assert_eq!(update(&left, look(7, 0, IntakeBound::Poll), BOUNDS, at(2)).left_out, None);
        let full = update(&left, look(50, 3, IntakeBound::Day), BOUNDS, at(2));
        assert_eq!(full.left_out.map(|left_out| left_out.since), Some(at(1)));
        assert!(update(&full, look(0, 0, IntakeBound::Day), BOUNDS, at(3)).left_out.is_some());
        assert_eq!(update(&full, look(0, 0, IntakeBound::Poll), BOUNDS, at(24)).left_out, None);
    }

    #[test]
    fn the_newest_are_taken_in_the_order_of_the_listing() {
        let dated = |hour: Option<i64>| Entry {
            published: hour.map(|hour| at(hour).fixed_offset()),
            ..Entry::default()
        };
        let entries = [dated(Some(1)), dated(Some(9)), dated(None), dated(Some(5))];
        assert_eq!(newest(&entries, vec![0, 1, 2, 3], 3), [1, 2, 3]);
        assert_eq!(newest(&entries, vec![0, 3], 3), [0, 3]);
    }
}
