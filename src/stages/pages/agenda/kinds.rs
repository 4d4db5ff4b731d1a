//! The lanes that wait for a turn, by the kind of their host: one rotation for each kind, and two
//! for unknown hosts.
//!
//! What must stay true: where the last unknown host of a source was slow, the source's other
//! unknown hosts come after those of other sources, and yet they have their turns.

use super::rotation::Rotation;
use crate::{
    model::lane::{HostKey, Lane, SourceKey},
    stages::places::{
        HostKind,
        standing::{Standing, Standings},
    },
};

/// Every so many turns of unknown hosts, one goes first to the sources whose last unknown host was
/// slow.
const DOUBTED_TURN_EVERY: u64 = 4;

/// The rotations, and what is remembered of hosts and sources.
#[derive(Debug, Default)]
pub(super) struct TurnsByKind {
    /// Lanes of prompt hosts.
    prompt: Rotation,
    /// Lanes of unknown hosts: those of trusted sources, and those of doubted ones.
    unknown: [Rotation; 2],
    /// Lanes of slow hosts.
    slow: Rotation,
    /// Lanes of looks, by the kind of their host: they come after the others of that kind.
    looks: [Rotation; 3],
    /// How many turns unknown hosts have had.
    unknown_turns: u64,
    standings: Standings,
}

impl TurnsByKind {
    /// The kind of a host, by what is remembered of it.
    pub(super) fn kind(&self, host: HostKey) -> HostKind {
        match self.standings.get(host) {
            Some(Standing::Prompt) => HostKind::Prompt,
            Some(Standing::Slow) => HostKind::Slow,
            None => HostKind::Unknown,
        }
    }

    /// Adds a lane to those that wait for a turn.
    pub(super) fn push(&mut self, lane: Lane, host: HostKey) {
        let kind = self.kind(host);
        if lane.is_looks() {
            self.looks[kind as usize].push(lane);
            return;
        }
        match kind {
            HostKind::Prompt => &mut self.prompt,
            HostKind::Unknown => {
                &mut self.unknown[usize::from(self.standings.is_doubted(lane.source()))]
            }
            HostKind::Slow => &mut self.slow,
        }
        .push(lane);
    }

    /// Whether lanes wait that were added as those of one kind.
    pub(super) fn waits(&self, kind: HostKind) -> bool {
        let waits = match kind {
            HostKind::Prompt => !self.prompt.is_empty(),
            HostKind::Unknown => self.unknown.iter().any(|unknown| !unknown.is_empty()),
            HostKind::Slow => !self.slow.is_empty(),
        };
        waits || !self.looks[kind as usize].is_empty()
    }

    /// Takes the next lane of those that were added as of one kind; what is known of its host may
    /// have changed since.
    pub(super) fn pop(&mut self, kind: HostKind) -> Option<Lane> {
        let new = match kind {
            HostKind::Prompt => self.prompt.pop(),
            HostKind::Slow => self.slow.pop(),
            HostKind::Unknown => {
                self.unknown_turns += 1;
                let [trusted, doubted] = &mut self.unknown;
                let doubted_first = self.unknown_turns.is_multiple_of(DOUBTED_TURN_EVERY);
                let (first, second) =
                    if doubted_first { (doubted, trusted) } else { (trusted, doubted) };
                first.pop().or_else(|| second.pop())
            }
        };
        new.or_else(|| self.looks[kind as usize].pop())
    }

    /// How many lanes wait for prompt hosts.
    pub(super) fn prompt_len(&self) -> usize {
        self.prompt.len()
    }

    /// How many lanes wait for unknown hosts.
    pub(super) fn unknown_len(&self) -> usize {
        self.unknown.iter().map(Rotation::len).sum()
    }

    /// Of these, how many are of trusted sources: only they are in a hurry for a place.
    pub(super) fn trusted_len(&self) -> usize {
        self.unknown[0].len()
    }

    /// Remembers of a host that it answered promptly or kept us waiting.
    pub(super) fn set_standing(&mut self, host: HostKey, standing: Standing) {
        self.standings.set(host, standing);
    }

    /// Notes that a host that a source led to answered.
    pub(super) fn trust(&mut self, source: SourceKey) {
        self.standings.trust(source);
        let [trusted, doubted] = &mut self.unknown;
        doubted.hand_over(source, trusted);
    }

    /// Notes that an unknown host that a source led to kept us waiting.
    pub(super) fn doubt(&mut self, source: SourceKey) {
        self.standings.doubt(source);
        let [trusted, doubted] = &mut self.unknown;
        trusted.hand_over(source, doubted);
    }
}
