//! The text of an element: plain text, escaped HTML, or markup that is written into the feed as it
//! is.

use std::{borrow::Cow, sync::Arc};

use base64::Engine as _;
use serde::Serialize;
use url::Url;

use super::{
    entities::{self, Entities},
    markup,
    names::{Field, Namespace},
    pieces::{Piece, Pieces},
    tree::Element,
};

/// The type of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TextKind {
    /// Plain text: a `<` is a character.
    Plain,
    /// HTML, or a text whose type is not declared: RSS declares none.
    #[default]
    Html,
    /// Markup in XHTML.
    Xhtml,
}

/// A text of the feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Text {
    /// The characters of the text; not yet safe to show.
    pub value: String,
    /// The type of the text.
    pub kind: TextKind,
    /// The base of relative addresses in it, where that is not the document's own.
    pub base: Option<Arc<Url>>,
}

impl Text {
    /// Reads an element; `None` where it is empty.
    pub(super) fn parse(element: Element<'_, '_>) -> Option<Self> {
        let atom = matches!(element.namespace(), Namespace::Atom | Namespace::Atom03);
        let (value, kind) =
            if atom { construct(element) } else { (string(element), TextKind::Html) };
        let value = trimmed(match kind {
            TextKind::Html => with_whole_characters(without_sections(value)),
            TextKind::Xhtml => with_whole_characters(value),
            TextKind::Plain => value,
        });
        if value.is_empty() {
            return None;
        }
        let base = element.node().base;
        let base = (base != 0 && kind != TextKind::Plain)
            .then(|| Arc::clone(element.unit.bases.get(base)));
        Some(Self { value, kind, base })
    }

    /// The same for a title, in which words in angle brackets are words.
    pub(super) fn parse_title(element: Element<'_, '_>) -> Option<Self> {
        Self::parse(element).map(Self::into_title)
    }

    /// The text as a title.
    pub(super) fn into_title(mut self) -> Self {
        if self.kind != TextKind::Html {
            return self;
        }
        match markup::title(&self.value) {
            Some(title) if title.is_plain => {
                let value = htmlize::unescape(&title.html).into_owned();
                Self { value, kind: TextKind::Plain, base: None }
            }
            Some(title) => {
                self.value = title.html;
                self
            }
            None => self,
        }
    }

    /// The text as HTML: plain text is escaped.
    #[must_use]
    pub fn html(&self) -> Cow<'_, str> {
        match self.kind {
            TextKind::Plain if self.value.contains(['<', '&']) => escaped(&self.value).into(),
            _ => Cow::Borrowed(&self.value),
        }
    }
}

/// HTML without the marks of CDATA sections that were wrapped twice: browsers would take them for
/// comments.
fn without_sections(value: Cow<'_, str>) -> Cow<'_, str> {
    if memchr::memmem::find(value.as_bytes(), b"<![CDATA[").is_none() {
        return value;
    }
    value.replace("<![CDATA[", "").replace("]]>", "").into()
}

/// References to halves of surrogate pairs, which HTML drops, as the characters that they are.
fn with_whole_characters(value: Cow<'_, str>) -> Cow<'_, str> {
    let is_half = |at: usize| {
        let digits = value.as_bytes()[at + 2..].trim_ascii_start();
        [&b"55"[..], b"56", b"xd", b"xD", b"Xd", b"XD"]
            .iter()
            .any(|start| digits.starts_with(start))
    };
    if !memchr::memmem::find_iter(value.as_bytes(), b"&#").any(is_half) {
        return value;
    }
    entities::join_halves(&value).into()
}

fn trimmed(value: Cow<'_, str>) -> String {
    let trimmed = value.trim();
    if trimmed.len() == value.len() { value.into_owned() } else { trimmed.to_owned() }
}

/// The text of an element, its references decoded once. Markup in it stays as it is written.
pub(super) fn string<'a>(element: Element<'_, 'a>) -> Cow<'a, str> {
    decoded(element.inner(), element.unit.entities)
}

/// The same for the content between two tags.
pub(super) fn decoded<'a>(inner: &'a str, entities: &Entities<'_>) -> Cow<'a, str> {
    if memchr::memchr(b'<', inner.as_bytes()).is_none() {
        return entities.decode(inner);
    }
    let mut pieces = Pieces::new(inner.trim_ascii());
    if let (Some(Piece::Section(section)), None) = (pieces.next(), pieces.next()) {
        return lines(section);
    }
    if has_element(inner) {
        return markup(inner, entities).into();
    }
    let mut out = String::with_capacity(inner.len());
    for piece in Pieces::new(inner) {
        match piece {
            Piece::Text(text) => entities.decode_into(text, &mut out),
            Piece::Section(section) => out.push_str(&lines(section)),
            Piece::Start | Piece::LessThan => out.push('<'),
            // It ends nothing that began here.
            Piece::End(_) => {}
        }
    }
    out.into()
}

/// The text of an element, trimmed; `None` where nothing is left.
pub(super) fn trimmed_string<'a>(element: Element<'_, 'a>) -> Option<Cow<'a, str>> {
    let value = match string(element) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(trimmed(text.into())),
    };
    Some(value).filter(|value| !value.is_empty())
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
    Pieces::new(inner).any(|piece| piece == Piece::Start)
}

/// Markup as HTML: CDATA sections escaped, comments dropped, prefixes of names taken off, declared
/// entities decoded.
fn markup(inner: &str, entities: &Entities<'_>) -> String {
    let mut out = String::with_capacity(inner.len());
    let (mut in_tag, mut tag) = (false, String::new());
    for piece in Pieces::new(inner) {
        match piece {
            Piece::Text(text) if in_tag && !entities.declares_any() => {
                in_tag = false;
                markup::open_tag(without_prefix(text), &mut out);
            }
            Piece::Text(text) if in_tag => {
                in_tag = false;
                tag.clear();
                declared(without_prefix(text), entities, &mut tag);
                markup::open_tag(&tag, &mut out);
            }
            Piece::Text(text) => declared(text, entities, &mut out),
            Piece::Section(section) => out.push_str(&escaped(section)),
            Piece::Start => {
                out.push('<');
                in_tag = true;
            }
            Piece::End(tag) => {
                out.push_str("</");
                out.push_str(without_prefix(&tag[2..]));
            }
            Piece::LessThan => out.push_str("&lt;"),
        }
    }
    out
}

/// Appends a text of markup, whose references stay but for those that the document declares.
fn declared(text: &str, entities: &Entities<'_>, out: &mut String) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()).filter(|_| entities.declares_any()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if entities.declares(rest) {
            rest.find(';').map_or(rest.len(), |semicolon| semicolon + 1)
        } else {
            1
        };
        if end > 1 {
            out.push_str(&escaped(&entities.decode(&rest[..end])));
        } else {
            out.push('&');
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
}

/// A name without its prefix: `xhtml:p>` becomes `p>`.
fn without_prefix(name: &str) -> &str {
    let end = name
        .bytes()
        .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))
        .unwrap_or(name.len());
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
fn construct<'a>(element: Element<'_, 'a>) -> (Cow<'a, str>, TextKind) {
    let kind = element.attribute("type").map(|attribute| attribute.to_ascii_lowercase());
    let kind = kind.as_deref().map(|kind| kind.split(';').next().unwrap_or_default().trim_ascii());
    let mode = element.attribute("mode");
    match (mode.as_deref(), kind) {
        (Some("base64"), _) => (base64(element).unwrap_or_else(|| string(element)), TextKind::Html),
        (Some("escaped"), Some("text/plain" | "text")) => (string(element), TextKind::Plain),
        (Some("escaped"), _) => (string(element), TextKind::Html),
        (_, Some("xhtml" | "application/xhtml+xml")) => (xhtml(element), TextKind::Xhtml),
        (_, None | Some("text" | "text/plain" | "plain")) if has_element(element.inner()) => {
            (xhtml(element), TextKind::Xhtml)
        }
        (_, None | Some("text" | "text/plain" | "plain")) => (string(element), TextKind::Plain),
        (_, Some(kind)) if is_binary(kind) => (binary(element, kind), TextKind::Html),
        // A `div` around HTML that is escaped all the same.
        _ => (sole_division(element).map_or_else(|| string(element), string), TextKind::Html),
    }
}

/// A media type whose content is Base64 (RFC 4287 §4.1.3.3).
fn is_binary(kind: &str) -> bool {
    kind.contains('/')
        && !kind.starts_with("text/")
        && !kind.ends_with("+xml")
        && !kind.ends_with("/xml")
}

/// Content of a media type that nothing else covers: text where its bytes are that. Pictures, sound
/// and films never are.
fn binary<'a>(element: Element<'_, 'a>, kind: &str) -> Cow<'a, str> {
    let never = ["image/", "audio/", "video/"].iter().any(|prefix| kind.starts_with(prefix))
        || kind == "application/octet-stream";
    base64(element).unwrap_or_else(|| if never { Cow::Borrowed("") } else { string(element) })
}

/// Base64 whose bytes are text.
fn base64<'a>(element: Element<'_, 'a>) -> Option<Cow<'a, str>> {
    let compact: Vec<u8> =
        string(element).bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(&compact).ok()?;
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Markup; in Atom 1.0 without the `div` that wraps it, which is no part of the content there (RFC
/// 4287 §3.1.1.3).
fn xhtml<'a>(element: Element<'_, 'a>) -> Cow<'a, str> {
    let division = sole_division(element).filter(|_| element.namespace() == Namespace::Atom);
    markup(division.map_or(element.inner(), Element::inner), element.unit.entities).into()
}

/// The `div` that is all that stands in an element.
fn sole_division<'t, 'a>(element: Element<'t, 'a>) -> Option<Element<'t, 'a>> {
    let division = element
        .children()
        .next()
        .filter(|child| child.field() == Field::Division && child.node().closed)?;
    let blank = |piece: Piece<'_>| {
        matches!(piece, Piece::End(_))
            || matches!(piece, Piece::Text(text) if text.trim_ascii().is_empty())
    };
    let behind = &element.unit.text[division.node().to..element.node().to];
    let first = Pieces::new(element.inner().trim_ascii_start()).next();
    (first == Some(Piece::Start) && Pieces::new(behind).all(blank)).then_some(division)
}
