//! What is remembered across restarts: an embedded, durable store in `data_dir`, owned by one process.
//!
//! Each stage reaches it only through its own handle ([`AddedStore`], [`PollStore`], [`TopicStore`], [`SubscriptionStore`],
//! [`EntryQueue`], [`ArticleStore`], [`Outbox`]), which knows its own tables and no other stage's, so that a stage's part can live
//! elsewhere one day. What must stay true: each table has one writing stage (where two stages write,
//! the second's change is conditional on the row being what it read).

mod added;
mod articles;
mod documents;
mod engine;
mod entries;
mod outbox;
mod facts;
mod lane;
mod polls;
mod sequence;
mod steps;
mod subscriptions;
mod sweep;
mod topics;

use std::{
    collections::HashSet,
    fs::{File, OpenOptions, TryLockError},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use added::{Added, AddedStore};
pub use articles::{ArticleState, ArticleStore, ArticleView, Standing, Verdict};
pub use documents::{Document, Packed, Stored};
pub use engine::Batch;
pub use entries::{DueEntries, EntryQueue, PendingEntry, PendingKey};
pub use facts::{Backfill, Facts, Found, Moved, State};
pub use lane::{HostKey, Lane, SourceKey};
pub use outbox::{Acked, Epoch, NewRecord, Outbox, OutboxRow, Tail, Topic};
pub use polls::{EntryKey, PollCommit, PollStore, Seen};
pub use sequence::Sequence;
pub use subscriptions::{SubscriptionCommit, SubscriptionStore};
pub use sweep::{Sweeper, Swept};
pub use topics::{Mark, Progress, TopicCommit, TopicState, TopicStore};

use engine::{Engine, Table};

/// The format that this program writes. An older program would move an entry's row without telling (4), not poll the sources
/// that were added by command (3), or take entries with documents for entries without a page (2).
const FORMAT: u32 = 5;
/// The oldest format that it reads: in 4 an entry may have several rows, 3 has no added sources, 2 no documents and no topics.
const OLDEST_FORMAT: u32 = 2;

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process owns the directory.
    #[error("{} is in use by another nashra{holder}", dir.display())]
    Locked {
        /// The data directory.
        dir: PathBuf,
        /// ` (process N)`, where known.
        holder: String,
    },
    /// The directory cannot be made or opened.
    #[error("opening {}: {source}", path.display())]
    Io {
        /// What was opened.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The store is of a version that this program does not know.
    #[error("{} has format {found}, this program knows {FORMAT}", dir.display())]
    Format {
        /// The data directory.
        dir: PathBuf,
        /// Its format.
        found: u32,
    },
    /// A row cannot be read back.
    #[error("a row of {table} is damaged: {reason}")]
    Damaged {
        /// Which table.
        table: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The engine failed.
    #[error("the store's engine: {0}")]
    Engine(String),
    /// The writer has ended.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    fn engine(error: impl std::fmt::Display) -> Self {
        Self::Engine(error.to_string())
    }

    fn damaged(table: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Damaged { table, reason: reason.to_string() }
    }
}

/// Identity of the store, made with `data_dir`; the key of its position in `nashra.positions`.
pub type StoreId = Uuid;

/// An open store.
#[derive(Debug, Clone)]
pub struct Store {
    engine: Engine,
    id: StoreId,
    sequence: Sequence,
    dir: Option<PathBuf>,
    // Held for the life of the process: the kernel releases it whatever the end.
    _lock: Option<Arc<File>>,
}

impl Store {
    /// Opens `data_dir`, making it where it is missing. `cache` is in bytes.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where another process owns it.
    pub fn open(dir: &Path, cache: usize) -> Result<Self, StoreError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Io { path, source }
        };
        std::fs::create_dir_all(dir).map_err(io(dir))?;
        let lock = lock(dir)?;
        let engine = Engine::open(&dir.join("store"), cache)?;
        Self::identify(engine, Some(dir.to_owned()), Some(Arc::new(lock)))
    }

    /// The in-memory twin, for tests.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::identify(Engine::in_memory()?, None, None)
    }

    fn identify(engine: Engine, dir: Option<PathBuf>, lock: Option<Arc<File>>) -> Result<Self, StoreError> {
        let snapshot = engine.snapshot()?;
        let id = if let Some(bytes) = snapshot.get(Table::Meta, b"store_id")? {
            let found = snapshot.get(Table::Meta, b"format")?.and_then(|it| it.try_into().ok()).map_or(0, u32::from_be_bytes);
            if !(OLDEST_FORMAT..=FORMAT).contains(&found) {
                return Err(StoreError::Format { dir: dir.unwrap_or_default(), found });
            }
            if found < FORMAT {
                let mut batch = entries::one_row_each(&snapshot)?;
                batch.put(Table::Meta, *b"format", FORMAT.to_be_bytes());
                engine.commit_first(batch)?;
            }
            Uuid::from_slice(&bytes).map_err(|error| StoreError::damaged("meta", error))?
        } else {
            let id = Uuid::new_v4();
            let mut batch = Batch::default();
            batch.put(Table::Meta, *b"store_id", *id.as_bytes());
            batch.put(Table::Meta, *b"format", FORMAT.to_be_bytes());
            engine.commit_first(batch)?;
            id
        };
        Ok(Self { engine, id, sequence: Sequence::default(), dir, _lock: lock })
    }

    /// The store's id.
    #[must_use]
    pub fn id(&self) -> StoreId {
        self.id
    }

    /// Begins a run: what it numbers is later than all that the runs before have numbered. Once, before the first stage runs.
    pub fn begin_run(&self) -> Result<(), StoreError> {
        let runs = self.engine.snapshot()?.get(Table::Meta, b"runs")?.and_then(|it| it.try_into().ok()).map_or(0, u64::from_be_bytes);
        let mut batch = Batch::default();
        batch.put(Table::Meta, *b"runs", (runs + 1).to_be_bytes());
        self.engine.commit_first(batch)?;
        self.sequence.begin(runs + 1);
        Ok(())
    }

    /// Numbers what is looked at.
    #[must_use]
    pub fn sequence(&self) -> Sequence {
        self.sequence.clone()
    }

    /// The data directory; `None` for the in-memory twin.
    #[must_use]
    pub fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// Bytes on the disk.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.engine.size()
    }

    /// The schedule's handle.
    #[must_use]
    pub fn added(&self) -> AddedStore {
        AddedStore::new(self.engine.clone())
    }

    /// Poll's handle.
    #[must_use]
    pub fn polls(&self) -> PollStore {
        PollStore::new(self.engine.clone(), self.sequence.clone())
    }

    /// Input's handle.
    #[must_use]
    pub fn topics(&self) -> TopicStore {
        TopicStore::new(self.engine.clone(), self.sequence.clone())
    }

    /// The handle of `WebSub`.
    #[must_use]
    pub fn subscriptions(&self) -> SubscriptionStore {
        SubscriptionStore::new(self.engine.clone())
    }

    /// The page stage's handle.
    #[must_use]
    pub fn entries(&self) -> EntryQueue {
        EntryQueue::new(self.engine.clone())
    }

    /// The committing task's handle.
    #[must_use]
    pub fn articles(&self) -> ArticleStore {
        ArticleStore::new(self.engine.clone())
    }

    /// Publish's handle.
    #[must_use]
    pub fn outbox(&self) -> Outbox {
        Outbox::new(self.engine.clone())
    }

    /// Retention's handle.
    #[must_use]
    pub fn sweeper(&self) -> Sweeper {
        Sweeper::new(self.engine.clone())
    }

    /// Reads every row of every table back; what is damaged is named.
    pub fn verify(&self) -> Result<Vec<(&'static str, u64)>, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let tables = [
            ("sources", Table::Sources),
            ("topics", Table::Topics),
            ("subscriptions", Table::Subscriptions),
            ("seen", Table::Seen),
            ("listed", Table::Listed),
            ("pending", Table::Pending),
            ("aliases", Table::Aliases),
            ("articles", Table::Articles),
            ("outbox", Table::Outbox),
            ("added", Table::Added),
        ];
        let mut counts = Vec::new();
        let mut with_documents = HashSet::new();
        for (name, table) in tables {
            let mut rows = 0;
            for row in snapshot.from(table, &[]) {
                let (key, value) = row?;
                match table {
                    Table::Sources => drop(polls::decode_facts(&value)?),
                    Table::Topics => drop(topics::decode(&value)?),
                    Table::Added => drop(added::decode(&value)?),
                    Table::Subscriptions => drop(subscriptions::decode(&value)?),
                    Table::Seen => drop(Seen::decode(&value)?),
                    Table::Pending => {
                        let (key, entry) = (PendingKey::decode(&key)?, entries::decode(&value)?);
                        if entry.document.is_some() {
                            with_documents.insert(documents::key_of(&key, &entry));
                        }
                    }
                    Table::Articles => drop(articles::decode(&value)?),
                    Table::Outbox => drop(outbox::decode(&key, &value)?),
                    _ => {}
                }
                rows += 1;
            }
            counts.push((name, rows));
        }
        counts.push(("documents", documents::verify(&snapshot, with_documents)?));
        Ok(counts)
    }
}

fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let io = |source| StoreError::Io { path: path.clone(), source };
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).ok();
            let holder = if holder.trim().is_empty() { String::new() } else { format!(" (process {})", holder.trim()) };
            return Err(StoreError::Locked { dir: dir.to_owned(), holder });
        }
        Err(TryLockError::Error(source)) => return Err(io(source)),
    }
    file.set_len(0).map_err(io)?;
    write!(file, "{}", std::process::id()).map_err(io)?;
    Ok(file)
}

/// The first `N` bytes of SHA-256 over length-framed parts: a key that does not depend on where one
/// part ends and the next begins.
pub(crate) fn digest<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let full = hash.finalize();
    let mut out = [0; N];
    out.copy_from_slice(&full[..N]);
    out
}

fn json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    // Serialising our own plain types into memory has no way to fail.
    serde_json::to_vec(value).unwrap_or_default()
}

fn from_json<T: serde::de::DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| StoreError::damaged(table, error))
}
