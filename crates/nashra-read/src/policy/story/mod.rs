//! Which articles carry the same text: the story of a new article, found online among the texts of
//! the last days, in any language. Pure.
//!
//! Copies, excerpts and extensions, edited copies, other spelling and other headlines are the same
//! text. Texts made from one template (prices, scores, weather) and independent reports of one event
//! are not.
//!
//! A text is found by the smallest hashes of its shingles (`anchors`), compared by its signature
//! (`compare`), and joins a story that it is like (`index`,
//! `groups`). After these days only a key of it is kept, by which it is known when it comes again as
//! it was (`exact`).

mod anchors;
mod compare;
mod exact;
mod groups;
mod index;
mod signature;
#[cfg(test)]
mod tests;

pub use compare::Overlap;
pub use exact::{ExactCopy, KnownText, TextKey, key};
pub use groups::KnownStory;
pub use index::{Assignment, IndexedText, NewText, StoryIndex};
pub use signature::{Signature, Signer};
