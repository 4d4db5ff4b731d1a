//! `nashra state`: what is in the data directory.

use std::process::ExitCode;

use clap::Subcommand;

use super::{WORLD_FAILED, WRONG_INPUT};
use crate::{
    config::{Config, Overrides},
    store::{Store, StoreError},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Reads every row back and counts them.
    Check(Box<Overrides>),
}

pub(super) fn run(command: &Command) -> ExitCode {
    let Command::Check(overrides) = command;
    let config = match Config::load(overrides.config.as_deref(), overrides) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(WRONG_INPUT);
        }
    };
    match check(&config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ StoreError::Damaged { .. }) => {
            eprintln!("nashra: {error}");
            ExitCode::from(WRONG_INPUT)
        }
        Err(error) => {
            eprintln!("nashra: {error}");
            ExitCode::from(WORLD_FAILED)
        }
    }
}

fn check(config: &Config) -> Result<(), StoreError> {
    if !config.data_dir.is_dir() {
        let source = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(StoreError::Io { path: config.data_dir.clone(), source });
    }
    let store = Store::open(&config.data_dir, config.store.cache.as_usize())?;
    println!("store {}", store.id());
    for (table, rows) in store.verify()? {
        println!("{table}\t{rows}");
    }
    let (records, bytes, _) = store.outbox().waiting()?;
    println!("outbox waiting\t{records} records, {bytes} bytes");
    Ok(())
}
