//! `nashra sources`: what is polled, and what could be.
//!
//! Lists are declarative, so nothing here changes one. What `add` and `import` add is kept in the
//! store, and taken up by the daemon at once where one runs; `remove` takes it out again.

mod change;
mod discover;
mod lists;
mod pauses;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::flags::SourceFlags;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The feeds and sitemaps of a site, looked for from its home page.
    Discover(Box<discover::Options>),
    /// Polls further sources; they are kept in the data directory.
    Add(Box<change::Add>),
    /// Polls sources no more that were added; what was published of them stays.
    Remove(Box<change::Remove>),
    /// Adds the sources of a list (OPML, TOML, one address a line), and tells which were there
    /// already.
    Import(Box<change::Import>),
    /// Polls sources no more until they are resumed, or for a time; what they listed goes on. Kept
    /// over restarts, reloads and new lists.
    Pause(Box<pauses::Pause>),
    /// Ends pauses, and polls the sources at once.
    Resume(Box<pauses::Resume>),
    /// Polls sources at once, as soon as their hosts may be asked.
    Poll(Box<pauses::Poll>),
    /// All sources, those of lists and those that were added, each with its state.
    List(Box<List>),
    /// All sources as one list, on standard output.
    Export(Box<Export>),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// One JSON object a source instead of words.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: SourceFlags,
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
    flags: SourceFlags,
}

impl Command {
    pub(super) fn run(self) -> ExitCode {
        match self {
            Self::Discover(options) => discover::run(&options),
            Self::List(options) => lists::list(options.json, &options.flags.overrides()),
            Self::Export(options) => lists::export(options.opml, &options.flags.overrides()),
            Self::Add(options) => options.run(),
            Self::Remove(options) => options.run(),
            Self::Import(options) => options.run(),
            Self::Pause(options) => options.run(),
            Self::Resume(options) => options.run(),
            Self::Poll(options) => options.run(),
        }
    }
}
