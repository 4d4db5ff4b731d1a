//! Dates as people write them: the words of calendars, and what can be made of a short text.

pub mod words;
