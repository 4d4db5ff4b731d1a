//! Sequence numbers: they order events across restarts, whatever the clocks do.
//!
//! A fetch of a page, a listing and a message each take the next number. The upper bits count the
//! runs of this store, the lower ones the numbers of this run, so each start needs one durable
//! write and no more.
//!
//! What must stay true: a run's numbers are used only after its start was made durable, so no later
//! run gives one again.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Bits for one run: a million numbers a second for twelve days, or a thousand for 35 years.
const RUN_BITS: u32 = 40;

/// Gives numbers, each higher than the one before. Clones share the counter; 0 is never given.
#[derive(Debug, Clone, Default)]
pub struct Sequence(Arc<AtomicU64>);

impl Sequence {
    /// Takes the next number.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Continues above the numbers of all runs before number `run`.
    pub fn begin(&self, run: u64) {
        self.0.fetch_max(run << RUN_BITS, Ordering::Relaxed);
    }
}
