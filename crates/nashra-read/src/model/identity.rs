//! The identity of articles: from addresses, guids and texts to aliases. Pure.
//!
//! An article's id is minted at first sight and found again through aliases: its canonical address,
//! the other addresses that lead to it, and source and guid. It is never recomputed.

use url::Url;

use crate::{base::hash::digest, text};

/// Query parameters that tell where a reader came from and nothing about the page.
const TRACKING: [&str; 15] = [
    "fbclid",
    "gclid",
    "dclid",
    "msclkid",
    "yclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "ref_src",
    "cmpid",
    "ocid",
    "ns_mchannel",
    "ns_campaign",
    "wt_mc",
    // Where on a page of Alibaba's or Sohu's the link stood, anew at each request: no poll would
    // find an entry again.
    "spm",
];
const TRACKING_PREFIXES: [&str; 4] = ["utm_", "at_medium", "at_campaign", "pk_"];

/// The address without fragment and tracking parameters: what a record shows as canonical.
#[must_use]
pub fn clean(url: &Url) -> Url {
    let mut clean = url.clone();
    // `#!` addresses name a page of their own.
    if clean.fragment().is_some_and(|fragment| !fragment.starts_with('!')) {
        clean.set_fragment(None);
    }
    if clean.query().is_some() {
        let kept: Vec<String> = clean
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty() && !tracks(pair))
            .map(str::to_owned)
            .collect();
        clean.set_query(if kept.is_empty() { None } else { Some(kept.join("&")) }.as_deref());
    }
    clean
}

fn tracks(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
    TRACKING.contains(&name.as_str())
        || TRACKING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The alias of an address: the same for http and https, with and without `www.`, `m.` or `amp.`.
#[must_use]
pub fn of_url(url: &Url) -> [u8; 16] {
    let clean = clean(url);
    let port = clean.port().map(|port| port.to_string()).unwrap_or_default();
    let path = clean.path().trim_end_matches('/');
    let (query, fragment) =
        (clean.query().unwrap_or_default(), clean.fragment().unwrap_or_default());
    digest(&[
        b"url",
        bare_host(&clean).as_bytes(),
        port.as_bytes(),
        path.as_bytes(),
        query.as_bytes(),
        fragment.as_bytes(),
    ])
}

/// The alias of a guid within its source.
#[must_use]
pub fn of_guid(source: &str, guid: &str) -> [u8; 16] {
    digest(&[b"guid", source.as_bytes(), guid.as_bytes()])
}

/// The alias of an article without an address of its own that stands in a page after another.
#[must_use]
pub fn of_part(page: &Url, title: &str) -> [u8; 16] {
    digest(&[b"part", &of_url(page), text::fold(title).as_bytes()])
}

/// The alias of an article without any address: what it says. The same text that is handed over
/// twice is one article.
#[must_use]
pub fn of_content(title: Option<&str>, body: Option<&str>) -> [u8; 16] {
    digest(&[b"content", text::content_hash(title, body).as_bytes()])
}

/// The alias of one of several articles in a document without an address, where its source names
/// the document.
#[must_use]
pub fn of_guid_part(source: &str, guid: &str, title: &str) -> [u8; 16] {
    digest(&[b"guid part", source.as_bytes(), guid.as_bytes(), text::fold(title).as_bytes()])
}

fn bare_host(url: &Url) -> &str {
    let host = url.host_str().unwrap_or_default();
    ["www.", "m.", "amp.", "mobile."]
        .iter()
        .find_map(|prefix| host.strip_prefix(prefix))
        .unwrap_or(host)
}

/// Whether a page that was read at `read` may claim the address `claimed`.
///
/// A claim of another site's address is not believed (syndicated copies name their original), nor
/// is one of the site's root, which is a mistake of a template: neither is an identity. A page that
/// came without an address has none but the one it claims.
#[must_use]
pub fn believable(claimed: &Url, read: Option<&Url>) -> bool {
    let root = |url: &Url| matches!(url.path(), "" | "/" | "/index.html") && url.query().is_none();
    let Some(read) = read else {
        return matches!(claimed.scheme(), "http" | "https") && !root(claimed);
    };
    let (claimed_host, read_host) = (bare_host(claimed), bare_host(read));
    let same_site = claimed_host == read_host
        || claimed_host.ends_with(&format!(".{read_host}"))
        || read_host.ends_with(&format!(".{claimed_host}"));
    let same_port = claimed.port_or_known_default() == read.port_or_known_default()
        || claimed.port().is_none() && read.port().is_none();
    matches!(claimed.scheme(), "http" | "https")
        && same_site
        && same_port
        && (!root(claimed) || root(read))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn the_same_page_by_other_spellings_has_one_alias() {
        let one = of_url(&url("https://www.news.example/a/b?id=3"));
        for other in [
            "http://news.example/a/b?id=3",
            "https://news.example/a/b/?id=3&utm_source=x",
            "https://m.news.example/a/b?fbclid=1&id=3#top",
            "https://news.example/a/b?id=3&spm=smpc.home.1.17",
        ] {
            assert_eq!(of_url(&url(other)), one, "{other}");
        }
        for other in [
            "https://news.example/a/b?id=4",
            "https://news.example/a",
            "https://news.example:8080/a/b?id=3",
            "https://other.example/a/b?id=3",
        ] {
            assert_ne!(of_url(&url(other)), one, "{other}");
        }
    }

    #[test]
    fn a_guid_means_something_within_its_source_alone() {
        assert_ne!(of_guid("a", "1"), of_guid("b", "1"));
    }

    #[test]
    fn a_page_may_name_an_address_of_its_own_site_but_not_the_home_page() {
        let read = url("https://news.example/a/1");
        let read = Some(&read);
        assert!(believable(&url("https://www.news.example/a/one"), read));
        assert!(!believable(&url("https://wire.example/a/1"), read));
        assert!(!believable(&url("https://news.example/"), read));
        assert!(believable(&url("https://wire.example/a/1"), None));
        assert!(!believable(&url("https://wire.example/"), None));
    }
}
