//! Where the records of editions go, by the routes of the config.

use super::batch::DecisionBatch;
use crate::{
    model::{
        article::ArticleState,
        record::{Change, Content},
    },
    policy::{assemble::Edition, route::RouteInput},
};

impl DecisionBatch {
    /// Decides on the topics of an edition, and keeps them with the article. Its labels are given.
    pub(super) fn route(&self, state: &mut ArticleState, content: &Content, edition: &Edition) {
        if self.routes.is_empty() {
            return;
        }
        let input = RouteInput {
            labels: &edition.labels,
            language: content.language.as_deref(),
            source: &edition.source.id,
            tags: &edition.source.tags,
            addresses: [edition.url.as_deref(), Some(edition.source.url.real())],
        };
        let before = Some(&state.routing).filter(|_| edition.change != Change::New);
        state.routing = self.routes.of(&input, before);
    }
}
