//! An open database of fjall, or its in-memory twin.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::{
    ALL, Batch, TABLES, Table,
    group::{Change, Changes, settle},
    inspect::guarded,
    marks::{COMMITS, Commits, MARK, decode_mark},
    memory::Tables,
};
use crate::store::StoreError;

/// Bytes of one table that wait in memory to be sorted into files.
const MEMTABLE: u64 = 8 << 20;
/// Bytes of journals: the least that the engine allows, because a start after a crash replays them.
const JOURNALS: u64 = 64 << 20;

/// An open database or its twin; clones share it.
#[derive(Clone)]
pub(super) enum Backend {
    Disk(Arc<Disk>),
    Memory(Arc<RwLock<Arc<Tables>>>),
}

/// The open files. They are closed when the last handle on them is dropped.
pub(crate) struct Disk {
    // Fields are dropped in this order: the tables before the database.
    pub(super) tables: Box<[Keyspace]>,
    pub(super) db: Database,
    /// The last commit.
    commits: Mutex<Commits>,
}

impl Disk {
    pub(super) fn open(path: &Path, cache: u64) -> Result<Self, StoreError> {
        let db = Database::builder(path)
            .cache_size(cache)
            .max_journaling_size(JOURNALS)
            .worker_threads(1);
        let db = guarded(path, || db.open().map_err(|error| refused(path, error)))?;
        let table = |name: &&str| {
            db.keyspace(name, || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE))
        };
        let tables = TABLES
            .iter()
            .map(table)
            .collect::<Result<Box<[_]>, _>>()
            .map_err(StoreError::engine)?;
        let commits = last_commit(path, &tables)?;
        Ok(Self { tables, db, commits: Mutex::new(commits) })
    }

    /// The number of the last commit.
    pub(super) fn commit(&self) -> u64 {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner).number
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let last = *self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        let now = last.next(changes.keys().map(|(table, _)| *table), self.db.seqno());
        self.write(changes, now)
    }

    fn write(&self, changes: Changes, now: Commits) -> Result<(), StoreError> {
        let mut batch = self.db.batch().durability(Some(PersistMode::SyncAll));
        for ((table, key), change) in changes {
            match change {
                Change::Put(value) => batch.insert(&self.tables[table as usize], key, value),
                Change::Delete => batch.remove(&self.tables[table as usize], key),
            }
        }
        for (index, table) in self.tables.iter().enumerate().skip(1) {
            if now.touches(index) {
                batch.insert(table, MARK, now.number.to_be_bytes());
            }
        }
        batch.insert(&self.tables[Table::Meta as usize], COMMITS, now.encode());
        batch.commit().map_err(StoreError::engine)?;
        *self.commits.lock().unwrap_or_else(PoisonError::into_inner) = now;
        Ok(())
    }
}

/// Marks every table with a commit, in files that were filled without any.
pub(super) fn mark_all(disk: &Disk, commit: u64) -> Result<(), StoreError> {
    disk.write(
        Changes::new(),
        Commits::new(commit.saturating_sub(1)).next(ALL.into_iter(), disk.db.seqno()),
    )
}

/// What the tables say of the last commit, if they agree.
fn last_commit(path: &Path, tables: &[Keyspace]) -> Result<Commits, StoreError> {
    let get = |table: usize, key: &[u8]| tables[table].get(key).map_err(StoreError::engine);
    let commits = get(Table::Meta as usize, COMMITS)?
        .map_or_else(|| Ok(Commits::default()), |bytes| Commits::decode(&bytes))?;
    for (table, expected) in commits.after().into_iter().enumerate().skip(1) {
        let has = decode_mark(get(table, &MARK)?.as_deref())?;
        if has != expected {
            let what = format!(
                "the table {} is at commit {has}, it was last changed by commit {expected}",
                TABLES[table]
            );
            return Err(StoreError::broken(path, what));
        }
    }
    Ok(commits)
}

/// Turns an error of opening the files into one of the disk, or one of damaged content.
fn refused(path: &Path, error: fjall::Error) -> StoreError {
    match error {
        fjall::Error::Io(_)
        | fjall::Error::Locked
        | fjall::Error::Poisoned
        | fjall::Error::Storage(fjall::LsmError::Io(_)) => StoreError::engine(error),
        error => StoreError::broken(path, format!("the engine cannot open it: {error}")),
    }
}

impl Backend {
    /// Opens or creates the files.
    pub(super) fn open(path: &Path, cache: u64) -> Result<Self, StoreError> {
        Disk::open(path, cache).map(|disk| Self::Disk(Arc::new(disk)))
    }

    /// The number of the last commit; 0 for the twin.
    pub(super) fn commit(&self) -> u64 {
        match self {
            Self::Disk(disk) => disk.commit(),
            Self::Memory(_) => 0,
        }
    }

    /// Bytes on the disk; 0 for the twin.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Disk(disk) => disk.db.disk_space().unwrap_or(0),
            Self::Memory(_) => 0,
        }
    }

    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Disk(disk) => Ok(disk.tables[table as usize]
                .get(key)
                .map_err(StoreError::engine)?
                .map(|table| table.to_vec())),
            Self::Memory(tables) => Ok(current(tables)[table as usize].get(key).cloned()),
        }
    }

    /// The keys of a part of a table, both ends included. Rows before it were deleted, and going
    /// through deleted rows is costly.
    pub(super) fn keys_within(
        &self,
        table: Table,
        first: &[u8],
        last: &[u8],
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        match self {
            Self::Disk(disk) => {
                let rows = disk.tables[table as usize].range(first..=last);
                rows.map(|row| row.key().map(|key| key.to_vec()).map_err(StoreError::engine))
                    .collect()
            }
            Self::Memory(tables) => {
                let within = (std::ops::Bound::Included(first), std::ops::Bound::Included(last));
                Ok(current(tables)[table as usize]
                    .range::<[u8], _>(within)
                    .map(|(key, _)| key.clone())
                    .collect())
            }
        }
    }

    /// Makes a group of batches durable, as one.
    pub(super) fn apply(&self, batches: &[Batch]) -> Result<(), StoreError> {
        let changes = settle(self, batches)?;
        match self {
            Self::Disk(disk) => disk.apply(changes),
            Self::Memory(tables) => {
                let mut tables = tables.write().unwrap_or_else(PoisonError::into_inner);
                let tables = Arc::make_mut(&mut tables);
                for ((table, key), change) in changes {
                    match change {
                        Change::Put(value) => tables[table as usize].insert(key, value),
                        Change::Delete => tables[table as usize].remove(&key),
                    };
                }
                Ok(())
            }
        }
    }
}

/// The twin's tables as they are now.
pub(super) fn current(tables: &RwLock<Arc<Tables>>) -> Arc<Tables> {
    Arc::clone(&tables.read().unwrap_or_else(PoisonError::into_inner))
}
