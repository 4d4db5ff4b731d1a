//! Dead letters that are tried again, as the committing task decides on them.

use uuid::Uuid;

use super::{
    erase::{TEXT, World},
    *,
};
use crate::{
    model::pending::PendingKey,
    store::{LetterFacts, LetterStore, StoredDocument},
};

fn letters(world: &World) -> LetterStore {
    world.store.letters(1 << 20)
}

fn kept(world: &World) -> Vec<LetterFacts> {
    letters(world).view().unwrap().latest(Uuid::max()).map(Result::unwrap).collect()
}

async fn retry(world: &mut World, id: Uuid) -> RetryReport {
    world.work(|decisions| decisions.retry_all(&[id])).await.remove(0)
}

/// The rows of the queue.
fn waiting(world: &World) -> Vec<(PendingKey, PendingEntry)> {
    let queue = world.store.entries();
    let rows =
        |(lane, _)| queue.due(PendingKey::first(lane, 0), u64::MAX, 100, |_| false).unwrap().rows;
    queue.lanes().unwrap().into_iter().flat_map(rows).collect()
}

fn dead(reason: &'static str, bytes: Option<&[u8]>) -> PageOutcome {
    PageOutcome::Dead(DeadPage {
        reason,
        error: "HTTP status 500".into(),
        bytes: bytes.map(bytes::Bytes::copy_from_slice),
        at: at(90),
    })
}

/// An entry of a feed whose page was given up after three tries.
fn given_up() -> Candidate {
    let Candidate { key, entry, .. } = handed(1, Some("7"), &[]);
    let entry = PendingEntry { document: None, fetch_page: true, tries: 2, ..entry };
    let mut candidate = Candidate { key, entry, reading: dead("fetch", Some(b"<p>half a page")) };
    candidate.entry.source.kind = "feed".to_owned();
    candidate.entry.entry.link = "https://h.example/news/12".parse().ok();
    candidate.entry.entry.title = Some("A headline".to_owned());
    candidate
}

/// The same page, once it can be read.
fn read((key, entry): (PendingKey, PendingEntry)) -> Candidate {
    let PageOutcome::Page(mut page) = handed(200, None, &[("A headline", TEXT)]).reading else {
        panic!("it is a page")
    };
    page.url.clone_from(&entry.entry.link);
    Candidate { key, entry, reading: PageOutcome::Page(page) }
}

#[tokio::test]
async fn a_page_that_is_read_at_a_retry_revises_its_article_and_ends_its_letter() {
    let mut world = World::new();
    world.decide(given_up()).await;
    let facts = kept(&world).remove(0);
    assert_eq!((facts.tries, facts.attempts, facts.bytes), (3, 1, Some(14)));
    assert_eq!(retry(&mut world, facts.id).await.outcome, RetryOutcome::Queued);
    let row = waiting(&world).pop().unwrap();
    assert_eq!((row.1.tries, row.1.fetch_page), (0, true));
    let again = retry(&mut world, facts.id).await;
    assert_eq!((again.outcome, waiting(&world).len()), (RetryOutcome::Waits, 1));
    world.decide(read(row)).await;
    let articles = world.articles();
    let revisions: Vec<u32> = articles.iter().map(|article| article.revision).collect();
    assert_eq!(revisions, [1, 2]);
    assert_eq!(articles[1].content.text.as_deref(), Some(TEXT));
    assert!(kept(&world).is_empty() && waiting(&world).is_empty());
    assert_eq!(retry(&mut world, facts.id).await.outcome, RetryOutcome::Unknown);
    world.store.check().unwrap();
}

#[tokio::test]
async fn a_page_that_fails_again_keeps_its_letter_with_one_more_attempt() {
    let mut world = World::new();
    world.decide(given_up()).await;
    let first = kept(&world).remove(0);
    retry(&mut world, first.id).await;
    let (key, entry) = waiting(&world).pop().unwrap();
    let entry = PendingEntry { tries: 2, ..entry };
    world.decide(Candidate { key, entry, reading: dead("gone", None) }).await;
    let facts = kept(&world).remove(0);
    assert_eq!(facts.id, first.id);
    assert_eq!((facts.attempts, facts.tries, facts.reason.as_str()), (2, 6, "gone"));
    assert_eq!((facts.retried, facts.first), (None, first.first));
    let told: Vec<_> =
        world.sent().into_iter().filter(|sent| sent["reason"] != json_null()).collect();
    assert_eq!((told.len(), &told[0]["id"], &told[1]["tries"]), (2, &told[1]["id"], &6.into()));
    assert_eq!(retry(&mut world, facts.id).await.outcome, RetryOutcome::Queued);
    world.store.check().unwrap();
}

fn json_null() -> serde_json::Value {
    serde_json::Value::Null
}

#[tokio::test]
async fn a_newer_edition_that_is_read_ends_the_letter_of_an_older_one() {
    let mut world = World::new();
    world.decide(given_up()).await;
    let Candidate { key, entry, .. } = given_up();
    world.decide(read((key, entry))).await;
    assert!(kept(&world).is_empty());
}

/// Puts the document of a candidate's entry into the store, as it came.
async fn with_document(world: &World, candidate: &Candidate, bytes: &[u8]) {
    let mut commit = crate::store::TopicCommit::default();
    let packed = crate::store::PackedDocument::pack(bytes).unwrap();
    commit.enqueue(&candidate.key, &candidate.entry, Some(packed));
    world.store.topics().commit(commit).await.unwrap();
}

#[tokio::test]
async fn a_document_is_tried_again_with_all_its_bytes_and_goes_with_its_letter() {
    let mut world = World::new();
    let mut candidate = handed(1, Some("7"), &[]);
    with_document(&world, &candidate, b"%PDF-1.7").await;
    candidate.reading = dead("page", Some(b"%PDF"));
    world.decide(candidate).await;
    let facts = kept(&world).remove(0);
    assert_eq!(facts.bytes, Some(8));
    assert_eq!(retry(&mut world, facts.id).await.outcome, RetryOutcome::Queued);
    let (key, entry) = waiting(&world).pop().unwrap();
    let StoredDocument::Here(packed) =
        world.store.entries().document(&key, &entry, usize::MAX).unwrap()
    else {
        panic!("the document is not there")
    };
    assert_eq!(crate::store::unpack_document(&packed).unwrap(), b"%PDF-1.7");
    world.store.check().unwrap();
    world.decide(read((key, entry))).await;
    assert!(kept(&world).is_empty());
    assert!(world.store.check().unwrap().rows.contains(&("documents", 0)));
}

#[tokio::test]
async fn a_message_is_read_anew_with_its_headers_and_waits_where_it_still_cannot_be() {
    for (value, outcome) in [
        (b"<p>It is so.".as_slice(), RetryOutcome::Queued),
        (b"".as_slice(), RetryOutcome::Impossible),
    ] {
        let mut world = World::new();
        let mut candidate = handed(1, None, &[]);
        let document = candidate.entry.document.as_mut().unwrap();
        document.unreadable = Some("message t/0/1: not known yet".into());
        document.headers = [("content-type", "text/html"), ("url", "https://h.example/a")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        with_document(&world, &candidate, value).await;
        candidate.reading = dead("message", None);
        world.decide(candidate).await;
        let id = kept(&world)[0].id;
        let report = retry(&mut world, id).await;
        assert_eq!(report.outcome, outcome, "{report:?}");
        assert_eq!(kept(&world).len(), 1);
        let entry = waiting(&world).pop().map(|(_, entry)| entry);
        assert_eq!(entry.is_some(), outcome == RetryOutcome::Queued);
        if let Some(entry) = entry {
            let document = entry.document.unwrap();
            assert_eq!(document.url, "https://h.example/a".parse().ok());
            assert_eq!((document.unreadable, entry.entry.link), (None, document.url));
        }
    }
}

/// Has the sink refuse the record of this number, as publish decides.
async fn refuse(world: &World, seq: u64) -> Uuid {
    let (outbox, mut batch) = (world.store.outbox(), Batch::default());
    let row = outbox.rows_after(seq - 1, 1, usize::MAX).unwrap().remove(0);
    let letter =
        refused(&letters(world), &mut batch, &row.record, "too large".into(), at(95)).unwrap();
    let told: DeadLetter = serde_json::from_slice(&letter.value).unwrap();
    outbox.replace_in(&mut batch, &row, letter).unwrap();
    outbox.commit(batch).await.unwrap();
    told.id
}

#[tokio::test]
async fn a_refused_record_goes_out_again_at_the_end_of_the_outbox_as_it_was() {
    let mut world = World::new();
    world.decide(handed(1, Some("7"), &[("A headline", TEXT)])).await;
    let before = world.store.outbox().rows_after(0, 1, usize::MAX).unwrap().remove(0).record;
    let id = refuse(&world, 1).await;
    assert_eq!(retry(&mut world, id).await.outcome, RetryOutcome::Queued);
    let tail = world.store.outbox().tail().unwrap();
    let row = world.store.outbox().rows_after(tail.seq - 1, 1, usize::MAX).unwrap().remove(0);
    assert_eq!(row.record, before);
    assert_eq!(kept(&world)[0].retried.as_ref().unwrap().outbox, Some(tail.seq));
    assert_eq!(retry(&mut world, id).await.outcome, RetryOutcome::Waits);
    // Refused again, it is the same letter.
    assert_eq!(refuse(&world, tail.seq).await, id);
    let facts = kept(&world).remove(0);
    assert_eq!((facts.attempts, facts.retried), (2, None));
    world.store.check().unwrap();
}

#[tokio::test]
async fn a_record_that_a_later_revision_followed_does_not_go_out_after_it() {
    let mut world = World::new();
    world.decide(handed(1, Some("7"), &[("A headline", TEXT)])).await;
    let id = refuse(&world, 1).await;
    world.decide(handed(2, Some("7"), &[("Another headline", "Another text.")])).await;
    let before = world.store.outbox().tail().unwrap();
    let report = retry(&mut world, id).await;
    assert_eq!(report.outcome, RetryOutcome::Impossible);
    assert!(report.why.unwrap().contains("revision 2 came after it"));
    assert_eq!((world.store.outbox().tail().unwrap(), kept(&world).len()), (before, 1));
}

#[tokio::test]
async fn letters_of_an_erased_article_are_erased_with_it_and_others_stay() {
    let mut world = World::new();
    world.decide(given_up()).await;
    let mut other = handed(2, Some("8"), &[]);
    other.reading = dead("page", None);
    (other.entry.entry.identity, other.entry.document) = ("other".into(), None);
    world.decide(other).await;
    let article = world.articles()[0].id;
    assert_eq!(kept(&world).len(), 2);
    assert_eq!(world.erase(article).await.unwrap().letters, 1);
    assert_eq!(kept(&world)[0].guid.as_deref(), Some("8"));
    world.store.check().unwrap();
}
