//! Searches that are never made twice: what makes reading linear where a text opens again and again
//! what never ends.

use memchr::memmem;

/// Where something comes next, so that nothing is searched for twice.
#[derive(Debug)]
pub(super) struct Ahead {
    what: &'static [u8],
    /// The last search began here, and
    from: usize,
    /// found it there.
    found: Option<usize>,
}

impl Ahead {
    pub(super) fn new(what: &'static [u8]) -> Self {
        Self { what, from: usize::MAX, found: None }
    }

    pub(super) fn find(&mut self, text: &str, from: usize) -> Option<usize> {
        let known = self.from <= from && self.found.is_none_or(|found| found >= from);
        if !known {
            self.from = from;
            self.found = memmem::find(&text.as_bytes()[from..], self.what).map(|at| from + at);
        }
        self.found
    }
}
