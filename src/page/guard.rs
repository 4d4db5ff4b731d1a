//! What a page may cost, decided before any parser sees it. Linear in its size.

use memchr::memchr_iter;

/// Elements that have no end tag (HTML Living Standard §13.1.2), or whose end is often left out.
const OPEN_ENDED: [&[u8]; 22] = [
    b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"source", b"track", b"wbr", b"p", b"li", b"dt",
    b"dd", b"option", b"tr", b"td", b"th", b"path",
];

/// Whether elements nest deeper than `limit`: the libraries behind us recurse.
#[must_use]
pub(super) fn too_deep(html: &str, limit: usize) -> bool {
    let bytes = html.as_bytes();
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for at in memchr_iter(b'<', bytes) {
        match bytes.get(at + 1) {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(first) if first.is_ascii_alphabetic() => {
                let name = &bytes[at + 1..];
                let end = name.iter().take(12).position(|it| !it.is_ascii_alphanumeric()).unwrap_or(name.len().min(12));
                if !OPEN_ENDED.iter().any(|it| name[..end].eq_ignore_ascii_case(it)) {
                    depth += 1;
                    deepest = deepest.max(depth);
                }
            }
            _ => {}
        }
    }
    deepest > limit
}

/// What bytes are that are no HTML; `None` where they may be.
#[must_use]
pub(super) fn not_html(bytes: &[u8]) -> Option<&'static str> {
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
        assert!(too_deep(&"<div>".repeat(501), 500));
        assert!(!too_deep(&"<div><p>x<br></div>".repeat(501), 500));
    }

    #[test]
    fn what_is_no_page_is_named() {
        assert_eq!(not_html(b"%PDF-1.7"), Some("a PDF"));
        assert_eq!(not_html(b" {\"a\": 1}"), Some("JSON"));
        assert_eq!(not_html(b"<!doctype html><p>x"), None);
    }
}
