//! Backups: exports the store as it is at one moment, also while a daemon writes to it, and
//! restores such an export.
//!
//! An export is a whole data directory: the store in files of its own, and the manifest. What must
//! stay true: an export holds one consistent moment, and one that breaks off has no manifest; a
//! restore checks the export before it copies it, and never overwrites a store.

use std::{fs, path::Path};

use super::{
    CheckReport, FORMAT, Manifest, ManifestContent, Store, StoreError, check, copy,
    engine::{self, Filling},
    folder::{lock, private_dir},
    manifest,
};

impl Store {
    /// Writes the store as it is now to a folder that does not exist yet or is empty. Returns the
    /// number of rows.
    pub fn export(&self, to: &Path) -> Result<u64, StoreError> {
        let io = |source| StoreError::Io { path: to.to_owned(), source };
        if to.exists() && fs::read_dir(to).map_err(io)?.next().is_some() {
            return Err(StoreError::broken(to, "it is not empty, and nothing is written over"));
        }
        private_dir(to).map_err(io)?;
        let files = to.join("store");
        private_dir(&files).map_err(io)?;
        let snapshot = self.engine.snapshot()?;
        let (mut copy, mut rows) = (Filling::begin(&files)?, 0);
        for table in engine::ALL {
            for row in snapshot.from(table, &[]) {
                let (key, value) = row?;
                if engine::is_own(table, &key) {
                    continue;
                }
                copy.put(table, key, value)?;
                rows += 1;
                if rows % 1024 == 0 && self.engine.is_wanted() {
                    return Err(StoreError::Engine(
                        "the files are being reopened after an error; ask again later".to_owned(),
                    ));
                }
            }
        }
        let commit = copy.finish(snapshot.commit()?.max(1))?;
        drop(snapshot);
        Manifest::create(
            to,
            ManifestContent { store: self.id, format: FORMAT, tables: engine::ALL.len(), commit },
        )?;
        Ok(rows)
    }
}

/// Puts an export into a data directory that has no store.
///
/// # Errors
/// What is wrong with the export, or that there is a store.
pub fn restore(from: &Path, dir: &Path, cache: usize) -> Result<CheckReport, Vec<StoreError>> {
    let checked = check(from, cache)?;
    put_in_place(from, dir).map_err(|error| vec![error])?;
    Ok(checked)
}

fn put_in_place(from: &Path, dir: &Path) -> Result<(), StoreError> {
    let io = |source| StoreError::Io { path: dir.to_owned(), source };
    private_dir(dir).map_err(io)?;
    let _lock = lock(dir, false)?;
    let (files, new) = (dir.join("store"), dir.join("store.new"));
    if files.exists() || manifest::path(dir).exists() {
        return Err(StoreError::broken(
            dir,
            "there is a store already: move `store` and `manifest` away first",
        ));
    }
    let noted = manifest::load(from)?
        .ok_or_else(|| StoreError::broken(&manifest::path(from), "it is missing"))?;
    if new.exists() {
        fs::remove_dir_all(&new).map_err(io)?;
    }
    copy::store(&from.join("store"), &new, copy::CopyMode::Durable)?;
    fs::rename(&new, &files).map_err(io)?;
    Manifest::create(dir, noted).map(drop)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn mount(arguments: &[&str], at: &Path) -> bool {
        Command::new("mount").args(arguments).arg(at).status().is_ok_and(|status| status.success())
    }

    #[test]
    fn a_backup_on_a_read_only_file_system_is_checked_and_restored() {
        let (dir, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let backup = dir.path().join("backup");
        let store = Store::open(&dir.path().join("data"), 1 << 20).unwrap();
        store.export(&backup).unwrap();
        // Left out where no file system can be mounted.
        if !mount(&["-t", "tmpfs", "-o", "size=8m", "tmpfs"], to.path()) {
            return;
        }
        copy::store(&backup, &to.path().join("backup"), copy::CopyMode::Durable).unwrap();
        let read_only = mount(&["-o", "remount,ro"], to.path());
        let restored = restore(&to.path().join("backup"), &dir.path().join("again"), 1 << 20);
        Command::new("umount").arg("-l").arg(to.path()).status().unwrap();
        assert!(read_only);
        assert_eq!(restored.unwrap().id, store.id());
    }
}
