//! Holds the metrics, their document, the alerts and the dashboards together.

use super::*;

pub(super) const ALERTS: &str = include_str!("../../../deploy/prometheus/alerts.yml");

#[test]
fn every_alert_is_tried_where_it_fires_and_where_it_does_not() {
    let tests = include_str!("../../../deploy/prometheus/alerts_test.yml");
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

/// Name, kind, labels and help of every metric.
fn all() -> impl Iterator<Item = (&'static str, &'static str, String, &'static str)> {
    let recorded = table::ALL.iter().map(|metric| {
        let labels = metric.labels.iter().map(|label| match label.values {
            [] => format!("`{}`", label.name),
            values => format!("`{}`: {}", label.name, values.join(", ")),
        });
        let labels = labels.collect::<Vec<_>>().join("; ");
        (metric.name, metric.kind.as_str(), labels, metric.help)
    });
    let read = process::ALL.map(|(name, kind, help)| (name, kind, String::new(), help));
    recorded.chain(read)
}

/// `docs/metrics.md`, made of the table.
fn document() -> String {
    let rows: Vec<String> = all()
        .map(|(name, kind, labels, help)| format!("| `{name}` | {kind} | {labels} | {help} |\n"))
        .collect();
    let head = "# Metrics\n\n`/metrics` (`admin.listen`) has these for Prometheus. A counter grows while the process lives, and is shown as 0 with \
        all values of its labels from the start, so that the first event is seen;\nnames end in their unit. The labels have few values: none \
        names a source or an address, but `topic` is the name of a Kafka topic that is a source where its values are not listed.\n\
        [alerts.md](alerts.md) says which are watched, and what to do then; [dashboards.md](dashboards.md) shows them.\n\n\
        | metric | kind | labels | meaning |\n|---|---|---|---|\n";
    head.to_owned() + &rows.concat()
}

#[test]
fn the_document_of_the_metrics_is_made_of_their_table() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    if std::env::var_os("NASHRA_WRITE_DOCS").is_some() {
        std::fs::write(&path, document()).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(kept, document(), "NASHRA_WRITE_DOCS=1 cargo test --lib metrics writes it anew");
}

#[test]
fn every_alert_has_a_severity_and_a_section_that_says_what_to_do() {
    let runbooks = include_str!("../../../docs/alerts.md");
    for alert in ALERTS.split("- alert: ").skip(1) {
        let name = alert.lines().next().unwrap();
        assert!(alert.contains("severity: "), "{name}");
        let place = format!("runbook_url: docs/alerts.md#{}\n", name.to_lowercase());
        assert!(alert.contains(&place), "{name}");
        assert!(runbooks.contains(&format!("\n## {name}\n\n")), "{name}");
    }
    assert_eq!(runbooks.matches("\n## ").count(), ALERTS.matches("- alert: ").count());
}

#[test]
fn the_dashboard_and_the_alerts_name_metrics_that_exist() {
    for file in [include_str!("../../../deploy/grafana/dashboards.toml"), ALERTS] {
        let names = file
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|part| part.starts_with("nashra_"));
        for name in names {
            let name = ["_bucket", "_count", "_sum"]
                .iter()
                .find_map(|end| name.strip_suffix(end))
                .unwrap_or(name);
            let is_defined = all().any(|metric| metric.0 == name);
            assert!(is_defined, "{name} is not defined");
        }
    }
}
