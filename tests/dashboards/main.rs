//! Holds the dashboards to their short form and to what Grafana wants, and asks a real Prometheus
//! for every expression of dashboards and alerts.

#![expect(clippy::unwrap_used, reason = "this is a test")]

mod make;
mod prometheus;

use std::{collections::BTreeSet, fs};

use serde_json::Value;

#[test]
fn the_dashboards_are_made_of_their_short_form() {
    let files = make::files();
    for (path, made) in &files {
        if std::env::var_os("NASHRA_WRITE_DOCS").is_some() {
            fs::write(path, made).unwrap();
        }
        let kept = fs::read_to_string(path).unwrap_or_default();
        let at = path.display();
        assert!(kept == *made, "{at}: NASHRA_WRITE_DOCS=1 cargo test --test dashboards writes it");
    }
    let there = fs::read_dir(make::root().join("deploy/grafana/dashboards")).unwrap().count();
    assert_eq!(there, files.len(), "each file is one of the short form");
}

/// The dashboards as they are kept.
fn dashboards() -> Vec<Value> {
    make::files().iter().map(|(_, made)| serde_json::from_str(made).unwrap()).collect()
}

#[test]
fn each_dashboard_has_a_uid_and_each_panel_a_description_a_unit_a_place_and_an_id_of_its_own() {
    let mut uids = BTreeSet::new();
    for dashboard in dashboards() {
        let uid = dashboard["uid"].as_str().unwrap().to_owned();
        assert!(uid.len() <= 40, "Grafana takes no longer one: {uid}");
        assert!(uids.insert(uid.clone()), "{uid} is there twice");
        let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
        for panel in dashboard["panels"].as_array().unwrap() {
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{uid}: {panel}");
            let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
            assert!(side("x") + side("w") <= 24 && side("h") > 0, "{uid}: {panel}");
            for (x, y) in (side("x")..side("x") + side("w"))
                .flat_map(|x| (side("y")..side("y") + side("h")).map(move |y| (x, y)))
            {
                assert!(taken.insert((x, y)), "{uid}: {} lies on another panel", panel["title"]);
            }
            if panel["type"] == "row" {
                continue;
            }
            for words in
                [&panel["title"], &panel["description"], &panel["fieldConfig"]["defaults"]["unit"]]
            {
                assert!(words.as_str().is_some_and(|words| !words.is_empty()), "{uid}: {panel}");
            }
            check_steps(&panel["fieldConfig"]["defaults"]["thresholds"]["steps"]);
            assert!(!panel["targets"].as_array().unwrap().is_empty(), "{uid}: {panel}");
        }
    }
}

/// The first threshold has no number, and the others rise.
fn check_steps(steps: &Value) {
    let steps: Vec<Option<f64>> =
        steps.as_array().unwrap().iter().map(|step| step["value"].as_f64()).collect();
    assert!(steps[0].is_none() && steps[1..].iter().all(Option::is_some) && steps.is_sorted());
}

#[test]
fn every_expression_of_a_panel_selects_jobs_and_instances() {
    for (at, expression) in make::expressions() {
        let metrics =
            expression.matches("nashra_").count() + expression.matches("process_").count();
        assert_eq!(metrics, expression.matches("$s}").count(), "{at}: {expression}");
    }
}
