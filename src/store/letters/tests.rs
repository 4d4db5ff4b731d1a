//! Letters as the store keeps them: whole or not at all, and within their bounds.

use chrono::TimeDelta;

use super::*;
use crate::{
    model::{
        entry::Entry,
        pending::PendingEntry,
        record::{Source, Topic},
    },
    store::{NewRecord, Observed, twins::both_stores},
};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn source() -> Source {
    Source {
        id: "s".into(),
        name: Some("The Courier".into()),
        kind: "feed".into(),
        url: "https://h.example/feed".to_owned().into(),
        tags: Vec::new(),
    }
}

/// The letter of the entry with this number, given up in that second.
fn letter(number: u64, second: i64, bytes: &[u8]) -> (LetterFacts, LetterBody) {
    let said = Entry { identity: number.to_string(), ..Entry::default() };
    let entry = PendingEntry::new(source(), said, number, at(second));
    let body = LetterBody::with_bytes(LetterSubject::Entry(Box::new(entry)), bytes).unwrap();
    let facts = LetterFacts {
        id: Uuid::from_u64_pair(number, 0),
        source: source(),
        url: Some(format!("https://h.example/{number}")),
        guid: None,
        title: Some(format!("Title {number}")),
        reason: "page".into(),
        error: "no article text found".into(),
        tries: 3,
        attempts: 1,
        first_seen: at(0),
        first: at(second),
        at: at(second),
        retried: None,
        bytes: None,
        subject: body.subject.key(),
    };
    (facts, body)
}

/// What no compression makes smaller.
fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_add(1);
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56).try_into().unwrap()
    };
    (0..bytes).map(|_| next()).collect()
}

async fn put(letters: &LetterStore, (facts, body): (LetterFacts, LetterBody)) -> Option<u64> {
    let mut batch = Batch::default();
    let kept = letters.put(&mut batch, facts, body).unwrap();
    letters.commit(batch).await.unwrap();
    kept
}

fn ids(letters: &LetterStore) -> Vec<u64> {
    let view = letters.view().unwrap();
    view.latest(Uuid::max()).map(|facts| facts.unwrap().id.as_u64_pair().0).collect()
}

#[tokio::test]
async fn after_each_batch_letters_are_within_their_room_and_the_oldest_go_first() {
    for mut test in both_stores() {
        let room = 40_000;
        for number in 1..=20 {
            let letters = test.store.letters(room);
            let bytes = noise(9_000, number);
            assert_eq!(put(&letters, letter(number, 20, &bytes)).await, Some(9_000));
            assert!(letters.totals().unwrap().1 <= room);
            assert!(test.store.check().is_ok());
            if number == 10 {
                test.reopen();
            }
        }
        let letters = test.store.letters(room);
        assert_eq!(ids(&letters), [20, 19, 18, 17]);
        // One that is tried again last is the youngest.
        put(&letters, letter(17, 30, &noise(9_000, 17))).await;
        put(&letters, letter(21, 31, &noise(9_000, 21))).await;
        assert_eq!(ids(&letters), [21, 20, 19, 17]);
        // The body of one that would push the others out is left out.
        assert_eq!(put(&letters, letter(22, 32, &noise(11_000, 22))).await, None);
        assert_eq!(ids(&letters), [22, 21, 20, 17]);
        assert_eq!(letters.sweep(at(25)).await.unwrap(), 1);
        assert_eq!(ids(&letters), [22, 21, 17]);
        assert!(test.store.check().unwrap().rows.contains(&("letters", 3)));
    }
}

#[tokio::test]
async fn a_page_of_megabytes_that_compresses_well_is_kept_whole_and_comes_back() {
    let store = crate::store::Store::in_memory().unwrap();
    let letters = store.letters(1 << 20);
    let page = vec![b'x'; 20 << 20];
    assert_eq!(put(&letters, letter(1, 1, &page)).await, Some(20 << 20));
    let body = letters.view().unwrap().body(Uuid::from_u64_pair(1, 0)).unwrap().unwrap();
    assert_eq!(body.unpacked().unwrap(), Some(page));
    assert_eq!(put(&store.letters(0), letter(2, 2, b"x")).await, None);
    assert!(ids(&letters).is_empty(), "without room nothing is kept");
}

#[tokio::test]
async fn the_letters_of_records_that_are_sent_again_end_with_their_acknowledgement() {
    for mut test in both_stores() {
        let letters = test.store.letters(1 << 20);
        for (number, seq) in [(1, 7), (2, 9)] {
            let record = NewRecord {
                topic: Topic::Articles,
                key: "k".into(),
                event_id: format!("k/{number}"),
                event_type: "t".into(),
                event_source: "/sources/s".into(),
                event_time: at(0),
                traceparent: String::new(),
                routing: crate::model::routing::Routing::default(),
                observed: Observed::default(),
                value: Vec::new(),
            };
            let subject = LetterSubject::Record(Box::new(record));
            let (facts, _) = letter(number, 1, b"");
            let retried = Some(Retried { at: at(2), outbox: Some(seq) });
            let facts = LetterFacts { subject: subject.key(), retried, ..facts };
            put(&letters, (facts, LetterBody::with_bytes(subject, b"{}").unwrap())).await;
        }
        test.reopen();
        let letters = test.store.letters(1 << 20);
        for (acked, left) in [(6, vec![2, 1]), (8, vec![2]), (9, vec![])] {
            let mut batch = Batch::default();
            letters.delivered(&mut batch, acked).unwrap();
            letters.commit(batch).await.unwrap();
            assert_eq!(ids(&letters), left);
        }
    }
}

#[tokio::test]
async fn a_letter_without_its_body_and_a_body_without_its_letter_are_damage() {
    for table in [Table::Letters, Table::LetterBodies] {
        let store = crate::store::Store::in_memory().unwrap();
        let letters = store.letters(1 << 20);
        for number in 1..=3 {
            put(&letters, letter(number, 1, b"x")).await;
        }
        let mut batch = Batch::default();
        batch.delete(table, *Uuid::from_u64_pair(2, 0).as_bytes());
        letters.commit(batch).await.unwrap();
        assert!(store.check().unwrap_err().to_string().contains("missing"));
    }
}

#[test]
fn letters_are_chosen_by_all_that_is_given() {
    let (facts, _) = letter(1, 100, b"");
    let filter = |change: fn(&mut LetterFilter)| {
        let mut filter = LetterFilter::default();
        change(&mut filter);
        filter.includes(&facts)
    };
    assert!(filter(|_| {}));
    assert!(filter(|filter| filter.host = Some("h.example".into())));
    assert!(filter(|filter| filter.words = Some("COURIER".into())));
    assert!(filter(|filter| (filter.since, filter.until) = (Some(at(100)), Some(at(101)))));
    assert!(!filter(|filter| filter.until = Some(at(100))));
    assert!(!filter(|filter| filter.host = Some("example".into())));
    assert!(!filter(|filter| {
        filter.reason = Some("page".into());
        filter.source = Some("other".into());
    }));
}
