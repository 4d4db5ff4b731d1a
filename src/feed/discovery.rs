//! The feeds that an HTML page offers in the place of one (`link rel="alternate"`, RSS autodiscovery).

use url::Url;

use super::{
    attributes,
    bases::Bases,
    entities::Entities,
    scan::{Scanner, Token},
};

/// Feeds that one page may offer.
const MAX_FEEDS: usize = 50;
/// Bytes of a page that are looked at: a head is shorter.
const MAX_HEAD: usize = 1 << 20;

/// Addresses, in the page's order.
pub(super) fn feeds(html: &str, page: &Url) -> Vec<String> {
    let mut scanner = Scanner::new(&html[..html.floor_char_boundary(MAX_HEAD)]);
    let entities = Entities::default();
    let bases = Bases::new(page);
    let mut base = page.clone();
    let mut found = Vec::new();
    while let Some(token) = scanner.next("") {
        let Token::Start(tag) = token else { continue };
        let get = |name: &str| attributes::get(tag.attributes, name, &entities);
        if tag.name.eq_ignore_ascii_case("base") {
            base = get("href").and_then(|it| page.join(&it).ok()).unwrap_or(base);
        }
        let offers = |it: &str| {
            matches!(
                it.split(';').next().unwrap_or_default().trim(),
                "application/rss+xml" | "application/atom+xml" | "application/rdf+xml" | "application/feed+json"
            )
        };
        let alternate = get("rel").is_some_and(|it| {
            it.split_ascii_whitespace().any(|it| it.eq_ignore_ascii_case("alternate") || it.eq_ignore_ascii_case("feed"))
        });
        if tag.name.eq_ignore_ascii_case("link")
            && alternate
            && get("type").is_some_and(|it| offers(&it.to_ascii_lowercase()))
            && let Some(address) = get("href").map(|it| bases.resolve_against(&base, &it))
            && found.len() < MAX_FEEDS
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    found
}
