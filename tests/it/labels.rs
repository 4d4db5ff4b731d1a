//! Labels by the operator's rules: given by the daemon, exchanged while it runs, and tried on
//! records.

use std::{collections::BTreeMap, fs, path::Path};

use nashra::cli::schema::{Record, json_schema};
use serde_json::Value;
use tempfile::tempdir;

use crate::support::{Nashra, Site, blocks, command, document, lines, until};

const CONFIG: &str = r#"
data_dir = "data"
sources = ["list.toml"]
labels = ["labels.toml"]
[poll]
min_interval = "200ms"
max_interval = "400ms"
budget = 864000
[fetch]
contact = "mailto:news@a.example"
allow_addresses = ["127.0.0.0/8"]
[sink]
kind = "file"
[admin]
listen = "127.0.0.1:0"
[[label]]
name = "bakers"
any = ["bread"]
tags = ["town"]
"#;

fn rules(dir: &Path, text: &str) {
    fs::write(dir.join("labels.toml"), text).unwrap();
}

/// The labels of each record, by its title and revision.
fn labels(dir: &Path) -> BTreeMap<(String, u64), Value> {
    let of = |record: Value| {
        let title = record["title"].as_str()?.to_owned();
        Some(((title, record["revision"].as_u64()?), record["labels"].clone()))
    };
    lines(dir).into_iter().filter_map(of).collect()
}

#[test]
fn a_daemon_labels_its_records_and_takes_new_rules_over_without_a_revision() {
    let site = Site::start();
    site.feed("/feed", &[("a", "Harbour"), ("b", "Market")]);
    site.page("a", "Harbour", "A trawler came in.");
    site.page("b", "Market", "Bread is dear.");
    let dir = tempdir().unwrap();
    let dir = dir.path();
    rules(
        dir,
        "[[label]]\nname = \"sea\"\nany = [\"trawler\"]\n[[label]]\nname = \"places\"\nall = [\"council\"]\nin = [\"text\"]\n",
    );
    fs::write(dir.join("nashra.toml"), CONFIG).unwrap();
    let source =
        format!("[[source]]\nid = \"feed\"\nurl = \"{}/feed\"\ntags = [\"town\"]\n", site.base);
    fs::write(dir.join("list.toml"), source).unwrap();
    let nashra = Nashra::start(dir, &["run", "--config", "nashra.toml"]);
    let given = until("both are published", || Some(labels(dir)).filter(|given| given.len() == 2));
    let expected = |labels: &[&str]| Value::from(labels.to_vec());
    assert_eq!(given[&("Harbour".to_owned(), 1)], expected(&["places", "sea"]));
    assert_eq!(given[&("Market".to_owned(), 1)], expected(&["bakers", "places"]));
    nashra.counts("nashra_label_rules 3");
    nashra.counts("nashra_labels_total 4");

    let (code, told, words) =
        command(dir, &["explain", &format!("{}/a/a", site.base), "--config", "nashra.toml"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(told.contains("sea: text 2–9 “trawler”"), "{told}");

    rules(dir, "[[label]]\nname = \"sea\"\nany = [\"trawler\", \"?\"]\n");
    let (code, _, words) = command(dir, &["reload", "--config", "nashra.toml"]);
    assert_eq!(code, Some(1));
    assert!(words.contains("labels.toml:3:19: label[0].any[1]"), "{words}");
    nashra.counts("nashra_label_rules 3");

    rules(dir, "[[label]]\nname = \"ships\"\nany = [\"trawl*\"]\n");
    let (code, told, words) = command(dir, &["reload", "--config", "nashra.toml", "--dry-run"]);
    assert!(code == Some(0) && told.contains("rules for labels: 2"), "{told}{words}");
    nashra.counts("nashra_label_rules 3");
    nashra.signal("HUP");
    nashra.counts("nashra_label_rules 2");
    let polls = site.seen("/feed").len();
    until("it is polled on", || (site.seen("/feed").len() > polls + 2).then_some(()));
    assert_eq!(labels(dir).len(), 2, "rules alone make no revision");

    site.feed("/feed", &[("a", "Harbour again"), ("b", "Market")]);
    site.page(
        "a",
        "Harbour again",
        "Two trawlers came in, and many more are on their way to the old town.",
    );
    let given = until("it is revised", || Some(labels(dir)).filter(|given| given.len() == 3));
    assert_eq!(given[&("Harbour again".to_owned(), 2)], expected(&["ships"]));
    assert_eq!(nashra.stop(), Some(0));
    hold_to_schema(dir);
}

/// Holds the records of articles to their schema.
fn hold_to_schema(dir: &Path) {
    let schema = json_schema(Record::Article);
    for record in lines(dir).iter().filter(|record| record["schema"] == "nashra.article.v1") {
        let wrong: Vec<String> = jsonschema::validator_for(&schema)
            .unwrap()
            .iter_errors(record)
            .map(|error| error.to_string())
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

#[test]
fn the_example_of_the_document_is_true() {
    let document = document("labels.md");
    let dir = tempdir().unwrap();
    let dir = dir.path();
    rules(dir, &blocks(&document, "toml")[0]);
    let records = &blocks(&document, "json")[0];
    fs::write(dir.join("articles.jsonl"), records).unwrap();
    let line = document.lines().find_map(|line| line.trim().strip_prefix("nashra label")).unwrap();
    let arguments: Vec<&str> = ["label"].into_iter().chain(line.split_whitespace()).collect();
    let (code, told, words) = command(dir, &arguments);
    assert_eq!((code, told.as_str()), (Some(0), blocks(&document, "text")[0].as_str()), "{words}");

    let (code, told, words) = command(dir, &["label", "articles.jsonl", "--rules", "labels.toml"]);
    assert_eq!(code, Some(0), "{words}");
    let labelled: Vec<&str> = told.lines().collect();
    assert!(
        labelled[0].starts_with("{\"id\":\"1\",\"title\":\"Ferries"),
        "fields stay in their order"
    );
    assert!(
        labelled[0].ends_with("\"labels\":[\"ports\"]}") && labelled[1].ends_with("\"labels\":[]}")
    );
    // Labels that are there already are replaced.
    fs::write(dir.join("again.jsonl"), &told).unwrap();
    assert_eq!(command(dir, &["label", "again.jsonl", "--rules", "labels.toml"]).1, told);
}

#[test]
fn records_and_rules_that_cannot_be_read_are_told_with_their_lines() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    rules(dir, "[[label]]\nname = \"a\"\nany = [\"x\"]\n");
    fs::write(dir.join("articles.jsonl"), "{\"text\": \"x\"}\n\n[1]\n").unwrap();
    let (code, told, words) =
        command(dir, &["label", "articles.jsonl", "--rules", "labels.toml", "--explain", "--json"]);
    let expected = "{\"id\":null,\"labels\":[{\"name\":\"a\",\"places\":[{\"field\":\"text\",\"start\":0,\"end\":1,\"term\":\"x\"}]}]}\n";
    assert_eq!((code, told.as_str()), (Some(1), expected));
    assert!(
        words.starts_with("nashra: articles.jsonl:3: invalid type: sequence, expected a record"),
        "{words}"
    );
    rules(dir, &format!("[[label]]\nname = \"a\"\nany = [\"{}\"]\n", "x".repeat(1 << 20)));
    let (code, _, words) = command(dir, &["label", "articles.jsonl", "--rules", "labels.toml"]);
    assert_eq!(code, Some(1));
    assert!(
        words.starts_with(
            "labels.toml:3:8: label[0].any[0]: a word or phrase of 1048576 characters"
        ),
        "{words}"
    );
}
