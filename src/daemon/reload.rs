//! Reads the config and its lists of sources again while the daemon runs: at SIGHUP, by `nashra
//! reload`, and where `run.watch` says so when one of the files changes.
//!
//! What must stay true: all of it is read and checked before anything changes, and where something is
//! wrong nothing does. Sources and most settings are taken over at once ([`live`](super::live)); the
//! others wait for the next start, and are named until then.

use std::{fmt, future, sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot},
    time::MissedTickBehavior,
};

use super::{
    list_sizes::ListSizes,
    lists,
    live::{Fetcher, LiveSettings, PreparedSettings},
    watched_files::{WatchedFiles, watched_files},
};
use crate::{
    base::{
        clock::{Clock as _, SystemClock},
        private,
    },
    config::{
        Config, LogFilter, Overrides, labels,
        sources::{Sources, TopicSource},
    },
    policy::label::Labels,
    stages::{
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
    /// The log lines that a flag wants, whatever the config says.
    pub log_level: Option<LogFilter>,
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
    pub(super) live: LiveSettings,
    pub(super) fetcher: Arc<Fetcher>,
    /// Where it is noted how many sources each list gives.
    pub(super) store: Store,
    pub(super) sizes: ListSizes,
}

/// Reads the config again when it is told to.
#[derive(Debug)]
pub(super) struct Reloader {
    /// The flags that the config was loaded with.
    flags: Overrides,
    log_level: Option<LogFilter>,
    /// What the daemon started with.
    started: Config,
    /// The same with what was taken over since.
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
    /// Settings that have another value now, which is used from now on.
    #[serde(default)]
    pub settings: Vec<String>,
    /// Settings that have another value now than what the daemon runs with; it is used from the
    /// next start on.
    pub waiting: Vec<String>,
}

impl Reloader {
    pub(super) fn new(
        ReloadInputs { flags, log_level, hangups }: ReloadInputs,
        (started, topics): (Config, Vec<TopicSource>),
        targets: ReloadTargets,
    ) -> Self {
        let watched = WatchedFiles::new(watched_files(&flags, &started));
        let running = started.clone();
        Self { flags, log_level, started, running, topics, targets, watched, hangups }
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
                        settings = reloaded.settings.join(" "),
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
        let outcome = self.try_take_over(order).await;
        if order.dry_run || outcome.is_err() {
            // What was read says what is secret; what the daemon runs with does again.
            let names = &self.running.fetch.secret_parameters;
            private::mask_parameters(names.iter().map(String::as_str));
        }
        outcome
    }

    async fn try_take_over(&mut self, order: ReloadOrder) -> Result<Reloaded, String> {
        let (mut config, labels) = self.read_config().await?;
        if !order.dry_run {
            // Also those that are wrong now, or not there yet.
            self.watched.follow(watched_files(&self.flags, &config));
        }
        let wanted = self.started.taking_hot(&config);
        let (settings, mut waiting) = (self.running.changed(&wanted), wanted.changed(&config));
        let settings = settings.into_iter().filter(|name| name != "sources").collect();
        // The copies of lists are where the daemon keeps them.
        config.data_dir.clone_from(&self.running.data_dir);
        let loaded = lists::load(&config).await.map_err(|error| error.to_string())?;
        let listed = &loaded.sources;
        if says_other_topics(&self.topics, &listed.topics) {
            waiting.push("topics that are sources".to_owned());
        }
        let empty = self.targets.sizes.empty_now((&config, Some(&self.flags)), listed);
        let label_rules = labels.len();
        let prepared =
            LiveSettings::prepare((wanted, labels), &self.running, &self.targets.fetcher)
                .map_err(|error| error.to_string())?;
        let wanted = prepared.config.clone();
        let sources = self.ask_schedule(listed.clone(), empty.clone(), prepared, order).await?;
        if !order.dry_run {
            self.running = wanted;
            loaded.keep_copies();
            let still_told = if order.allow_empty { &[][..] } else { &empty };
            self.targets.sizes.note(listed, still_told, &self.targets.store).await;
        }
        Ok(Reloaded { sources, label_rules, settings, waiting })
    }

    /// Has the schedule take over the sources of the lists, and the settings with them: all or
    /// nothing.
    async fn ask_schedule(
        &self,
        listed: Sources,
        empty: Vec<EmptyFile>,
        prepared: PreparedSettings,
        order: ReloadOrder,
    ) -> Result<ReloadReport, String> {
        let ReloadTargets { pages, live, fetcher, .. } = &self.targets;
        let (pages, live, fetcher) = (pages.clone(), live.clone(), Arc::clone(fetcher));
        let polls_per_source_day = prepared.config.poll.polls_per_source_day();
        let (log_level, now) = (self.log_level.clone(), listed.clone());
        let before_polls = BeforePolls::new(move || {
            pages.replace(&now);
            live.take_over(prepared, &fetcher, log_level.as_ref());
        });
        let (answer, outcome) = oneshot::channel();

        let request =
            ReloadRequest { listed, empty, polls_per_source_day, order, before_polls, answer };
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
        let Self { sources, label_rules, settings, waiting } = self;
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
        if !settings.is_empty() {
            write!(f, "\nchanged, and used from now on: {}", settings.join(", "))?;
        }
        if !waiting.is_empty() {
            write!(f, "\nchanged, and used from the next start on: {}", waiting.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_report_is_cut_and_tells_all_numbers() {
        let added = (0..MAX_NAMED + 5).map(|number| number.to_string()).collect();
        let sources = ReloadReport { added, unchanged: 7, ..ReloadReport::default() };
        let words = Reloaded {
            sources,
            label_rules: 3,
            settings: vec!["log.level".to_owned()],
            waiting: vec!["queues.due".to_owned()],
        }
        .to_string();
        assert_eq!(words.lines().count(), MAX_NAMED + 5);
        let end = "and 5 more\nsources added: 1005, removed: 0, changed: 0, as before: 7\nrules for labels: 3\nchanged, and used from now on: log.level\nchanged, and used from the next start on: queues.due";
        assert!(words.ends_with(end), "{words}");
    }
}
