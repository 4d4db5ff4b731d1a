//! The stages, in the order of the data. Each is `run(input, output, parts)`; `pipeline` wires
//! them.

mod places;
pub mod commit;
pub mod discover;
pub mod input;
pub mod pages;
pub mod poll;
pub mod publish;
pub mod schedule;
pub mod websub;

use crate::store::StoreError;

/// A stage that stopped for a reason other than a closed input.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Whoever read the records has gone.
    #[error("nobody reads the records any more")]
    Unread,
    /// A stage panicked.
    #[error("a stage panicked: {0}")]
    Panicked(#[from] tokio::task::JoinError),
}
