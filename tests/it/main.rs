//! One integration binary: everything here uses real sockets, real files, the built program, and
//! where `NASHRA_TEST_BROKERS` names one, a real Kafka broker. `tests/run.sh` starts one; without
//! it those tests say that they were left out.
#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod client;
mod support;

mod private;
mod reload;
mod reload_settings;

mod admin;
mod allowed;
mod api;
mod cases;

mod fetch;

mod further;
mod pages;

mod hostile;

mod schedule;

mod input;

mod conformance;
mod fairness;
mod memory;
mod clock;
mod daemon;
mod deadletters;
mod editions;
mod logs;
mod terminal;
mod disk;

mod hosts;
mod listing;

mod sitemap;

mod dedup;
mod erase;
mod discover;

mod site;
mod status;

mod silence;
mod pauses;
mod sources;

mod state;

mod stories;

mod kafka;
mod labels;

mod documented;

mod poison;

mod deliveries;

mod losses;

mod rights;
mod security;

mod latest;
mod registry;

mod routes;

mod histories;

mod topics;

mod traces;

mod demo;

mod schema;

mod trial;

mod websub;
