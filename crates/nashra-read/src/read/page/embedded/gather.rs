//! Finds the text of an article among the strings of a page's state.
//!
//! It is found by its shape, not by the names of a site or its framework: the most running text in an
//! object that has the page's headline, too, and within it the innermost list that has most of it.

use std::ops::Range;

use super::scan::{Event, scan};
use crate::{read::page::split::alike, text::fold};

/// The deepest nesting that is kept apart, and strings within strings that are read.
const MAX_DEPTH: usize = 200;
const MAX_NESTED: u8 = 3;
/// The most containers and texts of a page.
const MAX_CONTAINERS: usize = 300_000;
const MAX_TEXTS: usize = 30_000;
/// Bytes from which on a string is running text, and may be a script or state of its own.
const PROSE: usize = 60;
const NESTED: usize = 200;
/// The least running text of an article.
const MIN_ARTICLE: usize = 250;
/// How far around its headline an article stands at most; the whole script stands around all.
const LEVELS: u8 = 4;
const WHOLE: u8 = LEVELS + 1;
/// The share of the most running text that a smaller object is chosen with, and that a list inside
/// has.
const MOST: f32 = 0.6;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Paragraph,
    Heading,
    Item,
    /// Markup of its own.
    Html,
    /// A string without an element.
    Bare,
}

/// A text of the state.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) kind: Kind,
    pub(super) text: String,
}

impl Text {
    /// Its bytes, where it is running text.
    fn prose(&self) -> usize {
        if self.text.len() >= PROSE || self.kind == Kind::Html { self.text.len() } else { 0 }
    }
}

#[derive(Debug)]
struct Container {
    texts: Range<usize>,
    /// How far beneath it the page's headline stands, 0 where it stands in it itself.
    headline: Option<u8>,
}

/// A container that has not ended.
#[derive(Debug)]
struct Open {
    /// Its index; `None` where there are too many.
    container: Option<usize>,
    array: bool,
    /// The name of what stands next, of an array that of all in it.
    key: String,
    kind: Option<Kind>,
    /// The place of the next element of an array, and whether it is an element of a component.
    place: usize,
    element: bool,
    first: usize,
}

/// Gathers the strings of scripts.
pub(super) struct Gatherer<'t> {
    title: &'t str,
    containers: Vec<Container>,
    texts: Vec<Text>,
    open: Vec<Open>,
    /// Containers beyond the depth that is kept.
    deeper: usize,
}

impl<'t> Gatherer<'t> {
    /// Gathers for a page with a headline, folded.
    pub(super) fn new(title: &'t str) -> Self {
        Self { title, containers: Vec::new(), texts: Vec::new(), open: Vec::new(), deeper: 0 }
    }

    /// Reads a script.
    pub(super) fn read(&mut self, source: &str) {
        self.nested(source, 0);
    }

    /// Reads what belongs together though it stands apart.
    pub(super) fn together(&mut self, read: impl FnOnce(&mut Self)) {
        self.open(true);
        read(self);
        self.close();
    }

    /// Takes a string that stands alone.
    pub(super) fn take(&mut self, text: &str) {
        self.together(|gatherer| gatherer.text(text, MAX_NESTED));
    }

    fn nested(&mut self, source: &str, level: u8) {
        let depth = self.open.len();
        self.open(true);
        scan(source, &mut |event| match event {
            Event::Open { array } => self.open(array),
            // An end too many ends nothing outside.
            Event::Close => {
                if self.deeper > 0 || self.open.len() > depth + 1 {
                    self.close();
                }
            }
            Event::Key(key) => {
                if let Some(open) = self.open.last_mut().filter(|_| self.deeper == 0) {
                    open.key.clear();
                    open.key.push_str(&key[..key.floor_char_boundary(40)]);
                }
            }
            Event::Text(text) => self.text(&text, level),
        });
        self.deeper = 0;
        while self.open.len() > depth {
            self.close();
        }
    }

    fn open(&mut self, array: bool) {
        if self.open.len() >= MAX_DEPTH {
            self.deeper += 1;
            return;
        }
        let first = self.texts.len();
        let key = self.open.last().map(|open| open.key.clone()).unwrap_or_default();
        if let Some(open) = self.open.last_mut() {
            open.place += 1;
        }
        let container = (self.containers.len() < MAX_CONTAINERS).then(|| {
            self.containers.push(Container { texts: first..first, headline: None });
            self.containers.len() - 1
        });
        let key = if array { key } else { String::new() };
        self.open.push(Open { container, array, key, kind: None, place: 0, element: false, first });
    }

    fn close(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let Some(open) = self.open.pop() else { return };
        if let Some(kind) = open.kind {
            self.join(open.first, kind);
        }
        if let Some(container) = open.container.and_then(|at| self.containers.get_mut(at)) {
            container.texts.end = self.texts.len();
        }
    }

    /// Makes the strings of an element one text.
    fn join(&mut self, first: usize, kind: Kind) {
        let inside = &self.texts[first..];
        if inside.is_empty() || inside.iter().any(|text| text.kind != Kind::Bare) {
            return;
        }
        let text: String = self.texts.drain(first..).map(|text| text.text).collect();
        self.texts.push(Text { kind, text });
    }

    fn text(&mut self, text: &str, level: u8) {
        let Some(open) = self.open.last_mut().filter(|_| self.deeper == 0) else { return };
        let place = open.place;
        open.place += 1;
        if open.array && place == 0 && text == "$" {
            open.element = true;
            return;
        }
        if open.element && place == 1 || is_kind(&open.key) {
            open.kind = open.kind.or_else(|| kind_of(text));
            return;
        }
        let key = open.key.clone();
        if (8..400).contains(&text.len()) && alike(&fold(text), self.title) {
            let around = self.open.iter().rev().zip(0..LEVELS);
            for (open, level) in around.chain(self.open.first().map(|open| (open, WHOLE))) {
                if let Some(container) = open.container.and_then(|at| self.containers.get_mut(at)) {
                    container.headline = Some(container.headline.unwrap_or(level).min(level));
                }
            }
            return;
        }
        if is_attribute(&key) || self.texts.len() >= MAX_TEXTS {
            return;
        }
        // Markup is escaped twice by some.
        let decoded;
        let text = if text.contains("&lt;") {
            decoded = htmlize::unescape(text);
            decoded.as_ref()
        } else {
            text
        };
        let html = text.len() >= PROSE
            && ["<p", "</p", "<br", "<div", "<h2", "<li"].iter().any(|tag| text.contains(tag));
        let kind = if html { Kind::Html } else { Kind::Bare };
        if html || is_prose(text) || is_text(&key) && !text.trim().is_empty() {
            self.texts.push(Text { kind, text: text.to_owned() });
        } else if level < MAX_NESTED && text.len() >= NESTED && text.contains(['{', '[']) {
            self.nested(text, level + 1);
        }
    }

    /// The texts of the article, where there is one.
    pub(super) fn article(self) -> Vec<Text> {
        let mut before = vec![0];
        for text in &self.texts {
            before.push(before.last().copied().unwrap_or_default() + text.prose());
        }
        let prose = |range: &Range<usize>| before[range.end] - before[range.start];
        // The closer to the headline the better.
        let Some(article) = (0..=WHOLE).find_map(|level| {
            let near = || self.containers.iter().filter(|it| it.headline == Some(level));
            let best = near().map(|container| prose(&container.texts)).max()?;
            near()
                .filter(|it| best >= MIN_ARTICLE && most(prose(&it.texts), best))
                .min_by_key(|container| container.texts.len())
        }) else {
            return Vec::new();
        };
        let (whole, from) = (prose(&article.texts), article.texts.clone());
        let list = self
            .containers
            .iter()
            .map(|container| &container.texts)
            .filter(|texts| texts.start >= from.start && texts.end <= from.end)
            .filter(|texts| most(prose(texts), whole))
            .min_by_key(|texts| texts.len())
            .cloned()
            .unwrap_or(from);
        let total = prose(&list);
        let mut texts: Vec<Text> =
            self.texts.into_iter().skip(list.start).take(list.len()).collect();
        // Markup that is most of it is all of it: the rest are summaries and names.
        let html: usize = texts
            .iter()
            .filter(|text| text.kind == Kind::Html)
            .map(|text| text.text.len())
            .max()
            .unwrap_or_default();
        if most(html, total) {
            texts.retain(|text| text.kind == Kind::Html && text.text.len() == html);
            texts.truncate(1);
        }
        texts.retain(|text| text.kind != Kind::Bare || is_prose(&text.text));
        texts
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes")]
fn most(part: usize, whole: usize) -> bool {
    part as f32 >= whole as f32 * MOST
}

/// Whether a string reads like running text.
fn is_prose(text: &str) -> bool {
    let wide = |c: char| matches!(c, '\u{e00}'..='\u{eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}');
    let ends = ['.', '!', '?', '。', '！', '？', '।', '۔', '؟', '…', ':', '”', '"', '»', '」'];
    text.len() >= PROSE
        && (text.matches(' ').take(6).count() == 6
            || text.chars().filter(|c| wide(*c)).count() > 20)
        && text.trim_end().ends_with(ends)
        && !text.contains(['{', '}'])
}

/// Whether a key names what an object is.
fn is_kind(key: &str) -> bool {
    ["type", "nodetype", "tag", "tagname", "kind", "_type", "__typename", "style", "blocktype"]
        .iter()
        .any(|known| key.eq_ignore_ascii_case(known))
}

/// Whether a key is one under which parts of a text stand.
fn is_text(key: &str) -> bool {
    ["text", "children", "content", "value", "literal", "#text", "nodevalue"]
        .iter()
        .any(|known| key.eq_ignore_ascii_case(known))
}

/// Whether a key names what is no text of an article, whatever it reads like.
fn is_attribute(key: &str) -> bool {
    const NAMES: [&str; 23] = [
        "class",
        "className",
        "href",
        "url",
        "src",
        "srcset",
        "slug",
        "alt",
        "caption",
        "credit",
        "description",
        "summary",
        "excerpt",
        "dek",
        "subheadline",
        "bio",
        "biography",
        "copyright",
        "keywords",
        "metadescription",
        "seo",
        "css",
        "disclaimer",
    ];
    NAMES.iter().any(|name| key.eq_ignore_ascii_case(name))
}

/// What an object of a kind is, where that is a part of a text.
fn kind_of(name: &str) -> Option<Kind> {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "p" | "normal" | "text-block" | "textblock" | "unstyled" => Some(Kind::Paragraph),
        "h2" | "h3" | "h4" => Some(Kind::Heading),
        "li" | "list-item" | "listitem" | "list_item" | "blockquote" | "quote" => Some(Kind::Item),
        _ if name.contains("paragraph") => Some(Kind::Paragraph),
        _ if name.contains("heading") || name.starts_with("header-") => Some(Kind::Heading),
        _ => None,
    }
}
