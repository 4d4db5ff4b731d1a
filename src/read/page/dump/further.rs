//! Which of the later articles of a dump are none: what readers wrote, offers, lists, a headline that came before.

use std::collections::HashSet;

use super::{Dump, form, split::Stretch};

/// Words of the shortest further article.
const LEAST: f32 = 45.0;
/// Lines before a text that belong to its head.
const HEAD: usize = 30;

/// Keeps the first article and those that are no less.
pub(super) fn keep(dump: &Dump, stretches: Vec<Stretch>) -> Vec<Stretch> {
    let mut told: HashSet<&str> = HashSet::new();
    let mut kept = Vec::with_capacity(stretches.len());
    let mut from = 0;
    for stretch in stretches {
        let head = stretch.body.start.saturating_sub(HEAD).max(from)..stretch.body.start;
        from = stretch.body.end;
        let further = |title: usize| {
            let text = dump.lines[title].text.as_str();
            !told.contains(text) && !form::is_service(text, dump.forms[title].units) && words(dump, &stretch) >= LEAST
        };
        if !kept.is_empty() && !stretch.title.is_some_and(further) {
            continue;
        }
        told.extend(head.map(|it| dump.lines[it].text.as_str()));
        kept.push(stretch);
    }
    kept
}

/// The words of an article's sentences.
fn words(dump: &Dump, stretch: &Stretch) -> f32 {
    stretch.lines().map(|it| &dump.forms[it]).filter(|it| it.prose >= form::SENTENCE).map(|it| it.units).sum()
}
