//! Changes of a sink, such as a deleted topic, noted until an operator has confirmed them.
//!
//! A change does not stop publishing, but it must be shown: consumers may have to deal with it. The
//! notes are stored together with what the sink has acknowledged.

use chrono::{DateTime, Utc};

use super::sink::SinkReport;
use crate::store::{Outbox, SinkChange, SinkNotes, StoreError, acked::Acked};

/// Adds what the sink found out about itself to what is known; returns whether there is a change
/// that was not noted before.
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

/// An error that lists the changes that nobody has confirmed; `Ok` where there are none.
pub(super) fn unconfirmed(known: &SinkNotes) -> Result<(), String> {
    let all: Vec<String> = known.changes.iter().map(ToString::to_string).collect();
    if all.is_empty() {
        Ok(())
    } else {
        Err(format!("{} (`nashra state confirm` once that is dealt with)", all.join("; ")))
    }
}

/// Notes that an operator knows of all changes, so that they are no longer shown, and returns a
/// list of them.
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
