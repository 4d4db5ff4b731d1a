//! Finds the day of publication where neither the metadata nor the head of the article tell it.
//!
//! What must stay true: a day that only may be that of something else is none; a wrong day is worse
//! than none.

use chrono::NaiveDate;

use super::{
    DAY_LINES, MAX_TIMES, PartBuilder, Shown,
    label::Role,
    line::{dateline, of_short_line, plausible},
};
use crate::{html::Tag, read::page::hints};

/// Lines at the start of a text in which a dateline is looked for.
const FIRST_LINES: usize = 2;
/// Lines behind a text in which a day with a word for publication is looked for.
const END_LINES: usize = 60;

impl PartBuilder<'_, '_> {
    /// The day in the headline, in the address, in a line behind the text, in an element of time
    /// around the text, in the dateline, or far behind the text with a word for publication.
    pub(super) fn day_elsewhere(&self, from: usize, first: usize) -> Option<Shown> {
        let last = (first..self.span.to).rev().find(|line| self.is_text(*line)).unwrap_or(first);
        let below = last + 1..(last + DAY_LINES).min(self.span.to);
        let own = self
            .view
            .lines
            .lines
            .get(first)
            .map_or(0, |line| self.view.measured.all[line.block as usize]);
        let below = || {
            self.shown(below.clone(), own)
                .into_iter()
                .find(|shown| shown.role != Role::Other && !shown.apart)
        };
        let headline = self.span.headline.map(|at| self.line(at));
        headline
            .and_then(of_short_line)
            .filter(|day| plausible(*day))
            .or_else(|| self.day_of_address())
            .map(|day| Shown::from_day(day, Role::Bare))
            .or_else(below)
            .or_else(|| self.time_around(from, first, last, own))
            .or_else(|| self.day_of_dateline(first))
            .or_else(|| self.labelled_at_end(last, own))
    }

    /// The first element of a time in the smallest element that holds headline and text.
    fn time_around(
        &self,
        from: usize,
        first: usize,
        last: usize,
        own: hints::Hints,
    ) -> Option<Shown> {
        let (tree, lines) = (self.view.tree, &self.view.lines.lines);
        let (head, end) = (lines.get(from.min(first))?.first, lines.get(last)?.first);
        let around = tree.ancestors(head).find(|around| tree.within(end, *around))?;
        // Around everything there is more than the article: what follows it is others'.
        let whole = matches!(tree.tag(around), Tag::Body | Tag::Html | Tag::Document);
        let nodes = if whole { head..end } else { tree.subtree(around) };
        nodes
            .filter(|node| tree.tag(*node) == Tag::Time)
            .take(MAX_TIMES)
            .filter_map(|node| self.of_element(node, own))
            .find(|shown| shown.role != Role::Other && !shown.apart)
    }

    /// The day in the dateline of the text: `Karlsruhe (12.11.2021). The …`.
    fn day_of_dateline(&self, first: usize) -> Option<Shown> {
        (first..self.span.to)
            .filter(|at| self.is_text(*at))
            .take(FIRST_LINES)
            .find_map(|at| dateline(self.line(at)))
            .map(|day| Shown::from_day(day, Role::Bare))
    }

    /// The only day behind the text beside which a word for publication stands; teasers and comments
    /// have several.
    fn labelled_at_end(&self, last: usize, own: hints::Hints) -> Option<Shown> {
        let lines = last + 1..(last + END_LINES).min(self.span.to);
        let mut shown = self.shown(lines, own);
        shown.retain(|shown| shown.role == Role::Published && !shown.apart);
        let (first, others) = shown.split_first()?;
        let same = |other: &Shown| other.time.date_naive() == first.time.date_naive();
        others.iter().all(same).then_some(*first)
    }

    /// The day in an address such as `/2024/05/31/harbour-reopens`.
    pub(super) fn day_of_address(&self) -> Option<NaiveDate> {
        let url = if self.span.holder == 0 {
            self.view.meta.canonical.as_ref().unwrap_or(self.view.base)
        } else {
            self.span.url.as_ref()?
        };
        let parts: Vec<u32> =
            url.path().split(['/', '-', '_']).map(|part| part.parse().unwrap_or(0)).collect();
        parts.windows(3).find_map(|ymd| {
            NaiveDate::from_ymd_opt(i32::try_from(ymd[0]).ok()?, ymd[1], ymd[2])
                .filter(|day| plausible(*day))
        })
    }
}
