//! What the publish stage asks of a sink, in words that every sink has.
//!
//! A sink that remembers nothing answers to [`Sink::open`] and [`Sink::publish`] alone. One with
//! transactions keeps the position of this store beside its records, says what it holds, and names
//! itself, so that another one in its place is told. What must stay true: where [`Sink::publish`]
//! fails, either nothing of the batch will be seen, or the next [`Sink::open`] settles it and says
//! so; what a sink wants to remember of itself is opaque to the stage and to the store.

use std::{fmt::Debug, future::Future, pin::Pin};

use super::{Halt, Position};
use crate::{
    model::{poll_record::PollRecord, record::Topic},
    stages::commit::PublishedArticle,
    store::{OutboxRow, Reached, SinkMemory},
};

/// Why a delivery failed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It may work later.
    #[error("{0}")]
    Transient(String),
    /// We may not do this: it waits until an operator gives the right.
    #[error("{words}")]
    Unauthorised {
        /// The kind of records that it is about; `None` where it is about all of them, or where
        /// that is not known.
        topic: Option<Topic>,
        /// What may not be done.
        words: String,
    },
    /// Another process has begun to publish as this store.
    #[error("another nashra with this store's id has begun to publish ({0})")]
    Fenced(String),
    /// Records are refused for good; none of the batch was delivered.
    #[error("{} records are refused", .0.len())]
    Refused(Vec<Refusal>),
    /// It will not work until an operator decides.
    #[error("{0}")]
    Halted(Halt),
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

/// What a sink answers, in time.
pub type SinkFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, PublishError>> + Send + 'a>>;

/// Where records go.
pub trait Sink: Debug + Send + 'static {
    /// The bounds of one delivery.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Says what the sink holds of this store, given what is remembered of it; `None` from a sink
    /// that remembers nothing. It takes nothing from another process that publishes.
    fn holdings<'a>(
        &'a mut self,
        _remembered: &'a Reached,
    ) -> SinkFuture<'a, Option<SinkHoldings>> {
        Box::pin(async { Ok(None) })
    }

    /// Connects, or connects again after an error, and from then on is the only one that publishes
    /// as this store. Says what the sink holds, as [`Sink::holdings`] does; the position stands at
    /// `from` or behind it, where that is given.
    fn open(&mut self, from: Option<i64>) -> SinkFuture<'_, Option<SinkHoldings>>;

    /// Delivers rows with the position that they reach: all are durable there when it returns, or
    /// none of them.
    fn publish<'a>(
        &'a mut self,
        rows: &'a [OutboxRow],
        position: &'a Position,
    ) -> SinkFuture<'a, Delivered>;

    /// The articles of this store that were published after what is remembered, in their order;
    /// none from a sink that remembers nothing.
    fn published<'a>(&'a mut self, _after: &'a Reached) -> SinkFuture<'a, Vec<PublishedArticle>> {
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

    /// Gives the reports a moment to arrive. It blocks.
    fn finish(self: Box<Self>);
}

/// What a sink with transactions holds of this store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkHoldings {
    /// The name by which the sink that answers now is known again.
    pub sink_id: String,
    /// The position that it holds; `None` where it has none of this store.
    pub position: Option<Position>,
    /// The place of that position among all that the sink holds, in a number of the sink's own that
    /// only grows.
    pub position_at: Option<i64>,
    /// Whether that is all: not while a transaction is open.
    pub settled: bool,
    /// What the sink found out about itself.
    pub notes: SinkReport,
}

/// What is known of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The place of the position, as in [`SinkHoldings::position_at`].
    pub position_at: Option<i64>,
    /// What the sink found out about itself.
    pub notes: SinkReport,
}

/// What a sink found out about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkReport {
    /// What it wants to be reminded of at the next [`Sink::holdings`]; `None` where that stays as
    /// it is.
    pub memory: Option<SinkMemory>,
    /// What happened to it that consumers may have to know of.
    pub happened: Vec<SinkEvent>,
}

/// Something that happened to a part of a sink; it is told until an operator confirms it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkEvent {
    /// The part's name, such as that of a topic.
    pub part: String,
    /// What happened, in words that go on after the name.
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
