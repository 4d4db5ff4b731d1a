//! Parses the lines between an article's headline and its text: deck, pictures, writers, the date.

use super::{
    PlainTextPage,
    article::{add_picture, picture},
    form::{LineKind, SENTENCE},
    split::ArticleSpan,
};
use crate::{
    dates::partial,
    model::record::{Byline, Image},
    read::credits::{byline, caption},
};

/// How long a deck may be, in words.
const DECK: std::ops::RangeInclusive<f32> = 5.0..=60.0;
/// Lines before a headline in which its date may be.
const BEFORE: usize = 4;

/// The lines before a text, parsed.
#[derive(Debug, Default)]
pub(super) struct Lead {
    pub(super) title: Option<String>,
    pub(super) deck: Option<String>,
    pub(super) images: Vec<Image>,
    pub(super) bylines: Vec<Byline>,
    pub(super) day: Option<chrono::NaiveDate>,
    /// Lines among them that are paragraphs of the text.
    pub(super) rest: Vec<usize>,
}

/// Parses the lines from an article's headline to its text. The date may be before the headline,
/// but not before line `from`.
pub(super) fn parse(text_page: &PlainTextPage, span: &ArticleSpan, from: usize) -> Lead {
    let Some(title) = span.title else { return Lead::default() };
    let mut head = Lead { title: Some(text_page.lines[title].text.clone()), ..Lead::default() };
    // Sentences right before the text are its first.
    let text_from = (title + 1..span.body.start)
        .rev()
        .take_while(|line| text_page.forms[*line].prose >= SENTENCE)
        .last()
        .unwrap_or(span.body.start);
    let mut line = title + 1;
    while line < span.body.start {
        let (text, form) = (text_page.lines[line].text.as_str(), &text_page.forms[line]);
        let next = text_page
            .lines
            .get(line + 1)
            .filter(|_| line + 1 < span.body.start)
            .map(|line| line.text.as_str());
        match form.kind {
            _ if text == text_page.lines[title].text => {}
            LineKind::Caption => {
                if caption::is_source(text) {
                } else if let Some(image) = picture(text_page, line, title) {
                    add_picture(&mut head.images, image);
                } else {
                    head.bylines.extend(byline::parse(text));
                }
            }
            LineKind::Date => head.day = head.day.or_else(|| day(text)),
            LineKind::Byline if head.bylines.is_empty() => head.bylines = byline::parse(text),
            LineKind::Text
                if form.units >= 3.0
                    && repeats_near(text_page, line, title + 1..span.body.start) =>
            {
                add_picture(&mut head.images, caption::parse(text));
            }
            LineKind::Text if line < text_from && is_deck(text_page, line, &head, title) => {
                head.deck = Some(text.to_owned());
            }
            LineKind::Text if form.is_prose() || line >= text_from => head.rest.push(line),
            LineKind::Text if head.bylines.is_empty() && is_writer(text_page, line) => {
                head.bylines = byline::parse(text);
            }
            // `By`, and the name on a line of its own.
            LineKind::Text
                if head.bylines.is_empty()
                    && next.is_some_and(|next| byline::is_byline(&format!("{text} {next}")))
                    && form.units <= 2.0 =>
            {
                head.bylines = byline::parse(next.unwrap_or_default());
                line += 1;
            }
            _ => {}
        }
        line += 1;
    }
    let before = title.saturating_sub(BEFORE).max(from)..title;
    head.day = head.day.or_else(|| {
        before
            .rev()
            .filter(|before| text_page.forms[*before].kind == LineKind::Date)
            .find_map(|before| day(&text_page.lines[before].text))
    });
    head
}

/// The deck: the first line of a head that says more than its headline.
fn is_deck(text_page: &PlainTextPage, line: usize, head: &Lead, title: usize) -> bool {
    let form = &text_page.forms[line];
    let sentence = form.prose >= SENTENCE;
    let headline = form.is_headline() && (line == title + 1 || text_page.headline_fits(line));
    head.deck.is_none()
        && head.rest.is_empty()
        && form.times == 1
        && DECK.contains(&form.units)
        && (sentence || headline)
}

/// Whether a line is a name beside a date, or right under the headline.
fn is_writer(text_page: &PlainTextPage, line: usize) -> bool {
    let text = &text_page.lines[line].text;
    let words = text.split(' ').count();
    let cased = text.chars().next().is_some_and(char::is_uppercase);
    let beside = |at: Option<usize>| {
        at.and_then(|at| text_page.forms.get(at)).is_some_and(|form| form.kind == LineKind::Date)
    };
    cased
        && (2..=4).contains(&words)
        && text_page.forms[line].times <= 2
        && byline::looks_like_name(text)
        && (beside(line.checked_sub(1)) || beside(Some(line + 1)))
}

fn day(text: &str) -> Option<chrono::NaiveDate> {
    partial::find_all(text).iter().find_map(partial::DateMatch::day)
}

/// Whether the same line is among some others: a caption may be printed twice.
fn repeats_near(text_page: &PlainTextPage, line: usize, among: std::ops::Range<usize>) -> bool {
    let text = &text_page.lines[line].text;
    text_page.forms[line].times > 1
        && among.filter(|among| *among != line).any(|among| text_page.lines[among].text == *text)
}
