//! nashra's clock, and nobody else's: `clock.c` adds to it what stands in a file.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

/// Hours and seconds that a clock is set wrong by.
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

#[derive(Debug)]
pub(crate) struct Clock {
    library: PathBuf,
    path: PathBuf,
    file: File,
}

impl Clock {
    pub(crate) fn new(library: &Path, dir: &Path) -> Self {
        let path = dir.join("clock");
        fs::write(&path, 0_i64.to_le_bytes()).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        Self { library: fs::canonicalize(library).unwrap(), path, file }
    }

    /// What the environment of a process must say, so that it goes by this clock.
    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("LD_PRELOAD", self.library.clone()), ("CHAOS_CLOCK", self.path.clone())]
    }

    /// An hour back or a day forward, by what is left to chance.
    pub(crate) fn jump(&self, forward: bool) {
        self.set(if forward { DAY } else { -HOUR });
    }

    /// Sets the clock right again.
    pub(crate) fn correct(&self) {
        self.set(0);
    }

    /// In place and at once: the process has the file mapped.
    fn set(&self, seconds: i64) {
        self.file.write_all_at(&seconds.to_ne_bytes(), 0).unwrap();
    }
}
