//! `nashra sources list` and `export`.

use std::{borrow::Cow, collections::HashMap, fmt::Write as _, process::ExitCode};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::{
    cli::{CommandFailure, WORLD_FAILED, run_with_config, state},
    config::{
        Config, Overrides,
        sources::{Source, Sources, TopicSource, export},
    },
    daemon::{
        self,
        admin::requests::{Answer, Request},
        explain::{SourceState, SourceStates},
    },
    model::source::{Pause, SourceKind, State},
};

/// A source and how it is.
#[derive(Debug, Serialize)]
struct SourceRow<'a> {
    id: &'a str,
    kind: &'static str,
    url: String,
    /// What is read of a site.
    reads: Option<FoundSource>,
    name: Option<&'a str>,
    tags: &'a [String],
    /// Where it was configured.
    place: String,
    /// When it was added by command, where no list names it.
    added: Option<DateTime<Utc>>,
    /// `new` where it was never polled; of a topic, which is not polled, none but that it is paused:
    /// `explain` tells of it.
    state: Option<State>,
    reason: Cow<'a, str>,
    last_poll: Option<DateTime<Utc>>,
    next_due: Option<DateTime<Utc>>,
    entries: u64,
}

/// What was found of a site.
#[derive(Debug, Serialize)]
struct FoundSource {
    kind: &'static str,
    url: String,
}

/// What stands in the columns; times are in UTC.
const HEADER: &str =
    "state     kind     last poll            next poll            id  address  …\n";

/// Every source with its state.
pub(super) fn list(json: bool, overrides: &Overrides) -> ExitCode {
    with_sources(overrides, |sources, states, pauses| {
        let listed =
            sources.polled.iter().map(|source| polled(source, states.get(source.id.as_str())));
        let topics = sources.topics.iter().map(topic);
        let rows = listed.chain(topics).map(|row| row.with(pauses));
        Ok(if json {
            rows.map(|row| line(&row)).collect()
        } else {
            HEADER.to_owned() + &rows.map(|row| words(&row)).collect::<String>()
        })
    })
}

impl SourceRow<'_> {
    /// The row of a source that may have a pause.
    fn with(self, pauses: &HashMap<String, Pause>) -> Self {
        match pauses.get(self.id) {
            Some(pause) => {
                Self { state: Some(State::Paused), reason: pause.to_string().into(), ..self }
            }
            None => self,
        }
    }
}

fn polled<'a>(source: &'a Source, state: Option<&'a SourceState>) -> SourceRow<'a> {
    SourceRow {
        id: source.id.as_str(),
        kind: source.kind.as_str(),
        url: source.at.to_string(),
        reads: state
            .and_then(|state| state.site.as_ref())
            .map(|site| FoundSource { kind: site.kind.as_str(), url: site.url.to_string() }),
        name: source.name.as_deref().or_else(|| state?.title.as_deref()),
        tags: &source.tags,
        place: source.place.to_string(),
        added: source.added,
        state: Some(state.map_or(State::New, |state| state.state)),
        reason: state.map_or("", |state| &state.reason).into(),
        last_poll: state.and_then(|state| state.last_poll),
        next_due: state.and_then(|state| state.next_due),
        entries: state.map_or(0, |state| state.entries),
    }
}

fn topic(topic: &TopicSource) -> SourceRow<'_> {
    SourceRow {
        id: topic.id.as_str(),
        kind: SourceKind::Kafka.as_str(),
        url: topic.address(),
        reads: None,
        name: topic.name.as_deref(),
        tags: &topic.tags,
        place: topic.place.to_string(),
        added: None,
        state: None,
        reason: "".into(),
        last_poll: None,
        next_due: None,
        entries: 0,
    }
}

/// All sources as one list.
pub(super) fn export(opml: bool, overrides: &Overrides) -> ExitCode {
    with_sources(overrides, |sources, _, _| {
        let secret = sources.polled.iter().filter(|source| !source.at.secrets().is_empty()).count();
        if secret > 0 {
            say!(
                "nashra: this list can be read back, so it holds the credentials in the addresses of sources: {secret}"
            );
        }
        if !opml {
            return Ok(export::to_toml(sources));
        }
        let (text, left_out) = export::to_opml(sources);
        if left_out > 0 {
            say!("nashra: left out, since OPML knows feeds alone: {left_out}");
        }
        Ok(text)
    })
}

/// What the store knows; nothing where no daemon has run and none was added yet.
async fn source_states(config: &Config) -> Result<SourceStates, CommandFailure> {
    if !config.data_dir.is_dir() {
        return Ok(SourceStates::default());
    }
    match state::perform(Request::Sources, config).await? {
        Answer::Sources(states) => Ok(states),
        _ => Err(CommandFailure::new("the daemon answered something else", WORLD_FAILED)),
    }
}

/// Does something with all sources and their states, and prints what it says.
fn with_sources(
    overrides: &Overrides,
    work: impl FnOnce(
        &Sources,
        &HashMap<String, SourceState>,
        &HashMap<String, Pause>,
    ) -> Result<String, CommandFailure>,
) -> ExitCode {
    run_with_config(overrides, async |config| {
        let mut sources = daemon::sources(config).await?;
        let known = source_states(config).await?;
        if let Err(errors) = sources.with_added(known.added) {
            say!("{errors}");
        }
        let states = known.states.into_iter().map(|state| (state.id.clone(), state)).collect();
        work(&sources, &states, &known.pauses)
    })
}

fn line(listed: &SourceRow<'_>) -> String {
    format!("{}\n", serde_json::to_string(listed).unwrap_or_default())
}

fn time(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn words(row: &SourceRow<'_>) -> String {
    let mut out = format!(
        "{:<9} {:<8} {:<20} {:<20} {}  {}",
        row.state.map_or("-", State::as_str),
        row.kind,
        time(row.last_poll),
        time(row.next_due),
        row.id,
        row.url
    );
    if let Some(FoundSource { kind, url }) = &row.reads {
        write!(out, "  -> {kind} {url}").ok();
    }
    if let Some(name) = row.name {
        write!(out, "  {name}").ok();
    }
    if row.added.is_some() {
        write!(out, "  [{}]", row.place).ok();
    }
    if !row.reason.is_empty() {
        write!(out, "  ({})", row.reason).ok();
    }
    out.push('\n');
    out
}
