//! Which trace an entry belongs to, from the poll that found it to the acknowledgement of its
//! record.
//!
//! What must stay true: the spans that others hang beneath have ids that are made of the trace and
//! of what they are of, so that a process that goes on after a restart knows them.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::pending::EntryKey;
use crate::base::hash::digest;

/// The id of a trace: 16 bytes, of which the last seven are random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceId(Uuid);

impl From<Uuid> for TraceId {
    fn from(random: Uuid) -> Self {
        Self(random)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.simple())
    }
}

impl TraceId {
    /// Its 16 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The span of the poll that began the trace.
    #[must_use]
    pub fn poll_span(&self) -> SpanId {
        SpanId(digest(&[self.as_bytes(), b"poll"]))
    }

    /// The span of an entry that the poll found.
    #[must_use]
    pub fn entry_span(&self, key: &EntryKey) -> SpanId {
        SpanId(digest(&[self.as_bytes(), key.as_bytes()]))
    }
}

/// The id of a span in a trace: 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanId(pub [u8; 8]);

impl fmt::Display for SpanId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}", u64::from_be_bytes(self.0))
    }
}

/// The trace and the span that a record names in its header `traceparent` (W3C Trace Context §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace.
    pub trace: TraceId,
    /// The span.
    pub span: SpanId,
    /// Whether the trace is recorded.
    pub sampled: bool,
}

impl fmt::Display for TraceParent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace, span, sampled } = self;
        write!(out, "00-{trace}-{span}-{:02x}", u8::from(*sampled))
    }
}

impl TraceParent {
    /// Reads one that was written by us.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("00-")?.split('-');
        let (trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?);
        let span = u64::from_str_radix(span, 16).ok()?.to_be_bytes();
        let trace = TraceId(Uuid::try_parse(trace).ok()?);
        Some(Self { trace, span: SpanId(span), sampled: flags == "01" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_parent_is_written_as_it_is_read() {
        for text in [
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-00ad6b7169203331-00",
        ] {
            assert_eq!(
                TraceParent::parse(text).map(|read| read.to_string()).as_deref(),
                Some(text)
            );
        }
        for text in
            ["", "00-", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-x-y-01"]
        {
            assert_eq!(TraceParent::parse(text), None, "{text}");
        }
    }
}
