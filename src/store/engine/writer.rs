//! The one thread that writes, and what it does while the disk refuses.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot};

use super::{Batch, Slot, Table, backend::Backend, reserve::Reserve, rewrite};
use crate::{
    base::{
        backoff::Backoff,
        clock::{Clock as _, SystemClock},
    },
    store::{StoreError, manifest::Manifest},
    telemetry::metrics,
};

/// Batches that may wait for the writer. The stages' own bounds keep them below this.
pub(super) const WRITER_QUEUE: usize = 256;
/// Batches that share one commit.
const GROUP: usize = 128;
/// The shortest time between the starts of two syncs. An idle store commits at once; in a busy one
/// more batches share a sync, which costs the same for a hundred as for one.
const LULL: Duration = Duration::from_millis(20);
/// A commit that takes longer is reported as trouble.
const SLOW: Duration = Duration::from_secs(10);
/// Pauses between tries to commit.
const PAUSE: Backoff = Backoff::doubling(Duration::from_millis(200), Duration::from_secs(10));

/// A batch, and who waits for it.
pub(super) struct Commit {
    pub(super) batch: Batch,
    pub(super) done: oneshot::Sender<()>,
}

/// What the writer and the engine's clones share.
pub(super) struct Shared {
    files: Option<(PathBuf, u64)>,
    /// Where the last commit is noted; `None` for the twin, and before the store has a name.
    pub(super) manifest: Mutex<Option<Manifest>>,
    pub(super) slot: Slot,
    /// Held by whoever closes the files and opens them again.
    reopening: Mutex<()>,
    pub(super) health: Health,
    pub(super) reserve: Reserve,
}

impl Shared {
    pub(super) fn on_disk(path: &Path, cache: u64, backend: Backend) -> Self {
        let reserve = Reserve::beside(path);
        let files = Some((path.to_owned(), cache));
        Self {
            files,
            manifest: Mutex::default(),
            slot: Slot::new(backend),
            reopening: Mutex::default(),
            health: Health::default(),
            reserve,
        }
    }

    pub(super) fn in_memory() -> Self {
        let slot = Slot::new(Backend::Memory(Arc::default()));
        Self {
            files: None,
            manifest: Mutex::default(),
            slot,
            reopening: Mutex::default(),
            health: Health::default(),
            reserve: Reserve::none(),
        }
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.files.as_ref().map(|(path, _)| path.as_path())
    }

    /// Closes the files and opens them again.
    pub(super) fn reopen(&self) -> Result<Backend, StoreError> {
        self.reopen_after(|_, _| ())
    }

    /// Closes the files, does some work with them, and opens them again.
    fn reopen_after(&self, work: impl FnOnce(&Path, u64)) -> Result<Backend, StoreError> {
        let Some((path, cache)) = &self.files else { return self.slot.get() };
        let _alone = self.reopening.lock().unwrap_or_else(PoisonError::into_inner);
        self.slot.reopen(|| {
            work(path, *cache);
            let opened = Backend::open(path, *cache)?;
            let noted = self.manifest().as_ref().map_or(0, Manifest::commit);
            match opened.commit() {
                commit if commit < noted => Err(StoreError::broken(
                    path,
                    format!("it is at commit {commit} and was at commit {noted}"),
                )),
                _ => Ok(opened),
            }
        })
    }

    /// Writes tables anew; returns once the files are open again.
    pub(super) fn rewrite(&self, tables: &[Table]) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        let mut opened =
            self.reopen_after(|path, cache| outcome = rewrite::rewrite(path, cache, tables));
        // Until the files are open, nobody else can do anything.
        let mut pauses = PAUSE.waits();
        while opened.is_err() && !self.slot.is_closed() {
            thread::sleep(pauses.failed());
            opened = self.reopen();
        }
        opened.and(outcome)
    }

    fn manifest(&self) -> MutexGuard<'_, Option<Manifest>> {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a group of batches durable, and notes that they are.
    pub(super) fn apply(&self, backend: &Backend, batches: &[Batch]) -> Result<(), StoreError> {
        backend.apply(batches)?;
        if let Some(manifest) = &mut *self.manifest() {
            manifest.note(backend.commit());
        }
        Ok(())
    }
}

/// Whether commits become durable.
#[derive(Default)]
pub(super) struct Health(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// When the commit that is under way began.
    since: Option<Instant>,
    /// Why the last try of it failed.
    error: Option<String>,
}

impl Health {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nothing becomes durable at present, in words.
    pub(super) fn trouble(&self) -> Option<String> {
        let waiting = self.lock();
        let long = waiting.since.map(|since| since.elapsed()).filter(|elapsed| *elapsed > SLOW);
        match (&waiting.error, long) {
            (Some(error), _) => Some(format!(
                "nothing becomes durable: {error}; nothing is lost, and it is tried again"
            )),
            (None, Some(long)) => Some(format!("a commit has taken {} s so far", long.as_secs())),
            (None, None) => None,
        }
    }
}

/// Runs until nobody is left who could send a batch, or the store is closed.
pub(super) fn run(shared: &Shared, mut queue: mpsc::Receiver<Commit>) {
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
        let (batches, answers): (Vec<_>, Vec<_>) =
            waiting.drain(..).map(|waiting| (waiting.batch, waiting.done)).unzip();
        if !commit_or_wait(shared, &batches) {
            return;
        }
        for done in answers {
            // A caller that gave up waiting does not need the answer.
            done.send(()).ok();
        }
    }
}

/// Returns once the batches are durable (`true`) or the store is closed (`false`). While the disk
/// is full it tries again, with the reserved space; the files are reopened for each try, because
/// fjall refuses further work after an I/O error.
fn commit_or_wait(shared: &Shared, batches: &[Batch]) -> bool {
    let mut pauses = PAUSE.waits();
    shared.health.lock().since = Some(Instant::now());
    let mut files = shared.slot.get();
    loop {
        let started = Instant::now();
        let Err(error) = files.and_then(|file| shared.apply(&file, batches)) else {
            *shared.health.lock() = Waiting::default();
            metrics::store_commit(started.elapsed());
            metrics::succeeded(metrics::Success::StoreWrite, SystemClock.now());
            return true;
        };
        if shared.slot.is_closed() {
            return false;
        }
        metrics::store_error();
        let pause = pauses.failed();
        tracing::error!(%error, retry_ms = pause.as_millis(), "the store cannot commit; nothing is lost, trying again");
        shared.health.lock().error = Some(error.to_string());
        shared.reserve.release();
        // Readers go on with the files as they are meanwhile.
        thread::sleep(pause);
        files = shared.reopen();
    }
}
