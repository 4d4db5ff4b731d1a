//! What the daemon did in each of the last minutes, read from its own metrics.
//!
//! What must stay true: it takes a fixed amount of memory, and reading it waits for nothing.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use metrics_exporter_prometheus::PrometheusHandle;

/// How often the counters are read.
const EVERY: Duration = Duration::from_mins(1);
/// Minutes that are kept: a day.
const MINUTES: usize = 24 * 60;
/// Minutes of a bar in the chart of a day.
const QUARTER: usize = 15;

/// What is charted: a title, and the counter that is summed over the values of its labels, or those
/// that are named.
pub(super) const CHARTED: [(&str, &str, &[&str]); 3] = [
    ("Polls", "nashra_polls_total", &[]),
    (
        "New and revised articles",
        "nashra_articles_total",
        &["change=\"new\"", "change=\"revised\""],
    ),
    ("Records acknowledged", "nashra_published_total", &[]),
];

/// The readings of the last day; clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct History(Arc<Mutex<Readings>>);

/// The counters of [`CHARTED`] minute by minute, the latest last.
#[derive(Debug, Default)]
struct Readings {
    totals: Option<[f64; CHARTED.len()]>,
    minutes: VecDeque<[f64; CHARTED.len()]>,
}

/// The bars of one chart, the latest last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Charted {
    pub(super) title: &'static str,
    /// One a minute, of the last hour.
    pub(super) hour: Vec<f64>,
    /// One a quarter of an hour, of the last day.
    pub(super) day: Vec<f64>,
}

impl History {
    /// Reads the counters each minute, until it is aborted.
    pub(super) async fn keep(self, metrics: PrometheusHandle) {
        let mut ticks = tokio::time::interval(EVERY);
        loop {
            ticks.tick().await;
            let page = Page(metrics.render());
            self.note(CHARTED.map(|(_, name, values)| page.sum(name, values)));
        }
    }

    fn note(&self, totals: [f64; CHARTED.len()]) {
        let mut readings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = readings.totals.replace(totals) {
            let mut passed = totals;
            passed.iter_mut().zip(before).for_each(|(now, before)| *now -= before);
            readings.minutes.push_back(passed);
            if readings.minutes.len() > MINUTES {
                readings.minutes.pop_front();
            }
        }
    }

    pub(super) fn charts(&self) -> Vec<Charted> {
        let readings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minutes = |index: usize| -> Vec<f64> {
            readings.minutes.iter().filter_map(|minute| minute.get(index)).copied().collect()
        };
        let chart = |(index, (title, ..)): (usize, &(&'static str, _, _))| {
            let minutes = minutes(index);
            Charted {
                title,
                hour: minutes.iter().rev().take(60).rev().copied().collect(),
                day: minutes.rchunks(QUARTER).rev().map(|quarter| quarter.iter().sum()).collect(),
            }
        };
        CHARTED.iter().enumerate().map(chart).collect()
    }
}

/// A page of metrics as Prometheus reads it.
#[derive(Debug)]
pub(super) struct Page(pub(super) String);

impl Page {
    /// The values of a metric, each with its labels.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        self.0.lines().filter_map(move |line| {
            let rest = line.strip_prefix(name)?;
            let (labels, value) = match rest.strip_prefix('{') {
                Some(rest) => rest.rsplit_once("} ")?,
                None => ("", rest.strip_prefix(' ')?),
            };
            Some((labels, value.parse().ok()?))
        })
    }

    /// The sum of a metric over the values of its labels, or over those that are named.
    pub(super) fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let wanted =
            |held: &str| labels.is_empty() || labels.iter().any(|label| held.contains(label));
        self.values(name).filter(|(held, _)| wanted(held)).map(|(_, value)| value).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_charted_is_counted() {
        let metrics = include_str!("../../../telemetry/metrics/table.rs");
        for (_, name, _) in CHARTED {
            assert!(metrics.contains(&format!("Counter = \"{name}\"")), "{name}");
        }
    }

    #[test]
    fn values_are_read_with_their_labels_and_summed() {
        let page = Page(
            "# HELP nashra_polls_total Polls\nnashra_polls_total{outcome=\"read\"} 3\nnashra_polls_total{outcome=\"failed\"} 4\nnashra_polls_total_x 9\nnashra_store_bytes 1e3\n"
                .to_owned(),
        );
        let sums = [
            page.sum("nashra_polls_total", &[]),
            page.sum("nashra_polls_total", &["outcome=\"read\""]),
            page.sum("nashra_store_bytes", &[]),
            page.sum("nashra_gone", &[]),
        ];
        assert_eq!(sums.map(|sum| sum.abs().to_string()), ["7", "3", "1000", "0"]);
        let first = page.values("nashra_polls_total").next();
        assert_eq!(first, Some(("outcome=\"read\"", 3.0)));
    }

    #[test]
    fn a_day_of_minutes_is_kept_and_no_more() {
        let history = History::default();
        for minute in 0..MINUTES + 100 {
            let total = f64::from(u32::try_from(minute).unwrap());
            history.note([total, 0.0, 2.0 * total]);
        }
        let charts = history.charts();
        assert_eq!((charts[0].hour.len(), charts[0].day.len()), (60, MINUTES / QUARTER));
        assert_eq!((charts[0].hour[59], charts[2].day[0]), (1.0, 30.0));
    }
}
