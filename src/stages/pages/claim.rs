//! Claims on entries. What must stay true: from the start of a reading until the decision on the
//! entry is durable, the entry is not read a second time.

use tokio::sync::mpsc;

use crate::{
    fetch::{Room, Silence},
    model::{candidate::Candidate, pending::PendingKey},
    stages::places::Ticket,
};

/// What a reading reports to the agenda.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReadingEvent {
    /// The fetch no longer waits for its host; whether the host answered.
    Fetched(Ticket, bool),
    /// The decision on the entry is durable; its row where it is to be read again, if it is.
    Released(Ticket, Option<PendingKey>),
    /// The entry was not read, because its host's next turn is at this time, in milliseconds since
    /// 1970.
    Paced(Ticket, u64),
}

/// The most events of one reading.
pub(super) const EVENTS_PER_READING: usize = 2;

/// Held from before an entry's fetch until its decision is durable; dropping it releases the entry.
#[derive(Debug)]
pub struct Claim {
    ticket: Ticket,
    again: Option<PendingKey>,
    paced_ms: Option<u64>,
    events: mpsc::Sender<ReadingEvent>,
    /// Where the fetch notes how long its host is silent.
    silence: Silence,
    /// The memory of what was made of the entry.
    room: Room,
}

impl Claim {
    /// A claim for one reading. `events` must have room for [`EVENTS_PER_READING`] events of every
    /// claim that is held at the same time.
    pub(super) fn new(
        ticket: Ticket,
        events: mpsc::Sender<ReadingEvent>,
        silence: Silence,
    ) -> Self {
        Self { ticket, again: None, paced_ms: None, events, silence, room: Room::default() }
    }

    /// The ticket of the reading.
    pub(super) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Holds the memory of what was made of the entry as long as the claim.
    pub(super) fn hold_room(&mut self, room: Room) {
        self.room = room;
    }

    /// Where the fetch notes how long its host is silent.
    pub(super) fn silence(&self) -> Silence {
        self.silence.clone()
    }

    /// Reports that the fetch no longer waits for its host, and whether the host answered.
    pub(super) fn report_fetched(&self, answered: bool) {
        self.events.try_send(ReadingEvent::Fetched(self.ticket, answered)).ok();
    }

    /// Releases an entry that was not read, because its host's next turn is at `next_ms`.
    pub(super) fn release_until(mut self, next_ms: u64) {
        self.paced_ms = Some(next_ms);
    }

    /// Has the entry read again where its row is now, once the claim is released.
    pub(crate) fn read_again_at(&mut self, row: PendingKey) {
        self.again = Some(row);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // The channel has room for the events of every claim; it is closed only where the stage has
        // ended.
        let event =
            self.paced_ms.map_or(ReadingEvent::Released(self.ticket, self.again), |next_ms| {
                ReadingEvent::Paced(self.ticket, next_ms)
            });
        self.events.try_send(event).ok();
    }
}

/// A candidate and the claim on its entry.
#[derive(Debug)]
pub struct Claimed {
    /// The entry with the result of its reading.
    pub candidate: Candidate,
    /// Dropped after the commit.
    pub claim: Claim,
}
