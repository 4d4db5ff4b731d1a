//! Numbers that tell what came later, across restarts and whatever the clocks do.
//!
//! A look at a page, a listing and a message each take the next one. The upper bits count the runs
//! of this store, the lower ones what this run has numbered, so one durable write a start is all
//! that it takes.
//!
//! What must stay true: a run's numbers are used only after its start was made durable, so no later
//! run gives one again.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Bits for one run: a million numbers a second for twelve days, or a thousand for 35 years.
const RUN_BITS: u32 = 40;

/// Gives numbers, each higher than the one before; clones share it. Zero is none of them.
#[derive(Debug, Clone, Default)]
pub struct Sequence(Arc<AtomicU64>);

impl Sequence {
    /// The next number.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Goes on above the numbers of all runs before the `run`th.
    pub fn begin(&self, run: u64) {
        self.0.fetch_max(run << RUN_BITS, Ordering::Relaxed);
    }
}
