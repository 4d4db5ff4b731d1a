//! The bytes of a page to text: byte order mark, HTTP header, `<meta>`, then detection (HTML Living Standard §13.2.3).

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

/// Bytes of the start in which `<meta charset>` is looked for (§13.2.3.2).
const PRESCAN: usize = 1_024;

pub(crate) fn to_text<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    let start = &bytes[..bytes.len().min(PRESCAN)];
    let claimed = content_type.and_then(|it| charset(it.as_bytes())).or_else(|| charset(start));
    match claimed {
        Some(encoding) if encoding != UTF_8 => encoding.decode_without_bom_handling(bytes).0,
        _ => std::str::from_utf8(bytes).map_or_else(|_| detect(bytes), Cow::Borrowed),
    }
}

/// What follows the first `charset=`.
fn charset(text: &[u8]) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let at = lower.windows(8).position(|it| it == b"charset=")? + 8;
    let label = lower[at..].trim_ascii_start();
    let label = label.strip_prefix(b"\"").or_else(|| label.strip_prefix(b"'")).unwrap_or(label);
    let end = label.iter().position(|it| matches!(it, b'"' | b'\'' | b';' | b'>' | b'/' | b' ')).unwrap_or(label.len());
    Encoding::for_label(&label[..end])
}

fn detect(bytes: &[u8]) -> Cow<'_, str> {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, chardetng::Utf8Detection::Allow).decode_without_bom_handling(bytes).0
}
