//! Derives fields from an article's own text: language, word count, credited agencies, confidence.
//!
//! Enrichers run once page and feed are merged and before the committing task decides, so a field
//! that is derived here says the same of an article wherever its text was read. To add one, write a
//! function in a file of its own and add it to the list; a field that it fills is a row of
//! `model/content` with `merge: Derived`.
//!
//! What must stay true: an enricher is pure, reads no more than what it is given, and fills only
//! fields that are its own, so that it may run again. It takes time linear in the text.

mod agencies;
mod language;
mod quality;
mod words;

use crate::model::{content::Content, page::Evidence};

/// Fills its fields from the rest of the content and from what the reader noted beside it.
type Enricher = fn(&mut Content, &Evidence);

/// All of them, in the order in which they run: a later one may use what an earlier one gave.
const ENRICHERS: [Enricher; 4] =
    [language::enrich, words::enrich, agencies::enrich, quality::enrich];

/// Runs all enrichers.
pub fn enrich(content: &mut Content, evidence: &Evidence) {
    for enricher in ENRICHERS {
        enricher(content, evidence);
    }
}

#[cfg(test)]
mod tests;
