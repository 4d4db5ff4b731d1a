//! Follows one topic: connects, reads as far as there is room, commits, and after any error
//! connects again.

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{
    Parts, Rules,
    batch::{Batch, BatchContext, ConsumedMessage},
    begin::{self, Reset},
    reader::{Reader, TopicError},
};
use crate::{
    base::{
        backoff::{Backoff, Waits},
        clock::Clock,
    },
    config::{Kafka, sources::TopicSource},
    fetch::Memory,
    model::pending::PendingKey,
    stages::{PipelineError, poll::Wake, schedule::Pressure},
    store::{StoreError, TopicCommit, TopicState, TopicStore},
    telemetry::metrics,
};

/// Pauses between tries of a topic that cannot be read.
const PAUSE: Backoff = Backoff::doubling(Duration::from_millis(250), Duration::from_secs(15));
/// Times its size that a batch of messages takes: as it came, as it was read, compressed.
const COPIES: usize = 3;
/// How often it is looked whether entries that wait have been read.
const LOOK: Duration = Duration::from_millis(20);
/// How often it is looked whether a pause has ended.
const PAUSED: Duration = Duration::from_secs(1);
/// A batch pauses so long for each quarter by which polling is stretched.
const SLOW: Duration = Duration::from_millis(50);

/// One topic and what is known of it.
#[derive(Debug)]
pub(super) struct Follower<C> {
    source: Arc<TopicSource>,
    kafka: Kafka,
    rules: Rules,
    store: TopicStore,
    memory: Memory,
    clock: Arc<C>,
    state: Option<TopicState>,
    /// Rows of its entries that may still wait for their first reading.
    waiting: Vec<PendingKey>,
    /// `None` while it is not connected.
    reader: Option<Reader>,
}

/// What one step of following a topic came to.
enum StepOutcome {
    /// It went well, and there may be more to do at once.
    Done,
    /// There is nothing to do for so long.
    Wait(Duration),
    /// The topic cannot be read now.
    Failed(TopicError),
}

impl<C: Clock> Follower<C> {
    pub(super) fn new(
        source: &TopicSource,
        rules: Rules,
        parts: &Parts<C>,
    ) -> Result<Self, StoreError> {
        let mut kafka = parts.kafka.clone();
        if !source.brokers.is_empty() {
            kafka.brokers.clone_from(&source.brokers);
        }
        metrics::topic_begins(source.topic.as_str());
        let state = parts.store.state(source.id.as_str())?;
        let waiting = parts.store.waiting(source.id.as_str())?;
        Ok(Self {
            source: Arc::new(source.clone()),
            kafka,
            rules,
            store: parts.store.clone(),
            memory: parts.memory.clone(),
            clock: Arc::clone(&parts.clock),
            state,
            waiting,
            reader: None,
        })
    }

    /// Runs until `stop`. Wherever that finds it, what is committed is whole, and what is not is
    /// read again.
    pub(super) async fn run(
        mut self,
        wake: mpsc::Sender<Wake>,
        mut pressure: watch::Receiver<Pressure>,
        stop: CancellationToken,
    ) -> Result<(), PipelineError> {
        let work = async {
            let mut pause = PAUSE.waits();
            loop {
                let level = *pressure.borrow_and_update();
                if level == Pressure::Stop {
                    // Closed only when the run ends.
                    if pressure.changed().await.is_err() {
                        return Ok(());
                    }
                    continue;
                }
                if self.is_paused()? {
                    // What is read on at the end of the pause is what is durable.
                    self.reader = None;
                    tokio::time::sleep(PAUSED).await;
                    continue;
                }
                let wait = match self.step(&wake).await? {
                    StepOutcome::Done => {
                        pause.succeeded();
                        if let Pressure::Slow(quarters) = level {
                            SLOW * quarters.saturating_sub(4)
                        } else {
                            Duration::ZERO
                        }
                    }
                    StepOutcome::Wait(wait) => wait,
                    StepOutcome::Failed(error) => self.handle_error(&error, &mut pause).await?,
                };
                tokio::time::sleep(wait).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            outcome = work => outcome,
        }
    }

    fn is_paused(&self) -> Result<bool, StoreError> {
        let pause = self.store.pause_at(self.source.id.as_str(), self.clock.now())?;
        Ok(pause.is_some())
    }

    async fn step(&mut self, wake: &mpsc::Sender<Wake>) -> Result<StepOutcome, PipelineError> {
        let Some(mut reader) = self.reader.take() else { return self.connect().await };
        if self.waiting.len() >= self.rules.waiting {
            self.waiting = self.store.still_waiting(std::mem::take(&mut self.waiting))?;
        }
        let room = self.rules.waiting.saturating_sub(self.waiting.len());
        if room == 0 {
            self.reader = Some(reader);
            return Ok(StepOutcome::Wait(LOOK));
        }
        let state = self.state.clone().unwrap_or_default();
        let work = move || {
            let messages = reader.read_messages(room);
            let lag = reader.lag(&state);
            messages.map(|messages| (reader, state, messages, lag))
        };
        let (reader, state, messages, lag) = match tokio::task::spawn_blocking(work).await? {
            Ok(read) => read,
            Err(error) => return Ok(StepOutcome::Failed(error)),
        };
        self.reader = Some(reader);
        if !messages.is_empty() {
            let bytes: usize = messages.iter().map(ConsumedMessage::bytes).sum();
            let (source, sequence) = (Arc::clone(&self.source), self.store.sequence());
            let (rules, now) = (self.rules, self.clock.now());
            // The memory for what is made of the messages, until that is durable. At most one batch
            // of a topic waits for it.
            let _room = self.memory.room_for_batch(bytes.saturating_mul(COPIES)).await;
            let batch = tokio::task::spawn_blocking(move || {
                BatchContext { source: &source, rules, sequence: &sequence, now }
                    .compose(state, messages)
            })
            .await??;
            self.commit(batch, wake).await?;
        }
        metrics::topic_lag(self.source.topic.as_str(), lag);
        Ok(StepOutcome::Done)
    }

    async fn commit(&mut self, batch: Batch, wake: &mpsc::Sender<Wake>) -> Result<(), StoreError> {
        let Batch { commit, state, rows, counts } = batch;
        self.store.commit(commit).await?;
        let topic = self.source.topic.as_str();
        metrics::topic_messages(topic, "address", counts.addresses);
        metrics::topic_messages(topic, "document", counts.documents);
        metrics::topic_messages(topic, "deletion", counts.deletions);
        metrics::topic_messages(topic, "unreadable", counts.unreadable);
        metrics::topic_bytes(topic, counts.bytes);
        self.state = Some(state);
        let lanes = rows.iter().map(|row| (row.lane(), row.due_ms())).collect();
        self.waiting.extend(rows);
        // Closed only when the page stage failed, which ends the run by itself.
        wake.send(Wake { lanes, answered: None }).await.ok();
        Ok(())
    }

    /// Connects, and makes durable where reading begins before anything is read.
    async fn connect(&mut self) -> Result<StepOutcome, PipelineError> {
        let (client, source, known) =
            (self.kafka.client(), Arc::clone(&self.source), self.state.clone());
        let work = move || {
            let (mut reader, watermarks) = Reader::connect(client, source.topic.as_str())?;
            let (mut state, resets) = begin::begin(known, &watermarks, &source);
            state.trouble = None;
            reader.assign(&state, &watermarks)?;
            Ok::<_, TopicError>((reader, state, resets))
        };
        let (reader, state, resets) = match tokio::task::spawn_blocking(work).await? {
            Ok(connected) => connected,
            Err(error) => return Ok(StepOutcome::Failed(error)),
        };
        self.keep_state(state, &resets).await?;
        self.reader = Some(reader);
        Ok(StepOutcome::Done)
    }

    /// Makes the state durable, with what was lost where reading does not go on where it ended.
    async fn keep_state(
        &mut self,
        mut state: TopicState,
        resets: &[Reset],
    ) -> Result<(), StoreError> {
        state.resets += resets.len() as u64;
        if let Some(last) = resets.last() {
            state.last_reset = Some(format!(
                "{}: {last}",
                self.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            ));
        }
        if self.state.as_ref() != Some(&state) {
            let mut commit = TopicCommit::default();
            commit.state(&state);
            self.store.commit(commit).await?;
        }
        for reset in resets {
            metrics::topic_reset(self.source.topic.as_str(), reset.label(), reset.lost());
            tracing::error!(source.id = %self.source.id, topic = %self.source.topic, reason = reset.label(), "reading does not go on where it ended: {reset}");
        }
        self.state = Some(state);
        Ok(())
    }

    /// Notes why the topic cannot be read, and says how long to wait before the next try.
    async fn handle_error(
        &mut self,
        error: &TopicError,
        pause: &mut Waits,
    ) -> Result<Duration, StoreError> {
        match error {
            TopicError::Grown | TopicError::Remade => {
                tracing::info!(source.id = %self.source.id, topic = %self.source.topic, "{error}");
                return Ok(Duration::ZERO);
            }
            TopicError::Changed(reset) => {
                let mut state = self.state.clone().unwrap_or_default();
                // It was made anew as a whole: what is remembered of the other partitions means
                // nothing either.
                state.partitions.clear();
                self.keep_state(state, std::slice::from_ref(reset)).await?;
                return Ok(Duration::ZERO);
            }
            TopicError::Kafka { .. } | TopicError::NoCluster | TopicError::NoTopic { .. } => {}
        }
        metrics::topic_error(self.source.topic.as_str());
        let wait = pause.failed();
        tracing::warn!(source.id = %self.source.id, topic = %self.source.topic, reason = %error, retry_ms = wait.as_millis(), "the topic cannot be read; nothing is lost, trying again");
        self.keep_error(error).await?;
        Ok(wait)
    }

    /// Keeps the error for `nashra explain`: once, however often it comes.
    async fn keep_error(&mut self, error: &TopicError) -> Result<(), StoreError> {
        let (id, topic) = (self.source.id.to_string(), self.source.topic.to_string());
        let mut state =
            self.state.clone().unwrap_or_else(|| TopicState { id, topic, ..TopicState::default() });
        if let TopicError::NoTopic { cluster } = error
            && state.cluster.is_empty()
        {
            // All that the topic will hold is new, wherever its source would have it begin: it
            // counts as known.
            state.cluster.clone_from(cluster);
        }
        state.trouble = Some(error.to_string());
        self.keep_state(state, &[]).await
    }
}
