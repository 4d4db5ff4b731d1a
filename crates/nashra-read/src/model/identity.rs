//! The identity of articles: from addresses, guids and texts to aliases. Pure.
//!
//! An article's id is minted at first sight and found again through aliases: its canonical address,
//! the other addresses that lead to it, and source and guid. It is never recomputed.

use url::Url;

use crate::{base::hash::digest, text};

mod address;
mod site;
mod tracking;

pub use address::{base_form, clean, exact, place};
pub use site::{believable, is_front_of, site_of};

/// The key under which the article of an address is looked for: the same for http and https, with
/// and without `www.`, `m.` or `amp.`, and for a trailing slash. By itself it is no identity: the
/// article must have this very address ([`exact`]), or say the same.
#[must_use]
pub fn of_url(url: &Url) -> [u8; 16] {
    key(&clean(url))
}

/// The key that an address had in stores of format 4, where that was another.
#[must_use]
pub fn formerly_of_url(url: &Url) -> Option<[u8; 16]> {
    address::formerly(url).map(|former| key(&former))
}

fn key(clean: &Url) -> [u8; 16] {
    let port = clean.port().map(|port| port.to_string()).unwrap_or_default();
    let path = clean.path().trim_end_matches('/');
    let (query, fragment) =
        (clean.query().unwrap_or_default(), clean.fragment().unwrap_or_default());
    digest(&[
        b"url",
        bare_host(clean).as_bytes(),
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

/// The alias of one place of a page, where several entries of a document are such places.
#[must_use]
pub fn of_place(link: &Url) -> [u8; 16] {
    exact(link)
}

/// The mark of a link that several entries of a source had in one document.
#[must_use]
pub fn of_shared_link(source: &str, link: &Url) -> [u8; 16] {
    digest(&[b"shared link", source.as_bytes(), &of_url(link)])
}

/// The alias of an entry that neither a guid nor a link identifies: its title, or its text where it
/// has none, with its date where that is given.
#[must_use]
pub fn of_item(source: &str, link: Option<&Url>, title: &str, date: Option<i64>) -> [u8; 16] {
    let link = link.map(of_url).unwrap_or_default();
    let date = date.map(i64::to_be_bytes);
    let date = date.as_ref().map_or(&b""[..], |date| &date[..]);
    digest(&[b"item", source.as_bytes(), &link, text::fold(title).as_bytes(), date])
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

#[cfg(test)]
mod tests;
