//! Checks a store: reads every row, and compares the tables that refer to each other.
//!
//! What must stay true: a check changes nothing. The engine cuts journals, removes files and sorts
//! tables when it opens them, so the check opens a copy. Every problem of the files is reported,
//! not only the first.

use std::{collections::HashSet, fs, path::Path};

use uuid::Uuid;

use super::{
    SeenEntry, Store, StoreError, added, articles, copy, documents, editions,
    engine::{Engine, Table, inspect},
    entries,
    folder::lock,
    letters, manifest, outbox, pauses, polls, stories, subscriptions, texts, topics, visits,
};

/// How the names of copies begin.
const COPY: &str = ".check-";

/// A store that was found sound.
#[derive(Debug)]
pub struct CheckReport {
    /// The id of the store.
    pub id: Uuid,
    /// The rows of each table.
    pub rows: Vec<(&'static str, u64)>,
    /// The number of records that wait in the outbox, and their bytes.
    pub waiting: (u64, u64),
    /// The last acknowledged record and its epoch.
    pub acked: (u64, u64),
}

/// Checks the store of a data directory that no daemon runs on. Nothing in it is changed.
///
/// # Errors
/// Every problem of the files that was found, or what else is wrong.
pub fn check(dir: &Path, cache: usize) -> Result<CheckReport, Vec<StoreError>> {
    let one = |error: StoreError| vec![error];
    let _lock = lock(dir, false).map_err(one)?;
    // The copy is made beside the store, so that files can be linked; elsewhere where nothing may
    // be written there.
    forget_copies(dir);
    let near = tempfile::Builder::new().prefix(COPY).tempdir_in(dir);
    let temporary = near.or_else(|_| tempfile::tempdir());
    let temporary =
        temporary.map_err(|source| one(StoreError::Io { path: dir.to_owned(), source }))?;
    let (noted, files, copied) =
        (manifest::load(dir).map_err(one)?, dir.join("store"), temporary.path().join("store"));
    if !files.exists() {
        return Err(one(StoreError::broken(&files, "there is no store")));
    }
    copy::store(&files, &copied, copy::CopyMode::Linked).map_err(one)?;
    // Errors name the files themselves, not those of the copy.
    let named = |error: StoreError| match error {
        StoreError::Broken { path, what } => match path.strip_prefix(&copied) {
            Ok(inside) => StoreError::Broken { path: files.join(inside), what },
            Err(_) => StoreError::Broken { path, what },
        },
        error => error,
    };
    let mut inspected =
        inspect(&copied, noted.map(|noted| noted.least())).map_err(named).map_err(one)?;
    let damaged: Vec<StoreError> = inspected.verify().collect();
    inspected.problems.extend(damaged);
    if !inspected.problems.is_empty() {
        return Err(inspected.problems.into_iter().map(named).collect());
    }
    // An incomplete end of a journal, which a crash leaves, is no damage. The copy is opened as the
    // store would be.
    let open = || {
        inspected.mend()?;
        Store::identify(Engine::open(&copied, cache)?, None, None)
    };
    let store = open().map_err(named).map_err(one)?;
    if let Some(noted) = noted.filter(|noted| noted.store != store.id()) {
        return Err(one(noted.names_another(dir, store.id())));
    }
    store.check().map_err(one)
}

/// Removes the copies of checks that were killed, because they take space unnoticed.
fn forget_copies(dir: &Path) {
    for left in fs::read_dir(dir).into_iter().flatten().flatten() {
        if left.file_name().to_string_lossy().starts_with(COPY)
            && let Err(error) = fs::remove_dir_all(left.path())
        {
            tracing::debug!(%error, path = %left.path().display(), "a copy that a check has left cannot be removed");
        }
    }
}

impl Store {
    /// Reads every row of every table, and names what is damaged.
    pub fn check(&self) -> Result<CheckReport, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let (mut rows, mut with_documents) = (Vec::new(), HashSet::new());
        for (name, table) in TABLES {
            let mut count = 0;
            for row in snapshot.from(table, &[]) {
                let (key, value) = row?;
                decode(table, &key, &value)?;
                match table {
                    Table::Pending => {
                        let (key, entry) = (entries::decode_key(&key)?, entries::decode(&value)?);
                        with_documents.extend(
                            entry.document.is_some().then(|| documents::key_of(&key, &entry)),
                        );
                    }
                    Table::Aliases if snapshot.get(Table::Articles, &value)?.is_none() => {
                        return Err(StoreError::damaged(
                            "aliases",
                            "an article that a name leads to is missing",
                        ));
                    }
                    _ => {}
                }
                count += 1;
                if count % 1024 == 0 && self.engine.is_wanted() {
                    return Err(StoreError::Engine(
                        "the files are being reopened after an error; ask again later".to_owned(),
                    ));
                }
            }
            rows.push((name, count));
        }
        rows.push(("documents", documents::verify(&snapshot, with_documents)?));
        letters::verify(&snapshot)?;
        let (acked, tail) = outbox::verify(&snapshot)?;
        let waiting = (tail.seq.saturating_sub(acked.seq), tail.total.saturating_sub(acked.total));
        Ok(CheckReport { id: self.id(), rows, waiting, acked: (acked.seq, acked.epoch) })
    }
}

const TABLES: [(&str, Table); 18] = [
    ("sources", Table::Sources),
    ("topics", Table::Topics),
    ("subscriptions", Table::Subscriptions),
    ("seen", Table::Seen),
    ("listed", Table::Listed),
    ("pending", Table::Pending),
    ("aliases", Table::Aliases),
    ("articles", Table::Articles),
    ("outbox", Table::Outbox),
    ("added", Table::Added),
    ("texts", Table::Texts),
    ("stories", Table::Stories),
    ("text_keys", Table::TextKeys),
    ("letters", Table::Letters),
    ("visits", Table::Visits),
    ("pauses", Table::Pauses),
    ("editions", Table::Editions),
    ("deliveries", Table::Deliveries),
];

/// Checks that one row can be decoded.
pub(super) fn decode(table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    match table {
        Table::Sources => drop(polls::decode_facts(value)?),
        Table::Topics => drop(topics::decode(value)?),
        Table::Added => drop(added::decode(value)?),
        Table::Subscriptions => drop(subscriptions::decode(value)?),
        Table::Seen => drop(SeenEntry::decode(value)?),
        Table::Pending => drop((entries::decode_key(key)?, entries::decode(value)?)),
        Table::Texts => drop(stories::decode_text(key, value)?),
        Table::Stories => drop(stories::decode_story(value)?),
        Table::TextKeys => drop(texts::decode(value)?),
        Table::Pauses => drop(pauses::decode(value)?),
        Table::Articles => drop(articles::decode(value)?),
        Table::Outbox => drop(outbox::decode(key, value)?),
        Table::Documents => drop(documents::unpack(value)?),
        Table::Letters => drop(letters::decode_facts(value)?),
        Table::LetterBodies => letters::decode_body(value)?,
        Table::Editions => editions::verify(key, value)?,
        Table::Deliveries => drop(outbox::decode_delivery(value)?),
        Table::Visits => drop(visits::decode(value)?),
        Table::Meta | Table::Listed | Table::Aliases => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_check_that_was_killed_has_left_goes_with_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        Store::open(dir.path(), 1 << 20).unwrap().close();
        let (left, others) =
            (dir.path().join(".check-killed/store"), dir.path().join("check-of-mine"));
        fs::create_dir_all(&left).unwrap();
        fs::create_dir(&others).unwrap();
        fs::write(left.join("0.jnl"), b"x").unwrap();
        check(dir.path(), 1 << 20).unwrap();
        assert!(!left.exists() && others.exists());
        let names: Vec<String> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(!names.iter().any(|name| name.starts_with(COPY)), "{names:?}");
    }
}
