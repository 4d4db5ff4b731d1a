//! What happened to a sink, noted until an operator has confirmed it.
//!
//! What happened stops nothing, and may not pass unsaid: consumers may have to deal with it. Notes
//! are durable with what the sink has acknowledged.

use chrono::{DateTime, Utc};

use super::sink::SinkReport;
use crate::store::{Outbox, SinkChange, SinkNotes, StoreError, acked::Acked};

/// Takes over what the sink found out about itself, and says whether anything happened that is not
/// yet told.
pub(super) fn note(known: &mut SinkNotes, found: SinkReport, now: DateTime<Utc>) -> bool {
    let before = known.changes.len();
    if let Some(memory) = found.memory {
        known.memory = memory;
    }
    for happened in found.happened {
        let change = SinkChange { part: happened.part, what: happened.what, since: now };
        if !known.changes.iter().any(|known| known.part == change.part && known.what == change.what)
        {
            tracing::error!(topic = change.part, "the topic {}", change.what);
            known.changes.push(change);
        }
    }
    known.changes.len() > before
}

/// What is told until it is confirmed; `Ok` where there is nothing.
pub(super) fn unconfirmed(known: &SinkNotes) -> Result<(), String> {
    let all: Vec<String> = known.changes.iter().map(ToString::to_string).collect();
    if all.is_empty() {
        Ok(())
    } else {
        Err(format!("{} (`nashra state confirm` once that is dealt with)", all.join("; ")))
    }
}

/// Notes that an operator knows of all that happened, so that it is told no more, and says what
/// that was.
///
/// # Errors
/// Where the store cannot be read or written.
pub async fn confirm(outbox: &Outbox) -> Result<String, StoreError> {
    let mut reached = outbox.acked()?;
    let changes = std::mem::take(&mut reached.notes.changes);
    if changes.is_empty() {
        return Ok("there is nothing to confirm".to_owned());
    }
    outbox.trim(&Acked::new(reached)).await?;
    Ok(changes.iter().map(|change| format!("confirmed: {change}")).collect::<Vec<_>>().join("\n"))
}
