//! Holds the open files, and lets readers wait while they are closed.
//!
//! fjall refuses further work after an error of the disk, so its files are closed and opened again.
//! Readers wait meanwhile. What must stay true: nobody waits for ever, because closing the store
//! ends all waiting. A thread of the runtime that waits here hands its other tasks over first, so
//! health and metrics are still answered.

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::runtime::{Handle, RuntimeFlavor};

use super::backend::Backend;
use crate::store::StoreError;

/// How often it is checked whether the last reader has dropped the files.
const LOOK: Duration = Duration::from_millis(5);
/// After this long, it is logged that a reader keeps the files open.
const LONG: Duration = Duration::from_secs(10);

enum State {
    Open(Backend),
    Reopening,
    Closed,
}

/// The open files, or none at present.
pub(super) struct Slot {
    state: Mutex<State>,
    changed: Condvar,
    wanted: AtomicBool,
}

impl Slot {
    pub(super) fn new(backend: Backend) -> Self {
        Self {
            state: Mutex::new(State::Open(backend)),
            changed: Condvar::new(),
            wanted: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The open files, if they are open now.
    pub(super) fn now(&self) -> Option<Backend> {
        match &*self.lock() {
            State::Open(backend) => Some(backend.clone()),
            State::Reopening | State::Closed => None,
        }
    }

    /// The open files; waits while they are being reopened.
    pub(super) fn get(&self) -> Result<Backend, StoreError> {
        self.now().map_or_else(|| off_the_runtime(|| self.wait()), Ok)
    }

    fn wait(&self) -> Result<Backend, StoreError> {
        let mut state = self.lock();
        loop {
            match &*state {
                State::Open(backend) => return Ok(backend.clone()),
                State::Closed => return Err(StoreError::Closed),
                State::Reopening => {
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Whether the files have to be reopened.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(&*self.lock(), State::Closed)
    }

    /// Ends all waiting, for good.
    pub(super) fn close(&self) {
        *self.lock() = State::Closed;
        self.changed.notify_all();
    }

    /// Closes the files, once nobody reads them any more, and opens them again.
    pub(super) fn reopen(
        &self,
        open: impl FnOnce() -> Result<Backend, StoreError>,
    ) -> Result<Backend, StoreError> {
        self.wanted.store(true, Ordering::Relaxed);
        let before = match &mut *self.lock() {
            State::Closed => return Err(StoreError::Closed),
            state => std::mem::replace(state, State::Reopening),
        };
        if let State::Open(Backend::Disk(disk)) = before {
            let held = Arc::downgrade(&disk);
            drop(disk);
            let (since, mut told) = (Instant::now(), false);
            while held.strong_count() > 0 && !self.is_closed() {
                if since.elapsed() > LONG && !std::mem::replace(&mut told, true) {
                    tracing::warn!(
                        "the store is to be reopened and is still being read; it waits for that to end"
                    );
                }
                thread::sleep(LOOK);
            }
        }
        let opened = open()?;
        self.wanted.store(false, Ordering::Relaxed);
        let mut state = self.lock();
        if matches!(&*state, State::Closed) {
            return Err(StoreError::Closed);
        }
        *state = State::Open(opened.clone());
        drop(state);
        self.changed.notify_all();
        Ok(opened)
    }
}

/// Runs what may wait for long; a thread of the runtime hands its other tasks over first.
fn off_the_runtime<T>(work: impl FnOnce() -> T) -> T {
    let of_many = Handle::try_current()
        .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if of_many { tokio::task::block_in_place(work) } else { work() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::{Engine, Table};

    fn slot() -> (Arc<Slot>, Backend) {
        let backend = Backend::Memory(Arc::default());
        (Arc::new(Slot::new(backend.clone())), backend)
    }

    #[test]
    fn who_reads_while_the_files_are_reopened_waits_and_is_answered() {
        let (slot, backend) = slot();
        *slot.lock() = State::Reopening;
        let reader = thread::spawn({
            let slot = Arc::clone(&slot);
            move || slot.get().is_ok()
        });
        assert!(slot.reopen(|| Err(StoreError::Engine("no".to_owned()))).is_err());
        assert!(slot.now().is_none() && !reader.is_finished());
        assert!(slot.reopen(|| Ok(backend)).is_ok());
        assert!(reader.join().unwrap() && !slot.is_wanted());
    }

    #[test]
    fn closing_ends_all_waiting() {
        let (slot, backend) = slot();
        *slot.lock() = State::Reopening;
        let reader = thread::spawn({
            let slot = Arc::clone(&slot);
            move || slot.get().is_err()
        });
        slot.close();
        assert!(reader.join().unwrap());
        assert!(slot.reopen(|| Ok(backend)).is_err() && slot.now().is_none());
    }

    #[test]
    fn the_files_are_opened_again_only_when_nobody_reads_the_old_ones() {
        let dir = tempfile::tempdir().unwrap();
        let engine = Engine::open(&dir.path().join("store"), 1 << 20).unwrap();
        let snapshot = engine.snapshot().unwrap();
        let shared = Arc::clone(&engine.shared);
        let writer = thread::spawn(move || shared.reopen());
        while !engine.is_wanted() {
            thread::yield_now();
        }
        assert!(snapshot.get(Table::Meta, b"x").unwrap().is_none(), "what is held can be read");
        assert!(!writer.is_finished());
        drop(snapshot);
        assert!(writer.join().unwrap().is_ok());
        assert!(engine.snapshot().unwrap().get(Table::Meta, b"x").unwrap().is_none());
    }
}
