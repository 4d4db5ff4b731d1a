//! The flags of `run` that override the config, so that a quick start needs no file.
//!
//! A flag is held to the same ranges as its setting; only its place in an error differs.

use std::{path::PathBuf, time::Duration};

use ipnet::IpNet;

use super::{
    Config,
    choices::PageMode,
    duration,
    reader::GivenSettings,
    sinks::SinkFlags,
    values::{Backlog, Listen, SourceList, network},
};

/// What the command line says about the config; `None` leaves a setting as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct Overrides {
    /// Read settings from this file; without it no file is read
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Lists of sources: TOML, OPML, or one URL a line
    #[arg(long, value_name = "FILE|URL", num_args = 1..)]
    pub sources: Option<Vec<SourceList>>,

    /// Where records go.
    #[command(flatten)]
    pub sink: SinkFlags,

    /// Where state is kept [default: nashra-data]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// The shortest time between two visits to a source [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub min_interval: Option<Duration>,

    /// The longest time between two visits to a source [default: 6h]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub max_interval: Option<Duration>,

    /// All sources are due at the start
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub poll_now: Option<bool>,

    /// Requests at once to one host [default: 4]
    #[arg(long, value_name = "N")]
    pub per_host: Option<usize>,

    /// Publish what a new source lists when it is no older [default: 3d]
    #[arg(long, value_name = "DURATION|all")]
    pub backlog: Option<Backlog>,

    /// Fetch pages, publish what feeds say, or record entries and publish nothing [default: on]
    #[arg(long, value_name = PageMode::FLAG_VALUES)]
    pub pages: Option<PageMode>,

    /// Further pages that are read of an article of several [default: 0]
    #[arg(long, value_name = "N")]
    pub follow_pages: Option<usize>,

    /// Addresses that are not public and may be fetched all the same
    #[arg(long, value_name = "CIDR", num_args = 1.., value_parser = network)]
    pub allow_address: Option<Vec<IpNet>>,

    /// Where metrics, health and the status page are served; port 0 picks one [default:
    /// 127.0.0.1:9606]
    #[arg(long, value_name = "ADDR|off")]
    pub listen: Option<Listen>,
}

/// Says which setting each flag is: the flag, its field, and the setting.
macro_rules! flags {
    ($($flag:literal $name:ident => $first:ident$(.$rest:ident)*;)+) => {
        /// Each flag and its setting.
        pub(in crate::config) const FLAGS: &'static [(&'static str, &'static str)] =
            &[$(($flag, concat!(stringify!($first) $(, ".", stringify!($rest))*)),)+];

        /// Puts each flag that was given into its setting, and notes it as the setting's place.
        pub(in crate::config) fn apply_own(
            &self,
            config: &mut $crate::config::Config,
            given: &mut $crate::config::reader::GivenSettings,
        ) {
            $(if let Some(value) = &self.$name {
                config.$first$(.$rest)* = value.clone();
                given.insert(concat!(stringify!($first) $(, ".", stringify!($rest))*), $crate::config::Place::whole($flag));
            })+
        }
    };
}
pub(super) use flags;

impl Overrides {
    flags! {
        "--sources" sources => sources;
        "--data-dir" data_dir => data_dir;
        "--min-interval" min_interval => poll.min_interval;
        "--max-interval" max_interval => poll.max_interval;
        "--poll-now" poll_now => poll.now;
        "--per-host" per_host => fetch.per_host;
        "--backlog" backlog => poll.backlog;
        "--pages" pages => page.mode;
        "--follow-pages" follow_pages => page.follow_pages;
        "--allow-address" allow_address => fetch.allow_addresses;
        "--listen" listen => admin.listen;
    }

    /// Puts what was said into the config.
    pub(super) fn apply(&self, config: &mut Config, given: &mut GivenSettings) {
        self.apply_own(config, given);
        self.sink.apply(config, given);
    }

    /// Each flag that is a setting, and that setting.
    pub fn settings() -> impl Iterator<Item = (&'static str, &'static str)> {
        Self::FLAGS.iter().copied().chain(SinkFlags::settings())
    }
}
