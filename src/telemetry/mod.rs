//! What operators see: metrics, logs, and words on standard error.
//!
//! What must stay true: standard error may be full, closed or broken, and that ends nothing. The
//! standard library's macros for it panic then, so a lint forbids them.

pub mod ready;
pub mod unreadable;
pub mod metrics;

use std::io::{self, IsTerminal as _, Write};

use tracing_subscriber::{EnvFilter, fmt, util::SubscriberInitExt as _};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// One line of text for each event.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging on standard error. A second call changes nothing (tests run many daemons).
pub fn start_logging(format: LogFormat, filter: &str) {
    // The engine tells every file that it makes; whoever wants that says so in the filter.
    let filter = EnvFilter::try_new(format!("fjall=warn,lsm_tree=warn,{filter}"))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = fmt().with_env_filter(filter).with_writer(|| Stderr);
    let json = match format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !io::stderr().is_terminal(),
    };
    let started = if json {
        builder.json().flatten_event(true).finish().try_init()
    } else {
        builder.with_target(false).finish().try_init()
    };
    // Already started: the first caller's format stays.
    started.ok();
}

/// Standard error, whose errors are nobody's: there is nowhere left to tell them.
pub(crate) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stderr().write_all(bytes).ok();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes words to standard error as a line, as far as that takes them.
pub fn say(words: std::fmt::Arguments<'_>) {
    let mut text = words.to_string();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    io::stderr().write_all(text.as_bytes()).ok();
}
