//! Starts the recorder, with the buckets of durations and what is shown before anything happened.

use chrono::{DateTime, Utc};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::{
    config_is_right, event, refused, seconds,
    table::{self, Counter},
};
use crate::model::record::Topic;

/// Seconds: from a local commit to a page that nearly timed out.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];
/// Seconds of lateness: from on time to hours.
const LATENESS: [f64; 10] = [0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0];

/// Counters that alerts look at: the label, and all its values. They are shown as 0 from the start,
/// because Prometheus sees no increase in what appears as 1: the first event would be lost.
pub(super) const EVENTS: [(Counter, &str, &[&str]); 10] = [
    (
        table::POLLS,
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
    (table::RELOADS, "outcome", &["done", "refused"]),
    (table::ENTRIES_LEFT_OUT, "bound", &["poll", "day", "pending"]),
    (table::TOPIC_MESSAGES, "what", &["address", "document", "deletion", "unreadable"]),
    (table::TOPIC_RESETS, "reason", &["other_cluster", "expired", "shorter", "other_message"]),
    (table::READER_PANICS, "reader", &["poll", "push", "backfill", "sitemap", "page"]),
    (
        table::ARTICLES,
        "change",
        &["new", "revised", "duplicate", "stale", "kept", "doubted", "withdrawn", "erased"],
    ),
    (
        table::UNREADABLE_PAGES,
        "reason",
        &["no_text", "scripts", "listing", "not_html", "nothing", "too_slow", "panicked"],
    ),
    (table::PUBLISH_ERRORS, "reason", &["transient", "fenced", "unauthorised"]),
    (table::DEAD_LETTERS_KEPT, "reason", &["unauthorised", "too_large", "invalid"]),
];
/// Why the sink refuses a record for good.
pub(super) const REFUSALS: [&str; 2] = ["too_large", "invalid"];

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
    table::describe();
    table::PROCESS_START_TIME_SECONDS.set(&[], seconds(now));
    config_is_right(now);
    for (counter, _, values) in EVENTS {
        for value in values {
            event(counter, value, 0);
        }
    }
    for topic in Topic::ALL {
        for reason in REFUSALS {
            refused(topic, reason, 0);
        }
    }
    table::STORE_ERRORS.add(&[], 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::tests::ALERTS;

    #[test]
    fn what_alerts_look_at_for_an_increase_is_shown_as_0_from_the_start() {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || begin(DateTime::UNIX_EPOCH));
        let page = recorder.handle().render();
        let looks: Vec<&str> = ["increase(", "rate("]
            .iter()
            .flat_map(|function| ALERTS.split(function).skip(1))
            .collect();
        assert!(looks.len() > 9);
        for look in looks {
            let (series, _) = look.split_once('[').unwrap();
            let (name, selector) = series.split_once('{').unwrap_or((series, ""));
            // A quantile is of many events: that the first is not seen changes nothing.
            if name.ends_with("_bucket") {
                continue;
            }
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
}
