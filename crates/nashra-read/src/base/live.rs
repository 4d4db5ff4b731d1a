//! Settings that may be exchanged while they are used: whoever works by them reads them anew for each
//! piece of work.

use std::sync::{Arc, PoisonError, RwLock};

/// A value that may be exchanged; clones share it.
#[derive(Debug, Default)]
pub struct Live<T>(Arc<RwLock<Arc<T>>>);

// Not derived: that would ask for clones of the value.
impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Live<T> {
    /// Begins with a value.
    pub fn new(value: T) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(value))))
    }

    /// The value as it is now. It stays so for whoever has it.
    #[must_use]
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another value in its place.
    pub fn replace(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_exchanged_for_all_and_stays_for_whoever_took_it() {
        let one = Live::new(1);
        let (other, taken) = (one.clone(), one.get());
        one.replace(2);
        assert_eq!((*other.get(), *taken), (2, 1));
    }
}
