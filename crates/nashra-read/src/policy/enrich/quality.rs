//! How sure the extraction is, and whether the text breaks off where subscribers read on.

use crate::model::{
    content::Content,
    page::{Evidence, TextSource},
};

pub(super) fn enrich(content: &mut Content, evidence: &Evidence) {
    content.quality.confidence = confidence(content.word_count, evidence.source);
    content.quality.truncated |= breaks_off(content, evidence.words);
}

/// From 0 to 1. A page with a title, a date and a few hundred words is nearly always an article. A
/// text dump has no markup to confirm anything, so it is never as sure as a page.
fn confidence(words: u32, source: TextSource) -> f32 {
    let by_length = |few: f32, some: f32, many: f32| match words {
        0..50 => few,
        50..150 => some,
        _ => many,
    };
    let each = |found: bool, value: f32| if found { value } else { 0.0 };
    match source {
        TextSource::Html { title, date } => {
            by_length(0.2, 0.4, 0.6) + each(title, 0.2) + each(date, 0.2)
        }
        TextSource::PlainText { title, date, images } => {
            let found = [title, date, images].into_iter().map(u8::from).sum::<u8>();
            by_length(0.1, 0.3, 0.5) + 0.1 * f32::from(found)
        }
        TextSource::FeedContent => 0.7,
        TextSource::FeedSummary => 0.3,
    }
}

/// Whether subscribers read on: the page counts more words than the text has, or the text breaks
/// off.
fn breaks_off(content: &Content, words: Option<u32>) -> bool {
    let text = content.text.as_deref().unwrap_or_default();
    let fewer = || words.is_some_and(|words| words > content.word_count + content.word_count / 2);
    content.quality.paywalled && (fewer() || text.ends_with(['…', ':']) || text.ends_with("..."))
}
