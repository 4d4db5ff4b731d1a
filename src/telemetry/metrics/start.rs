//! Starts the recorder, with the buckets of durations and what is shown before anything happened;
//! and renders the page.

use chrono::{DateTime, Utc};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::{config_is_right, process, table};

/// Seconds: from a local commit to a page that nearly timed out.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];
/// Seconds of lateness: from on time to hours.
const LATENESS: [f64; 10] = [0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0];
/// Seconds of an article's way: from one that a hub pushed to one that waited for a day. An hour is
/// told in several steps, because a source is polled every few minutes to every few hours.
const FRESHNESS: [f64; 16] = [
    0.25, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0,
    14_400.0, 28_800.0, 86_400.0,
];

/// Starts recording in a process that began at this time; the handle is for [`render`].
///
/// # Errors
/// Where a recorder is running already.
pub fn start(now: DateTime<Utc>) -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Prefix("nashra_article_".to_owned()), &FRESHNESS)?
        .set_buckets_for_metric(Matcher::Suffix("lateness_seconds".to_owned()), &LATENESS)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()?;
    begin(now);
    Ok(handle)
}

/// The page that Prometheus reads.
#[must_use]
pub fn render(handle: &PrometheusHandle) -> String {
    let mut page = handle.render();
    process::write(&mut page);
    page
}

fn begin(now: DateTime<Utc>) {
    for metric in table::ALL {
        metric.begin();
    }
    let (version, commit) = (env!("CARGO_PKG_VERSION"), option_env!("NASHRA_COMMIT"));
    let build = [("commit", commit.unwrap_or_default()), ("rustc", env!("NASHRA_RUSTC"))];
    table::BUILD_INFO.set_at(("version", version), &build, 1.0);
    table::PROCESS_START_TIME_SECONDS.set(&[], now);
    config_is_right(now);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::tests::ALERTS;

    fn page_at_the_start() -> String {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || begin(DateTime::UNIX_EPOCH));
        recorder.handle().render()
    }

    #[test]
    fn every_counter_is_shown_as_0_with_all_values_of_its_labels_before_anything_happened() {
        let page = page_at_the_start();
        for metric in table::ALL.iter().filter(|metric| metric.kind.as_str() == "counter") {
            let lines: Vec<&str> = page
                .lines()
                .filter(|line| line.split(['{', ' ']).next() == Some(metric.name))
                .collect();
            let values: usize = metric.labels.iter().map(|label| label.values.len()).product();
            assert_eq!(lines.len(), values, "{}", metric.name);
            assert!(lines.iter().all(|line| line.ends_with(" 0")), "{lines:?}");
        }
    }

    #[test]
    fn alerts_look_for_values_of_labels_that_exist() {
        let page = page_at_the_start();
        for look in ["increase(", "rate("].iter().flat_map(|rate| ALERTS.split(rate).skip(1)) {
            let (series, _) = look.split_once('[').unwrap();
            let (name, selector) = series.split_once('{').unwrap_or((series, ""));
            for value in selector.split('"').nth(1).into_iter().flat_map(|part| part.split('|')) {
                let held =
                    |line: &str| line.starts_with(name) && line.contains(&format!("\"{value}\""));
                assert!(page.lines().any(held), "{series}");
            }
        }
    }

    #[test]
    fn the_program_tells_its_version_and_its_compiler() {
        let page = page_at_the_start();
        let line = page.lines().find(|line| line.starts_with("nashra_build_info{")).unwrap();
        assert!(line.contains(concat!("version=\"", env!("CARGO_PKG_VERSION"), "\"")), "{line}");
        assert!(line.contains("rustc=\"rustc ") && line.ends_with(" 1"), "{line}");
    }
}
