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
    /// The source's id: the key.
    pub source: String,
    /// Its address, as records show it.
    #[schemars(with = "String")]
    pub url: Private<String>,
    /// When the poll began.
    pub at: chrono::DateTime<chrono::Utc>,
    /// `read`, `unchanged`, `not_modified`, `throttled`, `blocked`, `gone`, `missing`, `failed`,
    /// `undecodable`, `unreadable`, `html` (a page where a feed was), `held` (its host is left
    /// alone: it was not asked) or `paused`.
    pub outcome: &'static str,
    /// The error, where it failed.
    pub reason: String,
    /// From the request until the decision, in milliseconds.
    pub took_ms: i64,
    /// How late it began, in milliseconds.
    pub late_ms: i64,
    /// Entries that were new or changed.
    pub fresh: usize,
    /// Entries that were left out, because of the bounds on what is taken of a source.
    pub left_out: usize,
    /// Whether it shared no entry with the poll before, so that some may have been missed.
    pub gap: bool,
    /// The source's state after it.
    pub state: State,
    /// When it is polled next.
    pub next_due: chrono::DateTime<chrono::Utc>,
    /// The reason for that time, in words.
    pub next_why: String,
}
