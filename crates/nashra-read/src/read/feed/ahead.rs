//! Searches that are never repeated, so that reading stays linear where a text opens something
//! again and again that never ends.

use memchr::memmem;

/// Finds the next place of a text, and remembers the result.
#[derive(Debug)]
pub(super) struct ForwardSearch {
    what: &'static [u8],
    /// Where the last search began.
    from: usize,
    /// Where it found the text.
    found: Option<usize>,
}

impl ForwardSearch {
    pub(super) fn new(what: &'static [u8]) -> Self {
        Self { what, from: usize::MAX, found: None }
    }

    /// The first place of the text at or behind `from`.
    pub(super) fn find(&mut self, text: &str, from: usize) -> Option<usize> {
        let known = self.from <= from && self.found.is_none_or(|found| found >= from);
        if !known {
            self.from = from;
            self.found = memmem::find(&text.as_bytes()[from..], self.what).map(|at| from + at);
        }
        self.found
    }
}
