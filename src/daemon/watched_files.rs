//! The config's files, looked at now and then: whether one has changed and is whole again.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use crate::config::{Config, Overrides, SourceList};

/// The files that a config is read from.
pub(super) fn watched_files(flags: &Overrides, config: &Config) -> Vec<PathBuf> {
    let lists = config.sources.iter().filter_map(|list| match list {
        SourceList::File(path) => Some(path.clone()),
        SourceList::Url(_) => None,
    });
    flags.config.iter().chain(&config.labels).cloned().chain(lists).collect()
}

/// What is seen of a file without reading it: when it changed, its size, its number. A link is
/// followed, so that one that leads elsewhere is another file.
type FileState = Option<(i64, i64, u64, u64)>;

/// Files that are looked at now and then.
#[derive(Debug)]
pub(super) struct WatchedFiles {
    files: Vec<(PathBuf, FileState)>,
    /// Whether one changed at the last look.
    is_changing: bool,
}

impl WatchedFiles {
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        let files = paths.into_iter().map(|path| {
            let state = file_state(&path);
            (path, state)
        });
        Self { files: files.collect(), is_changing: false }
    }

    /// Looks at all; returns whether one is not as it was.
    pub(super) fn look(&mut self) -> bool {
        self.is_changing = false;
        let mut is_other = false;
        for (path, state) in &mut self.files {
            let now = file_state(path);
            is_other |= now != *state;
            *state = now;
        }
        is_other
    }

    /// Looks at all; returns whether one has changed before the last look and none has since.
    pub(super) fn have_changed(&mut self) -> bool {
        let was_changing = self.is_changing;
        let is_other = self.look();
        self.is_changing = is_other;
        was_changing && !is_other
    }

    /// Looks at these files from now on. What is known of those that were looked at before stays.
    pub(super) fn follow(&mut self, paths: Vec<PathBuf>) {
        let known = std::mem::replace(self, Self::new(paths)).files;
        for (path, state) in &mut self.files {
            if let Some((_, before)) = known.iter().find(|(known, _)| known == path) {
                *state = *before;
            }
        }
    }
}

fn file_state(path: &Path) -> FileState {
    let file = fs::metadata(path).ok()?;
    Some((file.mtime(), file.mtime_nsec(), file.size(), file.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_counts_as_changed_once_it_is_left_alone_and_once() {
        let dir = tempfile::tempdir().unwrap();
        let (config, list) = (dir.path().join("nashra.toml"), dir.path().join("list"));
        fs::write(&config, "a").unwrap();
        let mut files = WatchedFiles::new(vec![config.clone(), list.clone()]);
        assert!(!files.have_changed() && !files.have_changed());
        fs::write(&list, "https://a.example/").unwrap();
        assert!(!files.have_changed(), "it may be under way");
        fs::write(&list, "https://a.example/feed").unwrap();
        assert!(!files.have_changed());
        assert!(files.have_changed());
        assert!(!files.have_changed());
        fs::remove_file(&list).unwrap();
        files.look();
        assert!(!files.have_changed() && !files.have_changed(), "that was read already");
        files.follow(vec![config]);
        fs::write(&list, "https://a.example/").unwrap();
        assert!(!files.have_changed() && !files.have_changed());
    }
}
