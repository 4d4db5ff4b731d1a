//! What bytes are that are no page, told before any parser sees them.

/// What bytes are that are no HTML; `None` where they may be.
#[must_use]
pub(crate) fn not_html(bytes: &[u8]) -> Option<&'static str> {
    foreign(bytes).or_else(|| (!bytes.contains(&b'<')).then_some("without any markup"))
}

/// What bytes are that are neither HTML nor text; `None` where they may be.
#[must_use]
pub(super) fn foreign(bytes: &[u8]) -> Option<&'static str> {
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
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_page_is_named() {
        assert_eq!(not_html(b"%PDF-1.7"), Some("a PDF"));
        assert_eq!(not_html(b" {\"a\": 1}"), Some("JSON"));
        assert_eq!(not_html(b"<!doctype html><p>x"), None);
    }
}
