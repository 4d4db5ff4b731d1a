//! Removes the later articles of a plain-text page that are none: comments, offers, lists, repeated
//! headlines.

use hashbrown::HashSet;

use super::{PlainTextPage, form, split::ArticleSpan};

/// The shortest further article, in words.
const LEAST: f32 = 45.0;
/// Lines before a text that belong to its head.
const HEAD: usize = 30;

/// Keeps the first article and the further ones that are articles as well.
pub(super) fn drop_non_articles(
    text_page: &PlainTextPage,
    spans: Vec<ArticleSpan>,
) -> Vec<ArticleSpan> {
    let mut told: HashSet<&str> = HashSet::new();
    let mut kept = Vec::with_capacity(spans.len());
    let mut from = 0;
    for span in spans {
        let head = span.body.start.saturating_sub(HEAD).max(from)..span.body.start;
        from = span.body.end;
        let further = |title: usize| {
            let text = text_page.lines[title].text.as_str();
            !told.contains(text)
                && !form::is_service(text, text_page.forms[title].units)
                && words(text_page, &span) >= LEAST
        };
        if !kept.is_empty() && !span.title.is_some_and(further) {
            continue;
        }
        told.extend(head.map(|head| text_page.lines[head].text.as_str()));
        kept.push(span);
    }
    kept
}

/// The words of an article's sentences.
fn words(text_page: &PlainTextPage, span: &ArticleSpan) -> f32 {
    span.lines()
        .map(|line| &text_page.forms[line])
        .filter(|form| form.prose >= form::SENTENCE)
        .map(|form| form.units)
        .sum()
}
