//! The folder of a store: who may reach it, and whose it is at present.
//!
//! What must stay true: the folder and our own files in it are their owner's alone and are opened
//! without following links; one process owns the folder, and nobody looks at the engine's files
//! while another engine has them.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{self, ErrorKind, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    time::{Duration, Instant},
};

use rustix::fs::OFlags;

use super::StoreError;

/// How long the threads of a store that was dropped may take to close its files.
const CLOSING: Duration = Duration::from_secs(10);

/// How a file of our own is opened: never what a link leads to, and where it is made, its owner's
/// alone.
pub(super) fn own() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// Makes a folder that is its owner's alone, also where it is there already.
pub(super) fn private_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Waits until the engine has let go of the files. A store of this process that was dropped is
/// closed by threads of its own, and until they have ended its tables' files change under whoever
/// looks at them.
pub(super) fn wait_until_closed(files: &Path) -> Result<(), StoreError> {
    let path = files.join("lock");
    let io = |source| StoreError::Io { path: path.clone(), source };
    let file = match own().read(true).open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(io)?,
    };
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if begun.elapsed() < CLOSING => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { dir: files.to_owned(), holder: String::new() });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
    }
}

/// Locks the directory; a process that stays writes its number there.
pub(super) fn lock(dir: &Path, stays: bool) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let io = |source| StoreError::Io { path: path.clone(), source };
    let mut file = match own().read(true).write(true).create(true).truncate(false).open(&path) {
        // Whoever only reads can do so on a file system that is read-only, or from a backup of
        // somebody else's.
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
    match file.try_lock() {
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
