//! The right to trim the outbox.

use crate::store::Reached;

/// What the sink has acknowledged: made in this module's parent alone, so that nothing else can
/// trim the outbox.
///
/// ```compile_fail
/// let made_elsewhere = nashra::store::acked::Acked::new(nashra::store::Reached::default());
/// ```
#[derive(Debug)]
pub struct Acked(Reached);

impl Acked {
    pub(crate) fn new(reached: Reached) -> Self {
        Self(reached)
    }

    /// Up to where the sink has acknowledged records.
    #[must_use]
    pub fn reached(&self) -> &Reached {
        &self.0
    }
}
