//! `nashra sources pause`, `resume` and `poll`.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use chrono::{SecondsFormat, TimeDelta};
use clap::Args;

use crate::{
    base::clock::{Clock as _, SystemClock},
    cli::{CommandFailure, WRONG_INPUT, run_with_config},
    config::{Overrides, SourceList, duration},
    stages::schedule::change::{ChangeCommand, ChangeReport, PauseOrder},
};

/// Where the sources are that are meant.
#[derive(Debug, Args)]
struct Place {
    /// Ids or addresses of sources.
    #[arg(required = true, value_name = "ID|URL")]
    names: Vec<String>,
    /// Only says what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Read settings from this file.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where state is kept [default: nashra-data].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Lists of sources; only needed where no daemon runs.
    #[arg(long, value_name = "FILE|URL", num_args = 1..)]
    sources: Option<Vec<SourceList>>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Pause {
    /// The pause ends by itself after this time, such as `90m` or `3d`.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
    for_: Option<Duration>,
    /// Why, for those who wonder later.
    #[arg(long, value_name = "WORDS")]
    reason: Option<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Resume {
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Poll {
    #[command(flatten)]
    place: Place,
}

impl Pause {
    pub(super) fn run(self) -> ExitCode {
        let until = self
            .for_
            .and_then(|time| SystemClock.now().checked_add_signed(TimeDelta::from_std(time).ok()?));
        let Self { place, reason, .. } = self;
        let order = PauseOrder { names: place.names.clone(), until, reason };
        place.run(ChangeCommand::Pause(order), "paused")
    }
}

impl Resume {
    pub(super) fn run(self) -> ExitCode {
        let names = self.place.names.clone();
        self.place.run(ChangeCommand::Resume(names), "resumed")
    }
}

impl Poll {
    pub(super) fn run(self) -> ExitCode {
        let names = self.place.names.clone();
        self.place.run(ChangeCommand::Poll(names), "to be polled")
    }
}

impl Place {
    fn run(self, command: ChangeCommand, done: &str) -> ExitCode {
        let Self { dry_run, config, data_dir, sources, .. } = self;
        let overrides = Overrides { config, sources, data_dir, ..Overrides::default() };
        run_with_config(&overrides, async |config| {
            let report = super::change::apply_change(command, dry_run, config).await?;
            say!("{}", words(&report, done));
            if report.wrong.is_empty() {
                Ok(String::new())
            } else {
                Err(CommandFailure::new("", WRONG_INPUT))
            }
        })
    }
}

/// What became of it, one source a line.
fn words(report: &ChangeReport, done: &str) -> String {
    let planned = |id: &String| {
        let Some(poll) = report.polls.iter().find(|poll| poll.id == *id) else {
            return format!("{done}: {id}");
        };
        let at = poll.at.to_rfc3339_opts(SecondsFormat::Secs, true);
        if poll.why.is_empty() {
            format!("{id} is polled now, or as soon as its host may be asked")
        } else {
            format!("{id} is polled at {at} or later: {}", poll.why)
        }
    };
    let lines = report.done.iter().map(planned);
    let left = report.known.iter().chain(&report.wrong).map(|why| format!("  {why}"));
    let count = report.known.len() + report.wrong.len();
    let sum = format!("{done}: {}, left: {count}", report.done.len());
    lines.chain(left).chain([sum]).collect::<Vec<_>>().join("\n")
}
