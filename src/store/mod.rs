//! What nashra remembers across restarts: an embedded, durable store in `data_dir`, owned by one
//! process.
//!
//! Each stage reaches the store only through a handle of its own ([`AddedStore`], [`PollStore`],
//! [`TopicStore`], [`SubscriptionStore`], [`EntryQueue`], [`ArticleStore`], [`StoryStore`], [`Outbox`]). A handle
//! knows the stage's tables and no others, so that one day a stage's part can live elsewhere. What
//! must stay true: each table has one writing stage; where a second stage writes, its change is
//! conditional on the row being what it read.

pub mod acked;
mod added;
mod articles;
mod check;
mod copy;
#[cfg(test)]
mod damage;
mod documents;
mod editions;
mod engine;
mod entries;
mod export;
mod facts;
mod folder;
mod letters;
mod lists;
mod manifest;
#[cfg(test)]
pub(crate) mod older;
mod outbox;
mod pauses;
mod polls;
mod repair;
mod steps;
mod stories;
mod subscriptions;
mod sweep;
mod texts;
mod topics;
mod visits;
#[cfg(test)]
mod twins;

use std::{
    fs::File,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use uuid::Uuid;

pub use added::AddedStore;
pub use articles::{ArticleStore, ArticleView};
pub use check::{CheckReport, check};
pub(crate) use documents::unpack as unpack_document;
pub use documents::{PackedDocument, StoredDocument};
pub use editions::{EditionBounds, EditionStore, KeptEdition};
pub use engine::Batch;
pub use entries::{DueEntries, EntryQueue};
pub use export::restore;
pub use facts::{Backfill, Facts, Intake, IntakeBound, LeftOut, PermanentRedirect, SiteDiscovery};
pub use folder::make_files_private;
pub(crate) use folder::shared_mode;
pub use letters::{
    LetterBody, LetterFacts, LetterFilter, LetterStore, LetterSubject, LetterView, Retried,
};
pub use outbox::{
    Epoch, NewRecord, Observed, Outbox, OutboxRow, Reached, SinkChange, SinkMemory, SinkNotes, Tail,
};
pub use polls::{NewEdition, PollCommit, PollStore, SeenEntry};
pub use repair::{RepairReport, repair};
pub use stories::{StoryStore, StoryView};
pub use subscriptions::{SubscriptionCommit, SubscriptionStore};
pub use sweep::{OldestDays, SweepCounts, Sweeper};
pub use topics::{MessageMark, PartitionProgress, TopicCommit, TopicState, TopicStore};
pub use visits::{KEPT_POLLS, PastPoll};

use crate::{base::sequence::Sequence, telemetry::metrics};
use engine::{Engine, ManifestMinimum, Table, inspect};
use folder::{lock, private_dir, wait_until_closed};
use manifest::{Manifest, ManifestContent};

/// The format that this program writes. Programs of older formats must not open it: one of format 8
/// would erase an article and leave its editions; one of format 7
/// would publish dead letters without keeping what it takes to try them again, and poll sources that
/// are paused; one of format 6
/// would decide on articles without keeping the keys of their texts; one of format 5 without keeping
/// their texts; one of format 4 would move an entry's row
/// without noting that, and would take the tables' commit marks for rows; one of format 3 would not
/// poll the sources that were added by command; one of format 2 would take entries with documents
/// for entries without a page.
const FORMAT: u32 = 9;
/// The oldest format that this program reads. Format 8 has no editions and no times of deliveries; format 7 has no dead letters and no pauses; format 6 has no keys of texts; format 5 has no stories; in format 4 an entry may
/// have several rows, commits have no numbers and there is no manifest; format 3 has no added
/// sources; format 2 has no documents and no topics.
const OLDEST_FORMAT: u32 = 2;

/// The tables that hold content of articles.
const CONTENT: [Table; 10] = [
    Table::Pending,
    Table::Documents,
    Table::Articles,
    Table::Outbox,
    Table::Texts,
    Table::Stories,
    Table::TextKeys,
    Table::Letters,
    Table::LetterBodies,
    Table::Editions,
];

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
        /// The path of the file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The store has a format that this program does not know.
    #[error("{} has format {found}, this program knows {FORMAT}", dir.display())]
    Format {
        /// The data directory.
        dir: PathBuf,
        /// The format number that it has.
        found: u32,
    },
    /// A row cannot be read back.
    #[error("a row of {table} is damaged: {reason}")]
    Damaged {
        /// The name of the table.
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

    /// Whether the disk was full.
    #[must_use]
    pub fn is_full_disk(&self) -> bool {
        match self {
            Self::Io { source, .. } => source.kind() == ErrorKind::StorageFull,
            // The engine's errors were turned into words.
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
    letters: letters::SharedIndex,
    editions: editions::SharedIndex,
    dir: Option<PathBuf>,
    // Held as long as the process lives; the kernel releases it, however the process ends.
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
            // On a full disk a start uses the space that was kept back for the store.
            Err(StoreError::Engine(_) | StoreError::Io { .. })
                if Engine::give_reserve(&dir.join("store")) =>
            {
                Self::open_files(dir, cache, &lock)
            }
            opened => opened,
        }
    }

    fn open_files(dir: &Path, cache: usize, lock: &Arc<File>) -> Result<Self, StoreError> {
        let (noted, files) = (manifest::load(dir)?, dir.join("store"));
        wait_until_closed(&files)?;
        let mut inspected = inspect(&files, noted.map(|noted| noted.least()))?;
        if let Some(problem) = inspected.problems.drain(..).next() {
            return Err(problem);
        }
        inspected.mend()?;
        private_dir(&files).map_err(|source| StoreError::Io { path: files.clone(), source })?;
        let store = Self::identify(
            Engine::open(&files, cache)?,
            Some(dir.to_owned()),
            Some(Arc::clone(lock)),
        )?;
        if let Some(noted) = noted.filter(|noted| noted.store != store.id) {
            return Err(noted.names_another(dir, store.id));
        }
        let commit = store.engine.last_commit()?;
        // The first commit writes the store's id, or the new format where an older program made the
        // store. Only after that commit may the manifest be missing.
        if noted.is_none() && commit > 1 {
            let path = manifest::path(dir);
            tracing::warn!(path = %path.display(), commit, "the manifest is missing: whether the newest commits are missing, too, cannot be told");
        }
        let noted =
            ManifestContent { store: store.id, format: FORMAT, tables: engine::ALL.len(), commit };
        store.engine.note_in(Manifest::create(dir, noted)?);
        store.outbox().check_ends()?;
        Ok(store)
    }

    /// The in-memory twin, for tests.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::identify(Engine::in_memory()?, None, None)
    }

    fn identify(
        engine: Engine,
        dir: Option<PathBuf>,
        lock: Option<Arc<File>>,
    ) -> Result<Self, StoreError> {
        let found = engine.snapshot()?.get(Table::Meta, b"store_id")?;
        let id = if let Some(bytes) = found {
            let found = engine
                .snapshot()?
                .get(Table::Meta, b"format")?
                .and_then(|bytes| bytes.try_into().ok())
                .map_or(0, u32::from_be_bytes);
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
        let (letters, editions) =
            (letters::SharedIndex::default(), editions::SharedIndex::default());
        let sequence = Sequence::default();
        Ok(Self { engine, id, sequence, letters, editions, dir, _lock: lock })
    }

    /// The store's id.
    #[must_use]
    pub fn id(&self) -> StoreId {
        self.id
    }

    /// Begins a run, so that its sequence numbers are higher than those of all earlier runs. Called
    /// once, before the first stage runs.
    pub fn begin_run(&self) -> Result<(), StoreError> {
        let runs = self
            .engine
            .snapshot()?
            .get(Table::Meta, b"runs")?
            .and_then(|bytes| bytes.try_into().ok())
            .map_or(0, u64::from_be_bytes);
        let mut batch = Batch::default();
        batch.put(Table::Meta, *b"runs", (runs + 1).to_be_bytes());
        self.engine.commit_first(batch)?;
        self.sequence.begin(runs + 1);
        Ok(())
    }

    /// Gives the sequence numbers that order fetches and listings.
    #[must_use]
    pub fn sequence(&self) -> Sequence {
        self.sequence.clone()
    }

    /// The data directory; `None` for the in-memory twin.
    #[must_use]
    pub fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// Why nothing can become durable at present, in words; `None` where commits work.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.engine.trouble()
    }

    /// Reserves `bytes` of disk for the store's own recovery, where none are reserved yet.
    pub fn keep_back(&self, bytes: u64) {
        self.engine.keep_back(bytes);
    }

    /// Closes the store and ends all waiting for it to be reopened. Afterwards nothing can be read
    /// or committed.
    pub fn close(&self) {
        self.engine.close();
    }

    /// Has what was deleted and replaced in the tables that hold content of articles gone from the
    /// files, too. Nobody reads or commits meanwhile, which takes some seconds for each GB of these
    /// tables; and as much disk is needed while it lasts.
    ///
    /// # Errors
    /// Where the files cannot be written: everything is there as before.
    pub async fn rewrite_content(&self) -> Result<(), StoreError> {
        let engine = self.engine.clone();
        let rewritten = tokio::task::spawn_blocking(move || engine.rewrite(&CONTENT));
        rewritten.await.map_err(StoreError::engine)?
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

    /// The poll stage's handle.
    #[must_use]
    pub fn polls(&self) -> PollStore {
        PollStore::new(self.engine.clone(), self.sequence.clone())
    }

    /// The input stage's handle.
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

    /// The committing task's handle for stories.
    #[must_use]
    pub fn stories(&self) -> StoryStore {
        StoryStore::new(self.engine.clone())
    }

    /// The handle of dead letters, which may take so many bytes.
    #[must_use]
    pub fn letters(&self, max_bytes: u64) -> LetterStore {
        LetterStore::new(self.engine.clone(), Arc::clone(&self.letters), max_bytes)
    }

    /// The publish stage's handle.
    #[must_use]
    pub fn outbox(&self) -> Outbox {
        Outbox::new(self.engine.clone())
    }

    /// The handle of retention.
    #[must_use]
    pub fn sweeper(&self) -> Sweeper {
        Sweeper::new(self.engine.clone())
    }
}

impl ManifestContent {
    fn least(&self) -> ManifestMinimum {
        ManifestMinimum { tables: self.tables, commit: self.commit }
    }

    fn names_another(&self, dir: &Path, id: Uuid) -> StoreError {
        let what =
            format!("it names the store {}, and the files are those of store {id}", self.store);
        StoreError::broken(&manifest::path(dir), what)
    }
}

/// What was read of a row; `None` where the row is damaged, which is told and counted. For rows that
/// can be passed over: others do not depend on them, and they come again by themselves.
fn passing_over<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(StoreError::Damaged { table, reason }) => {
            tracing::warn!(
                table,
                reason,
                "a damaged row is passed over; `nashra state check` and `nashra state repair` tell more"
            );
            metrics::row_passed_over(table);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    // Serialising our own plain types into memory has no way to fail.
    serde_json::to_vec(value).unwrap_or_default()
}

fn from_json<T: serde::de::DeserializeOwned>(
    table: &'static str,
    bytes: &[u8],
) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| StoreError::damaged(table, error))
}
