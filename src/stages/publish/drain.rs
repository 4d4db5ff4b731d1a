//! Drains the outbox into the sink, step by step: first it asks what the sink holds, then it
//! delivers batch after batch.
//!
//! What must stay true: what the topics hold is judged before the transactional id is taken, and
//! once more afterwards. A record counts as refused only where it was refused when sent alone. Its
//! value is kept in a file before a dead letter takes its place.

use std::{future::Future, time::Duration};

use tokio::{
    sync::{oneshot, watch},
    time::{Instant, timeout},
};

use super::{
    AdoptError, AdoptionReport, Halt, Parts, Position, Status, WriterId, adopt, changes, position,
    refused,
    sink::{Delivered, PublishError, Refusal, Sink, SinkHoldings},
};
use crate::{
    base::clock::{Clock as _, SystemClock},
    model::record::Topic,
    store::{OutboxRow, Reached, StoreError, Tail, acked::Acked},
    telemetry::{metrics, ready::Component},
};

/// After this long without an answer of the sink, that is logged and shown.
const SLOW_ANSWER: Duration = Duration::from_secs(30);
/// For how long dead letters are kept in files before their topic is tried again.
const LETTERS_IN_FILES: Duration = Duration::from_mins(5);

/// The shortest time between two requests for the limits of the sink's topics, which are made where
/// many records are refused.
const LIMITS_RECHECK: Duration = Duration::from_mins(1);

/// Why a step failed: the sink, which is tried again, or the store, which ends the run.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error(transparent)]
    Sink(#[from] PublishError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The rows of a batch, apart by whether they are sent.
struct SplitBatch {
    /// The rows that are sent.
    sent: Vec<OutboxRow>,
    /// For each dead letter that is kept in a file instead, the reason.
    kept_reasons: Vec<&'static str>,
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
}

/// All dead letters go to files, because their topic may not be written to.
#[derive(Debug)]
struct LettersInFiles {
    reason: String,
    /// When the topic is tried again.
    until: Instant,
}

/// Drains the outbox of one store into one sink, and remembers what it knows of the sink.
pub(super) struct Drain {
    parts: Parts,
    status: watch::Sender<Status>,
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
    /// A record that was refused together with others: it is sent alone next.
    suspect: Option<u64>,
    /// A dead letter that was refused alone, and why: it is kept in a file and not sent.
    refused_letter: Option<(u64, &'static str)>,
    letters_in_files: Option<LettersInFiles>,
    /// When the limits of the sink's topics were last asked for again.
    limits_asked: Option<Instant>,
}

impl Drain {
    pub(super) fn new(parts: Parts, status: watch::Sender<Status>) -> Self {
        let writer = WriterId::this(SystemClock.now());
        Self {
            parts,
            status,
            writer,
            acked: None,
            last_position: None,
            other_writer: None,
            suspect: None,
            refused_letter: None,
            letters_in_files: None,
            limits_asked: None,
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
                let status = self.letters_in_files.as_ref().map_or(Status::Publishing, |letters| {
                    Status::KeepingLetters(letters.reason.clone())
                });
                self.set_status(status);
                step
            }
            Err(StepError::Sink(error)) => self.note_failure(&error),
            Err(StepError::Store(error)) => return Err(error),
        })
    }

    /// Counts, logs and shows an error of the sink.
    fn note_failure(&mut self, error: &PublishError) -> Step {
        let (reason, step) = match error {
            PublishError::Halted(halt) => {
                let status = Status::Halted(halt.clone());
                if *self.status.borrow() != status {
                    tracing::error!(reason = halt.label(), "publishing stopped: {halt}");
                }
                self.set_status(status);
                return Step::Halted;
            }
            PublishError::Fenced(_) => ("fenced", Step::Fenced),
            PublishError::Unauthorised { .. } => ("unauthorised", Step::Failed),
            PublishError::Transient(_) | PublishError::Refused(_) => ("transient", Step::Failed),
        };
        metrics::publish_error(reason);
        let words = match self.other_writer.iter().flatten().next() {
            Some(writer) if step == Step::Fenced => format!("{error}: {writer}"),
            _ => error.to_string(),
        };
        tracing::warn!(
            reason = words,
            "the sink does not take records; nothing is lost, trying again"
        );
        self.set_status(Status::Retrying(words));
        step
    }

    /// Waits for an answer of the sink. If that takes longer than `long`, it is logged and shown:
    /// Kafka's client may go on trying for as long as no broker answers.
    pub(super) async fn await_sink<T>(&self, long: Duration, call: impl Future<Output = T>) -> T {
        tokio::pin!(call);
        if let Ok(answer) = timeout(long, &mut call).await {
            return answer;
        }
        let words = format!("the sink has not answered for {} s", long.as_secs());
        tracing::warn!(reason = words, "publishing takes long; nothing is lost");
        // The reason of a halt says more.
        if !matches!(*self.status.borrow(), Status::Halted(_)) {
            self.set_status(Status::Retrying(words));
        }
        call.await
    }

    /// Shows a status, where it is a new one.
    fn set_status(&self, status: Status) {
        let before = self.status.borrow().clone();
        if before == status {
            return;
        }
        if let Status::Halted(halt) = &before {
            metrics::publish_halted(halt.label(), false);
        }
        if let Status::Halted(halt) = &status {
            metrics::publish_halted(halt.label(), true);
        }
        self.status.send_replace(status);
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
        let executor = adopt::RecallExecutor::Task(self.parts.recalls.clone());
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
        let found = self.await_sink(SLOW_ANSWER, sink.holdings(&acked)).await?;
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
        let Some(held) = self.await_sink(SLOW_ANSWER, sink.open(from)).await? else {
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
            self.parts.outbox.trim(&Acked::new(acked.clone())).await?;
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
        if let Some(at) = self.suspect.and_then(|seq| rows.iter().position(|row| row.seq == seq)) {
            rows.truncate(at.max(1));
        }
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
        let SplitBatch { sent, kept_reasons } = self.keep_unsendable(rows).await?;
        let has_letters = sent.iter().any(|row| row.record.topic == Topic::DeadLetters);
        let started = std::time::Instant::now();
        let delivered = match self.await_sink(SLOW_ANSWER, sink.publish(&sent, &position)).await {
            Ok(delivered) => delivered,
            Err(PublishError::Refused(refusals)) => {
                return self.handle_refusals(acked, &sent, refusals).await;
            }
            // The topic of dead letters may be the one that is denied: a batch without dead letters
            // will show.
            Err(PublishError::Unauthorised { topic: None | Some(Topic::DeadLetters), words })
                if has_letters =>
            {
                metrics::publish_error("unauthorised");
                tracing::warn!(
                    reason = words,
                    "it is tried without dead letters, which are kept in data_dir"
                );
                let until = Instant::now() + LETTERS_IN_FILES;
                self.letters_in_files = Some(LettersInFiles { reason: words, until });
                self.acked = Some(acked);
                return Ok(Step::Again);
            }
            Err(error) => {
                if matches!(error, PublishError::Unauthorised { .. }) {
                    self.letters_in_files = None;
                }
                return Err(error.into());
            }
        };
        metrics::publish_batch(started.elapsed());
        kept_reasons.into_iter().for_each(metrics::dead_letter_kept);
        let reached = self.reached(acked, &position, delivered)?;
        self.parts.outbox.trim(&Acked::new(reached.clone())).await?;
        self.acked = Some(reached);
        self.note_delivered(position, &sent);
        Ok(Step::Delivered)
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
        self.suspect = self.suspect.filter(|suspect| *suspect > position.seq);
        self.last_position = Some(Some(position));
        if sent.iter().any(|row| row.record.topic == Topic::DeadLetters)
            && self.letters_in_files.take().is_some()
        {
            tracing::info!("the topic of dead letters takes them again");
        }
        for topic in [Topic::Articles, Topic::DeadLetters] {
            metrics::published(
                topic,
                sent.iter().filter(|row| row.record.topic == topic).count() as u64,
            );
        }
    }

    /// Takes the dead letters that their topic does not take out of a batch, and keeps them in
    /// files before the batch is sent without them.
    async fn keep_unsendable(&self, rows: Vec<OutboxRow>) -> Result<SplitBatch, PublishError> {
        let (mut sent, mut kept_reasons) = (Vec::with_capacity(rows.len()), Vec::new());
        // A record without a value was left out when data_dir was adopted; only its number is used
        // up.
        for row in rows.into_iter().filter(|row| !row.record.value.is_empty()) {
            let all = self
                .letters_in_files
                .as_ref()
                .filter(|letters| letters.until > Instant::now())
                .map(|_| "unauthorised");
            let one =
                self.refused_letter.filter(|(seq, _)| *seq == row.seq).map(|(_, reason)| reason);
            match one.or(all).filter(|_| row.record.topic == Topic::DeadLetters) {
                Some(reason) => {
                    refused::keep(&self.parts.files, &row.record).await?;
                    kept_reasons.push(reason);
                }
                None => sent.push(row),
            }
        }
        Ok(SplitBatch { sent, kept_reasons })
    }

    /// Handles refused records: one that was refused among others is sent alone next; one that was
    /// refused alone is replaced by a dead letter.
    async fn handle_refusals(
        &mut self,
        acked: Reached,
        sent: &[OutboxRow],
        refusals: Vec<Refusal>,
    ) -> Result<Step, StepError> {
        // Where many are refused, a topic's limit may have changed: the sink is opened again, which
        // asks for the limits.
        let asks_limits = refusals.len() > 1
            && self.limits_asked.is_none_or(|asked| asked.elapsed() > LIMITS_RECHECK);
        if asks_limits {
            self.limits_asked = Some(Instant::now());
        }
        let Some((row, refusal)) = refusals
            .into_iter()
            .filter_map(|refusal| Some((sent.iter().find(|row| row.seq == refusal.seq)?, refusal)))
            .min_by_key(|(row, _)| row.seq)
        else {
            return Err(PublishError::Transient(
                "a record is refused that was not sent".to_owned(),
            )
            .into());
        };
        self.acked = (!asks_limits).then_some(acked);
        if sent.len() > 1 {
            self.suspect = Some(row.seq);
            return Ok(Step::Again);
        }
        metrics::publish_refused(row.record.topic, refusal.reason);
        if row.record.topic == Topic::DeadLetters {
            tracing::warn!(
                seq = row.seq,
                reason = refusal.words,
                "a dead letter is kept in data_dir, since the sink refuses it"
            );
            self.refused_letter = Some((row.seq, refusal.reason));
            return Ok(Step::Again);
        }
        let kept = refused::keep(&self.parts.files, &row.record).await?;
        tracing::warn!(
            seq = row.seq,
            reason = refusal.words,
            kept,
            "the sink refuses a record: a dead letter takes its place"
        );
        let letter = refused::letter(&row.record, &refusal, kept.as_deref());
        self.parts.outbox.replace(row, letter).await?;
        Ok(Step::Again)
    }
}
