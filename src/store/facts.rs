//! What is remembered of each source.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    base::private::{Private, stored},
    model::source::{SourceKind, State, Validators},
    policy::{
        hub::delivery::Delivery,
        polling::{hints::Hints, rhythm::Rhythm},
        trust::Trust,
    },
};

/// Whether a field can be left out of a row: a missing field is read as its default.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What is remembered of one source. It is written at each poll, so fields with their default value
/// are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The source's id.
    pub id: String,
    /// The address that was configured.
    #[serde(serialize_with = "stored")]
    pub url: Private<String>,
    /// The name that the feed gives itself.
    #[serde(skip_serializing_if = "is_default")]
    pub title: Option<String>,
    /// The validators of the last answer that was parsed, to be sent with the next request.
    #[serde(skip_serializing_if = "is_default")]
    pub validators: Validators,
    /// Whether its 304 can be believed.
    #[serde(skip_serializing_if = "is_default")]
    pub trust: Trust,
    /// SHA-256 (first 16 bytes) of the last parsed body.
    #[serde(with = "crate::base::bytes::hash", skip_serializing_if = "is_default")]
    pub body_hash: Option<[u8; 16]>,
    /// SHA-256 (first 16 bytes) of the compressed body, where it was sent compressed.
    #[serde(with = "crate::base::bytes::hash", skip_serializing_if = "is_default")]
    pub sent_hash: Option<[u8; 16]>,
    /// The state after the last poll.
    pub state: State,
    /// The reason of the state, in words.
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    /// Polls that failed in a row.
    #[serde(skip_serializing_if = "is_default")]
    pub failures: u32,
    /// The interval at which it is polled, in seconds.
    #[serde(skip_serializing_if = "is_default")]
    pub interval_s: u64,
    /// When it was last polled.
    #[serde(with = "crate::base::time")]
    pub last_poll: Option<DateTime<Utc>>,
    /// When it last answered well: 200 with a body that parsed, or 304.
    #[serde(with = "crate::base::time", skip_serializing_if = "is_default")]
    pub last_success: Option<DateTime<Utc>>,
    /// When it last had a new entry.
    #[serde(with = "crate::base::time", skip_serializing_if = "is_default")]
    pub last_new: Option<DateTime<Utc>>,
    /// When it is polled next.
    #[serde(with = "crate::base::time")]
    pub next_due: Option<DateTime<Utc>>,
    /// Why it is polled then, in words.
    #[serde(skip_serializing_if = "is_default")]
    pub next_why: String,
    /// Whether `next_due` is the end of a cooldown that its host asked for.
    #[serde(skip_serializing_if = "is_default")]
    pub host_left_alone: bool,
    /// Polls so far.
    #[serde(skip_serializing_if = "is_default")]
    pub polls: u64,
    /// Polls so far, those that were put off too: the number of its next row of past polls.
    #[serde(skip_serializing_if = "is_default")]
    pub visits: u64,
    /// Entries taken so far.
    #[serde(skip_serializing_if = "is_default")]
    pub entries: u64,
    /// The day (since 1970) on which its listing was last read.
    #[serde(skip_serializing_if = "is_default")]
    pub touched_day: u32,
    /// When it publishes, and how much.
    pub rhythm: Rhythm,
    /// How many polls a day it is worth at a price of one, in the terms of the budget; `None`
    /// before its first good poll.
    #[serde(skip_serializing_if = "is_default")]
    pub appetite: Option<f32>,
    /// What it says about when to poll.
    #[serde(skip_serializing_if = "is_default")]
    pub hints: Hints,
    /// The number of entries in its last listing.
    #[serde(skip_serializing_if = "is_default")]
    pub listed: u32,
    /// Polls that shared no entry with the one before: something may have been missed.
    #[serde(skip_serializing_if = "is_default")]
    pub gaps: u64,
    /// The older page of the listing that is read next, after a gap.
    #[serde(skip_serializing_if = "is_default")]
    pub backfill: Option<Backfill>,
    /// When its site's news sitemap was last looked for, after a gap.
    #[serde(with = "crate::base::time", skip_serializing_if = "is_default")]
    pub sitemap_sought: Option<DateTime<Utc>>,
    /// The source that a site is read from.
    #[serde(skip_serializing_if = "is_default")]
    pub site: Option<SiteDiscovery>,
    /// Where it says that it has moved to.
    #[serde(skip_serializing_if = "is_default")]
    pub moved: Option<PermanentRedirect>,
    /// How many polls in a row were answered with 410, and when the first of them was.
    #[serde(skip_serializing_if = "is_default")]
    pub gone: Option<(u32, DateTime<Utc>)>,
    /// For a watched page that broke off when it was last read: the number of characters of its
    /// text.
    #[serde(skip_serializing_if = "is_default")]
    pub broken_off: Option<u32>,
    /// What its hub has done so far.
    #[serde(skip_serializing_if = "is_default")]
    pub hub: Delivery,
    /// How much of it was taken lately, and what was left out.
    #[serde(skip_serializing_if = "is_default")]
    pub intake: Intake,
}

/// How much of a source was taken lately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Intake {
    /// The day (since 1970) of `taken`.
    pub day: u32,
    /// Entries that were taken on that day.
    pub taken: usize,
    /// What was left out, where something is.
    pub left_out: Option<LeftOut>,
}

impl Intake {
    /// How many entries were left out at this time or later.
    #[must_use]
    pub fn left_out_since(&self, since: DateTime<Utc>) -> usize {
        self.left_out.filter(|left_out| left_out.at >= since).map_or(0, |left_out| left_out.entries)
    }
}

/// Entries that were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The number of entries that the last such poll left out.
    pub entries: usize,
    /// The bound that left them out.
    pub bound: IntakeBound,
    /// The time since which some are left out.
    pub since: DateTime<Utc>,
    /// The time of the last poll that left some out.
    pub at: DateTime<Utc>,
}

/// A bound on what is taken of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntakeBound {
    /// Entries of one listing.
    #[default]
    Poll,
    /// Entries in a day.
    Day,
    /// Entries that wait to be read.
    Pending,
}

impl IntakeBound {
    /// As metrics show it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Day => "day",
            Self::Pending => "pending",
        }
    }

    /// The setting that it comes from.
    #[must_use]
    pub fn setting(self) -> &'static str {
        match self {
            Self::Poll => "poll.entries_per_poll",
            Self::Day => "poll.entries_per_day",
            Self::Pending => "poll.entries_pending",
        }
    }
}

/// An older page of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    /// The address of the page that is read next.
    pub url: Url,
    /// How many more may be read, this one included.
    pub left: u32,
    /// Where the listing has no older pages: between which times the news sitemap of the site at
    /// `url` is read.
    #[serde(default)]
    pub within: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// The source that was discovered on a site, and is read in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteDiscovery {
    /// Its kind, never a site.
    pub kind: SourceKind,
    /// The address of the source that was found.
    #[serde(serialize_with = "stored")]
    pub url: Private,
    /// How it was found, in words.
    pub how: String,
    /// The time since which it is read.
    pub since: DateTime<Utc>,
    /// When it was last looked whether there is a better one.
    pub looked: DateTime<Utc>,
}

/// A permanent redirect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermanentRedirect {
    /// The address that the redirects lead to.
    #[serde(serialize_with = "stored")]
    pub to: Private,
    /// Polls in a row that were led there.
    pub polls: u32,
    /// The first of these polls.
    pub since: DateTime<Utc>,
    /// Whether it held long enough: then it is asked there and not where it was configured.
    pub adopted: bool,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            id: String::new(),
            url: Private::default(),
            title: None,
            validators: Validators::default(),
            trust: Trust::default(),
            body_hash: None,
            sent_hash: None,
            state: State::New,
            reason: String::new(),
            failures: 0,
            interval_s: 0,
            last_poll: None,
            last_success: None,
            last_new: None,
            next_due: None,
            next_why: String::new(),
            host_left_alone: false,
            polls: 0,
            visits: 0,
            entries: 0,
            touched_day: 0,
            rhythm: Rhythm::default(),
            appetite: None,
            hints: Hints::default(),
            listed: 0,
            gaps: 0,
            backfill: None,
            sitemap_sought: None,
            site: None,
            moved: None,
            gone: None,
            broken_off: None,
            hub: Delivery::default(),
            intake: Intake::default(),
        }
    }
}
