//! HTML that is safe to show: an allow-list of elements and attributes, written anew.
//!
//! Nothing of the source reaches the output but through it: a tag is written from its name in the
//! list and the attributes that were understood, values are quoted and escaped, a `<` in text is
//! escaped. No element whose content is not parsed as HTML is ever written (script, style, svg,
//! title, …), so whoever parses the output finds the tags that were written and no others, whatever
//! state his parser is in. Elements that are open at the end are closed. What must stay true: one
//! pass, linear, no recursion; addresses have a scheme of the list or none.

use std::borrow::Cow;

use memchr::{memchr, memmem};
use url::Url;

use super::{
    ahead::ForwardSearch,
    bases::{self, Bases},
};

mod list;
mod tag;

use list::Element;
use tag::Tag;

/// The deepest nesting of elements; deeper tags are left out.
const MAX_DEPTH: usize = 256;

/// A fragment of HTML without anything unsafe, its addresses made absolute where possible.
#[must_use]
pub fn safe_html<'a>(html: &'a str, base: &Url) -> Cow<'a, str> {
    safe_within(html, base, &Bases::new(base))
}

/// The same for one of the texts of a document, whose `bases` count what resolving adds to it.
pub(super) fn safe_within<'a>(html: &'a str, base: &Url, bases: &Bases) -> Cow<'a, str> {
    let bytes = html.as_bytes();
    // A `<` that begins no tag is text, but at the end something might follow it.
    let has_tag = memchr::memchr_iter(b'<', bytes).any(|at| {
        bytes
            .get(at + 1)
            .is_none_or(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'!' | b'?'))
    });
    if !has_tag {
        return Cow::Borrowed(html);
    }
    let mut writer = Writer {
        html,
        base,
        bases,
        out: String::with_capacity(html.len() + 64),
        open: Vec::new(),
        comment_end: ForwardSearch::new(b"-->"),
        tag_end: ForwardSearch::new(b">"),
        attributes: Vec::new(),
    };
    writer.run();
    Cow::Owned(writer.out)
}

struct Writer<'a> {
    html: &'a str,
    base: &'a Url,
    bases: &'a Bases,
    out: String,
    /// Elements that were written and are open.
    open: Vec<Element>,
    comment_end: ForwardSearch,
    tag_end: ForwardSearch,
    /// The attributes of the tag that is being read.
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Writer<'a> {
    fn run(&mut self) {
        let html = self.html;
        let mut at = 0;
        while let Some(length) = memchr(b'<', &html.as_bytes()[at..]) {
            self.out.push_str(&html[at..at + length]);
            at += length;
            at += match html.as_bytes().get(at + 1) {
                Some(byte) if byte.is_ascii_alphabetic() => self.start(&html[at..]),
                Some(b'/') => self.end(&html[at..]),
                Some(b'!' | b'?') => self.comment(at).unwrap_or_else(|| self.text()),
                _ => self.text(),
            };
        }
        self.out.push_str(&html[at..]);
        while let Some(element) = self.open.pop() {
            self.write_end(element);
        }
    }

    /// The length of what a browser takes for a comment (HTML Living Standard §13.2.5.41–53); all
    /// the rest where a comment has no end, and none where something else has none.
    fn comment(&mut self, at: usize) -> Option<usize> {
        let rest = &self.html[at..];
        if rest.starts_with("<!-->") || rest.starts_with("<!--->") || !rest.starts_with("<!--") {
            return self.tag_end.find(self.html, at).map(|end| end + 1 - at);
        }
        Some(self.comment_end.find(self.html, at + 4).map_or(rest.len(), |end| end + 3 - at))
    }

    /// A `<` that begins no tag.
    fn text(&mut self) -> usize {
        self.out.push_str("&lt;");
        1
    }

    /// A start tag, and what is left out with it; the length of both.
    fn start(&mut self, rest: &'a str) -> usize {
        // The end of the text within a tag: nobody shows it.
        let Some(tag) = Tag::parse(rest, &mut self.attributes) else { return rest.len() };
        let Some(element) = Element::from_name(tag.name) else {
            if !list::is_dropped(tag.name) || tag.empty {
                return tag.length;
            }
            return tag.length + raw_length(&rest[tag.length..], tag.name);
        };
        if let Some(top) = self.open.last().copied()
            && element.ends(top)
        {
            self.open.pop();
            self.write_end(top);
        }
        if self.open.len() >= MAX_DEPTH {
            return tag.length;
        }
        self.out.push('<');
        self.out.push_str(element.name());
        self.write_attributes(element);
        self.out.push('>');
        if !element.is_void() {
            self.open.push(element);
        }
        tag.length
    }

    fn end(&mut self, rest: &str) -> usize {
        let Some(length) = memchr(b'>', rest.as_bytes()).map(|at| at + 1) else {
            return rest.len();
        };
        let name = rest[2..length - 1]
            .split(|c: char| c.is_ascii_whitespace() || c == '/')
            .next()
            .unwrap_or_default();
        let found = Element::from_name(name)
            .and_then(|element| self.open.iter().rposition(|open| *open == element));
        while found.is_some_and(|found| self.open.len() > found) {
            if let Some(element) = self.open.pop() {
                self.write_end(element);
            }
        }
        length
    }

    fn write_end(&mut self, element: Element) {
        self.out.push_str("</");
        self.out.push_str(element.name());
        self.out.push('>');
    }

    /// The attributes that the list allows, in the order of their names.
    fn write_attributes(&mut self, element: Element) {
        let mut kept: Vec<(&'static str, Cow<'_, str>)> = Vec::new();
        for (name, value) in self.attributes.iter().copied() {
            let Some((name, kind)) = list::attribute(element, name) else { continue };
            if kept.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let value = htmlize::unescape_attribute(value);
            let value = match kind {
                list::ValueKind::Text => Some(value),
                list::ValueKind::Address => {
                    self.address(&value, element == Element::Img).map(Cow::Owned)
                }
                list::ValueKind::Addresses => self.addresses(&value).map(Cow::Owned),
            };
            kept.extend(value.map(|value| (name, value)));
        }
        kept.sort_unstable_by_key(|(name, _)| *name);
        for (name, value) in kept {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape_into(&value, &mut self.out);
            self.out.push('"');
        }
    }

    /// An address whose scheme is harmless; a picture may be in its own address.
    fn address(&self, value: &str, picture: bool) -> Option<String> {
        // Browsers pass over these wherever they stand.
        let value = if value.contains(char::is_control) {
            Cow::Owned(value.replace(char::is_control, ""))
        } else {
            Cow::Borrowed(value)
        };
        let value = value.trim();
        if !bases::has_scheme(value) {
            // What only looks like an address without a scheme.
            let odd = value.split(['/', '?', '#']).next().is_some_and(|part| part.contains(':'));
            return if odd { None } else { Some(self.bases.resolve_against(self.base, value)) };
        }
        let lower = value.get(..32).unwrap_or(value).to_ascii_lowercase();
        let harmless = ["http:", "https:", "mailto:", "tel:", "ftp:"]
            .iter()
            .any(|scheme| lower.starts_with(scheme));
        let picture = picture
            && ["png", "gif", "jpeg", "webp", "avif"].iter().any(|format| {
                lower.strip_prefix("data:image/").is_some_and(|rest| rest.starts_with(format))
            });
        (harmless || picture).then(|| value.to_owned())
    }

    /// The candidates of a `srcset`.
    fn addresses(&self, value: &str) -> Option<String> {
        let candidates: Vec<String> = value
            .split(", ")
            .filter_map(|part| {
                let (url, size) = part
                    .trim()
                    .split_once(|c: char| c.is_ascii_whitespace())
                    .unwrap_or((part.trim(), ""));
                let url = self.address(url, false).filter(|address| !address.is_empty())?;
                Some(if size.is_empty() { url } else { format!("{url} {}", size.trim()) })
            })
            .collect();
        (!candidates.is_empty()).then(|| candidates.join(", "))
    }
}

fn escape_into(value: &str, out: &mut String) {
    let mut from = 0;
    for (at, byte) in value.bytes().enumerate() {
        let escape = match byte {
            b'&' => "&amp;",
            b'"' => "&quot;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => continue,
        };
        out.push_str(&value[from..at]);
        out.push_str(escape);
        from = at + 1;
    }
    out.push_str(&value[from..]);
}

/// The length of an element's raw content with its end tag; all the rest where it has none.
fn raw_length(rest: &str, name: &str) -> usize {
    let bytes = rest.as_bytes();
    let ends = |at: &usize| {
        let name_end = at + 2 + name.len();
        bytes.get(at + 2..name_end).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
            && bytes
                .get(name_end)
                .is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))
    };
    let Some(end) = memmem::find_iter(bytes, b"</").find(ends) else { return rest.len() };
    memchr(b'>', &bytes[end..]).map_or(rest.len(), |at| end + at + 1)
}

#[cfg(test)]
mod tests;
