//! The spans of a delivery: each record's way from the decision on it to the acknowledgement.

use chrono::{DateTime, Utc};

use crate::{
    model::trace::{SpanId, TraceParent},
    store::{NewRecord, OutboxRow},
    telemetry::traces::{Span, SpanKind, Tracer},
};

/// Records the spans of rows whose traces are recorded, of a batch that was begun and acknowledged.
pub(super) fn record(
    traces: &Tracer,
    sent: &[OutboxRow],
    began: DateTime<Utc>,
    acknowledged: DateTime<Utc>,
) {
    for OutboxRow { record, .. } in sent {
        let Some((named, parent)) = traced(record) else { continue };
        let (trace, decided) = (Some(named.trace), record.event_time);
        // Consumers hang their spans beneath this one, which the record names.
        traces.record(trace, |trace| {
            Span::new(trace, "publish", decided, acknowledged)
                .known_as(named.span)
                .within(parent)
                .of_kind(SpanKind::Producer)
                .with("messaging.destination.name", record.topic.name())
                .with("messaging.message.id", record.event_id.as_str())
        });
        traces.record(trace, |trace| Span::new(trace, "outbox", decided, began).within(named.span));
        traces.record(trace, |trace| {
            Span::new(trace, "acknowledge", began, acknowledged).within(named.span)
        });
    }
}

/// The trace and the span that a record names, and the span that it was made in, where its trace is
/// recorded.
fn traced(record: &NewRecord) -> Option<(TraceParent, SpanId)> {
    let parent = u64::from_str_radix(record.observed.span.as_deref()?, 16).ok()?;
    let named = TraceParent::parse(&record.traceparent)?;
    Some((named, SpanId(parent.to_be_bytes())))
}
