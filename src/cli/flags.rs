//! The flags of commands that need a part of the config: each takes those that it uses.

use std::path::PathBuf;

use clap::Args;
use ipnet::IpNet;

use crate::config::{Overrides, SinkFlags, SourceList, network};

/// Of commands on the store.
#[derive(Debug, Clone, Args)]
pub(super) struct StoreFlags {
    /// Read settings from this file; without it no file is read
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Where state is kept [default: nashra-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Of commands that fetch.
#[derive(Debug, Clone, Args)]
pub(super) struct FetchFlags {
    /// Read settings from this file; without it no file is read
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Addresses that are not public and may be fetched all the same
    #[arg(long, value_name = "CIDR", num_args = 1.., value_parser = network)]
    allow_address: Option<Vec<IpNet>>,

    /// Nothing is kept; taken so that scripts which name a folder to every command go on
    #[arg(long, value_name = "DIR", hide = true)]
    data_dir: Option<PathBuf>,
}

/// Of commands on sources.
#[derive(Debug, Clone, Args)]
pub(super) struct SourceFlags {
    #[command(flatten)]
    store: StoreFlags,

    /// Lists of sources: TOML, OPML, or one URL a line
    #[arg(long, value_name = "FILE|URL", num_args = 1..)]
    sources: Option<Vec<SourceList>>,

    /// Addresses that are not public and may be fetched all the same
    #[arg(long, value_name = "CIDR", num_args = 1.., value_parser = network)]
    pub(super) allow_address: Option<Vec<IpNet>>,
}

/// Of commands on the store that may ask the sink.
#[derive(Debug, Clone, Args)]
pub(super) struct SinkStoreFlags {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    sink: SinkFlags,
}

impl StoreFlags {
    pub(super) fn overrides(&self) -> Overrides {
        let Self { config, data_dir } = self.clone();
        Overrides { config, data_dir, ..Overrides::default() }
    }
}

impl FetchFlags {
    pub(super) fn overrides(&self) -> Overrides {
        let Self { config, allow_address, data_dir } = self.clone();
        Overrides { config, data_dir, allow_address, ..Overrides::default() }
    }
}

impl SourceFlags {
    pub(super) fn overrides(&self) -> Overrides {
        let Self { store, sources, allow_address } = self.clone();
        Overrides { sources, allow_address, ..store.overrides() }
    }
}

impl SinkStoreFlags {
    pub(super) fn overrides(&self) -> Overrides {
        let Self { store, sink } = self.clone();
        Overrides { sink, ..store.overrides() }
    }
}
