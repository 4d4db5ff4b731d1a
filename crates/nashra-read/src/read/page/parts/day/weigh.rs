//! Weighs the day of publication that metadata tell against the one that the page shows.
//!
//! Content systems overwrite the first with that of a change, or put another one there; readers
//! would see a wrong day under a headline. What must stay true: where both are of the same day, the
//! metadata's moment stays.

use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDate};

use super::{PartBuilder, Shown, label::Role};
use crate::{
    model::record::Origin,
    read::page::meta::{self, Told},
};

impl PartBuilder<'_, '_> {
    /// Weighs the day that the metadata tell against what the page shows.
    pub(super) fn weigh(
        &mut self,
        known: DateTime<FixedOffset>,
        best: Option<Shown>,
        shown: &[Shown],
    ) {
        if self.content.provenance.published == Some(Origin::Rule) {
            return;
        }
        let own: &[Told] = if self.span.holder == 0 { &self.view.meta.told } else { &[] };
        let same = shown.iter().filter(|shown| shown.timed && shown.zoned).map(|shown| shown.time);
        let known = meta::in_own_zone(known, same);
        self.content.published = Some(known);
        let Some(best) = best else { return };
        if same_day(&best, known) {
            // The metadata give the day, and the page its time.
            let midnight = self.content.date_notes.iter().any(|note| note.contains("midnight"));
            if best.timed && midnight {
                self.set_published(best);
            }
            return;
        }
        let published =
            |shown: &Shown| !shown.apart && matches!(shown.role, Role::Published | Role::Bare);
        let confirmed = shown.iter().filter(|shown| published(shown)).any(|it| same_day(it, known));
        if published(&best) && !confirmed && self.is_right(known, best, own) {
            let second = own.iter().find(|told| same_day(&best, told.moment.time));
            let timed = second.filter(|told| !best.timed && !told.moment.assumed.time);
            self.set_published(
                timed.map_or(best, |told| Shown::from_moment(told.moment, best.role)),
            );
        }
    }

    /// Whether the day that the page shows is that of publication, though its metadata tell another
    /// one.
    fn is_right(&self, known: DateTime<FixedOffset>, best: Shown, told: &[Told]) -> bool {
        let Some(said) = told.first().filter(|told| told.moment.time == known) else {
            return false;
        };
        let (known, day) = (known.date_naive(), best.time.date_naive());
        // What is shown in numbers was read the wrong way round.
        let turned = NaiveDate::from_ymd_opt(day.year(), day.day(), day.month()) == Some(known);
        // The readers may be where it is that day already, or still.
        let apart = day.signed_duration_since(known).num_days();
        let near = apart.abs() <= 1 && !said.moment.assumed.time;
        // One whose name says little may be that of a change, too.
        let changed = self.content.modified.is_some_and(|modified| same_day(&best, modified));
        let second = || {
            let mut others = told[1..].iter().filter(|told| !told.weak || !changed);
            others.any(|told| same_day(&best, told.moment.time))
        };
        // A day of publication is overwritten with that of a change; no page shows one that was
        // before.
        said.weak
            || said.moment.assumed.day
            || !turned && !near && (apart < 0 || second() || self.day_of_address() == Some(day))
    }
}

fn same_day(shown: &Shown, known: DateTime<FixedOffset>) -> bool {
    shown.time.date_naive() == known.date_naive()
}
