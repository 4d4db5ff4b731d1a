//! The links in the head of an HTML page: the feeds that it offers (`rel="alternate"`, RSS
//! autodiscovery) and its hubs (`rel="hub"`, `WebSub`).

use std::borrow::Cow;

use url::Url;

use super::{
    attributes,
    bases::Bases,
    entities::Entities,
    scan::{Scanner, Token},
};
use crate::model::entry::Link;

/// The most feeds that are taken of one page.
const MAX_FEEDS: usize = 50;
/// The most hubs that are taken of one page.
const MAX_HUBS: usize = 10;
/// The most bytes of a page that are searched: a head is shorter.
const MAX_HEAD: usize = 1 << 20;

/// The addresses of the feeds that a page offers, in its order; those whose type leaves open what they
/// are come last.
#[must_use]
pub fn feeds(html: &str, page: &Url) -> Vec<String> {
    let (mut certain, mut open) = (Vec::new(), Vec::new());
    each_link(html, page, false, |link| {
        let Some(is_certain) = offers_feed(link) else { return };
        let found = if is_certain { &mut certain } else { &mut open };
        if let Some(address) = &link.href
            && found.len() < MAX_FEEDS
            && !found.contains(address)
        {
            found.push(address.clone());
        }
    });
    open.retain(|address| !certain.contains(address));
    certain.extend(open);
    certain.truncate(MAX_FEEDS);
    certain
}

/// Whether a link offers a feed: `Some(true)` by its type, `Some(false)` where type and address only
/// make it likely, so that it must be read to know.
#[must_use]
pub fn offers_feed(link: &Link) -> Option<bool> {
    let is_feed = has_rel(link, "feed");
    if !is_feed && !has_rel(link, "alternate") || has_rel(link, "stylesheet") {
        return None;
    }
    let address = link.href.as_deref()?.to_ascii_lowercase();
    let says = |text: &str| {
        ["rss", "atom", "feed", "rdf"].iter().any(|word| text.contains(word))
            && !["wp-json", "oembed"].iter().any(|other| text.contains(other))
    };
    let named = says(&address)
        || link.title.as_deref().is_some_and(|title| says(&title.to_ascii_lowercase()));
    let media_type = link.media_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    match media_type.split(';').next().unwrap_or_default().trim() {
        "application/feed+json" => Some(true),
        name if name.contains("oembed") => None,
        name if ["rss", "atom", "rdf"].iter().any(|word| name.contains(word)) => Some(true),
        "application/xml" | "text/xml" | "application/x-xml" => Some(false),
        "application/json" | "text/json" => named.then_some(false),
        "" if is_feed => Some(false),
        // Another language of the page, or its form for telephones, has no type either.
        "" => (named && link.hreflang.is_none()).then_some(false),
        _ => None,
    }
}

/// An address with the scheme that it stands for: `feed://x.example/a` is http, `feed:https:` is
/// https.
#[must_use]
pub fn without_feed_scheme(address: &str) -> Cow<'_, str> {
    let address = address.trim();
    let Some((scheme, rest)) = address.split_once(':') else { return Cow::Borrowed(address) };
    let web = match scheme.to_ascii_lowercase().as_str() {
        "feed" | "rss" | "pcast" | "itpc" | "podcast" => "http",
        "feeds" | "itpcs" => "https",
        _ => return Cow::Borrowed(address),
    };
    let rest = rest.trim_start_matches('/');
    // `feed:https://…`, `feed://https://…`, and `feed://https//…` of a browser.
    for inner in ["https", "http"] {
        let behind = rest
            .get(..inner.len())
            .filter(|start| start.eq_ignore_ascii_case(inner))
            .map(|_| &rest[inner.len()..]);
        if let Some(host) = behind
            .and_then(|behind| behind.strip_prefix("://").or_else(|| behind.strip_prefix("//")))
        {
            return Cow::Owned(format!("{inner}://{host}"));
        }
    }
    Cow::Owned(format!("{web}://{rest}"))
}

/// The links to hubs and to the page itself, by the name `hub` or `self`. Only those before the
/// body: what stands there may be of anybody.
#[must_use]
pub fn hubs(html: &str, page: &Url) -> Vec<Link> {
    let mut found = Vec::new();
    each_link(html, page, true, |link| {
        for rel in ["hub", "self"].into_iter().filter(|rel| has_rel(link, rel)) {
            if found.len() < MAX_HUBS {
                found.push(Link { rel: rel.to_owned(), ..link.clone() });
            }
        }
    });
    found
}

fn has_rel(link: &Link, rel: &str) -> bool {
    link.rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(rel))
}

/// Goes through the `link` elements, in the page's order; with `head`, only those before the body.
fn each_link(html: &str, page: &Url, head: bool, mut visit: impl FnMut(&Link)) {
    let mut scanner = Scanner::new(&html[..html.floor_char_boundary(MAX_HEAD)]);
    let entities = Entities::default();
    let bases = Bases::new(page);
    let mut base = page.clone();
    while let Some(token) = scanner.next("") {
        let Token::Start(tag) = token else { continue };
        let get = |name: &str| attributes::get(tag.attributes, name, &entities);
        if tag.name.eq_ignore_ascii_case("body") && head {
            return;
        }
        if tag.name.eq_ignore_ascii_case("base") {
            base = get("href").and_then(|href| page.join(&href).ok()).unwrap_or(base);
        }
        // In the body a feed may be offered by a link for people.
        let is_link = tag.name.eq_ignore_ascii_case("link");
        if (is_link || !head && tag.name.eq_ignore_ascii_case("a") && get("type").is_some())
            && let Some(rel) = get("rel")
        {
            let href =
                get("href").map(|href| bases.resolve_against(&base, &without_feed_scheme(&href)));
            visit(&Link {
                href,
                rel: rel.into_owned(),
                media_type: get("type").map(Into::into),
                title: get("title").map(Into::into),
                // What is for a screen of some kind is the page itself.
                hreflang: get("hreflang").or_else(|| get("media")).map(Into::into),
                ..Link::default()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_offered_with_any_type_that_they_may_have() {
        let html = r#"<html><head><link rel="alternate" type="text/xml" href="/a"><link rel="alternate" type="application/rss" href="/b">
            <LINK REL="Alternate" TYPE="Application/RDF+XML" HREF="/c"><link rel="feed" href="/d"><link rel="alternate" href="/rss" title="News">
            <link rel="alternate" href="/e" title="Our RSS feed"><link rel="alternate" type="application/json" href="/feed.json">
            <link rel="alternate" type="application/atom+xml" href="feed://a.example/f">
            <link rel="alternate" hreflang="fr" href="/fr/rss"><link rel="alternate" media="handheld" href="/m/feed">
            <link rel="alternate" type="application/json" href="/wp-json/wp/v2/feed"><link rel="alternate" type="text/xml+oembed" href="/o?feed">
            <link rel="alternate" href="/m/"><link rel="alternate stylesheet" type="text/xml" href="/x.xsl"><link rel="alternate" type="text/html" href="/rss.html">
            </head><body><a rel="alternate" type="application/rss+xml" href="/g">RSS</a><a rel="alternate" href="/rss2">x</a></body></html>"#;
        let found = feeds(html, &Url::parse("https://a.example/").unwrap());
        let paths: Vec<&str> = found.iter().map(|url| &url[url.rfind('/').unwrap()..]).collect();
        assert_eq!(paths, ["/b", "/c", "/f", "/g", "/a", "/d", "/rss", "/e", "/feed.json"]);
    }

    #[test]
    fn schemes_for_readers_are_those_of_the_web() {
        for (written, meant) in [
            ("feed://a.example/x", "http://a.example/x"),
            ("FEED:https://a.example/x", "https://a.example/x"),
            ("feed://https://a.example/x", "https://a.example/x"),
            ("feed:a.example/x", "http://a.example/x"),
            ("feeds://a.example/x", "https://a.example/x"),
            ("itpc://a.example/x", "http://a.example/x"),
            (" https://a.example/feed:x ", "https://a.example/feed:x"),
            ("a.example", "a.example"),
        ] {
            assert_eq!(without_feed_scheme(written), meant, "{written}");
        }
    }

    #[test]
    fn hubs_are_named_in_the_head_alone() {
        let html = "<!doctype html><html><head><base href=\"/b/\"><link rel=\"HUB preload\" href=hub><link rel=self href=\"https://a.example/?a&amp;b\">\
            <link rel=stylesheet href=x></head><BODY><link rel=hub href=\"https://anybody.example/\"></body></html>";
        let found = hubs(html, &Url::parse("https://a.example/").unwrap());
        let found: Vec<_> = found
            .iter()
            .map(|found| (found.rel.as_str(), found.href.as_deref().unwrap()))
            .collect();
        assert_eq!(found, [("hub", "https://a.example/b/hub"), ("self", "https://a.example/?a&b")]);
        assert_eq!(
            hubs(&"<link rel=hub href=x>".repeat(100), &Url::parse("https://a.example/").unwrap())
                .len(),
            MAX_HUBS
        );
    }
}
