//! The outbox's way into the sink, step by step: what the sink holds, and then batch after batch.
//!
//! What must stay true: what the topics hold is judged before the transactional id is taken, and
//! again after it; a record is taken for refused only where it was refused alone; what it said is
//! kept in a file before a dead letter takes its place.

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

/// A sink that has not answered for so long is told of.
const LONG: Duration = Duration::from_secs(30);
/// For how long dead letters are kept in files before their topic is tried again.
const LETTERS: Duration = Duration::from_mins(5);

/// How often the sink is asked for its limits again at most, where many records are refused.
const LIMITS: Duration = Duration::from_mins(1);

/// Why a step failed: the sink, which is tried again, or the store, which ends the run.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error(transparent)]
    Sink(#[from] PublishError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The rows of a delivery.
struct Shipment {
    /// The rows that are sent.
    sent: Vec<OutboxRow>,
    /// Why others are kept in files instead, one reason for each.
    kept: Vec<&'static str>,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Records were delivered, or there is a position to go on from.
    Delivered,
    /// The next step knows more.
    Again,
    /// There is nothing to deliver.
    Empty,
    /// The sink does not take records now.
    Failed,
    /// Another process has taken over.
    Fenced,
    /// Stopped until an operator decides.
    Halted,
}

/// Dead letters go to files, because their topic refuses all of them.
#[derive(Debug)]
struct Keeping {
    why: String,
    until: Instant,
}

pub(super) struct Drain {
    parts: Parts,
    status: watch::Sender<Status>,
    /// The name of this process in positions.
    writer: WriterId,
    /// `None` while the sink has yet to say what it holds.
    acked: Option<Reached>,
    /// The position that was seen or written last, once there was a look.
    #[allow(
        clippy::option_option,
        reason = "before the first look nothing is known; after it, that there may be none"
    )]
    known: Option<Option<Position>>,
    /// Another process that published as this store while this one ran.
    #[allow(
        clippy::option_option,
        reason = "there may be another process of which nothing is known"
    )]
    other: Option<Option<WriterId>>,
    /// A record that was refused together with others: it is sent alone.
    suspect: Option<u64>,
    /// A dead letter that is refused: it is kept in a file and left out.
    unsent: Option<(u64, &'static str)>,
    keeping: Option<Keeping>,
    /// When many records were refused and the sink was asked for its limits again.
    asked: Option<Instant>,
}

impl Drain {
    pub(super) fn new(parts: Parts, status: watch::Sender<Status>) -> Self {
        let writer = WriterId::this(SystemClock.now());
        Self {
            parts,
            status,
            writer,
            acked: None,
            known: None,
            other: None,
            suspect: None,
            unsent: None,
            keeping: None,
            asked: None,
        }
    }

    pub(super) async fn step(&mut self, sink: &mut dyn Sink) -> Result<Step, StoreError> {
        let outcome = match self.acked.take() {
            None => self.resume(sink).await,
            Some(acked) => self.deliver(sink, acked).await,
        };
        Ok(match outcome {
            Ok(step) => {
                let status = self.keeping.as_ref().map_or(Status::Publishing, |keeping| {
                    Status::KeepingLetters(keeping.why.clone())
                });
                self.tell(status);
                step
            }
            Err(StepError::Sink(error)) => self.failed(&error),
            Err(StepError::Store(error)) => return Err(error),
        })
    }

    fn failed(&mut self, error: &PublishError) -> Step {
        let (reason, step) = match error {
            PublishError::Halted(halt) => {
                let status = Status::Halted(halt.clone());
                if *self.status.borrow() != status {
                    tracing::error!(reason = halt.label(), "publishing stopped: {halt}");
                }
                self.tell(status);
                return Step::Halted;
            }
            PublishError::Fenced(_) => ("fenced", Step::Fenced),
            PublishError::Unauthorised { .. } => ("unauthorised", Step::Failed),
            PublishError::Transient(_) | PublishError::Refused(_) => ("transient", Step::Failed),
        };
        metrics::publish_error(reason);
        let words = match self.other.iter().flatten().next() {
            Some(writer) if step == Step::Fenced => format!("{error}: {writer}"),
            _ => error.to_string(),
        };
        tracing::warn!(
            reason = words,
            "the sink does not take records; nothing is lost, trying again"
        );
        self.tell(Status::Retrying(words));
        step
    }

    /// Waits for the sink. Where that takes long it is said: its client may try for as long as no
    /// broker answers.
    pub(super) async fn waited<T>(&self, long: Duration, call: impl Future<Output = T>) -> T {
        tokio::pin!(call);
        if let Ok(answer) = timeout(long, &mut call).await {
            return answer;
        }
        let words = format!("the sink has not answered for {} s", long.as_secs());
        tracing::warn!(reason = words, "publishing takes long; nothing is lost");
        // Why it is stopped says more.
        if !matches!(*self.status.borrow(), Status::Halted(_)) {
            self.tell(Status::Retrying(words));
        }
        call.await
    }

    /// Tells how it stands, where that is new.
    fn tell(&self, status: Status) {
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

    /// The next step resumes, and finds what was adopted.
    pub(super) async fn adopt(
        &mut self,
        sink: &mut dyn Sink,
        answer: oneshot::Sender<Result<AdoptionReport, AdoptError>>,
    ) {
        self.acked = None;
        // While another process publishes, adopting would stop that one.
        if self.other.is_some() {
            answer.send(Err(AdoptError::Another)).ok();
            return;
        }
        let to = adopt::RecallExecutor::Task(self.parts.recalls.clone());
        let outcome = adopt(sink, &self.parts.outbox, self.known.as_ref(), to).await;
        if let Ok(adopted) = &outcome {
            tracing::warn!(epoch = adopted.epoch, "an operator adopted data_dir: {adopted}");
            (self.known, self.other) = (None, None);
        }
        // The operator may have gone away meanwhile.
        answer.send(outcome).ok();
    }

    /// An operator knows what happened to the topics.
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

    async fn resume(&mut self, sink: &mut dyn Sink) -> Result<Step, StepError> {
        let mut acked = self.parts.outbox.acked()?;
        let looked = self.waited(LONG, sink.holdings(&acked)).await?;
        let mut from = None;
        if let Some(held) = looked {
            from = held.position_at;
            // What another sink has says nothing of the one that was published to.
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
        let Some(held) = self.waited(LONG, sink.open(from)).await? else {
            self.acked = Some(acked);
            return Ok(Step::Delivered);
        };
        let Tail { seq, chain, total } = self.judge(&acked, &held)?;
        let moved = seq > acked.seq
            || acked.sink_id.as_ref() != Some(&held.sink_id)
            || acked.position_at != held.position_at;
        // A position of the epoch before says nothing of this one.
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

    /// Where to go on from, or why not.
    fn judge(&mut self, acked: &Reached, held: &SinkHoldings) -> Result<Tail, StepError> {
        let outbox = &self.parts.outbox;
        let found = match &held.position {
            Some(position) => outbox.at(position.seq)?,
            None => None,
        };
        let before = self.known.replace(held.position.clone());
        let foreign = held
            .position
            .as_ref()
            .filter(|at| at.writer.as_ref().is_none_or(|writer| writer.run != self.writer.run));
        if let (Some(before), Some(position)) = (before, foreign)
            && before.as_ref() != Some(position)
        {
            self.other = Some(position.writer.clone());
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
        let halt = match &self.other {
            Some(writer) if halt.is_older_copy() => Halt::Another { writer: writer.clone() },
            _ => halt,
        };
        Err(PublishError::Halted(halt).into())
    }

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
        let Shipment { sent, kept } = self.without_kept(rows).await?;
        let letters = sent.iter().any(|row| row.record.topic == Topic::DeadLetters);
        let started = std::time::Instant::now();
        let delivered = match self.waited(LONG, sink.publish(&sent, &position)).await {
            Ok(delivered) => delivered,
            Err(PublishError::Refused(them)) => return self.refused(acked, &sent, them).await,
            // It may be about the dead letters: without them it shows.
            Err(PublishError::Unauthorised { topic: None | Some(Topic::DeadLetters), words })
                if letters =>
            {
                metrics::publish_error("unauthorised");
                tracing::warn!(
                    reason = words,
                    "it is tried without dead letters, which are kept in data_dir"
                );
                self.keeping = Some(Keeping { why: words, until: Instant::now() + LETTERS });
                self.acked = Some(acked);
                return Ok(Step::Again);
            }
            Err(error) => {
                if matches!(error, PublishError::Unauthorised { .. }) {
                    self.keeping = None;
                }
                return Err(error.into());
            }
        };
        metrics::publish_batch(started.elapsed());
        kept.into_iter().for_each(metrics::dead_letter_kept);
        let reached = self.reached(acked, &position, delivered)?;
        self.parts.outbox.trim(&Acked::new(reached.clone())).await?;
        self.acked = Some(reached);
        self.told(position, &sent);
        Ok(Step::Delivered)
    }

    /// What is acknowledged now.
    fn reached(
        &self,
        acked: Reached,
        position: &Position,
        delivered: Delivered,
    ) -> Result<Reached, StoreError> {
        let Position { seq, chain, .. } = *position;
        let position_at = delivered.position_at.or(acked.position_at);
        // A record that took another's place has not its size, so the sum stands with the row.
        let total = self.parts.outbox.at(seq)?.map_or(acked.total, |row| row.total);
        let mut now = Reached { seq, chain, total, published: true, position_at, ..acked };
        if changes::note(&mut now.notes, delivered.notes, SystemClock.now()) {
            self.parts.ready.set(Component::Topics, changes::unconfirmed(&now.notes));
        }
        Ok(now)
    }

    /// Goes on from a position that is durable on both sides.
    fn told(&mut self, position: Position, sent: &[OutboxRow]) {
        self.suspect = self.suspect.filter(|suspect| *suspect > position.seq);
        self.known = Some(Some(position));
        if sent.iter().any(|row| row.record.topic == Topic::DeadLetters)
            && self.keeping.take().is_some()
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

    /// Sorts out dead letters that their topic does not take: they are in files before it goes on
    /// without them.
    async fn without_kept(&self, rows: Vec<OutboxRow>) -> Result<Shipment, PublishError> {
        let (mut sent, mut kept) = (Vec::with_capacity(rows.len()), Vec::new());
        // A record without a value was left out when data_dir was adopted: its number alone goes
        // on.
        for row in rows.into_iter().filter(|row| !row.record.value.is_empty()) {
            let all = self
                .keeping
                .as_ref()
                .filter(|keeping| keeping.until > Instant::now())
                .map(|_| "unauthorised");
            let one = self.unsent.filter(|(seq, _)| *seq == row.seq).map(|(_, reason)| reason);
            match one.or(all).filter(|_| row.record.topic == Topic::DeadLetters) {
                Some(reason) => {
                    refused::keep(&self.parts.files, &row.record).await?;
                    kept.push(reason);
                }
                None => sent.push(row),
            }
        }
        Ok(Shipment { sent, kept })
    }

    /// What is refused among others is sent alone; what is refused alone gives its place to a dead
    /// letter.
    async fn refused(
        &mut self,
        acked: Reached,
        sent: &[OutboxRow],
        them: Vec<Refusal>,
    ) -> Result<Step, StepError> {
        // Where many are refused, a topic's limit is not what it was: it is asked for again.
        let many = them.len() > 1 && self.asked.is_none_or(|asked| asked.elapsed() > LIMITS);
        if many {
            self.asked = Some(Instant::now());
        }
        let Some((row, why)) = them
            .into_iter()
            .filter_map(|theirs| Some((sent.iter().find(|row| row.seq == theirs.seq)?, theirs)))
            .min_by_key(|it| it.1.seq)
        else {
            return Err(PublishError::Transient(
                "a record is refused that was not sent".to_owned(),
            )
            .into());
        };
        self.acked = (!many).then_some(acked);
        if sent.len() > 1 {
            self.suspect = Some(row.seq);
            return Ok(Step::Again);
        }
        metrics::publish_refused(row.record.topic, why.reason);
        if row.record.topic == Topic::DeadLetters {
            tracing::warn!(
                seq = row.seq,
                reason = why.words,
                "a dead letter is kept in data_dir, since the sink refuses it"
            );
            self.unsent = Some((row.seq, why.reason));
            return Ok(Step::Again);
        }
        let kept = refused::keep(&self.parts.files, &row.record).await?;
        tracing::warn!(
            seq = row.seq,
            reason = why.words,
            kept,
            "the sink refuses a record: a dead letter takes its place"
        );
        let letter = refused::letter(&row.record, &why, kept.as_deref());
        self.parts.outbox.replace(row, letter).await?;
        Ok(Step::Again)
    }
}
