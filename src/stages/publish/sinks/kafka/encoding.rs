//! The formats of the topics' records: their schemas' ids, and records in the wire format.
//!
//! What must stay true: a record is sent in a format only with an id that the registry gave its
//! schema. With JSON alone, nothing is asked and nothing is copied.

use std::{borrow::Cow, collections::HashMap};

use super::{
    PublishError, Shared,
    registry::{SchemaRegistry, Wanted},
};
use crate::{
    config::{Format, Kafka, SubjectNaming},
    model::record::Topic,
    stages::publish::{
        formats::{self, avro},
        sink::Refusal,
    },
    store::OutboxRow,
};

/// What the records of each topic are written as.
#[derive(Debug, Clone, Default)]
pub(super) struct Encodings(Vec<Encoding>);

#[derive(Debug, Clone, Copy)]
struct Encoding {
    topic: Topic,
    format: Format,
    id: i32,
}

/// The format of a topic's records.
pub(super) fn format(config: &Kafka, topic: Topic) -> Format {
    match topic {
        Topic::Articles => config.formats.articles,
        Topic::Stories => config.formats.stories,
        Topic::DeadLetters => config.formats.deadletters,
    }
}

/// The schemas that the registry is to have, with their topics and formats.
pub(super) fn wanted(shared: &Shared) -> Vec<(Topic, Format, Wanted)> {
    let (config, mut all) = (&shared.config, Vec::new());
    for topic in Topic::ALL {
        let mut names = vec![topic.name()];
        if topic == Topic::Articles {
            names.extend(shared.routes.iter().map(String::as_str));
            names.extend(config.latest.then_some("latest"));
        }
        let naming = config.registry.subject;
        let subjects = names.into_iter().map(|name| subject(naming, &shared.topic(name), topic));
        let mut subjects: Vec<String> = subjects.collect();
        subjects.dedup();
        let format = format(config, topic);
        let kind = match format {
            Format::Json => continue,
            Format::Avro => "AVRO",
            Format::Protobuf => "PROTOBUF",
            Format::JsonSchema => "JSON",
        };
        let Some(schema) = formats::schema(format, topic) else { continue };
        for subject in subjects {
            all.push((
                topic,
                format,
                Wanted { subject, kind, schema: schema.clone().into_owned() },
            ));
        }
    }
    all
}

fn subject(naming: SubjectNaming, topic: &str, record: Topic) -> String {
    let record = formats::name(record);
    match naming {
        SubjectNaming::Topic => format!("{topic}-value"),
        SubjectNaming::Record => record.to_owned(),
        SubjectNaming::TopicRecord => format!("{topic}-{record}"),
    }
}

impl Encodings {
    /// Asks the registry for the ids of all schemas that the config needs.
    pub(super) async fn ask(shared: &Shared) -> Result<Self, PublishError> {
        let wanted = wanted(shared);
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let registry = SchemaRegistry::new(&shared.config.registry)?
            .ok_or_else(|| PublishError::Transient("kafka.registry.url is not set".to_owned()))?;
        let mut encodings: Vec<Encoding> = Vec::new();
        for (topic, format, wanted) in &wanted {
            let (topic, format, id) = (*topic, *format, registry.id(wanted).await?);
            // One schema has one id in all subjects; the first subject is that of the topic itself.
            if !encodings.iter().any(|known| known.topic == topic) {
                encodings.push(Encoding { topic, format, id });
            }
        }
        Ok(Self(encodings))
    }

    fn of(&self, topic: Topic) -> Option<&Encoding> {
        self.0.iter().find(|encoding| encoding.topic == topic)
    }

    /// The media type of a topic's records.
    pub(super) fn media_type(&self, topic: Topic) -> &'static str {
        formats::media_type(self.of(topic).map_or(Format::Json, |encoding| encoding.format))
    }

    /// The values of records as they are sent, in their order.
    pub(super) fn values<'a>(
        &self,
        rows: &'a [OutboxRow],
    ) -> Result<Vec<Cow<'a, [u8]>>, PublishError> {
        let (mut values, mut refusals) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            let record = row.record.value.as_slice();
            let encoded = match self.of(row.record.topic) {
                None => Ok(Cow::Borrowed(record)),
                Some(Encoding { topic, format, id }) => {
                    formats::encode(*format, *topic, *id, record).map(Cow::Owned)
                }
            };
            match encoded {
                Ok(value) => values.push(value),
                Err(words) => refusals.push(Refusal { seq: row.seq, reason: "invalid", words }),
            }
        }
        if refusals.is_empty() { Ok(values) } else { Err(PublishError::Refused(refusals)) }
    }
}

/// Reads records of the topics back, whatever format they were written in.
#[derive(Debug)]
pub(super) struct Decoder {
    registry: Option<SchemaRegistry>,
    /// Schemas by their ids; `None` for those that are not Avro.
    known: HashMap<i32, Option<avro::Schema>>,
}

impl Decoder {
    pub(super) fn new(config: &Kafka) -> Result<Self, PublishError> {
        Ok(Self { registry: SchemaRegistry::new(&config.registry)?, known: HashMap::new() })
    }

    /// A record as JSON; `Err` inside where it is broken.
    pub(super) async fn json(
        &mut self,
        topic: Topic,
        media_type: &str,
        value: Vec<u8>,
    ) -> Result<Result<Vec<u8>, String>, PublishError> {
        let Some(id) = formats::schema_id(&value) else { return Ok(Ok(value)) };
        let format = [Format::Avro, Format::Protobuf, Format::JsonSchema]
            .into_iter()
            .find(|format| formats::media_type(*format) == media_type)
            .unwrap_or(Format::Avro);
        if format == Format::Avro && !self.known.contains_key(&id) {
            let schema = self.ask(id).await?;
            self.known.insert(id, schema);
        }
        let writer = self.known.get(&id).and_then(Option::as_ref);
        Ok(formats::decode(format, topic, writer, &value))
    }

    /// The writer's schema of Avro records.
    async fn ask(&self, id: i32) -> Result<Option<avro::Schema>, PublishError> {
        let registry = self.registry.as_ref().ok_or_else(|| {
            PublishError::Transient(format!(
                "the topics hold Avro records with the schema {id}: kafka.registry.url must name the registry that has it"
            ))
        })?;
        let (kind, text) = registry.schema(id).await?;
        if kind != "AVRO" {
            return Ok(None);
        }
        let parsed = avro::Schema::parse(&text);
        parsed.map(Some).map_err(|error| {
            PublishError::Transient(format!("{}: schema {id}: {error}", registry.name()))
        })
    }
}
