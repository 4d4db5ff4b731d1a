//! `nashra sources`: what is polled, and what could be.
//!
//! Lists are declarative, so nothing here changes one: `export` and `import` write to standard output what an operator
//! may put into one.

mod discover;
mod lists;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};

use crate::config::Overrides;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The feeds and sitemaps of a site, looked for from its home page.
    Discover(Box<discover::Options>),
    /// The sources of all lists, each with its state.
    List(Box<List>),
    /// The sources of all lists as one list, on standard output.
    Export(Box<Export>),
    /// What a list (OPML, TOML, one address a line) would add to the sources; its new sources as TOML on standard output.
    Import(Box<Import>),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// One JSON object a source instead of words.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    overrides: Overrides,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// OPML, which knows feeds alone, for feed readers.
    #[arg(long, conflicts_with = "toml")]
    opml: bool,
    /// TOML, with all settings and ids; the default.
    #[arg(long)]
    toml: bool,
    #[command(flatten)]
    overrides: Overrides,
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The list.
    file: PathBuf,
    /// The difference in words alone, and nothing on standard output.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    overrides: Overrides,
}

impl Command {
    pub(super) fn run(&self) -> ExitCode {
        match self {
            Self::Discover(options) => discover::run(options),
            Self::List(options) => lists::list(options.json, &options.overrides),
            Self::Export(options) => lists::export(options.opml, &options.overrides),
            Self::Import(options) => lists::import(&options.file, options.dry_run, &options.overrides),
        }
    }
}
