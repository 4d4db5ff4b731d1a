//! Extracts articles from plain-text pages, as they are copied or printed from a browser: without
//! markup, with no structure but the lines.
//!
//! ```text
//! bytes ─► lines ─► forms ─► topics ─► spans ─► titles ─► articles, related
//! ```
//!
//! The parts are recognised by what every page has: how long lines are and how they end, which are
//! repeated, which are next to each other, which words come back. No rule depends on a site or its
//! words. Time is linear in the size of the page.

mod lines;

mod signs;

mod form;

mod head;

mod weights;

mod regular;

mod split;

mod further;

mod short;

mod title;

mod lead;

mod article;

mod related;

use self::{form::LineForm, head::Headlines, lines::Line, split::ArticleSpan};
use super::{Input, PageError, topic::Topics};
use crate::{
    model::{
        page::{Page, PageKind},
        record::Related,
    },
    read::{encoding, guard},
};

/// Bytes of the start in which markup or a binary format is searched.
const START: usize = 1 << 16;

/// Whether bytes are a plain-text page and not markup.
#[must_use]
pub fn is_plain_text(bytes: &[u8], content_type: Option<&str>) -> bool {
    match content_type.map(|content_type| {
        content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }) {
        Some(media_type) if media_type == "text/plain" => true,
        Some(media_type) if media_type.ends_with("html") || media_type.ends_with("xml") => false,
        _ => {
            let start = encoding::start(bytes, START);
            // A page has a tag within its first few thousand bytes; a text may have a `<` here and
            // there.
            !guard::has_tag(&start)
        }
    }
}

/// Extracts the articles of a plain-text page.
///
/// # Errors
/// Says what the bytes are instead.
pub fn parse(input: Input<'_>) -> Result<Page, PageError> {
    if is_binary(input.bytes) {
        return Err(PageError::NotHtml("binary data".to_owned()));
    }
    let text_page = PlainTextPage::new(&encoding::to_text(input.bytes, input.content_type));
    let mut spans = further::drop_non_articles(&text_page, split::split(&text_page));
    if spans.is_empty() {
        spans.extend(short::find_span(&text_page));
    }
    let mut from = 0;
    let mut articles = Vec::with_capacity(spans.len());
    for span in &mut spans {
        span.title = title::choose(&text_page, span, from);
        articles.push(article::extract(&text_page, span, from));
        from = span.body.end;
    }
    let Some(first) = articles.first_mut() else { return Err(PageError::NoText) };
    first.content.related = related(&text_page, &spans);
    Ok(Page {
        canonical: None,
        alternates: Vec::new(),
        site_name: None,
        kind: PageKind::Article,
        articles,
        next: None,
    })
}

/// The related list of the first article, or else the first one of the page.
fn related(text_page: &PlainTextPage, spans: &[ArticleSpan]) -> Vec<Related> {
    let ends = spans
        .iter()
        .skip(1)
        .map(|span| span.title.unwrap_or(span.body.start))
        .chain([text_page.lines.len()]);
    spans
        .iter()
        .zip(ends)
        .map(|(span, end)| related::find(text_page, span, end))
        .find(|items| !items.is_empty())
        .unwrap_or_default()
}

/// Whether more than one byte in a hundred of the start is a control character, which text in an
/// encoding without a byte order mark does not have.
fn is_binary(bytes: &[u8]) -> bool {
    let start = encoding::start(bytes, START);
    let marked = encoding_rs::Encoding::for_bom(bytes).is_some();
    !marked
        && start.iter().filter(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31)).count()
            > start.len() / 100
}

/// A plain-text page: its lines and what is known of each.
#[derive(Debug)]
struct PlainTextPage {
    lines: Vec<Line>,
    forms: Vec<LineForm>,
    topics: Topics,
    headlines: Headlines,
    /// Whether a line is a headline of one of several heads in one form.
    regular: Vec<bool>,
}

impl PlainTextPage {
    fn new(text: &str) -> Self {
        let lines = lines::split(text);
        let forms = form::classify_lines(&lines);
        let prose = lines.iter().zip(&forms).enumerate().filter(|(_, (_, form))| form.is_prose());
        let topics = Topics::new(
            lines.len(),
            prose.map(|(at, (line, _))| (at, line.text.as_str())),
            weights::W.likeness,
        );
        let headlines = Headlines::new(&lines, &forms, &topics);
        let regular = regular::headlines(&lines, &forms);
        Self { lines, forms, topics, headlines, regular }
    }

    /// Whether a line shares words with the text behind it.
    fn headline_fits(&self, line: usize) -> bool {
        self.headlines.fit(line) >= 0.3
    }
}

impl ArticleSpan {
    /// The lines of the text, without what stands in its gaps.
    fn lines(&self) -> impl Iterator<Item = usize> {
        let starts = std::iter::once(self.body.start).chain(self.gaps.iter().map(|gap| gap.end));
        let ends = self.gaps.iter().map(|gap| gap.start).chain(std::iter::once(self.body.end));
        starts.zip(ends).flat_map(|(start, end)| start..end)
    }
}

#[cfg(test)]
mod tests;
