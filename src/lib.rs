//! nashra: polls news sources, turns what they publish into clean article records, and publishes
//! each record exactly once. The modules stand in the order of the data; `ARCHITECTURE.md` draws the flow.

// They panic where the stream is full or closed.
#![warn(clippy::print_stderr, clippy::print_stdout)]

pub mod schedule;

pub mod fetch;

pub mod websub;

pub mod poll;

pub mod input;

pub mod html;

pub mod feed;

pub mod dates;

pub mod listing;

pub mod sitemap;

pub mod page;

pub mod article;

pub mod publish;

pub mod pipeline;

pub mod daemon;

pub mod store;

pub mod config;

pub mod telemetry;

pub mod admin;

pub mod explain;

pub mod trial;

pub mod discover;

pub mod schema;

pub mod clock;

pub mod private;

mod cpu;

mod places;

pub mod demo;

pub mod cli;
