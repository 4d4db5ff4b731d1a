//! Text: white space, invisible characters, words, and the hash by which an edition is compared
//! with the one before.

pub(crate) mod folding;
pub mod letters;
pub mod sketch;
pub mod tokens;

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

use crate::text::letters::Letter;

/// Characters that no reader sees and publishers leave in: soft hyphen, zero width, bidirectional
/// controls, BOM, marks of annotations, and those of private use, which are signs in a font of the
/// site.
pub(crate) fn invisible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control() && !c.is_ascii_whitespace() && c != '\u{b}';
    }
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffc}' | '\u{e000}'..='\u{f8ff}' | '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}')
}

/// The words of a kind in a table whose lines are `kind: one; two; three`; a kind may have several.
pub(crate) fn listed(
    table: &'static str,
    kind: &'static str,
) -> impl Iterator<Item = &'static str> {
    table
        .lines()
        .filter_map(move |line| line.strip_prefix(kind)?.strip_prefix(": "))
        .flat_map(|words| words.split("; "))
}

/// Runs of white space become one space, those at the ends and invisible characters go.
///
/// The zero-width joiner and non-joiner stay: Persian, Indic scripts and emoji are written with
/// them.
#[must_use]
pub fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut at, mut after_space) = (0, true);
    while at < text.len() {
        // Visible ASCII with single spaces stays as it is, and is copied in one piece.
        let plain = at;
        while let Some(byte) = text.as_bytes().get(at)
            && (byte.is_ascii_graphic() || *byte == b' ' && !after_space)
        {
            (at, after_space) = (at + 1, *byte == b' ');
        }
        out.push_str(&text[plain..at]);
        for c in text[at..].chars().take_while(|c| !c.is_ascii_graphic()) {
            at += c.len_utf8();
            if c.is_whitespace() {
                if !after_space {
                    out.push(' ');
                }
                after_space = true;
            } else if !invisible(c) {
                out.push(c);
                after_space = false;
            }
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A text in lower case with all offsets unchanged: a character whose small letter has another
/// length (`İ`) stays as it is.
pub(crate) fn lower_in_place(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let small = |c: char| {
        if Letter::from_char(c).is_small() {
            return c;
        }
        let mut lower = c.to_lowercase();
        let first = lower.next().filter(|lower| lower.len_utf8() == c.len_utf8());
        if lower.next().is_none() { first.unwrap_or(c) } else { c }
    };
    text.chars().map(small).collect()
}

/// The number of words; in scripts without spaces each character counts as one.
#[must_use]
pub fn word_count(text: &str) -> u32 {
    let mut count: u32 = 0;
    let mut in_word = false;
    for c in text.chars() {
        if c.is_ascii() {
            let is_part = c.is_ascii_alphanumeric();
            count = count.saturating_add(u32::from(is_part && !in_word));
            in_word = is_part;
            continue;
        }
        let alone = matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}');
        let word = Letter::from_char(c).is_alphanumeric();
        if word && (alone || !in_word) {
            count = count.saturating_add(1);
        }
        in_word = word && !alone;
    }
    count
}

/// Letters and digits alone, in lower case and compatibility form (NFKC): what stays of a headline
/// that was set again with other quotes, dashes or spaces, or stretched in Arabic script.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if text.is_ascii() {
        out.extend(
            text.bytes()
                .filter(u8::is_ascii_alphanumeric)
                .map(|byte| char::from(byte.to_ascii_lowercase())),
        );
        return out;
    }
    nfkc(text, |c| {
        if c.is_ascii() {
            if c.is_ascii_alphanumeric() {
                out.push(c.to_ascii_lowercase());
            }
            return;
        }
        let letter = Letter::from_char(c);
        if letter.is_alphanumeric() && c != '\u{640}' {
            if letter.is_small() {
                out.push(c);
            } else {
                out.extend(c.to_lowercase());
            }
        }
    });
    out
}

/// Calls `take` with each character of a text in compatibility form (NFKC). Only what is not in that
/// form is converted: a check is a small part of what the conversion costs.
pub(crate) fn nfkc(text: &str, mut take: impl FnMut(char)) {
    for (part, is_stable) in stable_parts(text) {
        if is_stable {
            for c in part.chars() {
                take(c);
            }
        } else {
            part.nfkc().for_each(&mut take);
        }
    }
}

/// A text in canonical composition (NFC).
fn nfc(text: &str) -> Cow<'_, str> {
    let mut parts = stable_parts(text).peekable();
    // What is its own NFKC is its own NFC.
    if parts.next_if(|(part, is_stable)| *is_stable && part.len() == text.len()).is_some() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for (part, is_stable) in parts {
        if is_stable {
            out.push_str(part);
        } else {
            out.extend(part.nfc());
        }
    }
    Cow::Owned(out)
}

/// Cuts a text into parts that can be normalised one by one, and says of each whether all of it is
/// its own NFKC.
fn stable_parts(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = text;
    // What follows the stable part: empty where that was all.
    let mut odd = "";
    std::iter::from_fn(move || {
        if !odd.is_empty() {
            return Some((std::mem::take(&mut odd), false));
        }
        let (before, after) = rest.split_at(stable_length(rest));
        let is_stable = |c: char| Letter::from_char(c).is_stable();
        let length = after.find(is_stable).unwrap_or(after.len());
        // What is not stable may be a mark of the character before it, which goes with it.
        let with_base = before.char_indices().next_back().filter(|_| length > 0);
        let (stable, _) = before.split_at(with_base.map_or(before.len(), |(at, _)| at));
        let from_stable = &rest[stable.len()..];
        let (part, left) = from_stable.split_at(from_stable.len() - after.len() + length);
        rest = left;
        if stable.is_empty() {
            return Some((part, false)).filter(|(part, _)| !part.is_empty());
        }
        odd = part;
        Some((stable, true))
    })
}

/// The same as [`str::to_lowercase`], without a copy of a text that is in lower case already.
pub(crate) fn lower(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| Letter::from_char(c).is_small()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

/// The hash of title and text in NFC with white space collapsed, as `sha256:` and 64 hexadecimal
/// digits.
#[must_use]
pub fn content_hash(title: Option<&str>, text: Option<&str>) -> String {
    let mut hash = Sha256::new();
    for part in [title, text] {
        let collapsed = collapse(part.unwrap_or_default());
        let folded = nfc(&collapsed);
        hash.update((folded.len() as u64).to_be_bytes());
        hash.update(folded.as_bytes());
    }
    let mut out = String::from("sha256:");
    for byte in hash.finalize() {
        out.extend(
            [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')),
        );
    }
    out
}

/// Bytes of the characters at the beginning of a text that are their own NFKC.
fn stable_length(text: &str) -> usize {
    let mut length = 0;
    while let Some(byte) = text.as_bytes().get(length) {
        if byte.is_ascii() {
            length += 1;
            continue;
        }
        match text[length..].chars().next() {
            Some(c) if Letter::from_char(c).is_stable() => length += c.len_utf8(),
            _ => break,
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_invisible_characters_do_not_count() {
        assert_eq!(collapse(" a\u{a0}\n b\u{200b}c\u{ad} "), "a bc");
        assert_eq!(
            content_hash(Some("A"), Some("x  y")),
            content_hash(Some(" A"), Some("x\ny\u{200f}"))
        );
        assert_ne!(content_hash(Some("A"), Some("xy")), content_hash(Some("Ax"), Some("y")));
    }

    #[test]
    fn signs_of_a_sites_font_and_controls_go_and_joiners_stay() {
        assert_eq!(collapse("\u{e900} Share\u{fffc} \u{7}a\u{85}b"), "Share a b");
        assert_eq!(collapse("می\u{200c}رود"), "می\u{200c}رود");
        assert_eq!(fold("الـمـيناء"), fold("الميناء"));
    }

    #[test]
    fn a_text_in_parts_is_normalised_as_the_whole_is() {
        // Marks, jamo, ligatures and signs of which each may change what is beside it.
        let signs = "ae\u{301}\u{323}ö각\u{1100}\u{1161}\u{11a8}\u{11a7}ﬁ…\u{a0}ａ١ـﻻ\u{64b}\u{653}ا\u{b47}\u{b3e}が\u{3099}か㎏\u{344}𝐀𑂙\u{110ba}.";
        let signs: Vec<char> = signs.chars().collect();
        let mut state = 1_u32;
        for _ in 0..20_000 {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state as usize >> 16
            };
            let length = next() % 9;
            let text: String = (0..length).map(|_| signs[next() % signs.len()]).collect();
            let mut converted = String::new();
            nfkc(&text, |c| converted.push(c));
            assert_eq!(converted, text.nfkc().collect::<String>(), "{text:?}");
            assert_eq!(nfc(&text), text.nfc().collect::<String>(), "{text:?}");
        }
    }

    #[test]
    fn small_letters_stand_where_their_large_ones_did() {
        assert_eq!(lower_in_place("İSTANBUL ẞ Été"), "İstanbul ẞ été");
    }

    #[test]
    fn words_are_counted_in_every_script() {
        assert_eq!(word_count("Two words, three!"), 3);
        assert_eq!(word_count("نشرة الأخبار"), 2);
        assert_eq!(word_count("北京 news"), 3);
    }
}
