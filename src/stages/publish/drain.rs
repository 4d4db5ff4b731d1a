//! Drains the outbox into the sink, step by step: first it asks what the sink holds, then it
//! delivers batch after batch.
//!
//! What must stay true: what the topics hold is judged before the transactional id is taken, and
//! once more afterwards.

mod refused;
mod reporter;
mod spans;

use tokio::sync::{oneshot, watch};

use self::{
    refused::{Refused, SplitBatch},
    reporter::{Reporter, SLOW_ANSWER},
};
use super::{
    AdoptError, AdoptionReport, Halt, OperatorRequest, Parts, Position, Status, WriterId, adopt,
    changes, position,
    sink::{Delivered, PublishError, Refusal, Sink, SinkHoldings},
};
use crate::{
    base::clock::{Clock as _, SystemClock},
    model::record::Topic,
    stages::commit::{CommitRequest, EraseOrder, EraseReport, EraseRequest},
    store::{Batch, OutboxRow, Reached, StoreError, Tail, acked::Acked},
    telemetry::{metrics, ready::Component},
};

/// Why a step failed: the sink, which is tried again, or the store, which ends the run.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error(transparent)]
    Sink(#[from] PublishError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Records were delivered, or there is a position to go on from.
    Delivered,
    /// Nothing was delivered; the next step tries again with what this one found out.
    Again,
    /// There is nothing to deliver.
    Empty,
    /// The sink does not take records at present.
    Failed,
    /// Another process has taken the transactional id.
    Fenced,
    /// Stopped until an operator decides.
    Halted,
    /// Nobody reads the records any more.
    Unread,
}

/// Drains the outbox of one store into one sink, and remembers what it knows of the sink.
pub(super) struct Drain {
    parts: Parts,
    /// Shows how publishing goes.
    pub(super) reporter: Reporter,
    /// The name of this process in positions.
    writer: WriterId,
    /// What the sink has acknowledged; `None` while it has yet to say what it holds.
    acked: Option<Reached>,
    /// The position that was last read or written, once the sink has been asked.
    #[allow(
        clippy::option_option,
        reason = "before the sink is asked nothing is known; afterwards, that it may have none"
    )]
    last_position: Option<Option<Position>>,
    /// Another process that published as this store while this one ran.
    #[allow(
        clippy::option_option,
        reason = "there may be another process of which nothing is known"
    )]
    other_writer: Option<Option<WriterId>>,
    refused: Refused,
}

impl Drain {
    pub(super) fn new(parts: Parts, status: watch::Sender<Status>) -> Self {
        let writer = WriterId::this(SystemClock.now());
        Self {
            parts,
            reporter: Reporter::new(status),
            writer,
            acked: None,
            last_position: None,
            other_writer: None,
            refused: Refused::default(),
        }
    }

    /// Asks the sink what it holds, where that is not known, or delivers the next batch.
    pub(super) async fn step(&mut self, sink: &mut dyn Sink) -> Result<Step, StoreError> {
        let outcome = match self.acked.take() {
            None => self.resume(sink).await,
            Some(acked) => self.deliver(sink, acked).await,
        };
        Ok(match outcome {
            Ok(step) => {
                self.reporter.set(self.in_order());
                step
            }
            Err(StepError::Sink(error)) => {
                self.reporter.note_failure(&error, self.other_writer.iter().flatten().next())
            }
            Err(StepError::Store(error)) => return Err(error),
        })
    }

    /// The status of a sink that takes records.
    fn in_order(&self) -> Status {
        let letters = self.refused.letters_denied();
        letters.map_or(Status::Publishing, |reason| Status::KeepingLetters(reason.to_owned()))
    }

    /// Notes whether the sink could be reached while there was nothing to deliver.
    pub(super) fn note_probe(&self, answer: Result<(), PublishError>) {
        match answer {
            Ok(()) => self.reporter.set(self.in_order()),
            Err(error) => self.reporter.note_silence(&error),
        }
    }

    /// Does what an operator asks for; returns whether the next step is to follow at once.
    pub(super) async fn answer(&mut self, sink: &mut dyn Sink, request: OperatorRequest) -> bool {
        match request {
            OperatorRequest::Adopt(answer) => {
                self.adopt(sink, answer).await;
                return true;
            }
            OperatorRequest::Confirm(answer) => self.confirm(answer).await,
            OperatorRequest::Erase(order, answer) => self.erase(order, answer).await,
            // Where the committing task has ended, the answer is dropped, which ends the wait.
            OperatorRequest::Retry(request) => {
                self.parts.commit_requests.send(CommitRequest::Retry(request)).await.ok();
            }
        }
        false
    }

    /// Has the committing task erase an article, and rests until that is durable.
    async fn erase(
        &self,
        order: EraseOrder,
        answer: oneshot::Sender<Result<Option<EraseReport>, StoreError>>,
    ) {
        let (erased, outcome) = oneshot::channel();
        let request = CommitRequest::Erase(EraseRequest { order, answer: erased });
        // Where the committing task has ended, the answer is dropped, which ends the operator's
        // wait.
        self.parts.commit_requests.send(request).await.ok();
        if let Ok(outcome) = outcome.await {
            answer.send(outcome).ok();
        }
    }

    /// Adopts what the topics hold, as an operator asked; the next step then resumes.
    pub(super) async fn adopt(
        &mut self,
        sink: &mut dyn Sink,
        answer: oneshot::Sender<Result<AdoptionReport, AdoptError>>,
    ) {
        self.acked = None;
        // While another process publishes, adopting would stop that one.
        if self.other_writer.is_some() {
            answer.send(Err(AdoptError::Another)).ok();
            return;
        }
        let executor = adopt::RecallExecutor::Task(self.parts.commit_requests.clone());
        let outcome = adopt(sink, &self.parts.outbox, self.last_position.as_ref(), executor).await;
        if let Ok(adopted) = &outcome {
            tracing::warn!(epoch = adopted.epoch, "an operator adopted data_dir: {adopted}");
            (self.last_position, self.other_writer) = (None, None);
        }
        // The operator may have gone away meanwhile.
        answer.send(outcome).ok();
    }

    /// Notes that an operator knows what happened to the topics.
    pub(super) async fn confirm(&mut self, answer: oneshot::Sender<Result<String, StoreError>>) {
        let outcome = changes::confirm(&self.parts.outbox).await;
        if outcome.is_ok() {
            if let Some(acked) = &mut self.acked {
                acked.notes.changes.clear();
            }
            self.parts.ready.set(Component::Topics, Ok(()));
        }
        // The operator may have gone away meanwhile.
        answer.send(outcome).ok();
    }

    /// Asks the sink what it holds, and finds where to go on from.
    async fn resume(&mut self, sink: &mut dyn Sink) -> Result<Step, StepError> {
        let mut acked = self.parts.outbox.acked()?;
        let found = self.reporter.await_sink(SLOW_ANSWER, sink.holdings(&acked)).await?;
        let mut from = None;
        if let Some(held) = found {
            from = held.position_at;
            // Another sink knows nothing of what happened to the one that was published to.
            if acked.sink_id.as_ref().is_none_or(|ours| *ours == held.sink_id) {
                let before = acked.notes.clone();
                changes::note(&mut acked.notes, held.notes.clone(), SystemClock.now());
                if acked.notes != before {
                    self.parts.outbox.trim(&Acked::new(acked.clone())).await?;
                }
                self.parts.ready.set(Component::Topics, changes::unconfirmed(&acked.notes));
            }
            self.judge(&acked, &held)?;
        }
        let Some(held) = self.reporter.await_sink(SLOW_ANSWER, sink.open(from)).await? else {
            self.acked = Some(acked);
            return Ok(Step::Delivered);
        };
        let Tail { seq, chain, total } = self.judge(&acked, &held)?;
        let moved = seq > acked.seq
            || acked.sink_id.as_ref() != Some(&held.sink_id)
            || acked.position_at != held.position_at;
        // A position of an earlier epoch does not mean that this one has published.
        let published = acked.published
            || held.position.as_ref().is_some_and(|position| position.epoch == acked.epoch);
        let acked = Reached {
            seq,
            chain,
            total,
            sink_id: Some(held.sink_id),
            published,
            position_at: held.position_at,
            ..acked
        };
        if moved {
            self.trim(&acked).await?;
        }
        self.acked = Some(acked);
        Ok(Step::Delivered)
    }

    /// Where publishing goes on from, or why it stops. Also notes whether another process
    /// publishes.
    fn judge(&mut self, acked: &Reached, held: &SinkHoldings) -> Result<Tail, StepError> {
        let outbox = &self.parts.outbox;
        let found = match &held.position {
            Some(position) => outbox.at(position.seq)?,
            None => None,
        };
        let before = self.last_position.replace(held.position.clone());
        let foreign = held
            .position
            .as_ref()
            .filter(|at| at.writer.as_ref().is_none_or(|writer| writer.run != self.writer.run));
        if let (Some(before), Some(position)) = (before, foreign)
            && before.as_ref() != Some(position)
        {
            self.other_writer = Some(position.writer.clone());
        }
        let halt = match position::judge(acked, outbox.tail()?.seq, held, found) {
            Ok(from) => return Ok(from),
            Err(halt) => halt,
        };
        if !held.settled {
            return Err(PublishError::Transient(
                "an open transaction holds back the end of the positions".to_owned(),
            )
            .into());
        }
        let halt = match &self.other_writer {
            Some(writer) if halt.is_older_copy() => Halt::Another { writer: writer.clone() },
            _ => halt,
        };
        Err(PublishError::Halted(halt).into())
    }

    /// Delivers the next batch.
    async fn deliver(&mut self, sink: &mut dyn Sink, acked: Reached) -> Result<Step, StepError> {
        let limits = sink.limits();
        let mut rows = self.parts.outbox.rows_after(acked.seq, limits.records, limits.bytes)?;
        self.refused.isolate_suspect(&mut rows);
        let Some(last) = rows.last() else {
            self.acked = Some(acked);
            return Ok(Step::Empty);
        };
        let position = Position {
            store: self.parts.store,
            epoch: acked.epoch,
            seq: last.seq,
            chain: last.chain,
            sink_id: acked.sink_id.clone(),
            writer: Some(self.writer.clone()),
        };
        let SplitBatch { sent, kept_reasons } =
            self.refused.keep_unsendable(&self.parts.letters, rows).await?;
        let has_letters = sent.iter().any(|row| row.record.topic == Topic::DeadLetters);
        let (started, began) = (std::time::Instant::now(), SystemClock.now());
        let outcome = self.reporter.await_sink(SLOW_ANSWER, sink.publish(&sent, &position)).await;
        let delivered = match outcome {
            Ok(delivered) => delivered,
            Err(PublishError::Refused(refusals)) => {
                return self.handle_refusals(acked, &sent, refusals).await;
            }
            // The topic of dead letters may be the one that is denied: a batch without dead
            // letters will show.
            Err(PublishError::Unauthorised { topic: None | Some(Topic::DeadLetters), words })
                if has_letters =>
            {
                self.refused.deny_letters(words);
                self.acked = Some(acked);
                return Ok(Step::Again);
            }
            Err(error) => {
                if matches!(error, PublishError::Unauthorised { .. }) {
                    self.refused.allow_letters();
                }
                return Err(error.into());
            }
        };
        metrics::publish_batch(started.elapsed());
        kept_reasons.into_iter().for_each(metrics::dead_letter_kept);
        let reached = self.reached(acked, &position, delivered)?;
        self.trim(&reached).await?;
        self.acked = Some(reached);
        spans::record(&self.parts.traces, &sent, began, SystemClock.now());
        self.note_delivered(position, &sent);
        Ok(Step::Delivered)
    }

    /// Removes what was acknowledged from the outbox, and the letters of records that were sent again.
    async fn trim(&self, reached: &Reached) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        self.parts.letters.delivered(&mut batch, reached.seq)?;
        self.parts.outbox.trim_with(&Acked::new(reached.clone()), batch).await
    }

    /// What the sink has acknowledged after a delivery.
    fn reached(
        &self,
        acked: Reached,
        position: &Position,
        delivered: Delivered,
    ) -> Result<Reached, StoreError> {
        let Position { seq, chain, .. } = *position;
        let position_at = delivered.position_at.or(acked.position_at);
        // The row has the sum of bytes as it was appended; a record that replaced another one has a
        // different size.
        let total = self.parts.outbox.at(seq)?.map_or(acked.total, |row| row.total);
        let mut now = Reached { seq, chain, total, published: true, position_at, ..acked };
        if changes::note(&mut now.notes, delivered.notes, SystemClock.now()) {
            self.parts.ready.set(Component::Topics, changes::unconfirmed(&now.notes));
        }
        Ok(now)
    }

    /// Notes a delivery, once its position is durable in the sink and in the store.
    fn note_delivered(&mut self, position: Position, sent: &[OutboxRow]) {
        let count = |topic| sent.iter().filter(|row| row.record.topic == topic).count() as u64;
        self.refused.note_delivered(position.seq, count(Topic::DeadLetters) > 0);
        self.last_position = Some(Some(position));
        for topic in Topic::ALL {
            metrics::published(topic, count(topic));
        }
        let now = SystemClock.now();
        for OutboxRow { record, .. } in
            sent.iter().filter(|row| row.record.topic == Topic::Articles)
        {
            metrics::acknowledged(record.observed.published, record.event_time, now);
            record.routing.topics.iter().for_each(|topic| metrics::routed(topic));
        }
    }

    /// Handles the first of the records that the sink refused; the next step tries the rest again.
    async fn handle_refusals(
        &mut self,
        acked: Reached,
        sent: &[OutboxRow],
        refusals: Vec<Refusal>,
    ) -> Result<Step, StepError> {
        // Opening the sink again asks for its limits.
        let reopens = self.refused.rechecks_limits(refusals.len());
        let (row, refusal) = refused::first(sent, refusals)?;
        self.acked = (!reopens).then_some(acked);
        self.refused.handle(&self.parts, row, &refusal, sent.len() == 1).await?;
        Ok(Step::Again)
    }
}
