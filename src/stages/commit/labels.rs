//! The labels of editions, by the rules that hold when they are decided on.
//!
//! What must stay true: one group of decisions has one set of rules, also where they are exchanged
//! meanwhile.

use std::time::Instant;

use super::batch::DecisionBatch;
use crate::{
    model::{article::ArticleState, label::ArticleLabel, record::Content},
    policy::{assemble::Edition, label::LabelInput},
};

/// The places that are kept of an article, over all its labels: some 100 bytes each.
const KEPT_PLACES: usize = 40;

impl DecisionBatch {
    /// Gives an edition its labels, and keeps with the article where their words stand.
    pub(super) fn label(
        &mut self,
        state: &mut ArticleState,
        content: &Content,
        edition: &mut Edition,
    ) {
        state.labels.clear();
        if self.labels.is_empty() {
            return;
        }
        let began = Instant::now();
        let given = self.labels.give(&LabelInput {
            title: content.title.as_deref(),
            text: content.text.as_deref(),
            section: content.section.as_deref(),
            keywords: &content.keywords,
            language: content.language.as_deref(),
            tags: &edition.source.tags,
            url: edition.url.as_deref(),
            source_url: Some(edition.source.url.real()),
            role: edition.story.as_ref().map(|story| story.role),
        });
        self.counts.labels.push((given.len(), began.elapsed()));
        edition.labels = given.iter().map(|label| label.name.clone()).collect();
        state.labels = kept(given);
    }
}

/// The first places of each label in turn, as many as are kept.
pub(super) fn kept(mut labels: Vec<ArticleLabel>) -> Vec<ArticleLabel> {
    let each = (KEPT_PLACES / labels.len().max(1)).max(1);
    let mut left = KEPT_PLACES;
    for label in &mut labels {
        label.places.truncate(each.min(left));
        left -= label.places.len();
    }
    labels
}
