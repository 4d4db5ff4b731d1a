//! Writes tables anew, so that what was deleted or replaced in them is gone from the files, too.
//!
//! The engine keeps a row that was deleted or replaced in its tables' files until these happen to be
//! merged, and in its journals until these are full. Here the files are merged at once, and the
//! journals are emptied.
//!
//! What must stay true: it runs while nobody else has the files open. A journal is emptied only once
//! the tables by themselves hold every commit, so a crash at any moment loses nothing.

use std::{
    fs::{self, File},
    path::Path,
    thread,
    time::Duration,
};

use fjall::PersistMode;

use super::{
    Table,
    backend::{self, Disk},
    inspect, journal,
};
use crate::store::{StoreError, folder::wait_until_closed};

/// How often it is asked whether rows have reached their files.
const LOOK: Duration = Duration::from_millis(5);

/// Writes these tables anew, and empties the journals.
pub(super) fn rewrite(store: &Path, cache: u64, tables: &[Table]) -> Result<(), StoreError> {
    // Whoever read last may still be closing them.
    wait_until_closed(store)?;
    let disk = Disk::open(store, cache)?;
    // A table that has a row to write tells the engine, as it is written, that nobody reads older
    // versions any more: only then are these left out.
    backend::mark_all(&disk, disk.commit() + 1)?;
    for table in &disk.tables {
        table.rotate_memtable().map_err(StoreError::engine)?;
        while table.sealed_memtable_count() > 0 {
            // After an error of the disk the engine does nothing any more, and says so here.
            disk.db.persist(PersistMode::Buffer).map_err(StoreError::engine)?;
            thread::sleep(LOOK);
        }
    }
    for table in tables {
        disk.tables[*table as usize].major_compact().map_err(StoreError::engine)?;
    }
    let commit = disk.commit();
    drop(disk);
    wait_until_closed(store)?;
    inspect::hold_alone(store, commit)?;
    empty(store)
}

/// Empties the journals, the oldest first: what is left always follows on what the tables hold.
fn empty(store: &Path) -> Result<(), StoreError> {
    let mut journals = journal::all(store)?;
    let Some(last) = journals.pop() else { return Ok(()) };
    for path in journals {
        fs::remove_file(&path).map_err(|source| StoreError::Io { path, source })?;
    }
    let file = fs::OpenOptions::new().write(true).open(&last);
    file.and_then(|file| file.set_len(0).and_then(|()| file.sync_all()))
        .and_then(|()| File::open(store)?.sync_all())
        .map_err(|source| StoreError::Io { path: last, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        Store,
        copy::{self, CopyMode},
        engine::Batch,
        twins::TestStore,
    };

    /// Whether a word stands in any file of the store.
    fn stands(store: &Path, word: &[u8]) -> bool {
        fs::read_dir(store).unwrap().any(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                return stands(&path, word);
            }
            fs::read(path).unwrap().windows(word.len()).any(|bytes| bytes == word)
        })
    }

    async fn put(store: &Store, key: &[u8], value: &[u8]) {
        let mut batch = Batch::default();
        batch.put(Table::Listed, key, value);
        store.engine.commit(batch).await.unwrap();
    }

    #[tokio::test]
    async fn what_was_deleted_and_replaced_is_gone_from_the_files_and_the_rest_stays() {
        let mut held = TestStore::on_files();
        let files = held.store.dir().unwrap().join("store");
        put(&held.store, b"1", b"first Zyxwvutsrq").await;
        put(&held.store, b"2", b"second Qrstuvwxyz").await;
        put(&held.store, b"3", b"third").await;
        // Some of it is in tables, and some in the journal alone.
        held.store.engine.flush(|table| table == Table::Listed);
        put(&held.store, b"1", b"another").await;
        let mut batch = Batch::default();
        batch.delete(Table::Listed, *b"2");
        held.store.engine.commit(batch).await.unwrap();
        assert!(stands(&files, b"Zyxwvutsrq") && stands(&files, b"Qrstuvwxyz"));
        let before = held.store.engine.last_commit().unwrap();
        held.store.engine.rewrite(&[Table::Listed]).unwrap();
        assert!(!stands(&files, b"Zyxwvutsrq") && !stands(&files, b"Qrstuvwxyz"));
        for _ in 0..2 {
            let rows: Vec<_> = held
                .store
                .engine
                .snapshot()
                .unwrap()
                .from(Table::Listed, &[])
                .map(|row| row.unwrap())
                .collect();
            let expected: [(&[u8], &[u8]); 2] = [(b"1", b"another"), (b"3", b"third")];
            assert_eq!(rows, expected.map(|(key, value)| (key.to_vec(), value.to_vec())));
            assert!(held.store.engine.last_commit().unwrap() > before);
            held.store.begin_run().unwrap();
            held.reopen();
        }
    }

    #[tokio::test]
    async fn a_store_whose_rewriting_was_killed_between_any_two_steps_opens_as_it_was() {
        let held = TestStore::on_files();
        let dir = held.store.dir().unwrap().to_owned();
        put(&held.store, b"1", b"first").await;
        let files = dir.join("store");
        held.store.engine.rewrite(&[Table::Listed]).unwrap();
        // As after a kill before the engine wrote to its next journal.
        let copy = tempfile::tempdir().unwrap();
        let to = copy.path().join("store");
        copy::store(&files, &to, CopyMode::Durable).unwrap();
        fs::copy(dir.join("manifest"), copy.path().join("manifest")).unwrap();
        empty(&to).unwrap();
        let store = Store::open(copy.path(), 1 << 20).unwrap();
        let row = store.engine.snapshot().unwrap().get(Table::Listed, b"1").unwrap();
        assert_eq!(row.as_deref(), Some(&b"first"[..]));
    }
}
