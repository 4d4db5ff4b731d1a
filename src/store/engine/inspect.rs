//! Looks whether the files fit together, before the engine opens them and without changing any.
//!
//! The engine takes what it finds: it makes a new table where `current` is missing, and a new
//! database where `version` is, cuts a journal at the first damaged byte, and knows nothing of a
//! journal that was deleted. So all of that is asked here: each table's files against its version,
//! the journals byte by byte, and the numbers of the commits (`marks`) in tables, journals and the
//! manifest against each other.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use lsm_tree::{AbstractTree as _, AnyTree, Cache, SeqNo, SequenceNumberCounter};

use super::{
    TABLES, Table, journal,
    marks::{COMMITS, Commits, MARK, decode_mark},
    versions::{self, Part},
};
use crate::store::StoreError;

/// What the manifest says that there must be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ManifestMinimum {
    pub(crate) tables: usize,
    pub(crate) commit: u64,
}

/// The result of an inspection.
#[derive(Default)]
pub(crate) struct Inspection {
    /// The contradictions that were found.
    pub(crate) problems: Vec<StoreError>,
    /// Half a batch at the end of the last journal, as a crash leaves it: the file and what of it
    /// counts.
    pub(crate) tear: Option<(PathBuf, u64)>,
    /// What a first start left that did not come to its end: nothing was ever in it, and the engine
    /// stumbles over it.
    unborn: Vec<PathBuf>,
    /// The tables' files.
    parts: Vec<Part>,
}

impl Inspection {
    /// Computes the checksum of each of the tables' files.
    pub(crate) fn verify(&self) -> impl Iterator<Item = StoreError> + '_ {
        self.parts.iter().filter_map(|part| part.verify().err())
    }

    /// Cuts off what a crash has left at the end of the last journal, and takes away what a first
    /// start has left, so that the engine does not stumble over it.
    pub(crate) fn mend(&self) -> Result<(), StoreError> {
        for path in &self.unborn {
            let removed =
                if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            removed.map_err(|source| StoreError::Io { path: path.clone(), source })?;
        }
        let Some((path, length)) = &self.tear else { return Ok(()) };
        let io = |source| StoreError::Io { path: path.clone(), source };
        let file = fs::OpenOptions::new().write(true).open(path).map_err(io)?;
        file.set_len(*length).and_then(|()| file.sync_all()).map_err(io)
    }
}

/// Looks at the files of a store; without a manifest it may be one that an older program left, or
/// none yet.
pub(crate) fn inspect(
    store: &Path,
    expected: Option<ManifestMinimum>,
) -> Result<Inspection, StoreError> {
    let mut found = Inspection::default();
    let folders = folders(store)?;
    let whole =
        folders.iter().filter(|(id, path)| *id != 0 && path.join("current").is_file()).count();
    if expected.is_none() && whole == 0 {
        unborn(store, &mut found)?;
        return Ok(found);
    }
    if !store.exists() {
        found.problems.push(StoreError::broken(store, "it is missing"));
        return Ok(found);
    }
    let sound = files(store, folders, expected, whole, &mut found);
    let tables =
        if found.problems.is_empty() { Tables::load(store, &sound).map(Some) } else { Ok(None) };
    let tables = tables.unwrap_or_else(|problem| {
        found.problems.push(problem);
        None
    });
    let journals = Journals::load(store, &mut found)?;
    journals.compare(store, tables.as_ref(), expected, &mut found);
    Ok(found)
}

/// Whether the tables hold everything up to this commit by themselves, so that no journal is needed.
pub(super) fn hold_alone(store: &Path, commit: u64) -> Result<(), StoreError> {
    let mut found = Inspection::default();
    let tables = Tables::load(store, &folders(store)?)?;
    tables.hold(tables.commits.after(), &mut found);
    match found.problems.pop() {
        Some(problem) => Err(problem),
        None if tables.commits.number == commit => Ok(()),
        None => Err(StoreError::broken(store, format!("commit {commit} is in no table"))),
    }
}

/// There is no table and no manifest: the first start did not come to its end, unless a journal
/// holds something.
fn unborn(store: &Path, found: &mut Inspection) -> Result<(), StoreError> {
    if !store.exists() {
        return Ok(());
    }
    for path in journal::all(store)? {
        let bytes = journal::read_file(&path)?;
        if journal::batch(&bytes, 0).is_some() || journal::next(&bytes, 0).is_some() {
            found.problems.push(StoreError::broken(
                &store.join("keyspaces"),
                format!("no table is there, and {} has rows", path.display()),
            ));
        }
        found.unborn.push(path);
    }
    found.unborn.extend(
        [store.join("version"), store.join("keyspaces")].into_iter().filter(|path| path.exists()),
    );
    Ok(())
}

/// Whether all files are there that must be; the folders of the tables that are sound.
fn files(
    store: &Path,
    folders: Vec<(u64, PathBuf)>,
    expected: Option<ManifestMinimum>,
    whole: usize,
    found: &mut Inspection,
) -> Vec<(u64, PathBuf)> {
    let mut say = |problem: StoreError| found.problems.push(problem);
    if !store.join("version").is_file() {
        say(StoreError::broken(&store.join("version"), "it is missing"));
    }
    if let Some(expected) = expected.filter(|expected| whole < expected.tables) {
        let missing = folders.iter().filter(|(_, path)| !path.join("current").is_file());
        let missing: Vec<String> = missing.map(|(id, _)| id.to_string()).collect();
        let which = if missing.is_empty() {
            String::new()
        } else {
            format!("; `current` is missing in {}", missing.join(", "))
        };
        say(StoreError::broken(
            &store.join("keyspaces"),
            format!("of {} tables {whole} are there{which}", expected.tables),
        ));
    }
    if !folders.iter().any(|(id, _)| *id == 0) {
        say(StoreError::broken(&store.join("keyspaces/0"), "the list of the tables is missing"));
    }
    let mut sound = Vec::new();
    for (id, folder) in folders {
        // A folder without any is a table whose making did not come to its end.
        if !folder.join("current").is_file() && id != 0 && is_empty(&folder.join("tables")) {
            continue;
        }
        match versions::parts(&folder) {
            Ok(parts) => {
                parts.iter().filter_map(|part| part.is_there().err()).for_each(&mut say);
                found.parts.extend(parts);
                sound.push((id, folder));
            }
            Err(problem) => say(problem),
        }
    }
    sound
}

/// The folders of the tables, by their numbers.
pub(super) fn folders(store: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let path = store.join("keyspaces");
    let entries = match fs::read_dir(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(|source| StoreError::Io { path, source })?,
    };
    let id = |path: PathBuf| Some((path.file_name()?.to_str()?.parse().ok()?, path));
    let mut found: Vec<(u64, PathBuf)> =
        entries.flatten().filter_map(|entry| id(entry.path())).collect();
    found.sort();
    Ok(found)
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none()) || !folder.exists()
}

/// Opens one table's files by themselves, without the journals.
pub(super) fn tree(folder: &Path, cache: &Arc<Cache>) -> Result<AnyTree, StoreError> {
    let counter = SequenceNumberCounter::default;
    let open =
        || lsm_tree::Config::new(folder, counter(), counter()).use_cache(Arc::clone(cache)).open();
    guarded(folder, || open().map_err(|error| StoreError::broken(folder, error)))
}

/// What a reader of damaged files does is an error, also where it is a panic.
pub(super) fn guarded<T>(
    path: &Path,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(StoreError::broken(path, "the engine cannot read it")))
}

/// The name of each table by the number of its folder.
pub(super) fn name(list: &AnyTree, id: u64) -> Result<Option<String>, lsm_tree::Error> {
    let key = [&b"n"[..], &id.to_be_bytes()].concat();
    Ok(list.get(key, SeqNo::MAX)?.and_then(|list| String::from_utf8(list.to_vec()).ok()))
}

/// What the tables say without the journals.
struct Tables {
    marks: [u64; TABLES.len()],
    commits: Commits,
    folders: Vec<PathBuf>,
}

impl Tables {
    fn load(store: &Path, folders: &[(u64, PathBuf)]) -> Result<Self, StoreError> {
        let cache = Arc::new(Cache::with_capacity_bytes(1 << 20));
        let list = tree(&store.join("keyspaces/0"), &cache)?;
        let mut read = Self {
            marks: [0; TABLES.len()],
            commits: Commits::default(),
            folders: vec![PathBuf::new(); TABLES.len()],
        };
        for (id, folder) in folders.iter().filter(|(id, _)| *id != 0) {
            let name = guarded(folder, || {
                name(&list, *id)
                    .map_err(|error| StoreError::broken(&store.join("keyspaces/0"), error))
            })?;
            let Some(table) = name.and_then(|name| TABLES.iter().position(|table| *table == name))
            else {
                continue;
            };
            let tree = tree(folder, &cache)?;
            let get = |key: &[u8]| {
                guarded(folder, || {
                    tree.get(key, SeqNo::MAX).map_err(|error| StoreError::broken(folder, error))
                })
            };
            read.marks[table] = decode_mark(get(&MARK)?.as_deref())?;
            if table == Table::Meta as usize {
                read.commits = get(COMMITS)?
                    .map_or_else(|| Ok(Commits::default()), |bytes| Commits::decode(&bytes))?;
                read.marks[table] = read.commits.number;
            }
            read.folders[table].clone_from(folder);
        }
        Ok(read)
    }

    /// Whether each table has the commits that it must have.
    fn hold(&self, least: [u64; TABLES.len()], found: &mut Inspection) {
        for (table, least) in least.into_iter().enumerate() {
            let has = self.marks[table];
            if has < least {
                let what = format!(
                    "the table {} ends at commit {has}, and commit {least} is in no journal",
                    TABLES[table]
                );
                found.problems.push(StoreError::broken(&self.folders[table], what));
            }
        }
    }
}

/// What the journals say.
#[derive(Default)]
struct Journals {
    first: Option<Commits>,
    last: Option<Commits>,
    newest: Option<PathBuf>,
}

impl Journals {
    fn load(store: &Path, found: &mut Inspection) -> Result<Self, StoreError> {
        let (mut journals, mut seqno, files) = (Self::default(), None, journal::all(store)?);
        for (index, path) in files.iter().enumerate() {
            let bytes = journal::read_file(path)?;
            let mut at = 0;
            while let Some(batch) = journal::batch(&bytes, at) {
                if seqno.is_some_and(|seqno| batch.seqno <= seqno) {
                    found.problems.push(StoreError::broken(
                        path,
                        format!("the order of its batches is broken at byte {at}"),
                    ));
                }
                seqno = Some(batch.seqno);
                if let Some(commits) = batch.commits {
                    journals.follow(commits, path, found);
                }
                at = batch.end;
            }
            if at < bytes.len() {
                let last = index + 1 == files.len();
                match journal::next(&bytes, at) {
                    Some((next, _)) => {
                        let what = format!(
                            "it is damaged from byte {at} to {next}, and whole commits stand behind"
                        );
                        found.problems.push(StoreError::broken(path, what));
                    }
                    None if last => found.tear = Some((path.clone(), at as u64)),
                    None => found
                        .problems
                        .push(StoreError::broken(path, format!("it is damaged from byte {at} on"))),
                }
            }
        }
        journals.newest = files.into_iter().next_back();
        Ok(journals)
    }

    fn follow(&mut self, commits: Commits, path: &Path, found: &mut Inspection) {
        if let Some(last) = self.last.filter(|last| last.number + 1 != commits.number) {
            let what = format!(
                "commit {} follows commit {}: what was between them is missing",
                commits.number, last.number
            );
            found.problems.push(StoreError::broken(path, what));
        }
        self.first.get_or_insert(commits);
        self.last = Some(commits);
    }

    fn compare(
        &self,
        store: &Path,
        tables: Option<&Tables>,
        expected: Option<ManifestMinimum>,
        found: &mut Inspection,
    ) {
        let newest = self.newest.as_deref().unwrap_or(store);
        let mut end = self.last.map_or(0, |last| last.number);
        if let Some(tables) = tables {
            match self.first {
                Some(first) => tables.hold(first.before(), found),
                None => tables.hold(tables.commits.after(), found),
            }
            let reached = tables.marks.into_iter().max().unwrap_or(0);
            if self.last.is_some() && reached > end {
                found.problems.push(StoreError::broken(
                    newest,
                    format!("it ends at commit {end}, the tables know commit {reached}"),
                ));
            }
            end = end.max(reached);
        }
        if let Some(expected) = expected.filter(|expected| expected.commit > end)
            && (tables.is_some() || self.last.is_some())
        {
            let what = format!(
                "the store ends at commit {end}, the manifest names commit {}: the newest are missing",
                expected.commit
            );
            found.problems.push(StoreError::broken(newest, what));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, check};

    /// What the engine has made when it is killed in the first start, in the order in which it
    /// makes it.
    const MADE: [&str; 5] = ["lock", "keyspaces/", "0.jnl", "version", "keyspaces/0/tables/"];

    #[test]
    fn a_first_start_that_was_killed_at_any_moment_is_begun_again() {
        for made in 0..=MADE.len() {
            let dir = tempfile::tempdir().unwrap();
            let store = dir.path().join("store");
            fs::create_dir(&store).unwrap();
            for name in &MADE[..made] {
                let path = store.join(name);
                if name.ends_with('/') {
                    fs::create_dir_all(path).unwrap();
                } else {
                    fs::write(path, b"").unwrap();
                }
            }
            check(dir.path(), 1 << 20).unwrap();
            let opened = Store::open(dir.path(), 1 << 20).unwrap();
            let id = opened.id();
            opened.close();
            drop(opened);
            assert_eq!(check(dir.path(), 1 << 20).unwrap().id, id, "{made}");
        }
    }

    #[test]
    fn a_journal_with_rows_and_no_table_is_no_first_start() {
        let dir = tempfile::tempdir().unwrap();
        Store::open(dir.path(), 1 << 20).unwrap().close();
        fs::remove_dir_all(dir.path().join("store/keyspaces")).unwrap();
        fs::remove_file(dir.path().join("manifest")).unwrap();
        assert!(
            Store::open(dir.path(), 1 << 20).unwrap_err().to_string().contains("no table is there")
        );
    }
}
