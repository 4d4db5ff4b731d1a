//! Finds the topics, makes those that are missing, and warns where the others differ from the
//! config.
//!
//! What must stay true: no request is made to create a topic that exists, so the rights to write,
//! to read positions and to describe are enough where somebody else made the topics. A topic whose
//! config nashra may not read is not checked, and that is logged. A broker that does not know a
//! topic yet answers as one does that refuses to describe it, so new topics are asked about more
//! than once.

use std::time::Duration;

use rdkafka::{
    admin::{
        AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication,
    },
    config::FromClientConfigAndContext as _,
    metadata::MetadataTopic,
    types::RDKafkaErrorCode as Code,
};
use tokio::time::Instant;

use super::{Halt, PATIENCE, PublishError, Shared, changes::TopicDescription, held, sink_error};
use crate::{
    config::Kafka, model::record::Topic, stages::commit::MAX_RECORD,
    telemetry::librdkafka::LoggedClient,
};

/// How a topic keeps the last record of each key, however old it is.
const COMPACTED: (&str, &str) = ("cleanup.policy", "compact");

/// The config of the topic of positions. Each start reads the topic, so it is compacted soon.
const POSITIONS: [(&str, &str); 5] = [
    COMPACTED,
    ("segment.bytes", "1048576"),
    ("segment.ms", "600000"),
    ("min.cleanable.dirty.ratio", "0.01"),
    ("max.compaction.lag.ms", "600000"),
];

/// How long a new topic may stay unknown to some broker of its cluster.
const SPREADING: Duration = Duration::from_secs(10);
/// Pause before a new topic is asked about again.
const PAUSE: Duration = Duration::from_millis(200);

/// A topic as nashra makes it.
struct TopicPlan {
    name: String,
    partitions: i32,
    /// What is set when it is made, and compared where it is there.
    settings: Vec<(&'static str, String)>,
    /// Whether it holds records.
    holds: bool,
}

/// The topics that the config asks for; that of positions comes last.
fn plans(shared: &Shared) -> Vec<TopicPlan> {
    let config = &shared.config;
    let retained = || vec![("retention.ms", config.retention.as_millis().to_string())];
    let compacted = || vec![(COMPACTED.0, COMPACTED.1.to_owned())];
    let plan = |name: &str, settings, holds| TopicPlan {
        name: shared.topic(name),
        partitions: config.partitions,
        settings,
        holds,
    };
    let mut plans: Vec<TopicPlan> =
        Topic::ALL.iter().map(|topic| plan(topic.name(), retained(), true)).collect();
    plans.extend(shared.routes.iter().map(|topic| plan(topic, retained(), true)));
    plans.extend(config.latest.then(|| plan("latest", compacted(), true)));
    plans.extend(config.polls.then(|| plan("polls", retained(), false)));
    let positions = POSITIONS.map(|(name, value)| (name, value.to_owned())).into();
    plans.push(TopicPlan { partitions: 1, ..plan("positions", positions, false) });
    plans
}

impl TopicPlan {
    fn new_topic<'a>(&'a self, config: &Kafka, in_sync: &'a str) -> NewTopic<'a> {
        let replication = TopicReplication::Fixed(config.replication_factor);
        let topic = NewTopic::new(&self.name, self.partitions, replication)
            .set("min.insync.replicas", in_sync);
        self.settings.iter().fold(topic, |topic, (name, value)| topic.set(name, value))
    }
}

/// Makes the topics that are missing. Returns the smallest `max.message.bytes` of the topics that
/// hold records, where that can be read, and a description of these topics.
pub(super) async fn make(
    shared: &Shared,
) -> Result<(Option<usize>, Vec<TopicDescription>), PublishError> {
    let admin =
        AdminClient::from_config_and_context(&shared.client(), LoggedClient("looking at topics"))
            .map_err(|error| sink_error("connecting", &error))?;
    let options =
        AdminOptions::new().operation_timeout(Some(PATIENCE)).request_timeout(Some(PATIENCE));
    let (config, plans) = (&shared.config, plans(shared));
    let mut found = find(shared, plans.iter().map(|plan| plan.name.clone()).collect()).await?;
    let made: Vec<String> =
        found.iter().filter(|found| found.made).map(|found| found.topic.clone()).collect();
    let in_sync = config.min_insync_replicas.to_string();
    let new: Vec<NewTopic<'_>> = plans
        .iter()
        .filter(|plan| made.contains(&plan.name))
        .map(|plan| plan.new_topic(config, &in_sync))
        .collect();
    if !new.is_empty() {
        create(&admin, &options, &new).await?;
    }
    found.retain(|found| plans.iter().any(|plan| plan.holds && plan.name == found.topic));
    for made in found.iter_mut().filter(|found| found.made) {
        made.partitions = usize::try_from(config.partitions).unwrap_or_default();
    }
    let until = |topic: &String| Some(Instant::now() + SPREADING).filter(|_| made.contains(topic));
    let mut limits = Vec::with_capacity(found.len());
    for plan in plans.iter().filter(|plan| plan.holds) {
        let topic = &plan.name;
        let query = TopicQuery { admin: &admin, options: &options, topic, until: until(topic) };
        let config = compare(shared, query, &plan.settings).await?;
        limits.push(limit(shared, topic, config.as_ref()));
    }
    if let Some(TopicPlan { name, settings, .. }) = plans.last() {
        let query =
            TopicQuery { admin: &admin, options: &options, topic: name, until: until(name) };
        let of_positions = compare(shared, query, &settings[1..]).await?;
        check_compacted(name, of_positions.as_ref())?;
    }
    Ok((limits.into_iter().flatten().min(), found))
}

/// Whether the topic of positions is as it must be; `false` where that cannot be seen.
pub(super) async fn check_positions(
    admin: &AdminClient<LoggedClient>,
    options: &AdminOptions,
    topic: &str,
) -> Result<bool, PublishError> {
    let found = describe(TopicQuery { admin, options, topic, until: None }).await?;
    check_compacted(topic, found.as_ref()).map(|()| found.is_some())
}

/// Refuses a topic of positions that deletes records by age, as a topic does that the broker
/// created by itself: positions older than its retention would be lost.
fn check_compacted(positions: &str, config: Option<&ConfigResource>) -> Result<(), PublishError> {
    let policy = config.and_then(|config| value(config, "cleanup.policy"));
    policy.filter(|policy| policy != "compact").map_or(Ok(()), |policy| {
        Err(PublishError::Halted(Halt::Setup(format!(
            "{positions} has cleanup.policy={policy}, it must be compact"
        ))))
    })
}

/// Describes topics; `made` marks those that are missing and have to be made. A topic that nashra
/// may not even describe counts as there.
async fn find(shared: &Shared, names: Vec<String>) -> Result<Vec<TopicDescription>, PublishError> {
    let consumer = held::consumer(shared, "read_committed")?;
    super::blocking(move || {
        let mut found = Vec::with_capacity(names.len());
        for topic in names {
            let metadata = held::metadata(&consumer, &topic, PATIENCE)
                .map_err(|error| sink_error("asking for the topics", &error))?;
            let answer = metadata.topics().first();
            let error = answer.and_then(MetadataTopic::error).map(Code::from);
            let made = matches!(error, Some(Code::UnknownTopicOrPartition | Code::UnknownTopic));
            found.push(TopicDescription {
                partitions: answer.map_or(0, |answer| answer.partitions().len()),
                topic,
                made,
            });
        }
        Ok(found)
    })
    .await
}

async fn create(
    admin: &AdminClient<LoggedClient>,
    options: &AdminOptions,
    new: &[NewTopic<'_>],
) -> Result<(), PublishError> {
    let made = admin.create_topics(new, options).await;
    for result in made.map_err(|error| sink_error("making topics", &error))? {
        match result {
            Ok(name) => tracing::info!(topic = name, "made the topic"),
            Err((_, Code::TopicAlreadyExists)) => {}
            Err((
                name,
                error @ (Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed),
            )) => {
                let words =
                    format!("the topic {name} is missing, and making it is not allowed: {error}");
                return Err(PublishError::Unauthorised { topic: None, words });
            }
            Err((name, error)) => {
                return Err(PublishError::Transient(format!("making the topic {name}: {error}")));
            }
        }
    }
    Ok(())
}

/// Bytes of a batch that a topic takes. Logs a warning where records may be larger than that.
fn limit(shared: &Shared, topic: &str, config: Option<&ConfigResource>) -> Option<usize> {
    let limit = value(config?, "max.message.bytes")?.parse().ok()?;
    if limit < MAX_RECORD && shared.is_news(format!("{topic} {limit}")) {
        tracing::warn!(
            topic,
            limit,
            ours = MAX_RECORD,
            "the topic takes less than records may have: larger ones become dead letters"
        );
    }
    Some(limit)
}

fn value(config: &ConfigResource, name: &str) -> Option<String> {
    config.get(name).and_then(|entry| entry.value.clone())
}

/// A request for the config of one topic.
struct TopicQuery<'a> {
    admin: &'a AdminClient<LoggedClient>,
    options: &'a AdminOptions,
    topic: &'a str,
    /// Until when the request is repeated while the brokers seem not to know the topic.
    until: Option<Instant>,
}

/// A topic's config. librdkafka gives a config without entries where nashra may not read it, and
/// also where the topic does not exist.
async fn describe(question: TopicQuery<'_>) -> Result<Option<ConfigResource>, PublishError> {
    let TopicQuery { admin, options, topic, until } = question;
    loop {
        let answers = admin.describe_configs(&[ResourceSpecifier::Topic(topic)], options).await;
        let answers = answers.map_err(|error| sink_error("reading a topic's config", &error))?;
        let seen = answers
            .into_iter()
            .filter_map(Result::ok)
            .find(|resource| !resource.entries.is_empty());
        if seen.is_some() || until.is_none_or(|until| Instant::now() >= until) {
            return Ok(seen);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A topic's config, where nashra may read it; logs a warning for each setting that differs from
/// what is wanted. That a topic no longer exists is noticed when it is written to.
async fn compare(
    shared: &Shared,
    question: TopicQuery<'_>,
    wanted: &[(&'static str, String)],
) -> Result<Option<ConfigResource>, PublishError> {
    let topic = question.topic;
    let Some(config) = describe(question).await? else {
        if shared.is_news(topic.to_owned()) {
            tracing::warn!(
                topic,
                "how the topic is set up cannot be seen (DescribeConfigs), and is not checked"
            );
        }
        return Ok(None);
    };
    for (name, wanted) in wanted {
        let found = value(&config, name);
        // Numbers are written in more than one way.
        let number = |value: &str| value.parse::<f64>().ok();
        let same = found.as_ref() == Some(wanted)
            || number(wanted).is_some() && found.as_deref().and_then(number) == number(wanted);
        if !same && shared.is_news(format!("{topic} {name} {found:?}")) {
            tracing::warn!(
                topic,
                setting = name,
                found,
                wanted,
                "the topic differs from what it would be made with; it is left as it is"
            );
        }
    }
    Ok(Some(config))
}
