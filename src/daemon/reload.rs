//! Reads the config and its lists of sources again while the daemon runs: at SIGHUP, by `nashra
//! reload`, and where `run.watch` says so when one of the files changes.
//!
//! What must stay true: all of it is read and checked before anything changes, and where something is
//! wrong nothing does. Sources are taken over at once; other settings wait for the next start, and
//! are named until then.

use std::{
    fmt, fs, future,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot},
    time::MissedTickBehavior,
};

use super::{list_sizes::ListSizes, lists};
use crate::{
    base::clock::{Clock as _, SystemClock},
    config::{
        Config, Overrides, SourceList, labels,
        sources::{Sources, TopicSource},
    },
    policy::label::Labels,
    stages::{
        commit::LabelRules,
        pages::source_settings::SourcePageSettings,
        schedule::{
            change::ScheduleRequest,
            reload::{BeforePolls, EmptyFile, ReloadOrder, ReloadReport, ReloadRequest},
        },
    },
    store::Store,
    telemetry::metrics,
};

/// How often the files are looked at. One that changed is read when it has not changed since the
/// last look, so that a half-written one is not.
const LOOK: Duration = Duration::from_secs(2);
/// The most sources that a report names.
const MAX_NAMED: usize = 1000;

/// A command to read the config again.
#[derive(Debug)]
pub struct ReloadCommand {
    /// How it is to be done.
    pub order: ReloadOrder,
    /// Where the report goes, or the words that say what is wrong.
    pub answer: oneshot::Sender<Result<Reloaded, String>>,
}

/// With what the config is read again, and when.
#[derive(Debug)]
pub struct ReloadInputs {
    /// The flags that the config was loaded with.
    pub flags: Overrides,
    /// SIGHUP, where it can be taken.
    pub hangups: Option<Signal>,
}

/// From now on SIGHUP does not end the process, and one that comes while the daemon starts is a
/// reload once it has.
#[must_use]
pub fn take_hangups() -> Option<Signal> {
    signal(SignalKind::hangup())
        .inspect_err(|error| tracing::warn!(%error, "SIGHUP cannot be taken"))
        .ok()
}

/// Where a reload takes effect.
#[derive(Debug)]
pub(super) struct ReloadTargets {
    pub(super) changes: mpsc::Sender<ScheduleRequest>,
    pub(super) pages: SourcePageSettings,
    /// Where it is noted how many sources each list gives.
    pub(super) store: Store,
    pub(super) sizes: ListSizes,
    pub(super) labels: LabelRules,
}

/// Reads the config again when it is told to.
#[derive(Debug)]
pub(super) struct Reloader {
    /// The flags that the config was loaded with.
    flags: Overrides,
    /// What the daemon runs with.
    running: Config,
    topics: Vec<TopicSource>,
    targets: ReloadTargets,
    watched: WatchedFiles,
    hangups: Option<Signal>,
}

/// What a reload came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reloaded {
    /// What became of the sources.
    pub sources: ReloadReport,
    /// The number of rules for labels.
    #[serde(default)]
    pub label_rules: usize,
    /// Settings that have another value now than what the daemon runs with; it is used from the
    /// next start on.
    pub waiting: Vec<String>,
}

impl Reloader {
    pub(super) fn new(
        ReloadInputs { flags, hangups }: ReloadInputs,
        (running, topics): (Config, Vec<TopicSource>),
        targets: ReloadTargets,
    ) -> Self {
        let watched = WatchedFiles::new(watched_files(&flags, &running));
        Self { flags, running, topics, targets, watched, hangups }
    }

    /// Runs until it is aborted.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<ReloadCommand>) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = hung_up(&mut self.hangups) => drop(self.reload(ReloadOrder::default(), "SIGHUP").await),
                Some(ReloadCommand { order, answer }) = commands.recv() => {
                    answer.send(self.reload(order, "a command").await).ok();
                }
                _ = looks.tick(), if self.running.run.watch => {
                    if self.watched.have_changed() {
                        drop(self.reload(ReloadOrder::default(), "a changed file").await);
                    }
                }
            }
        }
    }

    /// Reads all again and takes it over.
    async fn reload(
        &mut self,
        order: ReloadOrder,
        cause: &'static str,
    ) -> Result<Reloaded, String> {
        let dry_run = order.dry_run;
        if !dry_run {
            // What is written from here on is another change.
            self.watched.look();
        }
        let outcome = self.take_over(order).await;
        if !dry_run {
            metrics::reloaded(outcome.is_ok(), SystemClock.now());
        }
        match outcome {
            Ok(reloaded) => {
                if !dry_run {
                    let ReloadReport { added, removed, changed, unchanged } = &reloaded.sources;
                    tracing::info!(
                        cause,
                        added = added.len(),
                        removed = removed.len(),
                        changed = changed.len(),
                        unchanged,
                        at_next_start = reloaded.waiting.join(" "),
                        "the config was read again"
                    );
                }
                Ok(reloaded)
            }
            Err(error) => {
                tracing::error!(
                    cause,
                    error,
                    "the config was read again and refused: nothing changed"
                );
                Err(error)
            }
        }
    }

    async fn take_over(&mut self, order: ReloadOrder) -> Result<Reloaded, String> {
        let (mut config, labels) = self.read_config().await?;
        if !order.dry_run {
            // Also those that are wrong now, or not there yet.
            self.watched.follow(watched_files(&self.flags, &config));
        }
        let mut waiting = self.running.changed(&config);
        // The copies of lists are where the daemon keeps them.
        config.data_dir.clone_from(&self.running.data_dir);
        let loaded = lists::load(&config).await.map_err(|error| error.to_string())?;
        let listed = &loaded.sources;
        waiting.retain(|name| !Config::HOT.contains(&name.as_str()));
        if says_other_topics(&self.topics, &listed.topics) {
            waiting.push("topics that are sources".to_owned());
        }
        let empty = self.targets.sizes.empty_now((&config, Some(&self.flags)), listed);
        let sources = self.ask_schedule(listed.clone(), empty.clone(), order).await?;
        let label_rules = labels.len();
        if !order.dry_run {
            self.targets.labels.replace(labels);
            loaded.keep_copies();
            let still_told = if order.allow_empty { &[][..] } else { &empty };
            self.targets.sizes.note(listed, still_told, &self.targets.store).await;
        }
        Ok(Reloaded { sources, label_rules, waiting })
    }

    /// Has the schedule take over the sources of the lists, all of them or none.
    async fn ask_schedule(
        &self,
        listed: Sources,
        empty: Vec<EmptyFile>,
        order: ReloadOrder,
    ) -> Result<ReloadReport, String> {
        let (pages, now) = (self.targets.pages.clone(), listed.clone());
        let before_polls = BeforePolls::new(move || pages.replace(&now));
        let (answer, outcome) = oneshot::channel();
        let request = ReloadRequest { listed, empty, order, before_polls, answer };
        self.targets.changes.send(ScheduleRequest::Reload(request)).await.ok();
        match outcome.await {
            Ok(outcome) => outcome.map_err(|error| error.to_string()),
            Err(_) => Err("the daemon is stopping".to_owned()),
        }
    }

    /// The config, and its rules for labels.
    async fn read_config(&self) -> Result<(Config, Labels), String> {
        let flags = self.flags.clone();
        let read = tokio::task::spawn_blocking(move || {
            let path = flags.config.as_deref();
            let config = Config::load(path, &flags).map_err(|errors| errors.to_string())?;
            if let Some(error) = config.lacks_contact(path) {
                return Err(error.to_string());
            }
            let labels = labels::load(&config).map_err(|errors| errors.to_string())?;
            Ok((config, labels))
        });
        read.await.map_err(|error| error.to_string())?
    }
}

/// Completes at the next SIGHUP.
async fn hung_up(signal: &mut Option<Signal>) {
    let received = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if received.is_none() {
        future::pending::<()>().await;
    }
}

/// Whether two lists of topics differ in more than their places.
fn says_other_topics(running: &[TopicSource], listed: &[TopicSource]) -> bool {
    let is_same = |(one, other): (&TopicSource, &TopicSource)| {
        *one == TopicSource { place: one.place.clone(), ..other.clone() }
    };
    running.len() != listed.len() || !running.iter().zip(listed).all(is_same)
}

/// As a terminal shows it.
impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sources, label_rules, waiting } = self;
        let ReloadReport { added, removed, changed, unchanged } = sources;
        let signs = [("+", added), ("-", removed), ("~", changed)];
        let ids = signs.iter().flat_map(|(sign, ids)| ids.iter().map(move |id| (*sign, id)));
        for (sign, id) in ids.clone().take(MAX_NAMED) {
            writeln!(f, "{sign} {id}")?;
        }
        let more = ids.count().saturating_sub(MAX_NAMED);
        if more > 0 {
            writeln!(f, "and {more} more")?;
        }
        write!(
            f,
            "sources added: {}, removed: {}, changed: {}, as before: {unchanged}",
            added.len(),
            removed.len(),
            changed.len()
        )?;
        if *label_rules > 0 {
            write!(f, "\nrules for labels: {label_rules}")?;
        }
        if !waiting.is_empty() {
            write!(f, "\nchanged, and used from the next start on: {}", waiting.join(", "))?;
        }
        Ok(())
    }
}

/// The files that a config is read from.
fn watched_files(flags: &Overrides, config: &Config) -> Vec<PathBuf> {
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
struct WatchedFiles {
    files: Vec<(PathBuf, FileState)>,
    /// Whether one changed at the last look.
    is_changing: bool,
}

impl WatchedFiles {
    fn new(paths: Vec<PathBuf>) -> Self {
        let files = paths.into_iter().map(|path| {
            let state = file_state(&path);
            (path, state)
        });
        Self { files: files.collect(), is_changing: false }
    }

    /// Looks at all; returns whether one is not as it was.
    fn look(&mut self) -> bool {
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
    fn have_changed(&mut self) -> bool {
        let was_changing = self.is_changing;
        let is_other = self.look();
        self.is_changing = is_other;
        was_changing && !is_other
    }

    /// Looks at these files from now on. What is known of those that were looked at before stays.
    fn follow(&mut self, paths: Vec<PathBuf>) {
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

    #[test]
    fn a_long_report_is_cut_and_tells_all_numbers() {
        let added = (0..MAX_NAMED + 5).map(|number| number.to_string()).collect();
        let sources = ReloadReport { added, unchanged: 7, ..ReloadReport::default() };
        let waiting = vec!["poll.budget".to_owned()];
        let words = Reloaded { sources, label_rules: 3, waiting }.to_string();
        assert_eq!(words.lines().count(), MAX_NAMED + 4);
        let end = "and 5 more\nsources added: 1005, removed: 0, changed: 0, as before: 7\nrules for labels: 3\nchanged, and used from the next start on: poll.budget";
        assert!(words.ends_with(end), "{words}");
    }
}
