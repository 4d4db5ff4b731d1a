//! When a source is polled next.

pub mod budget;
pub mod decide;
pub mod hints;
pub mod rhythm;
