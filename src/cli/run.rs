//! `nashra run`: the daemon.

use std::{future::Future, process::ExitCode, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{CommandFailure, WRONG_INPUT};
use crate::{
    base::clock::{Clock as _, SystemClock},
    config::{Config, LogFormat, Overrides},
    daemon::{self, DaemonError, Start},
    telemetry::{self, metrics},
};

/// Threads have room for the recursion of an extraction library on a deep page.
pub(super) const STACK: usize = 16 << 20;

pub(super) fn run(overrides: &Overrides) -> ExitCode {
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
    in_runtime(&config, daemon(&config, overrides))
}

/// Runs a daemon to its end, and says how it ended.
pub(super) fn in_runtime(
    config: &Config,
    work: impl Future<Output = Result<(), DaemonError>>,
) -> ExitCode {
    let format = match config.log.format {
        LogFormat::Auto => telemetry::LogFormat::Auto,
        LogFormat::Text => telemetry::LogFormat::Text,
        LogFormat::Json => telemetry::LogFormat::Json,
    };
    telemetry::start_logging(format, config.log.level.as_str());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    let outcome = runtime.map_err(DaemonError::Start).and_then(|runtime| {
        let outcome = runtime.block_on(work);
        // A page that an extractor still chews on must not hold the exit up.
        runtime.shutdown_background();
        outcome
    });
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    CommandFailure::from(error).tell()
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

async fn daemon(config: &Config, overrides: &Overrides) -> Result<(), DaemonError> {
    if config.fetch.contact.is_none() {
        tracing::warn!(
            "requests name nobody whom a site could ask: set fetch.contact in a config file before you poll other people's sites"
        );
    }
    let sources = daemon::sources(config).await?;
    let stop = CancellationToken::new();
    stop_when_asked(&stop, overrides.for_)?;
    let metrics = metrics::start(SystemClock.now()).ok();
    let flags = Some(overrides.clone());
    daemon::run(config, Start { sources, flags, metrics, stop }).await
}
