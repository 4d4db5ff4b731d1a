//! Log lines on standard error.
//!
//! What must stay true: standard error may be full, closed or broken, and that ends nothing; signs that
//! colour text go to terminals that show them, and nowhere else.

use std::{
    env,
    io::{self, IsTerminal as _, Write},
    sync::OnceLock,
};

use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt, layer::SubscriberExt as _, reload,
    util::SubscriberInitExt as _,
};

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

/// The filter of the lines that are written, once logging has started.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// Starts logging on standard error. A second call changes nothing (tests run many daemons).
pub fn start_logging(format: LogFormat, filter: &str) {
    let is_terminal = io::stderr().is_terminal();
    let json = match format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !is_terminal,
    };
    let lines = fmt::layer().with_writer(|| Stderr);
    let lines: Box<dyn Layer<_> + Send + Sync> = if json {
        lines.json().flatten_event(true).boxed()
    } else {
        let colours = is_terminal && shows_colours(|name| env::var(name).ok());
        lines.with_target(false).with_ansi(colours).boxed()
    };
    let (filter, handle) = reload::Layer::new(parsed(filter));
    // Already started: the first caller's format stays.
    if tracing_subscriber::registry().with(filter).with(lines).try_init().is_ok() {
        FILTER.set(handle).ok();
    }
}

/// Writes other lines from now on.
pub fn change_log_filter(filter: &str) {
    if let Some(handle) = FILTER.get() {
        // It fails only where logging has ended.
        handle.reload(parsed(filter)).ok();
    }
}

fn parsed(filter: &str) -> EnvFilter {
    // The engine tells every file that it makes; whoever wants that says so in the filter.
    EnvFilter::try_new(format!("fjall=warn,lsm_tree=warn,{filter}"))
        .unwrap_or_else(|_| EnvFilter::new("info"))
}

/// Whether a terminal is to be sent colours, by its environment. Pure.
fn shows_colours(variable: impl Fn(&str) -> Option<String>) -> bool {
    variable("NO_COLOR").is_none_or(|value| value.is_empty())
        && variable("TERM").is_none_or(|terminal| terminal != "dumb")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_colours_are_sent_where_the_environment_wants_none() {
        let with = |set: &'static [(&str, &str)]| {
            shows_colours(|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(with(&[]) && with(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]));
        assert!(!with(&[("TERM", "dumb")]) && !with(&[("TERM", "xterm"), ("NO_COLOR", "1")]));
    }
}
