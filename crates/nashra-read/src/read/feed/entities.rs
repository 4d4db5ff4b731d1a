//! References to characters, and the entities that a document declares for itself.
//!
//! Feeds use HTML's names without declaring them, write a bare `&`, and use numbers of
//! Windows-1252. A reference without a meaning stays as it is written. What must stay true: what
//! expansion adds is bounded by [`MAX_ADDED`], whatever a document declares.

use std::{borrow::Cow, cell::Cell};

use memchr::{memchr, memchr2};

/// The most entities of a document; real ones declare a few.
const MAX_ENTITIES: usize = 64;
/// The most document types of one text; there should be one.
const MAX_DOCTYPES: usize = 4;
/// The most bytes of the value of an entity.
const MAX_VALUE: usize = 1_024;
/// Bytes that the expansion of declared entities may add to a document.
const MAX_ADDED: usize = 1 << 20;
/// Bytes of a reference between `&` and `;`.
const MAX_REFERENCE: usize = 40;

/// What Windows-1252 has where Unicode has control characters: such numbers mean these.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

#[derive(Debug, Default)]
pub(super) struct Entities<'a> {
    declared: Vec<(&'a str, String)>,
    /// Document types that were read.
    doctypes: usize,
    added: Cell<usize>,
    /// Whether an `&` without a reference was met.
    bare: Cell<bool>,
}

impl<'a> Entities<'a> {
    /// Whether an `&` without a reference was met.
    pub(super) fn met_bare(&self) -> bool {
        self.bare.get()
    }

    /// Reads the document type at the start of `rest`; its length.
    pub(super) fn doctype(&mut self, rest: &'a str) -> usize {
        self.doctypes += 1;
        if self.doctypes > MAX_DOCTYPES {
            return 2;
        }
        let bytes = rest.as_bytes();
        let Some(first) = memchr2(b'[', b'>', bytes) else { return bytes.len() };
        if bytes[first] == b'>' {
            return first + 1;
        }
        let closes = |at: &usize| bytes[at + 1..].trim_ascii_start().starts_with(b">");
        let end = memchr::memchr_iter(b']', &bytes[first..])
            .take(MAX_ENTITIES)
            .map(|at| first + at)
            .find(closes);
        let Some(end) = end else { return first + 1 };
        for declaration in rest[first..end].split("<!ENTITY").skip(1).take(MAX_ENTITIES) {
            self.declare(declaration);
        }
        end + 1 + memchr(b'>', &bytes[end + 1..]).map_or(0, |at| at + 1)
    }

    /// Reads a declaration behind `<!ENTITY`: `name "value">`.
    fn declare(&mut self, declaration: &'a str) {
        let Some((name, rest)) =
            declaration.trim_ascii_start().split_once(|c: char| c.is_ascii_whitespace())
        else {
            return;
        };
        let rest = rest.trim_ascii_start();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return };
        let Some((value, _)) = rest[1..].split_once(quote) else { return };
        let value = if value.len() <= MAX_VALUE { self.decode(value).into_owned() } else { return };
        if value.len() <= MAX_VALUE && self.declared.len() < MAX_ENTITIES {
            self.declared.push((name, value));
        }
    }

    /// The text with its references decoded, once.
    pub(super) fn decode<'t>(&self, raw: &'t str) -> Cow<'t, str> {
        let Some(first) = memchr2(b'&', b'\r', raw.as_bytes()) else { return Cow::Borrowed(raw) };
        let mut out = String::with_capacity(raw.len());
        out.push_str(&raw[..first]);
        self.decode_into(&raw[first..], &mut out);
        Cow::Owned(out)
    }

    /// The same, appended. Ends of lines become `\n` (XML 1.0 §2.11).
    pub(super) fn decode_into(&self, raw: &str, out: &mut String) {
        let mut rest = raw;
        while let Some(at) = memchr2(b'&', b'\r', rest.as_bytes()) {
            out.push_str(&rest[..at]);
            let tail = &rest[at..];
            rest = if let Some(line) = tail.strip_prefix('\r') {
                if !line.starts_with('\n') {
                    out.push('\n');
                }
                line
            } else if let Some(length) = self.reference(tail, out) {
                &tail[length..]
            } else {
                self.bare.set(true);
                out.push('&');
                &tail[1..]
            };
        }
        out.push_str(rest);
    }

    /// Decodes the reference at the start of `tail`; its length, or `None` where it has no meaning.
    fn reference(&self, tail: &str, out: &mut String) -> Option<usize> {
        let bytes = tail.as_bytes();
        let (c, length) = match bytes {
            [_, b'l', b't', b';', ..] => ('<', 4),
            [_, b'g', b't', b';', ..] => ('>', 4),
            [_, b'a', b'm', b'p', b';', ..] => ('&', 5),
            [_, b'q', b'u', b'o', b't', b';', ..] => ('"', 6),
            [_, b'a', b'p', b'o', b's', b';', ..] => ('\'', 6),
            [_, b'#', ..] => return number(bytes, out),
            _ => return self.named(tail, out),
        };
        out.push(c);
        Some(length)
    }

    fn named(&self, tail: &str, out: &mut String) -> Option<usize> {
        let window = tail.as_bytes().get(..MAX_REFERENCE).unwrap_or(tail.as_bytes());
        let end = memchr(b';', window)?;
        if let Some((_, value)) = self.declared.iter().find(|(name, _)| *name == &tail[1..end]) {
            let added = self.added.get() + value.len();
            if added > MAX_ADDED {
                return None;
            }
            self.added.set(added);
            out.push_str(value);
            return Some(end + 1);
        }
        let value = htmlize::ENTITIES.get(&window[..=end])?;
        out.push_str(std::str::from_utf8(value).ok()?);
        Some(end + 1)
    }

    /// Whether the document declares any.
    pub(super) fn declares_any(&self) -> bool {
        !self.declared.is_empty()
    }

    /// Whether the document declares the entity whose reference starts `tail`.
    pub(super) fn declares(&self, tail: &str) -> bool {
        self.declared
            .iter()
            .any(|(name, _)| tail[1..].strip_prefix(name).is_some_and(|rest| rest.starts_with(';')))
    }
}

/// `&#8212;`, `&#x2014;`. Characters that XML forbids are dropped; numbers that are the bytes of
/// UTF-8 are read as that.
fn number(bytes: &[u8], out: &mut String) -> Option<usize> {
    let (code, length) = code(bytes)?;
    if let 0xd800..0xdc00 = code
        && let Some((c, length)) = halves(bytes)
    {
        out.push(c);
        return Some(length);
    }
    if let 0xc2..=0xf4 = code
        && let Some((c, length)) = utf8_in_numbers(bytes)
    {
        out.push(c);
        return Some(length);
    }
    let c = match code {
        code @ 0x80..=0x9f => WINDOWS_1252.get(code as usize - 0x80).copied(),
        code @ (0x09 | 0x0a | 0x0d) => char::from_u32(code),
        0x00..=0x1f | 0x7f | 0xfffe | 0xffff => None,
        code => char::from_u32(code),
    };
    out.extend(c);
    Some(length)
}

/// The number of the reference at the start, and its length.
fn code(bytes: &[u8]) -> Option<(u32, usize)> {
    let window = bytes.get(..MAX_REFERENCE).unwrap_or(bytes).strip_prefix(b"&#")?;
    let end = memchr(b';', window)?;
    let digits = std::str::from_utf8(&window[..end]).ok()?;
    let (digits, radix) = digits.strip_prefix(['x', 'X']).map_or((digits, 10), |rest| (rest, 16));
    let whole = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    whole.then(|| (u32::from_str_radix(digits, radix).unwrap_or(u32::MAX), end + 3))
}

/// `&#55357;&#56351;`: the halves of one character, as UTF-16 has it; the character and the length of
/// both.
fn halves(bytes: &[u8]) -> Option<(char, usize)> {
    let (high, length) = code(bytes)?;
    let high = u16::try_from(high).ok().filter(|unit| (0xd800..0xdc00).contains(unit))?;
    let (low, more) = code(bytes.get(length..)?)?;
    let low = u16::try_from(low).ok().filter(|unit| (0xdc00..0xe000).contains(unit))?;
    let c = char::decode_utf16([high, low]).next()?.ok()?;
    Some((c, length + more))
}

/// The text with such pairs as characters; other references stay as they are.
pub(super) fn join_halves(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"&#") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = if let Some((c, length)) = halves(rest.as_bytes()) {
            out.push(c);
            length
        } else {
            out.push_str("&#");
            2
        };
        rest = &rest[length..];
    }
    out + rest
}

/// `&#226;&#128;&#153;`: somebody numbered the bytes of a character.
fn utf8_in_numbers(bytes: &[u8]) -> Option<(char, usize)> {
    let (mut units, mut at) = ([0_u8; 4], 0);
    for count in 0..4 {
        let (code, length) = code(&bytes[at..])?;
        units[count] = u8::try_from(code).ok()?;
        at += length;
        if let Some(c) =
            std::str::from_utf8(&units[..=count]).ok().and_then(|text| text.chars().next())
        {
            return Some((c, at));
        }
    }
    None
}

/// The character that a control character from U+0080 on was meant to be.
pub(super) fn from_windows_1252(c: char) -> char {
    (u32::from(c) as usize)
        .checked_sub(0x80)
        .and_then(|index| WINDOWS_1252.get(index).copied())
        .unwrap_or(c)
}
