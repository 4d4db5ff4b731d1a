//! The spans of a reading, within that of its entry: the wait, the fetch, the extraction.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::failure::Failure;
use crate::{
    base::private::shown,
    model::{
        candidate::FetchedPage,
        pending::{PendingEntry, PendingKey},
        trace::TraceId,
    },
    telemetry::traces::{Span, SpanKind},
};

/// From the time at which a row was due until it was claimed.
pub(super) fn waited(trace: TraceId, row: &PendingKey, claimed: DateTime<Utc>) -> Span {
    let due = i64::try_from(row.due_ms()).ok().and_then(DateTime::from_timestamp_millis);
    Span::new(trace, "wait", due.unwrap_or(claimed), claimed)
}

/// A fetch of a page, the wait for its host's turn included.
pub(super) fn fetched(
    trace: TraceId,
    (entry, link): (&PendingEntry, &Url),
    (asked, ended): (DateTime<Utc>, DateTime<Utc>),
    error: Option<&str>,
) -> Span {
    let secrets = entry.source.url.secrets();
    let hidden = |text: &str| secrets.hide(text).into_owned();
    Span::new(trace, "fetch", asked, ended)
        .of_kind(SpanKind::Client)
        .with("url.full", hidden(&shown(link.as_str())))
        .with("nashra.tries", i64::from(entry.tries) + 1)
        .failed(error.map(hidden))
}

/// Decoding and extracting a body.
pub(super) fn extracted(
    trace: TraceId,
    outcome: &Result<FetchedPage, Failure>,
    took: Duration,
    ended: DateTime<Utc>,
) -> Span {
    let took = TimeDelta::from_std(took).unwrap_or_default();
    let articles = outcome.as_ref().map_or(0, |page| page.page.articles.len());
    Span::new(trace, "extract", ended - took, ended)
        .with("nashra.articles", i64::try_from(articles).unwrap_or(i64::MAX))
        .failed(outcome.as_ref().err().map(|failure| failure.error.clone()))
}
