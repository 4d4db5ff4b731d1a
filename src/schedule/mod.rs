//! Decides which source is due, and hands it on. The decision is pure ([`decide`]); this loop obeys it.
//!
//! Only this stage sees `stop`: the others end when their input closes. Due times are durable in each
//! source's facts, so spacing survives restarts; the heap here is made from them at the start.

pub mod decide;

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    config::sources::Source,
    pipeline::PipelineError,
    store::{PollStore, StoreError},
};

/// A source whose time has come, by its place in the list of sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub source: usize,
    /// When it was due.
    pub at: DateTime<Utc>,
}

/// A source was polled; it is due again then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Polled {
    /// Which.
    pub source: usize,
    /// When.
    pub next: DateTime<Utc>,
}

/// How much room the outbox and the disk leave for new work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pressure {
    /// All is well.
    #[default]
    None,
    /// Intervals are stretched by this many quarters (5: by a quarter).
    Slow(u32),
    /// No polls and no pages until there is room.
    Stop,
}

/// Each source's first due time, from its facts; a new source is due at once, and with `now` all are.
pub fn first_due(store: &PollStore, sources: &[Source], now_all: bool, now: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>, StoreError> {
    let one = |source: &Source| Ok(store.facts(source.id.as_str())?.and_then(|facts| facts.next_due).filter(|_| !now_all).unwrap_or(now));
    sources.iter().map(one).collect()
}

/// Runs until `stop`; `first` holds each source's first due time.
pub async fn run<C: Clock>(
    first: Vec<DateTime<Utc>>,
    clock: Arc<C>,
    (due, mut polled): (mpsc::Sender<Due>, mpsc::Receiver<Polled>),
    mut pressure: watch::Receiver<Pressure>,
    stop: CancellationToken,
) -> Result<(), PipelineError> {
    let mut heap: BinaryHeap<Reverse<(DateTime<Utc>, usize)>> =
        first.into_iter().enumerate().map(|(source, at)| Reverse((at, source))).collect();
    loop {
        let now = clock.now();
        let level = *pressure.borrow_and_update();
        let next = heap.peek().map(|Reverse((at, source))| Due { source: *source, at: *at });
        let wait = match (next, level) {
            (Some(next), Pressure::None | Pressure::Slow(_)) if next.at <= now => None,
            (Some(next), Pressure::None | Pressure::Slow(_)) => Some((next.at - now).min(TimeDelta::seconds(5))),
            // A clock that jumps and a disk that is freed are both noticed within seconds.
            (None, _) | (_, Pressure::Stop) => Some(TimeDelta::seconds(5)),
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            Some(done) = polled.recv() => {
                let quarters = if let Pressure::Slow(quarters) = level { quarters.max(4) } else { 4 };
                let stretch = (done.next - now).max(TimeDelta::zero()) * i32::try_from(quarters).unwrap_or(4) / 4;
                heap.push(Reverse((now + stretch, done.source)));
            }
            changed = pressure.changed() => if changed.is_err() { return Ok(()) },
            permit = due.reserve(), if wait.is_none() => {
                let Ok(permit) = permit else { return Ok(()) };
                if let Some(Reverse((at, source))) = heap.pop() {
                    permit.send(Due { source, at });
                }
            }
            () = tokio::time::sleep(wait.and_then(|it| it.to_std().ok()).unwrap_or_default()), if wait.is_some() => {}
        }
    }
}
