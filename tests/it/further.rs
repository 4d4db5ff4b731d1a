//! Articles of several pages.

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, command, lines, until};

/// The words by which a paragraph of each page is known.
const SAID: [&str; 3] = ["It began", "It went on", "It ended"];

/// Puts a page of an article of three; `links` are in its head or behind its text.
fn put(site: &Site, number: usize, links: &str) {
    site.put(&path(number), page(number, links));
}

fn path(number: usize) -> String {
    if number == 1 { "/a/one".to_owned() } else { format!("/a/one/{number}") }
}

fn page(number: usize, links: &str) -> Answer {
    let said = SAID[number - 1];
    let paragraphs: String = ["north", "south", "east"]
        .iter()
        .map(|part| format!("<p>{said} in the {part}, where the ferry of page {number} sails each morning, and nobody in the {part} of the town was asked about it by the council.</p>"))
        .collect::<Vec<_>>()
        .concat();
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>The harbour opens again</title><meta property=\"og:type\" content=\"article\"><meta property=\"article:published_time\" content=\"2026-11-02T08:00:00Z\"></head><body><article><h1>The harbour opens again</h1>{paragraphs}<p>Write to our desk if you know more of the harbour, its ferries and its quays than we do.</p></article><div class=\"page-links\">{links}</div></body></html>"
    );
    Answer::ok(html).with("content-type", "text/html; charset=utf-8")
}

/// The numbers of all three pages, with links.
const NUMBERS: &str =
    "Pages: <a href=\"/a/one\">1</a> <a href=\"/a/one/2\">2</a> <a href=\"/a/one/3\">3</a>";

fn site() -> Site {
    let site = Site::start();
    site.feed("/feed", &[("one", "The harbour opens again")]);
    (1..=3).for_each(|number| put(&site, number, NUMBERS));
    site
}

fn run(site: &Site, dir: &std::path::Path, pages: &str) -> Nashra {
    Nashra::run(dir, &format!("{}/feed", site.base), &["--sink", "file", "--follow-pages", pages])
}

fn the_record(dir: &std::path::Path) -> Value {
    until("the article is there", || lines(dir).into_iter().next())
}

/// Which of the pages a record has.
fn pages_of(record: &Value) -> Vec<bool> {
    let text = record["text"].as_str().unwrap();
    SAID.iter().map(|said| text.matches(&format!("{said} in the north")).count() == 1).collect()
}

#[test]
fn an_article_of_three_pages_is_one_text_without_what_each_page_repeats() {
    let (site, dir) = (site(), tempdir().unwrap());
    let nashra = run(&site, dir.path(), "5");
    let record = the_record(dir.path());
    nashra.counts("nashra_further_pages_total{outcome=\"joined\"} 2");
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(
        (pages_of(&record), &record["quality"]["truncated"]),
        (vec![true; 3], &false.into())
    );
    let text = record["text"].as_str().unwrap();
    assert!(text.find("Write to our desk") > text.find("It ended"), "{text}");
    assert_eq!(text.matches("Write to our desk").count(), 1, "{text}");
    assert!(record["url"].as_str().unwrap().ends_with("/a/one"));
}

#[test]
fn without_the_setting_the_first_page_is_published_as_truncated_and_explain_says_why() {
    let (site, dir) = (site(), tempdir().unwrap());
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &["--sink", "file"]);
    let record = the_record(dir.path());
    let explained =
        command(dir.path(), &["explain", &format!("{}/a/one", site.base), "--data-dir", "data"]).1;
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(pages_of(&record), [true, false, false]);
    assert_eq!(record["quality"]["truncated"], true);
    assert!(
        explained.contains("page 2 is missing: further pages are not asked for"),
        "{explained}"
    );
    assert!(site.seen("/a/one/2").is_empty());
}

#[test]
fn a_source_has_its_own_number_of_pages() {
    let (site, dir) = (site(), tempdir().unwrap());
    let list = format!("[[source]]\nurl = \"{}/feed\"\nfollow_pages = 1\n", site.base);
    let nashra = Nashra::run(dir.path(), &list, &["--sink", "file"]);
    let record = the_record(dir.path());
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(
        (pages_of(&record), &record["quality"]["truncated"]),
        (vec![true, true, false], &true.into())
    );
}

#[test]
fn a_kill_between_two_pages_loses_nothing_and_publishes_once() {
    let (site, dir) = (site(), tempdir().unwrap());
    site.put("/a/one/3", Answer::status(500));
    let nashra = run(&site, dir.path(), "5");
    until("the third page was asked for", || (!site.seen("/a/one/3").is_empty()).then_some(()));
    nashra.kill();
    assert!(lines(dir.path()).is_empty(), "nothing is published of half an article");
    put(&site, 3, NUMBERS);
    let nashra = run(&site, dir.path(), "5");
    let record = the_record(dir.path());
    nashra.counts("nashra_articles_total{change=\"new\"} 1");
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!((pages_of(&record), lines(dir.path()).len()), (vec![true; 3], 1));
}

#[test]
fn a_page_that_cannot_be_had_leaves_the_text_truncated() {
    let elsewhere = Answer::status(302).with("location", "/a/one");
    for (answer, why) in [
        (Answer::status(404), "HTTP status 404"),
        (Answer::status(500), "HTTP status 500"),
        (elsewhere, "it leads to"),
        (page(1, NUMBERS), "it repeats the pages before"),
    ] {
        let (site, dir) = (site(), tempdir().unwrap());
        site.put("/a/one/2", answer);
        let nashra = run(&site, dir.path(), "5");
        let record = the_record(dir.path());
        let explained = command(
            dir.path(),
            &["explain", &format!("{}/a/one", site.base), "--data-dir", "data"],
        )
        .1;
        assert_eq!(nashra.stop(), Some(0));
        assert_eq!(
            (pages_of(&record), &record["quality"]["truncated"]),
            (vec![true, false, false], &true.into())
        );
        assert!(explained.contains(&format!("page 2 is missing: {why}")), "{explained}");
    }
}

#[test]
fn what_robots_txt_forbids_is_not_followed() {
    let (site, dir) = (site(), tempdir().unwrap());
    site.put(
        "/robots.txt",
        Answer::ok("User-agent: *\nDisallow: /a/one/\n").with("content-type", "text/plain"),
    );
    let nashra = run(&site, dir.path(), "5");
    let record = the_record(dir.path());
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(
        (pages_of(&record), &record["quality"]["truncated"]),
        (vec![true, false, false], &true.into())
    );
    assert!(site.seen("/a/one/2").is_empty());
}

#[test]
fn a_trial_shows_the_joined_text_and_what_is_missing() {
    let (site, dir) = (site(), tempdir().unwrap());
    let url = format!("{}/a/one", site.base);
    let tried = |pages: &str| {
        command(
            dir.path(),
            &["try", &url, "--follow-pages", pages, "--allow-address", "127.0.0.0/8"],
        )
        .1
    };
    assert!(
        tried("0").contains("page 2 is missing: further pages are not asked for"),
        "{}",
        tried("0")
    );
    assert!(
        tried("1").contains("page 3 is missing: page.follow_pages allows for 1 further pages"),
        "{}",
        tried("1")
    );
    let all = tried("5");
    assert!(!all.contains("is missing") && all.contains("truncated false"), "{all}");
}
