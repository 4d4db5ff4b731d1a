//! How much memory nashra takes, beside sources that nobody means well with.
//!
//!     cargo run --example memory -- [--nashra PROGRAM] [--seconds N] [SCENARIO…]
//!     cargo run --example memory -- shapes [--mb N] [WORD…]
//!
//! A scenario serves its sources on loopback, starts the program on an empty folder, and prints the
//! most that it had resident (`VmHWM`), what was left at the end, and how late the polls of a small
//! good source beside them were. `shapes` reads each hostile page in a process of its own and
//! prints what a byte of it takes.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::let_underscore_must_use,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a tool for those who work on nashra"
)]

mod bodies;
mod daemon;
mod scenarios;
#[path = "../it/hostile/shapes.rs"]
mod shapes;
mod site;
mod weigh;

use std::{path::PathBuf, time::Duration};

fn main() {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = words.iter().position(|word| word == "--weigh") {
        return weigh::one(&words[at + 1..]);
    }
    let mut option = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        words.remove(at);
        (at < words.len()).then(|| words.remove(at))
    };
    let program = option("--nashra").map_or_else(beside, PathBuf::from);
    let seconds = option("--seconds").and_then(|option| option.parse().ok()).unwrap_or(60);
    let megabytes = option("--mb").and_then(|option| option.parse().ok()).unwrap_or(20);
    if words.first().is_some_and(|word| word == "shapes") {
        return weigh::all(megabytes, &words[1..]);
    }
    scenarios::run(&program, Duration::from_secs(seconds), &words);
}

/// The program that was built with this one.
fn beside() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    here.parent().and_then(|parent| parent.parent()).unwrap().join("nashra")
}
