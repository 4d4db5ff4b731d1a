//! Claims on entries: an entry that is being read is read once at a time, until what was decided on
//! it is durable.

use tokio::sync::mpsc;

use crate::{
    fetch::{Room, Silence},
    model::candidate::Candidate,
    stages::places::Ticket,
};

/// What a reading tells the agenda.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReadingEvent {
    /// It waits for its host no longer; whether that answered.
    Fetched(Ticket, bool),
    /// The decision on it is durable; when it is to be read again, in milliseconds since 1970.
    Released(Ticket, Option<u64>),
    /// It was not read, because its host's next turn is only then, in milliseconds since 1970.
    Paced(Ticket, u64),
}

/// The most events of one reading.
pub(super) const EVENTS_PER_READING: usize = 2;

/// Held from before an entry's fetch until its decision is durable; dropping it releases the entry.
#[derive(Debug)]
pub struct Claim {
    ticket: Ticket,
    again_ms: Option<u64>,
    paced_ms: Option<u64>,
    events: mpsc::Sender<ReadingEvent>,
    /// For how long its host is silent.
    silence: Silence,
    /// The memory of what was made of the entry.
    room: Room,
}

impl Claim {
    /// `events` must have room for what all claims may tell that are held at once.
    pub(super) fn new(
        ticket: Ticket,
        events: mpsc::Sender<ReadingEvent>,
        silence: Silence,
    ) -> Self {
        Self { ticket, again_ms: None, paced_ms: None, events, silence, room: Room::default() }
    }

    /// The reading that it is for.
    pub(super) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Holds the memory of what was made of the entry as long as the claim.
    pub(super) fn hold_room(&mut self, room: Room) {
        self.room = room;
    }

    /// What its fetch is to tell of.
    pub(super) fn silence(&self) -> Silence {
        self.silence.clone()
    }

    /// The fetch has an answer, or none.
    pub(super) fn report_fetched(&self, answered: bool) {
        self.events.try_send(ReadingEvent::Fetched(self.ticket, answered)).ok();
    }

    /// The host's next turn is then: the entry stays where it is.
    pub(super) fn release_until(mut self, next_ms: u64) {
        self.paced_ms = Some(next_ms);
    }

    /// The entry is to be read again then.
    pub(crate) fn read_again_at(&mut self, due_ms: u64) {
        self.again_ms = Some(due_ms);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // The queue has room for every claim; it is closed only when nobody waits any more.
        let event =
            self.paced_ms.map_or(ReadingEvent::Released(self.ticket, self.again_ms), |next_ms| {
                ReadingEvent::Paced(self.ticket, next_ms)
            });
        self.events.try_send(event).ok();
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
