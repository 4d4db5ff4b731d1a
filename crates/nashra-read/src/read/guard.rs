//! Recognises bytes that are no page, before any parser sees them.

use super::encoding;
use crate::model::{media, page::End};

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
    let utf_16 = encoding::utf_16(bytes).is_some();
    let has_end = ["</html", "</HTML", "</body", "</BODY"].iter().any(|tag| {
        let wide: Vec<u8> = tag.bytes().flat_map(|byte| [byte, 0]).collect();
        // Of either order: the zero before or behind the whole does not matter.
        let tag = if utf_16 { &wide[..wide.len() - 1] } else { tag.as_bytes() };
        memchr::memmem::rfind(bytes, tag).is_some()
    });
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
    let start = encoding::start(bytes, SAMPLE);
    let is_json = || {
        let whole = encoding::start(bytes, usize::MAX);
        serde_json::from_slice::<serde::de::IgnoredAny>(&whole).is_ok()
    };
    match start.first() {
        None => Some("empty"),
        Some(0x1f) if start.starts_with(b"\x1f\x8b") => Some("a gzip file"),
        Some(b'{' | b'[') if is_json() => Some("JSON"),
        _ => is_noise(&start).then_some("no text in any language"),
    }
}

/// Whether there are control characters throughout, which no language is written with. UTF-16 that was
/// not known as that has zeros throughout.
fn is_noise(sample: &[u8]) -> bool {
    let controls = sample.iter().filter(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31)).count();
    let zeros = memchr::memchr_iter(0, sample).count();
    controls * 50 > sample.len() && zeros * 2 < controls
}

/// Names bytes that are neither HTML nor text; `None` where they may be.
#[must_use]
pub(super) fn foreign(bytes: &[u8]) -> Option<&'static str> {
    const FEEDS: [(&[u8], &str); 2] = [(b"<rss", "an RSS feed"), (b"<feed", "an Atom feed")];
    let start = encoding::start(bytes, SAMPLE);
    let feed = || FEEDS.iter().find(|(mark, _)| start.starts_with(mark)).map(|(_, what)| *what);
    media::of_bytes(bytes).or_else(|| media::of_bytes(&start)).or_else(feed)
}

/// Names what a body is that is sent as a file of some kind, unless its bytes are those of a page.
/// A type that says nothing is believed where the bytes are no text either.
#[must_use]
pub(super) fn sent_as_file(bytes: &[u8], content_type: Option<&str>) -> Option<String> {
    let content_type = content_type?;
    let start = encoding::start(bytes, SAMPLE);
    let is_file = if media::of_type(content_type).is_some() {
        !has_tag(&start)
    } else {
        // A page that is damaged on its way is asked for again.
        !content_type.to_ascii_lowercase().contains("html") && is_noise(&start)
    };
    is_file.then(|| content_type.split(';').next().unwrap_or_default().trim().to_owned())
}

/// Whether a tag begins in it, as in every page.
pub(super) fn has_tag(start: &[u8]) -> bool {
    start.windows(2).any(|pair| {
        pair[0] == b'<' && (pair[1].is_ascii_alphabetic() || matches!(pair[1], b'!' | b'/' | b'?'))
    })
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
    fn what_is_sent_as_a_file_is_one_unless_it_is_a_page() {
        let page = b"<!doctype html><p>The bell rang.</p>";
        let noise = [1, 200, 3, 150].repeat(1_000);
        for (bytes, content_type, is_file) in [
            (&b"\xf0\x9f bytes"[..], "audio/x-m4a", true),
            (page, "audio/x-m4a", false),
            (page, "application/octet-stream", false),
            (&noise, "application/octet-stream", true),
            (b"The bell rang.", "application/octet-stream", false),
            (b"a { color: red }", "text/css; charset=utf-8", true),
            (b"The bell rang.", "text/plain", false),
            (&noise, "text/plain", true),
            (&noise, "text/html", false),
        ] {
            let found = sent_as_file(bytes, Some(content_type));
            assert_eq!(found.is_some(), is_file, "{content_type} {found:?}");
        }
        assert_eq!(sent_as_file(&noise, None), None);
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
            &"\u{feff}<p>Совет голосовал"
                .repeat(50)
                .encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect::<Vec<u8>>(),
        ] {
            assert_eq!(nothing(bytes), None);
        }
    }

    /// What is told of bytes.
    fn told(bytes: &[u8], content_type: &str) -> [Option<String>; 3] {
        [
            sent_as_file(bytes, Some(content_type)),
            foreign(bytes).map(str::to_owned),
            nothing(bytes).map(str::to_owned),
        ]
    }

    #[test]
    fn a_body_in_utf_16_and_one_with_a_mark_is_taken_for_what_it_is_in_utf_8() {
        let bodies = [
            "<!doctype html><p>Совет проголосовал за трамвай.</p>".repeat(40),
            "\n <html><p>Совет проголосовал за трамвай.</p>".repeat(40),
            "The Совет voted for the трамвай.\n".repeat(40),
            "<rss version=\"2.0\"><channel></channel></rss>".to_owned(),
            "\n<feed xmlns=\"http://www.w3.org/2005/Atom\"></feed>".to_owned(),
            "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>".to_owned(),
            "BEGIN:VCALENDAR\nVERSION:2.0".to_owned(),
            " {\"title\": \"Совет\"}".to_owned(),
            " \n \n ".to_owned(),
        ];
        for body in &bodies {
            for content_type in ["text/plain", "text/html", "application/pdf", "audio/x-m4a"] {
                let expected = told(body.as_bytes(), content_type);
                let marked = format!("\u{feff}{body}");
                assert_eq!(told(marked.as_bytes(), content_type), expected, "{marked:.40}");
                for order in [u16::to_le_bytes, u16::to_be_bytes] {
                    for text in [body, &marked] {
                        let wide: Vec<u8> = text.encode_utf16().flat_map(order).collect();
                        assert_eq!(
                            told(&wide, content_type),
                            expected,
                            "{content_type} {text:.40}"
                        );
                    }
                }
            }
        }
    }
}
