//! What documents name of settings and metrics is there.

use std::{collections::BTreeSet, fs};

use nashra::config::Config;

use crate::{code_spans, documents, prose, root};

/// The code spans of all documents with their places, but for those of the changelog, which names
/// what was there at its time.
fn spans() -> Vec<(String, String)> {
    let mut spans = Vec::new();
    for document in documents().into_iter().filter(|document| !document.ends_with("CHANGELOG.md")) {
        for (at, line) in prose(&fs::read_to_string(&document).unwrap()) {
            let place = format!("{}:{at}", document.display());
            spans.extend(code_spans(line).map(|span| (place.clone(), span.to_owned())));
        }
    }
    spans
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|sign| sign.is_ascii_lowercase() || sign == '_')
}

#[test]
fn every_setting_that_a_document_names_is_one() {
    let keys: BTreeSet<String> = Config::settings().into_iter().map(|entry| entry.key).collect();
    let sections: BTreeSet<&str> =
        keys.iter().filter_map(|key| key.split_once('.')).map(|(section, _)| section).collect();
    let mut wrong = Vec::new();
    for (place, span) in spans() {
        let key = span.split(" = ").next().unwrap();
        let Some((section, name)) = key.split_once('.') else { continue };
        let is_file = ["rs", "toml", "md", "json", "html"].contains(&name);
        if sections.contains(section) && is_name(name) && !is_file && !keys.contains(key) {
            wrong.push(format!("{place}: {key}"));
        }
    }
    assert!(wrong.is_empty(), "no such settings\n{}", wrong.join("\n"));
}

#[test]
fn every_metric_that_a_document_names_is_one() {
    let page = fs::read_to_string(root().join("docs/metrics.md")).unwrap();
    let mut wrong = Vec::new();
    for (place, span) in spans() {
        let name = span.split('{').next().unwrap();
        let is_metric = name.starts_with("nashra_") && is_name(name);
        if is_metric && !page.contains(&format!("\n| `{name}` | ")) {
            wrong.push(format!("{place}: {name}"));
        }
    }
    assert!(wrong.is_empty(), "not in docs/metrics.md\n{}", wrong.join("\n"));
}
