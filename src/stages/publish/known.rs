//! Whether the topics are those that were published to: their partitions, and how far each was written. Pure.
//!
//! A topic that was deleted and made anew has lost what it held, and one with more partitions has records of one key in two
//! of them. Neither stops publishing, and neither may pass unsaid: it is told until an operator has confirmed it. What must
//! stay true: offsets of a partition only grow, so a record that lands before one that landed earlier is in another topic.

use chrono::{DateTime, Utc};

use crate::store::{Outbox, StoreError, TopicChange, TopicHeld, TopicsHeld, acked::Acked};

/// Where a record came to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landed {
    /// The topic's whole name.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// The last offset in it.
    pub offset: i64,
}

/// A topic as the cluster describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its whole name.
    pub topic: String,
    /// How many partitions it has; 0 where it does not say.
    pub partitions: usize,
    /// Whether it was missing, and is made just now.
    pub made: bool,
}

/// Notes what the cluster says of the topics.
pub(super) fn described(held: &mut TopicsHeld, topics: &[Described], now: DateTime<Utc>) {
    for Described { topic, partitions, made } in topics {
        let known = held.topics.entry(topic.clone()).or_default();
        if *made && !known.ends.is_empty() {
            made_anew(held, topic, now);
        }
        if *partitions > 0 {
            counted(held, topic, *partitions, now);
        }
    }
}

/// Notes where records came to stand.
pub(super) fn landed(held: &mut TopicsHeld, records: &[Landed], now: DateTime<Utc>) {
    for Landed { topic, partition, offset } in records {
        let Some(known) = held.topics.get(topic) else { continue };
        if known.ends.get(partition).is_some_and(|end| offset <= end) {
            made_anew(held, topic, now);
        }
        let counts = held.topics.get(topic).map_or(0, |it| it.partitions);
        if let Some(least) = usize::try_from(*partition).ok().map(|it| it + 1).filter(|it| counts > 0 && *it > counts) {
            counted(held, topic, least, now);
        }
        if let Some(known) = held.topics.get_mut(topic) {
            known.ends.insert(*partition, *offset);
        }
    }
}

fn counted(held: &mut TopicsHeld, topic: &str, count: usize, now: DateTime<Utc>) {
    let Some(known) = held.topics.get_mut(topic) else { return };
    let before = std::mem::replace(&mut known.partitions, count);
    if before == 0 || before == count {
        return;
    }
    // Partitions are never taken away from a topic.
    if count < before {
        return made_anew(held, topic, now);
    }
    if known.ends.is_empty() {
        return;
    }
    let what =
        format!("has {count} partitions where it had {before}: later records of a key may be in another partition than earlier ones");
    note(held, topic, what, now);
}

fn made_anew(held: &mut TopicsHeld, topic: &str, now: DateTime<Utc>) {
    if let Some(known) = held.topics.get_mut(topic) {
        // What is known of the new one begins here.
        *known = TopicHeld::default();
    }
    note(held, topic, "was deleted and made anew: what it held before is gone".to_owned(), now);
}

fn note(held: &mut TopicsHeld, topic: &str, what: String, now: DateTime<Utc>) {
    let change = TopicChange { topic: topic.to_owned(), what, since: now };
    if !held.changes.iter().any(|it| it.topic == change.topic && it.what == change.what) {
        tracing::error!(topic, "the topic {}", change.what);
        held.changes.push(change);
    }
}

/// What is said until it is confirmed; `Ok` where there is nothing.
pub(super) fn words(held: &TopicsHeld) -> Result<(), String> {
    let all: Vec<String> = held.changes.iter().map(ToString::to_string).collect();
    if all.is_empty() { Ok(()) } else { Err(format!("{} (`nashra state confirm` once that is dealt with)", all.join("; "))) }
}

/// An operator knows of it: it is told no more. Says what that was.
///
/// # Errors
/// Where the store cannot be read.
pub async fn confirm(outbox: &Outbox) -> Result<String, StoreError> {
    let mut reached = outbox.acked()?;
    let changes = std::mem::take(&mut reached.topics.changes);
    if changes.is_empty() {
        return Ok("there is nothing to confirm".to_owned());
    }
    outbox.trim(&Acked::of(reached)).await?;
    Ok(changes.iter().map(|it| format!("confirmed: {it}")).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(topic: &str, partition: i32, offset: i64) -> Landed {
        Landed { topic: topic.into(), partition, offset }
    }

    fn is(topic: &str, partitions: usize) -> Described {
        Described { topic: topic.into(), partitions, made: false }
    }

    fn made(topic: &str) -> Described {
        Described { made: true, ..is(topic, 3) }
    }

    fn held() -> TopicsHeld {
        let mut held = TopicsHeld::default();
        described(&mut held, &[made("a"), is("d", 3)], DateTime::UNIX_EPOCH);
        described(&mut held, &[is("a", 3), is("d", 3)], DateTime::UNIX_EPOCH);
        landed(&mut held, &[at("a", 0, 4), at("a", 2, 9)], DateTime::UNIX_EPOCH);
        assert_eq!(words(&held), Ok(()));
        held
    }

    fn said(held: &TopicsHeld, what: &str) -> bool {
        words(held).is_err_and(|it| it.contains(what)) && held.changes.len() == 1
    }

    #[test]
    fn offsets_that_grow_and_a_topic_that_nothing_was_written_to_are_nothing_to_tell() {
        let mut held = held();
        landed(&mut held, &[at("a", 0, 5), at("a", 1, 0), at("positions", 0, 1)], DateTime::UNIX_EPOCH);
        described(&mut held, &[is("a", 3), made("d")], DateTime::UNIX_EPOCH);
        assert_eq!(words(&held), Ok(()));
    }

    #[test]
    fn a_topic_that_was_made_anew_is_known_by_its_absence_by_an_offset_that_goes_back_and_by_fewer_partitions() {
        let mut missing = held();
        described(&mut missing, &[made("a")], DateTime::UNIX_EPOCH);
        assert!(said(&missing, "a was deleted and made anew"));
        let mut back = held();
        landed(&mut back, &[at("a", 2, 0)], DateTime::UNIX_EPOCH);
        landed(&mut back, &[at("a", 2, 1), at("a", 0, 0)], DateTime::UNIX_EPOCH);
        assert!(said(&back, "a was deleted and made anew"));
        let mut fewer = held();
        described(&mut fewer, &[is("a", 2)], DateTime::UNIX_EPOCH);
        assert!(said(&fewer, "a was deleted and made anew"));
    }

    #[test]
    fn partitions_that_were_added_are_told_once_by_the_cluster_or_by_where_a_record_lands() {
        let mut described_so = held();
        described(&mut described_so, &[is("a", 6)], DateTime::UNIX_EPOCH);
        described(&mut described_so, &[is("a", 6)], DateTime::UNIX_EPOCH);
        assert!(said(&described_so, "a has 6 partitions where it had 3"));
        let mut landed_there = held();
        landed(&mut landed_there, &[at("a", 3, 0)], DateTime::UNIX_EPOCH);
        assert!(said(&landed_there, "a has 4 partitions where it had 3"));
    }
}
