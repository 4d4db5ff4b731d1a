//! Finds when an article was published by what its page shows, and when it was changed.
//!
//! The day under the headline is the article's. Days of teasers, comments, events and deadlines are
//! not, nor is today's date above the menu: the words beside a day, its place and the names of the
//! elements around it tell.

mod elsewhere;
mod label;
mod line;
mod weigh;

use std::ops::Range;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};

use self::{
    label::Role,
    line::{behind_last_day, of_line, plausible},
};
pub(super) use self::{label::is_label, line::of_short_line};
use super::PartBuilder;
use crate::{
    dates::moment::{self, Moment},
    html::{NodeId, Tag},
    model::record::Origin,
    read::page::{hints, meta},
};

/// Lines between a headline and the text in which the day is looked for.
const HEAD_LINES: usize = 30;
/// Lines behind the first one of a text in which the day is looked for, up to its second paragraph.
const DECK_LINES: usize = 10;
/// Lines above a headline and below a text in which its day is looked for.
const DAY_LINES: usize = 4;
/// Bytes of a line of the text that may be no more than a day.
const MAX_DAY: usize = 60;
/// The most elements of times that are read.
const MAX_TIMES: usize = 100;
/// The most elements around a day in which a link is looked for.
const MAX_AROUND: usize = 4;

/// Names of elements whose days are those of something else.
const SOMETHING_ELSE: hints::Hints =
    hints::COMMENTS | hints::NAVIGATION | hints::ADS | hints::SELLING | hints::NOTICE;
/// The same, though an article's head may be named so, too.
const PERHAPS_ELSE: hints::Hints = hints::OTHERS | hints::ASIDE | hints::BIOGRAPHY | hints::CAPTION;

/// A moment that a page shows.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shown {
    time: DateTime<FixedOffset>,
    /// What had to be assumed.
    note: Option<&'static str>,
    role: Role,
    /// Whether an element around it is named as that of something else.
    apart: bool,
    /// Whether the time of the day is there.
    timed: bool,
    /// Whether the zone is there.
    zoned: bool,
}

impl Shown {
    fn from_moment(moment: Moment, role: Role) -> Self {
        let (timed, zoned) = (!moment.assumed.time, !moment.assumed.zone);
        Self { time: moment.time, note: moment.note(), role, apart: false, timed, zoned }
    }

    fn from_day(day: NaiveDate, role: Role) -> Self {
        let time = day.and_time(NaiveTime::MIN).and_utc().fixed_offset();
        let note = Some("a day found on the page, taken as midnight UTC");
        Self { time, note, role, apart: false, timed: false, zoned: false }
    }
}

impl PartBuilder<'_, '_> {
    /// Completes the dates of the metadata by what the page shows.
    pub(super) fn date(&mut self, first: usize) {
        let from = self.span.headline.unwrap_or(first.saturating_sub(8));
        let shown = self.shown_in_head(from, first);
        let of = |role: Role| shown.iter().filter(move |shown| shown.role == role);
        if let Some(updated) = of(Role::Updated).find(|shown| !shown.apart)
            && self.content.modified.is_none()
            && self.content.published.is_none_or(|published| published < updated.time)
        {
            self.content.modified = Some(updated.time);
        }
        let sure = |role: Role| of(role).find(|shown| !shown.apart).copied();
        let best = sure(Role::Published)
            .or_else(|| self.day_in_title().map(|day| Shown::from_day(day, Role::Bare)))
            .or_else(|| sure(Role::Bare))
            .or_else(|| sure(Role::Updated))
            .or_else(|| shown.iter().find(|shown| shown.apart).copied());
        if let Some(known) = self.content.published {
            self.weigh(known, best, &shown);
        } else if let Some(found) = best {
            self.set_published(found);
        } else {
            if self.span.holder == 0 {
                meta::set_published(&mut self.content, &self.view.meta.made);
            }
            if self.content.published.is_none()
                && let Some(found) = self.day_elsewhere(from, first)
            {
                self.set_published(found);
            }
        }
    }

    fn set_published(&mut self, shown: Shown) {
        self.content.published = Some(shown.time);
        self.content.provenance.published = Some(Origin::Dom);
        self.content.date_notes.retain(|note| !note.starts_with("published"));
        self.content.date_notes.extend(shown.note.map(|note| format!("published: {note}")));
    }

    /// What stands between headline and text, or else above the headline, in the order of the page.
    fn shown_in_head(&self, from: usize, first: usize) -> Vec<Shown> {
        let own = [from, first]
            .into_iter()
            .filter_map(|at| self.view.lines.lines.get(at))
            .fold(0, |own, line| own | self.view.measured.all[line.block as usize]);
        let below = from + 1..(first + 2).min(from + HEAD_LINES).min(self.span.to);
        let mut shown = self.shown(below, own);
        if !shown.iter().any(|shown| matches!(shown.role, Role::Published | Role::Bare)) {
            shown.extend(self.shown(self.above(from, own), own));
        }
        if shown.is_empty() {
            shown.extend(self.below_deck(first, own));
        }
        shown.retain(|shown| shown.role != Role::Other);
        shown
    }

    /// The moments in lines of their own behind the first paragraph, which may be a deck, up to the
    /// second.
    fn below_deck(&self, first: usize, own: hints::Hints) -> Vec<Shown> {
        let paragraph = |at: &usize| self.is_text(*at) && self.line(*at).len() >= MAX_DAY;
        let behind = first + 1..(first + DECK_LINES).min(self.span.to);
        let end = behind.clone().find(paragraph).unwrap_or(behind.end);
        let mut shown = self.shown(behind.start..end, own);
        shown.retain(|shown| !shown.apart);
        shown
    }

    /// The lines above a headline that belong to it: a menu ends them.
    fn above(&self, from: usize, own: hints::Hints) -> Range<usize> {
        let least = from.saturating_sub(DAY_LINES).max(self.span.from);
        let line = |at: usize| &self.view.lines.lines[at];
        let linked = |at: &usize| line(*at).linked * 2 > line(*at).chars;
        let named = |at: &usize| {
            linked(at)
                && self.view.measured.all[line(*at).block as usize] & !own & hints::NAVIGATION != 0
        };
        // A section may be linked.
        let second = (least..from).rev().filter(linked).nth(1);
        let menu = (least..from).rev().find(named).max(second);
        let from_menu = menu.map_or(least, |menu| menu + 1);
        // What stands behind the headline of a teaser is the teaser's.
        let teaser = |at: &usize| {
            self.view.tree.tag(line(*at).block).heading_level().is_some()
                && linked(at)
                && !self.view.meta.site.is_named(self.line(*at))
        };
        if (from_menu..from).any(|at| teaser(&at)) { from..from } else { from_menu..from }
    }

    /// The moments in lines, and in the elements of times among them.
    fn shown(&self, lines: Range<usize>, own: hints::Hints) -> Vec<Shown> {
        let all = &self.view.lines.lines;
        let node = |at: usize| all.get(at).map_or(self.view.tree.len(), |line| line.first);
        // An element of a time may be empty until a script fills it.
        let last = lines.start.checked_sub(1).and_then(|at| all.get(at));
        let before = last.map_or(0, |line| line.last + 1);
        let nodes = before..node(lines.end);
        let mut shown: Vec<Shown> = nodes
            .filter(|node| self.view.tree.tag(*node) == Tag::Time)
            .take(MAX_TIMES)
            .filter_map(|node| self.of_element(node, own))
            .collect();
        for at in lines.filter(|at| *at < all.len()) {
            // What a paragraph tells happened on other days.
            let prose = self.is_text(at) && self.line(at).len() >= MAX_DAY;
            if prose || self.in_teaser(all[at].first) {
                continue;
            }
            let apart = self.is_apart(all[at].block, own);
            let before = at.checked_sub(1).map(|before| self.line(before));
            let of_line = of_line(self.line(at), before.unwrap_or_default());
            shown.extend(of_line.into_iter().map(|shown| Shown { apart, ..shown }));
        }
        shown
    }

    /// Whether an element stands in a link with a headline.
    fn in_teaser(&self, node: NodeId) -> bool {
        let tree = self.view.tree;
        let mut around = std::iter::once(node).chain(tree.ancestors(node)).take(MAX_AROUND);
        let heading = |node: NodeId| tree.tag(node).heading_level().is_some();
        around
            .find(|node| tree.tag(*node) == Tag::A)
            .is_some_and(|link| tree.descendants(link).take(MAX_TIMES).any(heading))
    }

    /// Whether an element is named as that of something else, and the article itself is not.
    fn is_apart(&self, node: NodeId, own: hints::Hints) -> bool {
        let around = self.view.measured.all[node as usize] & !own;
        around & SOMETHING_ELSE != 0 || around & PERHAPS_ELSE != 0 && around & hints::META == 0
    }

    /// The moment of a `time` element: its role is told by its names and by what stands before it.
    fn of_element(&self, node: NodeId, own: hints::Hints) -> Option<Shown> {
        let tree = self.view.tree;
        let moment = moment::parse(&tree.attribute(node, "datetime")?, None)?;
        if self.in_teaser(node) {
            return None;
        }
        let apart = self.is_apart(node, own);
        let named = ["class", "itemprop", "data-type"]
            .iter()
            .filter_map(|name| tree.attribute(node, name))
            .find_map(|names| label::of_names(&names));
        let block = tree.block(node);
        let label: String = (block..node)
            .filter(|before| tree.tag(*before) == Tag::Text && tree.block(*before) == block)
            .take(MAX_TIMES)
            .map(|before| tree.text(before))
            .collect();
        let at = self.view.lines.lines.partition_point(|line| line.first < block);
        let before = at.checked_sub(1).map(|before| self.line(before)).unwrap_or_default();
        let role = named.unwrap_or_else(|| label::role(behind_last_day(&label), "", before));
        Some(Shown { apart, ..Shown::from_moment(moment, role) })
    }

    /// The day behind the headline in the window's title.
    fn day_in_title(&self) -> Option<NaiveDate> {
        let title = self.view.tree.find(0, Tag::Title).filter(|_| self.span.holder == 0)?;
        let whole = self.view.tree.start_of_text(title);
        of_short_line(whole.rsplit_once(['|', '-', ','])?.1).filter(|date| plausible(*date))
    }
}
