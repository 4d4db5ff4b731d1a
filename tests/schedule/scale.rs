//! What the decisions cost for a million sources, with a fetcher that answers at once.

use std::cmp::Reverse;

use chrono::TimeDelta;
use nashra::policy::polling::rhythm::{BYTES, Sighting};

use crate::{
    Setting,
    ours::{Kept, START, Schedule, cpu},
};

/// Two hours of polls.
pub(crate) fn measure(count: usize, setting: Setting) {
    let before = resident();
    let mut schedule = Schedule::new(count, setting);
    let heap = resident() - before;
    let mut kept = vec![Kept::default(); count];
    let end = chrono::DateTime::from_timestamp(START, 0).unwrap() + TimeDelta::hours(2);
    let (begin, mut polls) = (cpu(), 0_u64);
    while let Some(Reverse((at, source))) = schedule.heap.pop() {
        if at >= end {
            break;
        }
        polls += 1;
        // A hundredth to some ten entries a poll, the same at each run.
        let fresh =
            (u64::from(source).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(polls) >> 20) % 100;
        let fresh = fresh.saturating_sub(90) * u64::from(source.is_multiple_of(4));
        let published =
            (0..fresh.cast_signed()).map(|minute| Some(at.timestamp() - 60 * minute)).collect();
        let kept = &mut kept[source as usize];
        kept.situation.listed = 20;
        schedule.polled(kept, (source, at), fresh as usize, &Sighting { published, gapless: true });
    }
    let took = cpu().saturating_sub(begin).as_secs_f64();
    let per = |bytes: usize| bytes as f64 / count as f64;
    println!("{count} sources, {polls} polls: {:.1} µs of CPU a poll", took * 1e6 / polls as f64);
    println!(
        "one core at {:.0} polls a source and day: {:.2} %",
        setting.budget,
        took / polls as f64 * setting.budget * count as f64 / 864.0
    );
    println!(
        "bytes a source: {:.0} in the schedule's heap, {BYTES} of rhythm in the store",
        per(heap)
    );
    println!(
        "resident with every rhythm in memory, which the daemon leaves in the store: {} MB",
        resident() >> 20
    );
}

fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
