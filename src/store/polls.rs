//! Poll's part of the store: the facts of each source, the entries it has listed, and when each
//! article was last listed.
//!
//! What must stay true: only the poll stage writes these tables; a source is polled once at a time,
//! so nobody changes its rows between reading and committing.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Batch, StoreError, digest,
    documents::Packed,
    engine::{Engine, Snapshot, Table},
    entries::{PendingEntry, PendingKey},
    from_json, json, subscriptions,
};
use crate::{
    config::SourceKind,
    fetch::{Trust, Validators},
    schedule::{hints::Hints, rhythm::Rhythm},
    websub::{Delivery, Subscription},
};

/// What is remembered of one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Its id.
    pub id: String,
    /// The address that was configured.
    pub url: String,
    /// The name that the feed gives itself.
    pub title: Option<String>,
    /// What the last parsed answer gave, to be echoed.
    pub validators: Validators,
    /// Whether its 304 can be believed.
    pub trust: Trust,
    /// SHA-256 (first 16 bytes) of the last parsed body.
    pub body_hash: Option<[u8; 16]>,
    /// How it is.
    pub state: State,
    /// Why, in words.
    pub reason: String,
    /// Polls that failed in a row.
    pub failures: u32,
    /// The interval that it is polled at, in seconds.
    pub interval_s: u64,
    /// When it was last polled.
    pub last_poll: Option<DateTime<Utc>>,
    /// When it was last read well: 200 with a body that parsed, or 304.
    pub last_success: Option<DateTime<Utc>>,
    /// When it last had a new entry.
    pub last_new: Option<DateTime<Utc>>,
    /// When it is polled next.
    pub next_due: Option<DateTime<Utc>>,
    /// Why then.
    pub next_why: String,
    /// Polls so far.
    pub polls: u64,
    /// Entries taken so far.
    pub entries: u64,
    /// The day (since 1970) on which its listing was last gone through.
    pub touched_day: u32,
    /// When it publishes, and how much.
    pub rhythm: Rhythm,
    /// Polls a day that it is worth at a price of one, as the budget counts it; `None` before its first good poll.
    pub appetite: Option<f32>,
    /// What it says about when to poll.
    pub hints: Hints,
    /// Entries that it listed at once.
    pub listed: u32,
    /// Polls that shared no entry with the one before: something may have been missed.
    pub gaps: u64,
    /// The older page of the listing that is read next, after a gap.
    pub backfill: Option<Backfill>,
    /// When its site's news sitemap was last looked for, after a gap.
    pub sitemap_sought: Option<DateTime<Utc>>,
    /// Where a site is read.
    pub site: Option<Found>,
    /// Where it says that it has moved to.
    pub moved: Option<Moved>,
    /// Polls in a row that were answered with 410, and since when.
    pub gone: Option<(u32, DateTime<Utc>)>,
    /// What its hub has done so far.
    pub hub: Delivery,
}

/// An older page of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    /// Where it is.
    pub url: Url,
    /// How many more may be read, this one included.
    pub left: u32,
    /// Where the listing has no older pages: between which times the news sitemap of the site at `url` is read.
    #[serde(default)]
    pub within: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// What was found of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What it is.
    pub kind: SourceKind,
    /// Where it is.
    pub url: Url,
    /// How it was found, in words.
    pub how: String,
    /// Since when it is read.
    pub since: DateTime<Utc>,
    /// When it was last looked whether there is a better one.
    pub looked: DateTime<Utc>,
}

/// A permanent redirect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Where to.
    pub to: Url,
    /// Polls in a row that were led there.
    pub polls: u32,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether it held long enough: then it is asked there and not where it was configured.
    pub adopted: bool,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            id: String::new(),
            url: String::new(),
            title: None,
            validators: Validators::default(),
            trust: Trust::default(),
            body_hash: None,
            state: State::New,
            reason: String::new(),
            failures: 0,
            interval_s: 0,
            last_poll: None,
            last_success: None,
            last_new: None,
            next_due: None,
            next_why: String::new(),
            polls: 0,
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
            hub: Delivery::default(),
        }
    }
}

/// How a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Never polled.
    New,
    /// The last poll was read.
    Ok,
    /// The last poll failed; the next is later than usual.
    Backoff,
    /// The server asked to stay away.
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
    /// As records and metrics show it.
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

/// The key of an entry in its source: 8 bytes of the source, 16 of the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntryKey([u8; 24]);

impl EntryKey {
    /// From the source's id and what identifies the entry in it.
    #[must_use]
    pub fn new(source: &str, identity: &str) -> Self {
        let mut key = [0; 24];
        key[..8].copy_from_slice(&digest::<8>(&[source.as_bytes()]));
        key[8..].copy_from_slice(&digest::<16>(&[identity.as_bytes()]));
        Self(key)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }

    /// Eight bytes that tell this entry from others with near certainty.
    #[must_use]
    pub fn short(&self) -> [u8; 8] {
        let mut short = [0; 8];
        for (index, byte) in self.0.iter().enumerate() {
            short[index % 8] ^= byte;
        }
        short
    }
}

/// What is remembered of an entry: 50 bytes, because a store holds tens of millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Hash of what the source said of it.
    pub version: [u8; 16],
    /// The day (since 1970) on which it was last listed.
    pub day: u32,
    /// The day of `fetches`.
    pub fetch_day: u32,
    /// How often its page was asked for on that day.
    pub fetches: u16,
    /// Its row in the entry queue when it was last put there.
    pub pending: Option<PendingKey>,
}

impl Seen {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(50);
        out.extend_from_slice(&self.version);
        out.extend_from_slice(&self.day.to_be_bytes());
        out.extend_from_slice(&self.fetch_day.to_be_bytes());
        out.extend_from_slice(&self.fetches.to_be_bytes());
        if let Some(key) = &self.pending {
            out.extend_from_slice(key.as_bytes());
        }
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let short = || StoreError::damaged("seen", format!("{} bytes", bytes.len()));
        let (version, rest) = bytes.split_first_chunk().ok_or_else(short)?;
        let (day, rest) = rest.split_first_chunk().ok_or_else(short)?;
        let (fetch_day, rest) = rest.split_first_chunk().ok_or_else(short)?;
        let (fetches, rest) = rest.split_first_chunk().ok_or_else(short)?;
        let pending = if rest.is_empty() { None } else { Some(PendingKey::decode(rest)?) };
        Ok(Self {
            version: *version,
            day: u32::from_be_bytes(*day),
            fetch_day: u32::from_be_bytes(*fetch_day),
            fetches: u16::from_be_bytes(*fetches),
            pending,
        })
    }
}

/// Poll's handle.
#[derive(Debug, Clone)]
pub struct PollStore {
    engine: Engine,
}

impl PollStore {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// The facts of one source.
    pub fn facts(&self, id: &str) -> Result<Option<Facts>, StoreError> {
        self.engine.snapshot()?.get(Table::Sources, id.as_bytes())?.map(|it| decode_facts(&it)).transpose()
    }

    /// The facts of every source that was ever polled.
    pub fn all_facts(&self) -> Result<Vec<Facts>, StoreError> {
        self.engine.snapshot()?.from(Table::Sources, &[]).map(|row| decode_facts(&row?.1)).collect()
    }

    /// Looks entries up; one answer for each key, from one consistent view.
    pub fn seen(&self, keys: &[EntryKey]) -> Result<Vec<Option<Seen>>, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let one = |key: &EntryKey| snapshot.get(Table::Seen, key.as_bytes())?.map(|it| Seen::decode(&it)).transpose();
        keys.iter().map(one).collect()
    }

    /// The articles that these aliases name, where there are any.
    pub fn articles_of(&self, aliases: &[[u8; 16]]) -> Result<Vec<Vec<u8>>, StoreError> {
        let snapshot: Snapshot = self.engine.snapshot()?;
        aliases.iter().filter_map(|alias| snapshot.get(Table::Aliases, alias).transpose()).collect()
    }

    /// The subscription of a source that is to last, where it has one.
    pub fn subscription(&self, source: &str) -> Result<Option<Subscription>, StoreError> {
        subscriptions::of(&self.engine.snapshot()?, source)
    }

    /// Commits one poll: durable when it returns.
    pub async fn commit(&self, poll: PollCommit) -> Result<(), StoreError> {
        self.engine.commit(poll.0).await
    }
}

/// What one poll changes, in one atomic batch.
#[derive(Debug, Default)]
pub struct PollCommit(Batch);

impl PollCommit {
    /// Keeps the facts of the source.
    pub fn facts(&mut self, facts: &Facts) {
        self.0.put(Table::Sources, facts.id.as_bytes(), json(facts));
    }

    /// Remembers an entry.
    pub fn seen(&mut self, key: &EntryKey, seen: &Seen) {
        self.0.put(Table::Seen, *key.as_bytes(), seen.encode());
    }

    /// Puts an entry into the queue, in place of an older row of it.
    pub fn enqueue(&mut self, older: Option<&PendingKey>, key: &PendingKey, entry: &PendingEntry) {
        if let Some(older) = older {
            self.0.delete(Table::Pending, *older.as_bytes());
        }
        self.0.put(Table::Pending, *key.as_bytes(), json(entry));
    }

    /// Puts an entry with its document into the queue, in place of an older row of it and that one's document.
    pub fn enqueue_document(&mut self, older: Option<&PendingKey>, key: &PendingKey, entry: &PendingEntry, bytes: Packed) {
        if let Some(older) = older {
            self.0.forget_replaced_document(older);
        }
        self.enqueue(older, key, entry);
        self.0.document(key, entry, bytes);
    }

    /// Notes that an article was listed on a day.
    pub fn listed(&mut self, article: &[u8], day: u32) {
        self.0.put(Table::Listed, article, day.to_be_bytes());
    }
}

pub(super) fn decode_facts(bytes: &[u8]) -> Result<Facts, StoreError> {
    from_json("sources", bytes)
}
