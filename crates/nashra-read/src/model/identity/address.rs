//! Addresses: what a record shows of one, when two are the same, and which are forms of one page.
//!
//! Two addresses are the same where nothing differs that any server looks at. Other forms of an
//! address (http, `www.`, AMP, mobile, print, a trailing slash) usually lead to the same article,
//! and sometimes to another: they share a key by which an article is looked for, and whether it is
//! the same is told by what it says (`policy::evidence`).
//!
//! What must stay true: no function here changes the host that a record shows, [`clean`] is
//! idempotent, and [`super::of_url`] gives the keys that stores of earlier programs hold.

use std::borrow::Cow;

use url::{Position, Url};

use super::tracking::{is_tracking, is_tracking_fragment, was_tracking_from_the_start};
use crate::base::hash::digest;

/// The address without fragment and tracking parameters: what a record shows as canonical.
#[must_use]
pub fn clean(url: &Url) -> Url {
    let mut clean = place(url);
    if clean.fragment().is_some_and(|fragment| !names_a_page(fragment)) {
        clean.set_fragment(None);
    }
    clean
}

/// The same with the fragment, for an entry that is one place of a page.
#[must_use]
pub fn place(url: &Url) -> Url {
    let mut place = url.clone();
    if place.fragment().is_some_and(is_tracking_fragment) {
        place.set_fragment(None);
    }
    retain_parameters(&mut place, |pair| !is_tracking(pair));
    place
}

/// Whether a fragment names a page of its own, as apps have them: `#!…` and `#/…`.
fn names_a_page(fragment: &str) -> bool {
    fragment.starts_with(['!', '/'])
}

fn retain_parameters(url: &mut Url, keep: impl Fn(&str) -> bool) {
    let Some(query) = url.query() else { return };
    if !query.is_empty() && query.split('&').all(|pair| !pair.is_empty() && keep(pair)) {
        return;
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && keep(pair)).collect();
    let kept = (!kept.is_empty()).then(|| kept.join("&"));
    url.set_query(kept.as_deref());
}

/// The address by the rules of format 4, where its key was another than now.
pub(super) fn formerly(url: &Url) -> Option<Url> {
    let mut former = url.clone();
    if former.fragment().is_some_and(|fragment| !fragment.starts_with('!')) {
        former.set_fragment(None);
    }
    retain_parameters(&mut former, |pair| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        !was_tracking_from_the_start(&name)
    });
    (former != clean(url)).then_some(former)
}

/// A digest that two addresses share where they are the same: scheme, host, port, path, the
/// parameters in any order, and fragment, without what only tracks and whatever the encoding.
#[must_use]
pub fn exact(url: &Url) -> [u8; 16] {
    let place = place(url);
    let mut parameters: Vec<Cow<'_, str>> = parameters(&place).map(decode_unreserved).collect();
    // Those of one name keep their order.
    parameters.sort_by(|one, other| name(one).cmp(name(other)));
    let fragment = place.fragment().map(decode_unreserved).unwrap_or_default();
    digest(&[
        b"address",
        place.scheme().as_bytes(),
        place.host_str().unwrap_or_default().as_bytes(),
        &place.port_or_known_default().unwrap_or_default().to_be_bytes(),
        decode_unreserved(place.path()).as_bytes(),
        parameters.join("&").as_bytes(),
        fragment.as_bytes(),
    ])
}

fn parameters(url: &Url) -> impl Iterator<Item = &str> {
    url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty())
}

fn name(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
}

/// Percent-encoding in one way: letters, digits and `-._~` as they are, all else with large hex
/// digits (RFC 3986, 6.2.2).
fn decode_unreserved(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let hex = rest.get(at + 1..at + 3).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                out.push(char::from(byte));
                rest = &rest[at + 3..];
            }
            Some(_) => {
                out.push_str(&rest[at..at + 3].to_ascii_uppercase());
                rest = &rest[at + 3..];
            }
            None => {
                out.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The page that an address is probably a form of: without AMP, mobile and print marks, session ids
/// and the name of an index file, and with its parameters in order.
#[must_use]
pub fn base_form(url: &Url) -> Url {
    let mut base = original_of_cache(url).unwrap_or_else(|| clean(url));
    let host = base.host_str().and_then(main_host);
    if let Some(host) = host {
        base.set_host(Some(&host)).ok();
    }
    if let Some(path) = base_path(base.path()) {
        base.set_path(&path);
    }
    let path = decode_unreserved(base.path());
    if path != base.path() {
        let path = path.into_owned();
        base.set_path(&path);
    }
    if base.query().is_some() {
        let mut kept: Vec<String> = parameters(&base)
            .filter(|pair| !is_form_parameter(pair))
            .map(|pair| decode_unreserved(pair).into_owned())
            .collect();
        kept.sort_by(|one, other| name(one).cmp(name(other)));
        let kept = (!kept.is_empty()).then(|| kept.join("&"));
        base.set_query(kept.as_deref());
    }
    base
}

/// The address that a cache of AMP pages or a viewer shows.
fn original_of_cache(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    let path = url.path();
    let inner = if host == "cdn.ampproject.org" || host.ends_with(".cdn.ampproject.org") {
        // `/c/s/host/path`: the kind of content, and `s` for https.
        let rest = ["/c/", "/v/", "/i/"].iter().find_map(|kind| path.strip_prefix(kind))?;
        rest.strip_prefix("s/").unwrap_or(rest)
    } else if host.starts_with("www.google.") {
        let rest = path.strip_prefix("/amp/")?;
        rest.strip_prefix("s/").unwrap_or(rest)
    } else {
        return None;
    };
    let query = &url[Position::AfterPath..Position::AfterQuery];
    let original = Url::parse(&format!("https://{inner}{query}")).ok()?;
    original.host_str().is_some_and(|host| host.contains('.')).then(|| clean(&original))
}

/// A host without a mark of mobile pages in its midst, as `en.m.wikipedia.org` has it. Marks at its
/// start are no part of any key.
fn main_host(host: &str) -> Option<String> {
    [".m.", ".mobile.", ".amp."]
        .iter()
        .find(|mark| host.contains(*mark))
        .map(|mark| host.replacen(mark, ".", 1))
}

/// A path without what tells its form; `None` where nothing of it does.
fn base_path(path: &str) -> Option<String> {
    // Each with what stays of it.
    const ENDS: [(&str, &str); 12] = [
        ("/amp", ""),
        ("/amp.html", ""),
        (".amp.html", ".html"),
        ("-amp.html", ".html"),
        (".amp", ""),
        ("/print", ""),
        ("/print.html", ""),
        (".print.html", ".html"),
        ("/drucken", ""),
        ("/imprimir", ""),
        ("/m", ""),
        ("/mobile", ""),
    ];
    const STARTS: [&str; 5] = ["/amp/", "/print/", "/m/", "/mobile/", "/amphtml/"];
    const INDEX: [&str; 8] = [
        "index.html",
        "index.htm",
        "index.php",
        "index.shtml",
        "index.jsp",
        "index.asp",
        "index.aspx",
        "default.aspx",
    ];
    let mut base = path.to_owned();
    if let Some(at) = find_session(&base) {
        base.truncate(at);
    }
    while base.contains("//") {
        base = base.replace("//", "/");
    }
    if let Some(directory) = INDEX
        .iter()
        .find_map(|index| base.strip_suffix(index).filter(|directory| directory.ends_with('/')))
    {
        base.truncate(directory.len());
    }
    base.truncate(base.trim_end_matches('/').len());
    // An address that is nothing but such a mark is no form of the front page.
    if let Some((start, stays)) = ENDS
        .iter()
        .find_map(|(end, stays)| Some((base.strip_suffix(end)?, stays)))
        .filter(|(start, _)| !start.is_empty())
    {
        base = format!("{start}{stays}");
    }
    if let Some(rest) = STARTS.iter().find_map(|start| base.strip_prefix(start))
        && !rest.is_empty()
    {
        base = format!("/{rest}");
    }
    if base.is_empty() {
        base.push('/');
    }
    (base != path).then_some(base)
}

/// Where a session id begins, as some servers write it into the path.
fn find_session(path: &str) -> Option<usize> {
    path.to_ascii_lowercase().find(";jsessionid=")
}

/// Whether a `name=value` asks for a form of the page, or names a session.
fn is_form_parameter(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let (name, value) = (name.to_ascii_lowercase(), value.to_ascii_lowercase());
    let is_on = matches!(value.as_str(), "" | "1" | "true" | "yes" | "y" | "on" | "t");
    match name.as_str() {
        "amp" | "print" | "printable" | "mobile" | "m" | "isprint" | "noamp" | "nomobile" => is_on,
        "outputtype" | "output" | "view" | "mode" | "layout" | "format" | "template" => {
            matches!(value.as_str(), "amp" | "print" | "printable" | "mobile")
        }
        "phpsessid" | "jsessionid" | "aspsessionid" => true,
        "page" => value == "1",
        _ => false,
    }
}
