//! What the stages count and measure: a function for each event, with the labels of its metrics.
//! Their names and help are in [`table`]; what is shown before anything happened is in
//! [`mod@start`].
//!
//! Labels have few values (an outcome, a kind, a topic): no label names a source or an address.

mod start;
mod table;

use std::time::Duration;

use chrono::{DateTime, Utc};

use self::{
    start::{EVENTS, REFUSALS},
    table::Counter,
};
use crate::model::{record::Topic, source::State};

pub use start::start;

/// Counts at a value that [`EVENTS`] lists.
fn event(counter: Counter, value: &'static str, count: usize) {
    let listed = EVENTS.iter().find(|event| event.0 == counter);
    debug_assert!(
        listed.is_some_and(|listed| listed.2.contains(&value)),
        "{} is shown from the start with {value}",
        counter.name()
    );
    if let Some((counter, label, _)) = listed {
        counter.add(&[(label, value)], count as u64);
    }
}

/// The config was read again, and was right or wrong.
pub(crate) fn reloaded(is_right: bool, now: DateTime<Utc>) {
    event(table::RELOADS, if is_right { "done" } else { "refused" }, 1);
    if is_right {
        config_is_right(now);
    } else {
        table::RELOAD_OK.set(&[], 0.0);
    }
}

fn config_is_right(now: DateTime<Utc>) {
    table::RELOAD_OK.set(&[], 1.0);
    table::RELOAD_SUCCESS_TIME_SECONDS.set(&[], seconds(now));
}

/// Seconds since 1970.
#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are floating point; milliseconds since 1970 stay far below 2^53"
)]
fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp_millis() as f64 / 1000.0
}

/// A poll ended.
pub(crate) fn poll(outcome: &'static str, took: Duration, late: Duration) {
    event(table::POLLS, outcome, 1);
    table::POLL_DURATION_SECONDS.record(took);
    table::POLL_LATENESS_SECONDS.record(late);
}

/// A source is in another state, comes or goes; the gauge is the number of sources in each.
pub(crate) fn source_state(before: Option<State>, now: Option<State>) {
    if before != now {
        if let Some(before) = before {
            table::SOURCES.add(&[("state", before.as_str())], -1.0);
        }
        if let Some(now) = now {
            table::SOURCES.add(&[("state", now.as_str())], 1.0);
        }
    }
}

/// A poll shared no entry with the one before.
pub(crate) fn gap() {
    table::GAPS.add(&[], 1);
}

/// A poll without validators showed whether the server's 304 had been true.
pub(crate) fn audited(outcome: &'static str) {
    table::AUDITS.add(&[("outcome", outcome)], 1);
}

/// An older page of a listing was read, or could not be.
pub(crate) fn backfilled(outcome: &'static str) {
    table::BACKFILLED_PAGES.add(&[("outcome", outcome)], 1);
}

/// An answer came, or none.
pub(crate) fn fetched(kind: &'static str, outcome: &'static str, bytes: usize) {
    table::FETCHES.add(&[("kind", kind), ("outcome", outcome)], 1);
    table::FETCH_BYTES.add(&[("kind", kind)], bytes as u64);
}

/// A robots.txt was asked for.
pub(crate) fn robots(outcome: &'static str) {
    table::ROBOTS.add(&[("outcome", outcome)], 1);
}

/// A host asked us to stay away.
pub(crate) fn host_left_alone(why: &'static str) {
    table::HOSTS_LEFT_ALONE.add(&[("why", why)], 1);
}

/// Entries of one listing.
pub(crate) fn entries(verdict: &'static str, count: usize) {
    if count > 0 {
        table::ENTRIES.add(&[("verdict", verdict)], count as u64);
    }
}

/// Entries of one look at a source were left out.
pub(crate) fn left_out(bound: &'static str, count: usize) {
    event(table::ENTRIES_LEFT_OUT, bound, count);
}

/// Counts messages that were taken from topics, by what they held.
pub(crate) fn topic_messages(what: &'static str, count: usize) {
    event(table::TOPIC_MESSAGES, what, count);
}

/// Counts the bytes of messages that were taken from topics.
pub(crate) fn topic_bytes(bytes: usize) {
    table::TOPIC_BYTES.add(&[], bytes as u64);
}

/// A topic's lag changed; the gauge is the sum over topics.
#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are floating point; numbers of messages stay far below 2^53"
)]
pub(crate) fn topic_lag(before: u64, now: u64) {
    table::TOPIC_LAG.add(&[], now as f64 - before as f64);
}

/// A topic could not be read and is tried again.
pub(crate) fn topic_error() {
    table::TOPIC_ERRORS.add(&[], 1);
}

/// Reading a topic does not go on where it ended.
pub(crate) fn topic_reset(reason: &'static str, lost: u64) {
    event(table::TOPIC_RESETS, reason, 1);
    table::TOPIC_LOST.add(&[], lost);
}

/// How many subscriptions are in a state.
#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are floating point; numbers of sources stay far below 2^53"
)]
pub(crate) fn subscriptions(state: &'static str, count: u64) {
    table::WEBSUB_SUBSCRIPTIONS.set(&[("state", state)], count as f64);
}

/// A hub answered a request, or did not.
pub(crate) fn websub_request(mode: &'static str, outcome: &'static str) {
    table::WEBSUB_REQUESTS.add(&[("mode", mode), ("outcome", outcome)], 1);
}

/// A hub asked whether we want what it was asked for, or said no.
pub(crate) fn websub_question(result: &'static str) {
    table::WEBSUB_QUESTIONS.add(&[("result", result)], 1);
}

/// Counts what a hub sent to a callback, by what became of it.
pub(crate) fn pushed(outcome: &'static str) {
    table::WEBSUB_PUSHES.add(&[("outcome", outcome)], 1);
}

/// A poll found entries that a hub should have sent.
pub(crate) fn push_missed(count: usize) {
    if count > 0 {
        table::WEBSUB_MISSED.add(&[], count as u64);
    }
}

/// Counts a reading of the page behind an entry, by its outcome.
pub(crate) fn page(outcome: &'static str) {
    table::PAGES.add(&[("outcome", outcome)], 1);
}

/// Counts a page of an entry that could not be read.
pub(crate) fn unreadable_page(reason: &'static str) {
    event(table::UNREADABLE_PAGES, reason, 1);
}

/// A page was decoded and extracted.
pub(crate) fn extracted(took: Duration) {
    table::PAGE_EXTRACT_SECONDS.record(took);
}

/// Counts a panic that was caught while a reader read what a source sent.
pub(crate) fn reader_panicked(reader: &'static str) {
    event(table::READER_PANICS, reader, 1);
}

/// There was no memory for a large body, and no place to wait for it.
pub(crate) fn no_room(to: &'static str) {
    table::NO_ROOM.add(&[("to", to)], 1);
}

/// Counts a look at the page of a published article that read no page, by what it found.
pub(crate) fn look(found: &'static str) {
    table::LOOKS.add(&[("found", found)], 1);
}

/// Counts a decision of the committing task on one article.
pub(crate) fn article(decision: &'static str) {
    event(table::ARTICLES, decision, 1);
}

/// Counts an article that was given a story, by its role.
pub(crate) fn story(role: &'static str) {
    table::STORIES.add(&[("role", role)], 1);
}

/// The texts that new ones are compared with, and their bytes of memory.
#[expect(clippy::cast_precision_loss, reason = "gauges are floating point")]
pub(crate) fn story_index(texts: usize, bytes: usize) {
    table::STORY_TEXTS.set(&[], texts as f64);
    table::STORY_BYTES.set(&[], bytes as f64);
}

/// Counts an entry that became a dead letter, by the kind of failure.
pub(crate) fn dead_letter(reason: &'static str) {
    table::DEAD_LETTERS.add(&[("reason", reason)], 1);
}

/// Counts records that the sink acknowledged.
pub(crate) fn published(topic: Topic, count: u64) {
    table::PUBLISHED.add(&[("topic", topic.name())], count);
}

/// A transaction of the sink was committed.
pub(crate) fn publish_batch(took: Duration) {
    table::PUBLISH_BATCH_SECONDS.record(took);
}

/// A delivery failed and is tried again.
pub(crate) fn publish_error(reason: &'static str) {
    event(table::PUBLISH_ERRORS, reason, 1);
}

/// The sink does not take a record, now or later.
pub(crate) fn publish_refused(topic: Topic, reason: &'static str) {
    debug_assert!(REFUSALS.contains(&reason), "it is shown from the start with {reason}");
    refused(topic, reason, 1);
}

fn refused(topic: Topic, reason: &'static str, count: u64) {
    table::PUBLISH_REFUSED.add(&[("topic", topic.name()), ("reason", reason)], count);
}

/// A dead letter is in a file and not in its topic.
pub(crate) fn dead_letter_kept(reason: &'static str) {
    event(table::DEAD_LETTERS_KEPT, reason, 1);
}

/// Publishing stopped (1) or goes on (0).
pub(crate) fn publish_halted(reason: &'static str, halted: bool) {
    table::PUBLISH_HALTED.set(&[("reason", reason)], f64::from(u8::from(halted)));
}

/// Records how long a batch took until it was durable.
pub(crate) fn store_commit(took: Duration) {
    table::STORE_COMMIT_SECONDS.record(took);
}

/// Counts a damaged row of a table that was passed over.
pub(crate) fn row_passed_over(table: &'static str) {
    table::STORE_ROWS_PASSED_OVER.add(&[("table", table)], 1);
}

/// A commit failed and is tried again.
pub(crate) fn store_error() {
    table::STORE_ERRORS.add(&[], 1);
}

/// How many entries wait to be read, and how many looks at published articles are to be made.
#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are floating point; numbers of entries stay far below 2^53"
)]
pub(crate) fn entries_pending(count: u64, looks: u64) {
    table::ENTRIES_PENDING.set(&[], count as f64);
    table::LOOKS_PENDING.set(&[], looks as f64);
}

/// A part of the daemon is in order (1) or not (0).
pub(crate) fn ready(part: &'static str, ready: bool) {
    table::READY.set(&[("part", part)], f64::from(u8::from(ready)));
}

/// How full things are, sampled.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Levels {
    pub(crate) outbox_records: u64,
    pub(crate) outbox_bytes: u64,
    pub(crate) outbox_oldest: Duration,
    pub(crate) store_bytes: u64,
    pub(crate) disk_free: u64,
}

/// Sets the gauges of the outbox, the store and the disk from one sample.
#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are floating point; sizes stay far below 2^53"
)]
pub(crate) fn levels(levels: Levels) {
    table::OUTBOX_RECORDS.set(&[], levels.outbox_records as f64);
    table::OUTBOX_BYTES.set(&[], levels.outbox_bytes as f64);
    table::OUTBOX_OLDEST_SECONDS.set(&[], levels.outbox_oldest.as_secs_f64());
    table::STORE_BYTES.set(&[], levels.store_bytes as f64);
    table::DISK_FREE_BYTES.set(&[], levels.disk_free as f64);
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const ALERTS: &str = include_str!("../../deploy/prometheus/alerts.yml");

    #[test]
    fn every_alert_is_tried_where_it_fires_and_where_it_does_not() {
        let tests = include_str!("../../deploy/prometheus/alerts_test.yml");
        for alert in ALERTS.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
            let tried: Vec<&str> = tests
                .split("- alertname: ")
                .filter(|part| part.lines().next() == Some(alert))
                .collect();
            let (silent, fires): (Vec<&str>, Vec<&str>) =
                tried.iter().partition(|tried| tried.contains("exp_alerts: []"));
            assert!(!silent.is_empty() && !fires.is_empty(), "{alert}");
        }
    }

    /// `docs/metrics.md`, made of the table.
    fn document() -> String {
        let rows: Vec<String> = table::ALL
            .iter()
            .map(|(name, kind, help)| format!("| `{name}` | {} | {help} |\n", kind.to_lowercase()))
            .collect();
        let head = "# Metrics\n\n`/metrics` (`admin.listen`) has these for Prometheus. A counter grows while the process lives; names end \
            in their unit.\nThe labels have few values, and none names a source or an address. [alerts.md](alerts.md) says which are \
            watched, and what to do then.\n\n| metric | kind | meaning |\n|---|---|---|\n";
        head.to_owned() + &rows.concat()
    }

    #[test]
    fn the_document_of_the_metrics_is_made_of_their_table() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
        if std::env::var_os("NASHRA_WRITE_DOCS").is_some() {
            std::fs::write(&path, document()).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(kept, document(), "NASHRA_WRITE_DOCS=1 cargo test --lib metrics writes it anew");
    }

    #[test]
    fn every_alert_has_a_severity_and_a_section_that_says_what_to_do() {
        let runbooks = include_str!("../../docs/alerts.md");
        for alert in ALERTS.split("- alert: ").skip(1) {
            let name = alert.lines().next().unwrap();
            assert!(alert.contains("severity: "), "{name}");
            let place = format!("runbook_url: docs/alerts.md#{}\n", name.to_lowercase());
            assert!(alert.contains(&place), "{name}");
            assert!(runbooks.contains(&format!("\n## {name}\n\n")), "{name}");
        }
        assert_eq!(runbooks.matches("\n## ").count(), ALERTS.matches("- alert: ").count());
    }

    #[test]
    fn the_dashboard_and_the_alerts_name_metrics_that_exist() {
        for file in [include_str!("../../deploy/grafana/dashboards/nashra.json"), ALERTS] {
            let names = file
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .filter(|part| part.starts_with("nashra_"));
            for name in names {
                let name = name.trim_end_matches("_bucket");
                let is_defined = table::ALL.iter().any(|metric| metric.0 == name);
                assert!(is_defined, "{name} is not defined");
            }
        }
    }
}
