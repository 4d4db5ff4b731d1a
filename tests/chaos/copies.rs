//! Copies of `data_dir`: a second process on one, and damaged ones.
//!
//! A damaged copy must be refused with words or be whole. It runs with a file as its sink, so that
//! nothing it does reaches the topics; an article that they already had under another id was minted
//! silently.

use std::{
    collections::HashMap,
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    processes::{self, Setup},
    rng::Rng,
    topics::{Arrived, Record},
};

/// How long a second process and one on a damaged copy run.
pub(crate) const TWIN: Duration = Duration::from_secs(15);
const DAMAGED: Duration = Duration::from_secs(8);

/// What became of a damaged copy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Refused, with words.
    Refused,
    /// Nothing is missing.
    Whole,
    /// Older than the topics: a daemon with Kafka stops before it publishes.
    Behind,
    /// What must not be, with an example.
    Wrong(String),
}

/// Copies a data directory that no process has open.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::remove_dir_all(to).ok();
    for (path, _) in files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&path, target).unwrap();
    }
}

/// All files below a folder with their sizes, sorted.
fn files(dir: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push((entry.path(), entry.metadata().unwrap().len()));
        }
    }
    found.sort();
    found
}

/// Damages one file of a copy; says how.
pub(crate) fn damage(copy: &Path, rng: &mut Rng) -> String {
    // Neither bytes that were kept to look at, nor locks, are the store.
    let mut files = files(copy);
    files.retain(|(path, _)| {
        !path.ends_with("lock") && !path.to_string_lossy().contains("/deadletters/")
    });
    let how = rng.below(5);
    if how < 3 {
        files.retain(|file| file.1 > 0);
    }
    let (path, _) = &files[rng.index(files.len())];
    let mut bytes = fs::read(path).unwrap();
    // Journals are made larger than what is in them.
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(bytes.len(), |at| at + 1).max(1);
    let name = path.strip_prefix(copy).unwrap().display();
    let said = match how {
        0 => {
            let (at, bit) = (rng.index(used), rng.below(8));
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of byte {at} of {used} flipped in {name}")
        }
        1 => {
            let at = rng.index(used);
            let end = bytes.len().min(at + 4096);
            bytes[at..end].fill(0);
            format!("a page of zeros at {at} of {used} in {name}")
        }
        2 => {
            let at = rng.index(used);
            bytes.truncate(at);
            format!("cut at {at} of {used}: {name}")
        }
        3 => {
            bytes.clear();
            format!("emptied: {name}")
        }
        _ => {
            fs::remove_file(path).unwrap();
            return format!("deleted: {name}");
        }
    };
    fs::write(path, bytes).unwrap();
    said
}

/// Checks a damaged copy, and lets nashra run on another one like it, since a check could mend what
/// it finds.
pub(crate) fn judge(setup: &Setup, damaged: &Path, known: &Arrived) -> Verdict {
    let (file, again) = (setup.dir.join("damaged.jsonl"), setup.dir.join("damaged-run"));
    fs::remove_file(&file).ok();
    copy(damaged, &again);
    let (said, refused, mut wrong) = check(setup, damaged);

    let config = setup.config("damaged", &again, Some(&file));
    let length = format!("{}s", DAMAGED.as_secs());
    let mut child = setup.spawn(
        &["run", "-c", config.to_str().unwrap(), "--for", &length, "--poll-now"],
        "damaged.log",
    );
    let ended = processes::wait(&mut child, DAMAGED + Duration::from_secs(30));
    processes::end(child);
    if ended.is_none() {
        wrong.push("the daemon did not end when its time was over".to_owned());
    }
    let minted = minted(&file, &known.articles);
    let behind = minted.is_some() && tail(&said).is_some_and(|tail| tail < known.seq.1);
    wrong.extend(minted.filter(|_| !behind));
    if !wrong.is_empty() {
        return Verdict::Wrong(format!("{}; state check: {said}", wrong.join("; ")));
    }
    if behind {
        return Verdict::Behind;
    }
    // Where the check alone refuses, it is stricter than the daemon: that is no harm.
    if refused || ended.is_some_and(|ended| !ended.success()) {
        Verdict::Refused
    } else {
        Verdict::Whole
    }
}

/// What `state check` says, whether it refused, and what of that must not be.
fn check(setup: &Setup, damaged: &Path) -> (String, bool, Vec<String>) {
    let config = setup.config("damaged-check", damaged, None);
    let before = fingerprints(damaged);
    let check = Command::new(&setup.program)
        .args(["state", "check", "-c", config.to_str().unwrap()])
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&check.stderr).into_owned();
    let mut wrong = Vec::new();
    if words.contains("panicked") || check.status.code().is_none() {
        wrong.push(format!("state check ended with {}", check.status));
    }
    if !check.status.success() && words.trim().is_empty() {
        wrong.push("state check refused without a word".to_owned());
    }
    let after = fingerprints(damaged);
    if let Some((file, _)) = before.iter().find(|(path, bytes)| after.get(*path) != Some(bytes)) {
        wrong
            .push(format!("state check changed {}", file.strip_prefix(damaged).unwrap().display()));
    }
    (String::from_utf8_lossy(&check.stdout).into_owned() + &words, !check.status.success(), wrong)
}

/// The newest number of the store, by what `state check` says: those acknowledged and those that
/// wait.
fn tail(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("acknowledged"))?;
    let before =
        |word: &str| line.split(word).next()?.split_whitespace().last()?.parse::<u64>().ok();
    Some(before(" records wait")? + before(" acknowledged")?)
}

/// An article that was known by another id.
fn minted(file: &Path, known: &HashMap<String, (u32, String)>) -> Option<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let records =
        text.lines().filter_map(|line| Some(Record::of_value(&serde_json::from_str(line).ok()?)));
    records.filter(|record| record.revision > 0).find_map(|record| {
        known
            .get(&record.url)
            .filter(|known| known.1 != record.id)
            .map(|known| format!("{} was {} and became {}", record.url, known.1, record.id))
    })
}

/// A hash of each file; but of locks, which say who was there last.
fn fingerprints(dir: &Path) -> HashMap<PathBuf, u64> {
    let hashed = |path: PathBuf| {
        let mut hasher = DefaultHasher::new();
        fs::read(&path).unwrap().hash(&mut hasher);
        (path, hasher.finish())
    };
    files(dir)
        .into_iter()
        .map(|file| file.0)
        .filter(|path| !path.ends_with("lock"))
        .map(hashed)
        .collect()
}
