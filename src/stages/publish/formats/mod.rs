//! Records as Avro and Protobuf, in the wire format of schema registries.
//!
//! A record is made as JSON and changes its format when it is sent, so the outbox, its hashes and
//! the other sinks know one format. The wire format is a byte 0, the id that the registry gave the
//! schema (4 bytes, big-endian), and the record. Pure.
//!
//! What must stay true: what is written in a format is read back as the same record, where null,
//! absent and an empty list of Protobuf are one.

pub mod avro;
mod dates;
pub mod json_schema;
mod protobuf;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, sync::LazyLock};

use serde_json::Value;

use crate::{config::Format, model::record::Topic};

/// The byte that a record in the wire format begins with; no JSON does.
const MAGIC: u8 = 0;
/// The bytes before a record.
const PREFIX: usize = 5;

const PROTO: &str = include_str!("../../../../schemas/nashra.proto");

/// The whole name of a topic's records.
#[must_use]
pub const fn name(topic: Topic) -> &'static str {
    match topic {
        Topic::Articles => "nashra.v1.Article",
        Topic::Stories => "nashra.v1.Story",
        Topic::DeadLetters => "nashra.v1.DeadLetter",
    }
}

const fn avsc(topic: Topic) -> &'static str {
    match topic {
        Topic::Articles => include_str!("../../../../schemas/article.avsc"),
        Topic::Stories => include_str!("../../../../schemas/story.avsc"),
        Topic::DeadLetters => include_str!("../../../../schemas/deadletter.avsc"),
    }
}

/// The schema of a topic's records as a registry gets it; `None` for JSON without one.
#[must_use]
pub fn schema(format: Format, topic: Topic) -> Option<Cow<'static, str>> {
    match format {
        Format::Json => None,
        Format::Avro => Some(avsc(topic).into()),
        Format::Protobuf => Some(messages().into()),
        Format::JsonSchema => Some(json_schema::shape(topic).to_string().into()),
    }
}

/// The messages without the words before them, which may change where the messages do not.
fn messages() -> &'static str {
    PROTO.find("syntax").map_or(PROTO, |at| &PROTO[at..])
}

/// The media type of records, which is a header of each.
#[must_use]
pub const fn media_type(format: Format) -> &'static str {
    match format {
        Format::Json => "application/json",
        Format::Avro => "application/avro",
        Format::Protobuf => "application/protobuf",
        Format::JsonSchema => "application/schema-instance+json",
    }
}

/// A record in the wire format, with the id of its schema.
///
/// # Errors
/// The field that does not fit the schema, as only those of an older program do not.
pub fn encode(format: Format, topic: Topic, id: i32, record: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(PREFIX + record.len());
    out.push(MAGIC);
    out.extend_from_slice(&id.to_be_bytes());
    if matches!(format, Format::Json | Format::JsonSchema) {
        out.extend_from_slice(record);
        return Ok(out);
    }
    let mut value: Value = serde_json::from_slice(record).map_err(|error| error.to_string())?;
    if topic == Topic::Articles {
        dates::split(&mut value);
    }
    if format == Format::Avro {
        own(topic)?.encode(&value, &mut out)?;
    } else {
        protobuf::encode(topic, value, &mut out)?;
    }
    Ok(out)
}

/// The id of the schema that a record was written with; `None` for a record without one.
#[must_use]
pub fn schema_id(record: &[u8]) -> Option<i32> {
    let id = record.strip_prefix(&[MAGIC])?.first_chunk()?;
    Some(i32::from_be_bytes(*id))
}

/// Reads a record in the wire format, as JSON. Avro needs the schema that it was written with.
///
/// # Errors
/// What is broken, or that the schema is not given.
pub fn decode(
    format: Format,
    topic: Topic,
    writer: Option<&avro::Schema>,
    record: &[u8],
) -> Result<Vec<u8>, String> {
    let body = record.get(PREFIX..).ok_or("the record ends too early")?;
    let mut value = match format {
        Format::Json | Format::JsonSchema => return Ok(body.to_vec()),
        Format::Avro => writer.ok_or("its schema is not known")?.decode(body)?,
        Format::Protobuf => protobuf::decode(topic, body)?,
    };
    if topic == Topic::Articles {
        dates::join(&mut value);
    }
    serde_json::to_vec(&value).map_err(|error| error.to_string())
}

/// nashra's own Avro schema of a topic's records.
fn own(topic: Topic) -> Result<&'static avro::Schema, String> {
    type Parsed = LazyLock<Result<avro::Schema, String>>;
    static ARTICLE: Parsed = LazyLock::new(|| avro::Schema::parse(avsc(Topic::Articles)));
    static STORY: Parsed = LazyLock::new(|| avro::Schema::parse(avsc(Topic::Stories)));
    static DEAD_LETTER: Parsed = LazyLock::new(|| avro::Schema::parse(avsc(Topic::DeadLetters)));
    let parsed = match topic {
        Topic::Articles => &ARTICLE,
        Topic::Stories => &STORY,
        Topic::DeadLetters => &DEAD_LETTER,
    };
    parsed.as_ref().map_err(Clone::clone)
}
