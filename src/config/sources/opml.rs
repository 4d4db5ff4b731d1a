//! OPML, as feed readers export it: read leniently, since hardly two of them agree on it.
//!
//! Any case of names, raw ampersands, entities that nobody declared, end tags that do not match,
//! attributes without quotes: all are read. What cannot be a source is an error with its line, and
//! the others go on. <http://opml.org/spec2.opml> is the format's own text.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use quick_xml::{
    Reader,
    escape::unescape_with,
    events::{BytesStart, Event},
};

use super::{ParsedList, Source, label, source_url};
use crate::config::{Place, error::LineIndex};

/// Folders in folders beyond this give no more tags, so that a hostile list cannot multiply them.
const DEEPEST: usize = 32;

/// Reads an OPML list.
pub(super) fn parse(name: &str, bytes: &[u8]) -> ParsedList {
    let content = decode(bytes);
    let text = LineIndex::new(name, &content);
    let mut reader = Reader::from_str(&content);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    let mut walk = Walk::default();
    loop {
        let place = text.place(offset(reader.buffer_position()));
        let event = reader.read_event();
        match event {
            Ok(Event::Start(tag)) => walk.open(&tag, place, true),
            Ok(Event::Empty(tag)) => walk.open(&tag, place, false),
            Ok(Event::End(tag)) => walk.close(tag.name().as_ref()),
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                let place = text.place(offset(reader.error_position()));
                walk.list.wrong(place, format!("this is not XML: {error}"));
                break;
            }
        }
    }
    walk.finish(Place::whole(name))
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// Decodes by the byte order mark, else by the XML declaration, else as UTF-8.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let start = String::from_utf8_lossy(bytes.get(..200).unwrap_or(bytes));
    let declared = start
        .split_once("?>")
        .and_then(|(declaration, _)| declaration.split_once("encoding"))
        .map(|(_, value)| value.trim_matches(|c: char| c.is_whitespace() || "='\"".contains(c)))
        .and_then(|value| value.split(['"', '\'', ' ']).next())
        .and_then(|label| Encoding::for_label(label.as_bytes()));
    // `decode` looks for a byte order mark first, and keeps it out of the text.
    declared.unwrap_or(UTF_8).decode(bytes).0
}

/// The outlines that are open, and what was found so far.
#[derive(Debug, Default)]
struct Walk {
    list: ParsedList,
    /// The tag that each open outline gives to those in it.
    folders: Vec<Option<String>>,
    /// How many of the open outlines, the innermost ones, are commented out.
    commented: usize,
    seen_opml: bool,
    first: Option<String>,
}

impl Walk {
    fn open(&mut self, tag: &BytesStart<'_>, place: Place, has_content: bool) {
        let element = tag.local_name().as_ref().to_ascii_lowercase();
        self.seen_opml |= element == "opml";
        if element == "outline" {
            let outline = Outline::from_tag(tag);
            // What stands in a comment is commented out with it.
            let is_comment = outline.is_comment || self.commented > 0;
            let folder = if is_comment { None } else { self.outline(&outline, place, has_content) };
            if has_content {
                self.commented += usize::from(is_comment);
                self.folders.push(folder);
            }
        }
        self.first.get_or_insert(element);
    }

    fn close(&mut self, element: &str) {
        if element.eq_ignore_ascii_case("outline") {
            self.folders.pop();
            self.commented = self.commented.saturating_sub(1);
        }
    }

    /// Takes an outline: a source, or a folder, whose name is the answer.
    fn outline(&mut self, outline: &Outline, place: Place, has_content: bool) -> Option<String> {
        let Some(url) = &outline.xml_url else {
            if outline.is_feed {
                self.list.wrong(
                    place,
                    format!("the outline {:?} is a feed without an xmlUrl", outline.title()),
                );
            } else if !has_content && outline.is_link {
                self.list.warn(
                    place,
                    format!("the outline {:?} has no xmlUrl and is left out", outline.title()),
                );
            }
            return outline.name.clone();
        };
        match source_url(url) {
            Ok(url) => {
                let mut tags: Vec<String> =
                    self.folders.iter().take(DEEPEST).flatten().cloned().collect();
                for tag in &outline.categories {
                    if !tags.contains(tag) {
                        tags.push(tag.clone());
                    }
                }
                self.list.sources.push(Source {
                    name: outline.name.clone(),
                    tags,
                    ..Source::new(url, place)
                });
            }
            Err(message) => self.list.wrong(
                place,
                format!("the xmlUrl of the outline {:?}: {message}", outline.title()),
            ),
        }
        None
    }

    fn finish(mut self, place: Place) -> ParsedList {
        if !self.seen_opml && self.list.sources.is_empty() && self.list.errors.is_empty() {
            let message = match self.first.as_deref() {
                Some(feed @ ("rss" | "feed" | "rdf")) => {
                    format!(
                        "this is a feed (<{feed}>) and not a list of feeds: put its address into a list"
                    )
                }
                Some(first) => format!("this is not OPML: its first element is <{first}>"),
                None => "this is not OPML: it has no elements".to_owned(),
            };
            self.list.wrong(place, message);
        }
        self.list
    }
}

/// What an outline says that matters here.
#[derive(Debug, Default)]
struct Outline {
    xml_url: Option<String>,
    name: Option<String>,
    categories: Vec<String>,
    is_feed: bool,
    is_link: bool,
    /// Whether it is commented out.
    is_comment: bool,
}

impl Outline {
    fn from_tag(tag: &BytesStart<'_>) -> Self {
        let mut outline = Self::default();
        let mut title = None;
        // A broken attribute ends only itself.
        for attribute in tag.html_attributes().with_checks(false).flatten() {
            let value = unescape_leniently(&attribute.value);
            match attribute.key.local_name().as_ref().to_ascii_lowercase().as_str() {
                "xmlurl" => outline.xml_url = Some(value).filter(|url| !url.trim().is_empty()),
                "text" => outline.name = label(&value),
                "title" => title = label(&value),
                "type" => {
                    outline.is_feed =
                        ["rss", "atom", "feed"].contains(&value.trim().to_lowercase().as_str());
                }
                "iscomment" => outline.is_comment = value.trim().eq_ignore_ascii_case("true"),
                "htmlurl" | "url" => outline.is_link = true,
                "category" => {
                    outline.categories =
                        value.split([',', '/']).filter_map(label).take(DEEPEST).collect();
                }
                _ => {}
            }
        }
        outline.name = outline.name.or(title);
        outline
    }

    fn title(&self) -> &str {
        self.name.as_deref().unwrap_or("")
    }
}

/// Resolves what can be resolved and leaves the rest as it is: `?a=1&b=2` is an address, not an
/// error.
fn unescape_leniently(text: &str) -> String {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let resolved = part.split_once(';').and_then(|(entity, rest)| {
            let entity = format!("&{entity};");
            let resolved = unescape_with(&entity, quick_xml::escape::resolve_xml_entity).ok()?;
            Some((resolved.into_owned(), rest))
        });
        if let Some((resolved, rest)) = resolved {
            out.push_str(&resolved);
            out.push_str(rest);
        } else {
            out.push('&');
            out.push_str(part);
        }
    }
    out
}

#[cfg(test)]
mod tests;
