//! Reports each poll to a sink that takes poll records, where the config asks for it: best effort,
//! outside the transactions and the outbox. Reports that the sink does not take in time are dropped
//! without being counted; the totals of polls are in the metrics.

use tokio::sync::mpsc;

use super::sink::PollReporter;
use crate::{model::poll_record::PollRecord, stages::PipelineError};

/// Runs until polling has ended; ends at once where no sink takes poll records.
pub async fn run(
    sink: Option<Box<dyn PollReporter>>,
    mut polls: mpsc::Receiver<PollRecord>,
) -> Result<(), PipelineError> {
    let Some(mut sink) = sink else { return Ok(()) };
    while let Some(poll) = polls.recv().await {
        sink.report(&poll);
    }
    tokio::task::spawn_blocking(move || sink.finish()).await?;
    Ok(())
}
