//! Whether the daemon does its work: named parts, each in order or with the reason why not.
//!
//! Whoever can tell how a part is holds a [`Ready`] and says so with [`Ready::set`]; `/readyz`
//! answers 200 only where all parts are in order, and lists the others with their reasons. What
//! must stay true: a part that was never set is in order (it may not be in use), but nothing is
//! ready before the sink has answered; the metric and the answer are of the same moment.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use crate::telemetry::metrics;

/// What the daemon needs to do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// Records reach the sink.
    Publish,
    /// The topics are as they were made.
    Topics,
    /// Decisions become durable.
    Store,
    /// The disk has room for new work.
    Disk,
    /// Some host answers.
    Network,
}

impl Component {
    const ALL: [Self; 5] = [Self::Publish, Self::Topics, Self::Store, Self::Disk, Self::Network];

    /// Its name in `/readyz` and in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Topics => "topics",
            Self::Store => "store",
            Self::Disk => "disk",
            Self::Network => "network",
        }
    }
}

/// The parts that are not in order, with their reasons; clones share them.
#[derive(Debug, Clone)]
pub struct Ready(Arc<Mutex<BTreeMap<Component, String>>>);

impl Default for Ready {
    /// All parts are in order, but that the sink has not answered yet.
    fn default() -> Self {
        for part in Component::ALL {
            metrics::ready(part.as_str(), true);
        }
        let ready = Self(Arc::default());
        ready.set(Component::Publish, Err("connecting to the sink".to_owned()));
        ready
    }
}

impl Ready {
    /// A part is in order (`Ok`), or not for this reason, in words for operators.
    pub fn set(&self, part: Component, state: Result<(), String>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        metrics::ready(part.as_str(), state.is_ok());
        match state {
            Ok(()) => drop(waiting.remove(&part)),
            Err(reason) => drop(waiting.insert(part, reason)),
        }
    }

    /// The parts that are not in order, with their reasons.
    #[must_use]
    pub fn trouble(&self) -> BTreeMap<String, String> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.iter().map(|(part, reason)| (part.as_str().to_owned(), reason.clone())).collect()
    }

    /// Whether all parts are in order, and the words for `/readyz`: `ok`, or a line `part: reason`
    /// for each that is not.
    #[must_use]
    pub fn words(&self) -> (bool, String) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_empty() {
            return (true, "ok\n".to_owned());
        }
        let mut words = String::new();
        for (part, reason) in waiting.iter() {
            writeln!(words, "{}: {reason}", part.as_str()).ok();
        }
        (false, words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_that_is_not_in_order_is_enough_and_each_is_listed_with_its_reason() {
        let ready = Ready::default();
        ready.clone().set(Component::Store, Err("the disk is full".to_owned()));
        assert_eq!(
            ready.words(),
            (false, "publish: connecting to the sink\nstore: the disk is full\n".to_owned())
        );
        ready.set(Component::Store, Ok(()));
        ready.set(Component::Publish, Ok(()));
        assert_eq!(ready.words(), (true, "ok\n".to_owned()));
    }
}
