//! `nashra state`, `nashra explain` and `nashra erase`: through the control socket where a daemon
//! runs, else on the store itself.

use std::{path::PathBuf, process::ExitCode};

use clap::Subcommand;

use super::{
    CommandFailure, WORLD_FAILED, WRONG_INPUT,
    flags::{SinkStoreFlags, StoreFlags},
    progress::Progress,
    run_with_config, with_config,
};
use crate::{
    base::clock::{Clock as _, SystemClock},
    config::{Config, Overrides},
    daemon::{
        self,
        admin::{
            control::{self, Response},
            requests::{Answer, Request},
        },
        erase::{self, EraseError, EraseExecutor},
        explain::{self, reports},
        letters::{Letters, LettersError},
    },
    stages::{
        publish::{self, sinks},
        schedule::{
            ScheduleStores,
            change::{self, ChangeReport, SourceChange},
        },
    },
    store::{self, Store, StoreError},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Reads the store and changes nothing: whether its files are sound, and how many rows it has.
    Check(StoreFlags),
    /// Writes the store as it is in this moment to a new folder, also while the daemon runs.
    Export(ExportArguments),
    /// Puts an export into a data directory that has no store.
    Restore(RestoreArguments),
    /// Makes a sound store of a damaged one, and says what is lost. The damaged files are kept.
    Repair(StoreFlags),
    /// Goes on in a new epoch where publishing has stopped, and says what may repeat.
    Adopt(Box<SinkStoreFlags>),
    /// Says that what happened to the topics is known: `/readyz` tells it no more.
    Confirm(StoreFlags),
}

#[derive(Debug, clap::Args)]
pub(super) struct ExportArguments {
    /// The folder, which is made.
    to: PathBuf,
    #[command(flatten)]
    flags: StoreFlags,
}

#[derive(Debug, clap::Args)]
pub(super) struct RestoreArguments {
    /// The folder of the export.
    from: PathBuf,
    #[command(flatten)]
    flags: StoreFlags,
}

impl Command {
    pub(super) fn run(&self) -> ExitCode {
        match self {
            Self::Export(ExportArguments { to, flags }) => match std::path::absolute(to) {
                // The daemon stands in another folder.
                Ok(to) => run(Request::Export { to }, &flags.overrides()),
                Err(error) => {
                    CommandFailure::new(&format!("{}: {error}", to.display()), WRONG_INPUT).tell()
                }
            },
            Self::Restore(RestoreArguments { from, flags }) => {
                run_offline(&flags.overrides(), |config| {
                    let restored =
                        store::restore(from, &config.data_dir, config.store.cache.as_usize());
                    restored.map(|report| reports::checked(&report)).map_err(all_failed)
                })
            }
            Self::Repair(flags) => run_offline(&flags.overrides(), |config| {
                check_folder(config)?;
                store::repair(&config.data_dir, config.store.cache.as_usize())
                    .map(|repair| reports::repaired(&repair))
                    .map_err(failed)
            }),
            Self::Check(flags) => run(Request::Check, &flags.overrides()),
            Self::Adopt(flags) => run(Request::Adopt, &flags.overrides()),
            Self::Confirm(flags) => run(Request::Confirm, &flags.overrides()),
        }
    }
}

/// Does what was asked, where it can be done.
pub(super) fn run(request: Request, overrides: &Overrides) -> ExitCode {
    run_with_config(overrides, async |config| {
        perform(request, config).await.map(|answer| in_lines(answer.to_string()))
    })
}

/// Runs work that needs the config, and that no daemon runs beside.
fn run_offline(
    overrides: &Overrides,
    work: impl FnOnce(&Config) -> Result<String, CommandFailure>,
) -> ExitCode {
    with_config(overrides, |config| work(config).map(in_lines))
}

fn in_lines(words: String) -> String {
    words + "\n"
}

pub(super) async fn perform(request: Request, config: &Config) -> Result<Answer, CommandFailure> {
    let socket = config.control_socket();
    let _progress = Progress::waiting(match &request {
        Request::Check => "reading the store",
        Request::Export { .. } => "writing the export",
        _ => "asking",
    });
    match control::send_request(&socket, &request).await {
        Ok(Some(Response::Ok(answer))) => Ok(*answer),
        Ok(Some(Response::Error(words))) => Err(CommandFailure::new(&words, WORLD_FAILED)),
        Ok(Some(Response::Unknown(words))) => Err(CommandFailure::new(&words, WRONG_INPUT)),
        Ok(None) => perform_without_daemon(request, config).await,
        Err(error) => {
            Err(CommandFailure::new(&format!("{}: {error}", socket.display()), WORLD_FAILED))
        }
    }
}

/// No daemon runs: the store is opened here.
async fn perform_without_daemon(
    request: Request,
    config: &Config,
) -> Result<Answer, CommandFailure> {
    let words = match request {
        Request::Sources => {
            return explain::sources(&open(config)?).map(Answer::Sources).map_err(failed);
        }
        Request::Change { wanted, dry_run } => {
            return change(wanted.into(), dry_run, config).await.map(Answer::Changed);
        }
        Request::Explain { what } => {
            let explained = explain::explain(&open(config)?, &what).map_err(failed)?;
            let unknown = || CommandFailure::new(&explain::unknown(&what), WRONG_INPUT);
            return explained.map(Answer::Explained).ok_or_else(unknown);
        }
        Request::Check => check(config),
        Request::Reload(_) => Err(no_daemon(config)),
        Request::Export { to } => {
            open(config)?.export(&to).map(|rows| reports::exported(rows, &to)).map_err(failed)
        }
        Request::Erase { article } => {
            let store = open(config)?;
            let executor =
                EraseExecutor::Direct(store.letters(config.dead_letters.max_bytes.bytes()));
            let code = |error: &EraseError| {
                if matches!(error, EraseError::Unknown(_)) { WRONG_INPUT } else { WORLD_FAILED }
            };
            let erased = erase::erase(&store, article, executor).await;
            erased.map_err(|error| CommandFailure::new(&error, code(&error)))
        }
        Request::DeadLetters { request } => {
            let store = open(config)?;
            let letters = store.letters(config.dead_letters.max_bytes.bytes());
            let answered = Letters { store, letters, stages: None }.answer(request).await;
            return answered.map(Answer::Letters).map_err(|error| match error {
                LettersError::Store(error) => failed(error),
                LettersError::Stopping => CommandFailure::new(&error, WORLD_FAILED),
            });
        }
        Request::Confirm => publish::confirm(&open(config)?.outbox()).await.map_err(failed),
        Request::Adopt => adopt(config).await,
    };
    words.map(Answer::Words)
}

/// Goes on in a new epoch.
async fn adopt(config: &Config) -> Result<String, CommandFailure> {
    let store = open(config)?;
    let mut sink = sinks::start(config, store.id());
    let adopted = publish::adopt(
        &mut *sink,
        &store.outbox(),
        None,
        publish::RecallExecutor::Direct(store.articles(), store.stories()),
    )
    .await;
    let code = |error: &publish::AdoptError| {
        if matches!(error, publish::AdoptError::NoPosition) { WRONG_INPUT } else { WORLD_FAILED }
    };
    adopted
        .map(|adopted| adopted.to_string())
        .map_err(|error| CommandFailure::new(&error, code(&error)))
}

/// That no daemon runs here, and how one is reached that runs with another data directory.
fn no_daemon(config: &Config) -> CommandFailure {
    let words = format!(
        "no daemon runs with the data_dir {0}; one that was started with another is reached by --data-dir, and goes on with its own \
         until the next start, also where the config names {0} now",
        config.data_dir.display()
    );
    CommandFailure::new(&words, WORLD_FAILED)
}

/// Reads the files of the store, or a copy of them, and changes nothing.
fn check(config: &Config) -> Result<String, CommandFailure> {
    check_folder(config)?;
    let checked = store::check(&config.data_dir, config.store.cache.as_usize());
    checked.map(|report| reports::checked(&report)).map_err(all_failed)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn all_failed(errors: Vec<StoreError>) -> CommandFailure {
    let damaged = errors.iter().any(|error| exit_code_of(error) == WRONG_INPUT);
    let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
    CommandFailure::new(&words.join("\n"), if damaged { WRONG_INPUT } else { WORLD_FAILED })
}

/// Adds, removes or pauses sources, beside those that the config names.
async fn change(
    change: SourceChange,
    dry_run: bool,
    config: &Config,
) -> Result<ChangeReport, CommandFailure> {
    if matches!(change, SourceChange::Poll(_)) {
        let words = format!(
            "no daemon runs with the data_dir {}: `nashra run --poll-now` polls all sources at its start",
            config.data_dir.display()
        );
        return Err(CommandFailure::new(&words, WORLD_FAILED));
    }
    // Lists may be fetched, and that takes a while: the store is opened after that.
    let mut sources = daemon::sources(config).await?;
    // A look leaves nothing behind.
    let store = match (dry_run, config.data_dir.is_dir(), &change) {
        (true, false, _) => Store::in_memory().map_err(failed)?,
        (false, false, SourceChange::Add(_)) => {
            Store::open(&config.data_dir, config.store.cache.as_usize()).map_err(failed)?
        }
        _ => open(config)?,
    };
    // One that clashes with a list can still be removed.
    if let Err(errors) = sources.with_added(store.added().all().map_err(failed)?) {
        say!("{errors}");
    }
    let beside = (&sources, SystemClock.now());
    change::apply_offline(change, dry_run, beside, &ScheduleStores::of(&store))
        .await
        .map_err(failed)
}

/// The store of a daemon that has run.
fn open(config: &Config) -> Result<Store, CommandFailure> {
    check_folder(config)?;
    Store::open(&config.data_dir, config.store.cache.as_usize()).map_err(failed)
}

fn check_folder(config: &Config) -> Result<(), CommandFailure> {
    if config.data_dir.is_dir() {
        return Ok(());
    }
    let words = format!("{}: there is no such folder", config.data_dir.display());
    Err(CommandFailure::new(&words, WRONG_INPUT))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: StoreError) -> CommandFailure {
    CommandFailure::new(&error, exit_code_of(&error))
}

fn exit_code_of(error: &StoreError) -> u8 {
    match error {
        StoreError::Damaged { .. } | StoreError::Broken { .. } => WRONG_INPUT,
        _ => WORLD_FAILED,
    }
}
