//! Measures the levels of outbox, disk and queue, each second, for the gauges, readiness and the
//! pressure on the schedule; and runs retention once a day.
//!
//! What must stay true: none of the measurements waits for one that takes long (counting the queue,
//! retention, a store that is being reopened), and none of them is made on the network's threads.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{sync::watch, task::spawn_blocking};

use crate::{
    base::{
        clock::{Clock as _, SystemClock, day},
        live::Live,
    },
    config::Config,
    stages::schedule::Pressure,
    store::{EditionStore, LetterStore, OldestDays, Store, StoreError},
    telemetry::{
        metrics::{self, Levels},
        ready::{Component, Ready},
    },
};

/// How often the levels are measured.
const EVERY: Duration = Duration::from_secs(1);
/// The shortest pause between two counts of the waiting entries. A count goes through all of them,
/// so the pause is also at least `COUNT_SHARE` times as long as the count took.
const COUNT_EVERY: Duration = Duration::from_secs(15);
const COUNT_SHARE: u32 = 100;
/// The first hour belongs to polling: after a long stop it renews what is still listed before
/// anything is forgotten.
const FIRST_SWEEP: Duration = Duration::from_hours(1);
/// How often it is checked whether retention is due.
const SWEEP_CHECK: Duration = Duration::from_mins(1);
/// Pause between two steps of retention, so that it does not compete with the stages.
const SWEEP_PAUSE: Duration = Duration::from_millis(20);
/// The most bytes that are reserved for a full disk.
const LARGEST_RESERVE: u64 = 64 << 20;

/// The bounds that the config gives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    outbox_max: u64,
    disk_min: u64,
    retention: TimeDelta,
    /// For how long dead letters are kept.
    letters_for: TimeDelta,
    /// For how long editions of articles are kept.
    editions_for: TimeDelta,
    /// For how long texts are compared.
    compare_for: TimeDelta,
    /// For how long texts are known again.
    known_for: TimeDelta,
}

impl Settings {
    pub(super) fn from_config(config: &Config) -> Self {
        Self {
            outbox_max: config.outbox.max_bytes.bytes(),
            disk_min: config.store.min_free_disk.bytes(),
            retention: TimeDelta::from_std(config.store.retention)
                .unwrap_or(TimeDelta::days(36_500)),
            letters_for: TimeDelta::from_std(config.dead_letters.max_age)
                .unwrap_or(TimeDelta::days(36_500)),
            editions_for: TimeDelta::from_std(config.editions.max_age)
                .unwrap_or(TimeDelta::days(36_500)),
            compare_for: TimeDelta::from_std(config.stories.compare_for)
                .unwrap_or(TimeDelta::days(365)),
            known_for: TimeDelta::from_std(
                config.stories.compare_for.max(config.stories.exact_for),
            )
            .unwrap_or(TimeDelta::days(36_500)),
        }
    }

    /// The bytes to reserve for the store, while there is room for them. Pure.
    fn reserve_bytes(&self, free: u64) -> u64 {
        let bytes = (self.disk_min / 4).min(LARGEST_RESERVE);
        if free.saturating_sub(bytes) < self.disk_min { 0 } else { bytes }
    }
}

/// Where the monitor reports what it sees.
pub(super) struct Outputs {
    pub(super) pressure: watch::Sender<Pressure>,
    pub(super) ready: Ready,
    pub(super) metrics: Option<PrometheusHandle>,
}

/// What has an age of its own at which it is dropped.
#[derive(Debug)]
pub(super) struct Swept {
    pub(super) letters: LetterStore,
    pub(super) editions: EditionStore,
}

/// Runs until it is aborted.
pub(super) async fn run(store: Store, settings: Live<Settings>, outputs: Outputs, swept: Swept) {
    let Outputs { pressure, ready, metrics } = outputs;
    tokio::join!(
        watch_store(&store, &ready, metrics),
        watch_levels(&store, &settings, &pressure, &ready),
        count_pending(&store),
        sweep_daily(&store, &settings, swept)
    );
}

/// Reports trouble of the store. It never waits for the store, so that one that cannot be read is
/// reported, too.
async fn watch_store(store: &Store, ready: &Ready, handle: Option<PrometheusHandle>) {
    loop {
        let trouble = store.trouble();
        metrics::polling_stopped("store", trouble.is_some());
        ready.set(Component::Store, trouble.map_or(Ok(()), Err));
        if let Some(handle) = &handle {
            handle.run_upkeep();
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn watch_levels(
    store: &Store,
    settings: &Live<Settings>,
    pressure: &watch::Sender<Pressure>,
    ready: &Ready,
) {
    loop {
        let (reader, settings) = (store.clone(), *settings.get());
        match run_blocking(move || sample_levels(&reader, settings)).await {
            Ok(levels) => {
                metrics::levels(levels);
                for (reason, stopped) in no_room(&levels, &settings) {
                    metrics::polling_stopped(reason, stopped);
                }
                set_pressure(pressure, judge_pressure(&levels, &settings), &levels);
                ready.set(Component::Disk, check_room(&levels, &settings));
            }
            Err(error) => tracing::warn!(%error, "the levels cannot be read"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn count_pending(store: &Store) {
    loop {
        let (reader, started) = (store.entries(), Instant::now());
        match run_blocking(move || Ok((reader.waiting()?, reader.looks()?))).await {
            Ok((waiting, looks)) => metrics::entries_pending(waiting, looks),
            Err(error) => tracing::warn!(%error, "the waiting entries cannot be counted"),
        }
        tokio::time::sleep(COUNT_EVERY.max(started.elapsed() * COUNT_SHARE)).await;
    }
}

async fn sweep_daily(store: &Store, settings: &Live<Settings>, with_ages: Swept) {
    let mut swept = None;
    tokio::time::sleep(FIRST_SWEEP).await;
    loop {
        let today = day(SystemClock.now());
        if swept != Some(today) {
            swept = Some(today);
            if let Err(error) = sweep(store, *settings.get(), &with_ages).await {
                tracing::warn!(%error, "retention stopped early; it goes on tomorrow");
            }
        }
        tokio::time::sleep(SWEEP_CHECK).await;
    }
}

/// Runs work on the store off the network's threads.
async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    spawn_blocking(work).await.unwrap_or(Err(StoreError::Closed))
}

fn sample_levels(store: &Store, settings: Settings) -> Result<Levels, StoreError> {
    let (records, bytes, oldest) = store.outbox().waiting()?;
    let age = oldest
        .map_or(TimeDelta::zero(), |oldest: chrono::DateTime<Utc>| SystemClock.now() - oldest);
    let disk_free = store
        .dir()
        .and_then(|dir| rustix::fs::statvfs(dir).ok())
        .map_or(u64::MAX, |disk| disk.f_bavail * disk.f_frsize);
    if store.trouble().is_none() {
        store.keep_back(settings.reserve_bytes(disk_free));
    }
    Ok(Levels {
        outbox_records: records,
        outbox_bytes: bytes,
        outbox_oldest: age.to_std().unwrap_or_default(),
        store_bytes: store.size(),
        disk_free,
    })
}

/// Polling slows down once half of `outbox.max_bytes` is used, up to ten times as slow; it stops at
/// the whole of it, and where the disk is nearly full. Pure.
fn judge_pressure(levels: &Levels, settings: &Settings) -> Pressure {
    let half = settings.outbox_max / 2;
    if check_room(levels, settings).is_err() {
        Pressure::Stop
    } else if levels.outbox_bytes > half {
        let share = (levels.outbox_bytes - half) * 36 / half.max(1);
        Pressure::Slow(4 + u32::try_from(share).unwrap_or(36))
    } else {
        Pressure::None
    }
}

/// What has no room for new work, by the reasons of the metric. Pure.
fn no_room(levels: &Levels, settings: &Settings) -> [(&'static str, bool); 2] {
    [
        ("disk_full", levels.disk_free < settings.disk_min),
        ("outbox_full", levels.outbox_bytes >= settings.outbox_max),
    ]
}

/// Whether the disk and the outbox have room for new work. Pure.
fn check_room(levels: &Levels, settings: &Settings) -> Result<(), String> {
    let [(_, disk), (_, outbox)] = no_room(levels, settings);
    if disk {
        let (free, least) = (levels.disk_free, settings.disk_min);
        Err(format!(
            "{free} bytes are free where data_dir is, less than store.min_free_disk ({least}): nothing new is polled"
        ))
    } else if outbox {
        Err(format!(
            "{} bytes wait in the outbox, as much as outbox.max_bytes allows: nothing new is polled",
            levels.outbox_bytes
        ))
    } else {
        Ok(())
    }
}

fn set_pressure(pressure: &watch::Sender<Pressure>, now: Pressure, levels: &Levels) {
    let before = *pressure.borrow();
    if before == now {
        return;
    }
    let (outbox_bytes, disk_free) = (levels.outbox_bytes, levels.disk_free);
    if now == Pressure::Stop {
        tracing::error!(
            outbox_bytes,
            disk_free,
            "no room for new work: polling stops until the outbox or the disk has room again"
        );
    } else if before == Pressure::Stop {
        tracing::info!(outbox_bytes, disk_free, "there is room again: polling goes on");
    }
    pressure.send_replace(now);
}

async fn sweep(store: &Store, settings: Settings, with_ages: &Swept) -> Result<(), StoreError> {
    let now = SystemClock.now();
    let oldest = now - settings.retention;
    let days = OldestDays {
        listed: day(oldest),
        text: day(now - settings.compare_for),
        key: day(now - settings.known_for),
    };
    let mut sweeper = store.sweeper();
    let (mut entries, mut articles) = (0, 0);
    loop {
        let swept;
        (sweeper, swept) = sweeper.step(days).await?;
        entries += swept.entries;
        articles += swept.articles;
        if swept.finished {
            break;
        }
        tokio::time::sleep(SWEEP_PAUSE).await;
    }
    with_ages.letters.sweep(now - settings.letters_for).await?;
    with_ages.editions.sweep(now - settings.editions_for).await?;
    tracing::info!(entries, articles, "retention is done for today");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_growing_outbox_slows_polling_down_and_a_full_one_stops_it() {
        let settings = Settings {
            outbox_max: 1000,
            disk_min: 10,
            retention: TimeDelta::days(1),
            letters_for: TimeDelta::days(1),
            editions_for: TimeDelta::days(1),
            compare_for: TimeDelta::days(1),
            known_for: TimeDelta::days(1),
        };
        let at = |outbox_bytes| {
            judge_pressure(&Levels { outbox_bytes, disk_free: 100, ..Levels::default() }, &settings)
        };
        assert_eq!(at(400), Pressure::None);
        assert_eq!(at(750), Pressure::Slow(22));
        assert_eq!(at(1000), Pressure::Stop);
        let full = Levels { disk_free: 5, ..Levels::default() };
        assert_eq!(judge_pressure(&full, &settings), Pressure::Stop);
        assert!(check_room(&full, &settings).unwrap_err().contains("store.min_free_disk"));
        let waiting = Levels { outbox_bytes: 1000, disk_free: 100, ..Levels::default() };
        assert!(check_room(&waiting, &settings).unwrap_err().contains("outbox.max_bytes"));
    }

    #[test]
    fn space_is_kept_back_only_where_polling_goes_on_beside_it() {
        let settings = Settings {
            outbox_max: 0,
            disk_min: 1000,
            retention: TimeDelta::days(1),
            letters_for: TimeDelta::days(1),
            editions_for: TimeDelta::days(1),
            compare_for: TimeDelta::days(1),
            known_for: TimeDelta::days(1),
        };
        assert_eq!((settings.reserve_bytes(1249), settings.reserve_bytes(1250)), (0, 250));
        let large = Settings { disk_min: 1 << 40, ..settings };
        assert_eq!(large.reserve_bytes(u64::MAX), LARGEST_RESERVE);
    }
}
