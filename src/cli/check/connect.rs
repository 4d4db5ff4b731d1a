//! `nashra check --connect`: whether the brokers and the first sources answer. Nothing is published,
//! made or kept.

use std::io::{self, Write};

use crate::{
    config::{Config, RobotsMode, SinkKind, sources::Source},
    daemon,
    fetch::{BlockKind, Fetch as _, Outcome, Request},
    model::accept,
    stages::publish::sinks::{self, Tried},
};

/// Sources that are asked.
const SOURCES: usize = 5;

/// Tries it, and writes a line for each thing that was tried; returns whether all went well.
pub(super) async fn connect(
    config: &Config,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<bool> {
    let mut all_well = true;
    let mut tell = |(what, came): Tried| match came {
        Ok(words) => writeln!(out, "ok: {what} {words}"),
        Err(words) => {
            all_well = false;
            writeln!(err, "failed: {what}: {words}")
        }
    };
    let sources = match daemon::sources(config).await {
        Ok(sources) => sources,
        Err(error) => {
            tell(("the lists of sources".to_owned(), Err(error.to_string())))?;
            return Ok(false);
        }
    };
    if config.sink.kind == SinkKind::Kafka || !sources.topics.is_empty() {
        for tried in sinks::probe(config).await {
            tell(tried)?;
        }
    }
    let fetcher = match daemon::fetcher(config) {
        Ok((fetcher, _)) => fetcher,
        Err(error) => {
            tell(("the HTTP client".to_owned(), Err(error.to_string())))?;
            return Ok(false);
        }
    };
    let polled = sources.polled.iter().filter(|source| source.at.url().is_some());
    for source in polled.take(SOURCES) {
        let Some(url) = source.at.url() else { continue };
        let robots = source.robots.unwrap_or(config.fetch.robots);
        let request = Request {
            obeys_robots: robots == RobotsMode::Obey,
            goes_first: true,
            ..Request::new(url.clone(), accept::FEED_OR_PAGE)
        };
        let outcome = fetcher.fetch_within(request, &source.allow_addresses).await;
        tell((format!("source {} at {}", source.id.as_str(), source.at), judge(outcome, source)))?;
    }
    let rest = sources.polled.len().saturating_sub(SOURCES);
    if rest > 0 {
        writeln!(out, "not asked: {rest} further sources")?;
    }
    Ok(all_well)
}

/// What an answer means, and what can be done about it.
fn judge(outcome: Outcome, source: &Source) -> Result<String, String> {
    let (what, advice) = match outcome {
        Outcome::New(fetched) => {
            let kind = fetched.content_type.as_deref().unwrap_or("without a type");
            return Ok(format!("answers: {} bytes, {kind}", fetched.body.bytes.len()));
        }
        Outcome::NotModified { .. } => return Ok("answers".to_owned()),
        Outcome::Throttled { status, .. } => (
            format!("HTTP status {status}"),
            "it is asked too often, by nashra or from this network: raise fetch.spacing",
        ),
        Outcome::Gone { status } => (
            format!("HTTP status {status}"),
            "there is nothing: `nashra sources discover` with its home page finds where it is now",
        ),
        Outcome::Blocked(block @ BlockKind::Robots(_)) => {
            (block.to_string(), "the site does not want it fetched: ask its owner, or take it out")
        }
        Outcome::Blocked(block) => {
            (block.to_string(), "the site wants a person: ask its owner for a feed, or take it out")
        }
        Outcome::Deferred(deferred) => (deferred.to_string(), "try again later"),
        Outcome::Failed(error) => (
            error.to_string(),
            "look at the address, at name resolution, at firewalls and, for private addresses, at fetch.allow_addresses",
        ),
    };
    Err(format!("{}: {advice}", source.at.secrets().hide(&what)))
}
