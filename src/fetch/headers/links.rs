//! Reads `Link` headers (RFC 8288 §3): where a hub is, and what other forms a page has.

use reqwest::header::{HeaderMap, LINK};

use crate::model::{entry::Link, source::HeaderLinks};

/// `Link` headers are read so far; a site with hints for every font sends some thousand bytes.
const MAX_LINK_BYTES: usize = 16 << 10;

/// Hubs that one answer may name.
const MAX_HUBS: usize = 8;
/// Other forms of a page that are taken of one answer.
const MAX_ALTERNATES: usize = 20;

/// The hubs, the topic and the other forms that `Link` headers name (RFC 8288 §3), as they are written.
pub(in crate::fetch) fn links(headers: &HeaderMap) -> HeaderLinks {
    let mut links = HeaderLinks::default();
    let mut room = MAX_LINK_BYTES;
    for value in headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()) {
        if value.len() > room {
            break;
        }
        room -= value.len();
        let mut rest = value;
        while let Some(HeaderLink { target, rels, media_type, behind }) = next_link(rest) {
            rest = behind;
            let is = |rel: &str| {
                rels.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(rel))
            };
            if is("alternate") && links.alternates.len() < MAX_ALTERNATES {
                links.alternates.push(alternate(target, media_type));
            }
            if is("hub") && links.hubs.len() < MAX_HUBS {
                links.hubs.push(target.to_owned());
            }
            if is("self") && links.topic.is_none() {
                links.topic = Some(target.to_owned());
            }
        }
    }
    links
}

fn alternate(target: &str, media_type: Option<&str>) -> Link {
    Link {
        href: Some(target.to_owned()),
        rel: "alternate".to_owned(),
        media_type: media_type.map(str::to_owned),
        ..Link::default()
    }
}

/// A link of a header.
struct HeaderLink<'a> {
    target: &'a str,
    rels: &'a str,
    media_type: Option<&'a str>,
    /// What follows it.
    behind: &'a str,
}

/// The first link of a header's rest.
fn next_link(text: &str) -> Option<HeaderLink<'_>> {
    let (target, mut rest) = text.split_once('<')?.1.split_once('>')?;
    let (mut rels, mut media_type) = ("", None);
    while let Some(parameter) = rest.trim_start().strip_prefix(';') {
        let end = parameter.find([';', ',', '=']).unwrap_or(parameter.len());
        let (name, after) = parameter.split_at(end);
        let Some(value) = after.strip_prefix('=') else {
            rest = after;
            continue;
        };
        let value = value.trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find([';', ',']).unwrap_or(value.len())),
        };
        // Only the first counts.
        if name.trim().eq_ignore_ascii_case("rel") && rels.is_empty() {
            rels = value;
        }
        if name.trim().eq_ignore_ascii_case("type") {
            media_type = media_type.or(Some(value.trim()));
        }
        rest = after;
    }
    Some(HeaderLink { target: target.trim(), rels, media_type, behind: rest })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn link_headers_name_hubs_and_the_topic() {
        let of = |values: &[&str]| {
            links(
                &values.iter().map(|value| (LINK, HeaderValue::from_str(value).unwrap())).collect(),
            )
        };
        let hub = |hubs: &[&str], topic: Option<&str>| HeaderLinks {
            hubs: hubs.iter().map(ToString::to_string).collect(),
            topic: topic.map(str::to_owned),
            alternates: Vec::new(),
        };
        let one = "<https://hub.example/?a=1,2;3>; title=\"x, <y>; rel=self\" ; REL = \"preload Hub\", <https://a.example/feed>;rel=self;rel=hub";
        assert_eq!(
            of(&[one]),
            hub(&["https://hub.example/?a=1,2;3"], Some("https://a.example/feed"))
        );
        assert_eq!(
            of(&["<a>; rel=hub", "<b>; crossorigin; rel=\"hub\", <c>"]),
            hub(&["a", "b"], None)
        );
        for nonsense in
            ["", "<", "<a", "<a>; rel=\"hub", "a; rel=hub", "<a>; rel", ";;;<>", "<a> rel=hub"]
        {
            assert_eq!(of(&[nonsense]), HeaderLinks::default(), "{nonsense}");
        }
        assert_eq!(of(&[&"<a>; rel=hub,".repeat(1000)]).hubs.len(), MAX_HUBS);
        assert_eq!(of(&["<a>; rel=hub", &"x".repeat(MAX_LINK_BYTES)]).hubs.len(), 1);
    }

    #[test]
    fn link_headers_name_other_forms_of_a_page() {
        let value = "</feed>; rel=\"alternate\"; type=\"application/rss+xml\"; title=\"a, b\", </fr>; rel=alternate; hreflang=fr, </x>; rel=next";
        let map = [(LINK, HeaderValue::from_static(value))].into_iter().collect();
        let alternate = |href: &str, media_type: Option<&str>| Link {
            href: Some(href.to_owned()),
            rel: "alternate".to_owned(),
            media_type: media_type.map(str::to_owned),
            ..Link::default()
        };
        assert_eq!(
            links(&map).alternates,
            [alternate("/feed", Some("application/rss+xml")), alternate("/fr", None)]
        );
    }
}
