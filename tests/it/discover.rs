//! `nashra sources discover`.

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{Answer, Site, command};

fn discover(url: &str) -> (Option<i32>, Vec<Value>, String) {
    let dir = tempdir().unwrap();
    let (code, out, words) = command(
        dir.path(),
        &["sources", "discover", url, "--json", "--allow-address", "127.0.0.0/8"],
    );
    (code, out.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), words)
}

fn news(site: &Site) -> Answer {
    Answer::ok(format!(
        "<urlset><url><loc>{}/a/one</loc><news><publication><name>Courier</name></publication><title>One</title><publication_date>2026-03-02T08:00:00Z</publication_date></news></url></urlset>",
        site.base
    ))
}

#[test]
fn feeds_of_the_head_links_and_the_sitemaps_of_robots_txt_are_offered_with_what_they_hold() {
    let site = Site::start();
    site.put("/", Answer::ok("<html><head><link rel=alternate type=application/rss+xml href=/all.rss><link rel=alternate type=application/rss+xml href=/dead.rss></head><body><a href=\"/sport/rss\">RSS</a></body></html>"));
    site.feed("/all.rss", &[("one", "One"), ("two", "Two")]);
    site.feed("/sport/rss", &[("three", "Three")]);
    site.put(
        "/robots.txt",
        Answer::ok(format!("User-agent: *\nSitemap: {}/maps/google-news.xml\n", site.base)),
    );
    site.put("/maps/google-news.xml", news(&site));
    let (code, offers, words) = discover(&format!("{}/", site.base));
    assert_eq!(code, Some(0), "{words}");
    let told: Vec<_> = offers
        .iter()
        .map(|offer| {
            (
                offer["kind"].as_str().unwrap(),
                offer["entries"].as_u64().unwrap(),
                offer["url"].as_str().unwrap(),
            )
        })
        .collect();
    let at = |path: &str| format!("{}{path}", site.base);
    let (all, sport, map) = (at("/all.rss"), at("/sport/rss"), at("/maps/google-news.xml"));
    assert_eq!(
        told,
        [("feed", 2, all.as_str()), ("feed", 1, sport.as_str()), ("sitemap", 1, map.as_str())]
    );
    assert_eq!(
        (&offers[0]["title"], &offers[0]["found"]),
        (&"Test feed".into(), &"offered by the page's head".into())
    );
    assert_eq!(
        (&offers[2]["news"], &offers[2]["newest"]),
        (&true.into(), &"2026-03-02T08:00:00Z".into())
    );
    // Where the site names what it has, nothing is guessed.
    assert!(site.seen("/feed").is_empty() && site.seen("/news-sitemap.xml").is_empty());
}

#[test]
fn what_a_site_does_not_name_is_looked_for_at_usual_paths() {
    let site = Site::start();
    site.put("/", Answer::ok("<html><body><p>Welcome</p></body></html>"));
    site.feed("/rss.xml", &[("one", "One")]);
    site.put("/news-sitemap.xml", news(&site));
    let (code, offers, words) = discover(&format!("{}/", site.base));
    assert_eq!(code, Some(0), "{words}");
    let kinds: Vec<_> = offers.iter().map(|offer| offer["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["feed", "sitemap"]);
}

#[test]
fn a_feed_and_a_sitemap_are_offered_themselves() {
    let site = Site::start();
    site.feed("/x", &[("one", "One")]);
    site.put("/y", news(&site));
    for (path, kind) in [("/x", "feed"), ("/y", "sitemap")] {
        let (_, offers, words) = discover(&format!("{}{path}", site.base));
        assert_eq!((offers.len(), &offers[0]["kind"]), (1, &kind.into()), "{words}");
    }
}

#[test]
fn nothing_found_and_nothing_reached_are_told_apart() {
    let site = Site::start();
    site.put("/", Answer::ok("<html><body><p>Welcome</p></body></html>"));
    let (code, offers, words) = discover(&format!("{}/", site.base));
    assert!(
        code == Some(1) && offers.is_empty() && words.contains("no feed, no sitemap"),
        "{words}"
    );
    let (code, _, words) = discover(&format!("{}/gone", site.base));
    assert!(code == Some(3) && words.contains("HTTP status 404"), "{words}");
}

#[test]
fn a_folder_of_state_is_taken_by_commands_that_keep_none() {
    let site = Site::start();
    site.put("/", Answer::ok("<html><head><link rel=alternate type=application/rss+xml href=/all.rss></head><body></body></html>"));
    site.feed("/all.rss", &[("one", "One")]);
    let (dir, home) = (tempdir().unwrap(), format!("{}/", site.base));
    let feed = format!("{}/all.rss", site.base);
    let flags = ["--allow-address", "127.0.0.0/8", "--data-dir", "state"];
    for words in [&["sources", "discover", &home][..], &["try", &feed]] {
        let (code, _, said) = command(dir.path(), &[words, &flags].concat());
        assert_eq!(code, Some(0), "{said}");
    }
    assert!(!dir.path().join("state").exists());
}
