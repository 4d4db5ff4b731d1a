//! Looks at the pages of articles that are published: feeds do not tell when a page is changed or
//! taken away.
//!
//! What must stay true: rows with these values are durable, so fields are added with a default.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::source::Validators;

/// What is known of a page for its next look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextLook {
    /// The article that was read from it.
    pub article: Uuid,
    /// What its server sent with the version that was read last.
    #[serde(default)]
    pub validators: Validators,
    /// Where the last looks found no page any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<GonePage>,
}

/// A page that is gone, as far as the last looks tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GonePage {
    /// When that was first seen.
    pub since: DateTime<Utc>,
    /// Looks in a row that saw it.
    pub looks: u32,
}

/// What a look found that read no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookOutcome {
    /// The page is the same as at the look before, says its server (304).
    Unchanged,
    /// The page is not there (404 or 410).
    Gone,
    /// Nothing can be said of the page.
    Failed {
        /// The error, for people.
        error: String,
        /// Whether the host failed or keeps us out, and not this page alone.
        is_hosts: bool,
    },
}
