//! A start tag as browsers read it (HTML Living Standard §13.2.5.6–40).

/// A start tag, `<name attributes>`.
#[derive(Debug)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    /// Whether it ends in `/>`.
    pub(super) empty: bool,
    /// Bytes of the whole tag.
    pub(super) length: usize,
}

impl<'a> Tag<'a> {
    /// The tag at the start of `rest`, its attributes put into `attributes`; none where it has no
    /// end.
    pub(super) fn parse(rest: &'a str, attributes: &mut Vec<(&'a str, &'a str)>) -> Option<Self> {
        let name_end = 1 + rest.as_bytes()[1..]
            .iter()
            .position(|byte| is_space(*byte) || matches!(byte, b'/' | b'>'))?;
        attributes.clear();
        let mut reader = Attributes { text: &rest[name_end..], at: 0, closed: false, slash: false };
        for attribute in reader.by_ref() {
            if attributes.len() < MAX_ATTRIBUTES {
                attributes.push(attribute);
            }
        }
        let length = name_end + reader.at + 1;
        reader.closed.then(|| Self { name: &rest[1..name_end], empty: reader.slash, length })
    }
}

/// Attributes of one tag that are looked at.
const MAX_ATTRIBUTES: usize = 64;

struct Attributes<'a> {
    text: &'a str,
    at: usize,
    /// Whether the tag's `>` was met.
    closed: bool,
    /// Whether a `/` stood before it.
    slash: bool,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

impl<'a> Attributes<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.byte().is_some_and(&wanted) {
            self.at += 1;
        }
    }

    fn until(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let from = self.at;
        self.skip(|byte| !wanted(byte));
        &self.text[from..self.at]
    }

    fn value(&mut self) -> &'a str {
        self.skip(is_space);
        match self.byte() {
            Some(quote @ (b'"' | b'\'')) => {
                self.at += 1;
                let rest = &self.text.as_bytes()[self.at..];
                let length = memchr::memchr(quote, rest);
                let value = &self.text[self.at..self.at + length.unwrap_or(rest.len())];
                self.at += length.map_or(rest.len(), |length| length + 1);
                value
            }
            _ => self.until(|byte| is_space(byte) || byte == b'>'),
        }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let from = self.at;
        self.skip(|byte| is_space(byte) || byte == b'/');
        let first = self.byte()?;
        if first == b'>' {
            self.closed = true;
            self.slash = self.at > from && self.text.as_bytes()[self.at - 1] == b'/';
            return None;
        }
        let start = self.at;
        // An `=` may begin a name.
        self.at += usize::from(first == b'=');
        self.skip(|byte| !(is_space(byte) || matches!(byte, b'/' | b'>' | b'=')));
        let name = &self.text[start..self.at];
        let behind = self.at;
        self.skip(is_space);
        if self.byte() == Some(b'=') {
            self.at += 1;
            return Some((name, self.value()));
        }
        self.at = behind;
        Some((name, ""))
    }
}
