//! How often a page is tried, and how long between two tries. Pure.

use std::time::Duration;

use crate::base::backoff::Backoff;

/// The rules of trying a page again.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// Looks at one page before it is given up.
    pub tries: u32,
    /// The first pause between two looks; each further one is four times as long.
    pub first: Duration,
    /// The longest pause between two looks.
    pub max: Duration,
}

impl Retry {
    /// The pause after another look, given how many there were before it.
    #[must_use]
    pub fn pause(&self, before: u32) -> Duration {
        Backoff { first: self.first, factor: 4, longest: self.max }.wait(before)
    }
}
