//! What an element says: plain text, HTML that was escaped, or markup that stands in the feed as it is.

use std::borrow::Cow;

use base64::Engine as _;
use memchr::memmem;
use serde::Serialize;
use url::Url;

use super::{
    entities::{self, Entities},
    names::{Field, Namespace},
    tree::Element,
};

const CDATA: &str = "<![CDATA[";

/// How the characters of a text are meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Characters.
    Plain,
    /// HTML, or what nobody tells apart from it: RSS says nothing.
    #[default]
    Html,
    /// XHTML.
    Xhtml,
}

/// A text of the feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Text {
    /// Its characters; not yet safe.
    pub value: String,
    /// What they are.
    pub kind: Kind,
    /// What relative addresses in it are relative to, where that is not the document's own base.
    pub base: Option<Url>,
}

impl Text {
    /// Of an element; `None` where it is empty.
    pub(super) fn of(element: Element<'_, '_>) -> Option<Self> {
        let atom = matches!(element.namespace(), Namespace::Atom | Namespace::Atom03);
        let (value, kind) = if atom { construct(element) } else { (string(element), Kind::Html) };
        let value = trimmed(value);
        if value.is_empty() {
            return None;
        }
        let base = element.node().base;
        let base = (base != 0 && kind != Kind::Plain).then(|| element.unit.bases.get(base).clone());
        Some(Self { value, kind, base })
    }

    /// As HTML.
    #[must_use]
    pub fn html(&self) -> Cow<'_, str> {
        match self.kind {
            Kind::Plain if self.value.contains(['<', '&']) => escaped(&self.value).into(),
            _ => Cow::Borrowed(&self.value),
        }
    }
}

fn trimmed(value: Cow<'_, str>) -> String {
    let trimmed = value.trim();
    if trimmed.len() == value.len() { value.into_owned() } else { trimmed.to_owned() }
}

/// What an element says, its references decoded once. Markup in it stays as it is written.
pub(super) fn string<'a>(element: Element<'_, 'a>) -> Cow<'a, str> {
    decoded(element.inner(), element.unit.entities)
}

fn decoded<'a>(inner: &'a str, entities: &Entities<'_>) -> Cow<'a, str> {
    if memchr::memchr(b'<', inner.as_bytes()).is_none() {
        return entities.decode(inner);
    }
    if let Some(section) = inner.trim_ascii().strip_prefix(CDATA) {
        let (section, rest) = entities::split_cdata(section);
        if rest.is_empty() {
            return lines(section);
        }
    }
    if has_element(inner) {
        return markup(inner, entities).into();
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('<') {
        entities.decode_into(&rest[..at], &mut out);
        rest = &rest[at..];
        if let Some(section) = rest.strip_prefix(CDATA) {
            let section = entities::split_cdata(section);
            out.push_str(&lines(section.0));
            rest = section.1;
        } else if let Some(behind) = behind_comment(rest).or_else(|| behind_end_tag(rest)) {
            rest = behind;
        } else {
            out.push('<');
            rest = &rest[1..];
        }
    }
    entities.decode_into(rest, &mut out);
    out.into()
}

/// The same, trimmed; `None` where nothing is left.
pub(super) fn trimmed_string<'a>(element: Element<'_, 'a>) -> Option<Cow<'a, str>> {
    let value = match string(element) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(trimmed(text.into())),
    };
    Some(value).filter(|it| !it.is_empty())
}

/// Ends of lines as `\n` (XML 1.0 §2.11).
fn lines(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Whether an element begins in it, outside of CDATA sections and comments.
fn has_element(inner: &str) -> bool {
    let mut rest = inner;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if let Some(section) = rest.strip_prefix(CDATA) {
            rest = entities::split_cdata(section).1;
        } else if let Some(behind) = behind_comment(rest) {
            rest = behind;
        } else if tag_name(rest) == Some(1) {
            return true;
        } else {
            rest = &rest[1..];
        }
    }
    false
}

/// What follows the end tag at the start.
fn behind_end_tag(rest: &str) -> Option<&str> {
    tag_name(rest).filter(|it| *it == 2)?;
    rest.split_once('>').map(|it| it.1)
}

/// What follows the comment or the instruction at the start; none where there is none, or it has no end.
fn behind_comment(rest: &str) -> Option<&str> {
    let end: &[u8] = match rest.as_bytes() {
        [_, b'!', b'-', b'-', ..] => b"-->",
        [_, b'?', ..] => b"?>",
        _ => return None,
    };
    memmem::find(rest.as_bytes(), end).map(|it| &rest[it + end.len()..])
}

/// Where the name of the tag at the start is.
fn tag_name(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let from = 1 + usize::from(bytes.get(1) == Some(&b'/'));
    bytes.get(from).is_some_and(u8::is_ascii_alphabetic).then_some(from)
}

/// Markup as HTML: CDATA sections escaped, comments dropped, prefixes of names taken off, declared entities decoded.
fn markup(inner: &str, entities: &Entities<'_>) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr2(b'<', b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(section) = rest.strip_prefix(CDATA) {
            let section = entities::split_cdata(section);
            out.push_str(&escaped(section.0));
            rest = section.1;
        } else if let Some(behind) = behind_comment(rest) {
            rest = behind;
        } else if let Some(from) = tag_name(rest) {
            out.push_str(&rest[..from]);
            rest = without_prefix(&rest[from..]);
        } else if rest.starts_with('&') && entities.declares(rest) {
            let end = rest.find(';').map_or(rest.len(), |it| it + 1);
            out.push_str(&escaped(&entities.decode(&rest[..end])));
            rest = &rest[end..];
        } else {
            out.push_str(if rest.starts_with('<') { "&lt;" } else { "&" });
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

/// `xhtml:p>` as `p>`
fn without_prefix(name: &str) -> &str {
    let end = name.bytes().position(|it| !(it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'))).unwrap_or(name.len());
    match name.as_bytes().get(end) {
        Some(b':') => &name[end + 1..],
        _ => name,
    }
}

/// Plain text as HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An Atom text construct (RFC 4287 §3.1), or one of Atom 0.3 with its mode.
fn construct<'a>(element: Element<'_, 'a>) -> (Cow<'a, str>, Kind) {
    let kind = element.attribute("type").map(|it| it.to_ascii_lowercase());
    let kind = kind.as_deref().map(|it| it.split(';').next().unwrap_or_default().trim_ascii());
    let mode = element.attribute("mode");
    match (mode.as_deref(), kind) {
        (Some("base64"), _) => (base64(element).unwrap_or_else(|| string(element)), Kind::Html),
        (Some("escaped"), Some("text/plain" | "text")) => (string(element), Kind::Plain),
        (Some("escaped"), _) => (string(element), Kind::Html),
        (_, Some("xhtml" | "application/xhtml+xml")) => (xhtml(element), Kind::Xhtml),
        (_, None | Some("text" | "text/plain" | "plain")) if has_element(element.inner()) => (xhtml(element), Kind::Xhtml),
        (_, None | Some("text" | "text/plain" | "plain")) => (string(element), Kind::Plain),
        (_, Some(kind)) if is_binary(kind) => (binary(element, kind), Kind::Html),
        // A `div` around HTML that is escaped all the same.
        _ => (sole_division(element).map_or_else(|| string(element), string), Kind::Html),
    }
}

/// A media type whose content is Base64 (RFC 4287 §4.1.3.3).
fn is_binary(kind: &str) -> bool {
    kind.contains('/') && !kind.starts_with("text/") && !kind.ends_with("+xml") && !kind.ends_with("/xml")
}

/// Content of a media type that nothing else covers: text where its bytes are that. Pictures, sound and films never are.
fn binary<'a>(element: Element<'_, 'a>, kind: &str) -> Cow<'a, str> {
    let never = ["image/", "audio/", "video/"].iter().any(|it| kind.starts_with(it)) || kind == "application/octet-stream";
    base64(element).unwrap_or_else(|| if never { Cow::Borrowed("") } else { string(element) })
}

/// Base64 whose bytes are text.
fn base64<'a>(element: Element<'_, 'a>) -> Option<Cow<'a, str>> {
    let compact: Vec<u8> = string(element).bytes().filter(|it| !it.is_ascii_whitespace()).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(&compact).ok()?;
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Markup; in Atom 1.0 without the `div` that wraps it, which is no part of the content there (RFC 4287 §3.1.1.3).
fn xhtml<'a>(element: Element<'_, 'a>) -> Cow<'a, str> {
    let division = sole_division(element).filter(|_| element.namespace() == Namespace::Atom);
    markup(division.map_or(element.inner(), Element::inner), element.unit.entities).into()
}

/// The `div` that is all that stands in an element.
fn sole_division<'t, 'a>(element: Element<'t, 'a>) -> Option<Element<'t, 'a>> {
    let division = element.children().next().filter(|it| it.field() == Field::Division && it.node().closed)?;
    let inner = element.inner().trim_ascii_start();
    let mut behind = &element.unit.text[division.node().to..element.node().to];
    while let Some(rest) = behind_end_tag(behind.trim_ascii_start()) {
        behind = rest;
    }
    (behind.trim_ascii().is_empty() && tag_name(inner) == Some(1) && inner.starts_with('<')).then_some(division)
}
