use super::*;
use crate::read::feed::parse;

fn read(items: &str) -> Vec<Entry> {
    let text = format!(
        "<rss version=\"2.0\"><channel><title>T</title><link>https://news.example/</link>{items}</channel></rss>"
    );
    parse(text.as_bytes(), None, &Url::parse("https://news.example/feed.xml").unwrap())
        .unwrap()
        .entries
}

/// An item: title, link, guid and hour of its date; an empty one is left out.
fn item((title, link, guid, hour): (&str, &str, &str, &str)) -> String {
    let element = |name: &str, value: &str| {
        if value.is_empty() { String::new() } else { format!("<{name}>{value}</{name}>") }
    };
    let date =
        if hour.is_empty() { String::new() } else { format!("Fri, 06 Mar 2026 {hour}:00:00 GMT") };
    format!(
        "<item>{}{}{}{}<description>{title} at {hour}</description></item>",
        element("title", title),
        element("link", link),
        element("guid isPermaLink=\"false\"", guid)
            .replace("</guid isPermaLink=\"false\">", "</guid>"),
        element("pubDate", &date)
    )
}

fn entries(items: &[(&str, &str, &str, &str)]) -> Vec<Entry> {
    read(&items.iter().copied().map(item).collect::<String>())
}

const NOTICES: &str = "https://news.example/notices";

#[test]
fn what_repeats_within_a_feed_identifies_nothing_and_title_and_date_tell_apart() {
    for (link, guid) in [(NOTICES, ""), ("N/A", "N/A"), (NOTICES, "one"), ("", "one"), ("", "")] {
        let read = entries(&[
            ("Road closed", link, guid, "10"),
            ("Water off", link, guid, "09"),
            ("Road closed", link, guid, "08"),
        ]);
        // Two that say the same but for the date are one only where their ids agree on it.
        assert_eq!(read.len(), 3, "{link} {guid}");
        assert!(read.iter().all(|entry| entry.guid.is_none()));
        assert!(read.iter().all(|entry| !entry.link_role.is_own_page() || entry.link.is_none()));
    }
}

#[test]
fn ids_of_their_own_decide_whatever_the_entries_link() {
    let read = entries(&[("Outage", NOTICES, "out-1", "10"), ("Outage", NOTICES, "out-2", "11")]);
    let ids: Vec<_> = read.iter().map(|entry| entry.identity.as_str()).collect();
    assert_eq!(ids, ["out-1", "out-2"]);
    assert!(read.iter().all(|entry| entry.link_role == LinkRole::Shared));
}

#[test]
fn one_entry_that_is_listed_twice_is_one() {
    let twice = ("Harbour reopens", "https://news.example/a", "", "10");
    let read = entries(&[twice, twice, ("Other", "https://news.example/b", "", "09")]);
    assert_eq!(read.len(), 2);
    assert!(read.iter().all(|entry| entry.link_role.is_own_page()));
    let read = entries(&[
        ("Harbour reopens", "https://news.example/a", "7", "10"),
        ("Harbour reopens", "https://news.example/a", "7", "09"),
    ]);
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].identity, "7");
}

#[test]
fn links_that_differ_in_their_fragment_are_different_within_a_feed() {
    for (one, other) in [("#v2", "#v1"), ("#/news/2", "#/news/1"), ("#!2", "#!1")] {
        let link = |fragment: &str| format!("https://app.example/changes{fragment}");
        let read = entries(&[("Two", &link(one), "", "10"), ("One", &link(other), "", "09")]);
        assert_eq!(read.len(), 2);
        assert!(read.iter().all(|entry| entry.link_role == LinkRole::Place), "{one}");
        assert_eq!(read[0].identity, link(one));
    }
    let read = entries(&[
        ("The article", "https://news.example/a", "", "10"),
        ("A comment", "https://news.example/a#c1", "", "11"),
    ]);
    assert!(read[0].link_role.is_own_page());
    assert_eq!(read[1].link_role, LinkRole::Place);
}

#[test]
fn the_front_page_of_a_feeds_site_is_no_entrys_own() {
    let read = entries(&[("Fog", "https://news.example/", "", "10")]);
    assert_eq!(read[0].link_role, LinkRole::Shared);
    let read = entries(&[("A project", "https://project.example/", "", "10")]);
    assert_eq!(read[0].link_role, LinkRole::Page);
    let read = entries(&[("A route", "https://news.example/#/7", "", "10")]);
    assert_eq!(read[0].link_role, LinkRole::Place);
}

#[test]
fn a_word_for_none_is_neither_guid_nor_link() {
    for word in ["N/A", "null", "none", "-"] {
        let read = entries(&[("Alone", "https://news.example/a", word, "10")]);
        assert_eq!(read[0].identity, "https://news.example/a", "{word}");
    }
    for word in ["N/A", "null", "#"] {
        assert_eq!(entries(&[("Alone", word, "", "10")])[0].link, None, "{word}");
    }
}

#[test]
fn an_entry_keeps_its_identity_when_others_come_beside_it() {
    let old = ("Road closed", NOTICES, "", "08");
    let before = entries(&[old, ("Water off", NOTICES, "", "07")]);
    let after =
        entries(&[("Market moved", NOTICES, "", "09"), old, ("Water off", NOTICES, "", "07")]);
    assert_eq!(before[0].identity, after[1].identity);
    assert_eq!(before[1].identity, after[2].identity);
}
