//! The links in the head of an HTML page: the feeds that it offers (`rel="alternate"`, RSS
//! autodiscovery) and its hubs (`rel="hub"`, `WebSub`).

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

/// The addresses of the feeds that a page offers, in its order.
#[must_use]
pub fn feeds(html: &str, page: &Url) -> Vec<String> {
    let mut found = Vec::new();
    each_link(html, page, false, |link| {
        let offers = |media_type: &str| {
            matches!(
                media_type.split(';').next().unwrap_or_default().trim(),
                "application/rss+xml"
                    | "application/atom+xml"
                    | "application/rdf+xml"
                    | "application/feed+json"
            )
        };
        if (has_rel(link, "alternate") || has_rel(link, "feed"))
            && link
                .media_type
                .as_ref()
                .is_some_and(|media_type| offers(&media_type.to_ascii_lowercase()))
            && let Some(address) = &link.href
            && found.len() < MAX_FEEDS
            && !found.contains(address)
        {
            found.push(address.clone());
        }
    });
    found
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
        if tag.name.eq_ignore_ascii_case("link")
            && let Some(rel) = get("rel")
        {
            let href = get("href").map(|href| bases.resolve_against(&base, &href));
            visit(&Link {
                href,
                rel: rel.into_owned(),
                media_type: get("type").map(Into::into),
                ..Link::default()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
