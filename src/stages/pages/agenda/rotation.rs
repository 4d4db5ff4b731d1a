//! Whose turn it is: turns go round the sources, and within each source round its lanes.

use std::collections::{HashMap, VecDeque};

use crate::model::lane::{Lane, SourceKey};

/// Lanes that wait for a turn.
#[derive(Debug, Default)]
pub(super) struct Rotation {
    /// The sources, in the order of their turns.
    order: VecDeque<SourceKey>,
    /// The lanes of each source in `order`; empty where they were handed over.
    lanes: HashMap<SourceKey, VecDeque<Lane>>,
    len: usize,
}

impl Rotation {
    /// How many lanes wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a lane behind the others of its source, and a new source behind the other sources.
    pub(super) fn push(&mut self, lane: Lane) {
        self.lanes_of(lane.source()).push_back(lane);
        self.len += 1;
    }

    /// Takes the lane whose turn it is.
    pub(super) fn pop(&mut self) -> Option<Lane> {
        while let Some(source) = self.order.pop_front() {
            let lane = self.lanes.get_mut(&source).and_then(VecDeque::pop_front);
            if self.lanes.get(&source).is_some_and(VecDeque::is_empty) {
                self.lanes.remove(&source);
            } else {
                self.order.push_back(source);
            }
            if lane.is_some() {
                self.len -= 1;
                return lane;
            }
        }
        None
    }

    /// Moves all lanes of a source to another rotation.
    pub(super) fn hand_over(&mut self, source: SourceKey, to: &mut Self) {
        let Some(mut lanes) =
            self.lanes.get_mut(&source).map(std::mem::take).filter(|lanes| !lanes.is_empty())
        else {
            return;
        };
        self.len -= lanes.len();
        to.len += lanes.len();
        to.lanes_of(source).append(&mut lanes);
    }

    fn lanes_of(&mut self, source: SourceKey) -> &mut VecDeque<Lane> {
        let order = &mut self.order;
        self.lanes.entry(source).or_insert_with(|| {
            order.push_back(source);
            VecDeque::new()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_with_a_thousand_lanes_gets_every_second_turn_beside_one_with_a_few() {
        let mut rotation = Rotation::default();
        (0..1000).for_each(|number| rotation.push(Lane::of_pages("many", &number.to_string())));
        (0..3).for_each(|number| rotation.push(Lane::of_pages("few", &number.to_string())));
        let few = SourceKey::new("few");
        let turns: Vec<usize> =
            (0..1003).filter(|_| rotation.pop().unwrap().source() == few).collect();
        assert_eq!((turns, rotation.pop(), rotation.len()), (vec![1, 3, 5], None, 0));
    }

    #[test]
    fn what_a_source_hands_over_goes_as_a_whole_and_gets_no_turn_twice() {
        let (mut from, mut to) = (Rotation::default(), Rotation::default());
        let lane = |source: &str, number: i32| Lane::of_pages(source, &number.to_string());
        for (source, number) in [("a", 1), ("a", 2), ("b", 1), ("b", 2)] {
            from.push(lane(source, number));
        }
        from.hand_over(SourceKey::new("a"), &mut to);
        from.push(lane("a", 3));
        assert_eq!((from.len(), to.len()), (3, 2));
        assert_eq!(
            [from.pop(), from.pop(), from.pop(), from.pop()],
            [Some(lane("a", 3)), Some(lane("b", 1)), Some(lane("b", 2)), None]
        );
        assert_eq!([to.pop(), to.pop(), to.pop()], [Some(lane("a", 1)), Some(lane("a", 2)), None]);
    }
}
