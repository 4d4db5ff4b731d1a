//! Dates of a feed. What one date leaves open, the others may settle: a `23/01/2024` says how
//! `02/01/2024` is meant.

use std::borrow::Cow;

use super::{attributes, model::Document};
use crate::{
    dates::{
        moment::{self, Order},
        words,
    },
    model::entry::Date,
};

/// Parses a date of a feed, by itself.
pub(super) fn parse(raw: &str) -> Date {
    let raw = raw.trim();
    let moment = moment::parse(&plain(raw), None);
    Date {
        raw: raw.to_owned(),
        time: moment.map(|moment| moment.time),
        assumed: moment.map(|moment| moment.assumed).unwrap_or_default(),
    }
}

/// What a date says without the markup that some programs put into it: of an element `time` what is
/// for machines; references decoded; said once where it is said twice in a row.
fn plain(raw: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(raw);
    if memchr::memchr(b'&', raw.as_bytes()).is_some() {
        text = htmlize::unescape(raw);
    }
    if let Some(start) = text.find('<') {
        let machine = machine(&text[start..]).unwrap_or_else(|| without_tags(&text));
        text = Cow::Owned(machine);
    }
    let (first, second) = text.split_at(text.floor_char_boundary(text.len() / 2));
    if !first.is_empty() && first.trim() == second.trim() {
        text = Cow::Owned(first.to_owned());
    }
    text
}

/// What the tag at the start says to machines: `<time datetime>`, `<abbr title>`.
fn machine(tag: &str) -> Option<String> {
    let attributes = tag[..tag.find('>')?].split_once(char::is_whitespace)?.1;
    let is_machine = |name: &str| {
        ["datetime", "content", "title"].iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    let (_, value) = attributes::raw(attributes).find(|(name, _)| is_machine(name))?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        out.push(' ');
        rest = tag.split_once('>').map_or("", |(_, behind)| behind);
    }
    out + rest
}

/// Settles which number is the day where a date leaves that open: by another date, else by the
/// feed's language.
pub(super) fn settle(document: &mut Document) {
    settle_months(document);
    if !dates(document).any(|date| date.assumed.order) {
        return;
    }
    let shown = dates(document).find_map(|date| moment::order(&plain(&date.raw)));
    let order = shown.or_else(|| {
        let language = document.feed.language.as_deref()?.to_ascii_lowercase();
        Some(if matches!(language.as_str(), "en" | "en-us") {
            Order::MonthFirst
        } else {
            Order::DayFirst
        })
    });
    let Some(order) = order else { return };
    for date in dates_mut(document).filter(|date| date.assumed.order) {
        if let Some(moment) = moment::parse(&plain(&date.raw), Some(order)) {
            (date.time, date.assumed) = (Some(moment.time), moment.assumed);
        }
    }
}

/// Reads names of months as the feed's language has them, where other languages mean another month
/// by the same letters.
fn settle_months(document: &mut Document) {
    let language = document.feed.language.as_deref().filter(|name| !name.starts_with("en"));
    let Some(own) = language.and_then(words::own_months) else { return };
    for date in dates_mut(document) {
        if let Some(moment) = moment::parse_in(Some(own), &plain(&date.raw), None) {
            (date.time, date.assumed) = (Some(moment.time), moment.assumed);
        }
    }
}

fn dates(document: &Document) -> impl Iterator<Item = &Date> {
    let own = [&document.feed.published, &document.feed.updated].into_iter();
    own.chain(document.entries.iter().flat_map(|entry| [&entry.published, &entry.updated]))
        .flatten()
}

fn dates_mut(document: &mut Document) -> impl Iterator<Item = &mut Date> {
    let feed = &mut document.feed;
    let own = [&mut feed.published, &mut feed.updated].into_iter();
    let entries =
        document.entries.iter_mut().flat_map(|entry| [&mut entry.published, &mut entry.updated]);
    own.chain(entries).flatten()
}
