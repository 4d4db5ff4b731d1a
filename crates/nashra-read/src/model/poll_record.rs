//! The record of one poll in the topic of polls.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{base::private::Private, model::source::State};

/// The value of [`PollRecord::schema`].
pub const SCHEMA: &str = "nashra.poll.v1";

/// The outcome of one poll.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PollRecord {
    /// Always `nashra.poll.v1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: &'static str,
    /// The id of the source, which is also the key of the record.
    pub source: String,
    /// The address of the source, without its secrets.
    #[schemars(with = "String")]
    pub url: Private<String>,
    /// When the poll began.
    pub at: chrono::DateTime<chrono::Utc>,
    /// `read`, `unchanged`, `not_modified`, `throttled`, `blocked`, `gone`, `missing`, `failed`,
    /// `undecodable`, `unreadable`, `html` (a page where a feed was), `held` (not asked,
    /// because nothing is fetched from its host for a while), `paused` or `panicked` (a fault of
    /// nashra's).
    pub outcome: &'static str,
    /// The error, if the poll failed.
    pub reason: String,
    /// The time from the request to the decision, in milliseconds.
    pub took_ms: i64,
    /// How long after its due time the poll began, in milliseconds.
    pub late_ms: i64,
    /// The number of entries that were new or changed.
    pub fresh: usize,
    /// The number of entries that were left out, because of the limits on one source.
    pub left_out: usize,
    /// Whether no entry was in the previous poll as well, so that some may have been missed.
    pub gap: bool,
    /// The state of the source after the poll.
    pub state: State,
    /// When the source is polled next.
    pub next_due: chrono::DateTime<chrono::Utc>,
    /// The reason for that time, in words.
    pub next_why: String,
}
