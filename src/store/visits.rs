//! The last polls of each source, for people who ask what happened: a ring of rows, so that it takes
//! a fixed space a source, some 150 bytes a poll.
//!
//! What must stay true: a poll's row is in the batch of its poll; nothing is decided by it.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    PollCommit, PollStore, StoreError,
    engine::{Row, Snapshot, Table},
    from_json, json, passing_over,
};
use crate::{base::hash::digest, model::source::State};

/// Polls that are kept of a source.
pub const KEPT_POLLS: u64 = 20;
/// The longest words that are kept, in bytes.
const WORDS: usize = 160;

/// A poll that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PastPoll {
    /// When it began.
    pub at: DateTime<Utc>,
    /// What came of it, as `nashra_polls_total` names it.
    pub outcome: String,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// Bytes of the body as they were sent.
    pub bytes: u64,
    /// The entries that are listed, as far as they are known.
    pub listed: u32,
    /// Those that were new or changed.
    pub fresh: u32,
    /// Whether it shared no entry with the poll before, so that some may have been missed.
    pub gap: bool,
    /// The state of the source after it.
    pub state: State,
    /// Why, in words.
    pub reason: String,
    /// From the request to the decision, in milliseconds.
    pub took_ms: u32,
    /// How long after its due time it began, in milliseconds.
    pub late_ms: u32,
    /// When the next poll was to be.
    pub next_due: DateTime<Utc>,
    /// Why then, in words.
    pub next_why: String,
}

/// A row: the fields in their order, without names.
type Fields =
    ((i64, String, Option<u16>, u64, u32, u32), (bool, State, String, u32, u32, i64, String));

impl PastPoll {
    fn encode(&self) -> Vec<u8> {
        let cut = |words: &str| words[..words.floor_char_boundary(WORDS)].to_owned();
        let row: Fields = (
            (
                self.at.timestamp_millis(),
                self.outcome.clone(),
                self.status,
                self.bytes,
                self.listed,
                self.fresh,
            ),
            (
                self.gap,
                self.state,
                cut(&self.reason),
                self.took_ms,
                self.late_ms,
                self.next_due.timestamp_millis(),
                cut(&self.next_why),
            ),
        );
        json(&row)
    }
}

pub(super) fn decode(row: &[u8]) -> Result<PastPoll, StoreError> {
    let (
        (at, outcome, status, bytes, listed, fresh),
        (gap, state, reason, took_ms, late_ms, next_due, next_why),
    ): Fields = from_json("visits", row)?;
    let time = |ms| DateTime::from_timestamp_millis(ms).unwrap_or_default();
    let (at, next_due) = (time(at), time(next_due));
    Ok(PastPoll {
        at,
        outcome,
        status,
        bytes,
        listed,
        fresh,
        gap,
        state,
        reason,
        took_ms,
        late_ms,
        next_due,
        next_why,
    })
}

/// What the keys of a source's rows begin with.
fn prefix(source: &str) -> [u8; 8] {
    digest(&[source.as_bytes()])
}

/// The rows of a source.
pub(super) fn rows_of(snapshot: &Snapshot, source: &str) -> Result<Vec<Row>, StoreError> {
    let prefix = prefix(source);
    let rows = snapshot.from(Table::Visits, &prefix);
    rows.take_while(|row| row.as_ref().map_or(true, |(key, _)| key.starts_with(&prefix))).collect()
}

impl PollCommit {
    /// Keeps a poll of a source in the place of the oldest one that is kept; `number` counts its polls.
    pub fn visited(&mut self, source: &str, number: u64, poll: &PastPoll) {
        let slot = u8::try_from(number % KEPT_POLLS).unwrap_or(0);
        let key = [&prefix(source)[..], &[slot]].concat();
        self.0.put(Table::Visits, key, poll.encode());
    }
}

impl PollStore {
    /// The last polls of a source, the latest first. Damaged rows are passed over.
    pub fn past_polls(&self, source: &str) -> Result<Vec<PastPoll>, StoreError> {
        let rows = rows_of(&self.snapshot()?, source)?;
        let read = rows.iter().filter_map(|(_, row)| passing_over(decode(row)).transpose());
        let mut polls = read.collect::<Result<Vec<_>, _>>()?;
        polls.sort_by_key(|poll| std::cmp::Reverse(poll.at));
        Ok(polls)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::store::{Facts, OldestDays, Store};

    fn poll(second: i64) -> PastPoll {
        let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
        PastPoll {
            at,
            outcome: "failed".into(),
            status: Some(503),
            bytes: 1_234_567,
            listed: 50,
            fresh: 3,
            gap: false,
            state: State::Backoff,
            reason: "é".repeat(200),
            took_ms: 1_234,
            late_ms: 50,
            next_due: at + TimeDelta::hours(1),
            next_why: "because it failed 3 times in a row".into(),
        }
    }

    #[tokio::test]
    async fn the_last_polls_are_kept_in_a_fixed_space_and_go_with_their_source() {
        let store = Store::in_memory().unwrap();
        for number in 0..3 * KEPT_POLLS {
            let mut commit = PollCommit::default();
            let at = i64::try_from(number).unwrap();
            commit.visited("s", number, &poll(at));
            commit.visited("other", number, &poll(at));
            commit.facts(&Facts {
                id: "s".into(),
                last_poll: Some(poll(at).at),
                ..Facts::default()
            });
            store.polls().commit(commit).await.unwrap();
        }
        let polls = store.polls().past_polls("s").unwrap();
        assert_eq!(polls.len() as u64, KEPT_POLLS);
        assert!(polls.is_sorted_by_key(|poll| std::cmp::Reverse(poll.at)));
        assert_eq!(polls[0].at, poll(59).at);
        assert_eq!(polls[0].reason, "é".repeat(WORDS / 2));
        assert!(
            poll(1).encode().len() < 400 && decode(&poll(1).encode()).unwrap().bytes == 1_234_567
        );
        let forget = OldestDays { listed: 10, text: 0, key: 0 };
        let (mut sweeper, mut finished) = (store.sweeper(), false);
        while !finished {
            let swept;
            (sweeper, swept) = sweeper.step(forget).await.unwrap();
            finished = swept.finished;
        }
        assert!(store.polls().past_polls("s").unwrap().is_empty());
        assert_eq!(store.polls().past_polls("other").unwrap().len() as u64, KEPT_POLLS);
        store.check().unwrap();
    }
}
