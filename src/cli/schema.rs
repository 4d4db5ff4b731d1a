//! JSON Schemas (2020-12) of the records that are published, made from the types that make the
//! records, so that neither can change without the other.

use serde_json::Value;

use crate::{
    config::Format,
    daemon::admin::api,
    model::{
        poll_record::PollRecord,
        record::{Article, Topic},
        story::StoryRecord,
    },
    stages::{
        commit::DeadLetter,
        publish::formats::{self, json_schema},
    },
};

/// A record that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Record {
    /// An article, in the topic `nashra.articles`.
    Article,
    /// The outcome of one poll, in the topic `nashra.polls`.
    Poll,
    /// A set of articles that carry the same text, in the topic `nashra.stories`.
    Story,
    /// What could not be published as an article, in the topic `nashra.deadletters`.
    #[value(name = "deadletter")]
    DeadLetter,
    /// The HTTP API, as an `OpenAPI` document.
    Api,
}

impl Record {
    /// All that are records.
    pub const ALL: [Self; 4] = [Self::Article, Self::Story, Self::DeadLetter, Self::Poll];

    /// The topic of such records that can have another format than JSON.
    fn topic(self) -> Option<Topic> {
        match self {
            Self::Article => Some(Topic::Articles),
            Self::Story => Some(Topic::Stories),
            Self::DeadLetter => Some(Topic::DeadLetters),
            Self::Poll | Self::Api => None,
        }
    }

    /// A record that has something in each field.
    fn example(self) -> &'static str {
        match self {
            Self::Article => include_str!("schema/article.json"),
            Self::Story => include_str!("schema/story.json"),
            Self::DeadLetter => include_str!("schema/deadletter.json"),
            Self::Poll => include_str!("schema/poll.json"),
            Self::Api => "{}",
        }
    }
}

/// The schema of a record in a format, as text: for JSON that of [`json_schema`], for others what a
/// registry gets.
///
/// # Errors
/// Where records of this kind have no such format.
pub fn text(record: Record, format: Format) -> Result<String, String> {
    if format == Format::Json {
        return Ok(format!("{:#}\n", json_schema(record)));
    }
    let schema = record.topic().and_then(|topic| formats::schema(format, topic));
    let schema = schema.ok_or_else(|| format!("this is always JSON, it has no {format}"))?;
    Ok(if format == Format::JsonSchema { format!("{schema}\n") } else { schema.into_owned() })
}

/// The JSON Schema of a record, with an example. Other fields than those it names may be added within a
/// version, so it allows them.
#[must_use]
pub fn json_schema(record: Record) -> Value {
    let mut schema = match record {
        Record::Article => json_schema::of::<Article>(),
        Record::Poll => json_schema::of::<PollRecord>(),
        Record::Story => json_schema::of::<StoryRecord>(),
        Record::DeadLetter => json_schema::of::<DeadLetter>(),
        Record::Api => return api::document(),
    };
    // A file of this crate; a test reads it.
    let example: Value = serde_json::from_str(record.example()).unwrap_or_default();
    let version = schema["properties"]["schema"]["const"].as_str().unwrap_or_default();
    schema["$id"] = format!("urn:nashra:schema:{version}").into();
    schema["examples"] = Value::Array(vec![example]);
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_record_is_required_and_explained() {
        for record in Record::ALL {
            let schema = json_schema(record);
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            let fields = schema["properties"].as_object().unwrap();
            let required = schema["required"].as_array().unwrap();
            // A story has ten in all.
            let few = if record == Record::Story { 9 } else { 10 };
            assert!(fields.len() > few, "{record:?}");
            for (name, field) in fields {
                // It is there only where the config asks for it.
                let is_optional = name == "difference";
                assert!(
                    is_optional || required.iter().any(|required| required == name),
                    "{record:?}: {name} is not required"
                );
                assert!(field["description"].is_string(), "{record:?}: {name} is not explained");
            }
        }
    }
}
