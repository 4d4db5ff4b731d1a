//! Starts a new epoch: an operator says that publishing goes on although `data_dir` and the topics have parted.

use super::{Halt, Position, Publish, PublishError, position};
use crate::store::{Acked, Epoch, Outbox, StoreError};

/// What was adopted, and what may repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// Why publishing had stopped.
    pub halt: Halt,
    /// The new epoch.
    pub epoch: Epoch,
    /// The outbox's records that will be published: the numbers after the first, up to the second.
    pub waiting: (u64, u64),
}

impl std::fmt::Display for Adopted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (from, to) = self.waiting;
        writeln!(f, "publishing had stopped: {}", self.halt)?;
        writeln!(f, "epoch {} begins.", self.epoch)?;
        writeln!(
            f,
            "{} records of the outbox (numbers {} to {to}) will be published; the topics may hold some of them already.",
            to - from,
            from + 1
        )?;
        match self.halt {
            Halt::Ahead { .. } | Halt::OtherHistory { .. } | Halt::OtherEpoch { .. } => {
                write!(
                    f,
                    "Articles that were first published after the copy of data_dir was made may come again under new ids, and revision numbers may repeat."
                )
            }
            _ => write!(
                f,
                "Records that were acknowledged before are not published again: what the topics no longer hold stays missing there."
            ),
        }
    }
}

/// Why there was no adoption.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// The sink did not answer.
    #[error("{0}")]
    Sink(#[from] PublishError),
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing has stopped.
    #[error("data_dir and the topics belong together: there is nothing to adopt")]
    Nothing,
    /// Two processes on copies of one `data_dir`: the other one would be stopped by this.
    #[error(
        "another nashra publishes with this store's id at this moment: stop one of the two first; if the other one goes on, nothing is to be adopted here"
    )]
    Another,
    /// Files and standard output keep no position.
    #[error("this sink keeps no position: there is nothing to adopt")]
    NoPosition,
}

/// Adopts, where publishing is stopped for a reason that adopting settles. `known` is the position that was seen last, where
/// there was a look: a position that moves meanwhile is written by another process.
pub async fn adopt<P: Publish>(sink: &mut P, outbox: &Outbox, known: Option<&Option<Position>>) -> Result<Adopted, AdoptError> {
    let (acked, end) = (outbox.acked()?, outbox.tail()?.seq);
    let held = sink.look(acked.position_at).await?.ok_or(AdoptError::NoPosition)?;
    let found = held.position.as_ref().map(|it| outbox.at(it.seq)).transpose()?.flatten();
    let Err(halt) = position::judge(&acked, end, &held, found) else { return Err(AdoptError::Nothing) };
    if known.is_some_and(|known| *known != held.position) {
        return Err(AdoptError::Another);
    }
    let theirs = held.position.as_ref().map_or(0, |it| it.epoch);
    let adopted = Acked { epoch: acked.epoch.max(theirs) + 1, cluster_id: None, published: false, position_at: None, ..acked };
    outbox.trim(&adopted).await?;
    Ok(Adopted { halt, epoch: adopted.epoch, waiting: (adopted.seq, end.max(adopted.seq)) })
}
