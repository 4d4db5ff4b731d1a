//! Decodes the bytes of a page to text: by the byte order mark, as UTF-8 where the bytes are that,
//! by the HTTP header, by `<meta>`, then by detection (HTML Living Standard §13.2.3, but for the
//! second).

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP};

/// Bytes of the start in which `<meta charset>` is searched (§13.2.3.2).
const PRESCAN: usize = 1_024;

/// The most bytes by which an encoding is detected.
const DETECTED: usize = 100_000;

/// Decodes a page. Bytes that are UTF-8 from the first to the last are no other encoding, whatever
/// is claimed: pages are converted on their way more often than their claims are.
#[must_use]
pub fn to_text<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    if let Some(encoding) = utf_16(bytes) {
        return encoding.decode_without_bom_handling(bytes).0;
    }
    let start = &bytes[..bytes.len().min(PRESCAN)];
    let claimed = content_type
        .and_then(|content_type| charset(content_type.as_bytes()))
        .or_else(|| charset(start));
    // Written in ASCII's characters alone.
    if claimed != Some(ISO_2022_JP)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return Cow::Borrowed(text);
    }
    match claimed {
        Some(encoding) if encoding != encoding_rs::UTF_8 => {
            encoding.decode_without_bom_handling(bytes).0
        }
        _ => detect(bytes),
    }
}

/// The form of UTF-16 that bytes are in: by their byte order mark, or by the zeros beside the letters
/// of a tag or of four characters of ASCII.
#[must_use]
pub(super) fn utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0xff, 0xfe, ..] | [b'<', 0, _, 0, ..] => return Some(encoding_rs::UTF_16LE),
        [0xfe, 0xff, ..] | [0, b'<', 0, _, ..] => return Some(encoding_rs::UTF_16BE),
        _ => {}
    }
    let start = bytes.as_chunks::<2>().0.get(..4)?;
    let is_text = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    if start.iter().all(|[low, high]| is_text(*low) && *high == 0) {
        Some(encoding_rs::UTF_16LE)
    } else if start.iter().all(|[high, low]| is_text(*low) && *high == 0) {
        Some(encoding_rs::UTF_16BE)
    } else {
        None
    }
}

/// The start of a body, at most that many of its bytes, without a byte order mark and white space
/// before it: UTF-16 as UTF-8, other bytes as they are. What a body is by its first letters is asked
/// of this.
#[must_use]
pub fn start(bytes: &[u8], most: usize) -> Cow<'_, [u8]> {
    let first = |bytes: &[u8]| bytes.len().min(most);
    if let Some(encoding) = utf_16(bytes) {
        let text = encoding.decode_with_bom_removal(&bytes[..first(bytes)]).0;
        return Cow::Owned(text.as_bytes().trim_ascii_start().to_vec());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    Cow::Borrowed(&bytes[..first(bytes)])
}

/// The encoding that the first `charset=` names.
fn charset(text: &[u8]) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let at = lower.windows(8).position(|window| window == b"charset=")? + 8;
    let label = lower[at..].trim_ascii_start();
    let label = label.strip_prefix(b"\"").or_else(|| label.strip_prefix(b"'")).unwrap_or(label);
    let end = label
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\'' | b';' | b'>' | b'/' | b' '))
        .unwrap_or(label.len());
    Encoding::for_label(&label[..end])
}

fn detect(bytes: &[u8]) -> Cow<'_, str> {
    // A byte or two that broke on the way do not make another encoding of a page that is UTF-8.
    let broken = bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
    let multibyte = bytes.iter().filter(|byte| **byte >= 0xc0).count();
    if broken * 20 < multibyte {
        return String::from_utf8_lossy(bytes);
    }
    // Enough to tell, and the detector takes its time; what comes before the first such byte tells
    // nothing.
    let first = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
    let telling = &bytes[first..bytes.len().min(first + DETECTED)];
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(telling, true);
    detector.guess(None, chardetng::Utf8Detection::Allow).decode_without_bom_handling(bytes).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_utf_8_are_read_as_that_whatever_is_claimed() {
        assert_eq!(
            to_text("<meta charset=iso-8859-1>été".as_bytes(), None),
            "<meta charset=iso-8859-1>été"
        );
        assert_eq!(
            to_text(b"<meta charset=iso-8859-1>\xe9t\xe9", None),
            "<meta charset=iso-8859-1>été"
        );
    }

    #[test]
    fn utf_16_is_known_by_its_mark_or_by_its_first_tag() {
        let page = "<html><p>Совет проголосовал за трамвай";
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes = |text: &str| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
            assert_eq!(to_text(&bytes(page), None), page);
            assert_eq!(to_text(&bytes(&format!("\u{feff}{page}")), None), page);
        }
    }

    #[test]
    fn a_broken_byte_does_not_change_the_encoding_of_a_page() {
        let mut bytes = "<p>نشرة الأخبار في المدينة".repeat(3).into_bytes();
        bytes.push(0xff);
        assert!(to_text(&bytes, Some("text/html; charset=utf-8")).starts_with("<p>نشرة"));
    }
}
