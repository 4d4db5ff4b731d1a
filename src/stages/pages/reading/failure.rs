//! Why an entry could not be read, and whether it is tried again. Pure.
//!
//! What must stay true: of a page that failed, only its start is kept. An entry that waits for its
//! host's turn loses no try by waiting, and does not wait for ever.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::Settings;
use crate::{
    base::private::shown,
    fetch::{BlockKind, Deferred, Fetched, Outcome, Room},
    model::{
        candidate::{DeadPage, PageOutcome},
        look::LookOutcome,
        pending::PendingEntry,
    },
    read::page::PageError,
};

/// Tries of a page that is gone, or has no text: a publisher's slip is mended within minutes.
pub(super) const FEW_TRIES: u32 = 3;
/// The reason where the server says that the page is the same as at the look before.
pub(super) const UNCHANGED: &str = "not_modified";
/// Bytes that are kept of a page that could not be read: enough to see what it was.
const MAX_KEPT: usize = 1 << 20;
/// For so many seconds an entry waits for a host that is cooling down, or whose turns other entries
/// have; then its article is made from what the feed says.
pub(super) const MAX_DEFERRED_S: u64 = 86_400;

/// Why a page that was fetched could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    NoText,
    Scripts,
    Consent,
    Listing,
    NotHtml,
    Nothing,
    TooSlow,
    Panicked,
}

impl Unreadable {
    /// Its name in metrics and on the status page.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NoText => "no_text",
            Self::Scripts => "scripts",
            Self::Consent => "consent",
            Self::Listing => "listing",
            Self::NotHtml => "not_html",
            Self::Nothing => "nothing",
            Self::TooSlow => "too_slow",
            Self::Panicked => "panicked",
        }
    }
}

impl From<&PageError> for Unreadable {
    fn from(error: &PageError) -> Self {
        match error {
            PageError::NotHtml(_) => Self::NotHtml,
            PageError::Nothing(_) => Self::Nothing,
            PageError::NoText => Self::NoText,
            PageError::Scripts => Self::Scripts,
            PageError::Consent => Self::Consent,
            PageError::Listing => Self::Listing,
            PageError::Panicked => Self::Panicked,
        }
    }
}

/// A reading that failed.
pub(super) struct Failure {
    /// The reason, as metrics and dead letters name it.
    pub(super) reason: &'static str,
    pub(super) error: String,
    /// Why the page could not be read although it was fetched.
    pub(super) unreadable: Option<Unreadable>,
    /// How long the server asked us to wait.
    pub(super) wait: Option<Duration>,
    /// The number of tries after which the entry is given up, where that is less than the config's.
    pub(super) tries: u32,
    pub(super) bytes: Option<Bytes>,
    /// How long until its host's next turn, where waiting for that is the only reason.
    pub(super) next_turn: Option<Duration>,
    /// Whether this counts as a try.
    pub(super) tried: bool,
    /// The memory that is reserved for the bytes.
    pub(super) room: Room,
}

impl Failure {
    pub(super) fn fetch(error: String) -> Self {
        Self {
            reason: "fetch",
            error,
            unreadable: None,
            wait: None,
            tries: u32::MAX,
            bytes: None,
            next_turn: None,
            tried: true,
            room: Room::default(),
        }
    }

    /// What was fetched, or why there is no page. `is_look` is whether validators were sent.
    pub(super) fn unless_fetched(outcome: Outcome, is_look: bool) -> Result<Box<Fetched>, Self> {
        Err(match outcome {
            Outcome::New(fetched) => return Ok(fetched),
            Outcome::NotModified { .. } if is_look => {
                Self { reason: UNCHANGED, ..Self::fetch("HTTP status 304".to_owned()) }
            }
            // No validators were sent.
            Outcome::NotModified { .. } => {
                Self::fetch("HTTP status 304 to an unconditional request".to_owned())
            }
            Outcome::Throttled { status, retry_after } => {
                Self { wait: retry_after, ..Self::fetch(format!("HTTP status {status}")) }
            }
            Outcome::Gone { status } => Self {
                reason: "gone",
                tries: FEW_TRIES,
                ..Self::fetch(format!("HTTP status {status}"))
            },
            Outcome::Deferred(deferred) => Self {
                wait: Some(deferred.wait),
                next_turn: Some(deferred.wait).filter(|_| deferred.next),
                tried: false,
                ..Self::fetch(deferred.to_string())
            },
            // What robots.txt forbids it forbids for long, and a page that sites show to robots
            // does not go away by asking often.
            Outcome::Blocked(block) => {
                let (reason, tries) = if matches!(block, BlockKind::Robots(_)) {
                    ("robots", 1)
                } else {
                    ("blocked", FEW_TRIES)
                };
                Self { reason, tries, ..Self::fetch(block.to_string()) }
            }
            Outcome::Failed(error) => Self {
                tries: if error.is_transient() { u32::MAX } else { 1 },
                ..Self::fetch(error.to_string())
            },
        })
    }

    /// What it means to a look at the page of a published article.
    pub(super) fn looked(self) -> LookOutcome {
        match self.reason {
            UNCHANGED => LookOutcome::Unchanged,
            "gone" => LookOutcome::Gone,
            reason => LookOutcome::Failed {
                error: self.error,
                is_hosts: matches!(reason, "fetch" | "blocked"),
            },
        }
    }

    pub(super) fn page(error: &PageError, bytes: &[u8]) -> Self {
        Self { bytes: Some(kept_start(bytes)), ..Self::unreadable(error.into(), error.to_string()) }
    }

    /// A page that was fetched and could not be read.
    pub(super) fn unreadable(why: Unreadable, error: String) -> Self {
        Self { reason: "page", unreadable: Some(why), ..Self::fetch(error) }
    }

    /// There was no memory for it: its try does not count.
    pub(super) fn no_room() -> Self {
        let deferred = Deferred::NO_ROOM;
        Self { wait: Some(deferred.wait), tried: false, ..Self::fetch(deferred.to_string()) }
    }
}

/// Decides whether an entry is tried again or given up. `tries_before` does not count this try, and
/// `held_s` is for how many seconds it has waited for its host in all.
pub(super) fn retry_or_give_up(
    failure: Failure,
    tries_before: u32,
    held_s: u64,
    settings: &Settings,
    now: DateTime<Utc>,
) -> PageOutcome {
    let Failure { reason, error, wait, tries, bytes, tried, .. } = failure;
    let later = |pause: Duration| TimeDelta::from_std(pause).unwrap_or(TimeDelta::days(7));
    if !tried && held_s < MAX_DEFERRED_S {
        return PageOutcome::Later {
            pause: later(wait.unwrap_or(settings.retry.first)),
            error,
            tried,
        };
    }
    if !tried || tries_before + 1 >= settings.retry.tries.min(tries) {
        return PageOutcome::Dead(DeadPage { reason, error, bytes, at: now });
    }
    let pause = settings.retry.pause(tries_before).max(wait.unwrap_or_default());
    PageOutcome::Later { pause: later(pause), error, tried }
}

/// Logs that a page was not read: a warning where it is lost. `link` is where it should have been.
pub(super) fn log(reading: &PageOutcome, entry: &PendingEntry, link: Option<&Url>) {
    let secrets = entry.source.url.secrets();
    let url = link.map(|link| secrets.hide(&shown(link.as_str())).into_owned());
    let (source, attempt) = (&entry.source.id, entry.tries + 1);
    match reading {
        PageOutcome::Dead(DeadPage { error, reason, .. }) => {
            let error = secrets.hide(error);
            tracing::warn!(source.id = source, url, attempt, reason, %error, "the page is lost: it could not be read");
        }
        PageOutcome::Later { error, pause, .. } => {
            let (error, retry_s) = (secrets.hide(error), pause.num_seconds());
            tracing::debug!(source.id = source, url, attempt, retry_s, %error, "the page was not read; it is tried again");
        }
        _ => {}
    }
}

/// The start of a body, to be kept with its dead letter; a copy, so that the rest of it is let go.
pub(super) fn kept_start(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(&bytes[..bytes.len().min(MAX_KEPT)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::retry::Retry;

    const SETTINGS: Settings = Settings {
        concurrency: 1,
        per_host: 1,
        in_flight: 1,
        retry: Retry { tries: 5, first: Duration::from_secs(2), max: Duration::from_mins(1) },
        max_decoded: 1,
        follow_pages: 0,
    };

    fn pause(failure: Failure, tries: u32) -> Option<i64> {
        match retry_or_give_up(failure, tries, 0, &SETTINGS, DateTime::UNIX_EPOCH) {
            PageOutcome::Later { pause, .. } => Some(pause.num_seconds()),
            _ => None,
        }
    }

    #[test]
    fn tries_are_four_times_as_far_apart_each_time_up_to_the_longest_and_then_end() {
        let failure = || Failure::fetch("HTTP status 500".to_owned());
        let pauses: Vec<_> = (0..5).map(|tries| pause(failure(), tries)).collect();
        assert_eq!(pauses, [Some(2), Some(8), Some(32), Some(60), None]);
    }

    #[test]
    fn a_server_that_asks_for_more_time_gets_it() {
        let failure =
            Failure { wait: Some(Duration::from_mins(10)), ..Failure::fetch(String::new()) };
        assert_eq!(pause(failure, 0), Some(600));
    }

    #[test]
    fn an_entry_waits_for_a_host_that_is_left_alone_without_losing_a_try_but_not_for_ever() {
        let deferred = || Failure {
            wait: Some(Duration::from_mins(10)),
            tried: false,
            ..Failure::fetch(String::new())
        };
        assert_eq!(pause(deferred(), 4), Some(600));
        assert!(matches!(
            retry_or_give_up(deferred(), 0, MAX_DEFERRED_S, &SETTINGS, DateTime::UNIX_EPOCH),
            PageOutcome::Dead(_)
        ));
    }

    #[test]
    fn what_cannot_get_better_is_given_up_at_once() {
        assert_eq!(pause(Failure { tries: 1, ..Failure::fetch(String::new()) }, 0), None);
    }
}
