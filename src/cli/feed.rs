//! `nashra feed`: feeds → JSON lines.

use std::process::ExitCode;

use clap::Args;
use url::Url;

use super::filter::{FilterResult, Input, Inputs};
use crate::read::feed::{self, FeedOutput};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    inputs: Inputs,
}

pub(super) fn run(options: Options) -> ExitCode {
    options.inputs.run(parse_feed)
}

fn parse_feed(input: &Input, bytes: &[u8]) -> FilterResult<FeedOutput> {
    let unknown;
    let url = if let Some(url) = &input.url {
        url
    } else {
        // A base that makes no relative address absolute.
        unknown = Url::parse("about:blank").map_err(|error| error.to_string())?;
        &unknown
    };
    let document = feed::parse_document(bytes, input.content_type.as_deref(), url)
        .map_err(|error| error.to_string())?;
    Ok(FeedOutput::new(document, url))
}
