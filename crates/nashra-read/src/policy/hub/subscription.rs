//! One subscription: what is asked of its hub and when, and what is answered to it. Pure: what is
//! known, what happened and the time, in; what is known then, out.
//!
//! What must stay true: a hub hears yes only to what we want of it, at the callback that only it
//! was told; every end of a request has a next time, so a lost answer loses no subscription; a hub
//! is asked at most once a second, whatever lease it grants.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::{
    announced::Announced,
    question::{Answer, Question},
};
use crate::base::{backoff::Backoff, hash::digest};

/// A hub has so long to verify what it was asked for; then it is asked again.
const VERIFIES_WITHIN: TimeDelta = TimeDelta::minutes(10);
/// The wait after the first failure, doubling, and the longest.
const BACKOFF: Backoff = Backoff::doubling(Duration::from_mins(1), Duration::from_hours(24));
/// A hub that said no is asked again after so long.
const DENIED: TimeDelta = TimeDelta::days(7);
/// Leases: what is shorter or longer counts as this.
const LEASES: (u64, u64) = (1, 365 * 86_400);
/// A lease is renewed when this share of it is over, and up to a tenth of it later.
const RENEWED_AT: f64 = 0.7;
/// Failures after which a hub is left to find out by itself that it is not wanted any more.
const GIVE_UP: u32 = 3;
/// Characters of a reason that are kept.
const MAX_REASON: usize = 200;

/// What is remembered of one subscription.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The id of the source that is subscribed.
    pub source: String,
    /// Hubs, topic, and where the source was read. The first hub is the one that is asked.
    pub announced: Announced,
    /// Where the hub reaches us; nobody else is told.
    pub callback: Url,
    /// What the hub signs with.
    pub secret: String,
    /// Whether it is to last, or to end.
    pub wanted: bool,
    /// When the hub was asked for what it has not verified yet.
    pub asked: Option<DateTime<Utc>>,
    /// The time since which it holds without a break.
    pub since: Option<DateTime<Utc>>,
    /// The end of its lease.
    pub until: Option<DateTime<Utc>>,
    /// When there is something to do.
    pub next: DateTime<Utc>,
    /// Requests that failed in a row.
    pub failures: u32,
    /// Whether the hub said no.
    pub denied: bool,
    /// The last error, for people.
    pub reason: String,
}

// Not derived: the secret and the callback belong in no log.
impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription")
            .field("source", &self.source)
            .field("announced", &self.announced)
            .finish_non_exhaustive()
    }
}

/// What a hub is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// That it sends what is new.
    Subscribe,
    /// That it ends that.
    Unsubscribe,
}

impl Mode {
    /// As hubs are told, and as metrics show it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
        }
    }
}

/// What is to be done about a subscription now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing before its next time.
    Wait,
    /// The hub is to be asked.
    Ask(Mode),
    /// It is over, and can be forgotten.
    Forget,
}

/// The state of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// The hub was asked and has not verified it, or is about to be asked.
    Asked,
    /// The hub has verified it, and its lease runs.
    Live,
    /// The hub does not answer as it should.
    Failing,
    /// The hub said no.
    Denied,
    /// It is being ended.
    Ending,
}

impl State {
    /// All states, in the order of metrics.
    pub const ALL: [Self; 5] = [Self::Asked, Self::Live, Self::Failing, Self::Denied, Self::Ending];

    /// As metrics and explanations show it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Live => "live",
            Self::Failing => "failing",
            Self::Denied => "denied",
            Self::Ending => "ending",
        }
    }
}

impl Subscription {
    /// One that is to be asked for now; `base` is where hubs reach us.
    #[must_use]
    pub fn new(source: &str, announced: Announced, base: &Url, now: DateTime<Utc>) -> Self {
        Self {
            source: source.to_owned(),
            announced,
            callback: callback(base, &Uuid::new_v4().simple().to_string()),
            // 64 characters with 244 random bits; a hub takes fewer than 200 bytes.
            secret: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
            wanted: true,
            asked: None,
            since: None,
            until: None,
            next: now,
            failures: 0,
            denied: false,
            reason: String::new(),
        }
    }

    /// The end of the callback, by which it is known.
    #[must_use]
    pub fn token(&self) -> &str {
        token(self.callback.path())
    }

    /// Whether its callback is where hubs are told to come.
    #[must_use]
    pub fn is_at(&self, base: &Url) -> bool {
        callback(base, self.token()) == self.callback
    }

    /// Whether the hub is bound to send what is new.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.wanted && self.until.is_some_and(|until| until > now)
    }

    /// The state at a time.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> State {
        match self {
            Self { wanted: false, .. } => State::Ending,
            _ if self.is_live(now) => State::Live,
            Self { denied: true, .. } => State::Denied,
            Self { failures: 1.., .. } => State::Failing,
            _ => State::Asked,
        }
    }

    /// What there is to do; where the hub is to be asked, it counts as asked from now on, because
    /// many hubs verify before they answer.
    pub fn step(&mut self, now: DateTime<Utc>) -> Step {
        if now < self.next {
            return Step::Wait;
        }
        if self.asked.is_some() {
            self.failed("the hub did not verify it", now);
            return Step::Wait;
        }
        let over = self.until.is_none_or(|until| until <= now) || self.failures >= GIVE_UP;
        if !self.wanted && over {
            return Step::Forget;
        }
        self.asked = Some(now);
        self.next = now + VERIFIES_WITHIN;
        Step::Ask(if self.wanted { Mode::Subscribe } else { Mode::Unsubscribe })
    }

    /// The request (§5.1). The secret goes to hubs without TLS, too: the callback does, and content
    /// without any secret could come from whoever has read that.
    #[must_use]
    pub fn form(&self, mode: Mode, lease: Duration) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("hub.mode", mode.as_str());
        form.append_pair("hub.topic", &self.announced.topic);
        form.append_pair("hub.callback", self.callback.as_str());
        if mode == Mode::Subscribe {
            form.append_pair("hub.secret", &self.secret);
            form.append_pair("hub.lease_seconds", &lease.as_secs().to_string());
        }
        form.finish()
    }

    /// Notes a request that the hub refused or did not answer.
    pub fn refused(&mut self, reason: &str, now: DateTime<Utc>) {
        // Where it was verified meanwhile, that counts.
        if self.asked.is_some() {
            self.failed(reason, now);
        }
    }

    /// Answers what its hub asks; `lease` is what was asked for, where the hub names none.
    pub fn answer(&mut self, question: Question, lease: Duration, now: DateTime<Utc>) -> Answer {
        if question.topic != self.announced.topic {
            return Answer::No;
        }
        match (question.mode.as_str(), question.challenge) {
            ("subscribe", Some(challenge)) if self.wanted => {
                let seconds = question.lease.unwrap_or(lease.as_secs()).clamp(LEASES.0, LEASES.1);
                self.begin(Duration::from_secs(seconds), now);
                Answer::Yes(challenge)
            }
            ("unsubscribe", Some(challenge)) if !self.wanted => {
                // There is nothing left to do but to forget it.
                (self.asked, self.until, self.next) = (None, None, now);
                Answer::Yes(challenge)
            }
            ("denied", _) => {
                let reason = question.reason.unwrap_or_default();
                (self.asked, self.since, self.until, self.failures) = (None, None, None, 0);
                (self.denied, self.next) =
                    (true, if self.wanted { now + self.spread(DENIED) } else { now });
                self.reason = bounded(&format!("the hub said no: {reason}"));
                Answer::Noted
            }
            _ => Answer::No,
        }
    }

    /// Ends the subscription: the hub is asked to unsubscribe.
    pub fn end(&mut self, now: DateTime<Utc>) {
        (self.wanted, self.asked, self.failures, self.next) = (false, None, 0, now);
    }

    fn begin(&mut self, lease: Duration, now: DateTime<Utc>) {
        let lease = TimeDelta::from_std(lease).unwrap_or(TimeDelta::days(1));
        if self.until.is_none_or(|until| until <= now) {
            self.since = Some(now);
        }
        self.until = Some(now + lease);
        let share = RENEWED_AT + self.jitter() / 10.0;
        let wait =
            Duration::from_secs_f64(lease.as_seconds_f64() * share).max(Duration::from_secs(1));
        self.next = now + TimeDelta::from_std(wait).unwrap_or(lease);
        (self.asked, self.failures, self.denied) = (None, 0, false);
        self.reason.clear();
    }

    fn failed(&mut self, reason: &str, now: DateTime<Utc>) {
        let wait = TimeDelta::from_std(BACKOFF.wait(self.failures)).unwrap_or(TimeDelta::days(1));
        self.failures = self.failures.saturating_add(1);
        (self.asked, self.next) = (None, now + self.spread(wait));
        self.reason = bounded(reason);
        // Another of its hubs may answer; while one still delivers, it is the one to ask.
        if !self.is_live(now) && self.wanted {
            self.announced.hubs.rotate_left(1);
        }
    }

    /// Up to a quarter longer, so that what failed together is not tried together.
    fn spread(&self, wait: TimeDelta) -> TimeDelta {
        let more = wait.as_seconds_f64() * 0.25 * self.jitter();
        wait + TimeDelta::from_std(Duration::from_secs_f64(more)).unwrap_or_default()
    }

    /// From 0 to 1, the same for the same subscription.
    fn jitter(&self) -> f64 {
        let hash: [u8; 2] = digest(&[self.token().as_bytes()]);
        f64::from(u16::from_be_bytes(hash)) / f64::from(u16::MAX)
    }
}

fn callback(base: &Url, token: &str) -> Url {
    let mut callback = base.clone();
    callback.set_path(&format!("{}/{token}", base.path().trim_end_matches('/')));
    callback
}

/// The end of a path, by which a subscription is known: a proxy in front may map the rest as it
/// likes.
#[must_use]
pub fn token(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// Words of somebody else, for people: a line of bounded length.
#[must_use]
pub fn bounded(words: &str) -> String {
    words
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_REASON)
        .collect()
}

#[cfg(test)]
mod tests;
