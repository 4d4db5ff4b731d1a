//! Dates of a feed. What one date leaves open, the others may settle: a `23/01/2024` says how
//! `02/01/2024` is meant.

use super::model::Document;
use crate::{
    dates::moment::{self, Order},
    model::entry::Date,
};

/// Parses a date of a feed, by itself.
pub(super) fn parse(raw: &str) -> Date {
    let raw = raw.trim();
    let moment = moment::parse(raw, None);
    Date {
        raw: raw.to_owned(),
        time: moment.map(|moment| moment.time),
        assumed: moment.map(|moment| moment.assumed).unwrap_or_default(),
    }
}

/// Settles which number is the day where a date leaves that open: by another date, else by the
/// feed's language.
pub(super) fn settle(document: &mut Document) {
    if !dates(document).any(|date| date.assumed.order) {
        return;
    }
    let shown = dates(document).find_map(|date| moment::order(&date.raw));
    let order = shown.or_else(|| {
        let language = document.feed.language.as_deref()?.to_ascii_lowercase();
        Some(if matches!(language.as_str(), "en" | "en-us") {
            Order::MonthFirst
        } else {
            Order::DayFirst
        })
    });
    let Some(order) = order else { return };
    let feed = &mut document.feed;
    let own = [&mut feed.published, &mut feed.updated].into_iter();
    let entries =
        document.entries.iter_mut().flat_map(|entry| [&mut entry.published, &mut entry.updated]);
    for date in own.chain(entries).flatten().filter(|date| date.assumed.order) {
        if let Some(moment) = moment::parse(&date.raw, Some(order)) {
            (date.time, date.assumed) = (Some(moment.time), moment.assumed);
        }
    }
}

fn dates(document: &Document) -> impl Iterator<Item = &Date> {
    let own = [&document.feed.published, &document.feed.updated].into_iter();
    own.chain(document.entries.iter().flat_map(|entry| [&entry.published, &entry.updated]))
        .flatten()
}
