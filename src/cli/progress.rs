//! How far long work is, on a terminal; elsewhere nothing is drawn.

use std::{
    io::{self, IsTerminal as _},
    path::Path,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

/// How often it is drawn.
const EVERY: Duration = Duration::from_millis(200);

/// A bar or, where the end is not known, a sign of life; gone when it is dropped.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Of a file that is read from its beginning to its end, in bytes.
    pub(super) fn through(file: &Path) -> Self {
        let length = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file);
        match length {
            Some(length) => Self::shown(
                ProgressBar::new(length.len()),
                "{bar:30} {percent} %  {elapsed} of about {duration}",
            ),
            None => Self::waiting("reading"),
        }
    }

    /// Of work whose end is not known.
    pub(super) fn waiting(doing: &'static str) -> Self {
        let shown = Self::shown(ProgressBar::new_spinner(), "{spinner} {msg}  {elapsed}");
        shown.0.set_message(doing);
        shown
    }

    fn shown(bar: ProgressBar, template: &str) -> Self {
        // Answers on the same terminal show that it goes on.
        if io::stdout().is_terminal() || !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(EVERY);
        Self(bar)
    }

    /// Bytes or items were done.
    pub(super) fn advance(&self, by: usize) {
        self.0.inc(by as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
