//! Holds what is read from feeds, listings and pages against the tables of cases.

#![expect(clippy::unwrap_used, reason = "these are tests")]

#[path = "../../../tests/cases/mod.rs"]
#[expect(dead_code, reason = "some of it is for the tools that need a network")]
mod cases;

use cases::{Case, all_pass, check, of, read};
use chrono::{DateTime, Utc};
use nashra_read::{
    model::{bounds, clean, pending::PendingEntry, record::Source},
    policy::assemble,
    read::{feed, listing, page},
};
use serde_json::{Value, json};
use url::Url;

const BASE: &str = "https://news.example.com";

/// When all of it is read.
fn now() -> DateTime<Utc> {
    "2026-04-01T12:00:00Z".parse().unwrap()
}

fn address(case: &Case) -> Url {
    case.url.clone().unwrap_or_else(|| format!("{BASE}/feed").parse().unwrap())
}

fn answer(case: &Case) -> Value {
    let (bytes, url) = (read(&case.file, BASE), address(case));
    match case.tool.as_str() {
        "extract" => match page::parse_with(None, &bytes, None, case.url.as_ref(), None) {
            Ok(page) => json!({ "articles": assemble::unlisted(&page, case.url.as_ref(), now()) }),
            Err(error) => json!({ "error": error.to_string() }),
        },
        "listing" => {
            let links = listing::parse(&bytes, None, &url).map(|listing| listing.links);
            links.unwrap_or_default().iter().map(|link| link.url.as_str()).collect()
        }
        "feed" => match feed::parse_document(&bytes, None, &url) {
            Ok(document) => json!(feed::FeedOutput::new(document, &url)),
            Err(error) => json!({ "ok": false, "error": error.to_string() }),
        },
        _ => records(&bytes, &url),
    }
}

/// The records of a feed whose pages are not read.
fn records(bytes: &[u8], url: &Url) -> Value {
    let source = Source {
        id: "s".into(),
        name: None,
        kind: "feed".into(),
        url: String::new().into(),
        tags: Vec::new(),
    };
    let feed = feed::parse(bytes, None, url).unwrap();
    let record = |entry| {
        let entry = PendingEntry::new(source.clone(), entry, 1, now());
        let mut article = assemble::from_feed(&entry, now());
        bounds::content(&mut article.content);
        clean::content(&mut article.content);
        let mut record = json!(article.content);
        record["url"] = json!(article.url);
        record
    };
    feed.entries.into_iter().map(record).collect()
}

const PURE: [&str; 4] = ["extract", "feed", "listing", "records"];

#[test]
fn what_reports_on_feeds_ask_for_is_read() {
    all_pass(&of("feeds.jsonl", &PURE), |case| check(case, &answer(case)));
}

#[test]
fn what_reports_on_pages_ask_for_is_read() {
    all_pass(&of("pages.jsonl", &PURE), |case| check(case, &answer(case)));
}

#[test]
fn what_reports_on_the_text_of_pages_ask_for_is_read() {
    all_pass(&of("bodies.jsonl", &PURE), |case| check(case, &answer(case)));
}
