//! `nashra try`: what one source or page would yield, and why.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use url::Url;

use super::{
    CommandFailure, WORLD_FAILED, WRONG_INPUT, flags::FetchFlags, kind_parser, run_with_config,
};
use crate::{
    base::{
        clock::{Clock as _, SystemClock},
        private::Secrets,
    },
    config::{Config, Overrides},
    daemon,
    model::kind::SourceKind,
    read::page::Rules,
    trial::{self, Report, Trial, TrialError},
};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// A feed, a listing or a page: an http or https address, or a file.
    what: String,
    /// Where the file was read: relative addresses are resolved against it.
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    /// What it is to be read as; told by its bytes unless it is given.
    #[arg(long, value_parser = kind_parser(trial::is_readable))]
    kind: Option<SourceKind>,
    /// Which elements of a page hold a field, as `[source.page]` says it; may be given several
    /// times.
    #[arg(long = "rule", value_name = "FIELD=SELECTOR")]
    rules: Vec<String>,
    /// One JSON object instead of words.
    #[arg(long)]
    json: bool,
    /// Further pages that are read of an article of several [default: 0]
    #[arg(long, value_name = "N")]
    follow_pages: Option<usize>,
    #[command(flatten)]
    flags: FetchFlags,
}

pub(super) fn run(options: &Options) -> ExitCode {
    let overrides = Overrides { follow_pages: options.follow_pages, ..options.flags.overrides() };
    run_with_config(&overrides, async |config| {
        let report = attempt(options, config).await.map_err(|error| {
            let is_world = matches!(error, TrialError::World(_));
            let exit_code = if is_world { WORLD_FAILED } else { WRONG_INPUT };
            CommandFailure::about(&options.what, &error, exit_code)
        })?;
        let text = if options.json {
            format!("{}\n", serde_json::to_string(&report).unwrap_or_default())
        } else {
            report.to_string()
        };
        Ok(Secrets::in_address(&options.what).hide(&text).into_owned())
    })
}

async fn attempt(options: &Options, config: &Config) -> Result<Report, TrialError> {
    let (fetcher, _) =
        daemon::fetcher(config).map_err(|error| TrialError::World(error.to_string()))?;
    let trial = Trial {
        fetcher: &*fetcher,
        rules: daemon::rules(config),
        read_as: options.kind,
        follow_pages: config.page.follow_pages,
        page_rules: Rules::parse(&options.rules).map_err(TrialError::Rule)?,
        now: SystemClock.now(),
    };
    match Url::parse(&options.what) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => trial.address(url).await,
        _ => trial.file(&PathBuf::from(&options.what), options.url.clone()).await,
    }
}
