//! What the daemon did, in one log line a minute, and at its end in one of the whole run.

use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    store::Store,
    telemetry::{librdkafka, page::MetricsPage},
};

/// How often it is told.
const EVERY: Duration = Duration::from_mins(1);
/// After so many minutes without anything that is told.
const QUIET: u32 = 15;
/// Outcomes of polls that read nothing and were to read something.
const FAILED: [&str; 9] = [
    "throttled",
    "blocked",
    "gone",
    "missing",
    "failed",
    "html",
    "unreadable",
    "undecodable",
    "panicked",
];

/// What was done since the process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    polls: u64,
    polls_failed: u64,
    new: u64,
    revised: u64,
    withdrawn: u64,
    /// Pages of entries that were given up.
    pages_lost: u64,
    /// Articles that the sink has acknowledged.
    published: u64,
}

impl Counts {
    fn read(page: &MetricsPage) -> Self {
        let decided = |change: &str| whole(page, "nashra_articles_total", &[("change", change)]);
        Self {
            polls: whole(page, "nashra_polls_total", &[]),
            polls_failed: whole(page, "nashra_polls_total", &FAILED.map(|name| ("outcome", name))),
            new: decided("new"),
            revised: decided("revised"),
            withdrawn: decided("withdrawn"),
            pages_lost: whole(page, "nashra_dead_letters_total", &[]),
            published: whole(page, "nashra_published_total", &[("topic", "articles")]),
        }
    }

    fn since(self, before: Self) -> Self {
        Self {
            polls: self.polls.saturating_sub(before.polls),
            polls_failed: self.polls_failed.saturating_sub(before.polls_failed),
            new: self.new.saturating_sub(before.new),
            revised: self.revised.saturating_sub(before.revised),
            withdrawn: self.withdrawn.saturating_sub(before.withdrawn),
            pages_lost: self.pages_lost.saturating_sub(before.pages_lost),
            published: self.published.saturating_sub(before.published),
        }
    }

    /// Logs it, and how many records wait, where that is known.
    fn tell(self, outbox_records: Option<u64>, words: &str) {
        let Self { polls, polls_failed, new, revised, withdrawn, pages_lost, published } = self;
        tracing::info!(
            polls,
            polls_failed,
            new,
            revised,
            withdrawn,
            pages_lost,
            published,
            outbox_records,
            "{words}"
        );
    }
}

/// A metric's sum over the values of a label that are named, or over all.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are whole, positive and far below 2^53"
)]
fn whole(page: &MetricsPage, name: &str, labels: &[(&str, &str)]) -> u64 {
    let named: Vec<String> =
        labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    page.sum(name, &named.iter().map(String::as_str).collect::<Vec<_>>()) as u64
}

/// What is said at the end of a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// What was done in it, and how many records wait.
    Minute(Counts, u64),
    /// Nothing was done for so many minutes.
    Quiet(u32),
}

/// Decides what is said, minute by minute. Pure.
#[derive(Debug, Default)]
struct Minutes {
    told: Counts,
    waiting: u64,
    quiet: u32,
}

impl Minutes {
    fn end(&mut self, counts: Counts, waiting: u64) -> Option<Line> {
        if counts == self.told && waiting == self.waiting {
            self.quiet += 1;
            return self.quiet.is_multiple_of(QUIET).then_some(Line::Quiet(self.quiet));
        }
        let done = counts.since(self.told);
        *self = Self { told: counts, waiting, quiet: 0 };
        Some(Line::Minute(done, waiting))
    }
}

/// Tells it each minute, until it is aborted.
pub(super) async fn run(metrics: PrometheusHandle) {
    let (mut minutes, mut ticks) = (Minutes::default(), interval(EVERY));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        librdkafka::tell_counts();
        let (counts, waiting) = now(&metrics);
        match minutes.end(counts, waiting) {
            Some(Line::Minute(done, waiting)) => done.tell(Some(waiting), "in the last minute"),
            Some(Line::Quiet(minutes)) => tracing::info!(minutes, "nothing was due or published"),
            None => {}
        }
    }
}

/// Tells what the whole run did. The level of the outbox is sampled, so it is read here.
pub(super) fn stopped(metrics: Option<&PrometheusHandle>, store: &Store) {
    let waiting = store.outbox().waiting().ok().map(|(records, ..)| records);
    if let Some((counts, _)) = metrics.map(now) {
        counts.tell(waiting, "stopped");
    } else {
        tracing::info!("stopped");
    }
}

/// The same for people.
pub(crate) fn words(metrics: &PrometheusHandle) -> String {
    let (Counts { polls, polls_failed, new, revised, published, .. }, _) = now(metrics);
    format!(
        "Polls: {polls}, of which failed: {polls_failed}. Articles: {new}, revised: {revised}. Records of articles published: {published}."
    )
}

fn now(metrics: &PrometheusHandle) -> (Counts, u64) {
    let page = MetricsPage(metrics.render());
    (Counts::read(&page), whole(&page, "nashra_outbox_records", &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_read_from_metrics_that_exist() {
        let page = MetricsPage(
            "nashra_polls_total{outcome=\"read\"} 3\nnashra_polls_total{outcome=\"missing\"} 2\n\
             nashra_articles_total{change=\"new\"} 4\nnashra_articles_total{change=\"duplicate\"} 9\n\
             nashra_published_total{topic=\"articles\"} 5\nnashra_published_total{topic=\"stories\"} 9\n\
             nashra_dead_letters_total{reason=\"page\"} 1\n"
                .to_owned(),
        );
        let expected = Counts {
            polls: 5,
            polls_failed: 2,
            new: 4,
            pages_lost: 1,
            published: 5,
            ..Counts::default()
        };
        assert_eq!(Counts::read(&page), expected);
        let table = include_str!("../telemetry/metrics/table.rs");
        for name in ["polls", "articles", "dead_letters", "published"] {
            assert!(table.contains(&format!("Counter = \"nashra_{name}_total\"")), "{name}");
        }
        for outcome in FAILED {
            assert!(table.contains(&format!("\"{outcome}\"")), "{outcome}");
        }
    }

    #[test]
    fn a_minute_in_which_something_was_done_is_told_and_a_quiet_one_now_and_then() {
        let mut minutes = Minutes::default();
        let first = Counts { polls: 3, new: 2, ..Counts::default() };
        assert_eq!(minutes.end(first, 1), Some(Line::Minute(first, 1)));
        let second = Counts { polls: 4, published: 2, ..first };
        let done = Counts { polls: 1, published: 2, ..Counts::default() };
        assert_eq!(minutes.end(second, 0), Some(Line::Minute(done, 0)));
        let quiet: Vec<_> = (0..31).filter_map(|_| minutes.end(second, 0)).collect();
        assert_eq!(quiet, [Line::Quiet(15), Line::Quiet(30)]);
        assert_eq!(minutes.end(second, 7), Some(Line::Minute(Counts::default(), 7)), "more waits");
    }
}
