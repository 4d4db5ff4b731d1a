//! `nashra state` and `nashra explain`: through the control socket where a daemon runs, else on the store itself.

use std::process::ExitCode;

use clap::Subcommand;

use super::{WORLD_FAILED, WRONG_INPUT};
use crate::{
    admin::control::{self, Request, Response},
    config::{Config, Overrides, SinkKind},
    daemon::{self, DaemonError},
    explain,
    publish::{self, KafkaSink},
    schedule::change::{self, Wanted},
    store::{Store, StoreError},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Reads every row back and counts them.
    Check(Box<Overrides>),
    /// Goes on in a new epoch where publishing has stopped, and says what may repeat.
    Adopt(Box<Overrides>),
}

impl Command {
    pub(super) fn run(&self) -> ExitCode {
        match self {
            Self::Check(overrides) => run(Request::Check, overrides),
            Self::Adopt(overrides) => run(Request::Adopt, overrides),
        }
    }
}

/// Does what was asked, where it can be done.
pub(super) fn run(request: Request, overrides: &Overrides) -> ExitCode {
    let config = match Config::load(overrides.config.as_deref(), overrides) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(WRONG_INPUT);
        }
    };
    let outcome =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map(|runtime| runtime.block_on(answer(request, &config)));
    match outcome {
        Ok(Ok(words)) => {
            println!("{words}");
            ExitCode::SUCCESS
        }
        Ok(Err((words, code))) => {
            eprintln!("nashra: {words}");
            ExitCode::from(code)
        }
        Err(error) => {
            eprintln!("nashra: {error}");
            ExitCode::from(WORLD_FAILED)
        }
    }
}

pub(super) async fn answer(request: Request, config: &Config) -> Result<String, (String, u8)> {
    let socket = config.control_socket();
    match control::ask(&socket, &request).await {
        Ok(Some(Response::Ok(words))) => Ok(words),
        Ok(Some(Response::Error(words))) => Err((words, WORLD_FAILED)),
        Ok(None) => alone(request, config).await,
        Err(error) => Err((format!("{}: {error}", socket.display()), WORLD_FAILED)),
    }
}

/// No daemon runs: the store is opened here.
async fn alone(request: Request, config: &Config) -> Result<String, (String, u8)> {
    let failed = |error: StoreError| {
        let code = if matches!(error, StoreError::Damaged { .. }) { WRONG_INPUT } else { WORLD_FAILED };
        (error.to_string(), code)
    };
    let adds = matches!(request, Request::Change { wanted: Wanted::Add(_), .. });
    let looks = matches!(request, Request::Change { dry_run: true, .. });
    let has_data = config.data_dir.is_dir();
    if !has_data && !adds {
        return Err((format!("{}: there is no such folder", config.data_dir.display()), WRONG_INPUT));
    }
    // A look leaves nothing behind.
    let store = if looks && !has_data { Store::in_memory() } else { Store::open(&config.data_dir, config.store.cache.as_usize()) };
    let store = store.map_err(failed)?;
    match request {
        Request::Sources => explain::sources(&store).map_err(failed),
        Request::Check => explain::check(&store).map_err(failed),
        Request::Explain { what } => explain::explain(&store, &what).map_err(failed),
        Request::Change { wanted, dry_run } => {
            let code = |error: &DaemonError| if matches!(error, DaemonError::Config(_)) { WRONG_INPUT } else { WORLD_FAILED };
            let mut sources = daemon::sources(config).await.map_err(|error| (error.to_string(), code(&error)))?;
            // One that clashes with a list can still be removed.
            if let Err(errors) = sources.with_added(store.added().all().map_err(failed)?) {
                eprintln!("{errors}");
            }
            let told = change::alone(wanted, dry_run, (&sources.polled, &sources.topics), &store.added()).await.map_err(failed)?;
            Ok(serde_json::json!(told).to_string())
        }
        Request::Adopt if config.sink.kind != SinkKind::Kafka => Err((publish::AdoptError::NoPosition.to_string(), WRONG_INPUT)),
        Request::Adopt => {
            let mut sink = KafkaSink::new(config.kafka.clone(), store.id());
            let adopted = publish::adopt(&mut sink, &store.outbox()).await;
            adopted.map(|it| it.to_string()).map_err(|error| (error.to_string(), WORLD_FAILED))
        }
    }
}
