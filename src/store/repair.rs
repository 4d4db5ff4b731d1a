//! Makes a sound store of a damaged one: keeps what is readable, and says what is lost.
//!
//! What must stay true: the damaged files are kept as they are, under another name. Where records
//! are missing from the outbox, its chain differs from the position that the topics hold, so
//! publishing stops until an operator adopts the repaired store.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use super::{
    Batch, FORMAT, Manifest, ManifestContent, Store, StoreError, articles, check,
    copy::{self, CopyMode},
    documents,
    engine::{self, Engine, Filling, Table},
    entries,
    folder::{lock, private_dir},
    json, letters, manifest, outbox,
};

/// Changes in one batch.
const BATCH_CHANGES: usize = 1000;

/// What a repair did.
#[derive(Debug)]
pub struct RepairReport {
    /// The rows that were kept.
    pub rows: u64,
    /// What was lost or mended, in words.
    pub told: Vec<String>,
    /// Where the damaged files are now.
    pub damaged: PathBuf,
}

/// Repairs the store of a data directory that no daemon runs on.
pub fn repair(dir: &Path, cache: usize) -> Result<RepairReport, StoreError> {
    let io = |source| StoreError::Io { path: dir.to_owned(), source };
    let _lock = lock(dir, false)?;
    let (noted, files, work) =
        (manifest::load(dir).ok().flatten(), dir.join("store"), dir.join("repair"));
    if work.exists() {
        fs::remove_dir_all(&work).map_err(io)?;
    }
    private_dir(&work).map_err(io)?;
    let (copied, new) = (work.join("damaged"), work.join("store"));
    copy::store(&files, &copied, CopyMode::Linked)?;
    private_dir(&new).map_err(io)?;
    let (mut filling, mut rows, mut dropped) =
        (Filling::begin(&new)?, 0, BTreeMap::<&str, u64>::new());
    let mut told = engine::salvage(&copied, &mut |table, key, value| {
        if engine::is_own(table, &key) {
            return Ok(());
        }
        if check::decode(table, &key, &value).is_err() {
            *dropped.entry(table.name()).or_default() += 1;
            return Ok(());
        }
        rows += 1;
        filling.put(table, key, value)
    })?;
    told.extend(
        dropped
            .into_iter()
            .map(|(table, count)| format!("the table {table}: {count} rows that cannot be read")),
    );
    filling.finish(noted.map_or(0, |noted| noted.commit) + 1)?;
    let store = open_and_mend(&new, cache, noted.map(|noted| noted.store), &mut told)?;
    let noted = ManifestContent {
        store: store.id(),
        format: FORMAT,
        tables: engine::ALL.len(),
        commit: store.engine.last_commit()?,
    };
    store.close();
    let damaged = free_name(dir);
    fs::rename(&files, &damaged).and_then(|()| fs::rename(&new, &files)).map_err(io)?;
    fs::remove_dir_all(&work).map_err(io)?;
    Manifest::create(dir, noted)?;
    Ok(RepairReport { rows, told, damaged })
}

fn free_name(dir: &Path) -> PathBuf {
    let mut names = (1..).map(|number| dir.join(format!("store.damaged-{number}")));
    names.find(|name| !name.exists()).unwrap_or_else(|| dir.join("store.damaged"))
}

/// Opens the new store and makes its tables agree with each other.
fn open_and_mend(
    path: &Path,
    cache: usize,
    id: Option<Uuid>,
    told: &mut Vec<String>,
) -> Result<Store, StoreError> {
    let engine = Engine::open(path, cache)?;
    let snapshot = engine.snapshot()?;
    if snapshot.get(Table::Meta, b"store_id")?.is_none() {
        let known = id.unwrap_or_else(Uuid::new_v4);
        let whence = if id.is_some() {
            "the manifest has it"
        } else {
            "a new one was made, so everything is published again"
        };
        told.push(format!("the store's id: {whence}"));
        let mut batch = Batch::default();
        batch.put(Table::Meta, *b"store_id", *known.as_bytes());
        batch.put(Table::Meta, *b"format", FORMAT.to_be_bytes());
        engine.commit_first(batch)?;
    }
    drop(snapshot);
    let mut writer = ChangeWriter { engine: engine.clone(), batch: Batch::default(), count: 0 };
    mend_names(&mut writer, told)?;
    mend_queue(&mut writer, told)?;
    mend_letters(&mut writer, told)?;
    writer.flush()?;
    mend_outbox(&engine, told)?;
    Store::identify(engine, None, None)
}

/// Writes changes in batches.
struct ChangeWriter {
    engine: Engine,
    batch: Batch,
    count: usize,
}

impl ChangeWriter {
    fn change(&mut self, change: impl FnOnce(&mut Batch)) -> Result<(), StoreError> {
        change(&mut self.batch);
        self.count += 1;
        if self.count.is_multiple_of(BATCH_CHANGES) { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() { Ok(()) } else { self.engine.commit_first(batch) }
    }
}

/// Removes aliases of articles that are lost, and makes missing aliases of the others again.
fn mend_names(writer: &mut ChangeWriter, told: &mut Vec<String>) -> Result<(), StoreError> {
    let (snapshot, mut gone, mut back) = (writer.engine.snapshot()?, 0, 0);
    for row in snapshot.from(Table::Aliases, &[]) {
        let (key, id) = row?;
        if snapshot.get(Table::Articles, &id)?.is_none() {
            gone += 1;
            writer.change(|batch| batch.delete(Table::Aliases, key))?;
        }
    }
    for row in snapshot.from(Table::Articles, &[]) {
        let (id, value) = row?;
        for alias in articles::decode(&value)?.aliases {
            if snapshot.get(Table::Aliases, &alias)?.is_none() {
                back += 1;
                writer.change(|batch| batch.put(Table::Aliases, alias, id.clone()))?;
            }
        }
    }
    if gone > 0 {
        told.push(format!(
            "{gone} names of articles that are lost: these articles come again under new ids"
        ));
    }
    if back > 0 {
        told.push(format!("{back} names were made again of what the articles know"));
    }
    Ok(())
}

/// Removes waiting entries whose document is lost, and documents without an entry.
fn mend_queue(writer: &mut ChangeWriter, told: &mut Vec<String>) -> Result<(), StoreError> {
    let (snapshot, mut owned, mut without, mut alone) =
        (writer.engine.snapshot()?, HashSet::new(), 0, 0);
    for row in snapshot.from(Table::Pending, &[]) {
        let (row, value) = row?;
        let (key, entry) = (entries::decode_key(&row)?, entries::decode(&value)?);
        if entry.document.is_none() {
            continue;
        }
        let document = documents::key_of(&key, &entry);
        if snapshot.get(Table::Documents, &document)?.is_some() {
            owned.insert(document.to_vec());
        } else {
            without += 1;
            writer.change(|batch| batch.delete(Table::Pending, row))?;
        }
    }
    for row in snapshot.from(Table::Documents, &[]) {
        let (key, _) = row?;
        if !owned.contains(&key) {
            alone += 1;
            writer.change(|batch| batch.delete(Table::Documents, key))?;
        }
    }
    if without + alone > 0 {
        told.push(format!(
            "{without} waiting entries whose document is lost, {alone} documents whose entry is"
        ));
    }
    Ok(())
}

/// Removes dead letters of which a part is lost. Whether others are being tried again is not known any
/// more: what is tried once more is found to be there already.
fn mend_letters(writer: &mut ChangeWriter, told: &mut Vec<String>) -> Result<(), StoreError> {
    let (snapshot, mut lost) = (writer.engine.snapshot()?, 0);
    for row in snapshot.from(Table::Letters, &[]) {
        let (key, value) = row?;
        if snapshot.get(Table::LetterBodies, &key)?.is_none() {
            lost += 1;
            writer.change(|batch| batch.delete(Table::Letters, key))?;
            continue;
        }
        let mut facts = letters::decode_facts(&value)?;
        if facts.retried.take().is_some() {
            writer.change(|batch| batch.put(Table::Letters, key, json(&facts)))?;
        }
    }
    for row in snapshot.from(Table::LetterBodies, &[]) {
        let (key, _) = row?;
        if snapshot.get(Table::Letters, &key)?.is_none() {
            lost += 1;
            writer.change(|batch| batch.delete(Table::LetterBodies, key))?;
        }
    }
    if lost > 0 {
        told.push(format!("{lost} dead letters of which a part cannot be read"));
    }
    Ok(())
}

/// Numbers a damaged outbox anew, so that it goes on from the last acknowledged record without
/// gaps.
fn mend_outbox(engine: &Engine, told: &mut Vec<String>) -> Result<(), StoreError> {
    let snapshot = engine.snapshot()?;
    if outbox::verify(&snapshot).is_ok() {
        return Ok(());
    }
    let mut rows = Vec::new();
    for row in snapshot.from(Table::Outbox, &[]) {
        let (key, value) = row?;
        rows.push(outbox::decode(&key, &value)?.0);
    }
    drop(snapshot);
    let (words, batch) = outbox::renumber(engine, rows)?;
    told.push(words);
    engine.commit_first(batch)
}
