//! Chooses the line that is an article's headline, once its text is known.
//!
//! The search for texts takes the headline that makes the whole page read best. Here the lines
//! before one text are compared with each other: each has some signs, from 0 to 1, and the line
//! with the highest weighted sum is the headline. The weights are those of a softmax regression
//! over the lines before labelled texts.

use std::ops::Range;

use super::{
    PlainTextPage,
    form::{LineForm, LineKind, SENTENCE},
    split::ArticleSpan,
};
use crate::read::page::topic::stems;

/// Lines before a text that may be its headline.
const REACH: usize = 100;
/// The share of its words that a likely headline has in common with the text.
const LIKELY: f32 = 0.3;

/// The line of the article's headline, not before line `from`.
pub(super) fn choose(text_page: &PlainTextPage, span: &ArticleSpan, from: usize) -> Option<usize> {
    let found = span.title?;
    let body = span.body.start;
    let lines: Vec<TitleCandidate> = (body.saturating_sub(REACH).max(from).min(found)..body)
        .filter(|line| {
            text_page.headlines.score(*line).is_some()
                && !(text_page.forms[*line].is_prose() && text_page.forms[*line].stops)
        })
        .map(|line| TitleCandidate {
            line,
            fit: text_page.topics.fit_to(&stems(&text_page.lines[line].text), span.body.clone()),
        })
        .collect();
    let chooser = Chooser { text_page, found, body, lines };
    let sums = chooser.lines.iter().map(|line| (chooser.sum(line), line.line));
    sums.max_by(|one, other| one.0.total_cmp(&other.0)).map_or(Some(found), |sum| Some(sum.1))
}

/// A line that may be the headline.
struct TitleCandidate {
    line: usize,
    /// The share of its words that the text has.
    fit: f32,
}

struct Chooser<'a> {
    text_page: &'a PlainTextPage,
    /// The headline that the search for texts took.
    found: usize,
    /// The first line of the text.
    body: usize,
    lines: Vec<TitleCandidate>,
}

impl Chooser<'_> {
    fn sum(&self, candidate: &TitleCandidate) -> f32 {
        let (at, fit) = (candidate.line, candidate.fit);
        let form = &self.text_page.forms[at];
        let text = self.text_page.lines[at].text.as_str();
        let others = || self.lines.iter().filter(|line| line.line != at);
        let fit_as_well = |candidate: &TitleCandidate| {
            candidate.fit >= LIKELY.max(0.9 * fit)
                && self.text_page.lines[candidate.line].text != text
        };
        let earlier = others().filter(|other| other.line < at && fit_as_well(other)).count();
        let between = others()
            .filter(|other| other.line > at && self.text_page.forms[other.line].is_headline())
            .count();
        let within_another = others().any(|candidate| {
            let other = &self.text_page.lines[candidate.line].text;
            other.len() > text.len() && other.contains(text)
        });
        let signs = [
            (flag(at == self.found), 1.45),
            (fit, 0.95),
            (self.text_page.headlines.fit(at), 1.06),
            (fit * form.units.min(20.0) / 20.0, 0.99),
            // The first line that fits; others that fit as well stand before.
            (flag(fit >= LIKELY && earlier == 0), 1.2),
            (share(earlier, 3), -0.76),
            (share(between, 8), -0.89),
            (flag(form.units < 3.5), -1.18),
            (flag((3.5..5.0).contains(&form.units)), -1.12),
            (flag(form.prose >= SENTENCE), -0.56),
            // `Harbour: a ferry leaves` has its kicker within.
            (flag(text.contains([':', '：'])), 1.02),
            (flag(within_another), 1.04),
            (flag(at == 0), 0.69),
            (flag(self.any(at + 1..at + 4, |other| other.kind == LineKind::Date)), 0.93),
            (flag(self.dated_next(at)), 0.76),
            (
                flag(self.any(at + 1..at + 2, |other| {
                    other.kind == LineKind::Text && other.units > 1.2 * form.units
                })),
                0.63,
            ),
            (
                flag(self.any(at.saturating_sub(1)..at, |other| other.kind == LineKind::Caption)),
                -0.42,
            ),
        ];
        signs.iter().map(|(sign, weight)| sign * weight).sum()
    }

    /// Whether a date or a writer comes before the next headline does.
    fn dated_next(&self, at: usize) -> bool {
        let mut behind = self.text_page.forms[at + 1..self.body].iter().take(8);
        let next =
            behind.find(|other| is_dated(other) || other.is_headline() && other.units >= 5.0);
        next.is_some_and(is_dated)
    }

    fn any(&self, lines: Range<usize>, test: impl Fn(&LineForm) -> bool) -> bool {
        self.text_page.forms[lines.start..lines.end.min(self.body)].iter().any(test)
    }
}

fn is_dated(form: &LineForm) -> bool {
    matches!(form.kind, LineKind::Date | LineKind::Byline)
}

fn flag(sign: bool) -> f32 {
    f32::from(u8::from(sign))
}

/// A count as a share of the most that tells anything.
fn share(count: usize, most: u8) -> f32 {
    f32::from(u8::try_from(count).unwrap_or(most).min(most)) / f32::from(most)
}
