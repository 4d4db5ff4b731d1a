//! `nashra sources discover`: a site's feeds and sitemaps.

use std::{fmt::Write as _, process::ExitCode};

use clap::Args;
use url::Url;

use crate::{
    cli::{WORLD_FAILED, WRONG_INPUT, print, run::STACK},
    config::{Config, Overrides},
    daemon,
    discover::{self, DiscoverError, Offer},
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Options {
    /// The site's home page, or one of its sections.
    url: Url,
    /// One JSON object a source instead of words.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    overrides: Overrides,
}

pub(super) fn run(options: &Options) -> ExitCode {
    let config = match Config::load(options.overrides.config.as_deref(), &options.overrides) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(WRONG_INPUT);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(look(options, &config)),
        Err(error) => Err(DiscoverError::World(error.to_string())),
    };
    match outcome {
        Ok(offers) => print(&offers.iter().map(|it| if options.json { line(it) } else { words(it) }).collect::<Vec<_>>().concat()),
        Err(error) => {
            eprintln!("nashra: {}: {error}", options.url);
            ExitCode::from(if matches!(error, DiscoverError::World(_)) { WORLD_FAILED } else { WRONG_INPUT })
        }
    }
}

async fn look(options: &Options, config: &Config) -> Result<Vec<Offer>, DiscoverError> {
    let (fetcher, _) = daemon::fetcher(config).map_err(|error| DiscoverError::World(error.to_string()))?;
    discover::discover(&*fetcher, options.url.clone(), config.fetch.max_decoded.as_usize()).await
}

fn line(offer: &Offer) -> String {
    format!("{}\n", serde_json::to_string(offer).unwrap_or_default())
}

fn words(offer: &Offer) -> String {
    let news = if offer.news { " for news" } else { "" };
    let newest = offer.newest.map_or_else(|| "without a date".to_owned(), |it| it.format("%Y-%m-%d %H:%M").to_string());
    let mut out = format!("{}{news}  {}\n", offer.kind, offer.url);
    let title = offer.title.as_deref().unwrap_or("without a title");
    writeln!(out, "  {title}; entries: {}, the newest: {newest}; {}", offer.entries, offer.found).ok();
    out
}
