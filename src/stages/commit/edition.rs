//! One edition of an article, from what was found to the record that goes to the outbox.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{batch::DecisionBatch, fit};
use crate::{
    model::{
        article::ArticleState,
        bounds, clean,
        pending::PendingEntry,
        record::{Change, SCHEMA, Source, Topic},
        routing::Routing,
        trace::{TraceId, TraceParent},
    },
    policy::assemble::{self, Assembled, Edition},
    store::{KeptEdition, NewRecord, Observed, StoreError},
    telemetry::traces::new_span,
};

/// Bounds and cleans an article as it was found, before it is compared and published.
pub(super) fn clean_found(found: &mut Assembled) {
    assemble::bound(found);
    fit::cut_text(&mut found.content);
    clean::content(&mut found.content);
    found.url = found.url.take().and_then(clean::url);
    found.fetched_url = found.fetched_url.take().and_then(clean::url);
    found.alternates =
        std::mem::take(&mut found.alternates).into_iter().filter_map(clean::url).collect();
}

/// What a record says of its article and edition. `state` is already that of this edition.
pub(super) fn of_state(
    source: &Source,
    id: Uuid,
    state: &ArticleState,
    change: Change,
    changed_fields: Vec<String>,
) -> Edition {
    let mut source = source.clone();
    bounds::source(&mut source);
    let others = state
        .alternate_urls
        .iter()
        .filter_map(|url| clean::address(url))
        .filter(|url| Some(url) != state.url.as_ref());
    Edition {
        id,
        revision: state.revision,
        change,
        changed_fields,
        difference: None,
        url: state.url.clone(),
        alternate_urls: others.collect(),
        source: clean::source(source),
        story: state.story.clone(),
        labels: Vec::new(),
        first_seen: state.first_seen,
        content_hash: state.content_hash.clone(),
    }
}

/// The record of an edition, on its way to the outbox. `at` is when it was decided on.
pub(super) fn record(
    source: &Source,
    found: Assembled,
    (edition, routing): (Edition, Routing),
    at: DateTime<Utc>,
) -> NewRecord {
    let (id, revision) = (edition.id, edition.revision);
    let article = found.into_record(edition);
    NewRecord {
        topic: Topic::Articles,
        key: id.to_string(),
        event_id: format!("{id}/{revision}"),
        event_type: SCHEMA.to_owned(),
        event_source: event_source(source),
        event_time: at,
        traceparent: traceparent(),
        routing,
        observed: Observed::default(),
        value: fit::to_json(source.url.secrets().hide_in(article)),
    }
}

impl DecisionBatch {
    /// Keeps an edition whose record is appended next.
    pub(super) fn keep_edition(
        &mut self,
        id: Uuid,
        revision: u32,
        entry: &PendingEntry,
        record: &NewRecord,
    ) -> Result<(), StoreError> {
        if !self.editions.keeps() {
            return Ok(());
        }
        let (numbers, times) = ((revision, self.tail.seq + 1), (entry.listed, self.now));
        let edition = KeptEdition::new(numbers, times, &record.value)?;
        self.editions.keep(&mut self.batch, id, &edition)
    }
}

/// A source, as the header `ce_source` names it.
pub(super) fn event_source(source: &Source) -> String {
    format!("/sources/{}", source.id)
}

/// The header of a new trace that is not recorded, with new ids.
pub(crate) fn traceparent() -> String {
    let trace = TraceId::from(Uuid::new_v4());
    TraceParent { trace, span: new_span(), sampled: false }.to_string()
}
