//! nashra: polls news sources, turns what they publish into clean article records, and publishes
//! each record exactly once. The modules stand in the order of the data; `ARCHITECTURE.md` draws
//! the flow.

// They panic where the stream is full or closed.
#![warn(clippy::print_stderr, clippy::print_stdout)]

pub use nashra_read::{base, dates, html, model, policy, read, text};

pub mod telemetry;

pub mod config;

pub mod store;

pub mod fetch;

pub mod serve;

pub mod stages;

pub mod pipeline;

pub mod daemon;

pub mod demo;

pub mod trial;

pub mod cli;
