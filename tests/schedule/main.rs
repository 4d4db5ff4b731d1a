//! Judges the schedule without a network: `schedule TRACES --polls-per-source-day 24` polls
//! simulated sources (JSON lines of `{"source", "kind", "window", "times"}`, seconds from the
//! start) by the daemon's own decisions and by the rules of others at the same number of polls, and
//! tells how long entries waited. The last line is JSON: means over all entries, in seconds.
//! `schedule --sources 1000000` measures what the decisions cost for so many sources.
#![allow(clippy::unwrap_used, missing_docs, reason = "a tool for those who work on the schedule")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "seconds and counts of a simulation are small"
)]

mod ours;
mod rules;
mod scale;
mod tally;

use std::path::PathBuf;

use clap::Parser;
use serde::Deserialize;
use serde_json::json;

/// The seconds of a day.
const DAY: f64 = 86_400.0;

#[derive(Parser)]
struct Arguments {
    /// The file of publication times by source.
    traces: Option<PathBuf>,
    /// The budget: polls of one source in a day, on average.
    #[arg(long, default_value_t = 24.0)]
    polls_per_source_day: f64,
    /// Days to simulate.
    #[arg(long, default_value_t = 28.0)]
    days: f64,
    /// The shortest interval of every rule, in seconds.
    #[arg(long, default_value_t = 60)]
    floor: u64,
    /// The longest interval of every rule, in seconds.
    #[arg(long, default_value_t = 86_400)]
    ceiling: u64,
    /// Instead of traces: so many sources, for two hours.
    #[arg(long)]
    sources: Option<usize>,
}

/// One simulated source.
#[derive(Deserialize)]
struct Source {
    #[serde(default)]
    kind: String,
    /// Entries that it lists at once.
    window: usize,
    times: Vec<u32>,
}

/// What holds for a run.
#[derive(Clone, Copy)]
struct Setting {
    budget: f64,
    end: f64,
    floor: f64,
    ceiling: f64,
}

fn main() {
    let arguments = Arguments::parse();
    let (floor, ceiling) = (arguments.floor as f64, arguments.ceiling as f64);
    let setting = Setting {
        budget: arguments.polls_per_source_day,
        end: arguments.days * DAY,
        floor,
        ceiling,
    };
    if let Some(count) = arguments.sources {
        return scale::measure(count, setting);
    }
    let text = std::fs::read_to_string(arguments.traces.unwrap()).unwrap();
    let sources: Vec<Source> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    println!("{}", tally::HEAD);
    let (mine, cpu) = ours::run(&sources, setting);
    mine.print("nashra", &sources, setting);
    let means: Vec<(&str, f64)> = rules::ALL
        .iter()
        .map(|(name, rule)| {
            let tally = rules::scaled(&sources, setting, mine.polls, *rule);
            tally.print(name, &sources, setting);
            (*name, tally.mean())
        })
        .collect();
    println!("{:.1} µs of CPU a decision", cpu.as_secs_f64() * 1e6 / mine.polls as f64);
    let oracle = means.iter().find(|mean| mean.0 == "oracle").unwrap().1;
    let rules: serde_json::Map<String, serde_json::Value> = means
        .iter()
        .filter(|mean| mean.0 != "oracle")
        .map(|mean| (mean.0.to_owned(), json!(mean.1)))
        .collect();
    println!("{}", json!({"nashra": mine.mean(), "oracle": oracle, "rules": rules}));
}
