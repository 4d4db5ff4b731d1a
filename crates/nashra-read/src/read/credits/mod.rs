//! Who wrote and who photographed, in the words of a page: bylines, captions and news agencies.

pub mod agency;
pub mod byline;
pub mod caption;
