//! Decodes a feed whose texts are in two encodings: an aggregator put together what it had, or a
//! program pasted UTF-8 into a document in Latin 1.
//!
//! A text is what stands between two tags. One whose bytes beyond ASCII are mostly UTF-8 is read so;
//! another in the encoding that is claimed beside UTF-8, or else in the one that all of them together
//! look like. Within one text only Western encodings are mixed byte by byte: no Western word looks
//! like UTF-8. What must stay true: a feed in one encoding is never read here.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::{Decoded, guess, is_damaged_utf8, is_no_latin, label};
use crate::read::feed::repairs::{Repair, Repairs};

/// Decodes; `None` where all is in one encoding. Of the claims the first is what the document says
/// first, the second what is claimed beside UTF-8.
pub(super) fn decode<'a>(
    bytes: &[u8],
    (first, legacy): (Option<&'static Encoding>, Option<&'static Encoding>),
    domain: Option<&str>,
) -> Option<Decoded<'a>> {
    let (mut has_utf8, mut foreign) = (false, Vec::new());
    for text in texts(bytes).filter(|text| !text.is_ascii()) {
        if is_damaged_utf8(text) {
            has_utf8 = true;
        } else {
            foreign.extend_from_slice(text);
            foreign.push(b'\n');
        }
    }
    if !has_utf8 {
        return None;
    }
    let other = match legacy {
        Some(claim) if !(claim == WINDOWS_1252 && is_no_latin(&foreign)) => claim,
        _ if foreign.iter().all(|byte| byte.is_ascii() || matches!(byte, 0x80..=0xa0)) => {
            WINDOWS_1252
        }
        _ => guess(&foreign, domain),
    };
    let mut mixed =
        Mixed { other, out: String::with_capacity(bytes.len()), repairs: Repairs::default() };
    texts(bytes).for_each(|text| mixed.add(text));
    if first.is_some_and(|first| first != UTF_8) || !foreign.is_empty() {
        mixed.repairs.add(Repair::Encoding);
    }
    let encoding = label(first.filter(|_| !foreign.is_empty()).unwrap_or(UTF_8));
    Some(Decoded { text: mixed.out.into(), encoding, repairs: mixed.repairs })
}

/// The texts and the tags of a document, each with the bracket that ends it.
fn texts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| matches!(byte, b'<' | b'>'))
}

struct Mixed {
    /// What texts are in that are not UTF-8.
    other: &'static Encoding,
    out: String,
    repairs: Repairs,
}

impl Mixed {
    fn add(&mut self, text: &[u8]) {
        match std::str::from_utf8(text) {
            Ok(valid) => self.out.push_str(valid),
            Err(_) if is_damaged_utf8(text) => self.damaged(text),
            Err(_) if self.other == WINDOWS_1252 => self.western(text),
            Err(_) => {
                let (decoded, failed) = self.other.decode_without_bom_handling(text);
                if failed {
                    self.repairs.add(Repair::InvalidBytes);
                }
                self.out.push_str(&decoded);
            }
        }
    }

    /// A text in UTF-8 with some bytes of Windows-1252. A character that was cut through is lost.
    fn damaged(&mut self, text: &[u8]) {
        // The letters of Windows-1252 stand among Latin ones; its quotation marks anywhere.
        let other_scripts = text.utf8_chunks().flat_map(|chunk| chunk.valid().chars());
        let latin = !other_scripts.into_iter().any(|c| c.is_alphabetic() && c > '\u{24f}');
        let mut rest = text.len();
        for chunk in text.utf8_chunks() {
            rest -= chunk.valid().len() + chunk.invalid().len();
            self.out.push_str(chunk.valid());
            match chunk.invalid() {
                [] => {}
                [byte @ 0x80..=0x9f] => self.byte(*byte),
                [byte @ ..0xfe] if latin && !is_cut(*byte, &text[text.len() - rest..]) => {
                    self.byte(*byte);
                }
                _ => self.lost(),
            }
        }
    }

    fn lost(&mut self) {
        self.repairs.add(Repair::InvalidBytes);
        self.out.push(char::REPLACEMENT_CHARACTER);
    }

    /// A text in Windows-1252 with some characters of UTF-8.
    fn western(&mut self, text: &[u8]) {
        let mut rest = text.len();
        for chunk in text.utf8_chunks() {
            self.out.push_str(chunk.valid());
            rest -= chunk.valid().len() + chunk.invalid().len();
            match chunk.invalid() {
                // No Western word ends in these.
                [0xc2 | 0xc3] if is_cut(0xc3, &text[text.len() - rest..]) => self.lost(),
                bytes => bytes.iter().for_each(|byte| self.byte(*byte)),
            }
        }
    }

    fn byte(&mut self, byte: u8) {
        self.repairs.add(Repair::Encoding);
        self.out.push_str(&WINDOWS_1252.decode_without_bom_handling(&[byte]).0);
    }
}

/// Bytes that are UTF-8 but for the halves of characters that are each written as a character of its
/// own (CESU-8): pairs as the characters that they are, single halves left out.
pub(super) fn with_whole_characters(bytes: &[u8]) -> Option<Vec<u8>> {
    let half = |at: usize, second: u8| {
        let [0xed, high, low] = *bytes.get(at..at + 3)? else { return None };
        let is_half = high & 0xf0 == second && low & 0xc0 == 0x80;
        is_half.then(|| 0xd000 | u16::from(high & 0x3f) << 6 | u16::from(low & 0x3f))
    };
    let (mut out, mut from) = (Vec::new(), 0);
    for at in memchr::memchr_iter(0xed, bytes) {
        if at < from {
            continue;
        }
        let (high, low) = (half(at, 0xa0), half(at + 3, 0xb0));
        let pair =
            high.zip(low).and_then(|(high, low)| char::decode_utf16([high, low]).next()?.ok());
        let length = match (pair, high.or_else(|| half(at, 0xb0))) {
            (Some(_), _) => 6,
            (None, Some(_)) => 3,
            (None, None) => continue,
        };
        out.extend_from_slice(&bytes[from..at]);
        out.extend(pair.into_iter().flat_map(|c| c.to_string().into_bytes()));
        from = at + length;
    }
    if from == 0 {
        return None;
    }
    out.extend_from_slice(&bytes[from..]);
    Some(out)
}

/// Whether a byte is the start of a character whose end was cut off: at the end of its text, or
/// before the dots that say so.
fn is_cut(byte: u8, behind: &[u8]) -> bool {
    let behind = behind.trim_ascii_start();
    byte >= 0xc2
        && (behind.is_empty()
            || [&b"<"[..], b"]]>", b"...", b"\xe2\x80\xa6", b"[", b"&#", b"&hellip;"]
                .iter()
                .any(|end| behind.starts_with(end)))
}
