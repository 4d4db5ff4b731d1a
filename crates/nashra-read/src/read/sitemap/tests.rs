use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset};

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../tests/fixtures/sitemap/{name}", env!("CARGO_MANIFEST_DIR")))
        .unwrap()
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn at(text: &str) -> Option<DateTime<FixedOffset>> {
    text.parse().ok()
}

fn entries(bytes: &[u8]) -> Feed {
    match parse(bytes, None, &url("https://courier.example/sitemap.xml")) {
        Ok(Sitemap::Entries(feed)) => *feed,
        other => panic!("{other:?}"),
    }
}

fn why(bytes: &[u8]) -> String {
    parse(bytes, Some("text/html"), &url("https://courier.example/sitemap.xml"))
        .unwrap_err()
        .to_string()
}

#[test]
fn a_news_sitemap_gives_headlines_dates_and_pictures() {
    let feed = entries(&fixture("news.xml"));
    assert_eq!(
        (feed.title.as_deref(), feed.language.as_deref()),
        (Some("The Courier"), Some("en"))
    );
    assert!(!feed.truncated && !feed.archive);
    let [one, two] = &feed.entries[..] else { panic!("{feed:?}") };
    assert_eq!(one.link, Some(url("https://courier.example/a/harbour?id=7")));
    assert_eq!(one.title.as_deref(), Some("Harbour reopens & ferries sail"));
    assert_eq!(
        (one.published, one.modified),
        (at("2026-03-02T07:15:00Z"), at("2026-03-02T08:30:00Z"))
    );
    assert_eq!(one.categories, ["harbour", "ferries", "storm"]);
    assert_eq!(one.images[0].url.as_deref(), Some("https://courier.example/img/harbour.jpg"));
    assert_eq!(one.images[0].caption.as_deref(), Some("The harbour on Monday"));
    assert_eq!(two.title.as_deref(), Some("Islands agree on a ‘fishing line’"));
    assert_eq!(two.date_note.as_deref(), Some("a day without a time, taken as midnight UTC"));
}

#[test]
fn an_entry_is_known_by_the_alias_of_its_address_and_its_version_is_what_is_said_of_it() {
    let of = |loc: &str, more: &str| {
        entries(format!("<urlset><url><loc>{loc}</loc>{more}</url></urlset>").as_bytes())
            .entries
            .remove(0)
    };
    let one = of("https://courier.example/a", "");
    let same = of("http://www.courier.example/a/?utm_source=x", "");
    assert_eq!(one.identity, same.identity);
    let changed = of("https://courier.example/a", "<lastmod>2026-03-02</lastmod>");
    assert_eq!(one.identity, changed.identity);
    assert_ne!(one.version(), changed.version());
}

#[test]
fn what_is_escaped_twice_is_mended_in_words_and_of_addresses_only_the_ampersand() {
    let xml = b"<urlset><url><loc>/a?x=1&amp;copy;=2&amp;amp;y</loc><news><title>Q&amp;amp;A</title></news></url></urlset>";
    let entry = entries(xml).entries.remove(0);
    assert_eq!(entry.link, Some(url("https://courier.example/a?x=1&copy;=2&y")));
    assert_eq!(entry.title.as_deref(), Some("Q&A"));
}

#[test]
fn broken_xml_is_read_and_what_the_end_cuts_off_is_no_entry() {
    let feed = entries(&fixture("broken.xml"));
    let [one, two] = &feed.entries[..] else { panic!("{feed:?}") };
    assert_eq!(one.link, Some(url("https://courier.example/a/1?x=1&y=2")));
    assert_eq!(
        (one.title.as_deref(), one.published),
        (Some("Zoll & Hafen"), at("2026-03-02T07:00:00Z"))
    );
    assert_eq!(
        (two.link.as_ref(), two.title.as_deref()),
        (Some(&url("https://courier.example/a/2")), Some("Zweite Meldung"))
    );
    assert_eq!((two.published, two.date_note.as_deref()), (None, Some("unreadable: gestern")));
    assert!(feed.truncated);
}

#[test]
fn any_cut_of_a_sitemap_gives_a_prefix_of_its_entries() {
    let bytes = fixture("news.xml");
    let whole = entries(&bytes).entries;
    for end in 0..bytes.len() {
        if let Ok(Sitemap::Entries(feed)) =
            parse(&bytes[..end], None, &url("https://courier.example/"))
        {
            assert!(whole.starts_with(&feed.entries), "cut at {end}");
        }
    }
}

#[test]
fn a_list_of_addresses_is_a_sitemap_of_all_that_there_is() {
    let feed = entries(&fixture("plain.txt"));
    let links: Vec<&str> =
        feed.entries.iter().map(|entry| entry.link.as_ref().unwrap().as_str()).collect();
    assert_eq!(links, ["https://courier.example/a/1", "https://courier.example/a/2"]);
    assert!(feed.archive);
}

#[test]
fn a_feed_may_stand_in_the_place_of_a_sitemap() {
    let feed =
        entries(b"<rss><channel><title>F</title><item><title>A</title><link>https://courier.example/a</link></item></channel></rss>");
    assert_eq!((feed.title.as_deref(), feed.entries.len()), (Some("F"), 1));
}

#[test]
fn an_empty_news_sitemap_is_one_and_other_things_are_named() {
    assert_eq!(entries(b"<urlset></urlset>").entries, []);
    assert_eq!(
        why(b"<!doctype html><html><body>No</body></html>"),
        "an HTML page instead of a sitemap"
    );
    assert_eq!(why(b"<error>no</error>"), "not a sitemap: the root is <error>");
    assert_eq!(why(b"No such file"), "not a sitemap: neither XML nor a list of addresses");
    assert_eq!(why(b" "), "not a sitemap: empty");
    assert_eq!(
        why(b"<urlset><url><loc>https://courier.example/a"),
        "cut off before the end of its first entry"
    );
}

#[test]
fn a_date_that_many_pages_share_to_the_second_is_none_of_theirs() {
    let all = |count: usize| {
        let urls = (0..count).fold(String::new(), |mut out, index| {
            write!(out, "<url><loc>/a/{index}</loc><lastmod>2026-03-02T10:00:00Z</lastmod></url>")
                .unwrap();
            out
        });
        entries(format!("<urlset>{urls}</urlset>").as_bytes())
    };
    assert!(all(3).entries.iter().all(|entry| entry.modified.is_some()));
    assert!(all(30).entries.iter().all(|entry| entry.modified.is_none()));
}

#[test]
fn hostile_sitemaps_are_bounded() {
    let many = "<url><loc>/a</loc>".repeat(200_000);
    assert_eq!(entries(many.as_bytes()).entries.len(), 1);
    let pictures =
        format!("<urlset><url><loc>/a</loc>{}</url></urlset>", "<image><loc>/i".repeat(5_000));
    assert!(entries(pictures.as_bytes()).entries[0].images.len() <= 20);
    let long = format!(
        "<urlset><url><loc>/{}</loc></url><url><loc>/b</loc><news><title>{}</title></url></urlset>",
        "a".repeat(9_000),
        "t".repeat(9_000)
    );
    let feed = entries(long.as_bytes());
    assert_eq!((feed.entries.len(), feed.entries[0].title.as_ref().unwrap().len()), (1, 2_000));
    for bytes in [
        &b"<"[..],
        b"<urlset",
        b"<url><loc><![CDATA[",
        b"\x1f\x8b",
        b"</url></urlset>",
        b"<url/><loc>",
        b"\xff\xfe<\0",
    ] {
        drop(parse(bytes, None, &url("https://courier.example/")));
    }
}
