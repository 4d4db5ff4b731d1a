//! What becomes of records that the sink refuses for good: the value of each is kept in a file, and
//! a dead letter takes its place in the outbox. Dead letters that their topic does not take are
//! kept in files, too, and not sent.
//!
//! What must stay true: a record counts as refused only where it was refused when sent alone. Its
//! value is kept before a dead letter takes its place, and a dead letter before a batch is sent
//! without it.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    super::{
        Parts,
        sink::{PublishError, Refusal},
    },
    StepError,
};
use crate::{
    base::clock::{Clock as _, SystemClock},
    model::record::Topic,
    stages::commit::{self, DeadLetterFiles},
    store::{NewRecord, OutboxRow},
    telemetry::metrics,
};

/// For how long dead letters are kept in files before their topic is tried again.
const LETTERS_IN_FILES: Duration = Duration::from_mins(5);
/// The shortest time between two requests for the limits of the sink's topics, which are made where
/// many records are refused.
const LIMITS_RECHECK: Duration = Duration::from_mins(1);

/// The rows of a batch, apart by whether they are sent.
pub(super) struct SplitBatch {
    /// The rows that are sent.
    pub(super) sent: Vec<OutboxRow>,
    /// For each dead letter that is kept in a file instead, the reason.
    pub(super) kept_reasons: Vec<&'static str>,
}

/// All dead letters go to files, because their topic may not be written to.
#[derive(Debug)]
struct LettersInFiles {
    reason: String,
    /// When the topic is tried again.
    until: Instant,
}

/// What the stage remembers of refusals.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// A record that was refused together with others: it is sent alone next.
    suspect: Option<u64>,
    /// A dead letter that was refused alone, and why: it is kept in a file and not sent.
    letter: Option<(u64, &'static str)>,
    letters_in_files: Option<LettersInFiles>,
    /// When the limits of the sink's topics were last asked for again.
    limits_asked: Option<Instant>,
}

impl Refused {
    /// Why dead letters are kept in files at present, if they are.
    pub(super) fn letters_denied(&self) -> Option<&str> {
        self.letters_in_files.as_ref().map(|letters| letters.reason.as_str())
    }

    /// Notes that writing dead letters is not allowed: for a while all of them are kept in files.
    pub(super) fn deny_letters(&mut self, reason: String) {
        metrics::publish_error("unauthorised");
        tracing::warn!(reason, "it is tried without dead letters, which are kept in data_dir");
        let until = Instant::now() + LETTERS_IN_FILES;
        self.letters_in_files = Some(LettersInFiles { reason, until });
    }

    /// Has dead letters sent again: what is not allowed is more than those.
    pub(super) fn allow_letters(&mut self) {
        self.letters_in_files = None;
    }

    /// Shortens a batch so that a record that was refused among others is sent alone: the batch
    /// ends before it, or is that record.
    pub(super) fn isolate_suspect(&self, rows: &mut Vec<OutboxRow>) {
        if let Some(at) = self.suspect.and_then(|seq| rows.iter().position(|row| row.seq == seq)) {
            rows.truncate(at.max(1));
        }
    }

    /// Takes the dead letters that their topic does not take out of a batch, and keeps them in
    /// files before the batch is sent without them.
    pub(super) async fn keep_unsendable(
        &self,
        files: &DeadLetterFiles,
        rows: Vec<OutboxRow>,
    ) -> Result<SplitBatch, PublishError> {
        let (mut sent, mut kept_reasons) = (Vec::with_capacity(rows.len()), Vec::new());
        // A record without a value was left out when data_dir was adopted; only its number is used
        // up.
        for row in rows.into_iter().filter(|row| !row.record.value.is_empty()) {
            let all = self
                .letters_in_files
                .as_ref()
                .filter(|letters| letters.until > Instant::now())
                .map(|_| "unauthorised");
            let one = self.letter.filter(|(seq, _)| *seq == row.seq).map(|(_, reason)| reason);
            match one.or(all).filter(|_| row.record.topic == Topic::DeadLetters) {
                Some(reason) => {
                    keep(files, &row.record).await?;
                    kept_reasons.push(reason);
                }
                None => sent.push(row),
            }
        }
        Ok(SplitBatch { sent, kept_reasons })
    }

    /// Notes that everything up to a number was delivered; `with_letters` is whether dead letters
    /// were among what was sent.
    pub(super) fn note_delivered(&mut self, seq: u64, with_letters: bool) {
        self.suspect = self.suspect.filter(|suspect| *suspect > seq);
        if with_letters && self.letters_in_files.take().is_some() {
            tracing::info!("the topic of dead letters takes them again");
        }
    }

    /// Whether the sink is to be asked for its limits again: where many records are refused, a
    /// topic's limit may have changed.
    pub(super) fn rechecks_limits(&mut self, refusals: usize) -> bool {
        let rechecks =
            refusals > 1 && self.limits_asked.is_none_or(|asked| asked.elapsed() > LIMITS_RECHECK);
        if rechecks {
            self.limits_asked = Some(Instant::now());
        }
        rechecks
    }

    /// Handles the refusal of a record: if it was refused among others it is sent alone next; if it
    /// was refused alone it is replaced by a dead letter.
    pub(super) async fn handle(
        &mut self,
        parts: &Parts,
        row: &OutboxRow,
        refusal: &Refusal,
        alone: bool,
    ) -> Result<(), StepError> {
        if !alone {
            self.suspect = Some(row.seq);
            return Ok(());
        }
        metrics::publish_refused(row.record.topic, refusal.reason);
        if row.record.topic == Topic::DeadLetters {
            tracing::warn!(
                seq = row.seq,
                reason = refusal.words,
                "a dead letter is kept in data_dir, since the sink refuses it"
            );
            self.letter = Some((row.seq, refusal.reason));
            return Ok(());
        }
        let kept = keep(&parts.files, &row.record).await?;
        tracing::warn!(
            seq = row.seq,
            reason = refusal.words,
            kept,
            "the sink refuses a record: a dead letter takes its place"
        );
        let letter = letter(&row.record, refusal, kept.as_deref());
        parts.outbox.replace(row, letter).await?;
        Ok(())
    }
}

/// The first of the rows that were refused, in the order of the outbox.
pub(super) fn first(
    sent: &[OutboxRow],
    refusals: Vec<Refusal>,
) -> Result<(&OutboxRow, Refusal), PublishError> {
    refusals
        .into_iter()
        .filter_map(|refusal| Some((sent.iter().find(|row| row.seq == refusal.seq)?, refusal)))
        .min_by_key(|(row, _)| row.seq)
        .ok_or_else(|| PublishError::Transient("a record is refused that was not sent".to_owned()))
}

/// Keeps the value of a record in a file, and returns its path, where files are kept at all. The
/// same record is kept once, however often it is tried.
async fn keep(files: &DeadLetterFiles, record: &NewRecord) -> Result<Option<String>, PublishError> {
    let kept = files.keep_record(&record.event_id, record.event_time, &record.value).await;
    kept.map_err(|error| {
        PublishError::Transient(format!("a refused record cannot be kept in data_dir: {error}"))
    })
}

/// The dead letter that takes the place of a refused record. `kept` is the file with its value.
fn letter(record: &NewRecord, why: &Refusal, kept: Option<&str>) -> NewRecord {
    let error = format!(
        "the sink refuses the record {} ({} bytes): {}",
        record.event_id,
        record.value.len(),
        why.words
    );
    commit::refused(record, error, kept, SystemClock.now())
}
