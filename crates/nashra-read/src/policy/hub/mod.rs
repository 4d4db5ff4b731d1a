//! What is asked of a hub, and whether it is relied on.

pub mod announced;
pub mod delivery;
pub mod question;
pub mod subscription;
