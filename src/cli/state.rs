//! `nashra state` and `nashra explain`: through the control socket where a daemon runs, else on the store itself.

use std::process::ExitCode;

use clap::Subcommand;

use super::{WORLD_FAILED, WRONG_INPUT, print, sources};
use crate::{
    admin::control::{self, Request, Response},
    config::{Config, Overrides, SinkKind},
    daemon, explain,
    publish::{self, KafkaSink},
    schedule::change::{self, Wish},
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
            say!("{errors}");
            return ExitCode::from(WRONG_INPUT);
        }
    };
    let outcome =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map(|runtime| runtime.block_on(answer(request, &config)));
    match outcome {
        Ok(Ok(words)) => print(&format!("{words}\n")),
        Ok(Err((words, code))) => {
            say!("nashra: {words}");
            ExitCode::from(code)
        }
        Err(error) => {
            say!("nashra: {error}");
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
    match request {
        Request::Sources => explain::sources(&open(config)?).map_err(failed),
        Request::Change { wanted, dry_run } => change(wanted.into(), dry_run, config).await,
        Request::Check => explain::check(&open(config)?).map_err(failed),
        Request::Explain { what } => explain::explain(&open(config)?, &what).map_err(failed),
        Request::Adopt if config.sink.kind != SinkKind::Kafka => Err((publish::AdoptError::NoPosition.to_string(), WRONG_INPUT)),
        Request::Adopt => {
            let store = open(config)?;
            let mut sink = KafkaSink::new(config.kafka.clone(), store.id());
            let adopted = publish::adopt(&mut sink, &store.outbox(), None).await;
            adopted.map(|it| it.to_string()).map_err(|error| (error.to_string(), WORLD_FAILED))
        }
    }
}

/// Adds or removes sources, beside those that the config names.
async fn change(wish: Wish, dry_run: bool, config: &Config) -> Result<String, (String, u8)> {
    // Lists may be fetched, and that takes a while: the store is opened after that.
    let mut sources = daemon::sources(config).await.map_err(|error| sources::failed(&error))?;
    // A look leaves nothing behind.
    let store = match (dry_run, config.data_dir.is_dir(), &wish) {
        (true, false, _) => Store::in_memory().map_err(failed)?,
        (false, false, Wish::Add(_)) => Store::open(&config.data_dir, config.store.cache.as_usize()).map_err(failed)?,
        _ => open(config)?,
    };
    // One that clashes with a list can still be removed.
    if let Err(errors) = sources.with_added(store.added().all().map_err(failed)?) {
        say!("{errors}");
    }
    let told = change::alone(wish, dry_run, (&sources.polled, &sources.topics), &store.added()).await.map_err(failed)?;
    Ok(serde_json::json!(told).to_string())
}

/// The store of a daemon that has run.
fn open(config: &Config) -> Result<Store, (String, u8)> {
    if !config.data_dir.is_dir() {
        return Err((format!("{}: there is no such folder", config.data_dir.display()), WRONG_INPUT));
    }
    Store::open(&config.data_dir, config.store.cache.as_usize()).map_err(failed)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: StoreError) -> (String, u8) {
    let code = if matches!(error, StoreError::Damaged { .. }) { WRONG_INPUT } else { WORLD_FAILED };
    (error.to_string(), code)
}
