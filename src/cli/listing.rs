//! `nashra listing`: listing pages → the links of their articles, as JSON lines.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};
use url::Url;

use super::filter::{FilterResult, Input, Inputs};
use crate::{
    html::selector::Selector,
    read::listing::{self, ListingError, selectors::Selectors},
};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    inputs: Inputs,
    /// Each link as an object: url, title, teaser, image, published.
    #[arg(long, conflicts_with = "candidates")]
    details: bool,
    /// All links that were weighed, with what they were weighed by.
    #[arg(long, conflicts_with_all = ["item", "link"])]
    candidates: bool,
    /// The elements that show one article each, as a CSS selector; nothing is guessed then.
    #[arg(long, value_name = "SELECTOR")]
    item: Option<Selector>,
    /// The link in an item, or in the page, as a CSS selector.
    #[arg(long, value_name = "SELECTOR")]
    link: Option<Selector>,
}

pub(super) fn run(options: Options) -> ExitCode {
    let Options { inputs, details, candidates, item, link } = options;
    let selectors = (item.is_some() || link.is_some()).then_some(Selectors { item, link });
    inputs.run(|input, bytes| {
        if candidates {
            return weighed(input, bytes);
        }
        links(input, bytes, selectors.as_ref(), details)
    })
}

fn links(
    input: &Input,
    bytes: &[u8],
    selectors: Option<&Selectors>,
    details: bool,
) -> FilterResult {
    let (url, content_type) = (address(input)?, input.content_type.as_deref());
    let read = match selectors {
        Some(selectors) => listing::parse_with(selectors, bytes, content_type, &url),
        None => listing::parse(bytes, content_type, &url),
    };
    let links = match read {
        Ok(listing) => listing.links,
        // A page without any is an answer, too.
        Err(error @ (ListingError::NoArticles { .. } | ListingError::NoMatch { .. })) => {
            return Ok(answer([("links", json!([])), ("reason", json!(error.to_string()))]));
        }
        Err(error) => return Err(error.to_string()),
    };
    let links = if details {
        json!(links)
    } else {
        links.iter().map(|link| Value::from(link.url.as_str())).collect()
    };
    Ok(answer([("links", links)]))
}

fn weighed(input: &Input, bytes: &[u8]) -> FilterResult {
    let found = listing::weighed_links(bytes, input.content_type.as_deref(), &address(input)?)
        .map_err(|error| error.to_string())?;
    Ok(answer([("candidates", json!(found))]))
}

fn answer<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Where the page was read; without it relative addresses lead nowhere that is known.
fn address(input: &Input) -> Result<Url, String> {
    input.url.clone().map_or_else(
        || Url::parse("http://unknown.invalid/").map_err(|error| error.to_string()),
        Ok,
    )
}
