//! Where records go: which sink, and a module with the settings and the flags of each that has its
//! own.
//!
//! What the settings mean is said where the sink is: `stages/publish/sinks`.

mod kafka;
mod properties;
mod registry;
mod secret;

use std::{path::PathBuf, str::FromStr as _};

use super::{
    Config,
    checks::Checks,
    overrides::flags,
    reader::GivenSettings,
    reference::Example,
    setting::{from_text, settings},
};
use crate::base::choices::choices;

pub use self::{
    kafka::{Broker, Kafka, KafkaFlags, TopicName, TopicPrefix},
    properties::Properties,
    registry::{Format, Formats, Registry, RegistryUrl, SubjectNaming},
    secret::Secret,
};

choices! {
    /// Where records go.
    SinkKind {
        /// One JSON line a record, at least once.
        Stdout = "stdout",
        /// One JSON line a record, at least once.
        File = "file",
        /// Kafka, exactly once.
        Kafka = "kafka",
    }
}

from_text! {
    SinkKind, SinkKind::NAMES, SinkKind::from_str, ToString::to_string;
}

settings! {
    /// Where records go.
    pub Sink {
        /// "stdout", "file" or "kafka". Only Kafka is exactly-once; the others are at-least-once.
        kind: SinkKind = SinkKind::Stdout;
        /// The file sink's file, relative to the folder that nashra is started in. Unless given:
        /// `articles.jsonl` in `data_dir`.
        file: Option<PathBuf> = None => Example::Shown(r#""nashra-data/articles.jsonl""#);
    }
}

/// The flags that choose a sink, and those of each.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct SinkFlags {
    /// Where records go
    #[arg(id = "sink", long = "sink", value_name = SinkKind::FLAG_VALUES)]
    pub kind: Option<SinkKind>,

    /// The flags of the Kafka sink.
    #[command(flatten)]
    pub kafka: KafkaFlags,
}

impl SinkFlags {
    flags! {
        "--sink" kind => sink.kind;
    }

    /// Puts what was said into the config.
    pub(super) fn apply(&self, config: &mut Config, given: &mut GivenSettings) {
        self.apply_own(config, given);
        self.kafka.apply_own(config, given);
    }

    pub(super) fn settings() -> impl Iterator<Item = (&'static str, &'static str)> {
        Self::FLAGS.iter().chain(KafkaFlags::FLAGS).copied()
    }
}

/// Lets defaults give way to the settings that were given beside them.
pub(super) fn reconcile(config: &mut Config, given: &GivenSettings) {
    kafka::reconcile(config, given);
}

/// Checks the settings that must fit together.
pub(super) fn check_together(config: &Config, checks: &mut Checks<'_>) {
    kafka::check_together(config, checks);
}

impl Config {
    /// The file of the file sink.
    #[must_use]
    pub fn sink_file(&self) -> PathBuf {
        self.sink.file.clone().unwrap_or_else(|| self.data_dir.join("articles.jsonl"))
    }
}
