//! What publishers break, and what is read all the same.

use super::{super::model::Document, *};

fn document(text: &str) -> Document {
    parse_document(text.as_bytes(), None, &url()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// An RSS feed of these items.
fn rss(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Feed</title><link>https://news.example/</link>{items}</channel></rss>"
    )
}

/// Title and link of each entry.
fn entries(text: &str) -> Vec<(String, String)> {
    let of =
        |item: model::Item| (item.title.unwrap_or_default().value, item.link.unwrap_or_default());
    document(text).entries.into_iter().map(of).collect()
}

fn pair(title: &str, link: &str) -> (String, String) {
    (title.to_owned(), link.to_owned())
}

const TWO: &str = "<item><title>One</title><link>https://news.example/1</link></item><item><title>Two</title><link>https://news.example/2</link></item>";

fn two() -> Vec<(String, String)> {
    vec![pair("One", "https://news.example/1"), pair("Two", "https://news.example/2")]
}

#[test]
fn a_well_formed_feed_needs_no_repair() {
    assert!(document(&rss(TWO)).recovered.is_empty());
}

#[test]
fn junk_before_the_root_is_passed_over() {
    for junk in [
        "\n \n",
        "<br />\n<b>Warning</b>: in /x.php on line 3<br>\n",
        "Notice: undefined",
        "<?xml version=\"1.0\"?>",
        "\u{feff} ",
    ] {
        assert_eq!(entries(&format!("{junk}{}", rss(TWO))), two(), "{junk}");
    }
    assert!(document(&format!("<br>{}", rss(TWO))).recovered.has(Repair::JunkBeforeRoot));
}

#[test]
fn elements_that_are_never_closed_end_where_their_parent_does() {
    assert_eq!(entries(&rss(&TWO.replace("</item>", ""))), two());
    assert_eq!(entries(&rss(&TWO.replace("</link>", ""))), two());
    assert_eq!(entries(&rss(&TWO.replace("</title>", ""))), two());
    assert_eq!(entries(&rss(TWO).replace("</channel></rss>", "")), two());
    assert!(document(&rss(&TWO.replace("</item>", ""))).recovered.has(Repair::UnclosedElement));
}

#[test]
fn end_tags_without_a_start_end_nothing() {
    let text = rss(&TWO.replace("One", "O</p>ne</div>"));
    assert_eq!(entries(&text), two());
    assert!(document(&text).recovered.has(Repair::StrayEndTag));
}

#[test]
fn an_ampersand_that_means_nothing_is_one() {
    let text = rss(
        "<item><title>AT&T & &foo; &#xZZ; &#8212; don&#146;t</title><link>https://news.example/?a=1&b=2</link></item>",
    );
    assert_eq!(
        entries(&text),
        [pair("AT&T & &foo; &#xZZ; — don’t", "https://news.example/?a=1&b=2")]
    );
    assert!(document(&text).recovered.has(Repair::BareAmpersand));
}

#[test]
fn a_section_that_never_ends_swallows_no_entry() {
    let text = rss(&TWO.replace("<title>One", "<title><![CDATA[One"));
    assert_eq!(entries(&text), two());
    assert!(document(&text).recovered.has(Repair::UnclosedSection));
}

#[test]
fn an_entry_that_is_cut_off_is_none_and_those_before_it_stay() {
    let text = rss(TWO);
    for cut in
        [text.len() - 10, text.find("Two").unwrap(), text.find("<item><title>Two").unwrap() + 3]
    {
        let document = document(&text[..cut]);
        assert!(document.recovered.has(Repair::Truncated), "{cut}");
        assert_eq!(document.entries.len(), if cut > text.len() - 25 { 2 } else { 1 }, "{cut}");
    }
}

#[test]
fn a_second_document_adds_what_the_first_one_lacks() {
    let other = rss("<item><title>Three</title><link>https://news.example/3</link></item>");
    assert_eq!(entries(&[rss(TWO), rss(TWO)].concat()), two());
    assert_eq!(entries(&[rss(TWO), other].concat()).len(), 3);
    assert!(document(&[rss(TWO), rss(TWO)].concat()).recovered.has(Repair::SecondDocument));
}

#[test]
fn names_in_any_case_and_prefixes_that_nobody_declared_are_known() {
    assert_eq!(
        entries(
            &rss(TWO).replace("item>", "ITEM>").replace("<rss", "<RSS").replace("</rss", "</RSS")
        ),
        two()
    );
    let text = rss(
        "<item><title>One</title><dc:creator>Ann</dc:creator><media:thumbnail url='https://news.example/t.jpg'/><x:title>No</x:title></item>",
    );
    let document = document(&text);
    assert_eq!(document.entries[0].authors[0].name.as_deref(), Some("Ann"));
    assert_eq!(document.entries[0].thumbnails[0].url, "https://news.example/t.jpg");
    assert!(document.recovered.has(Repair::UndeclaredNamespace));
}

#[test]
fn attributes_without_quotes_are_read() {
    let text = rss(
        "<item><guid isPermaLink=false>7</guid><enclosure url=https://news.example/a.mp3?x=1&y=2 length=12 type=audio/mpeg /></item>",
    );
    let item = document(&text).entries.remove(0);
    assert_eq!(
        (item.id.as_deref(), item.link.as_deref()),
        (Some("7"), Some("https://news.example/a.mp3?x=1&y=2"))
    );
    assert_eq!(item.enclosures[0].media_type.as_deref(), Some("audio/mpeg"));
}

#[test]
fn a_page_is_told_apart_and_its_feeds_are_offered() {
    let page = "<!DOCTYPE html><html><head><base href='/x/'><link rel=alternate type='application/rss+xml' href='f.xml'></head><body><p>a";
    assert_eq!(
        parse_document(page.as_bytes(), None, &url()),
        Err(FeedError::Html { feeds: vec!["https://news.example/x/f.xml".to_owned()] })
    );
    for other in [
        "<urlset><url><loc>x</loc></url></urlset>",
        "<opml><body/></opml>",
        "{\"error\":\"x\"}",
        "not found",
        "",
    ] {
        assert!(
            matches!(parse_document(other.as_bytes(), None, &url()), Err(FeedError::Malformed(_))),
            "{other}"
        );
    }
}

#[test]
fn a_broken_feed_gives_the_identities_of_the_whole_one() {
    let whole = RSS;
    let broken = [
        whole.replace("</item>", ""),
        whole.replace("</rss>", "").replace("</channel>", ""),
        format!("<br>{whole}"),
        whole.replace("UTF-8", "utf-16"),
        whole.replace("xmlns:", "xmlns-lost-"),
    ];
    let names = |text: &str| {
        parse(text.as_bytes(), None, &url())
            .unwrap()
            .entries
            .iter()
            .map(|entry| (entry.identity.clone(), entry.version()))
            .collect::<Vec<_>>()
    };
    for text in broken {
        assert_eq!(names(&text), names(whole), "{text}");
    }
}

#[test]
fn json_that_is_nearly_json_is_read() {
    let whole = r#"{"version":"https://jsonfeed.org/version/1.1","title":"Feed","items":[{"id":"1","title":"One","url":"https://news.example/1"},{"id":"2","title":"Two","url":"https://news.example/2"}]}"#;
    assert_eq!(entries(whole), two());
    for sloppy in [
        whole.replace("}]}", "},]}"),
        whole.replace("},{", "}{"),
        whole.replace('"', "'"),
        whole.replace("\"id\"", "id"),
        whole.replace("\"title\"", "// words\n\"title\""),
        whole.replace("}]}", ""),
        whole.replace("}]}", "}]"),
        whole.replace("\"1\"", "1"),
    ] {
        let found = entries(&sloppy);
        let known = if sloppy.ends_with("/2\"") { 1 } else { 2 };
        assert_eq!(found, two()[..known], "{sloppy}");
    }
}
