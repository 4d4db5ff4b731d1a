//! `nashra schema`, held against records of the built program.

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, command, lines, until};

/// The schema that the program prints.
pub(crate) fn schema(of: &str) -> jsonschema::Validator {
    let (code, schema, _) = command(Path::new("."), &["schema", of]);
    assert_eq!(code, Some(0));
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&serde_json::from_str(&schema).unwrap())
        .unwrap()
}

#[test]
fn records_of_every_kind_are_as_their_schemas_say() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First"), ("two", "Second")]);
    site.page_with(
        "one",
        "First",
        "It began.",
        "<meta property=\"og:image\" content=\"/i.jpg\"><meta name=author content=\"Nadia Rahal\"><meta property=\"article:published_time\" content=\"2026-11-20T07:30:00Z\">",
    );
    site.put("/a/two", Answer::ok(b"%PDF-1.7 not a page".as_slice()));
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &["--sink", "file"]);
    let records = until("all records are there", || {
        Some(lines(dir.path())).filter(|records| records.len() == 3)
    });
    assert_eq!(nashra.stop(), Some(0));
    let (article, dead) = (schema("article"), schema("deadletter"));
    let mut kinds = BTreeSet::new();
    for record in &records {
        let kind = record["schema"].as_str().unwrap();
        let schema = if kind == "nashra.article.v1" { &article } else { &dead };
        let wrong: Vec<String> = schema
            .iter_errors(record)
            .map(|iter_error| format!("{}: {iter_error}", iter_error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}\n{record:#}");
        kinds.insert(kind);
    }
    assert_eq!(kinds.len(), 2);
}

#[test]
fn a_schema_refuses_what_is_no_such_record() {
    let article = schema("article");
    let mut record: Value = serde_json::json!({ "schema": "nashra.article.v1" });
    assert!(!article.is_valid(&record));
    record = serde_json::json!({ "schema": "nashra.deadletter.v1" });
    assert!(!article.is_valid(&record) && !schema("deadletter").is_valid(&record));
}
