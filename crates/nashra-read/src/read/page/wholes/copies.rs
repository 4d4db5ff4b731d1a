//! Leaves out what stands in the text a second time: the body for another kind of screen, sentences
//! that are set large between the paragraphs they are from.

use hashbrown::HashMap;

use super::{Judged, ratio};
use crate::{html::Tag, text::fold};

/// The least weight of a line that is compared, and of a paragraph.
const MIN_LINE: u32 = 12;
const PARAGRAPH: u32 = 80;
/// The least share that a copy has of the text without it; a song and a table repeat less. The
/// same for a copy of a single paragraph.
const SHARE: f32 = 0.25;
const MOST: f32 = 0.6;
/// The weight of a sentence that may be set large.
const QUOTE: std::ops::Range<u32> = 20..320;
/// The most bytes of a text in which such sentences are looked for, and the most sentences.
const MAX_TEXT: usize = 200_000;
const MAX_QUOTES: usize = 40;

/// Leaves all copies out.
pub(super) fn leave_out(page: Judged<'_, '_>, body: &mut [bool]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    // Lines in a row that repeat lines in a row: the number of the line that each repeats.
    let mut run: Vec<(usize, usize)> = Vec::new();
    let lines: Vec<usize> =
        (0..body.len()).filter(|at| body[*at] && page.measured.weight[*at] >= MIN_LINE).collect();
    let total = page.body(0..body.len(), body);
    for (index, at) in lines.iter().enumerate() {
        let text = fold(page.text(*at));
        let first = seen.get(&text).copied();
        if first.is_none_or(|first| run.last().is_some_and(|last| first < last.1)) {
            close(page, &mut run, total, body);
        }
        match first {
            Some(first) => run.push((*at, first)),
            None => drop(seen.insert(text, index)),
        }
    }
    close(page, &mut run, total, body);
    quotes(page, body);
}

/// Leaves a run out that is long enough to be a copy of the text.
fn close(page: Judged<'_, '_>, run: &mut Vec<(usize, usize)>, total: u32, body: &mut [bool]) {
    let weights = || run.iter().map(|(at, _)| page.measured.weight[*at]);
    let weight: u32 = weights().sum();
    let several = weights().filter(|weight| *weight >= PARAGRAPH).count() > 1;
    let share = ratio(weight, total.saturating_sub(weight));
    if share >= if several { SHARE } else { MOST } {
        for (at, _) in &*run {
            body[*at] = false;
        }
    }
    run.clear();
}

/// Leaves out sentences that are set large and stand in a paragraph, too.
fn quotes(page: Judged<'_, '_>, body: &mut [bool]) {
    let tree = page.tree;
    let apart = |at: &usize| {
        let block = page.lines.lines[*at].block;
        body[*at]
            && QUOTE.contains(&page.measured.weight[*at])
            && tree.tag(block).heading_level().is_none()
            && (std::iter::once(block).chain(tree.ancestors(block)).take(3).any(|node| {
                matches!(tree.tag(node), Tag::Blockquote | Tag::Aside | Tag::Figure | Tag::Q)
                    || tree.attribute(node, "class").is_some_and(|class| {
                        let class = class.to_ascii_lowercase();
                        ["quote", "pull", "callout", "highlight", "zitat"]
                            .iter()
                            .any(|name| class.contains(name))
                    })
            }))
    };
    let candidates: Vec<usize> = (0..body.len()).filter(apart).take(MAX_QUOTES).collect();
    if candidates.is_empty() {
        return;
    }
    let mut whole = String::new();
    for at in (0..body.len()).filter(|at| body[*at] && !candidates.contains(at)) {
        if whole.len() > MAX_TEXT {
            break;
        }
        whole.push_str(&fold(page.text(at)));
        whole.push('\n');
    }
    for at in candidates {
        let text = fold(page.text(at));
        if text.len() > 12 && memchr::memmem::find(whole.as_bytes(), text.as_bytes()).is_some() {
            body[at] = false;
        }
    }
}
