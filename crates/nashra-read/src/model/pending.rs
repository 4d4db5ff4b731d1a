//! An entry that waits to be read, and the key that orders it in the queue.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct as _};
use url::Url;

use crate::{
    base::hash::digest,
    model::{
        article::DoubtedPage,
        entry::Entry,
        kind::{Properties, SourceKind},
        lane::Lane,
        look::NextLook,
        record,
        trace::{SpanId, TraceId},
    },
};

/// What is known of a document beside its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The `Content-Type` it came with.
    pub content_type: Option<String>,
    /// Where it was read, after redirects; `None` for one that came without an address.
    pub url: Option<Url>,
    /// The addresses before redirects.
    pub via: Vec<Url>,
    /// When it was received.
    pub received: DateTime<Utc>,
    /// Why it cannot be read at all: then it only waits to become a dead letter.
    pub unreadable: Option<String>,
    /// Headers of the message that it is, where that cannot be read: they are read with it once it is
    /// tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
}

impl Document {
    /// Whether it was handed over as plain text.
    #[must_use]
    pub fn is_text(&self) -> bool {
        let media_type = self
            .content_type
            .as_deref()
            .and_then(|content_type| content_type.split(';').next())
            .unwrap_or_default();
        media_type.trim().eq_ignore_ascii_case("text/plain")
    }
}

/// The key of a pending entry: lane, due time and entry, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PendingKey([u8; 24]);

impl PendingKey {
    /// The key of an entry that is due at a time.
    #[must_use]
    pub fn new(lane: Lane, due: DateTime<Utc>, entry: &EntryKey) -> Self {
        let mut key = [0; 24];
        key[..8].copy_from_slice(lane.as_bytes());
        key[8..16].copy_from_slice(&millis(due).to_be_bytes());
        key[16..].copy_from_slice(&entry.short());
        Self(key)
    }

    /// A key before all rows of a lane that are due at that time (milliseconds since 1970) or
    /// later.
    #[must_use]
    pub fn first(lane: Lane, due_ms: u64) -> Self {
        let mut key = [0; 24];
        key[..8].copy_from_slice(lane.as_bytes());
        key[8..16].copy_from_slice(&due_ms.to_be_bytes());
        Self(key)
    }

    /// The key of the same entry at another due time.
    #[must_use]
    pub fn at(&self, due: DateTime<Utc>) -> Self {
        let mut key = *self;
        key.0[8..16].copy_from_slice(&millis(due).to_be_bytes());
        key
    }

    /// The key of the same entry in another lane.
    #[must_use]
    pub fn in_lane(&self, lane: Lane, due: DateTime<Utc>) -> Self {
        let mut key = self.at(due);
        key.0[..8].copy_from_slice(lane.as_bytes());
        key
    }

    /// The next key after this one of the same entry.
    #[must_use]
    pub fn a_moment_later(&self) -> Self {
        let mut key = *self;
        key.0[8..16].copy_from_slice(&self.due_ms().saturating_add(1).to_be_bytes());
        key
    }

    /// The lane that it waits in.
    #[must_use]
    pub fn lane(&self) -> Lane {
        let mut lane = [0; 8];
        lane.copy_from_slice(&self.0[..8]);
        Lane::from_bytes(lane)
    }

    /// When it is due, in milliseconds since 1970.
    #[must_use]
    pub fn due_ms(&self) -> u64 {
        let mut due = [0; 8];
        due.copy_from_slice(&self.0[8..16]);
        u64::from_be_bytes(due)
    }

    /// Which entry it is; the same for all rows of one entry.
    #[must_use]
    pub fn entry(&self) -> [u8; 8] {
        let mut entry = [0; 8];
        entry.copy_from_slice(&self.0[16..]);
        entry
    }

    /// The 24 bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }

    /// The key that was stored as these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 24]) -> Self {
        Self(bytes)
    }
}

fn millis(at: DateTime<Utc>) -> u64 {
    u64::try_from(at.timestamp_millis()).unwrap_or(0)
}

/// An entry that waits to be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingEntry {
    /// The source that listed it.
    #[serde(serialize_with = "with_real_address")]
    pub source: record::Source,
    /// The entry as its source gives it.
    pub entry: Entry,
    /// When nashra first saw it.
    pub first_seen: DateTime<Utc>,
    /// When the source listed it in this edition.
    pub listed: DateTime<Utc>,
    /// The sequence number of that listing. 0 in rows of older programs.
    #[serde(default)]
    pub order: u64,
    /// Fetches that failed so far.
    pub tries: u32,
    /// The error of the last one.
    pub last_error: Option<String>,
    /// Seconds that it waited for a host that was cooling down.
    #[serde(default)]
    pub held_s: u64,
    /// Where the source had listed it before in another edition: how often its page was looked at
    /// on that day.
    #[serde(default)]
    pub changed: Option<u16>,
    /// Looks at its page that showed what was published already.
    #[serde(default)]
    pub unchanged: u16,
    /// What its page showed at the last look, where it was doubted and nothing is published of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubted: Option<DoubtedPage>,
    /// Where its article is published and its page is looked at again: what is known of the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<NextLook>,
    /// The trace of the poll that found it, where that is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceId>,
    /// Whether the first poll of its source found it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_first_poll: bool,
    /// Whether its page is to be fetched.
    pub fetch_page: bool,
    /// Whether it is fetched whatever the site's `robots.txt` says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignores_robots: bool,
    /// What is known of the document that came with it, in the place of a page to fetch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
}

impl PendingEntry {
    /// An entry that its source lists for the first time, without a document and without a page to
    /// fetch.
    #[must_use]
    pub fn new(source: record::Source, entry: Entry, order: u64, now: DateTime<Utc>) -> Self {
        Self {
            source,
            entry,
            first_seen: now,
            listed: now,
            order,
            tries: 0,
            last_error: None,
            held_s: 0,
            changed: None,
            unchanged: 0,
            doubted: None,
            look: None,
            trace: None,
            from_first_poll: false,
            fetch_page: false,
            ignores_robots: false,
            document: None,
        }
    }

    /// The entry as if it had just come: never tried, held back or looked at.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self {
            tries: 0,
            last_error: None,
            held_s: 0,
            changed: None,
            unchanged: 0,
            doubted: None,
            look: None,
            trace: None,
            ..self.clone()
        }
    }

    /// The key of the entry in its source.
    #[must_use]
    pub fn key(&self) -> EntryKey {
        EntryKey::new(&self.source.id, &self.entry.identity)
    }

    /// The trace that it belongs to, and its own span there. A later look at its page is none of the
    /// poll that found it.
    #[must_use]
    pub fn traced(&self) -> Option<(TraceId, SpanId)> {
        let trace = self.trace.filter(|_| self.look.is_none())?;
        Some((trace, trace.entry_span(&self.key())))
    }

    /// The properties of its source's kind; `None` for a kind that this program does not know.
    #[must_use]
    pub fn properties(&self) -> Option<&'static Properties> {
        self.source.kind.parse::<SourceKind>().ok().map(SourceKind::properties)
    }

    /// Whether it was found among the links of a listing, or in a sitemap that names no headline,
    /// so that only its page can say that it is an article.
    #[must_use]
    pub fn is_guess(&self) -> bool {
        self.properties()
            .is_some_and(|properties| properties.guesses.include(self.entry.title.is_some()))
    }
}

/// Rows hold the real address, because the secrets that a record must not show are found in it.
fn with_real_address<S: Serializer>(
    source: &record::Source,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let record::Source { id, name, kind, url, tags } = source;
    let mut fields = serializer.serialize_struct("Source", 5)?;
    fields.serialize_field("id", id)?;
    fields.serialize_field("name", name)?;
    fields.serialize_field("kind", kind)?;
    fields.serialize_field("url", url.real())?;
    fields.serialize_field("tags", tags)?;
    fields.end()
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

    /// The 24 bytes of the key.
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
