//! The best of several elements that give the same field.

/// Keeps the value that was offered with the lowest rank; of equal ranks the first.
#[derive(Debug)]
pub(super) struct Best<T> {
    value: Option<T>,
    rank: u8,
}

impl<T> Default for Best<T> {
    fn default() -> Self {
        Self { value: None, rank: u8::MAX }
    }
}

impl<T> Best<T> {
    /// Offers a value, which is computed only where it would be kept.
    pub(super) fn offer(&mut self, rank: u8, value: impl FnOnce() -> Option<T>) {
        if rank < self.rank
            && let Some(value) = value()
        {
            (self.value, self.rank) = (Some(value), rank);
        }
    }

    /// The same, but of equal ranks the last counts.
    pub(super) fn offer_last(&mut self, rank: u8, value: impl FnOnce() -> Option<T>) {
        if rank <= self.rank
            && let Some(value) = value()
        {
            (self.value, self.rank) = (Some(value), rank);
        }
    }

    /// The same, where the rank depends on the value.
    pub(super) fn offer_ranked(&mut self, value: Option<T>, rank: impl FnOnce(&T) -> u8) {
        if let Some(value) = value {
            self.offer(rank(&value), || Some(value));
        }
    }

    pub(super) fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The rank of the value; the highest number where there is none.
    pub(super) fn rank(&self) -> u8 {
        self.rank
    }

    pub(super) fn take(self) -> Option<T> {
        self.value
    }
}
