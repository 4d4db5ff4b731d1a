//! Repairs decoded text: control characters, and text that was encoded twice.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

use super::{Decoded, Repair};
use crate::read::feed::entities;

/// The number of double-encoded sequences that is no accident.
const MIN_SEQUENCES: usize = 2;

pub(super) fn text(decoded: &mut Decoded<'_>) {
    let marks = decoded.text.len() - decoded.text.trim_start_matches('\u{feff}').len();
    if marks > 0 {
        decoded.text = match &mut decoded.text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[marks..]),
            Cow::Owned(text) => Cow::Owned(text.split_off(marks)),
        };
    }
    // By chunks, so that the compiler makes it vectors.
    if decoded
        .text
        .as_bytes()
        .chunks(64)
        .any(|chunk| chunk.iter().fold(false, |found, byte| found | is_forbidden(*byte)))
    {
        decoded.repairs.add(Repair::ControlCharacters);
        decoded.text = decoded
            .text
            .chars()
            .filter(|c| !u8::try_from(*c).is_ok_and(is_forbidden))
            .collect::<String>()
            .into();
    }
    if let Some(text) = decoded_again(&decoded.text) {
        decoded.repairs.add(Repair::DoubleEncoding);
        decoded.text = text.into();
    }
    if has_c1(&decoded.text) {
        decoded.repairs.add(Repair::ControlCharacters);
        decoded.text =
            decoded.text.chars().map(entities::from_windows_1252).collect::<String>().into();
    }
}

/// Control characters beside white space (XML 1.0 §2.2).
fn is_forbidden(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r') || byte == 0x7f
}

/// Whether there are control characters from 0x80 on: they mean what Windows-1252 has there.
fn has_c1(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(0xc2, bytes).any(|at| bytes.get(at + 1).is_some_and(|byte| *byte < 0xa0))
}

/// The text behind UTF-8 that was taken for Windows-1252 and encoded once more; only where all that
/// is beyond ASCII reads so, and more than once.
fn decoded_again(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let mut bytes = Vec::new();
    let mut sequences = 0;
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !byte.is_ascii()) {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let run_end =
            rest[at..].find(|c: char| c.is_ascii()).map_or(rest.len(), |length| at + length);
        let run = single_bytes(&rest[at..run_end])?;
        sequences += std::str::from_utf8(&run).ok()?.chars().count();
        bytes.extend_from_slice(&run);
        rest = &rest[run_end..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    (sequences >= MIN_SEQUENCES).then(|| String::from_utf8(bytes).ok()).flatten()
}

/// The run as Windows-1252, or Latin 1 for the controls that it leaves out.
fn single_bytes(run: &str) -> Option<Vec<u8>> {
    let byte = |c: char| {
        if let 0x80..=0xff = u32::from(c) {
            return u8::try_from(c).ok();
        }
        let mut buffer = [0; 4];
        let (bytes, _, failed) = WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
        bytes.first().copied().filter(|_| !failed && bytes.len() == 1)
    };
    run.chars().map(byte).collect()
}
