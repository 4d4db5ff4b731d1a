//! What becomes of records that the sink refuses for good: each is kept as a dead letter, whose small
//! record takes its place in the outbox. Records of dead letters that their topic does not take are
//! not sent: the letters are in the store.
//!
//! What must stay true: a record counts as refused only where it was refused when sent alone. It is
//! kept in the batch in which the small record takes its place, and a letter before a batch is sent
//! without its record.

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
    stages::commit,
    store::{Batch, LetterStore, OutboxRow, StoreError},
    telemetry::metrics,
};

/// For how long records of dead letters are held back before their topic is tried again.
const LETTERS_HELD: Duration = Duration::from_mins(5);
/// The shortest time between two requests for the limits of the sink's topics, which are made where
/// many records are refused.
const LIMITS_RECHECK: Duration = Duration::from_mins(1);

/// The rows of a batch, apart by whether they are sent.
pub(super) struct SplitBatch {
    /// The rows that are sent.
    pub(super) sent: Vec<OutboxRow>,
    /// For each record of a dead letter that is not sent, the reason.
    pub(super) kept_reasons: Vec<&'static str>,
}

/// No record of a dead letter is sent, because their topic may not be written to.
#[derive(Debug)]
struct LettersHeld {
    reason: String,
    /// When the topic is tried again.
    until: Instant,
}

/// What the stage remembers of refusals.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// A record that was refused together with others: it is sent alone next.
    suspect: Option<u64>,
    /// The record of a dead letter that was refused alone, and why: it is not sent.
    letter: Option<(u64, &'static str)>,
    letters_held: Option<LettersHeld>,
    /// When the limits of the sink's topics were last asked for again.
    limits_asked: Option<Instant>,
}

impl Refused {
    /// Why no records of dead letters are sent at present, if that is so.
    pub(super) fn letters_denied(&self) -> Option<&str> {
        self.letters_held.as_ref().map(|letters| letters.reason.as_str())
    }

    /// Notes that writing dead letters is not allowed: for a while none is sent.
    pub(super) fn deny_letters(&mut self, reason: String) {
        metrics::publish_error("unauthorised");
        tracing::warn!(reason, "it is tried without dead letters, which are kept in data_dir");
        let until = Instant::now() + LETTERS_HELD;
        self.letters_held = Some(LettersHeld { reason, until });
    }

    /// Has dead letters sent again: what is not allowed is more than those.
    pub(super) fn allow_letters(&mut self) {
        self.letters_held = None;
    }

    /// Shortens a batch so that a record that was refused among others is sent alone: the batch
    /// ends before it, or is that record.
    pub(super) fn isolate_suspect(&self, rows: &mut Vec<OutboxRow>) {
        if let Some(at) = self.suspect.and_then(|seq| rows.iter().position(|row| row.seq == seq)) {
            rows.truncate(at.max(1));
        }
    }

    /// Takes the records of dead letters that their topic does not take out of a batch, and sees to it
    /// that the letters are kept before the batch is sent without them.
    pub(super) async fn keep_unsendable(
        &self,
        letters: &LetterStore,
        rows: Vec<OutboxRow>,
    ) -> Result<SplitBatch, StoreError> {
        let (mut sent, mut kept_reasons) = (Vec::with_capacity(rows.len()), Vec::new());
        let mut batch = Batch::default();
        // A record without a value was left out when data_dir was adopted; only its number is used
        // up.
        for row in rows.into_iter().filter(|row| !row.record.value.is_empty()) {
            let all = self
                .letters_held
                .as_ref()
                .filter(|letters| letters.until > Instant::now())
                .map(|_| "unauthorised");
            let one = self.letter.filter(|(seq, _)| *seq == row.seq).map(|(_, reason)| reason);
            match one.or(all).filter(|_| row.record.topic == Topic::DeadLetters) {
                Some(reason) => {
                    commit::keep_told(letters, &mut batch, &row.record)?;
                    kept_reasons.push(reason);
                }
                None => sent.push(row),
            }
        }
        letters.commit(batch).await?;
        Ok(SplitBatch { sent, kept_reasons })
    }

    /// Notes that everything up to a number was delivered; `with_letters` is whether dead letters
    /// were among what was sent.
    pub(super) fn note_delivered(&mut self, seq: u64, with_letters: bool) {
        self.suspect = self.suspect.filter(|suspect| *suspect > seq);
        if with_letters && self.letters_held.take().is_some() {
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
        tracing::warn!(
            seq = row.seq,
            reason = refusal.words,
            "the sink refuses a record: a dead letter takes its place"
        );
        let words = format!(
            "the sink refuses the record {} ({} bytes): {}",
            row.record.event_id,
            row.record.value.len(),
            refusal.words
        );
        let mut batch = Batch::default();
        let now = SystemClock.now();
        let letter = commit::refused(&parts.letters, &mut batch, &row.record, words, now)?;
        parts.outbox.replace_in(&mut batch, row, letter)?;
        parts.outbox.commit(batch).await?;
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
