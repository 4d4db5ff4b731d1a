//! Finds heads that stand in one form before several texts of a page: where a headline with its
//! writer or its day behind it comes again and again, each time before some paragraphs, each is the
//! head of an article, whatever their texts have in common.
//!
//! What must stay true: a heading within an article has neither writer nor day behind it, and a
//! comment or a teaser has not several paragraphs.

use super::{
    form::{LineForm, LineKind},
    lines::Line,
};

/// Lines of a head behind its headline: a deck, writers, days.
const MAX_HEAD: usize = 5;
/// The least length of a headline, in units, and the least of a text, in paragraphs and units.
const HEADLINE: f32 = 3.0;
const PARAGRAPHS: usize = 3;
const TEXT: f32 = 60.0;
/// Such heads that make a form.
const LEAST: usize = 2;

/// A head: its form, and the line behind it.
struct Head {
    form: Vec<LineKind>,
    end: usize,
}

/// For each line, whether it is a headline of such a head.
pub(super) fn headlines(lines: &[Line], forms: &[LineForm]) -> Vec<bool> {
    let mut found = vec![false; forms.len()];
    let mut heads: Vec<(usize, Head)> = Vec::new();
    for at in 0..forms.len() {
        // A deck looks like a headline, too.
        let is_within = heads.last().is_some_and(|(_, last)| at < last.end);
        if let Some(head) = head(lines, forms, at).filter(|_| !is_within) {
            heads.push((at, head));
        }
    }
    let ends = heads.iter().skip(1).map(|(at, _)| *at).chain([forms.len()]);
    let is_text: Vec<bool> =
        heads.iter().zip(ends).map(|((_, head), end)| is_text(&forms[head.end..end])).collect();
    // The first one with a text gives the form.
    let Some(first) = is_text.iter().position(|is_text| *is_text) else { return found };
    let of_form: Vec<usize> = (first..heads.len())
        .filter(|at| is_text[*at] && heads[*at].1.form == heads[first].1.form)
        .collect();
    if of_form.len() >= LEAST {
        for at in of_form {
            found[heads[at].0] = true;
        }
    }
    found
}

/// The head that begins with a headline at a line.
fn head(lines: &[Line], forms: &[LineForm], at: usize) -> Option<Head> {
    let headline = forms.get(at).filter(|form| form.is_headline() && form.units >= HEADLINE)?;
    // Behind a text, or apart from what is before.
    let is_apart = at.checked_sub(1).is_none_or(|before| {
        let before = &forms[before];
        before.is_prose() && before.stops || before.kind == LineKind::Mark || lines[at].blank > 0
    });
    if !is_apart || headline.times > 1 {
        return None;
    }
    let behind = forms[at + 1..].iter().take(MAX_HEAD).take_while(|form| !form.is_prose());
    let form: Vec<LineKind> = behind.map(|form| form.kind).collect();
    let decks = form.iter().take_while(|kind| **kind == LineKind::Text).count();
    let of_article = |kind: &LineKind| matches!(kind, LineKind::Date | LineKind::Byline);
    let is_one = decks <= 1 && decks < form.len() && form[decks..].iter().all(of_article);
    is_one.then(|| Head { end: at + 1 + form.len(), form })
}

/// Whether lines begin with some paragraphs.
fn is_text(forms: &[LineForm]) -> bool {
    let paragraphs = || forms.iter().filter(|form| form.is_prose());
    forms.first().is_some_and(LineForm::is_prose)
        && paragraphs().count() >= PARAGRAPHS
        && paragraphs().map(|form| form.units).sum::<f32>() >= TEXT
}
