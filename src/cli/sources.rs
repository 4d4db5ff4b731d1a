//! `nashra sources`: what is polled, and what could be.

mod discover;

use std::process::ExitCode;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The feeds and sitemaps of a site, looked for from its home page.
    Discover(Box<discover::Options>),
}

impl Command {
    pub(super) fn run(&self) -> ExitCode {
        match self {
            Self::Discover(options) => discover::run(options),
        }
    }
}
