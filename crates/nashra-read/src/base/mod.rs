//! General tools: time, hashes, sequence numbers, backoff, named settings, secrets, bytes and times
//! in rows. Everything may use them; they use nothing of ours.

pub mod clock;
pub mod bytes;
pub mod private;
pub mod sequence;
pub mod hash;
pub mod backoff;
pub mod choices;
pub mod live;

pub mod time;
