//! How long articles take from their publication to the sink.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Success, succeeded, table};

/// A new article was decided on. `published` is known where it is to be trusted.
pub(crate) fn new_article(
    published: Option<DateTime<Utc>>,
    first_seen: DateTime<Utc>,
    now: DateTime<Utc>,
) {
    if let Some(published) = published {
        table::SEEN_SECONDS.record(between(published, first_seen));
    }
    table::COMMITTED_SECONDS.record(between(first_seen, now));
}

/// The sink acknowledged the record of an article that was decided on at a time. `published` is
/// that of a new one, where it is to be trusted.
pub(crate) fn acknowledged(
    published: Option<DateTime<Utc>>,
    decided: DateTime<Utc>,
    now: DateTime<Utc>,
) {
    table::ACKNOWLEDGED_SECONDS.record(between(decided, now));
    if let Some(published) = published {
        table::DELIVERED_SECONDS.record(between(published, now));
    }
    succeeded(Success::Acknowledgement, now);
}

/// The time between two moments; none where a clock was set back.
fn between(one: DateTime<Utc>, other: DateTime<Utc>) -> Duration {
    (other - one).max(TimeDelta::zero()).to_std().unwrap_or_default()
}
