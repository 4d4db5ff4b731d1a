//! The bytes of a feed to text, before any parser sees them.
//!
//! Order of evidence: byte order mark, the `charset` of the HTTP header (RFC 7303 §3.2 ranks it above the
//! declaration), the XML declaration, UTF-8 where the bytes are that, then detection.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

/// Decodes; bytes that the encoding does not know become U+FFFD, and no feed is lost for one byte.
pub(super) fn to_text<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    let claimed = content_type.and_then(charset).or_else(|| declared(bytes));
    match claimed {
        // A false claim of UTF-8 is common; a true one decodes.
        Some(encoding) if encoding != UTF_8 => encoding.decode_without_bom_handling(bytes).0,
        _ => std::str::from_utf8(bytes).map_or_else(|_| detect(bytes), Cow::Borrowed),
    }
}

fn charset(content_type: &str) -> Option<&'static Encoding> {
    let (_, value) = content_type
        .split(';')
        .skip(1)
        .find_map(|part| part.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset")))?;
    Encoding::for_label(value.trim().trim_matches(['"', '\'']).as_bytes())
}

fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = bytes.get(..200).unwrap_or(bytes);
    let start = start.trim_ascii_start().strip_prefix(b"<?xml")?;
    let end = start.windows(2).position(|it| it == b"?>")?;
    let declaration = std::str::from_utf8(&start[..end]).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next()?;
    Encoding::for_label(value.get(1..)?.split(quote).next()?.as_bytes())
}

fn detect(bytes: &[u8]) -> Cow<'_, str> {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, chardetng::Utf8Detection::Allow).decode_without_bom_handling(bytes).0
}

/// The text without its XML declaration, whose encoding no longer holds.
pub(super) fn without_declaration(text: &str) -> &str {
    let trimmed = text.trim_start();
    match trimmed.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((declaration, rest)) if declaration.len() < 300 => rest,
        _ => text,
    }
}
