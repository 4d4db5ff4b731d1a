//! An entry and an article between stages that commit in any order, and are killed at any moment.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::*;
use crate::{
    model::{
        article::{ArticleState, TextRank, Verdict},
        entry::Entry,
        lane::Lane,
        pending::{Document, PendingEntry},
        record,
    },
    store::{
        NewEdition, PollCommit, Store,
        twins::{TestStore, both_stores},
    },
};

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// A clock that jumps back and forth, and stands still at times.
    fn time(&mut self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::try_from(self.below(20)).unwrap())
    }
}

fn key(entry: usize) -> EntryKey {
    EntryKey::new("s", &entry.to_string())
}

/// Poll, readers and the committing task, each at any point of its work.
struct World {
    kept: TestStore,
    dice: Dice,
    /// The last edition of each entry that was listed, and the last one that was decided on.
    listed: Vec<u32>,
    decided: Vec<u32>,
    /// What the poll has read and not yet committed.
    poll: Option<(usize, Option<SeenEntry>)>,
    /// What is being read.
    claimed: Vec<(PendingKey, PendingEntry)>,
}

impl World {
    fn new(seed: u64, kept: TestStore) -> Self {
        Self {
            kept,
            dice: Dice(seed),
            listed: vec![0; 3],
            decided: vec![0; 3],
            poll: None,
            claimed: Vec::new(),
        }
    }

    fn step(&mut self) {
        match self.dice.below(12) {
            0..3 => self.look(),
            3..6 => self.list(),
            6..9 => self.claim(),
            9..11 => self.decide(),
            // Killed: what was not committed never was.
            _ => {
                (self.poll, self.claimed) = (None, Vec::new());
                self.kept.reopen();
            }
        }
        self.check();
    }

    fn look(&mut self) {
        let entry = usize::try_from(self.dice.below(3)).unwrap();
        let seen = self.kept.store.polls().seen(&[key(entry)]).unwrap()[0];
        self.poll.get_or_insert((entry, seen));
    }

    fn list(&mut self) {
        let Some((entry, before)) = self.poll.take() else { return };
        let mut commit = PollCommit::default();
        if before.is_some() && self.dice.below(4) == 0 {
            commit.seen(
                &key(entry),
                before.as_ref(),
                SeenEntry { day: 1, ..before.unwrap_or_default() },
            );
        } else {
            self.listed[entry] += 1;
            let (now, has_document) = (self.dice.time(), self.dice.below(2) == 0);
            let row = PendingKey::new(
                Lane::of_pages("s", ["a", "b"][usize::from(self.dice.below(2) == 0)]),
                now,
                &key(entry),
            );
            let pending = pending(entry, self.listed[entry], now, has_document);
            let bytes = has_document
                .then(|| PackedDocument::pack(&self.listed[entry].to_be_bytes()).unwrap());
            commit.enqueue(
                &key(entry),
                before.as_ref(),
                NewEdition {
                    seen: before.unwrap_or_default(),
                    row: &row,
                    entry: &pending,
                    document: bytes,
                },
            );
        }
        self.kept.store.engine.commit_first(commit.0).unwrap();
    }

    fn claim(&mut self) {
        let held: HashSet<_> = self.claimed.iter().map(|(row, _)| row.entry()).collect();
        let lane = Lane::of_pages("s", ["a", "b"][usize::from(self.dice.below(2) == 0)]);
        let due = self
            .kept
            .store
            .entries()
            .due(PendingKey::first(lane, 0), u64::MAX, 1, |row| held.contains(&row.entry()))
            .unwrap();
        self.claimed.extend(due.rows);
    }

    fn decide(&mut self) {
        if self.claimed.is_empty() {
            return;
        }
        let at = usize::try_from(self.dice.below(self.claimed.len() as u64)).unwrap();
        let (row, entry) = self.claimed.swap_remove(at);
        let mut batch = Batch::default();
        if self.dice.below(2) == 0 {
            batch.entry_retry(&row, &row.at(self.dice.time() + TimeDelta::seconds(1)), &entry);
        } else {
            batch.entry_done(&row, &entry);
            let (which, edition) = (
                entry.entry.identity.parse::<usize>().unwrap(),
                entry.entry.title.unwrap().parse().unwrap(),
            );
            assert!(
                edition >= self.decided[which],
                "edition {edition} after {}",
                self.decided[which]
            );
            self.decided[which] = edition;
        }
        self.kept.store.engine.commit_first(batch).unwrap();
    }

    /// One row an entry, which what is remembered of the entry names; a document for each that has
    /// one.
    fn check(&self) {
        let snapshot = self.kept.store.engine.snapshot().unwrap();
        let rows: Vec<PendingKey> = snapshot
            .from(Table::Pending, &[])
            .map(|row| entries::decode_key(&row.unwrap().0).unwrap())
            .collect();
        for entry in 0..3 {
            let own: Vec<_> = rows.iter().filter(|row| row.entry() == key(entry).short()).collect();
            let named = self.kept.store.polls().seen(&[key(entry)]).unwrap()[0]
                .and_then(|seen| seen.pending);
            assert!(own.len() <= 1, "{own:?}");
            assert!(own.is_empty() || own == [&named.unwrap()], "{own:?} and not {named:?}");
        }
        self.kept.store.check().unwrap();
    }
}

fn pending(entry: usize, edition: u32, now: DateTime<Utc>, has_document: bool) -> PendingEntry {
    let document = Document {
        content_type: None,
        url: None,
        via: Vec::new(),
        received: now,
        unreadable: None,
        headers: Vec::new(),
    };
    let source = record::Source {
        id: "s".into(),
        name: None,
        kind: "feed".into(),
        url: "u".into(),
        tags: Vec::new(),
    };
    let said =
        Entry { identity: entry.to_string(), title: Some(edition.to_string()), ..Entry::default() };
    let document = has_document.then_some(document);
    PendingEntry { fetch_page: !has_document, document, ..PendingEntry::new(source, said, 0, now) }
}

#[test]
fn an_entry_has_one_row_and_its_last_edition_is_decided_on_last_whatever_comes_between() {
    let stores =
        (0..40).map(|_| TestStore::in_memory()).chain((0..2).map(|_| TestStore::on_files()));
    for (seed, kept) in (0..).zip(stores) {
        let mut world = World::new(seed, kept);
        for _ in 0..120 {
            world.step();
        }
        // In the end all that waits is read.
        while world.kept.store.entries().waiting().unwrap() > 0 || !world.claimed.is_empty() {
            world.claim();
            world.decide();
            world.check();
        }
        assert_eq!(world.decided, world.listed, "seed {seed}");
    }
}

#[tokio::test]
async fn a_store_of_the_format_before_keeps_the_latest_of_an_entrys_rows() {
    let store = Store::in_memory().unwrap();
    let time = |seconds: i64| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
    let rows: Vec<_> = [(1, 1, 50), (2, 20, 20), (3, 10, 70)]
        .map(|(edition, listed, due)| {
            (
                PendingKey::new(Lane::of_pages("s", "a"), time(due), &key(0)),
                pending(0, edition, time(listed), true),
            )
        })
        .into();
    let mut batch = Batch::default();
    for (row, entry) in &rows {
        let document = Some((documents::key_of(row, entry), PackedDocument::pack(b"x").unwrap()));
        batch.queue(NewRow { key: *row, value: serde_json::to_vec(entry).unwrap(), document });
    }
    batch.put(
        Table::Seen,
        *key(0).as_bytes(),
        SeenEntry { pending: Some(rows[0].0), ..SeenEntry::default() }.encode(),
    );
    batch.put(Table::Meta, *b"format", 4_u32.to_be_bytes());
    store.articles().commit(batch).await.unwrap();
    let store = Store::identify(store.engine, None, None).unwrap();
    assert_eq!(store.polls().seen(&[key(0)]).unwrap()[0].unwrap().pending, Some(rows[1].0));
    assert!(store.check().unwrap().rows.contains(&("pending", 1)));
}

fn article(names: &[[u8; 16]], day: u32) -> ArticleState {
    ArticleState {
        revision: 1,
        url: None,
        alternate_urls: vec![],
        source: "s".into(),
        guid: None,
        first_seen: DateTime::UNIX_EPOCH,
        fetched_at: DateTime::UNIX_EPOCH,
        order: 0,
        revised: 0,
        shown: None,
        doubted: None,
        withdrawn: false,
        erased: None,
        kept_text: None,
        labels: Vec::new(),
        routing: crate::model::routing::Routing::default(),
        content_hash: String::new(),
        wording: None,
        sketch: Vec::new(),
        fields: std::collections::BTreeMap::new(),
        text_rank: TextRank::Page,
        story: None,
        aliases: names.to_vec(),
        day,
        verdict: Verdict { what: "new".into(), why: String::new(), at: DateTime::UNIX_EPOCH },
    }
}

/// What comes between reading and deleting: an article that is listed again, and one that is
/// decided on.
#[tokio::test]
async fn an_article_is_forgotten_with_all_its_names_or_not_at_all() {
    let names = [[1; 16], [2; 16]];
    let cases = ["listed", "decided", "decided after", "nothing"];
    for (between, files) in cases.into_iter().flat_map(|files| [(files, false), (files, true)]) {
        let mut kept = if files { TestStore::on_files() } else { TestStore::in_memory() };
        let (store, id) = (kept.store.clone(), Uuid::from_bytes([7; 16]));
        let mut batch = Batch::default();
        batch.article(id, &article(&names, 5));
        store.articles().commit(batch).await.unwrap();
        assert_eq!(store.articles().view().unwrap().alias(&names[1]).unwrap(), Some(id));
        let mut sweep = Batch::default();
        store.sweeper().articles(&[], 10, &mut sweep).unwrap();
        let mut listed = PollCommit::default();
        listed.listed(id.as_bytes(), 20);
        let mut decided = Batch::default();
        decided.article(id, &article(&names, 20));
        match between {
            "listed" => store.polls().commit(listed).await.unwrap(),
            "decided" => store.articles().commit(decided.clone()).await.unwrap(),
            _ => {}
        }
        store.articles().commit(sweep).await.unwrap();
        if between == "decided after" {
            store.articles().commit(decided).await.unwrap();
        }
        drop(store);
        kept.reopen();
        let view = kept.store.articles().view().unwrap();
        let is_kept = between != "nothing";
        assert_eq!(view.article(id).unwrap().is_some(), is_kept, "{between}");
        assert!(
            names.iter().all(|name| view.alias(name).unwrap().is_some() == is_kept),
            "{between}"
        );
    }
}

#[tokio::test]
async fn what_was_forgotten_in_the_moment_it_is_listed_leaves_no_day_behind() {
    for TestStore { store, .. } in both_stores() {
        let mut commit = PollCommit::default();
        commit.listed(&[7; 16], 20);
        store.polls().commit(commit).await.unwrap();
        assert!(store.check().unwrap().rows.contains(&("listed", 0)));
    }
}
