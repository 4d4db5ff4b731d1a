//! Finds the text of an article where the page shows none of it: in the structured data, or in the
//! state that frameworks leave in the page for their scripts, in scripts or in attributes.
//!
//! What is found becomes a small page of its own, which is read like any other. What must stay true:
//! a page that shows its article is read as it is shown; time is linear in the scripts.

mod gather;
mod scan;

use std::borrow::Cow;

use self::{
    gather::{Gatherer, Kind, Text},
    scan::{Event, scan},
};
use super::{meta::is_described, split::View};
use crate::{
    html::{NodeId, Tag, Tree},
    model::record::Origin,
    text::fold,
};

/// The weight of shown text from which on the state of scripts is not looked at.
const SHOWN: u32 = 500;
/// How many times as long a text in a script has to be as the one that is shown.
const TIMES: usize = 2;
/// The least bytes of a text in a script, letters and digits alone.
const MIN_TEXT: usize = 200;
/// The weight from which on what is shown has to be a part of the text in the script.
const SURE: u32 = 150;
/// The most bytes of scripts that are read.
const MAX_SCRIPTS: usize = 24 << 20;
/// The least bytes of a script that may hold an article.
const MIN_SCRIPT: usize = 400;
/// The least bytes of a headline, letters and digits alone, by which an article is known.
const MIN_TITLE: usize = 8;
/// How Next.js streams a page.
const STREAM: &str = "__next_f.push(";

/// The text of the article as a page of its own, where scripts have more of it than is shown.
/// `shown` is the weight of the text that is shown.
pub(super) fn find(view: View<'_, '_>, shown: u32) -> Option<(String, Origin)> {
    let title = view.meta.content.title.as_deref()?;
    let first = view.body.iter().position(|body| *body);
    let start = first.map(|at| fold(view.lines.get(&view.lines.lines[at]))).unwrap_or_default();
    let fits = |html: &str| {
        let text = fold(&plain(html));
        text.len() >= MIN_TEXT.max(shown as usize * TIMES)
            && (shown < SURE || text.contains(&start))
    };
    // The text that the metadata repeat is known already; here it is read with its paragraphs.
    let long = view.meta.body.as_ref().is_some_and(|body| body.len() > shown as usize * TIMES);
    let described = long.then(|| described(view.tree, title)).flatten().filter(|html| fits(html));
    let of_state =
        || (shown < SHOWN).then(|| of_state(view.tree, title)).flatten().filter(|html| fits(html));
    let (body, origin) = described
        .map(|body| (body, Origin::JsonLd))
        .or_else(|| Some((of_state()?, Origin::Script)))?;
    let html = format!("<main><article><h1>{}</h1>{body}</article></main>", escaped(title));
    Some((html, origin))
}

/// The text of markup.
fn plain(html: &str) -> String {
    let tree = Tree::parse(html);
    tree.whole_text(0)
}

/// The article in the structured data as markup.
fn described(tree: &Tree<'_>, title: &str) -> Option<String> {
    let title = Some(fold(title)).filter(|title| title.len() >= MIN_TITLE)?;
    let mut gatherer = Gatherer::new(&title);
    for node in scripts(tree).filter(|node| is_described(tree, *node)) {
        gatherer.read(tree.raw_text(node + 1));
    }
    Some(markup(&gatherer.article())).filter(|html| !html.is_empty())
}

/// The scripts of a page that hold something.
fn scripts<'t, 's>(tree: &'t Tree<'s>) -> impl Iterator<Item = NodeId> + use<'t, 's> {
    (1..tree.len()).filter(move |node| tree.tag(*node) == Tag::Script && tree.end(*node) > node + 1)
}

/// What components are handed in attributes of their elements: `data-page="{…}"`.
fn attributes<'t, 's>(tree: &'t Tree<'s>) -> impl Iterator<Item = Cow<'s, str>> + use<'t, 's> {
    (1..tree.len()).flat_map(move |node| {
        let state = |value: &str| value.len() >= MIN_SCRIPT && value.starts_with(['{', '[']);
        let names = tree.raw_attributes(node).filter(move |(_, value)| state(value));
        names.filter_map(move |(name, _)| tree.attribute(node, &name.to_ascii_lowercase()))
    })
}

/// The article in the state of scripts as markup.
fn of_state(tree: &Tree<'_>, title: &str) -> Option<String> {
    let title = Some(fold(title)).filter(|title| title.len() >= MIN_TITLE)?;
    let mut gatherer = Gatherer::new(&title);
    let (mut stream, mut left) = (String::new(), MAX_SCRIPTS);
    for node in scripts(tree).filter(|node| !is_described(tree, *node)) {
        let text = tree.raw_text(node + 1);
        if text.len() > left {
            continue;
        }
        if text.contains(STREAM) {
            left -= text.len();
            scan(text, &mut |event| {
                if let Event::Text(piece) = event {
                    stream.push_str(&piece);
                }
            });
        } else if text.len() >= MIN_SCRIPT {
            left -= text.len();
            gatherer.read(text);
        }
    }
    gatherer.together(|gatherer| read_stream(gatherer, &stream));
    for state in attributes(tree) {
        if state.len() <= left {
            left -= state.len();
            gatherer.read(&state);
        }
    }
    Some(markup(&gatherer.article())).filter(|html| !html.is_empty())
}

/// Reads the rows of a streamed page: a number, a colon, and JSON, or `T`, a length in hexadecimal,
/// a comma and so many bytes of text.
fn read_stream(gatherer: &mut Gatherer<'_>, stream: &str) {
    let (mut rest, mut rows) = (stream, String::with_capacity(stream.len()));
    while !rest.is_empty() {
        let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let long = rest[..end].split_once(":T").and_then(|(number, length)| {
            let (length, _) = length.split_once(',')?;
            let from = number.len() + 2 + length.len() + 1;
            let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
            let length = usize::from_str_radix(length, 16).ok().filter(|_| hex(number))?;
            Some((from, rest.floor_char_boundary(from.saturating_add(length).min(rest.len()))))
        });
        if let Some((from, to)) = long {
            gatherer.take(&rest[from..to]);
            rest = &rest[to..];
        } else {
            rows.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    gatherer.read(&rows);
}

fn markup(texts: &[Text]) -> String {
    let mut out = String::new();
    for text in texts {
        match text.kind {
            Kind::Html => out.push_str(&text.text),
            Kind::Heading => push(&mut out, "h2", &text.text),
            Kind::Item => push(&mut out, "li", &text.text),
            Kind::Paragraph | Kind::Bare => {
                for line in text.text.lines().filter(|line| !line.trim().is_empty()) {
                    push(&mut out, "p", line);
                }
            }
        }
    }
    out
}

fn push(out: &mut String, tag: &str, text: &str) {
    for part in ["<", tag, ">", &escaped(text), "</", tag, ">"] {
        out.push_str(part);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests;
