//! Looks at the levels each second: gauges for the operators, pressure for the schedule, retention once a day.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;

use crate::{
    admin::ready::{Part, Ready},
    article::commit::{DeadLetterFiles, day},
    clock::{Clock as _, SystemClock},
    config::Config,
    schedule::Pressure,
    store::{Store, StoreError},
    telemetry::metrics::{self, Levels},
};

/// How often the levels are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// Waiting entries are counted by going through them, so less often.
const COUNT_EVERY: u32 = 15;
/// Pause between two steps of retention: it never competes with the stages.
const SWEEP_PAUSE: Duration = Duration::from_millis(20);

/// The bounds that the config gives.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    outbox_max: u64,
    disk_min: u64,
    retention: TimeDelta,
    dead_letters: u64,
}

impl Settings {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            outbox_max: config.outbox.max_bytes.bytes(),
            disk_min: config.store.min_free_disk.bytes(),
            retention: TimeDelta::from_std(config.store.retention).unwrap_or(TimeDelta::days(36_500)),
            dead_letters: config.store.dead_letter_bytes.bytes(),
        }
    }
}

/// Runs until it is aborted.
pub(super) async fn run(
    store: Store,
    settings: Settings,
    handle: Option<PrometheusHandle>,
    (pressure, ready): (watch::Sender<Pressure>, Ready),
) {
    // The first hour belongs to polling: after a long stop it renews what is still listed before anything is forgotten.
    let first_sweep = Instant::now() + Duration::from_hours(1);
    let mut swept = None;
    let (mut round, mut pending) = (0_u32, 0);
    loop {
        if round.is_multiple_of(COUNT_EVERY) {
            pending = store.entries().waiting().unwrap_or(pending);
        }
        round = round.wrapping_add(1);
        match levels(&store, pending) {
            Ok(levels) => {
                metrics::levels(levels);
                tell(&pressure, judge(&levels, &settings), &levels);
                ready.set(Part::Disk, room(&levels, &settings));
            }
            Err(error) => tracing::warn!(%error, "the levels cannot be read"),
        }
        if let Some(handle) = &handle {
            handle.run_upkeep();
        }
        let today = day(SystemClock.now());
        if swept != Some(today) && Instant::now() >= first_sweep {
            swept = Some(today);
            if let Err(error) = sweep(&store, &settings).await {
                tracing::warn!(%error, "retention stopped early; it goes on tomorrow");
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn levels(store: &Store, entries_pending: u64) -> Result<Levels, StoreError> {
    let (records, bytes, oldest) = store.outbox().waiting()?;
    let age = oldest.map_or(TimeDelta::zero(), |it: chrono::DateTime<Utc>| SystemClock.now() - it);
    let disk_free = store.dir().and_then(|dir| rustix::fs::statvfs(dir).ok()).map_or(u64::MAX, |it| it.f_bavail * it.f_frsize);
    Ok(Levels {
        entries_pending,
        outbox_records: records,
        outbox_bytes: bytes,
        outbox_oldest: age.to_std().unwrap_or_default(),
        store_bytes: store.size(),
        disk_free,
    })
}

/// From half the budget on polling slows down, up to ten times; at the whole of it, or where the disk is nearly
/// full, it stops. Pure.
fn judge(levels: &Levels, settings: &Settings) -> Pressure {
    let half = settings.outbox_max / 2;
    if room(levels, settings).is_err() {
        Pressure::Stop
    } else if levels.outbox_bytes > half {
        let share = (levels.outbox_bytes - half) * 36 / half.max(1);
        Pressure::Slow(4 + u32::try_from(share).unwrap_or(36))
    } else {
        Pressure::None
    }
}

/// Whether the disk and the outbox have room for new work. Pure.
fn room(levels: &Levels, settings: &Settings) -> Result<(), String> {
    if levels.disk_free < settings.disk_min {
        let (free, least) = (levels.disk_free, settings.disk_min);
        Err(format!("{free} bytes are free where data_dir is, less than store.min_free_disk ({least}): nothing new is polled"))
    } else if levels.outbox_bytes >= settings.outbox_max {
        Err(format!("{} bytes wait in the outbox, as much as outbox.max_bytes allows: nothing new is polled", levels.outbox_bytes))
    } else {
        Ok(())
    }
}

fn tell(pressure: &watch::Sender<Pressure>, now: Pressure, levels: &Levels) {
    let before = *pressure.borrow();
    if before == now {
        return;
    }
    let (outbox_bytes, disk_free) = (levels.outbox_bytes, levels.disk_free);
    if now == Pressure::Stop {
        tracing::error!(outbox_bytes, disk_free, "no room for new work: polling stops until the outbox or the disk has room again");
    } else if before == Pressure::Stop {
        tracing::info!(outbox_bytes, disk_free, "there is room again: polling goes on");
    }
    pressure.send_replace(now);
}

async fn sweep(store: &Store, settings: &Settings) -> Result<(), StoreError> {
    let oldest = SystemClock.now() - settings.retention;
    let mut sweeper = store.sweeper();
    let (mut entries, mut articles) = (0, 0);
    loop {
        let swept = sweeper.step(day(oldest)).await?;
        entries += swept.entries;
        articles += swept.articles;
        if swept.finished {
            break;
        }
        tokio::time::sleep(SWEEP_PAUSE).await;
    }
    let files = DeadLetterFiles::new(store.dir(), settings.dead_letters);
    if let Err(error) = files.sweep(&oldest.format("%Y-%m-%d").to_string()) {
        tracing::warn!(%error, "old dead letters could not be removed");
    }
    tracing::info!(entries, articles, "retention is done for today");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_growing_outbox_slows_polling_down_and_a_full_one_stops_it() {
        let settings = Settings { outbox_max: 1000, disk_min: 10, retention: TimeDelta::days(1), dead_letters: 0 };
        let at = |outbox_bytes| judge(&Levels { outbox_bytes, disk_free: 100, ..Levels::default() }, &settings);
        assert_eq!(at(400), Pressure::None);
        assert_eq!(at(750), Pressure::Slow(22));
        assert_eq!(at(1000), Pressure::Stop);
        let full = Levels { disk_free: 5, ..Levels::default() };
        assert_eq!(judge(&full, &settings), Pressure::Stop);
        assert!(room(&full, &settings).unwrap_err().contains("store.min_free_disk"));
        let waiting = Levels { outbox_bytes: 1000, disk_free: 100, ..Levels::default() };
        assert!(room(&waiting, &settings).unwrap_err().contains("outbox.max_bytes"));
    }
}
