//! One story in every dialect says the same.

use super::*;

const CASES: [(&str, &str); 12] = [
    (
        "RSS 2.0",
        "<rss version='2.0'><channel><title>Feed</title><link>https://news.example/</link><item><title>One</title><link>https://news.example/1</link><guid>https://news.example/1</guid><description>Text</description></item></channel></rss>",
    ),
    (
        "RSS 0.91",
        "<!DOCTYPE rss PUBLIC '-//Netscape Communications//DTD RSS 0.91//EN' 'http://my.netscape.com/publish/formats/rss-0.91.dtd'><rss version='0.91'><channel><title>Feed</title><link>https://news.example/</link><item><title>One</title><link>https://news.example/1</link><description>Text</description></item></channel></rss>",
    ),
    (
        "RSS without a version",
        "<rss><channel><title>Feed</title><link>https://news.example/</link><item><title>One</title><guid>https://news.example/1</guid><description>Text</description></item></channel></rss>",
    ),
    (
        "RSS in a namespace",
        "<r:rss version='2.0' xmlns:r='http://backend.userland.com/rss2'><r:channel><r:title>Feed</r:title><r:link>https://news.example/</r:link><r:item><r:title>One</r:title><r:link>https://news.example/1</r:link><r:description>Text</r:description></r:item></r:channel></r:rss>",
    ),
    (
        "RSS with its items outside",
        "<rss version='2.0'><channel><title>Feed</title><link>https://news.example/</link></channel><item><title>One</title><link>https://news.example/1</link><description>Text</description></item></rss>",
    ),
    (
        "RSS 0.90",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://my.netscape.com/rdf/simple/0.9/'><channel><title>Feed</title><link>https://news.example/</link></channel><item><title>One</title><link>https://news.example/1</link><description>Text</description></item></rdf:RDF>",
    ),
    (
        "RSS 1.0",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel rdf:about='https://news.example/f'><title>Feed</title><link>https://news.example/</link><items><rdf:Seq><rdf:li resource='https://news.example/1'/></rdf:Seq></items></channel><item rdf:about='https://news.example/1'><title>One</title><description>Text</description></item></rdf:RDF>",
    ),
    (
        "Atom 1.0",
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>Feed</title><link href='https://news.example/'/><entry><title>One</title><link href='https://news.example/1'/><id>tag:1</id><summary>Text</summary></entry></feed>",
    ),
    (
        "Atom with a prefix",
        "<a:feed xmlns:a='https://www.w3.org/2005/Atom'><a:title>Feed</a:title><a:link href='https://news.example/'/><a:entry><a:title>One</a:title><a:link href='https://news.example/1'/><a:summary type='HTML'>Text</a:summary></a:entry></a:feed>",
    ),
    (
        "Atom 0.3",
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><title>Feed</title><link rel='alternate' href='https://news.example/'/><entry><title>One</title><link rel='alternate' href='https://news.example/1'/><summary mode='base64'>VGV4dA==</summary></entry></feed>",
    ),
    (
        "CDF",
        "<CHANNEL HREF='https://news.example/'><TITLE>Feed</TITLE><ITEM HREF='https://news.example/1'><TITLE>One</TITLE><ABSTRACT>Text</ABSTRACT></ITEM></CHANNEL>",
    ),
    (
        "JSON Feed",
        r#"{"version":"https://jsonfeed.org/version/1","title":"Feed","home_page_url":"https://news.example/","items":[{"id":"1","title":"One","url":"https://news.example/1","summary":"Text"}]}"#,
    ),
];

#[test]
fn every_dialect_gives_the_same_feed() {
    for (name, text) in CASES {
        let document = parse_document(text.as_bytes(), None, &url())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let item = &document.entries[0];
        let text = |value: &Option<Text>| value.clone().unwrap_or_default().value;
        assert_eq!(
            (text(&document.feed.title).as_str(), document.feed.link.as_deref()),
            ("Feed", Some("https://news.example/")),
            "{name}"
        );
        assert_eq!(
            (text(&item.title).as_str(), text(&item.summary).as_str()),
            ("One", "Text"),
            "{name}"
        );
        assert_eq!(
            (item.link.as_deref(), document.entries.len()),
            (Some("https://news.example/1"), 1),
            "{name}"
        );
        assert!(document.recovered.is_empty(), "{name}: {:?}", document.recovered);
    }
}
