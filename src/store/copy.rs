//! Copies a store's files, so that they can be read without changing the originals.
//!
//! The tables' files never change once they are written, so they are linked where that is possible.
//! Everything else is copied, without the zeros that fill a journal after its end.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
};

use super::{StoreError, engine::cut_zeros};

/// What the copy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CopyMode {
    /// To be read and deleted: the tables' files are linked.
    Linked,
    /// To be kept: the copy has files of its own, and they are synced.
    Durable,
}

/// Copies the folder `from` to `to`, which is created.
pub(super) fn store(from: &Path, to: &Path, how: CopyMode) -> Result<(), StoreError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Io { path, source }
    };
    super::private_dir(to).map_err(io(to))?;
    for entry in fs::read_dir(from).map_err(io(from))? {
        let entry = entry.map_err(io(from))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(io(&path))?;
        if kind.is_dir() {
            store(&path, &target, how)?;
        } else if kind.is_file() {
            let done = match path.extension() {
                Some(journal) if journal == "jnl" => without_zeros(&path, &target),
                _ if how == CopyMode::Linked && from.ends_with("tables") => {
                    fs::hard_link(&path, &target).or_else(|_| fs::copy(&path, &target).map(drop))
                }
                _ => fs::copy(&path, &target).map(drop),
            };
            done.map_err(io(&path))?;
            if how == CopyMode::Durable {
                File::open(&target).and_then(|file| file.sync_all()).map_err(io(&target))?;
            }
        }
    }
    if how == CopyMode::Durable {
        File::open(to).and_then(|file| file.sync_all()).map_err(io(to))?;
    }
    Ok(())
}

fn without_zeros(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut bytes = fs::read(from)?;
    cut_zeros(&mut bytes);
    File::create_new(to)?.write_all(&bytes)
}
