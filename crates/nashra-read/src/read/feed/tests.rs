use super::*;

mod dialects;
mod fields;
mod generator;
mod hostile;
mod properties;
mod repair;
mod snapshots;

const RSS: &str = include_str!("../../../../../tests/fixtures/rss/two-items.xml");
const ATOM: &str = include_str!("../../../../../tests/fixtures/atom/two-entries.xml");

fn url() -> Url {
    Url::parse("https://news.example/feed.xml").unwrap()
}

#[test]
fn an_rss_item_keeps_its_guid_link_dates_and_full_text() {
    let feed = parse(RSS.as_bytes(), None, &url()).unwrap();
    let entry = &feed.entries[0];
    assert_eq!(feed.title.as_deref(), Some("The Example Courier"));
    assert_eq!(feed.language.as_deref(), Some("en-gb"));
    assert_eq!(entry.identity, "courier-1001");
    assert_eq!(entry.link.as_ref().unwrap().as_str(), "https://news.example/world/harbour?id=1001");
    assert_eq!(entry.published.unwrap().to_rfc3339(), "2026-11-20T07:30:00+00:00");
    assert!(entry.content.as_ref().unwrap().contains("second paragraph"));
    assert_eq!(entry.authors, ["Nadia Rahal"]);
    assert_eq!(entry.enclosures[0].url, "https://news.example/audio/1001.mp3");
}

#[test]
fn an_item_without_a_guid_goes_by_its_link() {
    let feed = parse(RSS.as_bytes(), None, &url()).unwrap();
    assert_eq!(feed.entries[1].guid, None);
    assert_eq!(feed.entries[1].identity, "https://news.example/sport/final");
}

#[test]
fn an_atom_entry_has_both_dates() {
    let feed = parse(ATOM.as_bytes(), None, &url()).unwrap();
    let entry = &feed.entries[0];
    assert_eq!(entry.identity, "tag:science.example,2026:7");
    assert_eq!(entry.published.unwrap().to_rfc3339(), "2026-11-19T10:00:00+00:00");
    assert_eq!(entry.modified.unwrap().to_rfc3339(), "2026-11-20T08:00:00+00:00");
}

#[test]
fn a_guid_that_all_items_share_is_no_identity() {
    let shared = RSS.replace("courier-1001", "x").replace(
        "<link>https://news.example/sport/final</link>",
        "<guid>x</guid><link>https://news.example/sport/final</link>",
    );
    let feed = parse(shared.as_bytes(), None, &url()).unwrap();
    assert_eq!(feed.entries.len(), 2);
    assert!(feed.entries.iter().all(|entry| entry.guid.is_none()));
}

#[test]
fn a_change_of_the_title_is_another_version_of_the_same_entry() {
    let before = parse(RSS.as_bytes(), None, &url()).unwrap();
    let after =
        parse(RSS.replace("Harbour reopens", "Harbour reopens early").as_bytes(), None, &url())
            .unwrap();
    assert_eq!(before.entries[0].identity, after.entries[0].identity);
    assert_ne!(before.entries[0].version(), after.entries[0].version());
    assert_eq!(before.entries[1].version(), after.entries[1].version());
}

#[test]
fn windows_1256_is_read_by_its_declaration() {
    let text = RSS.replace("UTF-8", "windows-1256").replace("Harbour reopens", "إعادة فتح الميناء");
    let (bytes, _, _) = encoding_rs::WINDOWS_1256.encode(&text);
    let feed = parse(&bytes, None, &url()).unwrap();
    assert_eq!(feed.entries[0].title.as_deref(), Some("إعادة فتح الميناء"));
}

#[test]
fn an_html_page_is_told_apart() {
    assert_eq!(
        parse(b"<!DOCTYPE html><html><title>x</title></html>", None, &url()),
        Err(FeedError::Html { feeds: Vec::new() })
    );
}

#[test]
fn noise_is_an_error_and_never_a_panic() {
    for noise in [
        &b""[..],
        b"\xff\xfe\x00",
        b"{}",
        b"<rss",
        b"%PDF-1.7",
        b"<rss version=\"2.0\"><channel></channel></rss>",
    ] {
        assert!(parse(noise, None, &url()).is_err(), "{noise:?}");
    }
}
