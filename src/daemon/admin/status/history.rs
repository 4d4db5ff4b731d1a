//! What the daemon did in each of the last minutes, read from its own metrics.
//!
//! What must stay true: it takes a fixed amount of memory, and reading it waits for nothing.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use metrics_exporter_prometheus::PrometheusHandle;

use crate::telemetry::page::MetricsPage;

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
            let page = MetricsPage(metrics.render());
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
