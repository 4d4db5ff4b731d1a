//! What operators see: metrics, logs, and words on standard error.
//!
//! What must stay true: standard error may be full, closed or broken, and that ends nothing. The
//! standard library's macros for it panic then, so a lint forbids them.

pub(crate) mod librdkafka;
pub mod metrics;
pub(crate) mod page;
pub mod ready;
pub mod unreadable;
pub mod traces;

mod logs;

use std::io::{self, Write as _};

pub(crate) use logs::Stderr;
pub use logs::{LogFormat, change_log_filter, start_logging};

/// Writes words to standard error as a line, as far as that takes them.
pub fn say(words: std::fmt::Arguments<'_>) {
    let mut text = words.to_string();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    io::stderr().write_all(text.as_bytes()).ok();
}
