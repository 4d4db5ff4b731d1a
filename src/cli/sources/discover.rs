//! `nashra sources discover`: a site's feeds and sitemaps.

use std::{fmt::Write as _, process::ExitCode};

use clap::Args;
use url::Url;

use crate::{
    cli::{CommandFailure, WORLD_FAILED, WRONG_INPUT, flags::FetchFlags, run_with_config},
    config::Config,
    daemon,
    stages::discover::{self, DiscoverError, DiscoveredSource},
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Options {
    /// The site's home page, or one of its sections.
    url: Url,
    /// One JSON object a source instead of words.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: FetchFlags,
}

pub(super) fn run(options: &Options) -> ExitCode {
    run_with_config(&options.flags.overrides(), async |config| {
        let offers = look(options, config).await.map_err(|error| {
            let is_world = matches!(error, DiscoverError::World(_));
            let exit_code = if is_world { WORLD_FAILED } else { WRONG_INPUT };
            CommandFailure::about(options.url.as_str(), &error, exit_code)
        })?;
        Ok(offers
            .iter()
            .map(|offer| if options.json { line(offer) } else { words(offer) })
            .collect())
    })
}

async fn look(options: &Options, config: &Config) -> Result<Vec<DiscoveredSource>, DiscoverError> {
    let (fetcher, _) =
        daemon::fetcher(config).map_err(|error| DiscoverError::World(error.to_string()))?;
    discover::discover(&*fetcher, options.url.clone(), config.fetch.max_decoded.as_usize()).await
}

fn line(offer: &DiscoveredSource) -> String {
    format!("{}\n", serde_json::to_string(offer).unwrap_or_default())
}

pub(super) fn words(offer: &DiscoveredSource) -> String {
    let news = if offer.news { " for news" } else { "" };
    let newest = offer.newest.map_or_else(
        || "without a date".to_owned(),
        |newest| newest.format("%Y-%m-%d %H:%M").to_string(),
    );
    let mut out = format!("{}{news}  {}\n", offer.kind, offer.url);
    let title = offer.title.as_deref().unwrap_or("without a title");
    let rate =
        offer.per_day.map(|per_day| format!(", about {per_day:.0} a day")).unwrap_or_default();
    writeln!(
        out,
        "  {title}; entries: {}{rate}, the newest: {newest}; {}",
        offer.entries, offer.found
    )
    .ok();
    out
}
