//! The spans of decisions, and the trace that their records name.

use chrono::{DateTime, Utc};

use crate::{
    model::{
        candidate::{Candidate, PageOutcome},
        pending::PendingEntry,
        trace::{SpanId, TraceId, TraceParent},
    },
    store::NewRecord,
    telemetry::traces::{Span, new_span},
};

/// An entry of a trace that is decided on.
#[derive(Debug)]
pub(super) struct DecidedEntry {
    pub(super) trace: TraceId,
    span: SpanId,
    listed: DateTime<Utc>,
    source: String,
}

/// The entries among candidates that belong to a trace and end with the decision on them.
pub(super) fn decided(candidates: &[Candidate]) -> Vec<DecidedEntry> {
    let ends = |candidate: &&Candidate| !matches!(candidate.reading, PageOutcome::Later { .. });
    let traced = |Candidate { entry, .. }: &Candidate| {
        let (trace, span) = entry.traced()?;
        Some(DecidedEntry { trace, span, listed: entry.listed, source: entry.source.id.clone() })
    };
    candidates.iter().filter(ends).filter_map(traced).collect()
}

impl DecidedEntry {
    /// From the beginning of the decision until it was durable, with those that share its commit.
    pub(super) fn commit(&self, began: DateTime<Utc>, durable: DateTime<Utc>) -> Span {
        Span::new(self.trace, "commit", began, durable).within(self.span)
    }

    /// From the poll that found the entry until the decision on it was durable.
    pub(super) fn whole(&self, durable: DateTime<Utc>) -> Span {
        Span::new(self.trace, "entry", self.listed, durable)
            .known_as(self.span)
            .within(self.trace.poll_span())
            .with("nashra.source.id", self.source.as_str())
    }
}

/// Has a record name the trace of the entry that it was made of, where that is recorded: consumers'
/// spans hang beneath that of its publication.
pub(super) fn name_trace(record: &mut NewRecord, entry: &PendingEntry) {
    if let Some((trace, parent)) = entry.traced() {
        let named = TraceParent { trace, span: new_span(), sampled: true };
        record.traceparent = named.to_string();
        record.observed.span = Some(parent.to_string());
    }
}
