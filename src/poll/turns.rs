//! One source is read by one at a time: a poll and what its hub pushes wait for each other, in the order they came.

use std::collections::{HashMap, VecDeque};

use crate::{config::sources::SourceId, schedule::Due, websub::Push};

/// What is done about a source.
#[derive(Debug)]
pub(super) enum Work {
    /// Its time has come.
    Poll(Due),
    /// Its hub sent something.
    Push(Push),
}

impl Work {
    fn source(&self) -> &SourceId {
        match self {
            Self::Poll(due) => &due.source.id,
            Self::Push(push) => &push.source.id,
        }
    }
}

/// The sources that are read now, and what waits behind each.
#[derive(Debug, Default)]
pub(super) struct Turns {
    at_work: HashMap<SourceId, VecDeque<Work>>,
    waiting: usize,
}

impl Turns {
    /// Work that was begun and not ended, and work that waits.
    pub(super) fn len(&self) -> usize {
        self.at_work.len() + self.waiting
    }

    /// Gives the work back where it may begin; else it waits.
    pub(super) fn enter(&mut self, work: Work) -> Option<Work> {
        if let Some(behind) = self.at_work.get_mut(work.source()) {
            behind.push_back(work);
            self.waiting += 1;
            return None;
        }
        self.at_work.insert(work.source().clone(), VecDeque::new());
        Some(work)
    }

    /// Work about a source ended: what is next.
    pub(super) fn leave(&mut self, source: &SourceId) -> Option<Work> {
        let next = self.at_work.get_mut(source).and_then(VecDeque::pop_front);
        if next.is_some() {
            self.waiting -= 1;
        } else {
            self.at_work.remove(source);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::sources;

    fn poll(url: &str, slot: u32) -> Work {
        let source = Arc::new(sources::parse("l", url.as_bytes()).sources.remove(0));
        Work::Poll(Due { source, slot, at: chrono::DateTime::UNIX_EPOCH })
    }

    fn slot(work: Option<Work>) -> Option<u32> {
        match work? {
            Work::Poll(due) => Some(due.slot),
            Work::Push(_) => None,
        }
    }

    #[test]
    fn a_source_is_read_by_one_at_a_time_in_the_order_they_came_and_others_are_not_held_up() {
        let mut turns = Turns::default();
        let (a, b) = ("https://a.example/", "https://b.example/");
        let id = poll(a, 0).source().clone();
        assert_eq!(slot(turns.enter(poll(a, 1))), Some(1));
        assert_eq!(slot(turns.enter(poll(a, 2))), None);
        assert_eq!(slot(turns.enter(poll(a, 3))), None);
        assert_eq!(slot(turns.enter(poll(b, 4))), Some(4));
        assert_eq!(turns.len(), 4);
        assert_eq!(slot(turns.leave(&id)), Some(2));
        assert_eq!(slot(turns.leave(&id)), Some(3));
        assert_eq!(slot(turns.leave(&id)), None);
        assert_eq!((turns.len(), slot(turns.enter(poll(a, 5)))), (1, Some(5)));
    }
}
