//! How many sources are in which state: for the metric, and to tell where all are paused.

use super::SourceStatus;
use crate::{model::source::State, telemetry::metrics};

/// The sources that are polled, and how many of them are paused.
#[derive(Debug, Default)]
pub(super) struct SourceCounts {
    all: usize,
    paused: usize,
}

impl SourceCounts {
    /// Those of the sources with which a run begins.
    pub(super) fn begin(statuses: impl Iterator<Item = SourceStatus>) -> Self {
        let mut counts = Self::default();
        statuses.for_each(|status| counts.note(None, Some(status.state)));
        counts
    }

    /// A source is in another state, comes or goes.
    pub(super) fn note(&mut self, before: Option<State>, now: Option<State>) {
        metrics::source_state(before, now);
        let paused = |state: Option<State>| usize::from(state == Some(State::Paused));
        self.all =
            (self.all + usize::from(now.is_some())).saturating_sub(usize::from(before.is_some()));
        self.paused = (self.paused + paused(now)).saturating_sub(paused(before));
        metrics::polling_stopped("all_paused", self.are_all_paused());
    }

    fn are_all_paused(&self) -> bool {
        self.all > 0 && self.paused == self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sources_are_paused_once_the_last_one_is_and_where_there_are_none_nothing_is() {
        let mut counts = SourceCounts::default();
        assert!(!counts.are_all_paused());
        counts.note(None, Some(State::Paused));
        assert!(counts.are_all_paused());
        counts.note(None, Some(State::New));
        assert!(!counts.are_all_paused());
        counts.note(Some(State::New), Some(State::Paused));
        assert!(counts.are_all_paused());
        counts.note(Some(State::Paused), None);
        counts.note(Some(State::Paused), None);
        assert!(!counts.are_all_paused());
    }
}
