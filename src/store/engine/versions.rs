//! Checks a table's folder. Its file `current` names a version by number and checksum, and the
//! version names the table's files by number and checksum. The engine trusts both without computing
//! the checksums, so that is done here.

use std::{
    fs::{self, File},
    io::{Cursor, Read as _, Write as _},
    path::{Path, PathBuf},
};

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::store::StoreError;

/// A file of a table.
#[derive(Debug)]
pub(super) struct Part {
    id: u64,
    path: PathBuf,
    sum: u128,
}

/// The files of the table in this folder, if `current` and the version that it names are sound.
pub(super) fn parts(folder: &Path) -> Result<Vec<Part>, StoreError> {
    let current = folder.join("current");
    let bytes = read_file(&current)?;
    let wrong = || StoreError::broken(&current, "it is damaged");
    let (id, rest) = bytes.split_first_chunk().ok_or_else(wrong)?;
    let (sum, rest) = rest.split_first_chunk().ok_or_else(wrong)?;
    if rest != [0] {
        return Err(wrong());
    }
    let version = folder.join(format!("v{}", u64::from_le_bytes(*id)));
    let bytes = read_file(&version)?;
    if xxh3_128(&bytes) != u128::from_le_bytes(*sum) {
        return Err(StoreError::broken(
            &version,
            format!("its checksum is not the one in {}", current.display()),
        ));
    }
    list(folder, &version, &bytes)
}

/// The files that a version names.
pub(super) fn list(folder: &Path, version: &Path, bytes: &[u8]) -> Result<Vec<Part>, StoreError> {
    let wrong = || StoreError::broken(version, "it names no files");
    let archive = sfa::Reader::from_reader(&mut Cursor::new(bytes)).map_err(|_| wrong())?;
    let section = archive
        .toc()
        .section(b"tables")
        .and_then(|section| within(bytes, section))
        .ok_or_else(wrong)?;
    let levels = levels(section).ok_or_else(wrong)?;
    let part = |entry: Entry| {
        let id = u64::from_le_bytes(entry.id);
        Part {
            id,
            path: folder.join("tables").join(id.to_string()),
            sum: u128::from_le_bytes(entry.sum),
        }
    };
    Ok(levels.into_iter().flatten().flatten().map(part).collect())
}

fn within<'a>(bytes: &'a [u8], section: &sfa::TocEntry) -> Option<&'a [u8]> {
    let from = usize::try_from(section.pos()).ok()?;
    bytes.get(from..from.checked_add(usize::try_from(section.len()).ok()?)?)
}

/// A file as a version names it.
struct Entry {
    id: [u8; 8],
    kind: [u8; 1],
    sum: [u8; 16],
    seqno: [u8; 8],
}

/// The levels of a table, the runs of a level, the files of a run.
fn levels(mut section: &[u8]) -> Option<Vec<Vec<Vec<Entry>>>> {
    let mut levels = Vec::new();
    for _ in 0..take::<1>(&mut section)?[0] {
        let mut runs = Vec::new();
        for _ in 0..take::<1>(&mut section)?[0] {
            let mut files = Vec::new();
            for _ in 0..u32::from_le_bytes(take(&mut section)?) {
                let (id, kind, sum) =
                    (take(&mut section)?, take(&mut section)?, take(&mut section)?);
                files.push(Entry { id, kind, sum, seqno: take(&mut section)? });
            }
            runs.push(files);
        }
        levels.push(runs);
    }
    Some(levels)
}

/// The same version without these files.
pub(super) fn without(bytes: &[u8], broken: &[u64]) -> Option<Vec<u8>> {
    let archive = sfa::Reader::from_reader(&mut Cursor::new(bytes)).ok()?;
    let mut out = Cursor::new(Vec::new());
    let mut writer = sfa::Writer::from_writer(&mut out);
    for section in archive.toc().iter() {
        writer.start(section.name()).ok()?;
        let content = within(bytes, section)?;
        if section.name() != b"tables" {
            writer.write_all(content).ok()?;
            continue;
        }
        let mut levels = levels(content)?;
        let count = |length: usize| u8::try_from(length).ok();
        writer.write_all(&[count(levels.len())?]).ok()?;
        for runs in &mut levels {
            for files in runs.iter_mut() {
                files.retain(|file| !broken.contains(&u64::from_le_bytes(file.id)));
            }
            runs.retain(|files| !files.is_empty());
            writer.write_all(&[count(runs.len())?]).ok()?;
            for files in runs {
                writer.write_all(&u32::try_from(files.len()).ok()?.to_le_bytes()).ok()?;
                for file in files {
                    writer
                        .write_all(&[&file.id[..], &file.kind, &file.sum, &file.seqno].concat())
                        .ok()?;
                }
            }
        }
    }
    writer.finish().ok()?;
    Some(out.into_inner())
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*first)
}

fn read_file(path: &Path) -> Result<Vec<u8>, StoreError> {
    fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => StoreError::broken(path, "it is missing"),
        _ => StoreError::Io { path: path.to_owned(), source: error },
    })
}

impl Part {
    /// The number in the file's name.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Whether the file is there.
    pub(super) fn is_there(&self) -> Result<(), StoreError> {
        if self.path.is_file() {
            Ok(())
        } else {
            Err(StoreError::broken(&self.path, "it is missing"))
        }
    }

    /// Reads all of it.
    pub(super) fn verify(&self) -> Result<(), StoreError> {
        self.is_there()?;
        let io = |source| StoreError::Io { path: self.path.clone(), source };
        let (mut file, mut sum, mut chunk) =
            (File::open(&self.path).map_err(io)?, Xxh3::new(), vec![0; 256 << 10]);
        loop {
            match file.read(&mut chunk).map_err(io)? {
                0 => break,
                count => sum.update(&chunk[..count]),
            }
        }
        if sum.digest128() == self.sum {
            Ok(())
        } else {
            Err(StoreError::broken(&self.path, "its checksum is wrong"))
        }
    }
}
