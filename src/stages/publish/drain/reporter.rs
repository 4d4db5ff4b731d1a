//! Shows how publishing goes: in the status that `/readyz` and `nashra state` read, in the log and
//! in the metrics.

use std::time::Duration;

use tokio::{sync::watch, time::timeout};

use super::{
    super::{
        Status, WriterId,
        sink::{PublishError, Sink},
    },
    Step,
};
use crate::telemetry::metrics;

/// After this long without an answer of the sink, that is logged and shown.
pub(super) const SLOW_ANSWER: Duration = Duration::from_secs(10);

/// Shows the status of the stage.
#[derive(Debug)]
pub(in crate::stages::publish) struct Reporter {
    status: watch::Sender<Status>,
    /// What the sink is called.
    sink: String,
    trouble: fn() -> Option<String>,
}

impl Reporter {
    pub(super) fn new(status: watch::Sender<Status>) -> Self {
        Self { status, sink: "the sink".to_owned(), trouble: || None }
    }

    /// Shows which sink is asked first.
    pub(in crate::stages::publish) fn begin(&mut self, sink: &dyn Sink) {
        (self.sink, self.trouble) = (sink.name(), sink.trouble());
        tracing::info!(sink = self.sink, "connecting to the sink");
        self.set(Status::Connecting(self.sink.clone()));
    }

    /// Words about the sink, with what its client says of the cause.
    fn with_trouble(&self, words: String) -> String {
        match (self.trouble)() {
            Some(trouble) if !words.contains(&trouble) => format!("{words} ({trouble})"),
            _ => words,
        }
    }

    /// Logs and shows that the sink cannot be reached, once.
    pub(super) fn note_silence(&self, error: &PublishError) {
        let words = self.with_trouble(format!("{} cannot be reached: {error}", self.sink));
        if !matches!(&*self.status.borrow(), Status::Retrying(_)) {
            tracing::warn!(reason = words, "records could not be delivered now; nothing is lost");
        }
        self.set(Status::Retrying(words));
    }

    /// Shows a status, where it is a new one.
    pub(super) fn set(&self, status: Status) {
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

    /// Counts, logs and shows an error of the sink, and returns how the step ended. `other` is
    /// another process that publishes as this store, where one is known.
    pub(super) fn note_failure(&self, error: &PublishError, other: Option<&WriterId>) -> Step {
        let (reason, step) = match error {
            PublishError::Halted(halt) => {
                let status = Status::Halted(halt.clone());
                if *self.status.borrow() != status {
                    tracing::error!(reason = halt.label(), "publishing stopped: {halt}");
                }
                self.set(status);
                return Step::Halted;
            }
            PublishError::Unread => {
                tracing::info!(
                    "stopping: nobody reads the records any more; those that were not read are kept"
                );
                return Step::Unread;
            }
            PublishError::Fenced(_) => ("fenced", Step::Fenced),
            PublishError::Unauthorised { .. } => ("unauthorised", Step::Failed),
            PublishError::Transient(_) | PublishError::Refused(_) => ("transient", Step::Failed),
        };
        metrics::publish_error(reason);
        let words = match other {
            Some(writer) if step == Step::Fenced => format!("{error}: {writer}"),
            _ => self.with_trouble(error.to_string()),
        };
        tracing::warn!(
            reason = words,
            "the sink does not take records; nothing is lost, trying again"
        );
        self.set(Status::Retrying(words));
        step
    }

    /// Waits for an answer of the sink. If that takes longer than `long`, it is logged and shown:
    /// Kafka's client may go on trying for as long as no broker answers.
    pub(in crate::stages::publish) async fn await_sink<T>(
        &self,
        long: Duration,
        call: impl Future<Output = T>,
    ) -> T {
        tokio::pin!(call);
        if let Ok(answer) = timeout(long, &mut call).await {
            return answer;
        }
        let silent = format!("{} has not answered for {} s", self.sink, long.as_secs());
        let words = self.with_trouble(silent);
        tracing::warn!(reason = words, "publishing takes long; nothing is lost");
        // The reason of a halt says more.
        if !matches!(*self.status.borrow(), Status::Halted(_)) {
            self.set(Status::Retrying(words));
        }
        call.await
    }
}
