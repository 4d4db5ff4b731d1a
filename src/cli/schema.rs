//! JSON Schemas (2020-12) of the records that are published, made from the types that make the records, so that neither
//! can change without the other.

use schemars::{JsonSchema, generate::SchemaSettings};

use crate::{
    model::{poll_record::PollRecord, record::Article},
    stages::commit::DeadLetter,
};

/// A record that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Record {
    /// `nashra.articles`.
    Article,
    /// `nashra.polls`.
    Poll,
    /// `nashra.deadletters`.
    #[value(name = "deadletter")]
    DeadLetter,
}

/// The schema of a record. Other fields than those it names may be added within a version, so it allows them.
#[must_use]
pub fn of(record: Record) -> serde_json::Value {
    match record {
        Record::Article => schema::<Article>(),
        Record::Poll => schema::<PollRecord>(),
        Record::DeadLetter => schema::<DeadLetter>(),
    }
}

fn schema<T: JsonSchema>() -> serde_json::Value {
    // As it is written: every field is there, also where it is null.
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_record_is_required_and_explained() {
        for record in [Record::Article, Record::Poll, Record::DeadLetter] {
            let schema = of(record);
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            let fields = schema["properties"].as_object().unwrap();
            let required = schema["required"].as_array().unwrap();
            assert!(fields.len() > 10, "{record:?}");
            for (name, field) in fields {
                assert!(required.iter().any(|it| it == name), "{record:?}: {name} is not required");
                assert!(field["description"].is_string(), "{record:?}: {name} is not explained");
            }
        }
    }
}
