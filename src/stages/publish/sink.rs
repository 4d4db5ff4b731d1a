//! What the publish stage asks of a sink, in terms that fit every sink.
//!
//! A sink without memory implements [`Sink::open`] and [`Sink::publish`] alone. A sink with
//! transactions keeps the position of this store beside its records and reports what it holds. It
//! also names itself, so that another sink in its place is recognised.
//!
//! What must stay true: where [`Sink::publish`] fails, either no consumer will ever see a record of
//! the batch, or the next [`Sink::open`] settles what became of it and reports that. What a sink
//! asks to be reminded of is opaque to the stage and to the store.

use std::{fmt::Debug, future::Future, pin::Pin};

use super::{Halt, Position};
use crate::{
    model::{poll_record::PollRecord, record::Topic},
    stages::commit::PublishedRecord,
    store::{OutboxRow, Reached, SinkMemory},
};

/// Why a delivery failed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It may work later.
    #[error("{0}")]
    Transient(String),
    /// nashra is not allowed to do this; publishing waits until an operator grants the right.
    #[error("{words}")]
    Unauthorised {
        /// The kind of records that may not be written; `None` where it is all of them, or where
        /// that is not known.
        topic: Option<Topic>,
        /// What may not be done, in words.
        words: String,
    },
    /// Another process has begun to publish as this store.
    #[error("another nashra with this store's id has begun to publish ({0})")]
    Fenced(String),
    /// Records are refused for good; none of the batch was delivered.
    #[error("{} records are refused", .0.len())]
    Refused(Vec<Refusal>),
    /// Publishing stops until an operator decides.
    #[error("{0}")]
    Halted(Halt),
    /// Whoever read the records has gone, and nobody can come in their place.
    #[error("nobody reads the records any more")]
    Unread,
}

impl PublishError {
    /// Of records that could not be written.
    pub(crate) fn writing(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Transient(format!("writing records: {error}")),
        }
    }
}

/// A record that the sink does not take, now or later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The record's number in the outbox.
    pub seq: u64,
    /// Why, as a metric's label: `too_large` or `invalid`.
    pub reason: &'static str,
    /// What the sink says.
    pub words: String,
}

/// The answer of a sink to a call, once it is there.
pub type SinkFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, PublishError>> + Send + 'a>>;

/// Where records go.
pub trait Sink: Debug + Send + 'static {
    /// The bounds of one delivery.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Reports what the sink holds of this store; `remembered` is what the store knows of the sink.
    /// `None` from a sink without memory. The call does not disturb another process that publishes.
    fn holdings<'a>(
        &'a mut self,
        _remembered: &'a Reached,
    ) -> SinkFuture<'a, Option<SinkHoldings>> {
        Box::pin(async { Ok(None) })
    }

    /// Connects, or connects again after an error. From then on no other process can publish as
    /// this store. Reports what the sink holds, as [`Sink::holdings`] does. `from` is the last
    /// known [`SinkHoldings::position_at`]: the position stands there or later.
    fn open(&mut self, from: Option<i64>) -> SinkFuture<'_, Option<SinkHoldings>>;

    /// Delivers rows together with the position that they reach. When the call returns, all of them
    /// are durable in the sink, or none.
    fn publish<'a>(
        &'a mut self,
        rows: &'a [OutboxRow],
        position: &'a Position,
    ) -> SinkFuture<'a, Delivered>;

    /// What it is called in words for operators, with where it is.
    fn name(&self) -> String {
        "the sink".to_owned()
    }

    /// Asks for what its client said last of its troubles, also while a call is under way.
    fn trouble(&self) -> fn() -> Option<String> {
        || None
    }

    /// Asks whether it can be reached, where nothing is delivered. The call may be broken off.
    fn probe(&mut self) -> SinkFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// The articles of this store that were published after the position `_after`, in their order;
    /// empty from a sink without memory.
    fn published<'a>(&'a mut self, _after: &'a Reached) -> SinkFuture<'a, Vec<PublishedRecord>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Where polls are reported, if the sink takes them and the config asks for it.
    fn polls(&self) -> Option<Box<dyn PollReporter>> {
        None
    }
}

/// Takes reports of polls, best effort: what cannot be taken at once is dropped.
pub trait PollReporter: Send {
    /// Reports one poll, without waiting.
    fn report(&mut self, poll: &PollRecord);

    /// Waits a moment for the last reports to arrive. Blocks the thread.
    fn finish(self: Box<Self>);
}

/// What a sink with transactions holds of this store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkHoldings {
    /// The name by which this sink is recognised.
    pub sink_id: String,
    /// The position that it holds; `None` where it has none of this store.
    pub position: Option<Position>,
    /// Where that position stands in the sink, as a number of the sink's own that only grows, such
    /// as an offset.
    pub position_at: Option<i64>,
    /// Whether the position is final; `false` while a transaction is open.
    pub settled: bool,
    /// What the sink found out about itself.
    pub notes: SinkReport,
}

/// The report of a delivery that succeeded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Where the position stands in the sink, as in [`SinkHoldings::position_at`].
    pub position_at: Option<i64>,
    /// What the sink found out about itself.
    pub notes: SinkReport,
}

/// What a sink found out about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkReport {
    /// What it asks to be reminded of at the next [`Sink::holdings`]; `None` where that is
    /// unchanged.
    pub memory: Option<SinkMemory>,
    /// Events that consumers may have to know of.
    pub happened: Vec<SinkEvent>,
}

/// Something that happened to a part of a sink. It is shown until an operator confirms it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkEvent {
    /// The part's name, such as that of a topic.
    pub part: String,
    /// What happened, as the rest of a sentence that begins with the name.
    pub what: String,
}

/// The bounds of one delivery.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The number of records.
    pub records: usize,
    /// The size of all of them in bytes; a single record may be larger.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { records: 1_000, bytes: 4 << 20 }
    }
}
