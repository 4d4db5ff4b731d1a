//! What becomes of a record that the sink refuses for good: its value is kept in a file, and a dead
//! letter takes its place in the outbox.

use super::sink::{PublishError, Refusal};
use crate::{
    base::clock::{Clock as _, SystemClock},
    stages::commit::{self, DeadLetterFiles},
    store::NewRecord,
};

/// Keeps the value of a record in a file, and returns its path, where files are kept at all. The
/// same record is kept once, however often it is tried.
pub(super) async fn keep(
    files: &DeadLetterFiles,
    record: &NewRecord,
) -> Result<Option<String>, PublishError> {
    let kept = files.keep_record(&record.event_id, record.event_time, &record.value).await;
    kept.map_err(|error| {
        PublishError::Transient(format!("a refused record cannot be kept in data_dir: {error}"))
    })
}

/// The dead letter that takes the place of a refused record. `kept` is the file with its value.
pub(super) fn letter(record: &NewRecord, why: &Refusal, kept: Option<&str>) -> NewRecord {
    let error = format!(
        "the sink refuses the record {} ({} bytes): {}",
        record.event_id,
        record.value.len(),
        why.words
    );
    commit::refused(record, error, kept, SystemClock.now())
}
