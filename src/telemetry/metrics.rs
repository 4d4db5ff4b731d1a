//! Every metric, in one file: name, type, labels, unit and help. The raw macros are banned
//! elsewhere.
//!
//! Labels have few values (an outcome, a kind, a topic): no label names a source or an address.
#![expect(clippy::disallowed_macros, reason = "the one place where metrics are made")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::model::{record::Topic, source::State};

/// Seconds: from a local commit to a page that nearly timed out.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];
/// Seconds of lateness: from on time to hours.
const LATENESS: [f64; 10] = [0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0];

/// Counters that alerts look at: the label, and all its values. They are shown as 0 from the start,
/// because Prometheus sees no increase in what appears as 1: the first event would be lost.
const EVENTS: [(&str, &str, &[&str]); 7] = [
    (
        "nashra_polls_total",
        "outcome",
        &[
            "read",
            "unchanged",
            "not_modified",
            "held",
            "paused",
            "throttled",
            "blocked",
            "gone",
            "missing",
            "failed",
            "html",
            "unreadable",
            "undecodable",
            "panicked",
        ],
    ),
    ("nashra_entries_left_out_total", "bound", &["poll", "day", "pending"]),
    ("nashra_topic_messages_total", "what", &["address", "document", "deletion", "unreadable"]),
    (
        "nashra_topic_resets_total",
        "reason",
        &["other_cluster", "expired", "shorter", "other_message"],
    ),
    ("nashra_reader_panics_total", "reader", &["poll", "push", "backfill", "sitemap", "page"]),
    ("nashra_publish_errors_total", "reason", &["transient", "fenced", "unauthorised"]),
    ("nashra_dead_letters_kept_total", "reason", &["unauthorised", "too_large", "invalid"]),
];
/// Why the sink refuses a record for good.
const REFUSALS: [&str; 2] = ["too_large", "invalid"];

/// Starts recording in a process that began at this time; the handle renders the page that
/// Prometheus reads.
///
/// # Errors
/// Where a recorder is running already.
pub fn start(now: DateTime<Utc>) -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("lateness_seconds".to_owned()), &LATENESS)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()?;
    begin(now);
    Ok(handle)
}

fn begin(now: DateTime<Utc>) {
    describe();
    #[expect(
        clippy::cast_precision_loss,
        reason = "gauges are floating point; milliseconds since 1970 stay far below 2^53"
    )]
    gauge!("process_start_time_seconds").set(now.timestamp_millis() as f64 / 1000.0);
    for (name, _, values) in EVENTS {
        for value in values {
            event(name, value, 0);
        }
    }
    for topic in [Topic::Articles, Topic::DeadLetters] {
        for reason in REFUSALS {
            refused(topic, reason, 0);
        }
    }
    counter!("nashra_store_errors_total").increment(0);
}

/// Counts at a value that [`EVENTS`] lists.
fn event(name: &'static str, value: &'static str, count: usize) {
    let listed = EVENTS.iter().find(|event| event.0 == name);
    debug_assert!(
        listed.is_some_and(|listed| listed.2.contains(&value)),
        "{name} is shown from the start with {value}"
    );
    if let Some((name, label, _)) = listed {
        counter!(*name, *label => value).increment(count as u64);
    }
}

fn describe() {
    describe_gauge!(
        "process_start_time_seconds",
        Unit::Seconds,
        "When the process began, in seconds since 1970"
    );
    describe_input();
    describe_output();
}

fn describe_input() {
    describe_counter!("nashra_polls_total", "Polls of sources by outcome");
    describe_histogram!(
        "nashra_poll_duration_seconds",
        Unit::Seconds,
        "From the request of a poll until its commit"
    );
    describe_histogram!(
        "nashra_poll_lateness_seconds",
        Unit::Seconds,
        "How long after its due time a poll began"
    );
    describe_gauge!(
        "nashra_sources",
        "Sources by state: new, ok, backoff, throttled, blocked, moved, gone, silent, paused"
    );
    describe_counter!(
        "nashra_gaps_total",
        "Polls that shared no entry with the one before: something may have been missed"
    );
    describe_counter!(
        "nashra_audits_total",
        "Polls without validators that checked what 304 had said, by outcome: true or lied"
    );
    describe_counter!(
        "nashra_backfilled_pages_total",
        "Older pages of listings and news sitemaps read after a gap: read, unreadable, failed, missing"
    );
    describe_counter!("nashra_fetches_total", "Answers by kind (poll, page) and outcome");
    describe_counter!(
        "nashra_robots_total",
        "Requests for a robots.txt by outcome: rules, none, unreachable"
    );
    describe_counter!(
        "nashra_hosts_left_alone_total",
        "Answers after which a host is left alone: throttled, challenge, unreachable"
    );
    describe_counter!("nashra_fetch_bytes_total", Unit::Bytes, "Bytes of bodies as sent, by kind");
    describe_counter!(
        "nashra_entries_total",
        "Listed entries by verdict: new, changed, known, backlog"
    );
    describe_counter!(
        "nashra_entries_left_out_total",
        "Entries that were left out because of the bounds on one source (poll, day, pending), again at each look"
    );
    describe_counter!(
        "nashra_topic_messages_total",
        "Messages of topics that are sources: address, document, deletion, unreadable"
    );
    describe_counter!("nashra_topic_bytes_total", Unit::Bytes, "Their bytes");
    describe_gauge!(
        "nashra_topic_lag",
        "Messages of these topics that can be read and were not yet"
    );
    describe_counter!(
        "nashra_topic_errors_total",
        "Times that a topic could not be read and was tried again"
    );
    describe_counter!(
        "nashra_topic_resets_total",
        "Times that a topic was not the one read before, or had lost what was next, by reason"
    );
    describe_counter!("nashra_topic_lost_total", "Messages that were gone before they were read");
    describe_gauge!(
        "nashra_websub_subscriptions",
        "Subscriptions at hubs by state: asked, live, failing, denied, ending"
    );
    describe_counter!(
        "nashra_websub_requests_total",
        "Requests to hubs by mode (subscribe, unsubscribe) and outcome: accepted, failed"
    );
    describe_counter!(
        "nashra_websub_questions_total",
        "What hubs asked by what they heard: verified, refused, denied"
    );
    describe_counter!(
        "nashra_websub_pushes_total",
        "What hubs sent by outcome: taken, known, pinged, unreadable, unsigned, unwanted, too_large, too_often, broken, busy, late"
    );
    describe_counter!(
        "nashra_websub_missed_total",
        "Entries that polls found although a hub should have sent them"
    );
    describe_gauge!("nashra_entries_pending", "Entries that wait to be read");
    describe_counter!("nashra_pages_total", "Readings of entries by outcome");
    describe_histogram!(
        "nashra_page_extract_seconds",
        Unit::Seconds,
        "Decoding and extracting one page"
    );
    describe_counter!(
        "nashra_reader_panics_total",
        "Bodies that a reader panicked on, by reader: poll, push, backfill, sitemap, page; a fault of nashra's"
    );
    describe_counter!(
        "nashra_no_room_total",
        "Large bodies that were sent away because too many waited for memory: coming, reading, following"
    );
}

fn describe_output() {
    describe_counter!(
        "nashra_articles_total",
        "Decisions of the committing task: new, revised, duplicate, stale, kept, doubted"
    );
    describe_counter!("nashra_dead_letters_total", "Entries given up, by reason");
    describe_gauge!("nashra_outbox_records", "Records not yet acknowledged by the sink");
    describe_gauge!("nashra_outbox_bytes", Unit::Bytes, "Their bytes");
    describe_gauge!("nashra_outbox_oldest_seconds", Unit::Seconds, "Age of the oldest of them");
    describe_counter!("nashra_published_total", "Records acknowledged by the sink, by topic");
    describe_histogram!(
        "nashra_publish_batch_seconds",
        Unit::Seconds,
        "One transaction of the sink"
    );
    describe_gauge!(
        "nashra_publish_halted",
        "1 while publishing is stopped until an operator decides, by reason"
    );
    describe_counter!(
        "nashra_publish_errors_total",
        "Deliveries that failed and are tried again, by reason: transient, fenced (another process has taken over), unauthorised"
    );
    describe_counter!(
        "nashra_publish_refused_total",
        "Records that the sink refused for good, by topic and reason: too_large, invalid"
    );
    describe_counter!(
        "nashra_dead_letters_kept_total",
        "Dead letters that were kept in data_dir because their topic does not take them, by reason: unauthorised, too_large, invalid"
    );
    describe_histogram!("nashra_store_commit_seconds", Unit::Seconds, "One durable commit");
    describe_gauge!("nashra_store_bytes", Unit::Bytes, "Size of the store's file");
    describe_counter!("nashra_store_errors_total", "Commits that failed and are tried again");
    describe_gauge!(
        "nashra_ready",
        "1 while a part (publish, topics, store, disk) is in order; /readyz has the reasons"
    );
    describe_gauge!("nashra_disk_free_bytes", Unit::Bytes, "Free space where data_dir is");
}

/// A poll ended.
pub(crate) fn poll(outcome: &'static str, took: Duration, late: Duration) {
    event("nashra_polls_total", outcome, 1);
    histogram!("nashra_poll_duration_seconds").record(took);
    histogram!("nashra_poll_lateness_seconds").record(late);
}

/// A source is in another state, comes or goes; the gauge is the number of sources in each.
pub(crate) fn source_state(before: Option<State>, now: Option<State>) {
    if before != now {
        if let Some(before) = before {
            gauge!("nashra_sources", "state" => before.as_str()).decrement(1.0);
        }
        if let Some(now) = now {
            gauge!("nashra_sources", "state" => now.as_str()).increment(1.0);
        }
    }
}

/// A poll shared no entry with the one before.
pub(crate) fn gap() {
    counter!("nashra_gaps_total").increment(1);
}

/// An older page of a listing was read, or could not be.
pub(crate) fn audited(outcome: &'static str) {
    counter!("nashra_audits_total", "outcome" => outcome).increment(1);
}

pub(crate) fn backfilled(outcome: &'static str) {
    counter!("nashra_backfilled_pages_total", "outcome" => outcome).increment(1);
}

/// An answer came, or none.
pub(crate) fn fetched(kind: &'static str, outcome: &'static str, bytes: usize) {
    counter!("nashra_fetches_total", "kind" => kind, "outcome" => outcome).increment(1);
    counter!("nashra_fetch_bytes_total", "kind" => kind).increment(bytes as u64);
}

/// A robots.txt was asked for.
pub(crate) fn robots(outcome: &'static str) {
    counter!("nashra_robots_total", "outcome" => outcome).increment(1);
}

/// A host asked us to stay away.
pub(crate) fn host_left_alone(why: &'static str) {
    counter!("nashra_hosts_left_alone_total", "why" => why).increment(1);
}

/// Entries of one listing.
pub(crate) fn entries(verdict: &'static str, count: usize) {
    if count > 0 {
        counter!("nashra_entries_total", "verdict" => verdict).increment(count as u64);
    }
}

/// Entries of one look at a source were left out.
pub(crate) fn left_out(bound: &'static str, count: usize) {
    event("nashra_entries_left_out_total", bound, count);
}

/// Messages of a topic were taken.
pub(crate) fn topic_messages(what: &'static str, count: usize) {
    event("nashra_topic_messages_total", what, count);
}

/// Their bytes.
pub(crate) fn topic_bytes(bytes: usize) {
    counter!("nashra_topic_bytes_total").increment(bytes as u64);
}

/// A topic's lag changed; the gauge is the sum over topics.
#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are floating point; numbers of messages stay far below 2^53"
)]
pub(crate) fn topic_lag(before: u64, now: u64) {
    gauge!("nashra_topic_lag").increment(now as f64 - before as f64);
}

/// A topic could not be read and is tried again.
pub(crate) fn topic_error() {
    counter!("nashra_topic_errors_total").increment(1);
}

/// Reading a topic does not go on where it ended.
pub(crate) fn topic_reset(reason: &'static str, lost: u64) {
    event("nashra_topic_resets_total", reason, 1);
    counter!("nashra_topic_lost_total").increment(lost);
}

/// How many subscriptions are in a state.
#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are floating point; numbers of sources stay far below 2^53"
)]
pub(crate) fn subscriptions(state: &'static str, count: u64) {
    gauge!("nashra_websub_subscriptions", "state" => state).set(count as f64);
}

/// A hub answered a request, or did not.
pub(crate) fn websub_request(mode: &'static str, outcome: &'static str) {
    counter!("nashra_websub_requests_total", "mode" => mode, "outcome" => outcome).increment(1);
}

/// A hub asked whether we want what it was asked for, or said no.
pub(crate) fn websub_question(heard: &'static str) {
    counter!("nashra_websub_questions_total", "heard" => heard).increment(1);
}

/// A hub sent something.
pub(crate) fn pushed(outcome: &'static str) {
    counter!("nashra_websub_pushes_total", "outcome" => outcome).increment(1);
}

/// A poll found entries that a hub should have sent.
pub(crate) fn push_missed(count: usize) {
    if count > 0 {
        counter!("nashra_websub_missed_total").increment(count as u64);
    }
}

/// An entry was read.
pub(crate) fn page(outcome: &'static str) {
    counter!("nashra_pages_total", "outcome" => outcome).increment(1);
}

/// A page was decoded and extracted.
pub(crate) fn extracted(took: Duration) {
    histogram!("nashra_page_extract_seconds").record(took);
}

/// A reader panicked.
pub(crate) fn reader_panicked(reader: &'static str) {
    event("nashra_reader_panics_total", reader, 1);
}

/// There was no memory for a large body, and no place to wait for it.
pub(crate) fn no_room(to: &'static str) {
    counter!("nashra_no_room_total", "to" => to).increment(1);
}

/// The committing task decided.
pub(crate) fn article(decision: &'static str) {
    counter!("nashra_articles_total", "change" => decision).increment(1);
}

/// An entry was given up.
pub(crate) fn dead_letter(reason: &'static str) {
    counter!("nashra_dead_letters_total", "reason" => reason).increment(1);
}

/// Records were acknowledged.
pub(crate) fn published(topic: Topic, count: u64) {
    counter!("nashra_published_total", "topic" => topic_label(topic)).increment(count);
}

/// A transaction of the sink was committed.
pub(crate) fn publish_batch(took: Duration) {
    histogram!("nashra_publish_batch_seconds").record(took);
}

/// A delivery failed and is tried again.
pub(crate) fn publish_error(reason: &'static str) {
    event("nashra_publish_errors_total", reason, 1);
}

/// The sink does not take a record, now or later.
pub(crate) fn publish_refused(topic: Topic, reason: &'static str) {
    debug_assert!(REFUSALS.contains(&reason), "it is shown from the start with {reason}");
    refused(topic, reason, 1);
}

fn refused(topic: Topic, reason: &'static str, count: u64) {
    counter!("nashra_publish_refused_total", "topic" => topic_label(topic), "reason" => reason)
        .increment(count);
}

/// A dead letter is in a file and not in its topic.
pub(crate) fn dead_letter_kept(reason: &'static str) {
    event("nashra_dead_letters_kept_total", reason, 1);
}

fn topic_label(topic: Topic) -> &'static str {
    match topic {
        Topic::Articles => "articles",
        Topic::DeadLetters => "deadletters",
    }
}

/// Publishing stopped (1) or goes on (0).
pub(crate) fn publish_halted(reason: &'static str, halted: bool) {
    gauge!("nashra_publish_halted", "reason" => reason).set(f64::from(u8::from(halted)));
}

/// A batch became durable.
pub(crate) fn store_commit(took: Duration) {
    histogram!("nashra_store_commit_seconds").record(took);
}

/// A commit failed and is tried again.
pub(crate) fn store_error() {
    counter!("nashra_store_errors_total").increment(1);
}

/// How many entries wait to be read.
#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are floating point; numbers of entries stay far below 2^53"
)]
pub(crate) fn entries_pending(count: u64) {
    gauge!("nashra_entries_pending").set(count as f64);
}

/// A part of the daemon is in order (1) or not (0).
pub(crate) fn ready(part: &'static str, ready: bool) {
    gauge!("nashra_ready", "part" => part).set(f64::from(u8::from(ready)));
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

/// Sets the gauges.
#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are floating point; sizes stay far below 2^53"
)]
pub(crate) fn levels(levels: Levels) {
    gauge!("nashra_outbox_records").set(levels.outbox_records as f64);
    gauge!("nashra_outbox_bytes").set(levels.outbox_bytes as f64);
    gauge!("nashra_outbox_oldest_seconds").set(levels.outbox_oldest.as_secs_f64());
    gauge!("nashra_store_bytes").set(levels.store_bytes as f64);
    gauge!("nashra_disk_free_bytes").set(levels.disk_free as f64);
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALERTS: &str = include_str!("../../deploy/prometheus/alerts.yml");

    #[test]
    fn what_alerts_look_at_for_an_increase_is_shown_as_0_from_the_start() {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || begin(DateTime::UNIX_EPOCH));
        let page = recorder.handle().render();
        let looks: Vec<&str> =
            ["increase(", "rate("].iter().flat_map(|it| ALERTS.split(it).skip(1)).collect();
        assert!(looks.len() > 9);
        for look in looks {
            let (series, _) = look.split_once('[').unwrap();
            let (name, selector) = series.split_once('{').unwrap_or((series, ""));
            let lines: Vec<&str> =
                page.lines().filter(|line| line.split(['{', ' ']).next() == Some(name)).collect();
            assert!(
                !lines.is_empty() && lines.iter().all(|line| line.ends_with(" 0")),
                "{name}: {lines:?}"
            );
            for value in selector.split('"').nth(1).into_iter().flat_map(|part| part.split('|')) {
                assert!(
                    lines.iter().any(|line| line.contains(&format!("\"{value}\""))),
                    "{series}: {lines:?}"
                );
            }
        }
    }

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

    #[test]
    fn the_dashboard_and_the_alerts_name_metrics_that_exist() {
        let defined = include_str!("metrics.rs");
        for file in [include_str!("../../deploy/grafana/dashboards/nashra.json"), ALERTS] {
            let names = file
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .filter(|part| part.starts_with("nashra_"));
            for name in names {
                let name = name.trim_end_matches("_bucket");
                assert!(defined.contains(&format!("\"{name}\"")), "{name} is not defined");
            }
        }
    }
}
