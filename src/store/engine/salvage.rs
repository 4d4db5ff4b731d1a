//! Takes out of damaged files whatever can still be read.
//!
//! It works on a copy, which it may change. Journals are read batch by batch, also behind damage; a
//! table's rows from both ends, and between what cannot be read piece by piece; a missing `current`
//! is made of the newest version that is whole; files of a table that cannot even be opened are
//! left out.

use std::{
    collections::HashMap,
    fs,
    io::Write as _,
    ops::Bound,
    path::{Path, PathBuf},
    sync::Arc,
};

use lsm_tree::{AbstractTree as _, AnyTree, Cache, Guard as _, SeqNo};
use xxhash_rust::xxh3::xxh3_128;

use super::{ALL, Table, inspect, journal, versions};
use crate::store::StoreError;

/// Splits of a gap: each looks at a further byte of the keys.
const DEPTH: usize = 2;

type KeyRange = (Bound<Vec<u8>>, Bound<Vec<u8>>);
/// Takes a row.
pub(crate) type Put<'a> = &'a mut dyn FnMut(Table, Vec<u8>, Vec<u8>) -> Result<(), StoreError>;

/// Gives every row that can be read to `put`, table by table; what could not be read, in words.
pub(crate) fn salvage(store: &Path, put: Put<'_>) -> Result<Vec<String>, StoreError> {
    let mut lost = Vec::new();
    let trees = trees(store, &mut lost)?;
    replay(store, &trees, &mut lost)?;
    for table in ALL {
        let Some(tree) = trees.values().find(|tree| tree.table == table) else {
            lost.push(format!("the table {}: no file of it is there", table.name()));
            continue;
        };
        let gaps = read_rows(
            &tree.rows,
            (Bound::Unbounded, Bound::Unbounded),
            DEPTH,
            &mut |key, value| put(table, key, value),
        )?;
        if gaps > 0 {
            lost.push(format!("the table {}: rows in {gaps} places", table.name()));
        }
    }
    Ok(lost)
}

struct Tree {
    table: Table,
    rows: AnyTree,
    /// What the journals say up to here is in the table's files.
    persisted: Option<SeqNo>,
}

fn trees(store: &Path, lost: &mut Vec<String>) -> Result<HashMap<u64, Tree>, StoreError> {
    let cache = Arc::new(Cache::with_capacity_bytes(8 << 20));
    let names = store.join("keyspaces/0");
    let whole =
        versions::parts(&names).is_ok_and(|parts| parts.iter().all(|part| part.verify().is_ok()));
    let names = if whole { inspect::tree(&names, &cache).ok() } else { None };
    if names.is_none() {
        lost.push(
            "the list of the tables: they are taken in the order in which they were made"
                .to_owned(),
        );
    }
    let mut trees = HashMap::new();
    // A table whose folder is gone may have rows in the journals.
    for id in 1..=ALL.len() as u64 {
        fs::create_dir_all(store.join("keyspaces").join(id.to_string())).ok();
    }
    for (id, folder) in inspect::folders(store)?.into_iter().filter(|(id, _)| *id != 0) {
        let found = names.as_ref().and_then(|names| {
            inspect::guarded(&folder, || inspect::name(names, id).map_err(StoreError::engine)).ok()
        });
        let place = usize::try_from(id).unwrap_or(0).wrapping_sub(1);
        let table = match found {
            Some(Some(name)) => ALL.into_iter().find(|table| table.name() == name),
            // The list is sound and does not have it.
            Some(None) => None,
            None => ALL.get(place).copied(),
        };
        let Some(table) = table else { continue };
        let rows =
            mend(&folder, lost).and_then(|()| inspect::tree(&folder, &cache)).or_else(|error| {
                lost.push(format!("the files of the table {}: {}", table.name(), words(&error)));
                let empty = store.join(format!("empty-{id}"));
                inspect::tree(&empty, &cache)
            })?;
        let persisted = rows.get_highest_persisted_seqno();
        trees.insert(id, Tree { table, rows, persisted });
    }
    Ok(trees)
}

fn words(error: &StoreError) -> String {
    match error {
        StoreError::Broken { what, .. } => what.clone(),
        error => error.to_string(),
    }
}

/// Makes `current` name the newest version that is whole, and a version that names only files that
/// can be opened.
fn mend(folder: &Path, lost: &mut Vec<String>) -> Result<(), StoreError> {
    let parts = versions::parts(folder);
    if let Ok(parts) = &parts
        && parts.iter().all(|part| part.is_there().is_ok())
        && inspect::tree(folder, &Arc::new(Cache::with_capacity_bytes(1 << 20))).is_ok()
    {
        return Ok(());
    }
    let io = |source| StoreError::Io { path: folder.to_owned(), source };
    let number = |path: PathBuf| {
        Some((path.file_name()?.to_str()?.strip_prefix('v')?.parse::<u64>().ok()?, path))
    };
    let mut found: Vec<(u64, PathBuf)> = fs::read_dir(folder)
        .map_err(io)?
        .flatten()
        .filter_map(|entry| number(entry.path()))
        .collect();
    found.sort();
    for (id, path) in found.into_iter().rev() {
        let bytes = fs::read(&path).map_err(io)?;
        let Ok(parts) = versions::list(folder, &path, &bytes) else { continue };
        let broken: Vec<u64> =
            parts.iter().filter(|part| part.verify().is_err()).map(versions::Part::id).collect();
        let bytes = if broken.is_empty() {
            bytes
        } else {
            versions::without(&bytes, &broken)
                .ok_or_else(|| StoreError::broken(&path, "it is damaged"))?
        };
        if !broken.is_empty() {
            let folder = folder.file_name().unwrap_or_default().to_string_lossy();
            lost.push(format!(
                "{} of the {} files in keyspaces/{folder}/tables",
                broken.len(),
                parts.len()
            ));
        }
        let mut current = id.to_le_bytes().to_vec();
        current.extend_from_slice(&xxh3_128(&bytes).to_le_bytes());
        current.push(0);
        fs::write(&path, bytes).map_err(io)?;
        let mut file = fs::File::create(folder.join("current")).map_err(io)?;
        return file.write_all(&current).map_err(io);
    }
    parts.map(drop)
}

/// Adds what the journals have beyond the tables' files.
fn replay(
    store: &Path,
    trees: &HashMap<u64, Tree>,
    lost: &mut Vec<String>,
) -> Result<(), StoreError> {
    for path in journal::all(store)? {
        let (bytes, mut at, mut gaps) = (journal::read_file(&path)?, 0, 0);
        while at < bytes.len() {
            let batch = match journal::batch(&bytes, at) {
                Some(batch) => batch,
                None => match journal::next(&bytes, at) {
                    Some((_, batch)) => {
                        gaps += 1;
                        batch
                    }
                    None => break,
                },
            };
            for row in &batch.rows {
                let Some(tree) = trees
                    .get(&row.keyspace)
                    .filter(|tree| tree.persisted.is_none_or(|seqno| batch.seqno > seqno))
                else {
                    continue;
                };
                match (row.kind, row.packed) {
                    (0, None) => drop(tree.rows.insert(row.key, row.value, batch.seqno)),
                    (0, Some(size)) => match lz4_flex::decompress(row.value, size) {
                        Ok(value) => drop(tree.rows.insert(row.key, value, batch.seqno)),
                        Err(_) => gaps += 1,
                    },
                    _ => drop(tree.rows.remove(row.key, batch.seqno)),
                }
            }
            at = batch.end;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if gaps > 0 {
            lost.push(format!("commits in {gaps} places of the journal {name}"));
        }
        if at < bytes.len() {
            lost.push(format!("the end of the journal {name}, {} bytes", bytes.len() - at));
        }
    }
    Ok(())
}

/// Reads the rows between two keys; in how many places there are some that cannot be read.
fn read_rows(
    tree: &AnyTree,
    keys: KeyRange,
    depth: usize,
    put: &mut dyn FnMut(Vec<u8>, Vec<u8>) -> Result<(), StoreError>,
) -> Result<usize, StoreError> {
    let (from, to) = keys;
    let (mut last, mut first) = (from.clone(), to.clone());
    let next = |rows: &mut Box<dyn DoubleEndedIterator<Item = lsm_tree::IterGuardImpl> + Send>,
                back: bool| {
        inspect::guarded(Path::new(""), || {
            let row = if back { rows.next_back() } else { rows.next() };
            row.map(|row| row.into_inner().map(|(key, value)| (key.to_vec(), value.to_vec())))
                .transpose()
                .map_err(StoreError::engine)
        })
    };
    let mut forward = tree.range::<Vec<u8>, _>((from, to.clone()), SeqNo::MAX, None);
    loop {
        match next(&mut forward, false) {
            Ok(None) => return Ok(0),
            Ok(Some((key, value))) => {
                last = Bound::Excluded(key.clone());
                put(key, value)?;
            }
            Err(_) => break,
        }
    }
    let mut backward = tree.range::<Vec<u8>, _>((last.clone(), to.clone()), SeqNo::MAX, None);
    while let Ok(Some((key, value))) = next(&mut backward, true) {
        first = Bound::Excluded(key.clone());
        put(key, value)?;
    }
    if depth == 0 {
        return Ok(1);
    }
    let mut gaps = 0;
    for piece in split(&last, &first) {
        gaps += read_rows(tree, piece, depth - 1, put)?;
    }
    Ok(gaps.max(1))
}

/// The pieces between two keys that differ in the next byte.
fn split(last: &Bound<Vec<u8>>, first: &Bound<Vec<u8>>) -> Vec<KeyRange> {
    let bytes = |bound: &Bound<Vec<u8>>| match bound {
        Bound::Included(key) | Bound::Excluded(key) => key.clone(),
        Bound::Unbounded => Vec::new(),
    };
    let (low, high) = (bytes(last), bytes(first));
    let open = matches!(first, Bound::Unbounded);
    let common = low.iter().zip(&high).take_while(|(a, b)| a == b).count();
    let from = low.get(common).copied().unwrap_or(0);
    let to = if open { 0xff } else { high.get(common).copied().unwrap_or(0xff) };
    let key = |byte: u8| [&low[..common.min(low.len())], &[byte]].concat();
    let mut pieces = Vec::new();
    for byte in from..=to {
        let begin = if byte == from { last.clone() } else { Bound::Included(key(byte)) };
        let end = if byte == to { first.clone() } else { Bound::Excluded(key(byte + 1)) };
        pieces.push((begin, end));
    }
    pieces
}
