//! The embedded engine: ordered tables of bytes, atomic durable batches, consistent snapshots.
//!
//! Everything that is particular to fjall is in this file; `ARCHITECTURE.md` has the figures it was chosen by. One
//! thread writes: it takes the batches that wait, applies them in order as one, and makes them durable with one
//! sync, so that many stages share the price of a commit. Readers take snapshots and never wait for the writer.
//!
//! What must stay true: a batch is applied whole or not at all; its answer comes after it is durable;
//! an error of the disk loses no batch: the engine reopens the files and tries again until it succeeds.

mod group;
mod memory;

pub(super) use group::Settling;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    thread,
    time::{Duration, Instant},
};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable as _};
use tokio::sync::{mpsc, oneshot};

use self::{
    group::{Change, settle},
    memory::Tables,
};
use super::{StoreError, steps::Step};
use crate::telemetry::metrics;

/// The tables. The letters before the dots say which stage owns (writes) each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Table {
    /// Format version, store id, epoch, counters.
    Meta,
    /// Poll: facts of each source.
    Sources,
    /// Poll: entries that were seen.
    Seen,
    /// Poll: the day on which a source last listed an article.
    Listed,
    /// Poll and input add, the committer removes: entries to be read.
    Pending,
    /// Committer: other names of articles.
    Aliases,
    /// Committer: what is known of each article.
    Articles,
    /// Committer appends, publish trims: records to be delivered.
    Outbox,
    /// Poll and input add with an entry, the committer removes with it: documents that entries carry.
    Documents,
    /// Input: how far each topic was read.
    Topics,
    /// Schedule: sources that were added by command.
    Added,
    /// `WebSub`: what is subscribed to.
    Subscriptions,
}

const TABLES: [&str; 12] =
    ["meta", "sources", "seen", "listed", "pending", "aliases", "articles", "outbox", "documents", "topics", "added", "subscriptions"];

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Op {
    Put(Table, Vec<u8>, Vec<u8>),
    Delete(Table, Vec<u8>),
    PutBeside { table: Table, key: Vec<u8>, value: Vec<u8>, beside: Table },
    DeleteTogether(Vec<Expected>),
    Step(Step),
    DeleteUpTo(Table, Vec<u8>),
}

/// A row as it was read; without a value where there was none.
pub(crate) type Expected = (Table, Vec<u8>, Option<Vec<u8>>);

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

    /// Writes a row if another table has one of the same key when the batch is applied.
    pub(crate) fn put_beside(&mut self, beside: Table, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.0.push(Op::PutBeside { table, key: key.into(), value: value.into(), beside });
    }

    /// Deletes rows if all of them are as they were read when the batch is applied, and else none.
    pub(crate) fn delete_together(&mut self, rows: Vec<Expected>) {
        self.0.push(Op::DeleteTogether(rows));
    }

    /// What is decided when the batch is applied.
    pub(super) fn step(&mut self, step: Step) {
        self.0.push(Op::Step(step));
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

/// An open database, or its in-memory twin.
#[derive(Clone)]
enum Backend {
    Disk { db: Database, tables: Arc<[Keyspace]> },
    Memory(Arc<RwLock<Arc<Tables>>>),
}

struct Shared {
    path: Option<PathBuf>,
    cache: u64,
    /// `None` only while the files are being reopened after an error.
    backend: RwLock<Option<Backend>>,
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
/// From the start of one sync to that of the next at least: an idle store commits at once, a busy one lets more batches
/// share a sync, which costs the same for a hundred as for one.
const LULL: Duration = Duration::from_millis(20);
/// Bytes of one table that wait in memory to be sorted into files.
const MEMTABLE: u64 = 8 << 20;
/// Bytes of journals; the least that the engine takes. Less journal is a quicker start after a crash.
const JOURNALS: u64 = 64 << 20;

impl Engine {
    /// Opens or creates the files; `cache` is in bytes.
    pub(crate) fn open(path: &Path, cache: usize) -> Result<Self, StoreError> {
        let cache = cache as u64;
        let backend = open(path, cache)?;
        Self::start(Shared { path: Some(path.to_owned()), cache, backend: RwLock::new(Some(backend)) })
    }

    /// The in-memory twin.
    pub(crate) fn in_memory() -> Result<Self, StoreError> {
        Self::start(Shared { path: None, cache: 0, backend: RwLock::new(Some(Backend::Memory(Arc::default()))) })
    }

    fn start(shared: Shared) -> Result<Self, StoreError> {
        let shared = Arc::new(shared);
        let (writer, queue) = mpsc::channel(WRITER_QUEUE);
        let mine = Arc::clone(&shared);
        let thread = thread::Builder::new().name("store-writer".into());
        thread.spawn(move || write_loop(&mine, queue)).map_err(|error| StoreError::Engine(error.to_string()))?;
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

    /// Applies a batch before the first stage runs: nobody else writes then.
    pub(crate) fn commit_first(&self, batch: Batch) -> Result<(), StoreError> {
        self.shared.backend()?.apply(&[batch])
    }

    /// Bytes on the disk; 0 for the twin.
    pub(crate) fn size(&self) -> u64 {
        match self.shared.backend() {
            Ok(Backend::Disk { db, .. }) => db.disk_space().unwrap_or(0),
            _ => 0,
        }
    }

    /// A consistent view of what is durable now.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Ok(match self.shared.backend()? {
            Backend::Disk { db, tables } => Snapshot::Disk { view: db.snapshot(), tables },
            Backend::Memory(tables) => Snapshot::Memory(Arc::clone(&tables.read().unwrap_or_else(PoisonError::into_inner))),
        })
    }
}

impl Shared {
    fn backend(&self) -> Result<Backend, StoreError> {
        self.backend.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(StoreError::Closed)
    }
}

fn open(path: &Path, cache: u64) -> Result<Backend, StoreError> {
    let db =
        Database::builder(path).cache_size(cache).max_journaling_size(JOURNALS).worker_threads(1).open().map_err(StoreError::engine)?;
    let table =
        |name: &&str| db.keyspace(name, || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE)).map_err(StoreError::engine);
    let tables = TABLES.iter().map(table).collect::<Result<Vec<_>, _>>()?;
    Ok(Backend::Disk { db, tables: tables.into() })
}

fn write_loop(shared: &Shared, mut queue: mpsc::Receiver<Commit>) {
    let mut waiting = Vec::new();
    let mut next = Instant::now();
    while let Some(first) = queue.blocking_recv() {
        waiting.push(first);
        thread::sleep(next.saturating_duration_since(Instant::now()));
        next = Instant::now() + LULL;
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

/// Does not return before the batches are durable: a full disk is waited out, with the files reopened
/// each time because an engine that met an I/O error refuses further work.
fn commit_or_wait(shared: &Shared, batches: &[Batch]) {
    let mut pause = Duration::from_millis(200);
    loop {
        let started = Instant::now();
        let Err(error) = shared.backend().and_then(|backend| backend.apply(batches)) else {
            metrics::store_commit(started.elapsed());
            return;
        };
        metrics::store_error();
        tracing::error!(%error, retry_ms = pause.as_millis(), "the store cannot commit; nothing is lost, trying again");
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_secs(10));
        let Some(path) = &shared.path else { continue };
        let mut slot = shared.backend.write().unwrap_or_else(PoisonError::into_inner);
        drop(slot.take());
        match open(path, shared.cache) {
            Ok(backend) => *slot = Some(backend),
            Err(error) => tracing::error!(%error, "the store cannot be reopened yet"),
        }
    }
}

impl Backend {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Disk { tables, .. } => Ok(tables[table as usize].get(key).map_err(StoreError::engine)?.map(|it| it.to_vec())),
            Self::Memory(tables) => Ok(tables.read().unwrap_or_else(PoisonError::into_inner)[table as usize].get(key).cloned()),
        }
    }

    fn keys_up_to(&self, table: Table, key: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
        match self {
            Self::Disk { tables, .. } => {
                tables[table as usize].range(..=key).map(|row| row.key().map(|it| it.to_vec()).map_err(StoreError::engine)).collect()
            }
            Self::Memory(tables) => {
                let tables = tables.read().unwrap_or_else(PoisonError::into_inner);
                Ok(tables[table as usize]
                    .range::<[u8], _>((std::ops::Bound::Unbounded, std::ops::Bound::Included(key)))
                    .map(|(key, _)| key.clone())
                    .collect())
            }
        }
    }

    fn apply(&self, batches: &[Batch]) -> Result<(), StoreError> {
        let changes = settle(self, batches)?;
        match self {
            Self::Disk { db, tables } => {
                let mut batch = db.batch().durability(Some(PersistMode::SyncAll));
                for ((table, key), change) in changes {
                    match change {
                        Change::Put(value) => batch.insert(&tables[table as usize], key, value),
                        Change::Delete => batch.remove(&tables[table as usize], key),
                    }
                }
                batch.commit().map_err(StoreError::engine)
            }
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

/// A consistent view. It holds old versions while it lives: take one for a piece of work, not for long.
pub(crate) enum Snapshot {
    Disk { view: fjall::Snapshot, tables: Arc<[Keyspace]> },
    Memory(Arc<Tables>),
}

/// A row, copied out.
pub(crate) type Row = (Vec<u8>, Vec<u8>);
type Rows<'a> = Box<dyn Iterator<Item = Result<Row, StoreError>> + 'a>;

impl Snapshot {
    /// The value of a key.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Disk { view, tables } => Ok(view.get(&tables[table as usize], key).map_err(StoreError::engine)?.map(|it| it.to_vec())),
            Self::Memory(tables) => Ok(tables[table as usize].get(key).cloned()),
        }
    }

    /// How many bytes the value of a key has.
    pub(crate) fn size(&self, table: Table, key: &[u8]) -> Result<Option<usize>, StoreError> {
        match self {
            Self::Disk { view, tables } => {
                Ok(view.size_of(&tables[table as usize], key).map_err(StoreError::engine)?.map(|it| it as usize))
            }
            Self::Memory(tables) => Ok(tables[table as usize].get(key).map(Vec::len)),
        }
    }

    /// Rows from a key on, in order; ends at the first error, which is its last item.
    pub(crate) fn from(&self, table: Table, from: &[u8]) -> Rows<'_> {
        match self {
            Self::Disk { view, tables } => {
                let rows = view.range(&tables[table as usize], from..);
                Box::new(rows.map(|row| row.into_inner().map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(StoreError::engine)))
            }
            Self::Memory(tables) => {
                let rows = tables[table as usize].range::<[u8], _>((std::ops::Bound::Included(from), std::ops::Bound::Unbounded));
                Box::new(rows.map(|(key, value)| Ok((key.clone(), value.clone()))))
            }
        }
    }

    /// How many rows a table has.
    pub(crate) fn len(&self, table: Table) -> Result<u64, StoreError> {
        self.from(table, &[]).try_fold(0, |count, row| row.map(|_| count + 1))
    }
}
