//! Damage of every kind, done to every file of a store: it is told, or nothing is lost by it.
//!
//! `NASHRA_DAMAGE=N cargo test --lib store::damage` takes every file, and flips bytes at N places
//! of each; without it a sample is taken that lasts seconds.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    Batch, NewRecord, Observed, Store, check,
    copy::{self, CopyMode},
    engine::{ALL, Table, is_own},
    repair,
};
use crate::model::{
    article::{ArticleState, TextRank, Verdict},
    pending::EntryKey,
    record::Topic,
    routing::Routing,
};

/// In memory where that is possible: hundreds of stores are opened, and each waits for the disk.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

type Content = Vec<BTreeMap<Vec<u8>, Vec<u8>>>;

fn content(store: &Store) -> Content {
    let snapshot = store.engine.snapshot().unwrap();
    let rows = |table| {
        snapshot
            .from(table, &[])
            .map(Result::unwrap)
            .filter(move |(key, _)| !is_own(table, key))
            .collect()
    };
    ALL.into_iter().map(rows).collect()
}

/// Some rows of each table, in the tables' files as well as in two journals; the last commits in
/// the journals alone.
fn make(dir: &Path) -> Content {
    let store = Store::open(dir, 1 << 20).unwrap();
    let mut state = 7_u64;
    let mut noise = |length: usize| -> Vec<u8> {
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56).try_into().unwrap()
        };
        (0..length).map(|_| next()).collect()
    };
    for round in 0..6_u8 {
        for table in ALL.into_iter().filter(|table| !matches!(table, Table::Meta | Table::Outbox)) {
            let mut batch = Batch::default();
            (0..4).for_each(|_| batch.put(table, noise(24), noise(300)));
            store.engine.commit_first(batch).unwrap();
        }
        if round == 1 || round == 3 {
            store.engine.flush(|table| (table as u8).is_multiple_of(2) == (round == 1));
        }
    }
    let content = content(&store);
    store.close();
    content
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found.sort();
    found
}

/// Places in each file, where all files are wanted.
fn asked() -> Option<usize> {
    std::env::var("NASHRA_DAMAGE").ok()?.parse().ok()
}

/// Whether a file is in the sample: the journals, the manifest, the list of the tables, and some of
/// the tables' files.
fn is_taken(name: &Path, number: usize) -> bool {
    let name = name.to_string_lossy();
    asked().is_some()
        || !name.contains("keyspaces/")
        || name.contains("keyspaces/0/")
        || number.is_multiple_of(7)
}

#[derive(Debug, Clone, Copy)]
enum DamageKind {
    Flip(usize),
    Delete,
    Empty,
    /// As a file system leaves it that lost a block.
    Zeros(usize),
}

fn harm(path: &Path, harm: DamageKind) {
    let mut bytes = fs::read(path).unwrap();
    // Never what a link leads to.
    fs::remove_file(path).unwrap();
    match harm {
        DamageKind::Flip(at) => bytes[at] ^= 0x40,
        DamageKind::Delete => return,
        DamageKind::Empty => bytes.clear(),
        DamageKind::Zeros(at) => bytes[at..].iter_mut().take(64).for_each(|byte| *byte = 0),
    }
    fs::write(path, bytes).unwrap();
}

fn copied(from: &Path, to: &Path) {
    copy::store(&from.join("store"), &to.join("store"), CopyMode::Linked).unwrap();
    fs::copy(from.join("manifest"), to.join("manifest")).unwrap();
}

/// All rows of a store that can be opened and read.
fn readable(dir: &Path) -> Option<Content> {
    let store = Store::open(dir, 1 << 20).ok()?;
    let snapshot = store.engine.snapshot().ok()?;
    let mut content = Content::new();
    for table in ALL {
        let rows = snapshot.from(table, &[]).collect::<Result<BTreeMap<_, _>, _>>().ok()?;
        content.push(rows.into_iter().filter(|(key, _)| !is_own(table, key)).collect());
    }
    drop(snapshot);
    store.close();
    Some(content)
}

fn unchanged_by_a_check(dir: &Path) {
    let read = || -> BTreeMap<PathBuf, Vec<u8>> {
        let ours = files(dir).into_iter().filter(|file| *file != dir.join("lock"));
        ours.map(|our| (our.clone(), fs::read(our).unwrap())).collect()
    };
    let before = read();
    // Rows of noise are no entries, so none passes; that it changes no file is what counts.
    check(dir, 1 << 20).unwrap_err();
    assert!(before == read(), "a check changes no file");
}

#[test]
fn whatever_byte_or_file_is_damaged_it_is_told_or_nothing_is_lost() {
    let places = asked().unwrap_or(2);
    let original = folder();
    let whole = make(original.path());
    // Without the space that journals have in advance.
    let base = folder();
    copied(original.path(), base.path());
    let (mut cases, mut told, mut harmless, mut silent) = (0_usize, 0, 0, Vec::new());
    for (number, file) in files(base.path()).into_iter().enumerate() {
        let name = file.strip_prefix(base.path()).unwrap().to_owned();
        if !is_taken(&name, number) {
            continue;
        }
        let length = usize::try_from(fs::metadata(&file).unwrap().len()).unwrap();
        let at = |place: usize| (place * length / places + place * 7).min(length - 1);
        let flips = (0..places.min(length)).map(|place| DamageKind::Flip(at(place)));
        let zeros = (0..places.min(length) / 3).map(|place| DamageKind::Zeros(at(place * 3 + 1)));
        for done in flips.chain(zeros).chain([DamageKind::Delete, DamageKind::Empty]) {
            let dir = folder();
            copied(base.path(), dir.path());
            harm(&dir.path().join(&name), done);
            let looked = places > 2 || cases.is_multiple_of(10);
            cases += 1;
            if looked {
                unchanged_by_a_check(dir.path());
            }
            match readable(dir.path()) {
                None => told += 1,
                Some(content) if content == whole => harmless += 1,
                Some(_) => silent.push(format!("{done:?} in {}", name.display())),
            }
        }
    }
    assert!(silent.is_empty(), "{told} told, {harmless} harmless, silent: {silent:#?}");
    // Old versions of a table that the engine has not removed yet hold nothing that could be lost.
    assert!(told > 20);
}

/// Articles with their names, seen entries and records that wait: rows that belong together.
fn make_articles(dir: &Path) -> Content {
    let store = Store::open(dir, 1 << 20).unwrap();
    let mut tail = store.outbox().tail().unwrap();
    let at = chrono::DateTime::UNIX_EPOCH;
    for round in 0..40_u8 {
        let (mut batch, id) =
            (Batch::default(), uuid::Uuid::from_bytes([round.wrapping_mul(37); 16]));
        let verdict = Verdict { what: "new".to_owned(), why: "of old".repeat(20), at };
        let state = ArticleState {
            revision: 1,
            url: Some(format!("https://news.example/{round}")),
            alternate_urls: Vec::new(),
            source: "s".to_owned(),
            guid: None,
            first_seen: at,
            fetched_at: at,
            order: 0,
            revised: 0,
            shown: None,
            doubted: None,
            withdrawn: false,
            erased: None,
            kept_text: None,
            labels: Vec::new(),
            routing: Routing::default(),
            content_hash: format!("{round}"),
            wording: None,
            sketch: Vec::new(),
            fields: BTreeMap::new(),
            text_rank: TextRank::Page,
            story: None,
            aliases: vec![[round; 16]],
            day: 1,
            verdict,
        };
        batch.article(id, &state);
        batch.alias(&[round; 16], id);
        batch.put(Table::Seen, *EntryKey::new("s", &round.to_string()).as_bytes(), vec![round; 26]);
        let record = NewRecord {
            topic: Topic::Articles,
            key: id.to_string(),
            event_id: format!("{id}/1"),
            event_type: "t".to_owned(),
            event_source: "s".to_owned(),
            event_time: at,
            traceparent: String::new(),
            routing: Routing::default(),
            observed: Observed::default(),
            value: format!("{{\"round\":{round}}}").into_bytes(),
        };
        batch.append(&mut tail, record);
        store.engine.commit_first(batch).unwrap();
        if round == 10 || round == 25 {
            store.engine.flush(|table| (table as u8).is_multiple_of(2) == (round == 10));
        }
    }
    let content = content(&store);
    store.close();
    content
}

#[test]
fn a_repair_keeps_what_is_readable_and_says_what_is_lost() {
    let original = folder();
    let whole = make_articles(original.path());
    let base = folder();
    copied(original.path(), base.path());
    check(base.path(), 1 << 20).unwrap();
    let own: Vec<_> =
        files(base.path()).into_iter().filter(|file| !file.ends_with("lock")).collect();
    let rows = |content: &Content| content.iter().map(BTreeMap::len).sum::<usize>();
    for (number, file) in own.into_iter().enumerate() {
        let name = file.strip_prefix(base.path()).unwrap().to_owned();
        if !is_taken(&name, number) {
            continue;
        }
        let length = usize::try_from(fs::metadata(&file).unwrap().len()).unwrap();
        for done in [DamageKind::Flip(length / 3), DamageKind::Delete] {
            let dir = folder();
            copied(base.path(), dir.path());
            harm(&dir.path().join(&name), done);
            let context = format!("{done:?} in {}", name.display());
            let repaired =
                repair(dir.path(), 1 << 20).unwrap_or_else(|error| panic!("{context}: {error}"));
            check(dir.path(), 1 << 20)
                .unwrap_or_else(|errors| panic!("{context}: {errors:?} after {repaired:?}"));
            let store = Store::open(dir.path(), 1 << 20).unwrap();
            let kept = content(&store);
            store.close();
            assert!(
                rows(&kept) * 3 > rows(&whole),
                "{context}: {} of {} rows, {repaired:?}",
                rows(&kept),
                rows(&whole)
            );
            if kept != whole {
                assert!(
                    !repaired.told.is_empty(),
                    "{context}: {} of {} rows",
                    rows(&kept),
                    rows(&whole)
                );
            }
        }
    }
}

#[tokio::test]
async fn a_damaged_row_that_comes_again_by_itself_is_passed_over_and_others_are_read() {
    let store = Store::in_memory().unwrap();
    let day = 20_000_u32;
    let mut batch = Batch::default();
    let tokens = crate::text::tokens::read(
        "ten words of some text, 12 of them, are enough for this text here and now",
    );
    let mut text = crate::policy::story::IndexedText {
        article: uuid::Uuid::from_u128(7),
        story: uuid::Uuid::from_u128(7),
        published: None,
        day,
        signature: crate::policy::story::Signer::default().sign(&tokens),
    };
    batch.text(&text);
    text.article = uuid::Uuid::from_u128(9);
    batch.text(&text);
    let facts = crate::store::Facts { id: "sound".to_owned(), ..crate::store::Facts::default() };
    batch.put(Table::Sources, *b"sound", super::json(&facts));
    for table in [Table::Texts, Table::Stories, Table::Sources, Table::Subscriptions] {
        let key = [&day.to_be_bytes()[..], &8_u128.to_be_bytes()].concat();
        batch.put(table, key, *b"damaged");
    }
    batch.put(Table::Sources, *b"damaged", *b"damaged");
    batch.put(Table::Stories, *uuid::Uuid::from_u128(8).as_bytes(), *b"damaged");
    store.articles().commit(batch).await.unwrap();
    let view = store.stories().view().unwrap();
    let texts = view.texts_since(day).collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(texts.len(), 2);
    assert!(view.stories_since(0).unwrap().is_empty());
    assert!(view.story(uuid::Uuid::from_u128(8)).unwrap().is_none());
    let known = store.polls().all_facts().unwrap();
    assert_eq!(known.iter().map(|facts| facts.id.as_str()).collect::<Vec<_>>(), ["sound"]);
    assert!(store.polls().facts("damaged").unwrap().is_none());
    assert!(store.subscriptions().all().unwrap().is_empty());
    // What is not passed over: who reads it on purpose is told.
    assert!(matches!(store.check(), Err(super::StoreError::Damaged { .. })));
    let mut sweeper = store.sweeper();
    loop {
        let (next, swept) =
            sweeper.step(super::OldestDays { listed: 0, text: day, key: day }).await.unwrap();
        if swept.finished {
            break;
        }
        sweeper = next;
    }
}
