//! How the budget is divided. Pure.

/// Times its size that a body of many small elements takes while it is read: a tree, lines, what is
/// measured of them. Measured with the hostile pages of the tests (`tests/memory`); those of
/// publishers take a fifth of it.
const HEAVIEST: usize = 28;
/// Bytes that it takes at most beside the body and its text: a tree has a bound of nodes.
const MOST: usize = 140 << 20;
/// Times its size that what was made of a body may have, until it is durable.
pub(super) const KEPT: usize = 2;
/// The least that a body has as it comes, whatever the budget: the head of a small page.
const LEAST_FREE: usize = 16 << 10;
/// No body needs more to be small.
const MOST_SMALL: usize = 2 << 20;

/// Bytes that reading a body of so many takes at most.
pub(super) fn cost(bytes: usize) -> usize {
    bytes.saturating_mul(2).saturating_add(bytes.saturating_mul(HEAVIEST).min(MOST))
}

/// What there is, and for how many.
#[derive(Debug, Clone, Copy)]
pub struct MemoryPlan {
    /// Bytes in all.
    pub budget: usize,
    /// Threads that read.
    pub threads: usize,
    /// Bodies that may come at once.
    pub connections: usize,
}

impl Default for MemoryPlan {
    /// 256 MiB, two threads, 320 bodies.
    fn default() -> Self {
        Self { budget: 256 << 20, threads: 2, connections: 320 }
    }
}

impl MemoryPlan {
    /// An eighth of the budget is divided among all bodies that may come at once.
    pub(super) fn free(&self) -> usize {
        (self.budget / 8 / self.connections.max(1)).max(LEAST_FREE)
    }

    /// An eighth is for large ones as they come.
    pub(super) fn coming(&self) -> usize {
        self.budget / 8
    }

    /// With a quarter the threads read small ones.
    pub(super) fn small(&self) -> usize {
        (self.budget / 4 / self.threads.max(1) / (2 + HEAVIEST)).min(MOST_SMALL)
    }

    /// An eighth is for what was made of small ones.
    pub(super) fn kept(&self) -> usize {
        self.budget / 8
    }

    /// The rest is for large ones that are read.
    pub(super) fn large(&self) -> usize {
        self.budget - self.budget / 8 * 3 - self.budget / 4
    }

    /// Bodies that may wait for room.
    pub(super) fn patient(&self) -> usize {
        (self.connections / 8).max(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_take_together_is_within_the_budget() {
        for (budget, threads, connections) in
            [(256 << 20, 2, 320), (64 << 20, 1, 320), (1 << 30, 64, 2_000), (256 << 20, 16, 320)]
        {
            let plan = MemoryPlan { budget, threads, connections };
            let all = [
                plan.free() * connections,
                plan.coming(),
                cost(plan.small()) * threads,
                plan.kept(),
                plan.large(),
            ];
            assert!(all.iter().sum::<usize>() <= budget, "{plan:?}: {all:?}");
            assert!(plan.small() >= 100 << 10, "{plan:?}");
        }
    }

    #[test]
    fn a_page_costs_what_it_was_measured_to_take_and_no_page_more_than_a_tree_may() {
        assert_eq!(cost(1_000_000), 30_000_000);
        assert_eq!(cost(20 << 20), (40 << 20) + MOST);
    }
}
