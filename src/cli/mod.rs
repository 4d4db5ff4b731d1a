//! The command line. Data on standard output, words on standard error; [`EXIT_CODES`] says
//! what exit codes mean.

/// As `eprintln!`, but never a panic.
macro_rules! say {
    ($($words:tt)*) => { $crate::telemetry::say(format_args!($($words)*)) };
}

pub mod check;
pub mod schema;

mod deadletters;
mod dedup;
mod demo;
mod extract;
mod feed;
mod filter;
mod flags;
mod help;
mod label;
mod lines;
mod listing;
mod progress;
mod run;
mod sources;
mod state;
mod trial;

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{
    FromArgMatches as _, Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use uuid::Uuid;

use crate::{
    base::private::{Secrets, shown},
    config::{Config, Format, Overrides},
    daemon::{DaemonError, admin::requests::Request},
    model::kind::SourceKind,
    stages::schedule::reload::ReloadOrder,
    store,
};
use flags::StoreFlags;
pub use help::command;
use schema::Record;

/// The config or the input is wrong.
const WRONG_INPUT: u8 = 1;
/// The arguments do not go together.
const USAGE: u8 = 2;
/// The world outside failed.
const WORLD_FAILED: u8 = 3;

/// What the exit codes mean, for the documents.
pub const EXIT_CODES: [(u8, &str); 4] = [
    (0, "done; of `nashra run`, stopped in good order"),
    (
        WRONG_INPUT,
        "the config, a list, a file or a name is wrong, or nothing is known by it; the words name the place",
    ),
    (USAGE, "the arguments do not go together, or there is no such command or option"),
    (
        WORLD_FAILED,
        "the world outside failed: the network, the disk, Kafka, another process; trying again may help",
    ),
];

/// Why a command failed.
#[derive(Debug)]
struct CommandFailure {
    /// What standard error says; nothing where it is empty.
    words: String,
    exit_code: u8,
}

impl CommandFailure {
    fn new(words: &(impl ToString + ?Sized), exit_code: u8) -> Self {
        Self { words: words.to_string(), exit_code }
    }

    /// Of work that was about an address or a file.
    fn about(what: &str, error: &impl ToString, exit_code: u8) -> Self {
        let error = error.to_string();
        let words = format!("{}: {}", shown(what), Secrets::in_address(what).hide(&error));
        Self { words, exit_code }
    }

    /// Tells it on standard error.
    fn tell(self) -> ExitCode {
        if !self.words.is_empty() {
            say!("nashra: {}", self.words);
        }
        ExitCode::from(self.exit_code)
    }
}

impl From<DaemonError> for CommandFailure {
    fn from(error: DaemonError) -> Self {
        let is_config = matches!(error, DaemonError::Config(_));
        Self::new(&error, if is_config { WRONG_INPUT } else { WORLD_FAILED })
    }
}

/// Polls news sources, turns what they publish into clean article records, publishes each exactly
/// once.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The bundled news site on loopback, polled through the real pipeline; records on standard
    /// output.
    Demo(demo::Options),
    /// Runs the daemon until it is told to stop.
    Run(Box<run::Options>),
    /// A config file with every setting, its default and what it does, on standard output.
    Config,
    /// Every error of config and sources, with file and line.
    Check(Box<check::Options>),
    /// What one source or page would yield, and why; publishes nothing.
    Try(Box<trial::Options>),
    /// Feeds → JSON lines: what each says of itself and of its entries.
    Feed(feed::Options),
    /// Pages → JSON lines: the articles of each.
    Extract(extract::Options),
    /// Listing pages → JSON lines: the links of the articles of each.
    Listing(listing::Options),
    /// Articles in order → JSON lines: which are revisions, copies and excerpts of which.
    Dedup(dedup::Options),
    /// Records → the same records with the labels that rules give them, or why.
    Label(label::Options),
    /// What is polled, and what could be.
    Sources {
        #[command(subcommand)]
        command: sources::Command,
    },
    /// What is in the data directory.
    State {
        #[command(subcommand)]
        command: state::Command,
    },
    /// What could not be published, with its bytes, and trying it again.
    #[command(name = "deadletters")]
    DeadLetters {
        #[command(subcommand)]
        command: deadletters::Command,
    },
    /// Why this poll time, why this verdict.
    Explain {
        /// An article's id, an address, or a source's id.
        what: String,
        #[command(flatten)]
        flags: StoreFlags,
    },
    /// Has a running daemon read its config and lists of sources again; where something is wrong,
    /// nothing changes.
    Reload {
        /// Only says what would be done.
        #[arg(long)]
        dry_run: bool,
        /// Lets the sources go of a list that gives none any more; otherwise that is refused.
        #[arg(long)]
        allow_empty: bool,
        #[command(flatten)]
        flags: StoreFlags,
    },
    /// Removes one article's content from everything that is kept here, and publishes its
    /// withdrawal; it is never published again.
    Erase {
        /// The article's id.
        id: Uuid,
        #[command(flatten)]
        flags: StoreFlags,
    },
    /// The schema of a record that is published.
    Schema {
        /// The record whose schema is printed.
        #[arg(value_enum)]
        record: Record,
        /// The format of the record
        #[arg(long, value_name = Format::FLAG_VALUES, default_value = "json")]
        format: Format,
    },
    /// Writes a man page of each command to a folder, for those who make packages.
    #[command(hide = true)]
    Man {
        /// The folder, which is made.
        dir: PathBuf,
    },
    /// A completion script for a shell.
    Completions {
        /// The shell that the script is for.
        shell: clap_complete::Shell,
    },
}

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let parsed = Cli::from_arg_matches(&command().get_matches());
    match parsed.unwrap_or_else(|error| error.exit()).command {
        Command::Demo(options) => demo::run(&options),
        Command::Run(options) => run::run(&options),
        Command::Config => print(&Config::example()),
        Command::Check(options) => check::run(&options),
        Command::Try(options) => trial::run(&options),
        Command::Feed(options) => feed::run(options),
        Command::Extract(options) => extract::run(options),
        Command::Listing(options) => listing::run(options),
        Command::Dedup(options) => dedup::run(&options),
        Command::Label(options) => label::run(&options),
        Command::Sources { command } => command.run(),
        Command::State { command } => command.run(),
        Command::DeadLetters { command } => command.run(),
        Command::Explain { what, flags } => {
            state::run(Request::Explain { what }, &flags.overrides())
        }
        Command::Erase { id, flags } => {
            state::run(Request::Erase { article: id }, &flags.overrides())
        }
        Command::Reload { dry_run, allow_empty, flags } => {
            let order = ReloadOrder { dry_run, allow_empty };
            state::run(Request::Reload(order), &flags.overrides())
        }
        Command::Schema { record, format } => print_schema(record, format),
        Command::Man { dir } => help::man(&dir),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command(), "nashra", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
    }
}

/// Prints the schema of a record in a format.
fn print_schema(record: Record, format: Format) -> ExitCode {
    match schema::text(record, format) {
        Ok(text) => print(&text),
        Err(error) => {
            say!("nashra: {error}");
            ExitCode::from(WRONG_INPUT)
        }
    }
}

/// Loads the config, does work with it, and prints what it found or why it failed.
fn with_config(
    overrides: &Overrides,
    work: impl FnOnce(&Config) -> Result<String, CommandFailure>,
) -> ExitCode {
    store::make_files_private();
    let outcome = match Config::load(overrides.config.as_deref(), overrides) {
        Ok(config) => work(&config),
        Err(errors) => {
            say!("{errors}");
            return ExitCode::from(WRONG_INPUT);
        }
    };
    match outcome {
        Ok(text) => print(&text),
        Err(failure) => failure.tell(),
    }
}

/// The same for work that waits for the network or a daemon.
fn run_with_config(
    overrides: &Overrides,
    work: impl AsyncFnOnce(&Config) -> Result<String, CommandFailure>,
) -> ExitCode {
    with_config(overrides, |config| {
        let runtime = run::runtime().map_err(|error| CommandFailure::new(&error, WORLD_FAILED))?;
        runtime.block_on(work(config))
    })
}

/// Parses a kind of source, of those that are `accepted`; the help names them.
fn kind_parser(accepted: impl Fn(SourceKind) -> bool) -> impl TypedValueParser<Value = SourceKind> {
    let names = SourceKind::ALL.iter().filter(|kind| accepted(**kind)).map(|kind| kind.as_str());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<SourceKind>())
}

/// Writes to standard output. Whoever reads it may have seen enough.
fn print(text: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            say!("nashra: standard output: {error}");
            ExitCode::from(WORLD_FAILED)
        }
        _ => ExitCode::SUCCESS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_arguments_of_a_command_have_one_name() {
        command().debug_assert();
    }
}
