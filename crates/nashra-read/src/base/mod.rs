//! What has no subject: time, hashes, numbers in order, waits that grow, what is kept
//! private. Everything may use it; it uses nothing of ours.

pub mod clock;
pub mod private;
pub mod sequence;
pub mod hash;
pub mod backoff;
pub mod choices;
