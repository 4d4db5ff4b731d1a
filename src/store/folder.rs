//! The folder of a store: its permissions, and the lock of the process that owns it.
//!
//! What must stay true: only the owner may read the folder and our files in it, and they are opened
//! without following links. One process owns the folder, and nobody reads the engine's files while
//! an engine has them open.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{self, ErrorKind, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    sync::OnceLock,
    time::{Duration, Instant},
};

use rustix::fs::{Mode, OFlags};

use super::StoreError;

/// How long the threads of a store that was dropped may take to close its files.
const CLOSING: Duration = Duration::from_secs(10);

/// How long a program that this process starts may take to begin. Until then it holds a copy of our
/// locks, even of those that we have given back.
const BEGINNING: Duration = Duration::from_millis(300);

/// Options to open a file of our own: links are not followed, and a new file is readable by its
/// owner alone.
pub(super) fn own() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// The mask that the process was started with, once it is private.
static GIVEN_MASK: OnceLock<u32> = OnceLock::new();

/// From here on, files that this process makes are for their owner alone: also those of the engine,
/// which knows no modes.
pub fn make_files_private() {
    let before = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    // Only the first call sees what was given.
    GIVEN_MASK.set(before.as_raw_mode()).ok();
}

/// The mode of a file that an operator has named, and that others may read as the process's mask
/// allowed.
pub(crate) fn shared_mode() -> Option<u32> {
    GIVEN_MASK.get().map(|mask| 0o666 & !mask)
}

/// Makes a folder that only its owner may read. A folder that exists gets these permissions, too.
pub(super) fn private_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Waits until the engine has closed the files. Where this process has dropped a store, the store's
/// own threads close it, and until they have ended the tables' files still change.
pub(super) fn wait_until_closed(files: &Path) -> Result<(), StoreError> {
    let path = files.join("lock");
    let io = |source| StoreError::Io { path: path.clone(), source };
    let file = match own().read(true).open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(io)?,
    };
    try_lock_for(&file, CLOSING).map_err(|error| match error {
        TryLockError::WouldBlock => {
            StoreError::Locked { dir: files.to_owned(), holder: String::new() }
        }
        TryLockError::Error(source) => io(source),
    })
}

/// Tries a lock until somebody who holds it has given it back, for so long at most.
fn try_lock_for(file: &File, patience: Duration) -> Result<(), TryLockError> {
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if begun.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(10));
            }
            outcome => return outcome,
        }
    }
}

/// Locks the directory. A process that owns it for longer (`stays`) writes its id into the lock.
pub(super) fn lock(dir: &Path, stays: bool) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let io = |source| StoreError::Io { path: path.clone(), source };
    let mut file = match own().read(true).write(true).create(true).truncate(false).open(&path) {
        // A command that only reads also works on a read-only file system, and on a backup that
        // belongs to another user.
        Err(error)
            if !stays
                && matches!(
                    error.kind(),
                    ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied
                ) =>
        {
            match own().read(true).open(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => File::open(dir),
                opened => opened,
            }
        }
        opened => opened,
    }
    .map_err(io)?;
    match try_lock_for(&file, BEGINNING) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).ok();
            let holder = if holder.trim().is_empty() {
                String::new()
            } else {
                format!(" (process {})", holder.trim())
            };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

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
                Store::open(&dir, 1 << 20).map(|store| store.id())
            }
        });
        opens.recv().unwrap();
        let held = File::open(dir.path().join("store").join("lock")).unwrap();
        assert!(
            matches!(held.try_lock(), Err(TryLockError::WouldBlock)),
            "who still reads keeps the files"
        );
        drop(reading);
        assert_eq!(opening.join().unwrap().unwrap(), id);
    }
}
