//! Tells each poll to a sink that takes polls, where the config asks for it: best effort, outside
//! the transactions and the outbox. What the sink does not take in time is dropped and counted by
//! nobody: the metrics have the totals.

use tokio::sync::mpsc;

use super::sink::PollReporter;
use crate::{model::poll_record::PollRecord, stages::PipelineError};

/// Runs until polling has ended; ends at once where nobody takes polls.
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
