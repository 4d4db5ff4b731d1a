//! Reads what a script holds as a stream of strings, keys and brackets, in one pass.
//!
//! The state of a page is JSON, an object of JavaScript, or either within a string. All of them are
//! strings between brackets, so one reader does for all, however deep they nest and wherever they
//! break off. What must stay true: nothing recurses but into a string, and that a few times; time is
//! linear in the source.

use std::borrow::Cow;

/// The longest string that is kept, in bytes.
const MAX_STRING: usize = 2 << 20;

/// What is read.
#[derive(Debug, PartialEq)]
pub(super) enum Event<'a> {
    /// An object, an array or the arguments of a call begin.
    Open {
        array: bool,
    },
    Close,
    /// The name of what follows.
    Key(Cow<'a, str>),
    /// A string.
    Text(Cow<'a, str>),
}

/// Reads a source and passes on what it holds.
pub(super) fn scan<'a>(source: &'a str, sink: &mut impl FnMut(Event<'a>)) {
    let bytes = source.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => sink(Event::Open { array: false }),
            b'[' | b'(' => sink(Event::Open { array: true }),
            b'}' | b']' | b')' => sink(Event::Close),
            b'"' | b'\'' | b'`' if *byte == b'"' || begins(bytes, at) => {
                let end = string_end(bytes, at + 1, *byte);
                if let Some(raw) = source.get(at + 1..end).filter(|raw| raw.len() <= MAX_STRING) {
                    let text = unescape(raw);
                    let key = is_key(bytes, end + 1);
                    sink(if key { Event::Key(text) } else { Event::Text(text) });
                }
                at = end;
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'$' => {
                let length = bytes[at..]
                    .iter()
                    .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')))
                    .unwrap_or(bytes.len() - at);
                if is_key(bytes, at + length)
                    && let Some(name) = source.get(at..at + length)
                {
                    sink(Event::Key(Cow::Borrowed(name)));
                }
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
}

/// Whether a string may begin at a quotation mark that is an apostrophe, too.
fn begins(bytes: &[u8], at: usize) -> bool {
    let before = bytes[..at].iter().rev().find(|byte| !byte.is_ascii_whitespace());
    before.is_none_or(|byte| matches!(byte, b'(' | b',' | b':' | b'[' | b'=' | b'{' | b'+'))
}

/// The offset of the quotation mark that ends a string, or of the line end that breaks it off.
fn string_end(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\n' if quote != b'`' => return at,
            byte if *byte == quote => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Whether a colon follows.
fn is_key(bytes: &[u8], from: usize) -> bool {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

/// A string with its escapes resolved, as JSON and JavaScript have them.
fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, behind)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = behind.chars();
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r' | 'b' | 'f' | 'v' | '0' | '\n') | None => {}
            Some(kind @ ('u' | 'x')) => {
                let (c, length) = code(behind, kind);
                out.push(c);
                chars = behind.get(length..).unwrap_or_default().chars();
            }
            Some(c) => out.push(c),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What stands for a code that is none.
const NONE: char = char::REPLACEMENT_CHARACTER;

/// The character of `uXXXX`, of two such that are halves of one, of `u{X}` or `xXX`, and the bytes
/// that it is written with.
fn code(text: &str, kind: char) -> (char, usize) {
    let hex = |from: usize, to: usize| {
        text.get(from..to).and_then(|digits| u32::from_str_radix(digits, 16).ok())
    };
    if kind == 'x' {
        return (hex(1, 3).and_then(char::from_u32).unwrap_or(NONE), 3);
    }
    if text.as_bytes().get(1) == Some(&b'{') {
        let end = text.bytes().take(10).position(|byte| byte == b'}').unwrap_or(1);
        return (hex(2, end.max(2)).and_then(char::from_u32).unwrap_or(NONE), end + 1);
    }
    let Some(first) = hex(1, 5) else { return (NONE, 1) };
    let second = hex(7, 11).filter(|_| text.get(5..7) == Some("\\u"));
    if (0xd800..0xdc00).contains(&first)
        && let Some(low @ 0xdc00..0xe000) = second
    {
        let whole = 0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00);
        return (char::from_u32(whole).unwrap_or(NONE), 11);
    }
    (char::from_u32(first).unwrap_or(NONE), 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> String {
        let mut out = String::new();
        scan(source, &mut |event| match event {
            Event::Open { array } => out.push(if array { '[' } else { '{' }),
            Event::Close => out.push(']'),
            Event::Key(key) => out += &(key.into_owned() + ":"),
            Event::Text(text) => out += &["<", &text, ">"].concat(),
        });
        out
    }

    #[test]
    fn json_and_javascript_are_read_alike() {
        assert_eq!(
            read(r#"{"a": ["b\nc", 1, "\u00e9\ud83d\udc1f\/"], "d": null}"#),
            "{a:[<b\nc><é🐟/>]d:]"
        );
        assert_eq!(
            read("window.__STATE__ = {a:'b\\'c',\n d : [x, `e`, \"f\\x41\\u{42}\"]}; // don't"),
            "{a:<b'c>d:[<e><fAB>]]"
        );
    }

    #[test]
    fn what_breaks_off_or_nests_without_end_is_read_as_far_as_it_goes() {
        assert_eq!(read(r#"{"a": "b"#), "{a:<b>");
        assert_eq!(read(r#""\u12"#), "<\u{fffd}12>");
        assert_eq!(read(&"[".repeat(100_000)).len(), 100_000);
    }
}
