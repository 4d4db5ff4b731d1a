//! `nashra run`: the daemon.

use std::{
    env,
    future::Future,
    io::{self, IsTerminal as _},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::{CommandFailure, USAGE, WRONG_INPUT};
use crate::{
    base::clock::{Clock as _, SystemClock},
    config::{Config, Contact, LogFilter, LogFormat, Overrides, SinkKind, duration},
    daemon::{
        self, DaemonError, Start,
        reload::{ReloadInputs, take_hangups},
    },
    demo::Readable,
    stages::PipelineError,
    store,
    telemetry::{self, metrics},
};

/// Threads have room for the recursion of an extraction library on a deep page.
const STACK: usize = 16 << 20;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    pub(super) overrides: Overrides,
    #[command(flatten)]
    pub(super) life: LifeOptions,
}

/// What concerns the process of a daemon.
#[derive(Debug, Args)]
pub(super) struct LifeOptions {
    /// Stop in good order after this time
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
    pub(super) for_: Option<Duration>,
    /// Which log lines are written, such as `warn` or `info,nashra::fetch=debug`; instead of the
    /// environment variable `NASHRA_LOG` and of the config [default: info]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<LogFilter>,
}

pub(super) fn run(options: &Options) -> ExitCode {
    let overrides = &options.overrides;
    let path = overrides.config.as_deref();
    let config = match Config::load(path, overrides) {
        Ok(config) => config,
        Err(errors) => {
            say!("{errors}");
            return ExitCode::from(WRONG_INPUT);
        }
    };
    if let Some(error) = config.lacks_contact(path) {
        say!("{error}");
        return ExitCode::from(WRONG_INPUT);
    }
    in_runtime(&config, &options.life, daemon(&config, options))
}

/// A runtime as commands need it.
pub(super) fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build()
}

/// Runs a daemon to its end, and says how it ended.
pub(super) fn in_runtime(
    config: &Config,
    life: &LifeOptions,
    work: impl Future<Output = Result<(), DaemonError>>,
) -> ExitCode {
    let format = match config.log.format {
        LogFormat::Auto => telemetry::LogFormat::Auto,
        LogFormat::Text => telemetry::LogFormat::Text,
        LogFormat::Json => telemetry::LogFormat::Json,
    };
    let flag = life.log_level.as_ref();
    match config.log.level.in_force(flag, |name| env::var(name).ok()) {
        Ok(filter) => telemetry::start_logging(format, filter.as_str()),
        Err(words) => return CommandFailure::new(&words, USAGE).tell(),
    }
    store::make_files_private();
    let outcome = runtime().map_err(DaemonError::Start).and_then(|runtime| {
        let outcome = runtime.block_on(work);
        // A page that an extractor still chews on must not hold the exit up.
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        // Whoever read the records has seen enough.
        Ok(()) | Err(DaemonError::Pipeline(PipelineError::Unread)) => ExitCode::SUCCESS,
        Err(error) => CommandFailure::from(error).tell(),
    }
}

/// Cancels `stop` at SIGTERM, SIGINT or after `limit`.
pub(super) fn stop_when_asked(
    stop: &CancellationToken,
    limit: Option<Duration>,
) -> Result<(), DaemonError> {
    let asked = daemon::asked_to_stop().map_err(DaemonError::Start)?;
    let stopping = stop.clone();
    tokio::spawn(async move {
        match limit {
            Some(limit) => drop(tokio::time::timeout(limit, asked).await),
            None => asked.await,
        }
        tracing::info!("stopping: no new polls, what is in flight is drained");
        stopping.cancel();
    });
    Ok(())
}

async fn daemon(config: &Config, options: &Options) -> Result<(), DaemonError> {
    let hangups = take_hangups();
    if config.fetch.contact.as_ref().is_none_or(Contact::is_placeholder) {
        tracing::warn!(
            "requests name nobody whom a site could ask: set fetch.contact in a config file before you poll other people's sites"
        );
    }
    let sources = daemon::sources_to_poll(config).await?;
    let stop = CancellationToken::new();
    stop_when_asked(&stop, options.life.for_)?;
    let metrics = metrics::start(SystemClock.now()).ok();
    let reload = Some(ReloadInputs {
        flags: options.overrides.clone(),
        log_level: options.life.log_level.clone(),
        hangups,
    });
    run_daemon(config, Start { sources, reload, metrics, served: None, stop }).await
}

/// Runs a daemon. Records that would go to a terminal are shown there for people.
pub(super) async fn run_daemon(config: &Config, start: Start) -> Result<(), DaemonError> {
    if config.sink.kind == SinkKind::Stdout && io::stdout().is_terminal() {
        daemon::run_with(config, start, |_| Box::new(Readable::default())).await
    } else {
        daemon::run(config, start).await
    }
}
