//! The sinks: one module each, which knows what its settings mean and how it starts.
//!
//! A new sink is a module here, its arm in [`start`], and its kind and settings in `config/sinks`.

mod kafka;
mod lines;
#[cfg(test)]
pub(crate) mod memory;

pub use kafka::probe::{Tried, probe};

use super::sink::Sink;
use crate::{
    config::{Config, SinkKind},
    store::StoreId,
};

/// The sink that the config names, for one store. It connects at the first [`Sink::holdings`] or
/// [`Sink::open`].
#[must_use]
pub fn start(config: &Config, store: StoreId) -> Box<dyn Sink> {
    match config.sink.kind {
        SinkKind::Stdout => Box::new(lines::LineSink::stdout()),
        SinkKind::File => Box::new(lines::LineSink::file(config)),
        SinkKind::Kafka => Box::new(kafka::KafkaSink::new(config, store)),
    }
}
