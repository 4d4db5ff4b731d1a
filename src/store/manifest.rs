//! The manifest: a plain file beside the store that says which store this is and how far it has
//! come.
//!
//! From the store's own files alone nobody can tell that the newest of them, or all, are missing.
//! So `data_dir/manifest` names the store's id, its format, the number of its tables, and the last
//! commit that became durable. It has two lines of the same length, each with a checksum, which are
//! overwritten in turns: if a write breaks off, the other line is intact.
//!
//! What must stay true: a commit is noted only after it is durable, so after a crash the manifest
//! may be older than the store, but never newer. For the same reason it need not be synced for each
//! commit.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use super::{StoreError, folder::own};
use crate::base::hash::digest;

/// Bytes of a line, with its end.
const LINE: usize = 256;

/// What the manifest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ManifestContent {
    /// The id of the store.
    pub(super) store: Uuid,
    /// The store's format number.
    pub(super) format: u32,
    /// The number of its tables.
    pub(super) tables: usize,
    /// The last commit that was durable.
    pub(super) commit: u64,
}

impl ManifestContent {
    fn line(&self) -> Vec<u8> {
        let said = format!(
            "nashra store {} format {} tables {} commit {}",
            self.store, self.format, self.tables, self.commit
        );
        let sum = u64::from_be_bytes(digest(&[said.as_bytes()]));
        format!("{:<width$}\n", format!("{said} sum {sum:016x}"), width = LINE - 1).into_bytes()
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let words: Vec<&str> = std::str::from_utf8(line).ok()?.split_ascii_whitespace().collect();
        let [
            "nashra",
            "store",
            store,
            "format",
            format,
            "tables",
            tables,
            "commit",
            commit,
            "sum",
            _,
        ] = words[..]
        else {
            return None;
        };
        let (store, format) = (store.parse().ok()?, format.parse().ok()?);
        let noted =
            Self { store, format, tables: tables.parse().ok()?, commit: commit.parse().ok()? };
        (noted.line() == line).then_some(noted)
    }
}

pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("manifest")
}

/// What the manifest of a data directory says; `None` where there is none.
pub(super) fn load(dir: &Path) -> Result<Option<ManifestContent>, StoreError> {
    let path = path(dir);
    let mut bytes = Vec::new();
    match own().read(true).open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened
            .and_then(|mut opened| opened.read_to_end(&mut bytes))
            .map_err(|source| StoreError::Io { path: path.clone(), source })?,
    };
    let lines: Vec<Option<ManifestContent>> =
        bytes.chunks(LINE).map(ManifestContent::parse).collect();
    if lines.len() != 2 || lines.contains(&None) {
        tracing::warn!(path = %path.display(), "a line of the manifest is damaged; the other one serves");
    }
    let newest = lines.into_iter().flatten().max_by_key(|line| line.commit);
    newest.map(Some).ok_or_else(|| StoreError::broken(&path, "both of its lines are damaged"))
}

/// The open manifest, for the thread that commits.
#[derive(Debug)]
pub(super) struct Manifest {
    file: File,
    noted: ManifestContent,
}

impl Manifest {
    /// Writes a new manifest: durable when it returns.
    pub(super) fn create(dir: &Path, noted: ManifestContent) -> Result<Self, StoreError> {
        let path = path(dir);
        let io = |source| StoreError::Io { path: path.clone(), source };
        let new = path.with_extension("new");
        fs::remove_file(&new).ok();
        let mut file = own().write(true).create_new(true).open(&new).map_err(io)?;
        file.write_all(&noted.line().repeat(2)).map_err(io)?;
        file.sync_all().map_err(io)?;
        fs::rename(&new, &path).map_err(io)?;
        File::open(dir).and_then(|folder| folder.sync_all()).map_err(io)?;
        Ok(Self { file, noted })
    }

    /// Notes a commit that is durable.
    pub(super) fn note(&mut self, commit: u64) {
        self.noted.commit = commit;
        let place = if commit.is_multiple_of(2) { 0 } else { LINE as u64 };
        if let Err(error) = self.file.write_all_at(&self.noted.line(), place) {
            tracing::warn!(%error, "the manifest cannot be written");
        }
    }

    /// The last commit that was noted.
    pub(super) fn commit(&self) -> u64 {
        self.noted.commit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_sound_line_counts_and_a_flipped_byte_anywhere_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(load(dir.path()).unwrap(), None);
        let noted = ManifestContent { store: Uuid::from_u128(7), format: 5, tables: 12, commit: 1 };
        let mut manifest = Manifest::create(dir.path(), noted).unwrap();
        manifest.note(2);
        manifest.note(3);
        let whole = fs::read(path(dir.path())).unwrap();
        assert_eq!(whole.len(), 2 * LINE);
        assert_eq!(load(dir.path()).unwrap(), Some(ManifestContent { commit: 3, ..noted }));
        for at in 0..2 * LINE {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x20;
            fs::write(path(dir.path()), &bytes).unwrap();
            let left = if at < LINE { 3 } else { 2 };
            assert_eq!(
                load(dir.path()).unwrap(),
                Some(ManifestContent { commit: left, ..noted }),
                "at {at}"
            );
        }
        fs::write(path(dir.path()), b"").unwrap();
        assert!(load(dir.path()).unwrap_err().to_string().contains("manifest"));
    }
}
