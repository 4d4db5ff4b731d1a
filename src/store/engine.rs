//! The embedded engine: eight ordered tables of bytes, atomic durable batches, consistent snapshots.
//!
//! Everything that is particular to redb is in this file. One thread writes: it takes the batches that
//! wait, applies them in order in one transaction and makes them durable with one sync, so that many
//! stages share the price of a commit. Readers take snapshots and never wait for the writer.
//!
//! What must stay true: a batch is applied whole or not at all; its answer comes after it is durable;
//! an error of the disk loses no batch: the engine reopens the file and tries again until it succeeds.

use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    thread,
    time::{Duration, Instant},
};

use redb::{
    Builder, Database, ReadOnlyTable, ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction,
};
use tokio::sync::{mpsc, oneshot};

use super::StoreError;
use crate::telemetry::metrics;

/// The tables. The letters before the dots say which stage owns (writes) each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    /// Format version, store id, epoch, counters.
    Meta,
    /// Poll: facts of each source.
    Sources,
    /// Poll: entries that were seen.
    Seen,
    /// Poll: the day on which a source last listed an article.
    Listed,
    /// Poll adds, the committer removes: entries to be read.
    Pending,
    /// Committer: other names of articles.
    Aliases,
    /// Committer: what is known of each article.
    Articles,
    /// Committer appends, publish trims: records to be delivered.
    Outbox,
}

type Bytes = &'static [u8];
const TABLES: [(Table, &str); 8] = [
    (Table::Meta, "meta"),
    (Table::Sources, "sources"),
    (Table::Seen, "seen"),
    (Table::Listed, "listed"),
    (Table::Pending, "pending"),
    (Table::Aliases, "aliases"),
    (Table::Articles, "articles"),
    (Table::Outbox, "outbox"),
];

fn definition(table: Table) -> TableDefinition<'static, Bytes, Bytes> {
    TableDefinition::new(TABLES[table as usize].1)
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Op {
    Put(Table, Vec<u8>, Vec<u8>),
    Delete(Table, Vec<u8>),
    Move { table: Table, from: Vec<u8>, to: Vec<u8>, value: Vec<u8> },
    DeleteIf { table: Table, key: Vec<u8>, expected: Vec<u8> },
    DeleteUpTo(Table, Vec<u8>),
}

/// Changes that become durable together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch(Vec<Op>);

impl Batch {
    pub(crate) fn put(&mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.0.push(Op::Put(table, key.into(), value.into()));
    }

    pub(crate) fn delete(&mut self, table: Table, key: impl Into<Vec<u8>>) {
        self.0.push(Op::Delete(table, key.into()));
    }

    /// Moves a row to another key with another value, if it is still there when the batch is applied.
    pub(crate) fn move_row(&mut self, table: Table, from: impl Into<Vec<u8>>, to: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.0.push(Op::Move { table, from: from.into(), to: to.into(), value: value.into() });
    }

    /// Deletes a row if it still has this value when the batch is applied.
    pub(crate) fn delete_if(&mut self, table: Table, key: impl Into<Vec<u8>>, expected: impl Into<Vec<u8>>) {
        self.0.push(Op::DeleteIf { table, key: key.into(), expected: expected.into() });
    }

    /// Deletes every row up to and including a key.
    pub(crate) fn delete_up_to(&mut self, table: Table, key: impl Into<Vec<u8>>) {
        self.0.push(Op::DeleteUpTo(table, key.into()));
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

struct Commit {
    batch: Batch,
    done: oneshot::Sender<()>,
}

struct Shared {
    path: Option<PathBuf>,
    cache: usize,
    /// `None` only while the file is being reopened after an error.
    db: RwLock<Option<Database>>,
}

/// An open engine; clones share it.
#[derive(Clone)]
pub(crate) struct Engine {
    shared: Arc<Shared>,
    writer: mpsc::Sender<Commit>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("path", &self.shared.path).finish_non_exhaustive()
    }
}

/// Batches that may wait for the writer; with the stages' own bounds never reached.
const WRITER_QUEUE: usize = 256;
/// Batches that share one commit.
const GROUP: usize = 128;

impl Engine {
    /// Opens or creates the file; `cache` is in bytes.
    pub(crate) fn open(path: &Path, cache: usize) -> Result<Self, StoreError> {
        let db = create(path, cache)?;
        Self::start(Shared { path: Some(path.to_owned()), cache, db: RwLock::new(Some(db)) })
    }

    /// The in-memory twin: the same engine over memory.
    pub(crate) fn in_memory() -> Result<Self, StoreError> {
        let db = Builder::new().create_with_backend(redb::backends::InMemoryBackend::new()).map_err(StoreError::engine)?;
        make_tables(&db)?;
        Self::start(Shared { path: None, cache: 0, db: RwLock::new(Some(db)) })
    }

    fn start(shared: Shared) -> Result<Self, StoreError> {
        let shared = Arc::new(shared);
        let (writer, queue) = mpsc::channel(WRITER_QUEUE);
        let mine = Arc::clone(&shared);
        thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || write_loop(&mine, queue))
            .map_err(|error| StoreError::Engine(error.to_string()))?;
        Ok(Self { shared, writer })
    }

    /// Applies a batch; returns once it is durable.
    ///
    /// # Errors
    /// Only when the writer has ended. An error of the disk is waited out.
    pub(crate) async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let (done, durable) = oneshot::channel();
        self.writer.send(Commit { batch, done }).await.map_err(|_| StoreError::Closed)?;
        durable.await.map_err(|_| StoreError::Closed)
    }

    /// Applies a batch from a thread that may block.
    pub(crate) fn commit_blocking(&self, batch: Batch) -> Result<(), StoreError> {
        let guard = self.shared.db.read().unwrap_or_else(PoisonError::into_inner);
        let db = guard.as_ref().ok_or(StoreError::Closed)?;
        apply(db, &[batch])
    }

    /// Bytes on the disk; 0 for the twin.
    pub(crate) fn size(&self) -> u64 {
        self.shared.path.as_ref().and_then(|path| path.metadata().ok()).map_or(0, |it| it.len())
    }

    /// A consistent view of what is durable now.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let guard = self.shared.db.read().unwrap_or_else(PoisonError::into_inner);
        let db = guard.as_ref().ok_or(StoreError::Closed)?;
        Ok(Snapshot { transaction: db.begin_read().map_err(StoreError::engine)?, tables: Default::default() })
    }
}

fn create(path: &Path, cache: usize) -> Result<Database, StoreError> {
    let db = Builder::new().set_cache_size(cache).create(path).map_err(|error| match error {
        redb::DatabaseError::DatabaseAlreadyOpen => {
            StoreError::Locked { dir: path.parent().unwrap_or(path).to_owned(), holder: String::new() }
        }
        error => StoreError::engine(error),
    })?;
    make_tables(&db)?;
    Ok(db)
}

fn make_tables(db: &Database) -> Result<(), StoreError> {
    let transaction = db.begin_write().map_err(StoreError::engine)?;
    for (table, _) in TABLES {
        transaction.open_table(definition(table)).map_err(StoreError::engine)?;
    }
    transaction.commit().map_err(StoreError::engine)
}

fn write_loop(shared: &Shared, mut queue: mpsc::Receiver<Commit>) {
    let mut waiting = Vec::new();
    while let Some(first) = queue.blocking_recv() {
        waiting.push(first);
        while waiting.len() < GROUP
            && let Ok(next) = queue.try_recv()
        {
            waiting.push(next);
        }
        let (batches, answers): (Vec<_>, Vec<_>) = waiting.drain(..).map(|it| (it.batch, it.done)).unzip();
        commit_or_wait(shared, &batches);
        for done in answers {
            // A caller that gave up waiting does not need the answer.
            done.send(()).ok();
        }
    }
}

/// Does not return before the batches are durable: a full disk is waited out, with the file reopened
/// each time because an engine that met an I/O error refuses further work.
fn commit_or_wait(shared: &Shared, batches: &[Batch]) {
    let mut pause = Duration::from_millis(200);
    loop {
        let started = Instant::now();
        let outcome = {
            let guard = shared.db.read().unwrap_or_else(PoisonError::into_inner);
            guard.as_ref().ok_or(StoreError::Closed).and_then(|db| apply(db, batches))
        };
        let Err(error) = outcome else {
            metrics::store_commit(started.elapsed());
            return;
        };
        metrics::store_error();
        tracing::error!(%error, retry_ms = pause.as_millis(), "the store cannot commit; nothing is lost, trying again");
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_secs(10));
        let Some(path) = &shared.path else { continue };
        let mut guard = shared.db.write().unwrap_or_else(PoisonError::into_inner);
        drop(guard.take());
        match create(path, shared.cache) {
            Ok(db) => *guard = Some(db),
            Err(error) => tracing::error!(%error, "the store cannot be reopened yet"),
        }
    }
}

fn apply(db: &Database, batches: &[Batch]) -> Result<(), StoreError> {
    let transaction = db.begin_write().map_err(StoreError::engine)?;
    {
        let mut tables = WriteTables::new(&transaction);
        for op in batches.iter().flat_map(|batch| &batch.0) {
            tables.apply(op)?;
        }
    }
    transaction.commit().map_err(StoreError::engine)
}

/// The tables of one write transaction, each opened once when first needed.
struct WriteTables<'t> {
    transaction: &'t WriteTransaction,
    open: [Option<redb::Table<'t, Bytes, Bytes>>; TABLES.len()],
}

impl<'t> WriteTables<'t> {
    fn new(transaction: &'t WriteTransaction) -> Self {
        Self { transaction, open: Default::default() }
    }

    fn table(&mut self, table: Table) -> Result<&mut redb::Table<'t, Bytes, Bytes>, StoreError> {
        let slot = &mut self.open[table as usize];
        match slot {
            Some(open) => Ok(open),
            None => Ok(slot.insert(self.transaction.open_table(definition(table)).map_err(StoreError::engine)?)),
        }
    }

    fn apply(&mut self, op: &Op) -> Result<(), StoreError> {
        match op {
            Op::Put(table, key, value) => {
                self.table(*table)?.insert(key.as_slice(), value.as_slice()).map_err(StoreError::engine)?;
            }
            Op::Delete(table, key) => {
                self.table(*table)?.remove(key.as_slice()).map_err(StoreError::engine)?;
            }
            Op::Move { table, from, to, value } => {
                let table = self.table(*table)?;
                let was_there = table.remove(from.as_slice()).map_err(StoreError::engine)?.is_some();
                if was_there {
                    table.insert(to.as_slice(), value.as_slice()).map_err(StoreError::engine)?;
                }
            }
            Op::DeleteIf { table, key, expected } => {
                let table = self.table(*table)?;
                let same = table.get(key.as_slice()).map_err(StoreError::engine)?.is_some_and(|it| it.value() == expected.as_slice());
                if same {
                    table.remove(key.as_slice()).map_err(StoreError::engine)?;
                }
            }
            Op::DeleteUpTo(table, key) => {
                self.table(*table)?.retain_in::<&[u8], _>(..=key.as_slice(), |_, _| false).map_err(StoreError::engine)?;
            }
        }
        Ok(())
    }
}

/// A consistent view. It holds old pages while it lives: take one for a piece of work, not for long.
pub(crate) struct Snapshot {
    transaction: ReadTransaction,
    tables: [OnceCell<ReadOnlyTable<Bytes, Bytes>>; TABLES.len()],
}

/// A row, copied out.
pub(crate) type Row = (Vec<u8>, Vec<u8>);

impl Snapshot {
    fn table(&self, table: Table) -> Result<&ReadOnlyTable<Bytes, Bytes>, StoreError> {
        let slot = &self.tables[table as usize];
        if let Some(open) = slot.get() {
            return Ok(open);
        }
        let open = self.transaction.open_table(definition(table)).map_err(StoreError::engine)?;
        Ok(slot.get_or_init(|| open))
    }

    /// The value of a key.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.table(table)?.get(key).map_err(StoreError::engine)?.map(|it| it.value().to_vec()))
    }

    /// Rows from a key on, in order; ends at the first error, which is its last item.
    pub(crate) fn from(&self, table: Table, from: &[u8]) -> Result<impl Iterator<Item = Result<Row, StoreError>> + use<>, StoreError> {
        let rows = self.table(table)?.range::<&[u8]>(from..).map_err(StoreError::engine)?;
        Ok(rows.map(|row| row.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())).map_err(StoreError::engine)))
    }

    /// How many rows a table has.
    pub(crate) fn len(&self, table: Table) -> Result<u64, StoreError> {
        redb::ReadableTableMetadata::len(self.table(table)?).map_err(StoreError::engine)
    }
}
