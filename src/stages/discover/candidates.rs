//! Where a site's feeds and sitemaps may be: what its home page and its robots.txt name, and where
//! everybody has them. Pure.

use std::collections::HashSet;

use url::Url;

use crate::{
    html::{Tag, Tree},
    model::{
        entry::Link,
        kind::{Format, SourceKind},
    },
    read::feed,
};

/// An address that may be a source's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceCandidate {
    pub(super) url: Url,
    /// The kind that it is if it is a source.
    pub(super) kind: SourceKind,
    pub(super) why: &'static str,
}

/// Words of a link that names a feed; a headline about feeds has more.
const MAX_WORDS: usize = 3;
/// Bytes of a robots.txt (RFC 9309 §2.5 asks for as many at least).
const MAX_ROBOTS: usize = 500 << 10;

/// What the headers of a home page name as its feeds.
pub(super) fn in_headers(alternates: &[Link], page: &Url) -> Vec<SourceCandidate> {
    let offered = alternates.iter().filter(|link| feed::offers_feed(link).is_some());
    let urls = offered.filter_map(|link| page.join(link.href.as_deref()?).ok());
    fetchable(
        urls.map(|url| SourceCandidate {
            url,
            kind: SourceKind::Feed,
            why: "offered by the page's headers",
        })
        .collect(),
    )
}

/// What a home page names: the feeds of its head, then links that look like one.
pub(super) fn in_page(html: &str, page: &Url) -> Vec<SourceCandidate> {
    let offered = feed::offered_by_page(html, page)
        .into_iter()
        .filter_map(|address| Url::parse(&address).ok());
    let mut found: Vec<SourceCandidate> = offered
        .map(|url| SourceCandidate {
            url,
            kind: SourceKind::Feed,
            why: "offered by the page's head",
        })
        .collect();
    let tree = Tree::parse(html);
    let base = tree
        .descendants(0)
        .filter(|node| tree.tag(*node) == Tag::Base)
        .find_map(|node| tree.attribute(node, "href"))
        .and_then(|href| page.join(href.trim()).ok())
        .unwrap_or_else(|| page.clone());
    let links = tree.descendants(0).filter(|node| tree.tag(*node) == Tag::A).filter_map(|node| {
        let href = tree.attribute(node, "href")?;
        let url = base.join(&feed::without_feed_scheme(href.trim())).ok()?;
        let names_one = || is_name_of_a_feed(&tree.start_of_text(node));
        (is_same_site(&url, page) && (looks_like_a_feed(&url) || names_one())).then_some(url)
    });
    found.extend(links.map(|url| SourceCandidate {
        url,
        kind: SourceKind::Feed,
        why: "linked by the page",
    }));
    fetchable(found)
}

/// What `Sitemap:` lines of a robots.txt name (RFC 9309 §2.2.4).
pub(super) fn in_robots_txt(bytes: &[u8], robots: &Url) -> Vec<SourceCandidate> {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_ROBOTS)]);
    let value = |line: &str| {
        let (key, value) = line.trim_start_matches('\u{feff}').split_once(':')?;
        let value = value.split('#').next().unwrap_or_default().trim();
        (key.trim().eq_ignore_ascii_case("sitemap") && !value.is_empty())
            .then(|| robots.join(value).ok())
            .flatten()
    };
    fetchable(
        text.lines()
            .filter_map(value)
            .map(|url| SourceCandidate {
                url,
                kind: SourceKind::Sitemap,
                why: "named by robots.txt",
            })
            .collect(),
    )
}

/// The addresses at which sites usually have sources of the formats that are `wanted`.
pub(super) fn at_usual_paths(home: &Url, wanted: impl Fn(Format) -> bool) -> Vec<SourceCandidate> {
    let at = |kind: &SourceKind| {
        let kind = *kind;
        let urls = kind.properties().usual_paths.iter().filter_map(|path| home.join(path).ok());
        urls.map(move |url| SourceCandidate { url, kind, why: "at a usual path" })
    };
    SourceKind::ALL.iter().filter(|kind| wanted(kind.format())).flat_map(at).collect()
}

/// Puts sitemaps that may be for news before the others.
pub(super) fn news_first(sitemaps: &mut [SourceCandidate]) {
    sitemaps.sort_by_key(|sitemap| !is_for_news(sitemap));
}

/// Whether a sitemap may be for news, by its address.
pub(super) fn is_for_news(sitemap: &SourceCandidate) -> bool {
    sitemap.url.path().to_ascii_lowercase().contains("news")
}

/// Each address once, http and https alone.
fn fetchable(found: Vec<SourceCandidate>) -> Vec<SourceCandidate> {
    let mut known = HashSet::new();
    let mut fetchable = found;
    for candidate in &mut fetchable {
        candidate.url.set_fragment(None);
    }
    fetchable.retain(|candidate| {
        matches!(candidate.url.scheme(), "http" | "https") && known.insert(candidate.url.clone())
    });
    fetchable
}

/// Whether an address is of the page's site, or of a host below or above it.
fn is_same_site(url: &Url, page: &Url) -> bool {
    fn bare(url: &Url) -> &str {
        let host = url.host_str().unwrap_or_default();
        host.strip_prefix("www.").unwrap_or(host)
    }
    let (one, other) = (bare(url), bare(page));
    one == other || one.ends_with(&format!(".{other}")) || other.ends_with(&format!(".{one}"))
}

/// Whether a link calls what it leads to a feed: `RSS`, `Atom feed`, `Subscribe (RSS)`.
fn is_name_of_a_feed(text: &str) -> bool {
    let words = || text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words().count() <= MAX_WORDS
        && words().any(|word| ["rss", "atom"].iter().any(|name| word.eq_ignore_ascii_case(name)))
}

/// Whether an address is a feed's by its path: `…/feed/`, `…/rss`, `….rss`, `…/rss/world.xml`,
/// `feeds.…`.
fn looks_like_a_feed(url: &Url) -> bool {
    let path = url.path().trim_end_matches('/').to_ascii_lowercase();
    let last = path.rsplit('/').next().unwrap_or_default();
    let (stem, ending) = last.rsplit_once('.').unwrap_or((last, ""));
    let is_feed_word = |word: &str| matches!(word, "rss" | "feed" | "feeds" | "atom" | "rdf");
    let on_feed_host =
        url.host_str().is_some_and(|host| host.starts_with("feeds.") || host.starts_with("rss."));
    matches!(ending, "rss" | "atom" | "rdf")
        || ending.is_empty() && matches!(stem, "rss" | "feed" | "atom" | "rdf")
        || ending == "xml" && (on_feed_host || path.split(['/', '-', '_', '.']).any(is_feed_word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn urls(found: &[SourceCandidate]) -> Vec<&str> {
        found.iter().map(|found| found.url.as_str()).collect()
    }

    #[test]
    fn a_page_names_feeds_in_its_head_and_by_links_of_its_own_site() {
        let html = r#"<html><head><base href="/en/"><link rel="alternate" type="application/rss+xml" href="/rss/all">
            <link rel=alternate hreflang=fr href="/fr/"></head><body><a href="world.rss">RSS</a><a href="/rss/all#top">again</a>
            <a href="https://feeds.courier.example/sport.xml">Sport</a><a href="https://other.example/feed">other</a>
            <a href="/all.xml">RSS feed</a><a href="/news/a">RSS turns 25 years old</a><a href="/sitemap.xml">map</a><a href="/feedback">Feedback</a><a href="mailto:rss@courier.example">mail</a></body></html>"#;
        let found = in_page(html, &url("https://www.courier.example/"));
        let expected = [
            "https://www.courier.example/rss/all",
            "https://www.courier.example/en/world.rss",
            "https://feeds.courier.example/sport.xml",
            "https://www.courier.example/all.xml",
        ];
        assert_eq!(urls(&found), expected);
    }

    #[test]
    fn robots_txt_names_sitemaps_in_any_case_and_nothing_else() {
        let robots = b"\xef\xbb\xbfSITEMAP: https://courier.example/a.xml # all\nUser-agent: *\nDisallow: /x\n sitemap :/news.xml\r\nSitemap:\nSitemap: ftp://courier.example/b.xml";
        assert_eq!(
            urls(&in_robots_txt(robots, &url("https://courier.example/robots.txt"))),
            ["https://courier.example/a.xml", "https://courier.example/news.xml"]
        );
    }

    #[test]
    fn what_looks_like_a_feed_is_told_by_its_path() {
        for yes in
            ["/feed/", "/en/rss", "/world.rss", "/rss/world.xml", "/world-rss.xml", "/atom.xml"]
        {
            assert!(looks_like_a_feed(&url("https://courier.example").join(yes).unwrap()), "{yes}");
        }
        for no in ["/", "/feedback", "/sitemap.xml", "/rss/about-us.html", "/news/rss-turns-25"] {
            assert!(!looks_like_a_feed(&url("https://courier.example").join(no).unwrap()), "{no}");
        }
    }
}
