//! Spans as an `ExportTraceServiceRequest` of OTLP 1, the protobuf that every collector takes.
//!
//! The messages are few and their field numbers never change, so they are written here, by the
//! names of `opentelemetry/proto`; the tests read them with OpenTelemetry's own types.

use chrono::{DateTime, Utc};

use super::{Attribute, Span, SpanKind};

/// `Status.STATUS_CODE_ERROR`.
const ERROR: u64 = 2;

/// A request with spans of one process, of which the attributes say what it is.
pub(super) fn request(process: &[(&'static str, Attribute)], spans: &[Span]) -> Vec<u8> {
    let mut resource = Message::default();
    for (name, value) in process {
        resource.message(1, &attribute(name, value));
    }
    let mut scope = Message::default();
    scope.text(1, "nashra");
    scope.text(2, env!("CARGO_PKG_VERSION"));
    let mut scope_spans = Message::default();
    scope_spans.message(1, &scope);
    for one in spans {
        scope_spans.message(2, &span(one));
    }
    let mut resource_spans = Message::default();
    resource_spans.message(1, &resource);
    resource_spans.message(2, &scope_spans);
    let mut request = Message::default();
    request.message(1, &resource_spans);
    request.0
}

fn span(span: &Span) -> Message {
    let mut message = Message::default();
    message.bytes(1, span.trace.as_bytes());
    message.bytes(2, &span.id.0);
    if let Some(parent) = span.parent {
        message.bytes(4, &parent.0);
    }
    message.text(5, span.name);
    let kind = match span.kind {
        SpanKind::Internal => 1,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
    };
    message.number(6, kind);
    message.fixed(7, nanoseconds(span.start));
    message.fixed(8, nanoseconds(span.end));
    for (name, value) in &span.attributes {
        message.message(9, &attribute(name, value));
    }
    if let Some(error) = &span.error {
        let mut status = Message::default();
        status.text(2, error);
        status.number(3, ERROR);
        message.message(15, &status);
    }
    message
}

/// A `KeyValue`.
fn attribute(name: &str, value: &Attribute) -> Message {
    let mut any = Message::default();
    match value {
        Attribute::Text(text) => any.text(1, text),
        Attribute::Number(number) => any.number(3, number.cast_unsigned()),
    }
    let mut pair = Message::default();
    pair.text(1, name);
    pair.message(2, &any);
    pair
}

fn nanoseconds(time: DateTime<Utc>) -> u64 {
    time.timestamp_nanos_opt().and_then(|nanoseconds| u64::try_from(nanoseconds).ok()).unwrap_or(0)
}

/// A message of protobuf (its encoding, "wire types") while it is written.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push((number & 0x7f) as u8);
    }

    fn number(&mut self, field: u64, number: u64) {
        self.varint(field << 3);
        self.varint(number);
    }

    fn fixed(&mut self, field: u64, number: u64) {
        self.varint(field << 3 | 1);
        self.0.extend(number.to_le_bytes());
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
    }

    fn text(&mut self, field: u64, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    fn message(&mut self, field: u64, message: &Self) {
        self.bytes(field, &message.0);
    }
}
