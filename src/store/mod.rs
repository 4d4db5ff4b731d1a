//! What is remembered across restarts: an embedded, durable store in `data_dir`, owned by one process.
//!
//! Each stage reaches it only through its own handle ([`AddedStore`], [`PollStore`], [`TopicStore`], [`SubscriptionStore`],
//! [`EntryQueue`], [`ArticleStore`], [`Outbox`]), which knows its own tables and no other stage's, so that a stage's part can live
//! elsewhere one day. What must stay true: each table has one writing stage (where two stages write,
//! the second's change is conditional on the row being what it read).

mod added;
mod articles;
mod check;
mod copy;
#[cfg(test)]
mod damage;
mod documents;
mod engine;
mod entries;
mod export;
mod facts;
mod lane;
mod manifest;
#[cfg(test)]
mod older;
mod outbox;
mod polls;
mod repair;
mod sequence;
mod steps;
mod subscriptions;
mod sweep;
mod topics;

use std::{
    fs::{File, OpenOptions, Permissions, TryLockError},
    io::{ErrorKind, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use added::{Added, AddedStore};
pub use articles::{ArticleState, ArticleStore, ArticleView, Standing, Verdict};
pub use check::{Checked, check};
pub use documents::{Document, Packed, Stored};
pub use engine::Batch;
pub use entries::{DueEntries, EntryQueue, PendingEntry, PendingKey};
pub use export::restore;
pub use facts::{Backfill, Bound, Facts, Found, Intake, LeftOut, Moved, State};
pub use lane::{HostKey, Lane, SourceKey};
pub use outbox::{Epoch, NewRecord, Outbox, OutboxRow, Reached, Tail, Topic, TopicChange, TopicHeld, TopicsHeld};
pub use polls::{EntryKey, PollCommit, PollStore, Seen};
pub use repair::{Repaired, repair};
pub use sequence::Sequence;
pub use subscriptions::{SubscriptionCommit, SubscriptionStore};
pub use sweep::{Sweeper, Swept};
pub use topics::{Mark, Progress, TopicCommit, TopicState, TopicStore};

use engine::{Engine, Least, Table, inspect};
use manifest::{Manifest, Noted};

/// The format that this program writes. An older program would move an entry's row without telling, and take the marks of
/// the tables for rows (4), not poll the sources that were added by command (3), or take entries with documents for
/// entries without a page (2).
const FORMAT: u32 = 5;
/// The oldest format that it reads: in 4 an entry may have several rows, commits have no numbers and there is no manifest, 3 has
/// no added sources, 2 no documents and no topics.
const OLDEST_FORMAT: u32 = 2;
/// How long the threads of a store that was dropped may take to close its files.
const CLOSING: Duration = Duration::from_secs(10);

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
    /// The files of the store are damaged, or do not belong together.
    #[error(
        "{}: {what}. Put a backup of the data directory in its place, or `nashra state repair` keeps what is readable and says what is lost",
        path.display()
    )]
    Broken {
        /// Which file or folder.
        path: PathBuf,
        /// What is wrong.
        what: String,
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
        let mut words = error.to_string();
        if words.contains("ChecksumMismatch") {
            words += "; a file of a table is damaged: stop the daemon, and `nashra state check` names it";
        }
        Self::Engine(words)
    }

    /// Whether there was no room on the disk.
    #[must_use]
    pub fn is_full_disk(&self) -> bool {
        match self {
            Self::Io { source, .. } => source.kind() == ErrorKind::StorageFull,
            // The engine's errors are words by now.
            Self::Engine(words) => words.contains("StorageFull"),
            _ => false,
        }
    }

    fn broken(path: &Path, what: impl std::fmt::Display) -> Self {
        Self::Broken { path: path.to_owned(), what: what.to_string() }
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
        private_dir(dir).map_err(|source| StoreError::Io { path: dir.to_owned(), source })?;
        let lock = Arc::new(lock(dir, true)?);
        match Self::open_files(dir, cache, &lock) {
            // On a full disk a start takes the space that was kept back for the store.
            Err(StoreError::Engine(_) | StoreError::Io { .. }) if Engine::give_reserve(&dir.join("store")) => {
                Self::open_files(dir, cache, &lock)
            }
            opened => opened,
        }
    }

    fn open_files(dir: &Path, cache: usize, lock: &Arc<File>) -> Result<Self, StoreError> {
        let (noted, files) = (manifest::read(dir)?, dir.join("store"));
        wait_until_closed(&files)?;
        let mut inspected = inspect(&files, noted.map(|it| it.least()))?;
        if let Some(problem) = inspected.problems.drain(..).next() {
            return Err(problem);
        }
        inspected.mend()?;
        private_dir(&files).map_err(|source| StoreError::Io { path: files.clone(), source })?;
        let store = Self::identify(Engine::open(&files, cache)?, Some(dir.to_owned()), Some(Arc::clone(lock)))?;
        if let Some(noted) = noted.filter(|it| it.store != store.id) {
            return Err(noted.names_another(dir, store.id));
        }
        let noted = Noted { store: store.id, format: FORMAT, tables: engine::ALL.len(), commit: store.engine.last_commit()? };
        store.engine.note_in(Manifest::create(dir, noted)?);
        store.outbox().look()?;
        Ok(store)
    }

    /// The in-memory twin, for tests.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::identify(Engine::in_memory()?, None, None)
    }

    fn identify(engine: Engine, dir: Option<PathBuf>, lock: Option<Arc<File>>) -> Result<Self, StoreError> {
        let found = engine.snapshot()?.get(Table::Meta, b"store_id")?;
        let id = if let Some(bytes) = found {
            let found = engine.snapshot()?.get(Table::Meta, b"format")?.and_then(|it| it.try_into().ok()).map_or(0, u32::from_be_bytes);
            if !(OLDEST_FORMAT..=FORMAT).contains(&found) {
                return Err(StoreError::Format { dir: dir.unwrap_or_default(), found });
            }
            if found < FORMAT {
                let mut batch = entries::one_row_each(&engine.snapshot()?)?;
                batch.put(Table::Meta, *b"format", FORMAT.to_be_bytes());
                engine.commit_first(batch)?;
            }
            Uuid::from_slice(&bytes).map_err(|error| StoreError::damaged("meta", error))?
        } else {
            let snapshot = engine.snapshot()?;
            if engine::ALL.into_iter().any(|table| snapshot.from(table, &[]).next().is_some()) {
                return Err(StoreError::damaged("meta", "the store's id is missing"));
            }
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

    /// Why nothing becomes durable at present, in words, where that is so.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.engine.trouble()
    }

    /// Keeps so many bytes of disk back for the store's own recovery, where none are kept yet.
    pub fn keep_back(&self, bytes: u64) {
        self.engine.keep_back(bytes);
    }

    /// Ends all waiting for a store that cannot be reopened. Nothing is read or committed afterwards.
    pub fn close(&self) {
        self.engine.close();
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
}

impl Noted {
    fn least(&self) -> Least {
        Least { tables: self.tables, commit: self.commit }
    }

    fn names_another(&self, dir: &Path, id: Uuid) -> StoreError {
        let what = format!("it names the store {}, and the files are those of store {id}", self.store);
        StoreError::broken(&manifest::path(dir), what)
    }
}

/// Makes a folder that is its owner's alone, also where it is there already.
fn private_dir(path: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    if std::fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Waits until the engine has let go of the files. A store of this process that was dropped is closed by threads of its own, and
/// until they have ended its tables' files change under whoever looks at them.
fn wait_until_closed(files: &Path) -> Result<(), StoreError> {
    let path = files.join("lock");
    let io = |source| StoreError::Io { path: path.clone(), source };
    let file = match OpenOptions::new().read(true).custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(io)?,
    };
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if begun.elapsed() < CLOSING => std::thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { dir: files.to_owned(), holder: String::new() }),
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
    }
}

/// Locks the directory; a process that stays writes its number there.
fn lock(dir: &Path, stays: bool) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let io = |source| StoreError::Io { path: path.clone(), source };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    let mut file = match options.open(&path) {
        // Whoever only reads can do so on a file system that is read-only, or from a backup of somebody else's.
        Err(error) if !stays && matches!(error.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied) => {
            let mut options = OpenOptions::new();
            options.read(true).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
            match options.open(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => File::open(dir),
                opened => opened,
            }
        }
        opened => opened,
    }
    .map_err(io)?;
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
    if !stays {
        return Ok(file);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_a_dropped_store_has_not_closed_yet_are_waited_for_and_not_taken_for_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let first = Store::open(dir.path(), 1 << 20).unwrap();
        let (id, reading) = (first.id(), first.engine.snapshot().unwrap());
        drop(first);
        let (begun, opens) = std::sync::mpsc::channel();
        let opening = std::thread::spawn({
            let dir = dir.path().to_owned();
            move || {
                begun.send(()).unwrap();
                Store::open(&dir, 1 << 20).map(|it| it.id())
            }
        });
        opens.recv().unwrap();
        let held = File::open(dir.path().join("store").join("lock")).unwrap();
        assert!(matches!(held.try_lock(), Err(TryLockError::WouldBlock)), "who still reads keeps the files");
        drop(reading);
        assert_eq!(opening.join().unwrap().unwrap(), id);
    }
}
