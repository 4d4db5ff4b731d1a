//! Recognises bytes that are no page, before any parser sees them.

use crate::model::page::End;

/// Names what bytes are that are not HTML; `None` where they may be.
#[must_use]
pub(crate) fn not_html(bytes: &[u8]) -> Option<&'static str> {
    foreign(bytes)
        .or_else(|| nothing(bytes))
        .or_else(|| (!bytes.contains(&b'<')).then_some("without any markup"))
}

/// Whether the end of a page is there.
#[must_use]
pub fn end(bytes: &[u8]) -> End {
    let has_end = ["</html", "</HTML", "</body", "</BODY"]
        .iter()
        .any(|tag| memchr::memmem::rfind(bytes, tag.as_bytes()).is_some());
    // In UTF-16 with a zero at either side.
    let last = bytes.iter().rev().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0));
    match (has_end, last) {
        (true, _) => End::Whole,
        (false, Some(b'>') | None) => End::Open,
        (false, Some(_)) => End::Midst,
    }
}

/// Bytes of a body in which control characters are counted.
const SAMPLE: usize = 16 << 10;

/// Names what a site sends by mistake in the place of a page; `None` where it may be one.
#[must_use]
pub(super) fn nothing(bytes: &[u8]) -> Option<&'static str> {
    let start = bytes.trim_ascii_start();
    match start.first() {
        None => Some("empty"),
        Some(0x1f) if start.starts_with(b"\x1f\x8b") => Some("a gzip file"),
        Some(b'{' | b'[') if serde_json::from_slice::<serde::de::IgnoredAny>(start).is_ok() => {
            Some("JSON")
        }
        _ => is_noise(&start[..start.len().min(SAMPLE)]).then_some("no text in any language"),
    }
}

/// Whether there are control characters throughout, which no language is written with. UTF-16 has
/// zeros throughout.
fn is_noise(sample: &[u8]) -> bool {
    let controls = sample.iter().filter(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31)).count();
    let zeros = memchr::memchr_iter(0, sample).count();
    controls * 50 > sample.len() && zeros * 2 < controls
}

/// Names bytes that are neither HTML nor text; `None` where they may be.
#[must_use]
pub(super) fn foreign(bytes: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 9] = [
        (b"%PDF-", "a PDF"),
        (b"\x89PNG", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"GIF8", "a GIF image"),
        (b"RIFF", "a RIFF file (WebP, WAV, AVI)"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"ID3", "an MP3 file"),
        (b"<rss", "an RSS feed"),
        (b"<feed", "an Atom feed"),
    ];
    let start = bytes.trim_ascii_start();
    SIGNATURES.iter().find(|(signature, _)| start.starts_with(signature)).map(|(_, what)| *what)
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

    #[test]
    fn what_is_no_text_in_any_language_is_told_from_every_encoding() {
        let noise: Vec<u8> = (0..3_000_u32)
            .map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[1])
            .collect();
        assert_eq!(nothing(&noise), Some("no text in any language"));
        let text = "<p>نشرة الأخبار, новости, 新闻, ニュース, été</p>".repeat(50);
        let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (japanese, ..) = encoding_rs::ISO_2022_JP.encode("<p>ニュースの速報です</p>");
        for bytes in [
            text.as_bytes(),
            &utf_16,
            &japanese,
            &encoding_rs::WINDOWS_1256.encode("نشرة الأخبار").0,
            b"<p>a\0b\0</p>",
        ] {
            assert_eq!(nothing(bytes), None);
        }
    }
}
