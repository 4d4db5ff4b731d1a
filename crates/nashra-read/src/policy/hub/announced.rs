//! The `WebSub` hubs that a source names, and its topic (§4). Pure.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    base::private::shown,
    model::{entry::Feed, source::HeaderLinks},
};

/// The most hubs that are remembered of one source: the next one is asked where the first fails.
const MAX_HUBS: usize = 4;
/// The longest address that is accepted, in bytes.
const MAX_ADDRESS: usize = 2048;

/// Where a source says that its changes are announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// The hubs, at least one, in the order in which they are asked.
    pub hubs: Vec<Url>,
    /// The topic, byte for byte: the hub knows no other.
    pub topic: String,
    /// Where the source was read: addresses in what a hub sends are relative to it, as they were in
    /// what was polled.
    pub at: Url,
}

impl Announced {
    /// The hub that is asked, as it is shown.
    #[must_use]
    pub fn hub(&self) -> String {
        self.hubs.first().map_or_else(|| "none".to_owned(), |hub| shown(hub.as_str()).into_owned())
    }

    /// Finds hubs and topic in the headers of an answer and in its feed; `None` without a hub or
    /// without a topic. `Link` headers win over the feed.
    #[must_use]
    pub fn find(links: &HeaderLinks, at: &Url, feed: &Feed) -> Option<Self> {
        let HeaderLinks { hubs, topic, alternates: _ } = links;
        let linked = |rel: &'static str| {
            feed.links
                .iter()
                .filter(move |link| link.rel.eq_ignore_ascii_case(rel))
                .filter_map(|link| link.href.as_deref())
        };
        let mut found: Vec<Url> = hubs.iter().filter_map(|hub| address(hub, at)).collect();
        if found.is_empty() {
            let in_feed = feed.rhythm.hubs.iter().map(String::as_str).chain(linked("hub"));
            found = in_feed.filter_map(|hub| address(hub, at)).collect();
        }
        let mut hubs: Vec<Url> = Vec::new();
        for hub in found {
            if hubs.len() < MAX_HUBS && !hubs.contains(&hub) {
                hubs.push(hub);
            }
        }
        let topic = topic.as_deref().or_else(|| linked("self").next())?;
        let whole = address(topic, at)?;
        // As it is written, unless it is relative.
        let topic = if Url::parse(topic).is_ok() { topic.trim().to_owned() } else { whole.into() };
        let remote = matches!(at.scheme(), "http" | "https");
        (remote && !hubs.is_empty()).then(|| Self { hubs, topic, at: at.clone() })
    }
}

/// An address that may be asked or named.
fn address(text: &str, base: &Url) -> Option<Url> {
    let url = (text.len() <= MAX_ADDRESS).then(|| base.join(text.trim()).ok()).flatten()?;
    (matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_ADDRESS).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::feed;

    const FEED: &str = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title>
        <link rel="hub" href="https://hub.example/"/><link rel="hub" href="/hub"/><link rel="hub" href="ftp://hub.example/"/>
        <link rel="self" href="HTTPS://A.example/feed"/></feed>"#;

    fn announced(xml: &str, hubs: &[&str], topic: Option<&str>) -> Option<Announced> {
        let url = Url::parse("https://a.example/read/here").unwrap();
        let links = HeaderLinks {
            hubs: hubs.iter().map(ToString::to_string).collect(),
            topic: topic.map(str::to_owned),
            ..HeaderLinks::default()
        };
        let feed = feed::parse(xml.as_bytes(), None, &url).unwrap();
        Announced::find(&links, &url, &feed)
    }

    #[test]
    fn a_feed_names_its_hubs_and_its_topic_as_it_writes_it() {
        let found = announced(FEED, &[], None).unwrap();
        assert_eq!(
            found.hubs.iter().map(Url::as_str).collect::<Vec<_>>(),
            ["https://hub.example/", "https://a.example/hub"]
        );
        assert_eq!(found.topic, "HTTPS://A.example/feed");
        assert_eq!(found.at.as_str(), "https://a.example/read/here");
    }

    #[test]
    fn link_headers_win_over_the_feed() {
        let found = announced(FEED, &["https://other.example/"], Some("/feed?x")).unwrap();
        assert_eq!(
            (found.hubs[0].as_str(), found.topic.as_str()),
            ("https://other.example/", "https://a.example/feed?x")
        );
        assert_eq!(found.hubs.len(), 1);
    }

    #[test]
    fn without_a_usable_hub_or_without_a_topic_nothing_is_announced() {
        let feed = |links: &str| {
            format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>A</title>{links}</feed>")
        };
        let long = format!("https://hub.example/{}", "x".repeat(MAX_ADDRESS));
        for links in [
            "<link rel=\"hub\" href=\"https://hub.example/\"/>".to_owned(),
            "<link rel=\"self\" href=\"https://a.example/\"/>".to_owned(),
            "<link rel=\"self\" href=\"https://a.example/\"/><link rel=\"hub\" href=\"file:///etc/passwd\"/>".to_owned(),
            format!("<link rel=\"self\" href=\"https://a.example/\"/><link rel=\"hub\" href=\"{long}\"/>"),
        ] {
            assert_eq!(announced(&feed(&links), &[], None), None, "{links}");
        }
    }
}
