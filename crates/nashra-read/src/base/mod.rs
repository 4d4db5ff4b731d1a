//! General tools: time, hashes, sequence numbers, backoff, named settings, secrets. Everything may
//! use them; they use nothing of ours.

pub mod clock;
pub mod private;
pub mod sequence;
pub mod hash;
pub mod backoff;
pub mod choices;
