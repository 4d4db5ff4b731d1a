//! The settings of the Kafka sink, which are also those of topics that are sources: brokers, names
//! of topics, transactions.

use std::{fmt, str::FromStr, time::Duration};

use rdkafka::ClientConfig;

use super::{
    properties::Properties,
    registry::{self, Formats, Registry},
};
use crate::config::{
    Config,
    checks::{Checks, lasting, not_empty, spanning, within},
    overrides::flags,
    reader::GivenSettings,
    setting::{from_text, settings},
    settings::{DAY, HOUR, LONGEST, MINUTE, SECOND},
    size::ByteSize,
    values::Retention,
};

/// Settings of which the first must not exceed the second.
const BATCHES: [&str; 2] = ["kafka.batch_bytes", "outbox.max_bytes"];
const REPLICAS: [&str; 2] = ["kafka.min_insync_replicas", "kafka.replication_factor"];

settings! {
    /// The Kafka sink; the page `docs/kafka.md` has the rights that it needs. Records are always compressed with zstd. Topics that are sources use its
    /// brokers, unless they name their own, and its properties.
    pub Kafka {
        /// Brokers to ask first.
        brokers: Vec<Broker> = vec![Broker::local()], not_empty::<Broker>();
        /// What the names of all topics begin with. It is also part of the transactional id: change
        /// it and nashra writes to other topics, from where the outbox is.
        topic_prefix: TopicPrefix = TopicPrefix::default();
        /// Partitions of topics that nashra makes. Where a topic exists and differs from this or
        /// from the next three settings, that is logged, and the topic is left as it is.
        partitions: i32 = 6, within(1..=100_000);
        /// Replicas of topics that nashra makes. 1 suits a single broker and loses what that
        /// broker's disk loses: set 3 in production, and then `min_insync_replicas` to 2.
        replication_factor: i32 = 1, within(1..=100);
        /// `min.insync.replicas` of topics that nashra makes.
        min_insync_replicas: i32 = 1, within(1..=100);
        /// How long the topics of articles, stories and dead letters keep records; "forever" is
        /// allowed.
        retention: Retention = Retention::For(7 * DAY), spanning::<Retention>(MINUTE, LONGEST);
        /// Records in one transaction at most.
        batch_records: usize = 1_000, within(1..=100_000);
        /// Bytes of records in one transaction at most.
        batch_bytes: ByteSize = ByteSize::mib(4), within(ByteSize::new(1024)..=ByteSize::mib(1024));
        /// After this the broker aborts a transaction. Brokers refuse more than their
        /// `transaction.max.timeout.ms`, 15 minutes unless they are told otherwise.
        transaction_timeout: Duration = MINUTE, lasting(SECOND, HOUR);
        /// true: each poll is told to the topic `polls`, best effort.
        polls: bool = false;
        /// true: the compacted topic `latest` holds the latest edition of each article, under its id, and
        /// none of one that was withdrawn, so that a new consumer loads the present state. What was
        /// published before it was switched on comes there with its next edition.
        latest: bool = false;
        /// Raw properties of librdkafka, for security and tuning; names in quotes. Secrets are best
        /// left out of this file: they can come from the environment or from a file, relative to
        /// this one. For instance
        /// ```toml
        /// "security.protocol" = "SASL_SSL"
        /// "sasl.mechanism" = "SCRAM-SHA-512"
        /// "sasl.username" = "nashra"
        /// "sasl.password" = { env = "KAFKA_PASSWORD" }
        /// "ssl.key.password" = { file = "/run/secrets/kafka-key" }
        /// ```
        ///
        /// Properties that exactly-once rests on (`transactional.id`, `enable.idempotence`, `acks`,
        /// `isolation.level`, …) are nashra's own and are refused.
        properties: Properties = Properties::default();
        /// The formats of records.
        formats: Formats = Formats::default();
        /// The schema registry.
        registry: Registry = Registry::default();
    }
}

impl Kafka {
    /// The value of librdkafka's `bootstrap.servers`.
    #[must_use]
    pub fn bootstrap_servers(&self) -> String {
        self.brokers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    /// A client's config: the brokers and the raw properties; what nashra sets itself comes after.
    #[must_use]
    pub fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        // A broker that is there again is found soon: librdkafka's own are 10 and 30 s.
        client
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.connection.setup.timeout.ms", "10000");
        for (name, value) in self.properties.iter() {
            client.set(name, value);
        }
        client.set("bootstrap.servers", self.bootstrap_servers());
        client
    }
}

/// The flags of the Kafka sink.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct KafkaFlags {
    /// Kafka brokers to ask first
    #[arg(long, value_name = "HOST:PORT", num_args = 1.., value_delimiter = ',')]
    pub brokers: Option<Vec<Broker>>,

    /// What the names of topics begin with [default: nashra.]
    #[arg(long, value_name = "PREFIX")]
    pub topic_prefix: Option<TopicPrefix>,
}

impl KafkaFlags {
    flags! {
        "--brokers" brokers => kafka.brokers;
        "--topic-prefix" topic_prefix => kafka.topic_prefix;
    }
}

/// Lets a default give way to the setting that was given beside it.
pub(super) fn reconcile(config: &mut Config, given: &GivenSettings) {
    given.reconcile(BATCHES, &mut config.kafka.batch_bytes, &mut config.outbox.max_bytes);
}

/// Checks the settings of which the first must not exceed the second.
pub(super) fn check_together(config: &Config, checks: &mut Checks<'_>) {
    let Config { kafka, outbox, .. } = config;
    registry::check_together(kafka, checks);
    checks.ordered(BATCHES, [kafka.batch_bytes, outbox.max_bytes], |size| size.to_string());
    checks.ordered(REPLICAS, [kafka.min_insync_replicas, kafka.replication_factor], |count| {
        count.to_string()
    });
}

/// A broker to ask first, as `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Broker(String);

impl Broker {
    /// The broker of a quick start, on this machine.
    fn local() -> Self {
        Self("localhost:9092".to_owned())
    }
}

impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Broker {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
        let legal =
            !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == ',' || c == '/');
        if legal && port.parse::<u16>().is_ok_and(|port| port > 0) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("{text:?} is not a host and a port such as \"localhost:9092\""))
        }
    }
}

/// The name of a topic that others write.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TopicName(String);

impl TopicName {
    /// The name by which brokers know the topic.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TopicName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let legal = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if legal && (1..=249).contains(&text.len()) && text != "." && text != ".." {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "{text:?} cannot be a topic's name: 1 to 249 letters, digits, `.`, `_` and `-`"
            ))
        }
    }
}

/// What the names of topics begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPrefix(String);

impl Default for TopicPrefix {
    fn default() -> Self {
        Self("nashra.".to_owned())
    }
}

impl TopicPrefix {
    /// The name of a topic: the prefix and the given name.
    #[must_use]
    pub fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.0)
    }

    /// The prefix alone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TopicPrefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let legal = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        // Kafka's names have at most 249 characters; the longest of ours has 11.
        if legal && text.len() <= 200 {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "{text:?} cannot begin a topic's name: at most 200 letters, digits, `.`, `_` and `-`"
            ))
        }
    }
}

from_text! {
    TopicPrefix, "a string", TopicPrefix::from_str, |prefix| prefix.0.clone();
    TopicName, "a topic's name in quotes", TopicName::from_str, ToString::to_string;
    Broker, "a host and a port in quotes such as \"localhost:9092\"", Broker::from_str, ToString::to_string;
}
