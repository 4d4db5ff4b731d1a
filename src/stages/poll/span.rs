//! The span of a poll, with which a trace begins.

use chrono::{DateTime, Utc};

use crate::{
    model::{poll_record::PollRecord, trace::TraceId},
    telemetry::traces::Span,
};

/// From the request until all that it found was committed.
pub(super) fn of_poll(trace: TraceId, poll: &PollRecord, committed: DateTime<Utc>) -> Span {
    let failed = matches!(poll.outcome, "failed" | "blocked" | "gone" | "missing" | "unreadable");
    Span::new(trace, "poll", poll.at, committed)
        .known_as(trace.poll_span())
        .with("nashra.source.id", poll.source.as_str())
        .with("url.full", poll.url.to_string())
        .with("nashra.poll.outcome", poll.outcome)
        .with("nashra.poll.fresh", i64::try_from(poll.fresh).unwrap_or(i64::MAX))
        .failed(failed.then(|| poll.reason.clone()))
}
