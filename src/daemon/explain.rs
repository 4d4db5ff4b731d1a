//! Texts for operators: why a source is polled when it is, what was decided on an article and why,
//! and what the store holds.

use std::{collections::HashMap, fmt::Write as _, path::Path};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::{
    base::{
        clock::{Clock as _, SystemClock},
        private::{Secrets, shown},
    },
    config::sources::{added, export},
    model::{
        article::{ArticleState, TextRank},
        clean, identity,
        source::{AddedSource, Pause, State},
        story::Story,
    },
    policy::hub::{delivery::Delivery, subscription::Subscription},
    store::{
        ArticleView, CheckReport, Facts, LeftOut, RepairReport, SiteDiscovery, Store, StoreError,
        TopicState,
    },
};

/// Says that nothing is known by a name.
#[must_use]
pub fn unknown(what: &str) -> String {
    format!("{}: no source and no article is known by this name", shown(what))
}

/// Explains a source (by id or address) or an article (by id or any of its addresses); `None` where
/// neither is known.
pub fn explain(store: &Store, what: &str) -> Result<Option<String>, StoreError> {
    let url = Url::parse(what).ok();
    let by_address =
        url.as_ref().map(|url| crate::config::sources::SourceId::from_url(url).to_string());
    let by_file = what
        .starts_with("file:")
        .then(|| crate::config::sources::SourceId::from_location(what).to_string());
    for id in [Some(what.to_owned()), by_address, by_file].into_iter().flatten() {
        let now = SystemClock.now();
        let pause = store.added().pause(&id)?.filter(|pause| pause.holds(now));
        let pause = pause.map(|pause| format!("\n{pause}")).unwrap_or_default();
        let added = store.added().get(&id)?.map(|row| added(&row)).unwrap_or_default();
        if let Some(facts) = store.polls().facts(&id)? {
            let hub = store
                .polls()
                .subscription(&id)?
                .map(|subscription| hub(&subscription, &facts, now))
                .unwrap_or_default();
            return Ok(Some(source(&facts, now) + &hub + &pause + &added));
        }
        if !added.is_empty() {
            return Ok(Some(format!(
                "source {id}\nstate: new, it was not polled yet{pause}{added}"
            )));
        }
        if let Some(state) = store.topics().state(&id)? {
            return Ok(Some(topic(&state, store.topics().waiting(&id)?.len()) + &pause));
        }
    }
    let found = find_article(&store.articles().view()?, what)?;
    Ok(found.map(|(id, state)| article(id, &state, &secrets_of(store, &state))))
}

/// An article that is known by an id or by one of its addresses.
pub fn find_article(
    view: &ArticleView,
    what: &str,
) -> Result<Option<(Uuid, ArticleState)>, StoreError> {
    let id = match (Uuid::parse_str(what), Url::parse(what)) {
        (Ok(id), _) => Some(id),
        (_, Ok(url)) => view.alias(&identity::of_url(&url))?,
        _ => None,
    };
    let Some(id) = id else { return Ok(None) };
    Ok(view.article(id)?.map(|state| (id, state)))
}

/// The subscription of a source, and how well its hub delivers.
fn hub(subscription: &Subscription, facts: &Facts, now: DateTime<Utc>) -> String {
    let hub = subscription.announced.hub();
    let secrets = facts.url.secrets();
    let trouble = if subscription.reason.is_empty() {
        String::new()
    } else {
        format!(" ({})", secrets.hide(&subscription.reason))
    };
    let Delivery { brought, missed, last, .. } = facts.hub;
    let relied = if facts.hub.is_reliable() { "" } else { ": it is polled as if it had no hub" };
    let state = subscription.state(now).as_str();
    let mut out = format!("\nhub: {hub}, topic {}", shown(&subscription.announced.topic));
    write!(
        out,
        "\nsubscription: {state}{trouble}, since {}, until {}, next request {}",
        date(subscription.since),
        date(subscription.until),
        date(Some(subscription.next))
    )
    .ok();
    write!(
        out,
        "\nthe hub brought {brought} entries and missed {missed} of late, last push: {}{relied}",
        date(last)
    )
    .ok();
    out
}

/// Where a source comes from that was added by command.
fn added(row: &AddedSource) -> String {
    let declared =
        added::of_rows([row.clone()]).sources.first().map(export::shown).unwrap_or_default();
    format!(
        "\nadded by command at {}: {}\n{}",
        date(Some(row.at)),
        shown(&row.origin),
        declared.trim_end()
    )
}

fn source(facts: &Facts, now: DateTime<Utc>) -> String {
    let mut out = format!("source {} {}\n", facts.id, facts.url);
    let state = facts.state.as_str();
    let reason = if facts.reason.is_empty() {
        String::new()
    } else {
        format!(" ({})", facts.url.secrets().hide(&facts.reason))
    };
    writeln!(out, "state: {state}{reason}, {} failures in a row", facts.failures).ok();
    if let Some(found) = &facts.site {
        let (kind, url, how) = (found.kind, &found.url, &found.how);
        writeln!(
            out,
            "read as a {kind} at {url} since {} ({how}), last looked for at {}",
            date(Some(found.since)),
            date(Some(found.looked))
        )
        .ok();
    }
    writeln!(out, "next poll: {}, because: {}", date(facts.next_due), facts.next_why).ok();
    writeln!(out, "interval: {} s", facts.interval_s).ok();
    writeln!(
        out,
        "last poll: {}, last read well: {}, last news: {}",
        date(facts.last_poll),
        date(facts.last_success),
        date(facts.last_new)
    )
    .ok();
    rhythm(&mut out, facts, now);
    write!(
        out,
        "{} polls, {} entries taken, {} times nothing of the last listing was there any more",
        facts.polls, facts.entries, facts.gaps
    )
    .ok();
    if let Some(left_out) = facts.intake.left_out {
        let LeftOut { entries, bound, since, at } = left_out;
        let setting = bound.setting();
        write!(
            out,
            "\nleft out: {entries} entries at {}, some since {}: more than {setting} allows",
            date(Some(at)),
            date(Some(since))
        )
        .ok();
    }
    out
}

/// What was learned of when a source publishes, and what the source says of itself.
fn rhythm(out: &mut String, facts: &Facts, now: DateTime<Utc>) {
    // Before anything new was seen, what is expected of every source is expected of this one.
    if facts.rhythm.since().is_some() && facts.last_new.is_some() {
        let expected = facts.rhythm.expectation(now.timestamp());
        let (hour, share) = expected.busiest_hour();
        let share = share * 100.0;
        writeln!(
            out,
            "rhythm: {:.1} entries a day, {share:.0} % of them from {hour:02}:00 UTC on for an hour",
            expected.per_day()
        )
        .ok();
    } else {
        out.push_str("rhythm: not yet known\n");
    }
    let (least, who) = facts.hints.least();
    if !least.is_zero() {
        writeln!(out, "{who}: {} s", least.as_secs()).ok();
    }
    if let Some(moved) = &facts.moved {
        let adopted = if moved.adopted {
            "it is asked there"
        } else {
            "it is asked there once that has held"
        };
        writeln!(
            out,
            "it says since {} that it has moved to {}: {adopted}",
            date(Some(moved.since)),
            moved.to
        )
        .ok();
    }
    if facts.trust.is_lost(now) {
        out.push_str("its 304 kept entries from us: for a month it is read in full\n");
    }
    if let Some((polls, since)) = facts.gone {
        writeln!(out, "it says since {} that it is gone, {polls} times", date(Some(since))).ok();
    }
}

fn date(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(
        || "never".to_owned(),
        |at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    )
}

fn topic(state: &TopicState, waiting: usize) -> String {
    let mut out = format!("source {} kafka:{}\n", state.id, state.topic);
    writeln!(
        out,
        "cluster: {}",
        if state.cluster.is_empty() { "none yet" } else { &state.cluster }
    )
    .ok();
    if let Some(trouble) = &state.trouble {
        writeln!(out, "it cannot be read: {trouble}").ok();
    }
    writeln!(
        out,
        "{} messages taken, the last one: {}; {waiting} wait to be read",
        state.messages,
        date(state.last_message)
    )
    .ok();
    writeln!(
        out,
        "resets: {}{}",
        state.resets,
        state.last_reset.as_ref().map(|at| format!(", the last one {at}")).unwrap_or_default()
    )
    .ok();
    let offsets: Vec<String> = state
        .partitions
        .iter()
        .map(|(id, progress)| format!("partition {id}: {}", progress.next))
        .collect();
    write!(
        out,
        "next offsets: {}",
        if offsets.is_empty() { "none yet".to_owned() } else { offsets.join(", ") }
    )
    .ok();
    out
}

/// The secrets in the address of the source that first listed an article.
fn secrets_of(store: &Store, state: &ArticleState) -> Secrets {
    store
        .polls()
        .facts(&state.source)
        .ok()
        .flatten()
        .map(|facts| facts.url.secrets())
        .unwrap_or_default()
}

/// Why an article has its story.
fn story(story: &Story) -> String {
    let Story { id, role, of, similarity, size } = story;
    let role = role.label();
    match (of, similarity) {
        (Some(of), Some(share)) => {
            let share = share * 100.0;
            format!(
                "{id}, {role}: {share:.0} % of the shorter text is also in article {of}; {size} articles then"
            )
        }
        _ => format!("{id}, {role}: no text of the last days was like it"),
    }
}

fn article(id: Uuid, state: &ArticleState, secrets: &Secrets) -> String {
    let hidden = |address: &str| match clean::address(address) {
        Some(address) => shown(&secrets.hide(&address)).into_owned(),
        None => shown(&secrets.hide(address)).into_owned(),
    };
    let mut out = format!("article {id}, revision {}\n", state.revision);
    writeln!(out, "address: {}", state.url.as_deref().map_or_else(|| "none".to_owned(), hidden))
        .ok();
    for other in &state.alternate_urls {
        writeln!(out, "also: {}", hidden(other)).ok();
    }
    writeln!(
        out,
        "first listed by {}, first seen {}, text from {}",
        state.source,
        state.first_seen,
        match state.text_rank {
            TextRank::Feed => "the feed",
            TextRank::Part => "the page of another article",
            TextRank::Page => "its page, or what was handed over",
        }
    )
    .ok();
    if let Some(at) = state.erased {
        writeln!(out, "erased at {}: nothing is published of it again", date(Some(at))).ok();
    }
    writeln!(out, "story: {}", state.story.as_ref().map_or_else(|| "none".to_owned(), story)).ok();
    write!(
        out,
        "last verdict: {} at {}: {}",
        state.verdict.what, state.verdict.at, state.verdict.why
    )
    .ok();
    out
}

/// The state of a source, as one line of a list of all sources.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "as in the facts")]
pub struct SourceState {
    pub id: String,
    pub title: Option<String>,
    pub site: Option<SiteDiscovery>,
    pub state: State,
    pub reason: String,
    pub last_poll: Option<DateTime<Utc>>,
    pub next_due: Option<DateTime<Utc>>,
    pub entries: u64,
}

/// The sources as the store knows them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SourceStates {
    /// Every source that was ever polled.
    pub states: Vec<SourceState>,
    /// The sources that were added by command.
    pub added: Vec<AddedSource>,
    /// The pauses that last, by the sources' ids.
    #[serde(default)]
    pub pauses: HashMap<String, Pause>,
}

/// The states of all sources that were ever polled, and the sources that were added by command, as
/// the JSON of [`SourceStates`].
pub fn sources(store: &Store) -> Result<String, StoreError> {
    let of = |Facts { id, title, site, state, reason, last_poll, next_due, entries, .. }: Facts| {
        SourceState { id, title, site, state, reason, last_poll, next_due, entries }
    };
    let states: Vec<SourceState> = store.polls().all_facts()?.into_iter().map(of).collect();
    let (now, schedule) = (SystemClock.now(), store.added());
    let pauses = schedule.pauses()?.into_iter().filter(|(_, pause)| pause.holds(now)).collect();
    Ok(serde_json::json!(SourceStates { states, added: schedule.all()?, pauses }).to_string())
}

/// The report of a check as text.
#[must_use]
pub fn checked(found: &CheckReport) -> String {
    let mut out = format!("store {}\n", found.id);
    for (table, rows) in &found.rows {
        writeln!(out, "{table}\t{rows}").ok();
    }
    let ((records, bytes), (acked, epoch)) = (found.waiting, found.acked);
    write!(
        out,
        "outbox\t{records} records wait, {bytes} bytes; {acked} acknowledged in epoch {epoch}"
    )
    .ok();
    out
}

/// The report of an export as text.
#[must_use]
pub fn exported(rows: u64, to: &Path) -> String {
    format!(
        "{rows} rows in {}: `nashra state restore` puts them into a data directory without a store",
        to.display()
    )
}

/// The report of a repair as text.
#[must_use]
pub fn repaired(repaired: &RepairReport) -> String {
    let mut out = format!(
        "{} rows are kept. The damaged files are in {}.\n",
        repaired.rows,
        repaired.damaged.display()
    );
    match repaired.told.as_slice() {
        [] => out.push_str("Nothing was lost."),
        told => {
            out.push_str("Lost or mended:");
            for message in told {
                write!(out, "\n- {message}").ok();
            }
        }
    }
    out
}
