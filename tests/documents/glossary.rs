//! `docs/troubleshooting.md` explains every word that the daemon says of a state or a reason.

use std::{collections::BTreeMap, fs};

use nashra::{
    base::clock::{Clock as _, SystemClock},
    model::source::State,
    telemetry::metrics,
};

use crate::root;

/// Labels whose values are no words of ours.
const OTHER_LABELS: [&str; 10] = [
    "le", "quantile", "topic", "version", "commit", "rustc", "revision", "target", "kind",
    "part_id",
];

/// The words that are explained, by the metric that the heading or the paragraph above their table
/// names.
fn explained() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let mut found = BTreeMap::<String, Vec<String>>::new();
    let (mut metrics, mut is_behind_table): (Vec<&str>, bool) = (Vec::new(), false);
    for line in text.lines() {
        if let Some(row) = line.strip_prefix("| `") {
            is_behind_table = true;
            for metric in &metrics {
                let word = row.split('`').next().unwrap().to_owned();
                found.entry((*metric).to_owned()).or_default().push(word);
            }
        } else if !line.starts_with('|') {
            let spans =
                line.split('`').skip(1).step_by(2).filter(|span| span.starts_with("nashra_"));
            let named: Vec<&str> = spans.map(|span| span.split('{').next().unwrap()).collect();
            if line.starts_with('#') || (is_behind_table && !named.is_empty()) {
                (metrics, is_behind_table) = (Vec::new(), false);
            }
            metrics.extend(named);
        }
    }
    found
}

#[test]
fn every_value_of_a_metric_that_is_shown_from_the_start_is_explained() {
    let explained = explained();
    let page = metrics::start(SystemClock.now()).unwrap().render();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let Some((metric, labels)) = line.split_once('{') else { continue };
        for label in labels.split_once('}').unwrap().0.split(',') {
            let (label, value) = label.split_once('=').unwrap();
            let value = value.trim_matches('"');
            if OTHER_LABELS.contains(&label) {
                continue;
            }
            seen += 1;
            if !explained.get(metric).is_some_and(|words| words.iter().any(|word| word == value)) {
                wrong.push(format!("{metric}{{{label}={value:?}}}"));
            }
        }
    }
    assert!(seen > 40, "{seen}");
    assert!(wrong.is_empty(), "not explained in docs/troubleshooting.md:\n{}", wrong.join("\n"));
}

#[test]
fn every_state_of_a_source_is_explained() {
    let words = &explained()["nashra_sources"];
    for state in State::ALL {
        assert!(words.iter().any(|word| word == state.as_str()), "{state:?}");
    }
}
