//! `nashra deadletters`: what could not be published, with its bytes, and trying it again; through
//! the control socket where a daemon runs, else on the store itself.

use std::{fmt::Write as _, io::Write as _, path::PathBuf, process::ExitCode};

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};
use clap::{Args, Subcommand};
use uuid::Uuid;

use super::{CommandFailure, WORLD_FAILED, WRONG_INPUT, flags::StoreFlags, run_with_config, state};
use crate::{
    base::clock::{Clock as _, SystemClock},
    config::{Config, parse_duration},
    daemon::{
        admin::requests::{Answer, Request},
        letters::{
            LetterList, LettersAnswer, LettersRequest, RetrySummary, ShownLetter, WhichLetters,
        },
    },
    stages::commit::RetryOutcome,
    store::{LetterFacts, LetterFilter},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The latest dead letters, and how many there are by reason.
    List(ListArguments),
    /// One dead letter, with the beginning of its bytes.
    Show(ShowArguments),
    /// Has dead letters tried again: pages are fetched, documents read, refused records sent.
    Retry(RetryArguments),
}

/// Which letters are meant: those for which all that is given holds.
#[derive(Debug, Args)]
struct FilterArguments {
    /// The reason: fetch, gone, blocked, robots, page, message, source, document or refused.
    #[arg(long)]
    reason: Option<String>,
    /// The id of a source.
    #[arg(long)]
    source: Option<String>,
    /// The host of the page.
    #[arg(long)]
    host: Option<String>,
    /// Last tried then or later: a time (2026-11-29T10:00:00Z), a day, or how long ago (2h, 3d).
    #[arg(long, value_parser = time)]
    since: Option<DateTime<Utc>>,
    /// Last tried before then.
    #[arg(long, value_parser = time)]
    until: Option<DateTime<Utc>>,
    /// Words of its address, headline, source or error.
    #[arg(long)]
    words: Option<String>,
}

impl FilterArguments {
    fn filter(&self) -> LetterFilter {
        LetterFilter {
            reason: self.reason.clone(),
            source: self.source.clone(),
            host: self.host.clone(),
            since: self.since,
            until: self.until,
            words: self.words.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    #[command(flatten)]
    filter: FilterArguments,
    /// How many are listed, at most 1,000.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Only those before this letter: the last one of the list before.
    #[arg(long)]
    before: Option<Uuid>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: StoreFlags,
}

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// The letter's id.
    id: Uuid,
    /// Writes its bytes as they were received to this file, `-` for standard output, and nothing
    /// else.
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    bytes: Option<PathBuf>,
    /// One JSON object; the bytes are base64.
    #[arg(long, conflicts_with = "bytes")]
    json: bool,
    #[command(flatten)]
    flags: StoreFlags,
}

#[derive(Debug, Args)]
#[group(id = "which", required = true, multiple = true, args = ["ids", "reason", "source", "host", "since", "until", "words", "all"])]
pub(super) struct RetryArguments {
    /// Ids of letters.
    #[arg(conflicts_with_all = ["reason", "source", "host", "since", "until", "words", "all"])]
    ids: Vec<Uuid>,
    #[command(flatten)]
    filter: FilterArguments,
    /// All letters.
    #[arg(long)]
    all: bool,
    /// Only says what would be done.
    #[arg(long)]
    dry_run: bool,
    /// One JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: StoreFlags,
}

impl Command {
    pub(super) fn run(&self) -> ExitCode {
        match self {
            Self::List(arguments) => arguments.run(),
            Self::Show(arguments) => arguments.run(),
            Self::Retry(arguments) => arguments.run(),
        }
    }
}

/// A time as people give it.
fn time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    let ago = parse_duration(text).ok().and_then(|ago| TimeDelta::from_std(ago).ok());
    ago.and_then(|ago| SystemClock.now().checked_sub_signed(ago)).ok_or_else(|| {
        "expected a time (2026-11-29T10:00:00Z), a day (2026-11-29) or how long ago (2h)".to_owned()
    })
}

async fn ask(request: LettersRequest, config: &Config) -> Result<LettersAnswer, CommandFailure> {
    match state::perform(Request::DeadLetters { request }, config).await? {
        Answer::Letters(answer) => Ok(answer),
        _ => Err(other_version()),
    }
}

fn other_version() -> CommandFailure {
    CommandFailure::new("the daemon is of another version", WORLD_FAILED)
}

fn as_json(answer: &impl serde::Serialize) -> String {
    serde_json::json!(answer).to_string() + "\n"
}

impl ListArguments {
    fn run(&self) -> ExitCode {
        run_with_config(&self.flags.overrides(), async |config| {
            let (filter, most) = (self.filter.filter(), self.limit);
            let request = LettersRequest::List { filter, before: self.before, most };
            let LettersAnswer::Listed(list) = ask(request, config).await? else {
                return Err(other_version());
            };
            Ok(if self.json { as_json(&list) } else { in_words(&list) })
        })
    }
}

fn in_words(list: &LetterList) -> String {
    let reasons: Vec<String> =
        list.reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
    let mut out = format!("{} dead letters", list.found);
    if !reasons.is_empty() {
        write!(out, ": {}", reasons.join(", ")).ok();
    }
    out.push('\n');
    for facts in &list.letters {
        let LetterFacts { id, reason, source, error, .. } = facts;
        let what = facts.url.as_deref().or(facts.title.as_deref()).unwrap_or("-");
        let retried = if facts.retried.is_some() { "  (is being tried again)" } else { "" };
        let at = seconds(facts.at);
        writeln!(out, "{id}  {at}  {reason:<8}  {}  {what}  {error}{retried}", source.id).ok();
    }
    if let Some(next) = list.next {
        writeln!(out, "more: --before {next}").ok();
    }
    out
}

fn seconds(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl ShowArguments {
    fn run(&self) -> ExitCode {
        run_with_config(&self.flags.overrides(), async |config| {
            let whole = self.bytes.is_some() || self.json;
            let request = LettersRequest::Show { id: self.id, whole };
            let LettersAnswer::Shown(shown) = ask(request, config).await? else {
                return Err(other_version());
            };
            let shown = shown.ok_or_else(|| {
                CommandFailure::new(
                    &format!("{}: there is no such dead letter", self.id),
                    WRONG_INPUT,
                )
            })?;
            match &self.bytes {
                Some(path) => write_bytes(&shown, path).map(|()| String::new()),
                None if self.json => Ok(as_json(&shown)),
                None => Ok(shown_in_words(&shown)),
            }
        })
    }
}

fn write_bytes(shown: &ShownLetter, path: &PathBuf) -> Result<(), CommandFailure> {
    let bytes = shown
        .bytes()
        .ok_or_else(|| CommandFailure::new("no bytes are kept of this dead letter", WRONG_INPUT))?;
    let written = if path.as_os_str() == "-" {
        match std::io::stdout().lock().write_all(&bytes) {
            // Whoever reads it may have seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    } else {
        std::fs::write(path, &bytes)
    };
    written
        .map_err(|error| CommandFailure::new(&format!("{}: {error}", path.display()), WORLD_FAILED))
}

fn shown_in_words(shown: &ShownLetter) -> String {
    let LetterFacts { id, source, url, guid, title, reason, error, .. } = &shown.facts;
    let facts = &shown.facts;
    let mut out = format!("dead letter {id}\nreason: {reason}\nerror: {error}\n");
    let mut say = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            writeln!(out, "{name}: {value}").ok();
        }
    };
    say("source", Some(&source.id));
    say("address", url.as_deref());
    say("headline", title.as_deref());
    say("guid", guid.as_deref());
    say("first seen", Some(&seconds(facts.first_seen)));
    say("given up first", Some(&seconds(facts.first)));
    say("given up last", Some(&seconds(facts.at)));
    say("tries", Some(&format!("{}, given up {} times", facts.tries, facts.attempts)));
    let again = match (&facts.retried, &shown.not_retried) {
        (Some(retried), _) => format!("since {}", seconds(retried.at)),
        (None, Some(why)) => format!("no: {why}"),
        (None, None) => format!("can be ({})", shown.subject),
    };
    say("tried again", Some(&again));
    let bytes = facts.bytes.map_or("none are kept".to_owned(), |bytes| {
        format!("{bytes}; `nashra deadletters show {id} --bytes` writes them")
    });
    say("bytes", Some(&bytes));
    out
}

impl RetryArguments {
    fn run(&self) -> ExitCode {
        let mut is_done = false;
        let outcome = run_with_config(&self.flags.overrides(), async |config| {
            let which = if self.ids.is_empty() {
                WhichLetters::All(self.filter.filter())
            } else {
                WhichLetters::Ids(self.ids.clone())
            };
            let request = LettersRequest::Retry { which, dry_run: self.dry_run };
            let LettersAnswer::Retried(summary) = ask(request, config).await? else {
                return Err(other_version());
            };
            // Of those that were named, each must have been there.
            is_done = self.ids.is_empty() || summary.count(RetryOutcome::Unknown) == 0;
            Ok(if self.json { as_json(&summary) } else { self.in_words(&summary) })
        });
        if outcome == ExitCode::SUCCESS && !is_done { ExitCode::from(WRONG_INPUT) } else { outcome }
    }

    fn in_words(&self, summary: &RetrySummary) -> String {
        let mut out = String::new();
        for report in &summary.letters {
            if let Some(why) = &report.why {
                writeln!(out, "{}: {why}", report.id).ok();
            }
        }
        let queued = summary.count(RetryOutcome::Queued);
        let verb = if self.dry_run { "would be tried again" } else { "are tried again" };
        let others = summary.outcomes.values().sum::<u64>() - queued;
        writeln!(out, "{queued} dead letters {verb}, {others} not").ok();
        out
    }
}
