//! Claims on entries: an entry that is being read is read once at a time, until what was decided on it is durable.

use tokio::sync::mpsc;

use crate::{
    fetch::{Room, Silence},
    model::candidate::Candidate,
    stages::places::Ticket,
};

/// What the agenda is told of a reading.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told {
    /// It waits for its host no longer; whether that said something.
    Fetched(Ticket, bool),
    /// What was decided is durable; when it is to be read again, in milliseconds since 1970.
    Released(Ticket, Option<u64>),
    /// It was not read, because its host's next turn is only then.
    Paced(Ticket, u64),
}

/// How much each reading tells at most.
pub(super) const TOLD: usize = 2;

/// Held from before an entry's fetch until its decision is durable; dropping it releases the entry.
#[derive(Debug)]
pub struct Claim {
    ticket: Ticket,
    again_ms: Option<u64>,
    paced_ms: Option<u64>,
    told: mpsc::Sender<Told>,
    /// For how long its host is silent.
    silence: Silence,
    /// The memory of what was made of the entry.
    room: Room,
}

impl Claim {
    /// `told` must have room for what all claims may tell that are held at once.
    pub(super) fn new(ticket: Ticket, told: mpsc::Sender<Told>, silence: Silence) -> Self {
        Self { ticket, again_ms: None, paced_ms: None, told, silence, room: Room::default() }
    }

    /// Holds the memory of what was made of the entry as long as the claim.
    pub(super) fn keep(&mut self, room: Room) {
        self.room = room;
    }

    /// What its fetch is to tell of.
    pub(super) fn silence(&self) -> Silence {
        self.silence.clone()
    }

    /// The fetch has an answer, or none.
    pub(super) fn fetched(&self, well: bool) {
        self.told.try_send(Told::Fetched(self.ticket, well)).ok();
    }

    /// The host's next turn is then: the entry stays where it is.
    pub(super) fn paced(mut self, next_ms: u64) {
        self.paced_ms = Some(next_ms);
    }

    /// The entry is to be read again then.
    pub(crate) fn again(&mut self, due_ms: u64) {
        self.again_ms = Some(due_ms);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // The queue has room for every claim; it is closed only when nobody waits any more.
        let told = self.paced_ms.map_or(Told::Released(self.ticket, self.again_ms), |it| Told::Paced(self.ticket, it));
        self.told.try_send(told).ok();
    }
}

/// A candidate and the claim on its entry.
#[derive(Debug)]
pub struct Claimed {
    /// What was made of it.
    pub candidate: Candidate,
    /// Released after the commit.
    pub claim: Claim,
}
