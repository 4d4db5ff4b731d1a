//! The commands of `nashra state` on real damage: what is told, what is changed, what comes back.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tempfile::{TempDir, tempdir};

use crate::support::{Nashra, Site, command, lines, until};

const FILE: [&str; 2] = ["--sink", "file"];

/// A site with three articles, and a data directory that has them; the daemon was killed.
fn killed() -> (Site, TempDir, String) {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First"), ("two", "Second"), ("three", "Third")]);
    for (slug, title) in [("one", "First"), ("two", "Second"), ("three", "Third")] {
        site.page(slug, title, &format!("{title}, and more."));
    }
    let sources = format!("{}/feed", site.base);
    let nashra = Nashra::run(dir.path(), &sources, &FILE);
    until("the articles are there", || (lines(dir.path()).len() == 3).then_some(()));
    nashra.kill();
    (site, dir, sources)
}

fn state(dir: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    command(dir, &[&["state"], arguments, &["--data-dir", "data"]].concat())
}

fn journal(dir: &Path) -> PathBuf {
    let files = fs::read_dir(dir.join("data/store")).unwrap().flatten().map(|entry| entry.path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "jnl")).max().unwrap()
}

/// Flips a byte in the middle of what stands in a journal.
fn flip(path: &Path) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[end / 2] ^= 1;
    fs::write(path, &bytes).unwrap();
    bytes
}

/// Nothing is polled and nothing is published by a store that is damaged.
fn refused(dir: &Path, sources: &str, words: &str) {
    let before = lines(dir).len();
    let nashra = Nashra::run(dir, sources, &FILE);
    let log = until("it is refused", || {
        Some(nashra.log()).filter(|log| log.contains("nashra state repair"))
    });
    assert!(log.contains(words), "{log}");
    assert_ne!(nashra.wait().code(), Some(0));
    assert_eq!(lines(dir).len(), before);
}

#[test]
fn a_damaged_journal_is_named_and_neither_a_check_nor_a_start_cuts_it() {
    let (_site, dir, sources) = killed();
    let path = journal(dir.path());
    let bytes = flip(&path);
    let (code, _, words) = state(dir.path(), &["check"]);
    assert_eq!(code, Some(1), "{words}");
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(words.contains(&name), "{words}");
    refused(dir.path(), &sources, &name);
    assert!(fs::read(&path).unwrap() == bytes);
    let (code, words, errors) = state(dir.path(), &["repair"]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(words.contains(&name) && words.contains("store.damaged-1"), "{words}");
    assert!(
        fs::read(dir.path().join("data/store.damaged-1").join(path.file_name().unwrap())).unwrap()
            == bytes,
        "it is kept"
    );
    let (code, words, errors) = state(dir.path(), &["check"]);
    assert_eq!(code, Some(0), "{words} {errors}");
    let nashra = Nashra::run(dir.path(), &sources, &FILE);
    nashra.admin();
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_file_that_is_gone_is_never_taken_for_a_new_store() {
    let (_site, dir, sources) = killed();
    let store = dir.path().join("data/store");
    let list = store.join("keyspaces/0/current");
    for path in [
        journal(dir.path()),
        store.join("version"),
        store.join("keyspaces/7/current"),
        list,
        store.join("keyspaces/7"),
    ] {
        let aside = dir.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        let (code, _, words) = state(dir.path(), &["check"]);
        assert_eq!(code, Some(1), "{}: {words}", path.display());
        refused(dir.path(), &sources, "data/store");
        fs::rename(&aside, &path).unwrap();
    }
    let aside = dir.path().join("data/aside");
    fs::rename(&store, &aside).unwrap();
    refused(dir.path(), &sources, "data/store");
    fs::rename(&aside, &store).unwrap();
    let (code, words, errors) = state(dir.path(), &["check"]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(words.contains("articles\t3"), "{words}");
}

#[test]
fn a_running_daemons_export_is_whole_and_a_restore_knows_what_was_published() {
    let (site, dir, sources) = killed();
    let nashra = Nashra::run(dir.path(), &sources, &FILE);
    nashra.admin();
    let (code, words, errors) = state(dir.path(), &["export", "backup"]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(words.contains("rows in"), "{words}");
    assert_ne!(state(dir.path(), &["export", "backup"]).0, Some(0), "nothing is written over");
    assert_eq!(nashra.stop(), Some(0));
    let (code, _, words) = state(dir.path(), &["restore", "backup"]);
    assert!(code == Some(1) && words.contains("there is a store already"), "{words}");
    for name in ["store", "manifest"] {
        fs::rename(dir.path().join("data").join(name), dir.path().join(name)).unwrap();
    }
    let (code, words, errors) = state(dir.path(), &["restore", "backup"]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(words.contains("articles\t3"), "{words}");
    site.feed(
        "/feed",
        &[("one", "First"), ("two", "Second"), ("three", "Third"), ("four", "Fourth")],
    );
    site.page("four", "Fourth", "And this.");
    let nashra = Nashra::run(dir.path(), &sources, &FILE);
    until("the new one is there", || {
        lines(dir.path()).iter().any(|line| line["title"] == "Fourth").then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
    // A file is at least once, so a record may come again; an article that is known keeps its id.
    let ids: BTreeSet<String> =
        lines(dir.path()).iter().map(|line| line["id"].to_string()).collect();
    assert_eq!(ids.len(), 4, "what was published is known");
}

#[test]
fn a_data_directory_is_its_owners_alone() {
    let dir = tempdir().unwrap();
    fs::create_dir(dir.path().join("data")).unwrap();
    fs::set_permissions(dir.path().join("data"), fs::Permissions::from_mode(0o755)).unwrap();
    let nashra = Nashra::run(dir.path(), "http://127.0.0.1:1/feed", &FILE);
    nashra.admin();
    let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    until("all is there", || dir.path().join("data/articles.jsonl").exists().then_some(()));
    assert_eq!(mode(&dir.path().join("data")), 0o700);
    // The engine's own files are in a folder that nobody else enters.
    for path in fs::read_dir(dir.path().join("data")).unwrap().flatten().map(|entry| entry.path()) {
        assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
    assert_eq!(nashra.stop(), Some(0));
    // A link in it leads nowhere.
    fs::write(dir.path().join("other"), "other").unwrap();
    let lock = dir.path().join("data/lock");
    fs::remove_file(&lock).unwrap();
    std::os::unix::fs::symlink("../other", &lock).unwrap();
    assert_ne!(state(dir.path(), &["check"]).0, Some(0));
    assert_eq!(fs::read_to_string(dir.path().join("other")).unwrap(), "other");
}
