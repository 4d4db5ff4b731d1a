//! Scores how well each line would do as a headline.

use super::{
    form::{LineForm, LineKind},
    lines::Line,
    weights::W,
};
use crate::read::page::topic::Topics;

/// Lines before a line in which a better headline makes it a deck or a caption.
const SECOND: usize = 6;

/// Lines behind a breadcrumb path in which its headline is searched.
const PATH: usize = 12;

/// The scores of all lines as headlines.
#[derive(Debug)]
pub(super) struct Headlines {
    scores: Vec<Option<f32>>,
    fits: Vec<f32>,
}

impl Headlines {
    pub(super) fn new(lines: &[Line], forms: &[LineForm], topics: &Topics) -> Self {
        let fits: Vec<f32> = lines
            .iter()
            .zip(forms)
            .enumerate()
            .map(
                |(at, (line, form))| {
                    if possible(line, form) { topics.fit(&line.text, at) } else { 0.0 }
                },
            )
            .collect();
        let mut scores: Vec<Option<f32>> = lines
            .iter()
            .zip(forms)
            .enumerate()
            .map(|(at, (line, form))| {
                let fit = if fits[at] > 0.0 {
                    W.fit * (fits[at].min(0.8) - W.fit_least)
                } else {
                    -W.fit * W.fit_least
                };
                // A copy that was begun at the headline; a whole page begins with a menu.
                let place = if at == 0 && fits[at] >= W.fit_least { W.foremost } else { 0.0 };
                let path = if is_path(lines, at) { W.path } else { 0.0 };
                possible(line, form).then(|| by_form(line, form) + fit + place - path)
            })
            .collect();
        for at in (1..lines.len()).rev() {
            // What closely follows a headline and is about the same is its deck or a caption.
            let before = (at.saturating_sub(SECOND)..at)
                .rev()
                .take_while(|line| !(forms[*line].prose >= 0.75 && forms[*line].units >= 15.0));
            let better = |other: &usize| {
                // A kicker stands before the headline and says less.
                let kicker = fits[at] > fits[*other] + 0.15
                    && forms[at].units <= 1.5 * forms[*other].units
                    || *other + 1 == at
                        && forms[*other].units <= 5.0
                        && forms[at].units > forms[*other].units;
                fits[*other] >= 0.4
                    && scores[*other].is_some_and(|score| score > 1.0)
                    && lines[*other].text != lines[at].text
                    && !kicker
            };
            if scores[at].is_some() && before.into_iter().any(|before| better(&before)) {
                scores[at] = scores[at].map(|score| score - W.second);
            }
        }
        for at in 1..lines.len() {
            let (kicker, headline) = (&forms[at - 1], &forms[at]);
            let shorter = kicker.units <= 5.0
                && headline.units > kicker.units
                && headline.units <= 16.0
                && !headline.stops;
            if shorter && lines[at].blank == 0 && fits[at] >= 0.4 && scores[at].is_some() {
                scores[at - 1] = scores[at - 1].map(|score| score - W.second);
            }
        }
        Self { scores, fits }
    }

    /// The score of a line as the headline of the text behind it; `None` where it cannot be one.
    pub(super) fn score(&self, line: usize) -> Option<f32> {
        self.scores[line]
    }

    /// The share of the line's words that the text behind it has.
    pub(super) fn fit(&self, line: usize) -> f32 {
        self.fits[line]
    }
}

/// Whether a line is another one near it with words before it: `Home Harbour reopens` above
/// `Harbour reopens`.
fn is_path(lines: &[Line], at: usize) -> bool {
    let text = &lines[at].text;
    lines[at + 1..].iter().take(PATH).any(|line| {
        line.text.len() * 2 > text.len()
            && line.text.len() < text.len()
            && text.ends_with(&line.text)
    })
}

fn possible(line: &Line, form: &LineForm) -> bool {
    form.kind == LineKind::Text
        && (2.0..=40.0).contains(&form.units)
        && (form.units >= 3.0 || line.text.chars().count() >= 12)
}

fn by_form(line: &Line, form: &LineForm) -> f32 {
    let length = match form.units {
        ..3.5 => -1.2,
        ..5.0 => 0.2,
        ..=22.0 => 0.8,
        _ => -0.3,
    };
    let text = line.text.as_str();
    let small = text.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_lowercase);
    let against = [
        (form.stops, 1.2),
        (text.ends_with([':', '：']), 1.5),
        // Paths of a site have strokes and arrows.
        (text.contains(['|', '›', '>']), 0.7),
        (line.bullet, 1.0),
        (small, 0.6),
        (form.broken, W.broken),
    ];
    let against: f32 = against.iter().filter(|against| against.0).map(|against| against.1).sum();
    length - against + if form.times > 1 { W.twice } else { 0.0 }
}
