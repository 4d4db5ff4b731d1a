//! One transaction: records, and the position that they reach.
//!
//! What must stay true: nothing of a transaction is reported as delivered before its commit
//! succeeded; a transaction with a refused record is aborted, so that no consumer sees any of it.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use rdkafka::{
    Message as _,
    client::ClientContext,
    config::RDKafkaLogLevel,
    error::KafkaError,
    message::{DeliveryResult, Header, OwnedHeaders},
    producer::{BaseRecord, Producer as _, ProducerContext},
    types::RDKafkaErrorCode as Code,
};

use super::{
    PATIENCE, Producer, Shared, Target,
    changes::PartitionEnd,
    encoding::Encodings,
    failed,
    recovery::{self, Recovery},
};
use crate::{
    model::record::Article,
    stages::publish::{
        Position,
        sink::{PublishError, Refusal},
    },
    store::{NewRecord, OutboxRow},
    telemetry::librdkafka,
};

/// Stands for the position where the other records of a transaction have their index.
const POSITION: usize = usize::MAX;
/// How often, while records are sent, it is checked whether one of them was refused.
const FLUSH: Duration = Duration::from_millis(100);
/// Pause before a record is offered again to a full queue.
const FULL: Duration = Duration::from_millis(20);

/// What the cluster said of the records of one transaction.
#[derive(Debug, Default)]
pub(super) struct DeliveryReports {
    /// The index of each record that was not taken, and why.
    failed: Vec<(usize, Code)>,
    /// The last record of each partition.
    pub(super) delivered: Vec<PartitionEnd>,
}

/// Gathers what the cluster says of each record.
#[derive(Debug, Default)]
pub(super) struct Context(Mutex<DeliveryReports>);

impl Context {
    pub(super) fn take(&self) -> DeliveryReports {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn failed(&self) -> Vec<(usize, Code)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).failed.clone()
    }
}

impl ClientContext for Context {
    fn error(&self, error: KafkaError, reason: &str) {
        librdkafka::note_error("publishing", &error, reason);
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, words: &str) {
        librdkafka::note(level, facility, words);
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        let mut reports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(message) => {
                let (topic, partition, offset) =
                    (message.topic(), message.partition(), message.offset());
                match reports
                    .delivered
                    .iter_mut()
                    .find(|delivered| delivered.topic == topic && delivered.partition == partition)
                {
                    Some(known) => known.offset = known.offset.max(offset),
                    None => {
                        reports.delivered.push(PartitionEnd {
                            topic: topic.to_owned(),
                            partition,
                            offset,
                        });
                    }
                }
            }
            Err((error, _)) => {
                reports.failed.push((number, error.rdkafka_error_code().unwrap_or(Code::Unknown)));
            }
        }
    }
}

/// What became of a transaction.
pub(super) struct TransactionOutcome {
    /// Where it ended in each partition, where it was committed.
    pub(super) result: Result<Vec<PartitionEnd>, PublishError>,
    /// Whether the producer can be used again; `false` where its transaction could neither be
    /// committed nor aborted.
    pub(super) usable: bool,
}

/// What one transaction sends.
pub(super) struct Batch<'a> {
    pub(super) rows: &'a [OutboxRow],
    /// The value of each, in the format of its topic.
    pub(super) values: Vec<Cow<'a, [u8]>>,
    pub(super) encodings: &'a Encodings,
}

/// Sends a batch and the position that it reaches, in one transaction.
pub(super) fn run(
    shared: &Shared,
    producer: &Producer,
    batch: &Batch<'_>,
    reached: &Position,
) -> TransactionOutcome {
    producer.context().take();
    let started = Instant::now();
    let error = match begin_and_commit(shared, producer, batch, reached) {
        Ok(()) => {
            return TransactionOutcome {
                result: Ok(producer.context().take().delivered),
                usable: true,
            };
        }
        Err(error) => CallFailure {
            recovery: recovery::unless_timed_out(
                error.recovery,
                started.elapsed(),
                shared.config.transaction_timeout,
            ),
            ..error
        },
    };
    // After an abort every record has its delivery report.
    let usable = error.recovery != Recovery::Restart
        && error.recovery != Recovery::Fenced
        && abort(producer);
    let reports = producer.context().take();
    TransactionOutcome {
        result: Err(to_publish_error(shared, batch.rows, error, &reports)),
        usable,
    }
}

/// A call that failed.
struct CallFailure {
    recovery: Recovery,
    words: String,
    /// The index of the record that it was about, and its error.
    record: Option<(usize, Code)>,
}

impl CallFailure {
    fn new(doing: &str, error: &KafkaError) -> Self {
        Self {
            recovery: recovery::from_error(error),
            words: format!("{doing}: {error}"),
            record: None,
        }
    }
}

fn begin_and_commit(
    shared: &Shared,
    producer: &Producer,
    batch: &Batch<'_>,
    reached: &Position,
) -> Result<(), CallFailure> {
    producer
        .begin_transaction()
        .map_err(|error| CallFailure::new("beginning a transaction", &error))?;
    for (number, (row, value)) in batch.rows.iter().zip(&batch.values).enumerate() {
        let OutboxRow { seq, record, .. } = row;
        for Target { topic, is_latest } in shared.targets(record) {
            let headers = headers(record, batch.encodings, reached, *seq);
            let sent = BaseRecord::with_opaque_to(&topic, number).key(&record.key).headers(headers);
            let is_tombstone = is_latest && Article::withdraws(&record.value);
            send(producer, if is_tombstone { sent } else { sent.payload(value.as_ref()) })?;
        }
    }
    let (key, value) = (reached.store.to_string(), serde_json::to_vec(reached).unwrap_or_default());
    let positions = shared.topic("positions");
    send(
        producer,
        BaseRecord::with_opaque_to(&positions, POSITION)
            .partition(0)
            .key(&key)
            .payload(value.as_slice()),
    )?;
    all_sent(producer)?;
    loop {
        match producer.commit_transaction(PATIENCE) {
            Ok(()) => return Ok(()),
            // The outcome is not known yet. librdkafka lets the same commit be called again.
            Err(error) if recovery::from_error(&error) == Recovery::Again => {
                tracing::warn!(%error, "the commit of a transaction takes long");
            }
            Err(error) => return Err(CallFailure::new("committing a transaction", &error)),
        }
    }
}

/// Waits until the cluster has answered for each record. Once one is refused, the records after it
/// are never sent, and a commit would wait for them in vain. Any other failure is left to the
/// commit, which fails at once and with a better reason than the records give.
fn all_sent(producer: &Producer) -> Result<(), CallFailure> {
    let started = Instant::now();
    loop {
        let flushed = producer.flush(FLUSH);
        let failed = producer.context().failed();
        if let Some((_, code)) = failed.iter().find(|(_, code)| recovery::refusal(*code).is_some())
        {
            return Err(CallFailure {
                recovery: Recovery::Abort,
                words: format!("sending records: {code}"),
                record: None,
            });
        }
        if !failed.is_empty() {
            return Ok(());
        }
        match flushed {
            Ok(()) => return Ok(()),
            Err(_) if started.elapsed() < PATIENCE => {}
            Err(error) => return Err(CallFailure::new("sending records", &error)),
        }
    }
}

fn send(
    producer: &Producer,
    record: BaseRecord<'_, String, [u8], usize>,
) -> Result<(), CallFailure> {
    let (mut record, started) = (record, Instant::now());
    loop {
        let (error, back) = match producer.send(record) {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        if recovery::from_error(&error) == Recovery::Again && started.elapsed() < PATIENCE {
            std::thread::sleep(FULL);
            record = back;
            continue;
        }
        let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
        let recovery = if recovery::refusal(code).is_some() {
            Recovery::Abort
        } else {
            recovery::from_error(&error)
        };
        return Err(CallFailure {
            recovery,
            words: format!("sending a record: {error}"),
            record: Some((back.delivery_opaque, code)),
        });
    }
}

/// Aborts the transaction; returns whether it is certain that no consumer will see any of it.
fn abort(producer: &Producer) -> bool {
    for _ in 0..3 {
        match producer.abort_transaction(PATIENCE) {
            Ok(()) => return true,
            Err(error) if recovery::from_error(&error) == Recovery::Again => {}
            Err(error) => {
                tracing::debug!(%error, "a transaction could not be aborted");
                return false;
            }
        }
    }
    false
}

/// What a failure means for publishing: either single records are at fault, or something else is.
fn to_publish_error(
    shared: &Shared,
    rows: &[OutboxRow],
    failure: CallFailure,
    reports: &DeliveryReports,
) -> PublishError {
    let CallFailure { recovery, words, record } = failure;
    let all = || reports.failed.iter().chain(&record);
    let refusals: Vec<Refusal> = all()
        .filter_map(|(number, code)| {
            let row = rows.get(*number)?;
            Some(Refusal {
                seq: row.seq,
                reason: recovery::refusal(*code)?,
                words: code.to_string(),
            })
        })
        .collect();
    if !refusals.is_empty() {
        return PublishError::Refused(refusals);
    }
    let denied = all().find(|(_, code)| *code == Code::TopicAuthorizationFailed);
    if denied.is_some() || recovery == Recovery::Unauthorised {
        // Only a broker that refuses a record says which of the topics may not be written to.
        let names = match denied.and_then(|(number, _)| rows.get(*number)) {
            Some(row) => topics_of(shared, [row].into_iter()),
            None => format!("{}, {}", topics_of(shared, rows.iter()), shared.topic("positions")),
        };
        let topic = denied.and_then(|(number, _)| rows.get(*number)).map(|row| row.record.topic);
        return PublishError::Unauthorised {
            topic,
            words: format!("writing to {names} is not allowed ({words})"),
        };
    }
    // The error of a record explains more than the failure of the transaction does.
    let first = all().find(|(_, code)| !matches!(code, Code::PurgeQueue | Code::PurgeInflight));
    failed(recovery, first.map_or(words.clone(), |(_, code)| format!("{words} ({code})")))
}

/// The topics that rows go to, in words.
fn topics_of<'a>(shared: &Shared, rows: impl Iterator<Item = &'a OutboxRow>) -> String {
    let names: BTreeSet<String> =
        rows.flat_map(|row| shared.targets(&row.record)).map(|target| target.topic).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// `CloudEvents` Kafka binding §3.2 (binary mode), W3C trace context, and our own number.
fn headers(
    record: &NewRecord,
    encodings: &Encodings,
    reached: &Position,
    seq: u64,
) -> OwnedHeaders {
    let time = record.event_time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let number = format!("{}/{}/{seq}", reached.store, reached.epoch);
    let pairs = [
        ("ce_specversion", "1.0"),
        ("ce_id", &record.event_id),
        ("ce_type", &record.event_type),
        ("ce_source", &record.event_source),
        ("ce_time", &time),
        ("content-type", encodings.media_type(record.topic)),
        ("traceparent", &record.traceparent),
        ("nashra-seq", &number),
    ];
    pairs.into_iter().fold(OwnedHeaders::new_with_capacity(pairs.len()), |headers, (key, value)| {
        headers.insert(Header { key, value: Some(value) })
    })
}
