//! Makes the topics that are missing, and says where those that exist differ from the config.

use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication},
    client::DefaultClientContext,
    config::FromClientConfig as _,
    types::RDKafkaErrorCode,
};

use super::{Halt, PATIENCE, PublishError, Shared, transient};

pub(super) async fn make(shared: &Shared) -> Result<(), PublishError> {
    let admin = AdminClient::<DefaultClientContext>::from_config(&shared.client()).map_err(|error| transient("connecting", &error))?;
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE)).request_timeout(Some(PATIENCE));
    let config = &shared.config;
    let (retention, in_sync) = (config.retention.as_millis().to_string(), config.min_insync_replicas.to_string());
    let (articles, dead, positions) = (shared.topic("articles"), shared.topic("deadletters"), shared.topic("positions"));
    let replication = || TopicReplication::Fixed(config.replication_factor);
    let records =
        |name| NewTopic::new(name, config.partitions, replication()).set("retention.ms", &retention).set("min.insync.replicas", &in_sync);
    let compacted = NewTopic::new(&positions, 1, replication()).set("cleanup.policy", "compact").set("min.insync.replicas", &in_sync);
    let polls = shared.topic("polls");
    let mut wanted = vec![records(&articles), records(&dead), compacted];
    if config.polls {
        wanted.push(records(&polls));
    }
    let made = admin.create_topics(&wanted, &options).await;
    for result in made.map_err(|error| transient("making topics", &error))? {
        match result {
            Ok(name) => tracing::info!(topic = name, "made the topic"),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, error)) => return Err(PublishError::Transient(format!("making the topic {name}: {error}"))),
        }
    }
    compare(&admin, &options, [(&articles, "retention.ms", &retention), (&dead, "retention.ms", &retention)]).await?;
    let policy = setting(&admin, &options, &positions, "cleanup.policy").await?;
    // A topic that the broker made by itself deletes: positions older than its retention would be forgotten.
    if policy.as_deref() != Some("compact") {
        let found = policy.unwrap_or_default();
        return Err(PublishError::Halted(Halt::Setup(format!("{positions} has cleanup.policy={found}, it must be compact"))));
    }
    Ok(())
}

async fn compare<const N: usize>(
    admin: &AdminClient<DefaultClientContext>,
    options: &AdminOptions,
    wanted: [(&String, &str, &String); N],
) -> Result<(), PublishError> {
    for (topic, name, value) in wanted {
        let found = setting(admin, options, topic, name).await?;
        if found.as_ref() != Some(value) {
            tracing::warn!(topic, setting = name, found, wanted = value, "the topic differs from the config; it is left as it is");
        }
    }
    Ok(())
}

async fn setting(
    admin: &AdminClient<DefaultClientContext>,
    options: &AdminOptions,
    topic: &str,
    name: &str,
) -> Result<Option<String>, PublishError> {
    let answers = admin
        .describe_configs(&[ResourceSpecifier::Topic(topic)], options)
        .await
        .map_err(|error| transient("reading a topic's config", &error))?;
    let Some(Ok(resource)) = answers.into_iter().next() else {
        return Err(PublishError::Transient(format!("the config of {topic} could not be read")));
    };
    Ok(resource.get(name).and_then(|entry| entry.value.clone()))
}
