//! One page to its articles: guards, encoding, one tree, its lines, what the page says of itself, which lines are the
//! text, where one article ends and the next begins, all put together.

use std::{panic::AssertUnwindSafe, sync::LazyLock};

use super::{
    Input, Page, PageError, PageKind, Part, encoding,
    features::{self, Measured, Said},
    forest, guard,
    hints::Reader,
    lines::Lines,
    live,
    meta::{self, Meta},
    parts,
    split::{self, View},
};
use crate::{article::record::Content, html::Tree};

/// Characters below which a text is no article.
const MIN_TEXT: usize = 80;
/// How probable it must be that a line is an article's.
const PROBABLE: f32 = 0.58;
/// Lines of a page that are read; a page of more is cut.
const MAX_LINES: usize = 200_000;

static HINTS: LazyLock<Option<Reader>> = LazyLock::new(Reader::new);

/// Extracts the articles of a page.
///
/// # Errors
/// Says what the bytes are instead. Never panics: a panic of a library behind it is an error.
pub fn extract(input: Input<'_>) -> Result<Page, PageError> {
    if let Some(what) = guard::not_html(input.bytes) {
        return Err(PageError::NotHtml(what.to_owned()));
    }
    let html = encoding::to_text(input.bytes, input.content_type);
    std::panic::catch_unwind(AssertUnwindSafe(|| read(&html, input))).map_err(|_| PageError::Panicked)?
}

fn read(html: &str, input: Input<'_>) -> Result<Page, PageError> {
    let tree = Tree::parse(html);
    let meta = meta::read(&tree, input.url);
    let mut lines = Lines::of(&tree);
    lines.lines.truncate(MAX_LINES);
    let Some(reader) = HINTS.as_ref() else { return Err(PageError::Panicked) };
    let (title, description, repeated) = meta.said();
    let said = Said { title, description, body: repeated };
    let measured = features::measure(&tree, &lines, reader, said);
    let body: Vec<bool> = measured.rows.iter().map(|row| forest::BODY.probability(row) >= PROBABLE).collect();
    let view = View { tree: &tree, lines: &lines, measured: &measured, body: &body, meta: &meta, base: input.url };
    let live = live::entries(view);
    let articles = articles(view, &live);
    if articles.iter().all(|it| it.content.text.as_ref().is_none_or(|it| it.chars().count() < MIN_TEXT)) {
        return Err(PageError::NoText);
    }
    let kind = if meta.live || !live.is_empty() { PageKind::LiveBlog } else { kind(&meta, &measured, &body, &lines) };
    let Meta { canonical, alternates, site_name, .. } = meta;
    Ok(Page { canonical, alternates, site_name, kind, articles })
}

/// The signs of each line that could be the headline of a further article, and whether it is: for training. `is_headline`
/// is asked for each line's text; what follows is measured as after its answer.
#[must_use]
pub fn signs_of_parts(html: &str, base: &url::Url, mut is_headline: impl FnMut(&str) -> bool) -> Vec<(Vec<f32>, bool)> {
    let (mut rows, tree) = (Vec::new(), Tree::parse(html));
    let (meta, lines) = (meta::read(&tree, base), Lines::of(&tree));
    let Some(reader) = HINTS.as_ref() else { return rows };
    let (title, description, body) = meta.said();
    let measured = features::measure(&tree, &lines, reader, Said { title, description, body });
    let body: Vec<bool> = measured.rows.iter().map(|row| forest::BODY.probability(row) >= PROBABLE).collect();
    let view = View { tree: &tree, lines: &lines, measured: &measured, body: &body, meta: &meta, base };
    split::walk(view, |row, text| {
        let is = is_headline(text);
        rows.push((row.to_vec(), is));
        is
    });
    rows
}

fn articles(view: View<'_, '_>, live: &[live::Entry]) -> Vec<Part> {
    let mut stretches = split::stretches(view);
    if view.meta.live || !live.is_empty() {
        // Its entries have headlines and dates as articles have.
        stretches.truncate(1);
        for whole in &mut stretches {
            whole.to = view.lines.lines.len();
        }
    }
    let mut articles = Vec::with_capacity(stretches.len());
    for (at, stretch) in stretches.iter().enumerate() {
        let mut part = if at == 0 {
            parts::part(view, stretch, view.meta.content.clone(), (Some(stretch.to), live))
        } else {
            parts::part(view, stretch, view.meta.of_part(stretch.headline.map(|it| view.lines.get(&view.lines.lines[it]))), (None, &[]))
        };
        if at == 0 {
            part.url.clone_from(&view.meta.canonical);
        }
        part.content.quality.confidence = confidence(&part.content);
        if part.content.text.is_some() {
            articles.push(part);
        }
    }
    articles
}

/// A page with a title, a date and a few hundred words is nearly always an article.
fn confidence(content: &Content) -> f32 {
    let length = match content.word_count {
        0..50 => 0.2,
        50..150 => 0.4,
        _ => 0.6,
    };
    length + if content.title.is_some() { 0.2 } else { 0.0 } + if content.published.is_some() { 0.2 } else { 0.0 }
}

/// What the page is, by how much of it is text and how much leads elsewhere.
fn kind(meta: &Meta, measured: &Measured, body: &[bool], lines: &Lines) -> PageKind {
    let text: u32 = body.iter().zip(&measured.weight).filter(|(it, _)| **it).map(|(_, weight)| weight).sum();
    let headlines =
        lines.lines.iter().zip(&measured.weight).filter(|(line, weight)| line.linked * 5 >= line.chars * 4 && **weight >= 25).count();
    if text >= 600 || meta.article {
        PageKind::Article
    } else if headlines >= 20 {
        PageKind::Listing
    } else if text >= 200 {
        PageKind::Article
    } else {
        PageKind::Other
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod seed;
