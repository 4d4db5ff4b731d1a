//! The dead letters: a list by reason that is searched and paged, and a page for each with its bytes.
//!
//! What must stay true: the bytes are shown as text, a bounded beginning of them, and never as a page
//! or a picture of their own.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use uuid::Uuid;

use super::{PageError, Query, StatusPages, layout};
use crate::{
    base::clock::{Clock as _, SystemClock},
    daemon::admin::forms::{
        FormState, filter_fields, letter_filter, retry_all_button, retry_button,
    },
    daemon::letters::{self, LetterList, ShownLetter},
    store::{LetterFacts, LetterFilter},
};

/// Letters on a page.
const A_PAGE: usize = 50;
/// Bytes that are shown of one.
const SHOWN: usize = 64 << 10;

const COLUMNS: [&str; 5] = ["What", "Source", "Why", "Given up", "Tries"];

/// The address of a list with this filter, that begins behind a letter.
fn address(filter: &LetterFilter, before: Option<Uuid>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(filter_fields(filter));
    if let Some(before) = before {
        query.append_pair("before", &before.to_string());
    }
    format!("/deadletters?{}", query.finish())
}

impl StatusPages {
    pub(super) async fn letters(
        &self,
        query: Query,
        forms: FormState,
    ) -> Result<Markup, PageError> {
        let kept = self.targets.letters.clone();
        self.read(move |_| {
            let (filter, before) = (letter_filter(&query), query.get("before").parse().ok());
            let list = letters::list(&kept.view()?, &filter, before, A_PAGE)?;
            Ok(layout::page(
                "/deadletters",
                "nashra: dead letters",
                &listed(&filter, &list, &forms),
            ))
        })
        .await
    }

    pub(super) async fn letter(&self, query: Query, forms: FormState) -> Result<Markup, PageError> {
        let kept = self.targets.letters.clone();
        self.read(move |_| {
            let unknown = || {
                let words = "There is no dead letter with this id: what it was about may have been read since.";
                PageError::Unknown(words.to_owned())
            };
            let id = query.get("id").parse().map_err(|_| unknown())?;
            let shown = letters::show(&kept.view()?, id, false)?.ok_or_else(unknown)?;
            let page = letter(&shown, SystemClock.now(), &forms);
            Ok(layout::page("/deadletter", "nashra: dead letter", &page))
        })
        .await
    }
}

fn listed(filter: &LetterFilter, list: &LetterList, forms: &FormState) -> Markup {
    let now = SystemClock.now();
    let number = |count: u64| layout::number(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    html! {
        h1 { "Dead letters" }
        p.quiet { "What could not be published, with its bytes. " code { "nashra deadletters retry" } " has it tried again." }
        form method="get" action="/deadletters" role="search" {
            label { "Address, headline, source or error" input type="search" name="q" value=(filter.words.as_deref().unwrap_or_default()) dir="auto"; }
            @for (name, value) in filter_fields(filter) {
                @if name != "q" { input type="hidden" name=(name) value=(value); }
            }
            button { "Find" }
        }
        dl.cards {
            @for (reason, count) in &list.reasons {
                @let of_reason = LetterFilter { reason: Some(reason.clone()), ..filter.clone() };
                div { dt { a href=(address(&of_reason, None)) { (reason) } } dd { (number(*count)) } }
            }
        }
        p.quiet {
            (number(list.found)) " dead letters"
            @for (name, value) in filter_fields(filter) {
                @if name != "q" { ", " (name) " " bdi { (value) } }
            }
            @if *filter != LetterFilter::default() { ". " a href="/deadletters" { "Show all" } }
        }
        @if list.found > 0 { (retry_all_button(filter, &number(list.found), forms)) }
        (layout::table("Dead letters", &COLUMNS, &html! { @for facts in &list.letters { (row(facts, now)) } }))
        nav aria-label="Pages of the list" {
            @if let Some(next) = list.next { a rel="next" href=(address(filter, Some(next))) { "Older" } }
        }
    }
}

/// What a letter is about, in a few words.
fn what(facts: &LetterFacts) -> &str {
    let LetterFacts { title, url, guid, .. } = facts;
    title.as_deref().or(url.as_deref()).or(guid.as_deref()).unwrap_or("without a name")
}

fn row(facts: &LetterFacts, now: DateTime<Utc>) -> Markup {
    let of = |filter: LetterFilter| address(&filter, None);
    let LetterFacts { source, reason, error, .. } = facts;
    html! {
        tr {
            td {
                a href=(format!("/deadletter?id={}", facts.id)) { bdi { (what(facts)) } }
                @if let Some(url) = &facts.url { div.quiet dir="ltr" { (url) } }
            }
            td {
                a href=(of(LetterFilter { source: Some(source.id.clone()), ..LetterFilter::default() })) { bdi { (source.name.as_ref().unwrap_or(&source.id)) } }
                @if let Some(host) = facts.host() {
                    div.quiet { a href=(of(LetterFilter { host: Some(host.clone()), ..LetterFilter::default() })) { (host) } }
                }
            }
            td { (reason) div.quiet { bdi { (error) } } }
            td {
                (layout::time(Some(facts.at), now))
                @if facts.retried.is_some() { div.good { "is being tried again" } }
            }
            td.number { (facts.tries) @if facts.attempts > 1 { div.quiet { "given up " (facts.attempts) " times" } } }
        }
    }
}

fn letter(shown: &ShownLetter, now: DateTime<Utc>, forms: &FormState) -> Markup {
    let facts = &shown.facts;
    let LetterFacts { source, reason, error, .. } = facts;
    html! {
        h1 { bdi { (what(facts)) } }
        @if let Some(url) = &facts.url { p { (layout::link(url)) } }
        dl.facts {
            dt { "Reason" } dd { (reason) }
            dt { "Error" } dd { bdi { (error) } }
            dt { "Source" } dd { bdi { (source.name.as_ref().unwrap_or(&source.id)) } }
            @if let Some(guid) = &facts.guid { dt { "Guid" } dd { bdi { (guid) } } }
            dt { "First seen" } dd { (layout::time(Some(facts.first_seen), now)) }
            dt { "Given up first" } dd { (layout::time(Some(facts.first), now)) }
            dt { "Given up last" } dd { (layout::time(Some(facts.at), now)) }
            dt { "Tries" } dd { (facts.tries) ", given up " (facts.attempts) " times" }
            dt { "Trying it again" }
            dd {
                @match (&facts.retried, &shown.not_retried) {
                    (Some(retried), _) => { span.good { "under way, since " (layout::time(Some(retried.at), now)) } }
                    (None, Some(why)) => { "not possible: " (why) }
                    (None, None) => { code { "nashra deadletters retry " (facts.id) } }
                }
            }
        }
        @if facts.retried.is_none() && shown.not_retried.is_none() {
            (retry_button(&facts.id.to_string(), forms))
        }
        h2 { "Its bytes" }
        @match (shown.bytes(), facts.bytes) {
            (Some(bytes), Some(all)) => {
                @let start = &bytes[..bytes.len().min(SHOWN)];
                p.quiet {
                    (layout::bytes(f64::from(u32::try_from(all).unwrap_or(u32::MAX))))
                    @if start.len() as u64 != all { ", of which the first " (layout::bytes(f64::from(u32::try_from(start.len()).unwrap_or(u32::MAX)))) " are shown" }
                    ". " code { "nashra deadletters show " (facts.id) " --bytes" } " writes them as they were received."
                }
                pre.bytes tabindex="0" role="region" aria-label="Its bytes, as text" dir="auto" { (as_text(start)) }
            }
            _ => { p { "None are kept." } }
        }
    }
}

/// Bytes as text: what is none, and what would change how the rest is shown, is a replacement
/// character.
fn as_text(bytes: &[u8]) -> String {
    let is_shown = |c: char| c == '\n' || c == '\t' || !(c.is_control() || layout::turns_text(c));
    let text = String::from_utf8_lossy(bytes);
    text.replace("\r\n", "\n").chars().map(|c| if is_shown(c) { c } else { '\u{fffd}' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_text_that_changes_nothing_around_it() {
        assert_eq!(as_text(b"a\r\n\t<b>\x00\xff"), "a\n\t<b>\u{fffd}\u{fffd}");
        assert_eq!(as_text("\u{202e}مرحبا\u{2066}".as_bytes()), "\u{fffd}مرحبا\u{fffd}");
    }
}
