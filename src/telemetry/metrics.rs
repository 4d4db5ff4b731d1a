//! What the stages count and measure: a function for each event, with the labels of its metrics.
//! Their names, labels and help are in [`table`]; what is shown before anything happened is in
//! [`mod@start`], what is read of the system at each scrape in [`process`].
//!
//! Labels have few values (an outcome, a kind, a topic): no label names a source or an address, but
//! those of Kafka topics that are sources, of which a config has few.

mod freshness;
mod kinds;
mod process;
mod start;
mod table;

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::model::{record::Topic, source::State};

pub(crate) use freshness::{acknowledged, new_article};
pub use start::{render, start};

/// What went well at a time that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Success {
    /// A poll whose source answered.
    Poll,
    /// A new or revised article.
    Article,
    /// An acknowledgement of the sink.
    Acknowledgement,
    /// A reading of the config.
    Reload,
    /// A durable write of the store.
    StoreWrite,
}

/// Counts spans of traces, by what became of them.
pub(crate) fn trace_spans(outcome: &'static str, count: u64) {
    table::TRACE_SPANS.add(&[("outcome", outcome)], count);
}

/// Something went well.
pub(crate) fn succeeded(what: Success, now: DateTime<Utc>) {
    let what = match what {
        Success::Poll => "poll",
        Success::Article => "article",
        Success::Acknowledgement => "acknowledgement",
        Success::Reload => "reload",
        Success::StoreWrite => "store_write",
    };
    table::LAST_SUCCESS.set(&[("what", what)], now);
}

/// Nothing is polled, or that is over, for a reason.
pub(crate) fn polling_stopped(reason: &'static str, stopped: bool) {
    table::POLLING_STOPPED.set(&[("reason", reason)], f64::from(u8::from(stopped)));
}

/// The config was read again, and was right or wrong.
pub(crate) fn reloaded(is_right: bool, now: DateTime<Utc>) {
    table::RELOADS.add(&[("outcome", if is_right { "done" } else { "refused" })], 1);
    if is_right {
        config_is_right(now);
    } else {
        table::RELOAD_OK.set(&[], 0.0);
    }
}

fn config_is_right(now: DateTime<Utc>) {
    table::RELOAD_OK.set(&[], 1.0);
    succeeded(Success::Reload, now);
}

/// A poll ended.
pub(crate) fn poll(outcome: &'static str, took: Duration, late: Duration) {
    table::POLLS.add(&[("outcome", outcome)], 1);
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
    table::ENTRIES_LEFT_OUT.add(&[("bound", bound)], count as u64);
}

/// A topic is read from now on.
pub(crate) fn topic_begins(topic: &str) {
    let topic = ("topic", topic);
    let counters = [
        table::TOPIC_MESSAGES,
        table::TOPIC_BYTES,
        table::TOPIC_ERRORS,
        table::TOPIC_RESETS,
        table::TOPIC_LOST,
    ];
    for counter in counters {
        counter.begin_at(topic);
    }
    table::TOPIC_LAG.set_at(topic, &[], 0.0);
}

/// Counts messages that were taken from a topic, by what they held.
pub(crate) fn topic_messages(topic: &str, what: &'static str, count: usize) {
    table::TOPIC_MESSAGES.add_at(("topic", topic), &[("what", what)], count as u64);
}

/// Counts the bytes of messages that were taken from a topic.
pub(crate) fn topic_bytes(topic: &str, bytes: usize) {
    table::TOPIC_BYTES.add_at(("topic", topic), &[], bytes as u64);
}

/// Messages of a topic that were not read yet.
#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are floating point; numbers of messages stay far below 2^53"
)]
pub(crate) fn topic_lag(topic: &str, messages: u64) {
    table::TOPIC_LAG.set_at(("topic", topic), &[], messages as f64);
}

/// A topic could not be read and is tried again.
pub(crate) fn topic_error(topic: &str) {
    table::TOPIC_ERRORS.add_at(("topic", topic), &[], 1);
}

/// Reading a topic does not go on where it ended.
pub(crate) fn topic_reset(topic: &str, reason: &'static str, lost: u64) {
    table::TOPIC_RESETS.add_at(("topic", topic), &[("reason", reason)], 1);
    table::TOPIC_LOST.add_at(("topic", topic), &[], lost);
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
    table::UNREADABLE_PAGES.add(&[("reason", reason)], 1);
}

/// Counts a further page of an article by what became of it.
pub(crate) fn further_page(outcome: &'static str) {
    table::FURTHER_PAGES.add(&[("outcome", outcome)], 1);
}

/// A page was decoded and extracted.
pub(crate) fn extracted(took: Duration) {
    table::PAGE_EXTRACT_SECONDS.record(took);
}

/// Counts a panic that was caught while a reader read what a source sent.
pub(crate) fn reader_panicked(reader: &'static str) {
    table::READER_PANICS.add(&[("reader", reader)], 1);
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
    table::ARTICLES.add(&[("change", decision)], 1);
}

/// Rules for labels were applied to an edition.
pub(crate) fn labelled(labels: usize, took: Duration) {
    table::LABELS.add(&[], labels as u64);
    table::LABEL_SECONDS.record(took);
}

/// The rules for labels that hold, and their words.
#[expect(clippy::cast_precision_loss, reason = "gauges are floating point")]
pub(crate) fn label_rules(rules: usize, terms: usize) {
    table::LABEL_RULES.set(&[], rules as f64);
    table::LABEL_TERMS.set(&[], terms as f64);
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

/// The dead letters that are kept, and their bytes.
#[expect(clippy::cast_precision_loss, reason = "gauges are floating point")]
pub(crate) fn dead_letters_held(count: usize, bytes: u64) {
    table::DEAD_LETTERS_HELD.set(&[], count as f64);
    table::DEAD_LETTERS_BYTES.set(&[], bytes as f64);
}

/// Counts dead letters that were dropped because of a bound.
pub(crate) fn dead_letters_dropped(bound: &'static str, count: usize) {
    table::DEAD_LETTERS_DROPPED.add(&[("bound", bound)], count as u64);
}

/// Counts dead letters whose retry ended.
pub(crate) fn dead_letters_retried(outcome: &'static str, count: usize) {
    table::DEAD_LETTERS_RETRIED.add(&[("outcome", outcome)], count as u64);
}

/// Counts records that the sink acknowledged.
pub(crate) fn published(topic: Topic, count: u64) {
    table::PUBLISHED.add(&[("topic", topic.name())], count);
}

/// A topic that routes lead to is there to be counted.
pub(crate) fn begin_route(topic: &str) {
    table::ROUTED.begin_at(("topic", topic));
}

/// A record was acknowledged in the topic of a route.
pub(crate) fn routed(topic: &str) {
    table::ROUTED.add_at(("topic", topic), &[], 1);
}

/// A transaction of the sink was committed.
pub(crate) fn publish_batch(took: Duration) {
    table::PUBLISH_BATCH_SECONDS.record(took);
}

/// A delivery failed and is tried again.
pub(crate) fn publish_error(reason: &'static str) {
    table::PUBLISH_ERRORS.add(&[("reason", reason)], 1);
}

/// The sink does not take a record, now or later.
pub(crate) fn publish_refused(topic: Topic, reason: &'static str) {
    table::PUBLISH_REFUSED.add(&[("topic", topic.name()), ("reason", reason)], 1);
}

/// A dead letter is in the store and not in its topic.
pub(crate) fn dead_letter_kept(reason: &'static str) {
    table::DEAD_LETTERS_KEPT.add(&[("reason", reason)], 1);
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
mod tests;
