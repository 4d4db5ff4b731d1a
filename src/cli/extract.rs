//! `nashra extract`: pages and text dumps → JSON lines.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    USAGE,
    filter::{FilterResult, Input, Inputs},
};
use crate::{
    base::clock::{Clock as _, SystemClock},
    model::{page::Page, record::Article},
    policy::assemble,
    read::page,
};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    inputs: Inputs,
    /// What the inputs are; told apart by their bytes unless it is given.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Which elements hold a field, as `[source.page]` says it; may be given several times.
    #[arg(long = "rule", value_name = "FIELD=SELECTOR")]
    rules: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// HTML, as sites serve it.
    Html,
    /// Pages as text, the way they are copied or dumped.
    Text,
}

pub(super) fn run(options: Options) -> ExitCode {
    let now = SystemClock.now();
    let format = options.format;
    let rules = match page::Rules::parse(&options.rules) {
        Ok(rules) => rules,
        Err(error) => {
            say!("nashra: {error}");
            return ExitCode::from(USAGE);
        }
    };
    options.inputs.run(|input, bytes| {
        answer(&read_page(input, bytes, format, &rules)?, input.url.as_ref(), now)
    })
}

fn read_page(
    input: &Input,
    bytes: &[u8],
    format: Option<Format>,
    rules: &page::Rules,
) -> Result<Page, String> {
    let form = format
        .map(|format| if format == Format::Text { page::Form::Text } else { page::Form::Html });
    page::parse_with(
        Some(rules).filter(|rules| !rules.is_empty()),
        bytes,
        input.content_type.as_deref(),
        input.url.as_ref(),
        form,
    )
    .map_err(|error| error.to_string())
}

fn answer(page: &Page, url: Option<&Url>, now: chrono::DateTime<chrono::Utc>) -> FilterResult {
    let articles: Vec<Article> = assemble::unlisted(page, url, now);
    let articles = serde_json::to_value(articles).map_err(|error| error.to_string())?;
    let mut answer: Map<String, Value> =
        Map::from_iter([("page".to_owned(), json!(page.kind)), ("articles".to_owned(), articles)]);
    if let Some(next) = &page.next {
        answer.insert("next".to_owned(), json!(next.url));
    }
    Ok(answer)
}
