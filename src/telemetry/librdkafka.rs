//! What librdkafka says of its connections, as our log lines.
//!
//! A broker that is away makes each of its threads say so, several times a second. A line is logged
//! when it is new; those that say the same are counted, and the count is logged a minute later.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use rdkafka::{
    client::ClientContext, config::RDKafkaLogLevel, consumer::ConsumerContext, error::KafkaError,
    message::DeliveryResult, producer::ProducerContext, types::RDKafkaErrorCode,
};

/// For how long lines that say the same are counted, and the latest is what the trouble is.
const COUNTED: Duration = Duration::from_mins(1);
/// The most lines that are told apart; further ones are logged each time.
const MAX_KINDS: usize = 256;
const TARGET: &str = "librdkafka";

static LINES: Mutex<Lines> = Mutex::new(Lines::new());

/// A client whose lines are logged; it says what the client is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoggedClient(pub(crate) &'static str);

impl ClientContext for LoggedClient {
    fn error(&self, error: KafkaError, reason: &str) {
        note_error(self.0, &error, reason);
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, words: &str) {
        note(level, facility, words);
    }
}

impl ConsumerContext for LoggedClient {}

impl ProducerContext for LoggedClient {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

/// The lines of the last minute, by their kinds, and the latest.
#[derive(Debug)]
struct Lines(BTreeMap<String, Counted>, Option<(Instant, String)>);

#[derive(Debug)]
struct Counted {
    since: Instant,
    /// How many were not logged, and the last of them.
    held_back: u64,
    last: String,
}

impl Lines {
    const fn new() -> Self {
        Self(BTreeMap::new(), None)
    }

    /// Whether a line is to be logged, and not counted. Pure but for what it notes.
    fn is_news(&mut self, words: &str, now: Instant) -> bool {
        let kind = kind(words);
        // That follows from what was said of each.
        if !words.contains("brokers are down") {
            self.1 = Some((now, said(words).to_owned()));
        }
        if let Some(counted) = self.0.get_mut(&kind) {
            counted.held_back += 1;
            words.clone_into(&mut counted.last);
            return false;
        }
        if self.0.len() < MAX_KINDS {
            self.0.insert(kind, Counted { since: now, held_back: 0, last: String::new() });
        }
        true
    }

    /// The kinds whose minute is over: those of which more came are counted for another minute.
    fn counted(&mut self, now: Instant) -> Vec<(u64, String)> {
        let mut counts = Vec::new();
        self.0.retain(|_, counted| {
            if now.duration_since(counted.since) < COUNTED {
                return true;
            }
            if counted.held_back == 0 {
                return false;
            }
            counts.push((counted.held_back, std::mem::take(&mut counted.last)));
            (counted.since, counted.held_back) = (now, 0);
            true
        });
        counts
    }
}

/// A line without which thread says it, how long it took and how often it was said.
fn said(words: &str) -> &str {
    let words = words.split_once("]: ").map_or(words, |(_, words)| words);
    words.split_once(" (after ").map_or(words, |(words, _)| words)
}

/// What lines that say the same have in common.
fn kind(words: &str) -> String {
    said(words).chars().filter(|c| !c.is_ascii_digit()).take(400).collect()
}

/// Takes a line of librdkafka's. `facility` is its word for what the line is about, such as FAIL.
/// It tries again by itself, and where it does not, the caller has the error: no line of it is an
/// error here.
pub(crate) fn note(level: RDKafkaLogLevel, facility: &str, words: &str) {
    match level {
        RDKafkaLogLevel::Debug => {
            tracing::trace!(target: TARGET, facility, reason = words, "Kafka's client");
        }
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
            tracing::debug!(target: TARGET, facility, reason = words, "Kafka's client");
        }
        _ => warn(facility, words),
    }
}

/// Takes an error that librdkafka tells beside those of calls; `doing` says what its client is for.
pub(crate) fn note_error(doing: &str, error: &KafkaError, words: &str) {
    // Each reading of a topic aims for its end.
    if !matches!(error, KafkaError::Global(RDKafkaErrorCode::PartitionEOF)) {
        warn(doing, words);
    }
}

fn warn(about: &str, words: &str) {
    let now = Instant::now();
    let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let (counts, is_news) = (lines.counted(now), lines.is_news(words, now));
    drop(lines);
    tell(counts);
    if is_news {
        tracing::warn!(target: TARGET, about, reason = words, "Kafka's client has trouble; it tries again");
    }
}

/// What it said last of its troubles, where that was in the last minute.
pub(crate) fn last_trouble() -> Option<String> {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let recent = lines.1.as_ref().filter(|(at, _)| at.elapsed() < COUNTED);
    recent.map(|(_, words)| words.clone())
}

/// Logs how often was said what was held back, where its minute is over.
pub(crate) fn tell_counts() {
    let counts = LINES.lock().unwrap_or_else(PoisonError::into_inner).counted(Instant::now());
    tell(counts);
}

fn tell(counts: Vec<(u64, String)>) {
    for (times, words) in counts {
        tracing::warn!(target: TARGET, times, reason = words, "Kafka's client had the same trouble again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_by_the_hundred_is_logged_once_and_then_counted_by_the_minute() {
        let (mut lines, begun) = (Lines::new(), Instant::now());
        let refused = |number: u64| {
            format!(
                "[thrd:a:9092/1]: a:9092/1: Connect failed: refused (after {number}ms in state CONNECT)"
            )
        };
        assert!(lines.is_news(&refused(0), begun));
        assert!((1..300).all(|number| !lines.is_news(&refused(number), begun)));
        assert!(lines.is_news("[thrd:b:9092/2]: b:9092/2: Connect failed: refused", begun));
        assert!(lines.counted(begun + COUNTED / 2).is_empty());
        assert_eq!(lines.counted(begun + COUNTED), [(299, refused(299))]);
        assert!(lines.counted(begun + 2 * COUNTED).is_empty(), "none came since");
        assert!(lines.is_news(&refused(1), begun + 2 * COUNTED), "it is told anew");
    }

    #[test]
    fn lines_of_ever_new_kinds_take_no_more_than_their_room() {
        let (mut lines, now) = (Lines::new(), Instant::now());
        for number in 0..2 * MAX_KINDS {
            let name: String =
                number.to_string().bytes().map(|digit| char::from(digit + 50)).collect();
            assert!(lines.is_news(&name, now));
        }
        assert_eq!(lines.0.len(), MAX_KINDS);
    }
}
