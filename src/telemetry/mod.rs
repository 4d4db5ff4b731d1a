//! What operators see: metrics and logs.

pub mod metrics;

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, fmt, util::SubscriberInitExt as _};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Text.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging on standard error. A second call changes nothing (tests run many daemons).
pub fn start_logging(format: LogFormat, filter: &str) {
    // The engine tells every file that it makes; whoever wants that says so in the filter.
    let filter = EnvFilter::try_new(format!("fjall=warn,lsm_tree=warn,{filter}")).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let json = match format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let started =
        if json { builder.json().flatten_event(true).finish().try_init() } else { builder.with_target(false).finish().try_init() };
    // Already started: the first caller's format stays.
    started.ok();
}
