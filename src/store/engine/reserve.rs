//! Space that is kept back for the store's own recovery: a file beside it that holds nothing.
//!
//! On a full disk the store cannot even be reopened, let alone commit what ends its entries and
//! trims its outbox. So the file goes when the disk refuses a commit, and comes back once there is
//! room (`daemon/monitor` says when).

use std::{
    fs, io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rustix::fs::FallocateFlags;

/// The file, if there is a place for one.
pub(super) struct Reserve {
    path: Option<PathBuf>,
    kept: Mutex<bool>,
}

impl Reserve {
    /// Beside the store's folder.
    pub(super) fn beside(store: &Path) -> Self {
        let path = store.with_file_name("reserve");
        let kept = fs::symlink_metadata(&path).is_ok();
        Self { path: Some(path), kept: Mutex::new(kept) }
    }

    /// For the in-memory twin.
    pub(super) fn none() -> Self {
        Self { path: None, kept: Mutex::new(false) }
    }

    /// Makes a file of so many bytes, where there is none.
    pub(super) fn keep(&self, size: u64) {
        let Some(path) = &self.path else { return };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if !*kept && size > 0 {
            match allocate(path, size) {
                Ok(()) => *kept = true,
                Err(error) => {
                    tracing::debug!(%error, path = %path.display(), "no space can be kept back");
                    fs::remove_file(path).ok();
                }
            }
        }
    }

    /// Gives the space to whoever needs it now; whether there was any.
    pub(super) fn release(&self) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = self.path.as_ref().filter(|_| std::mem::take(&mut *kept)) else {
            return false;
        };
        match fs::remove_file(path) {
            Ok(()) => {
                tracing::warn!("the space that was kept back for the store is given to it");
                true
            }
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "the space that was kept back cannot be given");
                false
            }
        }
    }
}

/// A new file of which every byte has its place on the disk.
fn allocate(path: &Path, size: u64) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // A new one: never what a link leads to.
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    Ok(rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, size)?)
}
