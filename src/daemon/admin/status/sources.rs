//! The sources: a list that is searched and paged, and a page for each.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::{PageError, Query, StatusPages, layout, overview::count};
use crate::{
    base::clock::{Clock as _, SystemClock},
    config::sources::Source,
    daemon::admin::{
        forms::{FormState, buttons},
        source_filter::SourceFilter,
    },
    daemon::explain::{self, Explanation},
    model::source::State,
    stages::schedule::change::PolledNow,
    store::{Facts, PastPoll},
};

/// Sources on a page.
const A_PAGE: usize = 100;

const COLUMNS: [&str; 7] =
    ["Source", "Kind", "State", "Last poll", "Next poll", "Interval", "Entries"];
const POLL_COLUMNS: [&str; 7] =
    ["Poll", "Outcome", "HTTP", "Bytes", "Listed", "New", "Next poll, and why then"];
/// The last page that can be asked for.
const MAX_PAGE: usize = 1 << 20;

/// Which sources are listed.
struct Filter {
    words: String,
    state: String,
    sort: String,
    page: usize,
}

impl Filter {
    fn new(query: &Query) -> Self {
        Self {
            words: query.get("q").to_owned(),
            state: query.get("state").to_owned(),
            sort: query.get("sort").to_owned(),
            page: query.get("page").parse().unwrap_or(1).clamp(1, MAX_PAGE),
        }
    }

    /// The sources that are wanted, in the order that is wanted; `titles` are the names that they give
    /// themselves.
    fn apply(&self, polled: Vec<PolledNow>, titles: &HashMap<String, String>) -> Vec<PolledNow> {
        let filter = SourceFilter::new(&self.words, &self.state);
        let mut polled: Vec<PolledNow> = filter.apply(polled, titles).collect();
        match self.sort.as_str() {
            "name" => polled.sort_by_cached_key(|PolledNow { source, .. }| {
                let title = titles.get(source.id.as_str()).map(String::as_str);
                SourceFilter::shown_name(source, title).to_lowercase()
            }),
            "state" => polled.sort_by_key(|polled| polled.state.as_str()),
            _ => {}
        }
        polled
    }

    /// The address of another page of the same list.
    fn address(&self, page: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("q", &self.words), ("state", &self.state), ("sort", &self.sort)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.append_pair("page", &page.to_string());
        format!("/sources?{}", query.finish())
    }
}

impl StatusPages {
    pub(super) async fn sources(&self, query: Query) -> Result<Markup, PageError> {
        let place = self.place().await?;
        let polled = self.polled().await?;
        self.read_at(place, move |store| {
            let (all, filter) = (polled.len(), Filter::new(&query));
            let titles =
                if !filter.words.is_empty() || filter.sort == "name" { store.polls().titles()? } else { HashMap::new() };
            let found = filter.apply(polled, &titles);
            let shown = found.iter().skip((filter.page - 1) * A_PAGE).take(A_PAGE);
            let mut rows = Vec::new();
            for PolledNow { source, state } in shown {
                let facts = store.polls().facts(source.id.as_str())?.unwrap_or_default();
                rows.push((source, *state, facts));
            }
            let now = SystemClock.now();
            let pages = found.len().div_ceil(A_PAGE).max(1);
            let main = html! {
                h1 { "Sources" }
                (form(&filter))
                p.quiet { (layout::number(count(found.len()))) " of " (layout::number(count(all))) " sources, page " (filter.page) " of " (pages) }
                (layout::table("Sources", &COLUMNS, &html! { @for (source, state, facts) in &rows { (row(source, *state, facts, now)) } }))
                nav aria-label="Pages of the list" {
                    @if filter.page > 1 { a rel="prev" href=(filter.address(filter.page - 1)) { "Previous" } }
                    @if filter.page < pages { a rel="next" href=(filter.address(filter.page + 1)) { "Next" } }
                }
            };
            Ok(layout::page("/sources", "nashra: sources", &main))
        })
        .await
    }

    pub(super) async fn source(&self, query: Query, forms: FormState) -> Result<Markup, PageError> {
        let id = query.get("id").to_owned();
        let place = self.place().await?;
        let known = self.polled().await?.into_iter().find(|known| known.source.id.as_str() == id);
        self.read_at(place, move |store| {
            let (facts, polls) = (store.polls().facts(&id)?, store.polls().past_polls(&id)?);
            if facts.is_none() && known.is_none() {
                return Err(PageError::Unknown("No source has this id.".to_owned()));
            }
            let title = facts.as_ref().and_then(|facts| facts.title.as_deref());
            let name = known
                .as_ref()
                .map_or_else(|| id.clone(), |known| SourceFilter::shown_name(&known.source, title));
            let now = SystemClock.now();
            let pause = store.polls().pause_at(&id, now)?;
            let explained = explain::explain_source(store, &id)?;
            let rhythm = match &explained {
                Some(Explanation::Source(source)) => {
                    source.polls.as_ref().and_then(|polls| polls.rhythm.as_ref())
                }
                _ => None,
            };
            let main = html! {
                h1 { bdi { (name) } }
                @if let Some(PolledNow { source, .. }) = &known {
                    p { (layout::link(&source.at.to_string())) }
                    p.quiet { "Listed at " (source.place.to_string()) @if source.paused { ", paused there" } }
                } @else {
                    p.bad { "It is not polled any more." }
                }
                @if facts.is_none() { p { "It was not polled yet." } }
                @if known.as_ref().is_some_and(|known| !known.source.paused) {
                    (buttons(&id, pause.as_ref(), &forms))
                }
                (layout::facts(&explained.as_ref().map(Explanation::facts).unwrap_or_default()))
                (past_polls(&polls, now))
                @if let Some(rhythm) = rhythm {
                    h2 { "When it publishes" }
                    div.charts {
                        figure {
                            (layout::bars(&rhythm.hours, 24, &format!("Entries by hour of the day; most at {:02}:00", rhythm.busiest_hour)))
                            figcaption { "Share of a day's entries by hour, 00:00 to 23:00 UTC" }
                        }
                    }
                }
            };
            Ok(layout::page("/source", &format!("nashra: {name}"), &main))
        })
        .await
    }
}

/// The last polls of a source, the latest first.
fn past_polls(polls: &[PastPoll], now: DateTime<Utc>) -> Markup {
    let number = |count: u32| layout::number(f64::from(count));
    let seconds = |ms: u32| format!("{:.1} s", f64::from(ms) / 1000.0);
    let bytes = |bytes: u64| layout::bytes(f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)));
    let rows = html! {
        @for poll in polls {
            @let is_good = matches!(poll.state, State::Ok | State::New | State::Paused);
            tr {
                td { (layout::time(Some(poll.at), now)) div.quiet { "took " (seconds(poll.took_ms)) ", late " (seconds(poll.late_ms)) } }
                td {
                    span.good[is_good].bad[!is_good] { (poll.outcome) }
                    @if !poll.reason.is_empty() { div.quiet { bdi { (poll.reason) } } }
                }
                td.number { @if let Some(status) = poll.status { (status) } }
                td.number { @if poll.bytes > 0 { (bytes(poll.bytes)) } }
                td.number { (number(poll.listed)) }
                td.number { (number(poll.fresh)) @if poll.gap { div.bad { "a gap before" } } }
                td { (layout::time(Some(poll.next_due), now)) div.quiet { (poll.next_why) } }
            }
        }
    };
    let fresh: Vec<f64> = polls.iter().rev().map(|poll| f64::from(poll.fresh)).collect();
    html! {
        @if !polls.is_empty() {
            h2 { "Its last polls" }
            div.charts {
                figure {
                    (layout::bars(&fresh, fresh.len(), "New and changed entries of each of these polls, the latest last"))
                    figcaption { "New and changed entries of each poll, the latest on the right" }
                }
            }
            (layout::table("Its last polls", &POLL_COLUMNS, &rows))
        }
    }
}

fn form(filter: &Filter) -> Markup {
    html! {
        form method="get" action="/sources" role="search" {
            label { "Name, address, id or tag" input type="search" name="q" value=(filter.words) dir="auto"; }
            label {
                "State"
                select name="state" {
                    option value="" { "all" }
                    @for state in State::ALL {
                        option value=(state.as_str()) selected[state.as_str() == filter.state] { (state.as_str()) }
                    }
                }
            }
            label {
                "Order"
                select name="sort" {
                    @for (value, name) in [("", "as listed"), ("name", "by name"), ("state", "by state")] {
                        option value=(value) selected[value == filter.sort] { (name) }
                    }
                }
            }
            button { "Show" }
        }
    }
}

fn row(source: &Source, state: State, facts: &Facts, now: DateTime<Utc>) -> Markup {
    let address = format!(
        "/source?{}",
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("id", source.id.as_str())
            .finish()
    );
    let is_good = matches!(state, State::Ok | State::New | State::Paused);
    html! {
        tr {
            td {
                a href=(address) { bdi { (SourceFilter::shown_name(source, facts.title.as_deref())) } }
                @if source.name.is_some() || facts.title.is_some() { div.quiet { (source.at.to_string()) } }
            }
            td { (source.kind.as_str()) }
            td {
                span.good[is_good].bad[!is_good] { (state.as_str()) }
                @if !facts.reason.is_empty() { div.quiet { (facts.url.secrets().hide(&facts.reason)) } }
            }
            td { (layout::time(facts.last_poll, now)) }
            td { (layout::time(facts.next_due, now)) @if !facts.next_why.is_empty() { div.quiet { (facts.next_why) } } }
            td.number { (layout::number(f64::from(u32::try_from(facts.interval_s).unwrap_or(u32::MAX)))) " s" }
            td.number { (layout::number(f64::from(u32::try_from(facts.entries).unwrap_or(u32::MAX)))) }
        }
    }
}
