//! `nashra try`.

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{Answer, Site, command};

const LOOPBACK: [&str; 2] = ["--allow-address", "127.0.0.0/8"];

#[test]
fn a_feed_is_told_entry_by_entry_with_what_a_first_poll_would_do() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let old = "<item><title>Old</title><guid>old</guid><pubDate>Mon, 06 Sep 2004 10:00:00 GMT</pubDate></item>";
    let new = format!("<item><title>New</title><link>{}/a/new</link></item>", site.base);
    site.put(
        "/feed",
        Answer::ok(format!(
            "<rss version=\"2.0\"><channel><title>F</title>{old}{new}</channel></rss>"
        )),
    );
    let (code, words, _) =
        command(dir.path(), &["try", &format!("{}/feed", site.base), LOOPBACK[0], LOOPBACK[1]]);
    assert_eq!(code, Some(0));
    assert!(words.contains("entries: 2, of which a first poll would publish 1"), "{words}");
    let (_, json, _) = command(
        dir.path(),
        &["try", &format!("{}/feed", site.base), "--json", LOOPBACK[0], LOOPBACK[1]],
    );
    let report: Value = serde_json::from_str(&json).unwrap();
    let verdicts: Vec<&str> = report["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| report["verdict"].as_str().unwrap())
        .collect();
    assert_eq!((&report["what"], verdicts), (&"feed".into(), vec!["backlog", "new"]));
    // Nothing is fetched but what was named, and nothing is left behind.
    assert!(site.seen("/a/new").is_empty());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_page_is_told_with_its_record_its_names_and_what_lost() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.page_with(
        "one",
        "First",
        "It began.",
        "<link rel=canonical href=\"https://wire.example/a\">",
    );
    let url = format!("{}/a/one", site.base);
    let (code, json, _) = command(dir.path(), &["try", &url, "--json", LOOPBACK[0], LOOPBACK[1]]);
    assert_eq!(code, Some(0));
    let report: Value = serde_json::from_str(&json).unwrap();
    let article = &report["articles"][0];
    assert_eq!(
        (&report["what"], &report["form"], &article["record"]["url"]),
        (&"page".into(), &"html".into(), &url.clone().into())
    );
    assert_eq!(
        (&report["lost"][0]["field"], &report["lost"][0]["value"]),
        (&"url".into(), &"https://wire.example/a".into())
    );
    assert_eq!(article["known_by"][0], "fetched address");
    assert!(crate::schema::schema("article").is_valid(&article["record"]));
    let (_, words, _) = command(dir.path(), &["try", &url, LOOPBACK[0], LOOPBACK[1]]);
    assert!(
        words.contains("title: First (from dom)")
            && words.contains("lost: url https://wire.example/a"),
        "{words}"
    );
}

#[test]
fn rules_for_the_elements_of_a_page_are_tried_and_wrong_ones_are_told() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.page_with("one", "First", "It began.", "");
    let url = format!("{}/a/one", site.base);
    let attempt = |rule: &str| {
        command(
            dir.path(),
            &[
                "try",
                &url,
                "--json",
                "--rule",
                "title=h1",
                "--rule",
                rule,
                LOOPBACK[0],
                LOOPBACK[1],
            ],
        )
    };
    let (code, json, _) = attempt("remove=article p");
    assert_eq!(code, Some(1), "{json}");
    let (code, json, _) = attempt("text=article p");
    assert_eq!(code, Some(0));
    let report: Value = serde_json::from_str(&json).unwrap();
    let provenance = &report["articles"][0]["record"]["provenance"];
    assert_eq!((&provenance["title"], &provenance["text"]), (&"rule".into(), &"rule".into()));
    let (code, _, words) = attempt("body=p");
    assert!(code == Some(1) && words.contains("FIELD is one of title, subtitle"), "{words}");
    std::fs::write(dir.path().join("page.html"), crate::support::html("First", "It began.", ""))
        .unwrap();
    let (code, out, _) = command(dir.path(), &["extract", "page.html", "--rule", "text=article p"]);
    assert!(code == Some(0) && out.contains("\"text\":\"rule\""), "{out}");
    let (code, _, words) =
        command(dir.path(), &["extract", "page.html", "--rule", "text=p:first-child"]);
    assert!(code == Some(2) && words.contains(":first-child"), "{words}");
}

#[test]
fn a_listing_is_told_link_by_link_with_those_that_lost() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.put("/front/", Answer::ok(include_str!("../fixtures/listing/english.html")));
    let url = format!("{}/front/", site.base);
    let (code, json, words) = command(
        dir.path(),
        &["try", &url, "--kind", "listing", "--json", LOOPBACK[0], LOOPBACK[1]],
    );
    assert_eq!(code, Some(0), "{words}");
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["what"], "listing");
    let entries = report["entries"].as_array().unwrap();
    assert!(
        entries.len() > 2
            && entries.iter().all(|entry| entry["link"].is_string() && entry["why"].is_string())
    );
    assert!(report["lost"].as_array().unwrap().iter().any(|report| report["field"] == "link"));
    let (code, _, words) =
        command(dir.path(), &["try", &url, "--kind", "feed", LOOPBACK[0], LOOPBACK[1]]);
    assert!(code == Some(1) && words.contains("no feed"), "{words}");
}

#[test]
fn a_page_of_teasers_is_told_as_a_listing_however_much_text_they_have() {
    let dir = tempdir().unwrap();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/listing/teasers.html");
    for url in ["https://post.example/", "https://post.example/local"] {
        let (code, json, words) = command(dir.path(), &["try", page, "--url", url, "--json"]);
        assert_eq!(code, Some(0), "{words}");
        let report: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(report["what"], "listing");
        assert_eq!(report["entries"].as_array().unwrap().len(), 8, "{json}");
    }
}

#[test]
fn what_cannot_be_tried_says_why() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.put("/pdf", Answer::ok(b"%PDF-1.7".as_slice()));
    let attempt = |what: &str, more: &[&str]| {
        let (code, out, words) = command(dir.path(), &[&["try", what], more].concat());
        assert_eq!(out, "");
        (code, words)
    };
    let (code, words) = attempt(&format!("{}/pdf", site.base), &LOOPBACK);
    assert!(code == Some(1) && words.contains("not an HTML page: a PDF"), "{words}");
    let (code, words) = attempt(&format!("{}/pdf", site.base), &[]);
    assert!(code == Some(3) && words.contains("is not a public address"), "{words}");
    let (code, words) = attempt("nowhere.html", &[]);
    assert!(code == Some(1) && words.contains("no such file"), "{words}");
}
