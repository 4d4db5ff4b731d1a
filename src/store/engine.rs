//! The embedded engine: ordered tables of bytes, atomic durable batches, consistent snapshots.
//!
//! Everything that is particular to fjall is in this folder; `docs/design/store.md` has the figures
//! it was chosen by. One thread writes (`writer`): it takes the batches that wait, applies them in
//! order as one, and makes them durable with one sync, so that many stages share the price of a
//! commit. Readers take snapshots and do not wait for the writer, except while the files are being
//! reopened after an error (`slot`).
//!
//! What must stay true: a batch is applied whole or not at all, and its answer comes after it is
//! durable. An error of the disk loses no batch: the engine reopens the files and tries again until
//! it succeeds. A snapshot lives for one piece of work, and never across a wait for a commit,
//! because the files are not reopened while a snapshot lives.

mod backend;
mod filling;
mod group;
mod inspect;
mod journal;
mod marks;
mod memory;
mod reserve;
mod rewrite;
mod salvage;
mod slot;
mod versions;
mod writer;

pub(super) use group::Settling;

use std::{path::Path, sync::Arc, thread};

use fjall::Readable as _;
use tokio::sync::{mpsc, oneshot};

use self::{
    backend::{Backend, Disk},
    marks::MARK,
    memory::Tables,
    reserve::Reserve,
    slot::Slot,
    writer::{Commit, Shared, WRITER_QUEUE},
};
use super::{StoreError, manifest::Manifest, steps::Step};

pub(super) use filling::Filling;
pub(super) use inspect::{ManifestMinimum, inspect};
pub(super) use journal::cut_zeros;
pub(super) use salvage::salvage;

/// The tables, each with the stages that write it.
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
    /// Poll and input add, the committing task removes: entries to be read.
    Pending,
    /// Committing task: aliases of articles.
    Aliases,
    /// Committing task: what is known of each article.
    Articles,
    /// Committing task appends, publish trims: records to be delivered.
    Outbox,
    /// Poll and input add, the committing task removes: documents that entries carry.
    Documents,
    /// Input: how far each topic was read.
    Topics,
    /// Schedule: sources that were added by command.
    Added,
    /// `WebSub`: subscriptions to hubs.
    Subscriptions,
    /// Committing task: the texts of the last days, that new ones are compared with.
    Texts,
    /// Committing task: the stories with several articles.
    Stories,
    /// Committing task: the keys of texts that are not compared any more.
    TextKeys,
    /// Committing task and publish, each for letters that it made or ended: facts of dead letters.
    Letters,
    /// The same: what it takes to try them again, and their bytes.
    LetterBodies,
    /// Poll: the last polls of each source.
    Visits,
    /// Schedule: pauses of sources that operators asked for.
    Pauses,
    /// Committing task: the last editions of articles as they were published.
    Editions,
    /// Publish: when records were acknowledged.
    Deliveries,
}

/// The names of the tables in the files, in the order of [`ALL`].
const TABLES: [&str; ALL.len()] = [
    "meta",
    "sources",
    "seen",
    "listed",
    "pending",
    "aliases",
    "articles",
    "outbox",
    "documents",
    "topics",
    "added",
    "subscriptions",
    "texts",
    "stories",
    "text_keys",
    "letters",
    "letter_bodies",
    "visits",
    "pauses",
    "editions",
    "deliveries",
];

/// All tables, in the order of their numbers.
pub(super) const ALL: [Table; 21] = [
    Table::Meta,
    Table::Sources,
    Table::Seen,
    Table::Listed,
    Table::Pending,
    Table::Aliases,
    Table::Articles,
    Table::Outbox,
    Table::Documents,
    Table::Topics,
    Table::Added,
    Table::Subscriptions,
    Table::Texts,
    Table::Stories,
    Table::TextKeys,
    Table::Letters,
    Table::LetterBodies,
    Table::Visits,
    Table::Pauses,
    Table::Editions,
    Table::Deliveries,
];

impl Table {
    /// Its name in the files.
    pub(super) fn name(self) -> &'static str {
        TABLES[self as usize]
    }
}

/// Whether a row belongs to the engine itself and is not content of the store.
pub(super) fn is_own(table: Table, key: &[u8]) -> bool {
    key == MARK || (table == Table::Meta && key == marks::COMMITS)
}

/// One change of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Op {
    Put(Table, Vec<u8>, Vec<u8>),
    Delete(Table, Vec<u8>),
    PutBeside { table: Table, key: Vec<u8>, value: Vec<u8>, beside: Table },
    DeleteTogether(Vec<Expected>),
    Step(Step),
    DeleteWithin(Table, Vec<u8>, Vec<u8>),
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
    pub(crate) fn put_beside(
        &mut self,
        beside: Table,
        table: Table,
        key: impl Into<Vec<u8>>,
        value: impl Into<Vec<u8>>,
    ) {
        self.0.push(Op::PutBeside { table, key: key.into(), value: value.into(), beside });
    }

    /// Deletes rows if all of them are still as they were read when the batch is applied; otherwise
    /// none of them.
    pub(crate) fn delete_together(&mut self, rows: Vec<Expected>) {
        self.0.push(Op::DeleteTogether(rows));
    }

    /// Adds a change that depends on the rows as they are when the batch is applied.
    pub(super) fn step(&mut self, step: Step) {
        self.0.push(Op::Step(step));
    }

    /// Deletes every row from one key to another, both included.
    pub(crate) fn delete_within(
        &mut self,
        table: Table,
        first: impl Into<Vec<u8>>,
        last: impl Into<Vec<u8>>,
    ) {
        self.0.push(Op::DeleteWithin(table, first.into(), last.into()));
    }

    /// Adds the changes of another batch behind its own.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether the batch changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// An open engine; clones share it.
#[derive(Clone)]
pub(crate) struct Engine {
    shared: Arc<Shared>,
    writer: mpsc::Sender<Commit>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("path", &self.shared.path()).finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens or creates the files; `cache` is in bytes.
    pub(crate) fn open(path: &Path, cache: usize) -> Result<Self, StoreError> {
        let cache = cache as u64;
        Self::start(Shared::on_disk(path, cache, Backend::open(path, cache)?))
    }

    /// The in-memory twin.
    pub(crate) fn in_memory() -> Result<Self, StoreError> {
        Self::start(Shared::in_memory())
    }

    /// Frees the reserved space for files that cannot be opened; returns whether there was any.
    pub(super) fn give_reserve(path: &Path) -> bool {
        Reserve::beside(path).release()
    }

    fn start(shared: Shared) -> Result<Self, StoreError> {
        let shared = Arc::new(shared);
        let (writer, queue) = mpsc::channel(WRITER_QUEUE);
        let mine = Arc::clone(&shared);
        let thread = thread::Builder::new().name("store-writer".into());
        thread
            .spawn(move || writer::run(&mine, queue))
            .map_err(|error| StoreError::Engine(error.to_string()))?;
        Ok(Self { shared, writer })
    }

    /// Applies a batch; returns once it is durable.
    ///
    /// # Errors
    /// Only when the writer has ended; after an error of the disk the call waits until it is over.
    pub(crate) async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let (done, durable) = oneshot::channel();
        self.writer.send(Commit { batch, done }).await.map_err(|_| StoreError::Closed)?;
        durable.await.map_err(|_| StoreError::Closed)
    }

    /// Applies a batch before the first stage runs, while nobody else writes.
    pub(crate) fn commit_first(&self, batch: Batch) -> Result<(), StoreError> {
        self.shared.apply(&self.shared.slot.get()?, &[batch])
    }

    /// Moves some tables' rows into files of their own.
    #[cfg(test)]
    pub(super) fn flush(&self, which: impl Fn(Table) -> bool) {
        let Backend::Disk(disk) = self.shared.slot.now().unwrap() else { return };
        for table in ALL.into_iter().filter(|table| which(*table)) {
            disk.tables[table as usize].rotate_memtable_and_wait().unwrap();
        }
    }

    /// The number of the last commit; 0 for the twin.
    pub(crate) fn last_commit(&self) -> Result<u64, StoreError> {
        self.shared.slot.get().map(|slot| slot.commit())
    }

    /// Notes each commit in the manifest from now on.
    pub(super) fn note_in(&self, manifest: Manifest) {
        *self.shared.manifest.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
            Some(manifest);
    }

    /// Bytes on the disk; 0 for the twin, and while the files are being reopened.
    pub(crate) fn size(&self) -> u64 {
        self.shared.slot.now().map_or(0, |now| now.size())
    }

    /// Why nothing becomes durable at present, where that is so.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.shared.health.trouble()
    }

    /// Whether the files have to be reopened, so that long readings must give up.
    pub(crate) fn is_wanted(&self) -> bool {
        self.shared.slot.is_wanted()
    }

    /// Reserves `bytes` of disk, where none are reserved yet.
    pub(crate) fn keep_back(&self, bytes: u64) {
        self.shared.reserve.keep(bytes);
    }

    /// Writes tables anew, so that what was deleted or replaced in them is gone from the files.
    /// Nobody reads or commits meanwhile. Returns once the files are open again, also after an
    /// error.
    pub(super) fn rewrite(&self, tables: &[Table]) -> Result<(), StoreError> {
        self.shared.rewrite(tables)
    }

    /// Ends the writer, and all waiting for the files. Batches that are not durable yet are lost.
    pub(crate) fn close(&self) {
        self.shared.slot.close();
    }

    /// A consistent view of what is durable now. Waits while the files are being reopened.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Ok(match self.shared.slot.get()? {
            Backend::Disk(disk) => Snapshot::Disk { view: disk.db.snapshot(), disk },
            Backend::Memory(tables) => Snapshot::Memory(backend::current(&tables)),
        })
    }
}

/// A consistent view. While it lives the engine keeps old versions of rows, so it is taken for one
/// piece of work and dropped.
pub(crate) enum Snapshot {
    Disk { view: fjall::Snapshot, disk: Arc<Disk> },
    Memory(Arc<Tables>),
}

/// A row, copied out.
pub(crate) type Row = (Vec<u8>, Vec<u8>);
type Rows<'a> = Box<dyn Iterator<Item = Result<Row, StoreError>> + 'a>;

fn copied(row: fjall::Guard) -> Result<Row, StoreError> {
    row.into_inner().map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(StoreError::engine)
}

impl Snapshot {
    /// The value of a key.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Disk { view, disk } => Ok(view
                .get(&disk.tables[table as usize], key)
                .map_err(StoreError::engine)?
                .map(|view| view.to_vec())),
            Self::Memory(tables) => Ok(tables[table as usize].get(key).cloned()),
        }
    }

    /// How many bytes the value of a key has.
    pub(crate) fn size(&self, table: Table, key: &[u8]) -> Result<Option<usize>, StoreError> {
        match self {
            Self::Disk { view, disk } => Ok(view
                .size_of(&disk.tables[table as usize], key)
                .map_err(StoreError::engine)?
                .map(|size| size as usize)),
            Self::Memory(tables) => Ok(tables[table as usize].get(key).map(Vec::len)),
        }
    }

    /// The number of the last commit in it; 0 for the twin.
    pub(crate) fn commit(&self) -> Result<u64, StoreError> {
        let row = self.get(Table::Meta, marks::COMMITS)?;
        row.map_or(Ok(0), |row| marks::Commits::decode(&row).map(|commits| commits.number))
    }

    /// Rows from a key on, in order; ends at the first error, which is its last item.
    pub(crate) fn from(&self, table: Table, from: &[u8]) -> Rows<'_> {
        match self {
            Self::Disk { view, disk } => {
                let rows = view.range(&disk.tables[table as usize], from..&MARK[..]);
                Box::new(rows.map(copied))
            }
            Self::Memory(tables) => {
                let rows = tables[table as usize].range::<[u8], _>((
                    std::ops::Bound::Included(from),
                    std::ops::Bound::Unbounded,
                ));
                Box::new(rows.map(|(key, value)| Ok((key.clone(), value.clone()))))
            }
        }
    }

    /// Rows before a key, the last one first; ends at the first error, which is its last item.
    pub(crate) fn before(&self, table: Table, end: &[u8]) -> Rows<'_> {
        match self {
            Self::Disk { view, disk } => {
                let rows = view.range(&disk.tables[table as usize], ..end.min(&MARK[..]));
                Box::new(rows.rev().map(copied))
            }
            Self::Memory(tables) => {
                let rows = tables[table as usize]
                    .range::<[u8], _>((std::ops::Bound::Unbounded, std::ops::Bound::Excluded(end)));
                Box::new(rows.rev().map(|(key, value)| Ok((key.clone(), value.clone()))))
            }
        }
    }

    /// How many rows a table has.
    pub(crate) fn len(&self, table: Table) -> Result<u64, StoreError> {
        self.from(table, &[]).try_fold(0, |count, row| row.map(|_| count + 1))
    }
}
