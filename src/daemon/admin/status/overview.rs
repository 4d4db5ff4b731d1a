//! The first page: whether the daemon is healthy, and what it does.

use maud::{Markup, html};
use metrics_exporter_prometheus::PrometheusHandle;

use super::{PageError, StatusPages, history::Charted, layout};
use crate::{
    base::clock::{Clock as _, SystemClock},
    telemetry::{page::MetricsPage, unreadable::UnreadableHost},
};

/// A single number: a name, the metric, and how it is written.
type Number = (&'static str, &'static str, fn(f64) -> String);

/// Hosts whose pages could not be read, as many as are shown.
const SHOWN_HOSTS: usize = 20;

const NUMBERS: [Number; 9] = [
    ("Entries that wait to be read", "nashra_entries_pending", layout::number),
    ("Looks that are planned", "nashra_looks_pending", layout::number),
    ("Records not yet acknowledged", "nashra_outbox_records", layout::number),
    ("Their bytes", "nashra_outbox_bytes", layout::bytes),
    ("The oldest of them", "nashra_outbox_oldest_seconds", seconds),
    ("Dead letters that are kept", "nashra_dead_letters", layout::number),
    ("Dead letters since the start", "nashra_dead_letters_total", layout::number),
    ("Store", "nashra_store_bytes", layout::bytes),
    ("Free disk", "nashra_disk_free_bytes", layout::bytes),
];

fn seconds(value: f64) -> String {
    format!("{} s", layout::number(value))
}

impl StatusPages {
    pub(super) async fn overview(&self) -> Result<Markup, PageError> {
        let page =
            MetricsPage(self.metrics.as_ref().map(PrometheusHandle::render).unwrap_or_default());
        // It is cheap, so that many may be made at once; what waits for the schedule is not.
        let place = self.place().await?;
        let polled = self.polled().await?.len();
        drop(place);
        let (is_ready, words) = self.ready.words();
        let now = SystemClock.now();
        let main = html! {
            h1 { @if is_ready { span.good { "In order" } } @else { span.bad { "Not in order" } } }
            @if !is_ready {
                ul.health { @for line in words.lines() { li.bad { (line) } } }
            }
            @if page.sum("nashra_reload_ok", &[]) < 1.0 && self.metrics.is_some() {
                p.bad { "The config was read again and refused: nothing changed. The log says what." }
            }
            p.quiet { "Started " (layout::time(Some(self.started), now)) ", " (layout::number(count(polled))) " sources are polled." }
            h2 { "The last hour and day" }
            div.charts { @for chart in self.history.charts() { (charts(&chart)) } }
            h2 { "Sources by state" }
            dl.cards {
                @for (labels, count) in page.values("nashra_sources").filter(|(_, count)| *count > 0.0) {
                    @let state = labels.split('"').nth(1).unwrap_or_default();
                    div { dt { a href=(format!("/sources?state={state}")) { (state) } } dd { (layout::number(count)) } }
                }
            }
            h2 { "Now" }
            dl.cards {
                @for (name, metric, written) in NUMBERS {
                    div { dt { (name) } dd { (written(page.sum(metric, &[]))) } }
                }
            }
            (self.unreadable_pages())
        };
        Ok(layout::page("/", "nashra: overview", &main))
    }

    /// The hosts whose pages could not be read, those with the most first; nothing where all could.
    fn unreadable_pages(&self) -> Markup {
        let (hosts, most) = self.unreadable.most(SHOWN_HOSTS);
        let rows = html! {
            @for UnreadableHost { host, pages, reasons } in &most {
                tr {
                    td { (host) }
                    td { (pages) }
                    td { @for (at, (reason, count)) in reasons.iter().enumerate() { @if at > 0 { ", " } (reason) " " (count) } }
                }
            }
        };
        html! {
            @if hosts > 0 {
                h2 { "Pages that could not be read, by host" }
                p.quiet { "Since the start, each time that one was tried: " (most.len()) " of " (hosts) " hosts, those with the most first." }
                (layout::table("Pages that could not be read, by host", &["Host", "Times", "Why"], &rows))
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "sources stay far below 2^53")]
pub(super) fn count(count: usize) -> f64 {
    count as f64
}

fn charts(chart: &Charted) -> Markup {
    let words = |values: &[f64], unit: &str, span: &str| {
        let Some(last) = values.last() else {
            return format!("{} in the last {span}: known in a minute", chart.title);
        };
        let (last, most) = (layout::number(*last), values.iter().copied().fold(0.0, f64::max));
        let most = layout::number(most);
        format!("{} in the last {span}: {last} in the last {unit}, at most {most}", chart.title)
    };
    html! {
        @for (values, places, unit, span) in [(&chart.hour, 60, "minute", "hour"), (&chart.day, 96, "quarter of an hour", "day")] {
            figure {
                @let words = words(values, unit, span);
                (layout::bars(values, places, &words))
                figcaption aria-hidden="true" { (words) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_metrics() {
        let metrics = include_str!("../../../telemetry/metrics/table.rs");
        for (_, name, _) in NUMBERS {
            assert!(metrics.contains(&format!("= \"{name}\"")), "{name}");
        }
    }
}
