//! Stores that older programs made open with all that is in them.
//!
//! `tests/fixtures/store/format-8.tar.gz` is an export of the last program of format 8: three articles,
//! a dead letter, and a source that is paused.
//!
//! `tests/fixtures/store/format-6.tar.gz` is an export of the last program of format 6: two articles,
//! the second a copy of the first, and their story.
//!
//! `tests/fixtures/store/format-4.tar.gz` is of the last program of format 4, which was killed
//! while its sink was away: two articles are published, four records of five articles wait, and
//! three entries whose pages failed.

use std::{path::Path, process::Command};

use uuid::Uuid;

use super::{
    Batch, EditionBounds, FORMAT, KeptEdition, SeenEntry, Store, check, engine::Table, entries,
    manifest,
};

const ID: &str = "c3c23b4f-9853-45ea-80d8-5b16d1375702";
/// Id, revision and title of what waits to be published.
const RECORDS: [(&str, u64, &str); 4] = [
    ("01a221e5-4525-75b7-a4ae-8201d7f652db", 1, "Title 0 2 v0"),
    ("01a221e5-3e54-72ac-8c13-2eaab8a08835", 2, "Title 0 0 v1"),
    ("01a221e5-453a-76d6-8999-fb8636a36bf1", 1, "Title 0 4 v0"),
    ("01a221e5-453a-76d6-8999-fb87b8c66775", 1, "Title 0 3 v0"),
];

pub(crate) fn unpacked() -> tempfile::TempDir {
    unpacked_of("format-4")
}

fn unpacked_of(format: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let archive =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/store/{format}.tar.gz"));
    assert!(
        Command::new("tar")
            .arg("-xzf")
            .arg(archive)
            .current_dir(dir.path())
            .status()
            .unwrap()
            .success()
    );
    dir
}

fn holds_all(store: &Store) {
    assert_eq!(store.id().to_string(), ID);
    let rows =
        store.outbox().rows_after(store.outbox().acked().unwrap().seq, 100, 1 << 20).unwrap();
    let records = rows.iter().map(|row| {
        let record: serde_json::Value = serde_json::from_slice(&row.record.value).unwrap();
        (
            record["id"].as_str().unwrap().to_owned(),
            record["revision"].as_u64().unwrap(),
            record["title"].as_str().unwrap().to_owned(),
        )
    });
    let expected = RECORDS.map(|(id, revision, title)| (id.to_owned(), revision, title.to_owned()));
    assert_eq!(records.collect::<Vec<_>>(), expected);
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [3, 4, 5, 6]);
    let (snapshot, mut pending) = (store.engine.snapshot().unwrap(), 0);
    for row in snapshot.from(Table::Pending, &[]) {
        let (key, value) = row.unwrap();
        let (key, entry) = (entries::decode_key(&key).unwrap(), entries::decode(&value).unwrap());
        let seen =
            SeenEntry::decode(&snapshot.get(Table::Seen, entry.key().as_bytes()).unwrap().unwrap())
                .unwrap();
        assert_eq!(seen.pending, Some(key), "what is remembered of the entry names its row");
        assert!(entry.tries > 0);
        pending += 1;
    }
    assert_eq!(pending, 3);
    assert_eq!(snapshot.len(Table::Articles).unwrap(), 5);
    assert_eq!(snapshot.len(Table::Seen).unwrap(), 8);
}

#[test]
fn a_store_of_format_4_opens_with_its_name_its_entries_its_articles_and_its_records() {
    let dir = unpacked();
    let before = check(dir.path(), 1 << 20).unwrap();
    assert!(!manifest::path(dir.path()).exists(), "a check upgrades nothing");
    assert_eq!((before.id.to_string().as_str(), before.waiting.0), (ID, 4));
    for _ in 0..2 {
        let store = Store::open(dir.path(), 1 << 20).unwrap();
        holds_all(&store);
        store.close();
    }
    assert_eq!(manifest::load(dir.path()).unwrap().unwrap().format, FORMAT);
    assert_eq!(check(dir.path(), 1 << 20).unwrap().rows, before.rows);
}

#[test]
fn an_upgrade_that_was_killed_before_the_manifest_was_written_goes_on() {
    let dir = unpacked();
    Store::open(dir.path(), 1 << 20).unwrap().close();
    std::fs::remove_file(manifest::path(dir.path())).unwrap();
    let store = Store::open(dir.path(), 1 << 20).unwrap();
    holds_all(&store);
}

#[test]
fn a_store_of_format_6_opens_with_its_articles_its_texts_and_its_story() {
    let dir = unpacked_of("format-6");
    assert_eq!(manifest::load(dir.path()).unwrap().unwrap().format, 6);
    for _ in 0..2 {
        let store = Store::open(dir.path(), 1 << 20).unwrap();
        let snapshot = store.engine.snapshot().unwrap();
        let rows = |table| snapshot.len(table).unwrap();
        assert_eq!((rows(Table::Articles), rows(Table::Texts), rows(Table::TextKeys)), (2, 2, 0));
        drop(snapshot);
        let view = store.stories().view().unwrap();
        let stories = view.stories_since(0).unwrap();
        assert_eq!((stories.len(), stories[0].size), (1, 2));
        let texts = view.texts_since(0).collect::<Result<Vec<_>, _>>().unwrap();
        assert!(texts.iter().all(|text| text.story == stories[0].id));
        drop(view);
        store.close();
    }
    assert_eq!(manifest::load(dir.path()).unwrap().unwrap().format, FORMAT);
    check(dir.path(), 1 << 20).unwrap();
}

#[tokio::test]
async fn a_store_of_format_8_opens_with_all_it_has_and_keeps_editions_from_then_on() {
    let dir = unpacked_of("format-8");
    assert_eq!(manifest::load(dir.path()).unwrap().unwrap().format, 8);
    let bounds = EditionBounds { per_article: 5, max_bytes: 1 << 20 };
    let mut article = None;
    for round in 0..2 {
        let store = Store::open(dir.path(), 1 << 20).unwrap();
        let latest = store.articles().view().unwrap().latest(Uuid::max(), 10).unwrap();
        assert_eq!((latest.len(), store.letters(1 << 20).totals().unwrap().0), (3, 1));
        assert_eq!(store.added().pauses().unwrap().len(), 1);
        let (id, state) = latest[0].clone();
        assert_eq!(store.editions_of(id).unwrap().len(), round);
        assert_eq!(store.outbox().acknowledged_at(1).unwrap(), None);
        let times = (state.first_seen, state.first_seen);
        let edition = KeptEdition::new((state.revision, 1), times, b"{}").unwrap();
        let mut batch = Batch::default();
        store.editions(bounds).keep(&mut batch, id, &edition).unwrap();
        store.articles().commit(batch).await.unwrap();
        assert_eq!(article.replace(id).unwrap_or(id), id);
        store.close();
    }
    assert_eq!(manifest::load(dir.path()).unwrap().unwrap().format, FORMAT);
}
