//! The kinds of metrics: counters, gauges, moments, and histograms of durations.
//!
//! What must stay true: nothing is recorded at a value of a label that the metric does not list,
//! because what is listed is shown from the start: Prometheus sees no increase in what appears as
//! 1, and the first event would be lost.
#![expect(clippy::disallowed_macros, reason = "the one place where metrics are made")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// Names and values of a metric's labels.
type Labels<'a> = &'a [(&'static str, &'static str)];

/// A label and its values; none where they are known only while the daemon runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    pub(super) name: &'static str,
    pub(super) values: &'static [&'static str],
}

/// What is said of a metric in one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) labels: &'static [Label],
    pub(super) help: &'static str,
}

/// What a metric measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    /// A gauge in seconds since 1970, which is not shown before that moment has come.
    Moment,
    Histogram,
}

impl Kind {
    /// Its name in Prometheus.
    #[cfg(test)]
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge | Self::Moment => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl Metric {
    /// Says what it means, and shows it at 0 where its labels are known: a counter, a gauge that
    /// has labels, a histogram.
    pub(super) fn begin(&self) {
        let Self { name, kind, labels, help } = *self;
        match kind {
            Kind::Counter => describe_counter!(name, help),
            Kind::Gauge | Kind::Moment => describe_gauge!(name, help),
            Kind::Histogram => describe_histogram!(name, help),
        }
        for labels in combinations(labels) {
            let labels = labels.as_slice();
            match kind {
                Kind::Counter => counter!(name, labels).increment(0),
                Kind::Gauge if !labels.is_empty() => gauge!(name, labels).set(0.0),
                Kind::Gauge | Kind::Moment => {}
                Kind::Histogram => drop(histogram!(name)),
            }
        }
    }

    /// Whether these are values of its labels.
    fn lists(&self, labels: Labels<'_>) -> bool {
        self.labels.len() == labels.len()
            && self.labels.iter().all(|label| {
                let value = labels.iter().find(|(name, _)| *name == label.name);
                value.is_some_and(|(_, value)| label.values.contains(value))
            })
    }

    fn check(&self, labels: Labels<'_>) {
        debug_assert!(self.lists(labels), "{} does not list {labels:?}", self.name);
    }
}

/// All combinations of the labels' values; one without labels where there are none.
fn combinations(labels: &[Label]) -> Vec<Vec<(&'static str, &'static str)>> {
    let mut all = vec![Vec::new()];
    for Label { name, values } in labels {
        all = all
            .iter()
            .flat_map(|before| {
                values.iter().map(|value| {
                    let mut longer = before.clone();
                    longer.push((*name, *value));
                    longer
                })
            })
            .collect();
    }
    all
}

/// What only grows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counter(pub(super) &'static Metric);

impl Counter {
    pub(super) fn add(self, labels: Labels<'_>, count: u64) {
        self.0.check(labels);
        counter!(self.0.name, labels).increment(count);
    }

    /// Counts at a label whose values are known only while the daemon runs.
    pub(super) fn add_at(self, own: (&'static str, &str), labels: Labels<'_>, count: u64) {
        counter!(self.0.name, with(own, labels)).increment(count);
    }

    /// Shows it at 0 for a value of such a label, with all values of its others.
    pub(super) fn begin_at(self, own: (&'static str, &str)) {
        let others: Vec<Label> =
            self.0.labels.iter().filter(|label| label.name != own.0).copied().collect();
        for labels in combinations(&others) {
            self.add_at(own, &labels, 0);
        }
    }
}

fn with((name, value): (&'static str, &str), labels: Labels<'_>) -> Vec<metrics::Label> {
    let own = metrics::Label::new(name, value.to_owned());
    std::iter::once(own).chain(labels.iter().map(metrics::Label::from)).collect()
}

/// What grows and shrinks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gauge(pub(super) &'static Metric);

impl Gauge {
    pub(super) fn set(self, labels: Labels<'_>, value: f64) {
        self.0.check(labels);
        gauge!(self.0.name, labels).set(value);
    }

    pub(super) fn add(self, labels: Labels<'_>, change: f64) {
        self.0.check(labels);
        gauge!(self.0.name, labels).increment(change);
    }

    /// Sets it at a label whose values are known only while the daemon runs.
    pub(super) fn set_at(self, own: (&'static str, &str), labels: Labels<'_>, value: f64) {
        gauge!(self.0.name, with(own, labels)).set(value);
    }
}

/// When something was last so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(pub(super) &'static Metric);

impl Moment {
    pub(super) fn set(self, labels: Labels<'_>, at: DateTime<Utc>) {
        self.0.check(labels);
        gauge!(self.0.name, labels).set(seconds(at));
    }
}

/// Seconds since 1970.
#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are floating point; milliseconds since 1970 stay far below 2^53"
)]
fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp_millis() as f64 / 1000.0
}

/// How long things take, in buckets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Histogram(pub(super) &'static Metric);

impl Histogram {
    pub(super) fn record(self, took: Duration) {
        histogram!(self.0.name).record(took);
    }
}
