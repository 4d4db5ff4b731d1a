//! What a page may cost, decided before any parser sees it. Linear in its size.

use memchr::{memchr, memmem};

/// Elements that have no end tag (HTML Living Standard §13.1.2), or whose end is often left out.
const OPEN_ENDED: [&[u8]; 22] = [
    b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"source", b"track", b"wbr", b"p", b"li", b"dt",
    b"dd", b"option", b"tr", b"td", b"th", b"path",
];
/// Elements whose content is no markup (§13.2.5): their scripts compare with `<`.
const RAW: [&[u8]; 4] = [b"script", b"style", b"textarea", b"title"];

/// What a tree builder would have to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shape {
    /// How deep elements nest.
    pub(super) depth: usize,
    /// Elements.
    pub(super) elements: usize,
    /// Attributes of the element that has most: html5ever compares each with all before it.
    pub(super) attributes: usize,
}

/// Measures without building anything: an estimate, because what is misnested is known to a parser alone.
#[must_use]
pub(super) fn shape(html: &str) -> Shape {
    let bytes = html.as_bytes();
    let mut shape = Shape::default();
    let (mut depth, mut at) = (0_usize, 0_usize);
    while let Some(found) = memchr(b'<', &bytes[at..]) {
        at += found + 1;
        match bytes.get(at) {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b'!') if bytes[at..].starts_with(b"!--") => at += memmem::find(&bytes[at..], b"-->").unwrap_or(bytes.len() - at),
            Some(first) if first.is_ascii_alphabetic() => {
                let name = &bytes[at..at + name_length(&bytes[at..])];
                let (length, attributes) = tag(&bytes[at + name.len()..]);
                shape.elements += 1;
                shape.attributes = shape.attributes.max(attributes);
                at += name.len() + length;
                if RAW.iter().any(|it| name.eq_ignore_ascii_case(it)) {
                    at += end_of(&bytes[at..], name);
                } else if !OPEN_ENDED.iter().any(|it| name.eq_ignore_ascii_case(it)) {
                    depth += 1;
                    shape.depth = shape.depth.max(depth);
                }
            }
            _ => {}
        }
    }
    shape
}

fn name_length(tag: &[u8]) -> usize {
    tag.iter().position(|it| !it.is_ascii_alphanumeric()).unwrap_or(tag.len())
}

/// Bytes of a tag after its name up to `>`, and its attributes.
fn tag(rest: &[u8]) -> (usize, usize) {
    let (mut attributes, mut quote, mut inside) = (0, None, false);
    for (at, byte) in rest.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'>') => return (at, attributes),
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'/') => inside = false,
            (None, _) => {
                attributes += usize::from(!inside);
                inside = true;
            }
        }
    }
    (rest.len(), attributes)
}

/// Where the content of a raw element ends.
fn end_of(rest: &[u8], name: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memmem::find(&rest[at..], b"</") {
        at += found;
        if rest[at + 2..].get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name)) {
            // Its end tag closes nothing that was counted.
            return at + 2;
        }
        at += 2;
    }
    rest.len()
}

/// What bytes are that are no HTML; `None` where they may be.
#[must_use]
pub(crate) fn not_html(bytes: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 10] = [
        (b"%PDF-", "a PDF"),
        (b"\x89PNG", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"GIF8", "a GIF image"),
        (b"RIFF", "a RIFF file (WebP, WAV, AVI)"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "a gzip file"),
        (b"ID3", "an MP3 file"),
        (b"<rss", "an RSS feed"),
        (b"<feed", "an Atom feed"),
    ];
    let start = bytes.trim_ascii_start();
    if let Some((_, what)) = SIGNATURES.iter().find(|(signature, _)| start.starts_with(signature)) {
        return Some(what);
    }
    match start.first() {
        None => Some("empty"),
        Some(b'{' | b'[') if serde_json::from_slice::<serde::de::IgnoredAny>(start).is_ok() => Some("JSON"),
        _ if !start.contains(&b'<') => Some("without any markup"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_known_before_any_parser_recurses() {
        assert_eq!(shape(&"<div>".repeat(501)).depth, 501);
        assert_eq!(shape(&"<div><p>x<br></div>".repeat(501)).depth, 1);
    }

    #[test]
    fn scripts_and_comments_are_no_markup() {
        let shape = shape("<div><script>if (a <b && c<d) { x('</div>') }</script><!-- <i><i><i> --><title>a <b</title></div><p>");
        assert_eq!((shape.depth, shape.elements), (1, 4));
    }

    #[test]
    fn attributes_are_counted_with_and_without_values() {
        assert_eq!(shape("<a href='x > y' b c=1 d = \"2\"><i>").attributes, 5);
        assert_eq!(shape(&format!("<a{}>", " x".repeat(5000))).attributes, 5000);
    }

    #[test]
    fn what_is_no_page_is_named() {
        assert_eq!(not_html(b"%PDF-1.7"), Some("a PDF"));
        assert_eq!(not_html(b" {\"a\": 1}"), Some("JSON"));
        assert_eq!(not_html(b"<!doctype html><p>x"), None);
    }
}
