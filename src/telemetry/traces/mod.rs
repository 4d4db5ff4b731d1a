//! Traces for OpenTelemetry: the way of what a poll found, to the acknowledgement of its record.
//!
//! A trace begins with a poll, of which a share is chosen, and its id is kept with the entries that
//! the poll found and in the header `traceparent` of their records, so it goes on after a restart.
//! Spans are made when they end, of times that the stages know. OpenTelemetry's own library begins
//! a span in the process that ends it, so nothing of it is used but the format ([`otlp`]).
//!
//! What must stay true: where traces are off, nothing is made, kept or sent. A collector that is
//! slow or away holds nothing up: spans wait in a bounded queue, and what finds it full is dropped
//! and counted.

pub mod export;
mod otlp;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::{
    base::live::Live,
    model::trace::{SpanId, TraceId},
    telemetry::metrics,
};

/// Of the bits of a trace's id that decide whether it is recorded, as W3C Trace Context 2 has it.
const RANDOM_BITS: u32 = 56;

/// Begins traces and takes their spans; clones share the queue. The default is off.
#[derive(Debug, Clone, Default)]
pub struct Tracer(Option<Arc<Sampling>>);

#[derive(Debug)]
struct Sampling {
    /// Of the traces this share is recorded, from 0 to 1.
    share: Live<f64>,
    spans: mpsc::Sender<Span>,
}

impl Tracer {
    /// One that records a share of the traces, from 0 to 1, into a queue.
    fn new(share: Live<f64>, spans: mpsc::Sender<Span>) -> Self {
        Self(Some(Arc::new(Sampling { share, spans })))
    }

    /// Begins a trace, where one is to be recorded.
    #[must_use]
    pub fn begin(&self) -> Option<TraceId> {
        let sampling = self.0.as_ref()?;
        let id = Uuid::new_v4();
        let (_, low) = id.as_u64_pair();
        (low & ((1 << RANDOM_BITS) - 1) < threshold(*sampling.share.get()))
            .then(|| TraceId::from(id))
    }

    /// Records a span of a trace. Where there is none, or traces are off, the span is not made.
    pub fn record(&self, trace: Option<TraceId>, span: impl FnOnce(TraceId) -> Span) {
        if let (Some(sampling), Some(trace)) = (&self.0, trace)
            && sampling.spans.try_send(span(trace)).is_err()
        {
            metrics::trace_spans("dropped", 1);
        }
    }
}

/// The number below which a share of all random bits lies.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of 2^56 needs no more than 53 bits, and is not negative"
)]
fn threshold(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * (1_u64 << RANDOM_BITS) as f64) as u64
}

/// What a span is to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// Work of ours.
    Internal,
    /// A request of ours, and its answer.
    Client,
    /// A record, whose consumers' spans hang beneath it.
    Producer,
}

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    /// Words.
    Text(String),
    /// A whole number.
    Number(i64),
}

impl From<String> for Attribute {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Attribute {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// A part of a trace that has ended.
#[derive(Debug, Clone)]
pub struct Span {
    trace: TraceId,
    id: SpanId,
    parent: Option<SpanId>,
    name: &'static str,
    kind: SpanKind,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    attributes: Vec<(&'static str, Attribute)>,
    error: Option<String>,
}

impl Span {
    /// A span with an id of its own, from one moment to another.
    #[must_use]
    pub fn new(
        trace: TraceId,
        name: &'static str,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Self {
        Self {
            trace,
            id: new_span(),
            parent: None,
            name,
            kind: SpanKind::Internal,
            start,
            // The clock may have been set back meanwhile.
            end: end.max(start),
            attributes: Vec::new(),
            error: None,
        }
    }

    /// The same under an id that others know.
    #[must_use]
    pub fn known_as(self, id: SpanId) -> Self {
        Self { id, ..self }
    }

    /// The same beneath another span.
    #[must_use]
    pub fn within(self, parent: SpanId) -> Self {
        Self { parent: Some(parent), ..self }
    }

    /// The same as another kind.
    #[must_use]
    pub fn of_kind(self, kind: SpanKind) -> Self {
        Self { kind, ..self }
    }

    /// The same with an attribute more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Attribute>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// The same, which failed where there is an error.
    #[must_use]
    pub fn failed(self, error: Option<String>) -> Self {
        Self { error, ..self }
    }
}

/// A span's id that nobody knows yet.
#[must_use]
pub fn new_span() -> SpanId {
    let (_, low) = Uuid::new_v4().as_u64_pair();
    SpanId(low.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_traces_are_off_no_trace_begins_and_no_span_is_made() {
        let off = Tracer::default();
        assert!(off.begin().is_none());
        let trace = Some(TraceId::from(Uuid::new_v4()));
        off.record(trace, |_| panic!("made"));
        let (spans, _queue) = mpsc::channel(1);
        Tracer::new(Live::new(1.0), spans).record(None, |_| panic!("made"));
        assert_eq!(size_of::<Tracer>(), size_of::<usize>());
    }

    #[test]
    fn a_share_of_the_traces_is_recorded() {
        let begun = |share: f64| {
            let (spans, _queue) = mpsc::channel(1);
            let tracer = Tracer::new(Live::new(share), spans);
            (0..4_000).filter(|_| tracer.begin().is_some()).count()
        };
        assert_eq!((begun(0.0), begun(1.0)), (0, 4_000));
        assert!((800..1_200).contains(&begun(0.25)));
    }

    #[test]
    fn a_full_queue_drops_spans_and_holds_nobody_up() {
        let (spans, mut queue) = mpsc::channel(1);
        let tracer = Tracer::new(Live::new(1.0), spans);
        let (trace, now) = (tracer.begin(), DateTime::UNIX_EPOCH);
        for _ in 0..3 {
            tracer.record(trace, |trace| Span::new(trace, "poll", now, now));
        }
        assert!(queue.try_recv().is_ok() && queue.try_recv().is_err());
    }
}
