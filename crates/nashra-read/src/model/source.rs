//! What is known of a source: its kind ([`super::kind`]), its state, and what its last answer gave.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::entry::Link;
pub use super::kind::SourceKind;

/// Validators of an answer (RFC 9110 §8.8), kept as the bytes that were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Validators {
    /// `ETag`, quotes and `W/` included.
    #[serde(with = "crate::base::bytes::text", default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified`, as it was sent.
    #[serde(with = "crate::base::bytes::text", default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<Vec<u8>>,
}

/// What `Link` headers say, as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderLinks {
    /// `rel="hub"`; a few at most.
    pub hubs: Vec<String>,
    /// `rel="self"`: the topic of `WebSub`.
    pub topic: Option<String>,
    /// `rel="alternate"`: other forms of a page, its feeds among them; a few at most.
    pub alternates: Vec<Link>,
}

/// Networks that are not public and that one source, and nobody else, may reach all the same.
pub type AllowedNetworks = Arc<[IpNet]>;

/// A source that was added by command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedSource {
    /// The source as a TOML list of one, its id included.
    pub declared: String,
    /// What it came by: a command, or the file of the list that was imported.
    pub origin: String,
    /// Its line and column there, from 1; 0 where they mean nothing.
    pub position: (usize, usize),
    /// When it was added.
    pub at: DateTime<Utc>,
}

/// A pause of a source that an operator asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pause {
    /// When it began.
    pub since: DateTime<Utc>,
    /// When it ends by itself; `null` where an operator ends it.
    pub until: Option<DateTime<Utc>>,
    /// Why, in the operator's words.
    pub reason: Option<String>,
}

impl Pause {
    /// Whether it is not over yet.
    #[must_use]
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl std::fmt::Display for Pause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        write!(f, "paused by command since {}", time(self.since))?;
        if let Some(until) = self.until {
            write!(f, ", until {}", time(until))?;
        }
        self.reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
    }
}

/// The state of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It was never polled.
    New,
    /// The last poll was read.
    Ok,
    /// The last poll failed; the next is later than usual.
    Backoff,
    /// The server asked to stay away, or more is listed than is taken.
    Throttled,
    /// The server refuses us.
    Blocked,
    /// Read, but elsewhere: it has moved for good.
    Moved,
    /// 410, and that for days; looked at again rarely.
    Gone,
    /// Read, but nothing new for a month.
    Silent,
    /// The operator does not want it polled.
    Paused,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::New,
        Self::Ok,
        Self::Backoff,
        Self::Throttled,
        Self::Blocked,
        Self::Moved,
        Self::Gone,
        Self::Silent,
        Self::Paused,
    ];

    /// Its label in records and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ok => "ok",
            Self::Backoff => "backoff",
            Self::Throttled => "throttled",
            Self::Blocked => "blocked",
            Self::Moved => "moved",
            Self::Gone => "gone",
            Self::Silent => "silent",
            Self::Paused => "paused",
        }
    }
}
