//! What the stages hand to each other and what is published: the record and its parts, entries,
//! pages, sources. No I/O, and no decision that needs more than one of them.

pub mod bounds;
pub mod clean;
pub mod identity;
pub mod candidate;
pub mod record;
pub mod routing;
pub mod content;
pub mod lane;
pub mod media;
pub mod look;
pub mod pending;
pub mod article;
pub mod page;
pub mod accept;
pub mod kind;
pub mod source;
pub mod story;
pub mod label;
pub mod trace;
pub mod entry;
pub mod poll_record;
