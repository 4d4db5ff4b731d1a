//! The daemon's decisions, source by source in the order of time, with the budget's price.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use nashra::policy::polling::{
    budget::Budget,
    decide::{Bounds, PollResult, Situation, Terms, next_poll},
    rhythm::{Rhythm, Sighting},
};

use crate::{Setting, Source, tally::Tally};

/// The simulation begins on some Monday.
pub(crate) const START: i64 = 1_700_438_400;

/// What the store would keep of a source.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    pub(crate) rhythm: Rhythm,
    pub(crate) situation: Situation,
    pub(crate) appetite: Option<f32>,
}

/// The schedule of many sources.
pub(crate) struct Schedule {
    pub(crate) heap: BinaryHeap<Reverse<(DateTime<Utc>, u32)>>,
    pub(crate) budget: Budget,
    bounds: Bounds,
}

impl Schedule {
    /// All are due within the first minutes.
    pub(crate) fn new(count: usize, setting: Setting) -> Self {
        let start = moment(0.0);
        let apart = TimeDelta::milliseconds(2)
            .min(TimeDelta::minutes(5) / i32::try_from(count.max(1)).unwrap());
        let due = |source: usize| {
            Reverse((start + apart * i32::try_from(source).unwrap(), source as u32))
        };
        Self {
            heap: (0..count).map(due).collect(),
            budget: Budget::new(setting.budget, (0..count).map(|_| None), start),
            bounds: Bounds {
                min: Duration::from_secs_f64(setting.floor),
                max: Duration::from_secs_f64(setting.ceiling),
            },
        }
    }

    /// One poll, from what it showed to the next time.
    pub(crate) fn polled(
        &mut self,
        kept: &mut Kept,
        (source, at): (u32, DateTime<Utc>),
        fresh: usize,
        sighting: &Sighting,
    ) {
        self.budget.spend(at);
        let expected = kept.rhythm.observe(sighting, at.timestamp());
        let appetite = expected.appetite() as f32;
        self.budget.learn(kept.appetite.replace(appetite), appetite);
        kept.situation.gap = !sighting.gapless;
        kept.situation.seed = source.into();
        let result = if fresh == 0 { PollResult::Unchanged } else { PollResult::Read { fresh } };
        let terms = Terms { bounds: self.bounds, price: self.budget.price() };
        let decided = next_poll(&kept.situation, result, &expected, terms, at);
        kept.situation.interval_s = decided.interval.as_secs();
        self.heap.push(Reverse((decided.at, source)));
    }
}

fn moment(seconds: f64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(START * 1000 + (seconds * 1000.0) as i64).unwrap()
}

/// Polls by the daemon's decisions; also the CPU time that they took.
pub(crate) fn run(sources: &[Source], setting: Setting) -> (Tally, Duration) {
    let mut tally = Tally::default();
    let mut schedule = Schedule::new(sources.len(), setting);
    let mut kept = vec![Kept::default(); sources.len()];
    let mut seen = vec![0; sources.len()];
    let begin = cpu();
    while let Some(Reverse((at, index))) = schedule.heap.pop() {
        let seconds = (at - moment(0.0)).as_seconds_f64();
        if seconds >= setting.end {
            break;
        }
        let place = index as usize;
        let (source, from) = (&sources[place], seen[place]);
        let to = from + source.times[from..].partition_point(|time| f64::from(*time) <= seconds);
        seen[place] = to;
        tally.polls += 1;
        tally.found(place, &source.times[from..to], source.window, seconds);
        let shown = from.max(to.saturating_sub(source.window));
        let published =
            source.times[shown..to].iter().map(|time| Some(START + i64::from(*time))).collect();
        // As the daemon sees it: no entry of the poll before is there any more.
        let gapless = to - from < source.window || from == 0;
        kept[place].situation.listed = to.min(source.window) as u32;
        schedule.polled(&mut kept[place], (index, at), to - from, &Sighting { published, gapless });
    }
    let took = cpu().saturating_sub(begin);
    for (place, source) in sources.iter().enumerate() {
        tally.left(place, &source.times[seen[place]..], setting.end);
    }
    (tally, took)
}

/// CPU time of this thread.
pub(crate) fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
