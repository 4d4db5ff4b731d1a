//! Reads the engine's journals without changing them.
//!
//! When fjall opens its files, it cuts each journal at the first bytes that it cannot read. That is
//! right for what a crash leaves: an incomplete batch at the end, which was never reported as
//! durable. But after a damaged byte in the middle, everything that follows is cut off as well. So
//! the journals are read here first. A journal is a sequence of batches (a start with the number of
//! rows and a sequence number, the rows, an end with their checksum), followed by zeros.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _},
    path::{Path, PathBuf},
};

use rustix::{fs::SeekFrom, io::Errno};
use xxhash_rust::xxh3::xxh3_64;

use super::marks::{COMMITS, Commits};
use crate::store::StoreError;

const MAGIC: &[u8] = b"FJL\x03";
const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
/// The engine itself uses a few sequence numbers between two batches, but never so many.
const STRAY: u64 = 1 << 20;

/// A whole batch.
#[derive(Debug)]
pub(super) struct JournalBatch<'a> {
    pub(super) seqno: u64,
    pub(super) rows: Vec<Row<'a>>,
    /// The numbers that it carries; none where an older program wrote it.
    pub(super) commits: Option<Commits>,
    /// Where it ends.
    pub(super) end: usize,
}

/// One row of a batch.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) keyspace: u64,
    pub(super) key: &'a [u8],
    /// The value as it stands here.
    pub(super) value: &'a [u8],
    pub(super) kind: u8,
    /// Whether it is compressed with LZ4, and to which size it unpacks.
    pub(super) packed: Option<usize>,
}

/// The journals of a store, oldest first.
pub(super) fn all(store: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let io = |source| StoreError::Io { path: store.to_owned(), source };
    let mut found = Vec::new();
    for file in fs::read_dir(store).map_err(io)? {
        let path = file.map_err(io)?.path();
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("jnl")) {
            let id = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .and_then(|text| text.parse::<u64>().ok());
            let id = id.ok_or_else(|| StoreError::broken(&path, "this is no name of a journal"))?;
            found.push((id, path));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// Reads a journal; zeros at the end are left out.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut bytes =
        written(path).map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
    cut_zeros(&mut bytes);
    Ok(bytes)
}

/// The part of a journal that was ever written. A journal has its full length from the start; what
/// follows its last batch is a hole in the file, which need not be read.
fn written(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut end = 0;
    while end < length {
        end = match rustix::fs::seek(&file, SeekFrom::Data(end))
            .and_then(|data| rustix::fs::seek(&file, SeekFrom::Hole(data)))
        {
            Ok(hole) => hole,
            Err(Errno::NXIO) => break,
            // The file system does not support holes.
            Err(_) => length,
        };
    }
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(end).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Cuts off the zeros at the end, of which a journal has up to 64 MiB.
pub(crate) fn cut_zeros(bytes: &mut Vec<u8>) {
    const ZEROS: [u8; 4096] = [0; 4096];
    while let Some(end) = bytes.len().checked_sub(ZEROS.len())
        && bytes[end..] == ZEROS
    {
        bytes.truncate(end);
    }
    bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
}

/// The batch that begins at this place, if it is complete and sound.
pub(super) fn batch(bytes: &[u8], at: usize) -> Option<JournalBatch<'_>> {
    let mut reader = Reader { bytes, at };
    if reader.byte()? != START {
        return None;
    }
    let (count, seqno) = (reader.u32()?, reader.u64()?);
    let (first, mut rows, mut commits) = (reader.at, Vec::new(), None);
    for _ in 0..count {
        let row = reader.row()?;
        if row.key == COMMITS {
            commits = Commits::decode(row.value).ok();
        }
        rows.push(row);
    }
    let sum = xxh3_64(&bytes[first..reader.at]);
    let sound = reader.byte()? == END && reader.u64()? == sum && reader.take(MAGIC.len())? == MAGIC;
    // The checksum does not cover the sequence number, so it is compared with the commit's mark.
    let numbered = commits
        .is_none_or(|commit| (commit.seqno..commit.seqno.saturating_add(STRAY)).contains(&seqno));
    (sound && numbered).then_some(JournalBatch { seqno, rows, commits, end: reader.at })
}

/// The next complete batch after a place where none begins.
pub(super) fn next(bytes: &[u8], after: usize) -> Option<(usize, JournalBatch<'_>)> {
    let rest = bytes.get(after..)?;
    // Each batch begins where another ends.
    let mut places =
        memchr::memmem::find_iter(rest, MAGIC).map(|found| after + found + MAGIC.len());
    places.find_map(|at| batch(bytes, at).map(|found| (at, found)))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn row(&mut self) -> Option<Row<'a>> {
        if self.byte()? != ITEM {
            return None;
        }
        let (kind, packed, keyspace) = (self.byte()?, self.byte()?, self.u64()?);
        let (key, unpacked, value) = (self.u16()?, self.u32()?, self.u32()?);
        let (key, value) = (self.take(key.into())?, self.take(value as usize)?);
        Some(Row { keyspace, key, value, kind, packed: (packed != 0).then_some(unpacked as usize) })
    }
}
