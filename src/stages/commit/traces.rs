//! What tells that bytes that were kept, or a record that waits, are of an article that is erased:
//! its id, its addresses, its headline.
//!
//! What must stay true: an address that begins with another one is not taken for it, and one that all
//! articles of a site may have tells nothing.

use url::Url;
use uuid::Uuid;

/// The shortest words that are searched for: shorter ones stand in other articles, too.
const TELLING: usize = 16;
/// The longest path of an address that may be a front page.
const FRONT: usize = 6;

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Traces {
    id: String,
    words: Vec<String>,
}

impl Traces {
    /// Of an article with this id, these addresses, and these words (guid, headline).
    pub(super) fn new<'a>(
        id: Uuid,
        addresses: impl Iterator<Item = &'a str>,
        words: impl Iterator<Item = &'a str>,
    ) -> Self {
        let is_own = |address: &&str| {
            Url::parse(address).is_ok_and(|url| url.path().len() > FRONT || url.query().is_some())
        };
        // Pages name addresses as HTML writes them, and often without the scheme.
        let addresses = addresses
            .filter(is_own)
            .map(|address| address.split_once("://").map_or(address, |(_, rest)| rest).to_owned());
        let words = words.filter(|words| words.len() >= TELLING).map(str::to_owned);
        let mut all: Vec<String> = addresses.chain(words).collect();
        let escaped = all.iter().filter(|one| one.contains('&'));
        all.extend(escaped.map(|one| one.replace('&', "&amp;")).collect::<Vec<_>>());
        all.sort();
        all.dedup();
        Self { id: id.to_string(), words: all }
    }

    /// Whether these bytes name the article.
    pub(super) fn are_in(&self, bytes: &[u8]) -> bool {
        let words = String::from_utf8_lossy(bytes);
        words.contains(&self.id) || self.words.iter().any(|one| has(&words, one))
    }
}

/// Whether a text has these words and they end there.
fn has(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let after = text.get(at + words.len()..).and_then(|rest| rest.chars().next());
        after.is_none_or(|after| !after.is_alphanumeric() && !"_-%./~".contains(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces(addresses: &[&str], words: &[&str]) -> Traces {
        Traces::new(Uuid::nil(), addresses.iter().copied(), words.iter().copied())
    }

    #[test]
    fn an_article_is_found_by_its_address_its_headline_and_its_id() {
        let traces = traces(&["https://h.example/news/12?a=1&b=2"], &["What the council said"]);
        assert!(traces.are_in(b"<a href='http://h.example/news/12?a=1&amp;b=2'>"));
        assert!(traces.are_in(b"<h1>What the council said</h1>"));
        assert!(traces.are_in(format!("the record {}/3 (9 bytes)", Uuid::nil()).as_bytes()));
        assert!(!traces.are_in(b"What the council did, at h.example/news/1"));
    }

    #[test]
    fn an_address_that_begins_with_its_own_and_a_front_page_tell_nothing() {
        let traces = traces(&["https://h.example/news/12", "https://h.example/ar/"], &["Short"]);
        for other in ["//h.example/news/123", "//h.example/news/12-b", "//h.example/ar/ Short"] {
            assert!(!traces.are_in(other.as_bytes()), "{other}");
        }
        assert!(traces.are_in(b"h.example/news/12?utm=x"));
    }
}
