//! `nashra sources list`, `export` and `import`.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    admin::control::Request,
    cli::{WORLD_FAILED, WRONG_INPUT, print, state},
    config::{
        Config, Overrides, SourceKind,
        sources::{self, List, Source, Sources, TopicSource, export},
    },
    daemon::{self, DaemonError},
    explain::SourceState,
    store::State,
};

/// A source and how it is.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    id: &'a str,
    kind: &'static str,
    url: String,
    name: Option<&'a str>,
    tags: &'a [String],
    /// Where it was configured.
    place: String,
    /// `new` where it was never polled, none of a topic, which is not polled: `explain` tells of it.
    state: Option<State>,
    reason: &'a str,
    last_poll: Option<DateTime<Utc>>,
    next_due: Option<DateTime<Utc>>,
    entries: u64,
}

/// Every source with its state.
pub(super) fn list(json: bool, overrides: &Overrides) -> ExitCode {
    with_sources(overrides, async |config, sources| {
        let states = states(config).await?;
        let listed = sources.polled.iter().map(|it| polled(it, states.get(it.id.as_str())));
        let topics = sources.topics.iter().map(topic);
        Ok(listed.chain(topics).map(|it| if json { line(&it) } else { words(&it) }).collect::<Vec<_>>().concat())
    })
}

fn polled<'a>(source: &'a Source, state: Option<&'a SourceState>) -> Listed<'a> {
    Listed {
        id: source.id.as_str(),
        kind: source.kind.as_str(),
        url: source.at.to_string(),
        name: source.name.as_deref().or_else(|| state?.title.as_deref()),
        tags: &source.tags,
        place: source.place.to_string(),
        state: Some(state.map_or(State::New, |it| it.state)),
        reason: state.map_or("", |it| &it.reason),
        last_poll: state.and_then(|it| it.last_poll),
        next_due: state.and_then(|it| it.next_due),
        entries: state.map_or(0, |it| it.entries),
    }
}

fn topic(topic: &TopicSource) -> Listed<'_> {
    Listed {
        id: topic.id.as_str(),
        kind: SourceKind::Kafka.as_str(),
        url: topic.address(),
        name: topic.name.as_deref(),
        tags: &topic.tags,
        place: topic.place.to_string(),
        state: None,
        reason: "",
        last_poll: None,
        next_due: None,
        entries: 0,
    }
}

/// All sources as one list.
pub(super) fn export(opml: bool, overrides: &Overrides) -> ExitCode {
    with_sources(overrides, async |_, sources| {
        if !opml {
            return Ok(export::to_toml(&sources));
        }
        let (text, left_out) = export::to_opml(&sources);
        if left_out > 0 {
            eprintln!("nashra: left out, since OPML knows feeds alone: {left_out}");
        }
        Ok(text)
    })
}

/// What a list would add: shown on standard error, and as a list on standard output.
pub(super) fn import(file: &Path, dry_run: bool, overrides: &Overrides) -> ExitCode {
    with_sources(overrides, async |_, sources| {
        let (fresh, told) = difference(sources, sources::read(file));
        eprint!("{told}");
        if fresh.polled.is_empty() && fresh.topics.is_empty() && told.known == 0 {
            return Err(("the list holds no source".to_owned(), WRONG_INPUT));
        }
        Ok(if dry_run { String::new() } else { export::to_toml(&fresh) })
    })
}

/// What became of a list's sources, in words.
struct Told {
    fresh: Vec<String>,
    left_out: Vec<String>,
    /// How many of those are left out because they are there already.
    known: usize,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.fresh {
            writeln!(f, "+ {line}")?;
        }
        for line in &self.left_out {
            writeln!(f, "  {line}")?;
        }
        let others = self.left_out.len() - self.known;
        writeln!(f, "new: {}, there already: {}, left out: {others}", self.fresh.len(), self.known)
    }
}

/// Those of a list that are not among the sources: as the lists of a config are put together.
fn difference(sources: Sources, list: List) -> (Sources, Told) {
    let (polled, topics) = (sources.polled.len(), sources.topics.len());
    let own = List { sources: sources.polled, topics: sources.topics, ..List::default() };
    let odd = list.warnings.len();
    let List { sources, topics: all_topics, warnings, errors } = sources::merge([own, list]);
    let fresh = Sources { polled: sources.into_iter().skip(polled).collect(), topics: all_topics.into_iter().skip(topics).collect() };
    let of_polled = fresh.polled.iter().map(|it| format!("{} {} {}", it.kind, it.at, it.name.as_deref().unwrap_or_default()));
    let of_topics = fresh.topics.iter().map(|it| format!("kafka {}", it.address()));
    let told = Told {
        fresh: of_polled.chain(of_topics).map(|it| it.trim_end().to_owned()).collect(),
        // The other warnings are the list's own.
        known: warnings.len() - odd,
        left_out: warnings.iter().map(ToString::to_string).chain(errors.iter().map(ToString::to_string)).collect(),
    };
    (fresh, told)
}

/// What is remembered of each source; nothing where no daemon has run yet.
async fn states(config: &Config) -> Result<HashMap<String, SourceState>, (String, u8)> {
    if !config.data_dir.is_dir() {
        return Ok(HashMap::new());
    }
    let words = state::answer(&Request::Sources, config).await?;
    let states: Vec<SourceState> = serde_json::from_str(&words).map_err(|error| (error.to_string(), WORLD_FAILED))?;
    Ok(states.into_iter().map(|it| (it.id.clone(), it)).collect())
}

/// Does something with all sources that the config names, and prints what it says.
fn with_sources(overrides: &Overrides, work: impl AsyncFnOnce(&Config, Sources) -> Result<String, (String, u8)>) -> ExitCode {
    let config = match Config::load(overrides.config.as_deref(), overrides) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(WRONG_INPUT);
        }
    };
    let outcome = tokio::runtime::Builder::new_multi_thread().enable_all().build().map(|runtime| {
        runtime.block_on(async {
            let code = |error: &DaemonError| if matches!(error, DaemonError::Config(_)) { WRONG_INPUT } else { WORLD_FAILED };
            let sources = daemon::sources(&config).await.map_err(|error| (error.to_string(), code(&error)))?;
            work(&config, sources).await
        })
    });
    let (words, code) = match outcome {
        Ok(Ok(text)) => return print(&text),
        Ok(Err(failed)) => failed,
        Err(error) => (error.to_string(), WORLD_FAILED),
    };
    eprintln!("nashra: {words}");
    ExitCode::from(code)
}

fn line(listed: &Listed<'_>) -> String {
    format!("{}\n", serde_json::to_string(listed).unwrap_or_default())
}

fn words(it: &Listed<'_>) -> String {
    let mut out = format!("{:<9} {:<8} {}  {}", it.state.map_or("-", State::as_str), it.kind, it.id, it.url);
    if let Some(name) = it.name {
        write!(out, "  {name}").ok();
    }
    if !it.reason.is_empty() {
        write!(out, "  ({})", it.reason).ok();
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_names_what_is_new_what_is_there_and_what_is_wrong() {
        let own = sources::parse("own.toml", b"[[source]]\nid = \"x\"\nurl = \"https://example.org/a\"");
        let own = Sources { polled: own.sources, topics: Vec::new() };
        let list = "[[source]]\nurl = \"https://example.org/a\"\n[[source]]\nid = \"x\"\nurl = \"https://example.org/b\"\n\
            [[source]]\nkind = \"sitemap\"\nurl = \"https://example.org/c\"\nname = \"C\"\n";
        let (fresh, told) = difference(own, sources::parse("l.toml", list.as_bytes()));
        assert_eq!(fresh.polled.len(), 1);
        let expected = "+ sitemap https://example.org/c C\n  \
            l.toml:1:1: https://example.org/a is already listed at own.toml:1:1; it is polled once, as listed there\n  \
            l.toml:3:1: the id \"x\" is already that of the source at own.toml:1:1\nnew: 1, there already: 1, left out: 1\n";
        assert_eq!(told.to_string(), expected);
    }
}
