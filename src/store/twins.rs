//! Stores for tests of what must hold in memory and on files alike: most tests run on the twin in
//! memory, which is quick, and what the engine itself must do is tried on files, too.

use std::time::{Duration, Instant};

use super::Store;

/// A store and the folder that it is in, if it is on files.
pub(super) struct TestStore {
    pub(super) store: Store,
    dir: Option<tempfile::TempDir>,
}

impl TestStore {
    pub(super) fn in_memory() -> Self {
        Self { store: Store::in_memory().unwrap(), dir: None }
    }

    pub(super) fn on_files() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { store: Store::open(dir.path(), 1 << 20).unwrap(), dir: Some(dir) }
    }

    /// As after a kill: what is on files is opened again.
    pub(super) fn reopen(&mut self) {
        let Some(dir) = &self.dir else { return };
        self.store.close();
        self.store = Store::in_memory().unwrap();
        // Threads of the one before may hold its files for a moment.
        let end = Instant::now() + Duration::from_mins(1);
        self.store = loop {
            match Store::open(dir.path(), 1 << 20) {
                Ok(store) => break store,
                Err(error) => assert!(Instant::now() < end, "{error}"),
            }
            std::thread::sleep(Duration::from_millis(5));
        };
    }
}

/// A store in memory, and one on files.
pub(super) fn both_stores() -> [TestStore; 2] {
    [TestStore::in_memory(), TestStore::on_files()]
}
