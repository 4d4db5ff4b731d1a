//! Articles: the record, who is who, and the one task that decides.

pub mod record;

pub use record::{Article, Block, Content, Image};
