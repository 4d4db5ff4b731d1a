//! A pull parser for sloppy JSON: commas too many or too few, comments, single quotes,
//! names without quotes, raw control characters, an end that is missing.
//!
//! What must stay true: nothing recurses and each byte is read a bounded number of times.

use std::borrow::Cow;

use memchr::{memchr, memmem};

/// The deepest nesting of lists and objects; deeper ones are skipped as a whole.
const MAX_DEPTH: usize = 64;

#[derive(Debug)]
pub(super) struct PullParser<'a> {
    text: &'a str,
    at: usize,
    /// What closes the objects and lists that were entered.
    open: Vec<u8>,
    /// Whether strict JSON would be different.
    pub(super) sloppy: bool,
    /// Whether the text ended within a value.
    pub(super) cut: bool,
}

impl<'a> PullParser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, open: Vec::new(), sloppy: false, cut: false }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The first byte of what comes next, past white space, commas and comments.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'/') if self.text[self.at..].starts_with("//") => {
                    self.pass(memchr(b'\n', &self.text.as_bytes()[self.at..]));
                }
                Some(b'/') if self.text[self.at..].starts_with("/*") => {
                    self.pass(
                        memmem::find(&self.text.as_bytes()[self.at + 2..], b"*/")
                            .map(|end| end + 3),
                    );
                }
                other => return other,
            }
        }
    }

    fn pass(&mut self, end: Option<usize>) {
        self.sloppy = true;
        self.at = end.map_or(self.text.len(), |end| self.at + end + 1);
    }

    /// Enters an object (`{`) or a list (`[`); `false` where there is none.
    pub(super) fn enter(&mut self, bracket: u8) -> bool {
        if self.peek() != Some(bracket) || self.open.len() >= MAX_DEPTH {
            return false;
        }
        self.at += 1;
        self.open.push(if bracket == b'{' { b'}' } else { b']' });
        true
    }

    /// Past the commas before the next element; `false` where the list or object ends,
    /// which is left then.
    fn more(&mut self) -> bool {
        let Some(closes) = self.open.last().copied() else { return false };
        let mut commas = 0;
        loop {
            match self.peek() {
                Some(b',') => {
                    commas += 1;
                    self.at += 1;
                }
                Some(byte @ (b'}' | b']')) => {
                    self.sloppy |= commas > 0 || byte != closes;
                    self.open.pop();
                    // A wrong bracket closes what it can.
                    if byte == closes || !self.open.contains(&byte) {
                        self.at += 1;
                    }
                    return false;
                }
                Some(_) => {
                    self.sloppy |= commas > 1;
                    return true;
                }
                None => {
                    self.cut = true;
                    self.open.pop();
                    return false;
                }
            }
        }
    }

    /// Whether the list goes on; it is left where it does not.
    pub(super) fn element(&mut self) -> bool {
        self.more()
    }

    /// The name of the next member; `None` where the object ends, which is left then.
    pub(super) fn key(&mut self) -> Option<Cow<'a, str>> {
        loop {
            if !self.more() {
                return None;
            }
            let key = match self.byte() {
                Some(b'"' | b'\'') => self.string(),
                Some(b'{' | b'[') => Cow::Borrowed(""),
                _ => self.word().into(),
            };
            if self.peek() == Some(b':') {
                self.at += 1;
                return Some(key);
            }
            // A value without a name.
            self.sloppy = true;
            if key.is_empty() {
                self.skip();
            }
        }
    }

    /// A string, or a number, `true` or `false` as they are written; `None` for `null`, objects
    /// and lists, which are skipped.
    pub(super) fn scalar(&mut self) -> Option<Cow<'a, str>> {
        match self.peek()? {
            b'"' | b'\'' => Some(self.string()),
            b'{' | b'[' => {
                self.skip();
                None
            }
            b',' | b'}' | b']' => None,
            _ => {
                let word = self.word();
                (!matches!(word, "null" | "NaN" | "undefined" | "")).then_some(Cow::Borrowed(word))
            }
        }
    }

    /// Passes over a value, however deep it is.
    pub(super) fn skip(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                None => {
                    self.cut = true;
                    return;
                }
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') => {
                    if depth == 0 {
                        return;
                    }
                    depth -= 1;
                    self.at += 1;
                }
                Some(b'"' | b'\'') => drop(self.string()),
                Some(b',') if depth == 0 => return,
                Some(b',' | b':') => self.at += 1,
                Some(_) => drop(self.word()),
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// What stands up to the next separator.
    fn word(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let ends = |byte: u8| {
            matches!(byte, b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"' | b'\'')
                || byte.is_ascii_whitespace()
        };
        let length = rest.bytes().position(ends).unwrap_or(rest.len());
        let length =
            if length == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { length };
        self.cut |= length == rest.len();
        self.at += length;
        &rest[..length]
    }

    fn string(&mut self) -> Cow<'a, str> {
        let quote = self.byte().unwrap_or(b'"');
        self.sloppy |= quote != b'"';
        self.at += 1;
        let rest = &self.text[self.at..];
        let Some(mut end) = memchr::memchr2(quote, b'\\', rest.as_bytes()) else {
            return self.unended(rest);
        };
        if rest.as_bytes()[end] == quote {
            self.at += end + 1;
            return Cow::Borrowed(&rest[..end]);
        }
        let mut out = String::with_capacity(end + 64);
        let mut from = 0;
        loop {
            out.push_str(&rest[from..end]);
            if rest.as_bytes()[end] == quote {
                self.at += end + 1;
                return Cow::Owned(out);
            }
            from = end + escape(&rest[end..], &mut out);
            match memchr::memchr2(quote, b'\\', &rest.as_bytes()[from..]) {
                Some(next) => end = from + next,
                None => return self.unended(rest),
            }
        }
    }

    fn unended(&mut self, rest: &'a str) -> Cow<'a, str> {
        self.cut = true;
        self.at = self.text.len();
        Cow::Borrowed(rest)
    }
}

/// Decodes the escape at the start of `rest`; its length.
fn escape(rest: &str, out: &mut String) -> usize {
    let Some(kind) = rest[1..].chars().next() else { return 1 };
    match kind {
        'n' => out.push('\n'),
        't' => out.push('\t'),
        'r' => out.push('\r'),
        // Backspace and form feed are no text.
        'b' | 'f' => {}
        'u' => return unicode(rest, out),
        other => out.push(other),
    }
    1 + kind.len_utf8()
}

/// `\u00e9`, or two of them.
fn unicode(rest: &str, out: &mut String) -> usize {
    let unit = |at: usize| {
        u16::from_str_radix(
            rest.get(at..at + 4)
                .filter(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()))?,
            16,
        )
        .ok()
    };
    let Some(first) = unit(2) else {
        out.push('u');
        return 2;
    };
    let second = rest
        .get(6..8)
        .filter(|rest| *rest == "\\u")
        .and_then(|_| unit(8))
        .filter(|low| (0xdc00..0xe000).contains(low));
    let units = [first, second.unwrap_or_default()];
    let pair = second.is_some() && (0xd800..0xdc00).contains(&first);
    let used = if pair { &units[..] } else { &units[..1] };
    out.extend(
        char::decode_utf16(used.iter().copied())
            // A half without its other half is no character.
            .filter_map(Result::ok)
            .filter(|c| !c.is_control() || c.is_whitespace()),
    );
    if pair { 12 } else { 6 }
}
