//! Dates as people write them: the words of calendars, and what can be made of a short text.

mod jalali;
pub mod moment;
pub mod partial;
pub mod plausible;
pub mod stamp;
pub mod words;
