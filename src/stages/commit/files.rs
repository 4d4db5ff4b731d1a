//! Files with the bytes of dead letters, below `data_dir`: one folder a day, within a budget.
//!
//! What must stay true: after each write the files are within the budget, whatever was written. A
//! page that unpacks to a thousand times what was sent takes no more disk than its share.

use std::{
    collections::VecDeque,
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::traces::Traces;
use crate::model::candidate::DeadPage;

/// Bytes of one body that are kept: enough to see what it was.
const LARGEST: usize = 4 << 20;
/// zstd's fastest ordinary level.
const LEVEL: i32 = 1;
/// A file takes whole blocks of the disk.
const BLOCK: u64 = 4096;

/// Keeps bytes that could not be read; clones share the budget.
#[derive(Debug, Clone)]
pub struct DeadLetterFiles {
    dir: Option<PathBuf>,
    budget: u64,
    /// `None` until the first use.
    kept: Arc<Mutex<Option<KeptFiles>>>,
}

/// The files, oldest first, with the disk that they take.
#[derive(Debug, Default)]
struct KeptFiles {
    files: VecDeque<(PathBuf, u64)>,
    total: u64,
}

impl DeadLetterFiles {
    /// Below `data_dir`; `budget` is in bytes. Without a directory nothing is kept.
    #[must_use]
    pub fn new(data_dir: Option<&Path>, budget: u64) -> Self {
        Self {
            dir: data_dir.map(|data_dir| data_dir.join("deadletters")),
            budget,
            kept: Arc::default(),
        }
    }

    /// Writes the bytes to a file and returns its path. A failure is logged, and the dead letter is
    /// published without a file.
    pub(super) fn keep(&self, dead: &mut DeadPage) -> Option<String> {
        let bytes = dead.bytes.take()?;
        let dir = self.dir.as_ref()?;
        let path = dir
            .join(dead.at.format("%Y-%m-%d").to_string())
            .join(format!("{}.zst", Uuid::now_v7()));
        match self.write(dir, &path, &bytes[..bytes.len().min(LARGEST)]) {
            Ok(true) => Some(path.display().to_string()),
            Ok(false) => None,
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "the bytes of a dead letter could not be kept");
                None
            }
        }
    }

    /// Keeps the whole value of a record that the sink does not take: durable when it returns. A
    /// record that was kept before, under the same name, is written to the same file.
    pub(crate) async fn keep_record(
        &self,
        name: &str,
        at: DateTime<Utc>,
        value: &[u8],
    ) -> std::io::Result<Option<String>> {
        let Some(dir) = self.dir.clone() else { return Ok(None) };
        let name = format!("{}.json.zst", name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
        let path = dir.join(at.format("%Y-%m-%d").to_string()).join(name);
        let (files, value) = (self.clone(), value.to_vec());
        let work = move || {
            let written = files.write(&dir, &path, &value)?;
            if written {
                fs::File::open(&path)?.sync_all()?;
            }
            Ok(written.then(|| path.display().to_string()))
        };
        tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
    }

    /// Writes a file; returns whether it was written, which it is not if it is larger than the
    /// whole budget.
    fn write(&self, dir: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<bool> {
        let packed = zstd::bulk::compress(bytes, LEVEL)?;
        let size = on_disk(packed.len() as u64);
        if size > self.budget {
            return Ok(false);
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get_or_insert_with(|| KeptFiles::find(dir));
        kept.forget_one(path);
        kept.forget(|kept| kept.total + size > self.budget)?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path.parent().unwrap_or(dir))?;
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        // The file counts from here on, even if writing it fails.
        kept.files.push_back((path.to_owned(), size));
        kept.total += size;
        file.write_all(&packed)?;
        Ok(true)
    }

    /// Removes the files that are of an article that is erased; returns how many. One that cannot be
    /// read is left, and goes with its day.
    pub(super) fn erase(&self, traces: &Traces) -> usize {
        let Some(dir) = &self.dir else { return 0 };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get_or_insert_with(|| KeptFiles::find(dir));
        let is_of = |path: &Path| {
            path.file_name().is_some_and(|name| traces.name(&name.to_string_lossy()))
                || unpack(path).is_ok_and(|bytes| traces.are_in(&bytes))
        };
        let found: Vec<PathBuf> =
            kept.files.iter().map(|(path, _)| path).filter(|path| is_of(path)).cloned().collect();
        for path in &found {
            kept.forget_one(path);
        }
        found.len()
    }

    /// Removes the files of the days before `oldest` (a name such as `2026-11-24`).
    pub fn sweep(&self, oldest: &str) -> std::io::Result<()> {
        let Some(dir) = &self.dir else { return Ok(()) };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get_or_insert_with(|| KeptFiles::find(dir));
        let first = |kept: &KeptFiles| {
            kept.files.front().and_then(|(path, _)| {
                Some(path.parent()?.file_name()?.to_string_lossy().into_owned())
            })
        };
        kept.forget(|kept| first(kept).is_some_and(|day| day.as_str() < oldest))
    }
}

impl KeptFiles {
    /// The files that earlier runs left. A folder that cannot be read counts as empty.
    fn find(dir: &Path) -> Self {
        let inside =
            |dir: &Path| fs::read_dir(dir).into_iter().flatten().flatten().map(|file| file.path());
        // Days and names are in the order of time.
        let mut files: Vec<PathBuf> =
            inside(dir).flat_map(|day| inside(&day).collect::<Vec<_>>()).collect();
        files.sort();
        let size = |path: PathBuf| {
            fs::symlink_metadata(&path)
                .ok()
                .filter(fs::Metadata::is_file)
                .map(|metadata| (path, on_disk(metadata.len())))
        };
        let files: VecDeque<_> = files.into_iter().filter_map(size).collect();
        let total = files.iter().map(|(_, size)| size).sum();
        Self { files, total }
    }

    /// Removes a file that is written again.
    fn forget_one(&mut self, path: &Path) {
        if let Some(place) = self.files.iter().rposition(|(kept, _)| kept == path)
            && let Some((path, size)) = self.files.remove(place)
        {
            self.total -= size;
            // The file may be gone already. If it cannot be removed, creating it anew fails.
            fs::remove_file(path).ok();
        }
    }

    /// Removes the oldest files while `more` says so, and the folders of days that are empty.
    fn forget(&mut self, more: impl Fn(&Self) -> bool) -> std::io::Result<()> {
        while more(self)
            && let Some((path, size)) = self.files.pop_front()
        {
            self.total -= size;
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                // A day that is not empty stays.
                _ => drop(path.parent().map(fs::remove_dir)),
            }
        }
        Ok(())
    }
}

fn unpack(path: &Path) -> std::io::Result<Vec<u8>> {
    zstd::stream::decode_all(fs::File::open(path)?)
}

fn on_disk(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK).max(1) * BLOCK
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn dead(day: i64, bytes: Vec<u8>) -> DeadPage {
        let at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(day);
        DeadPage { reason: "page", error: String::new(), bytes: Some(bytes.into()), at }
    }

    /// What no compression makes smaller.
    fn noise(bytes: u64) -> Vec<u8> {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56).try_into().unwrap()
        };
        (0..bytes).map(|_| next()).collect()
    }

    fn sizes(dir: &Path) -> Vec<u64> {
        KeptFiles::find(&dir.join("deadletters")).files.into_iter().map(|(_, size)| size).collect()
    }

    #[test]
    fn the_budget_holds_after_each_write_also_for_what_an_earlier_run_left() {
        let dir = tempfile::tempdir().unwrap();
        for run in 0..2 {
            let files = DeadLetterFiles::new(Some(dir.path()), 10 * BLOCK);
            for day in 0..20 {
                let at = files.keep(&mut dead(20 * run + day, noise(3 * BLOCK - 100))).unwrap();
                assert!(Path::new(&at).exists());
                assert!(sizes(dir.path()).iter().sum::<u64>() <= 10 * BLOCK);
            }
        }
        assert_eq!(
            fs::read_dir(dir.path().join("deadletters")).unwrap().count(),
            3,
            "days that are empty go"
        );
        assert!(
            DeadLetterFiles::new(Some(dir.path()), BLOCK)
                .keep(&mut dead(1, noise(2 * BLOCK)))
                .is_none()
        );
    }

    #[test]
    fn what_unpacks_to_a_thousand_times_what_was_sent_takes_a_block_and_is_cut() {
        let dir = tempfile::tempdir().unwrap();
        let at = DeadLetterFiles::new(Some(dir.path()), 1 << 20)
            .keep(&mut dead(1, vec![b'x'; 20 << 20]))
            .unwrap();
        assert_eq!(sizes(dir.path()), [BLOCK]);
        assert_eq!(zstd::decode_all(fs::File::open(at).unwrap()).unwrap(), vec![b'x'; LARGEST]);
    }

    #[test]
    fn old_days_are_swept() {
        let dir = tempfile::tempdir().unwrap();
        let files = DeadLetterFiles::new(Some(dir.path()), 1 << 20);
        for day in 0..3 {
            files.keep(&mut dead(day, b"x".to_vec())).unwrap();
        }
        files.sweep("1970-01-03").unwrap();
        assert_eq!(fs::read_dir(dir.path().join("deadletters")).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn files_of_an_erased_article_are_removed_and_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let files = DeadLetterFiles::new(Some(dir.path()), 1 << 20);
        let page = |at: &str| format!("<a href='https://h.example{at}'>").into_bytes();
        let kept = files.keep(&mut dead(1, page("/news/item-12"))).unwrap();
        let other = files.keep(&mut dead(1, page("/news/item-123"))).unwrap();
        let id = Uuid::now_v7();
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let record = files.keep_record(&format!("{id}/2"), at, b"{}").await.unwrap().unwrap();
        // Files of an earlier run count, too.
        let files = DeadLetterFiles::new(Some(dir.path()), 1 << 20);
        let traces =
            Traces::new(id, ["https://h.example/news/item-12"].into_iter(), [].into_iter());
        assert_eq!(files.erase(&traces), 2);
        let there = [kept, other, record].map(|path| Path::new(&path).exists());
        assert_eq!(there, [false, true, false]);
    }
}
