//! Whether the brokers answer and the topics are as they should be, for `nashra check --connect`.
//! Nothing is made, written or kept.

use std::time::Duration;

use rdkafka::{
    admin::{AdminClient, AdminOptions},
    config::FromClientConfigAndContext as _,
    consumer::BaseConsumer,
    metadata::MetadataTopic,
    types::RDKafkaErrorCode as Code,
};

use super::{PublishError, Shared, encoding, held, registry::SchemaRegistry, sink_error, topics};
use crate::{
    config::Config,
    model::record::Topic,
    store::StoreId,
    telemetry::librdkafka::{self, LoggedClient},
};

/// What was tried, and what came of it: words either way.
pub type Tried = (String, Result<String, String>);

/// How long the brokers may take to answer.
const PATIENCE: Duration = Duration::from_secs(8);

/// Asks the brokers for themselves and for each topic.
pub async fn probe(config: &Config) -> Vec<Tried> {
    let shared = Shared::new(config, StoreId::nil());
    let asked = super::blocking(move || {
        let consumer = held::consumer(&shared, "read_committed")?;
        let cluster = connect(&consumer)?;
        let names = Topic::ALL.map(Topic::name).into_iter().chain(["positions"]);
        let also = [("polls", shared.config.polls), ("latest", shared.config.latest)];
        let topics =
            names.chain(also.into_iter().filter_map(|(name, wanted)| wanted.then_some(name)));
        let found = topics.map(|name| {
            let topic = shared.topic(name);
            let words = held::metadata(&consumer, &topic, PATIENCE)
                .map_err(|error| error.to_string())
                .and_then(|found| judge(found.topics().first(), shared.config.partitions, name));
            (format!("topic {topic}"), words)
        });
        Ok((cluster, found.collect::<Vec<_>>()))
    });
    let brokers = format!("Kafka at {}", config.kafka.bootstrap_servers());
    match asked.await {
        Ok((cluster, found)) => {
            let mut tried = vec![(brokers, Ok(cluster))];
            tried.extend(found);
            tried.push(positions(config).await);
            tried.extend(registry(config).await);
            tried
        }
        Err(error) => {
            let said =
                librdkafka::last_trouble().map_or(String::new(), |said| format!(" ({said})"));
            let advice =
                "look at kafka.brokers, at the way there, and at the security in kafka.properties";
            vec![(brokers, Err(format!("{error}{said}: {advice}")))]
        }
    }
}

/// Names the brokers of the cluster.
fn connect(consumer: &BaseConsumer<LoggedClient>) -> Result<String, PublishError> {
    let metadata = held::cluster(consumer, PATIENCE)
        .map_err(|error| sink_error("asking the brokers", &error))?;
    let brokers =
        metadata.brokers().iter().map(|broker| format!("{}:{}", broker.host(), broker.port()));
    Ok(format!("answers; its brokers are {}", brokers.collect::<Vec<_>>().join(", ")))
}

/// What the description of a topic means. Pure.
fn judge(topic: Option<&MetadataTopic>, wanted: i32, name: &str) -> Result<String, String> {
    let error = topic.and_then(MetadataTopic::error).map(Code::from);
    match error {
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => {
            Ok("is not there yet: nashra makes it at its start, for which it needs the right to create it".to_owned())
        }
        Some(Code::TopicAuthorizationFailed) => {
            Err("may not be described: docs/kafka.md has the rights that nashra needs".to_owned())
        }
        Some(error) => Err(error.to_string()),
        None => {
            let found = topic.map_or(0, |topic| topic.partitions().len());
            let wanted = if name == "positions" { 1 } else { wanted };
            let is_other = usize::try_from(wanted).is_ok_and(|wanted| wanted != found);
            let more = if is_other { format!(", where new ones get {wanted}; it stays as it is") } else { String::new() };
            Ok(format!("is there, partitions: {found}{more}"))
        }
    }
}

/// Whether the registry has the schemas that the config needs, or would take them.
async fn registry(config: &Config) -> Vec<Tried> {
    let registry = match SchemaRegistry::new(&config.kafka.registry) {
        Ok(Some(registry)) => registry,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![("the schema registry".to_owned(), Err(error.to_string()))],
    };
    let mut tried = Vec::new();
    for (_, format, wanted) in encoding::wanted(&Shared::new(config, StoreId::nil())) {
        let what = format!("{format} schema, subject {}", wanted.subject);
        let came = registry.look(&wanted).await.map_err(|error| error.to_string());
        tried.push((what, came));
    }
    tried
}

/// Whether the topic of positions keeps what is written to it.
async fn positions(config: &Config) -> Tried {
    let shared = Shared::new(config, StoreId::nil());
    let topic = shared.topic("positions");
    let client =
        AdminClient::from_config_and_context(&shared.client(), LoggedClient("looking at topics"));
    let options = AdminOptions::new().request_timeout(Some(PATIENCE));
    let judged = match client {
        Ok(admin) => topics::check_positions(&admin, &options, &topic).await,
        Err(error) => Err(sink_error("connecting", &error)),
    };
    let words = match judged {
        Ok(true) => Ok("is compacted".to_owned()),
        Ok(false) => Ok("cannot be seen, and is not checked (DescribeConfigs)".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    (format!("config of {topic}"), words)
}
