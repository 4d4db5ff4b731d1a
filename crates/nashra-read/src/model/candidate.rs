//! What the page stage hands to the committing task: an entry, and what became of its page.

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use crate::model::{
    look::LookOutcome,
    page::{self, Page},
    pending::{PendingEntry, PendingKey},
    source::Validators,
};

/// What the page stage made of one entry, on its way to the committing task.
#[derive(Debug)]
pub struct Candidate {
    /// The entry's row in the queue.
    pub key: PendingKey,
    /// What its source says of it.
    pub entry: PendingEntry,
    /// What became of its page.
    pub reading: PageOutcome,
}

/// What became of an entry's page.
#[derive(Debug)]
pub enum PageOutcome {
    /// It was fetched and has an article.
    Page(Box<FetchedPage>),
    /// There is none to fetch, or the config says not to: the feed's own words are the article.
    FeedOnly {
        /// When the entry was listed.
        at: DateTime<Utc>,
    },
    /// It failed and is tried again.
    Later {
        /// The pause before the next try. It is no time of day, because the clock may be set back
        /// before the row is written.
        pause: TimeDelta,
        /// The error, for people.
        error: String,
        /// Whether it counts as a try; it does not where its host was not asked.
        tried: bool,
    },
    /// It failed for good: a dead letter, and the feed's own words are the article, where they can
    /// be one.
    Dead(DeadPage),
    /// A look at the page of a published article read no page.
    Looked(LookOutcome),
    /// A newer edition of the entry has taken its place, and its document with it: nothing is to be
    /// done.
    Replaced,
}

/// A page as it was at one moment.
#[derive(Debug)]
pub struct FetchedPage {
    /// When it was asked for; of a document that was handed over, when it was received.
    pub fetched_at: DateTime<Utc>,
    /// Its number in the order of all fetches. A later fetch wins over an earlier one.
    pub order: u64,
    /// Where it was read, after redirects; `None` for a document that came without an address.
    pub url: Option<Url>,
    /// The addresses before redirects, in their order.
    pub via: Vec<Url>,
    /// What its server sent with it, for the next look.
    pub validators: Validators,
    /// Whether its body came whole.
    pub end: page::End,
    /// Its articles and addresses.
    pub page: Page,
}

/// Why a page could not be read.
#[derive(Debug)]
pub struct DeadPage {
    /// A short word for counting: `fetch`, `page`, `gone`, `blocked`, `robots`, `message`,
    /// `source`.
    pub reason: &'static str,
    /// The error, for people.
    pub error: String,
    /// Its bytes, where some came that could not be read.
    pub bytes: Option<bytes::Bytes>,
    /// The time at which it was given up.
    pub at: DateTime<Utc>,
}
