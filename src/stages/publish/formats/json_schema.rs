//! JSON Schemas (2020-12) of records, made from the types that make the records, so that neither
//! can change without the other.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use crate::{
    model::{
        record::{Article, Topic},
        story::StoryRecord,
    },
    stages::commit::DeadLetter,
};

/// The schema of a type as it is written: every field is there, also where it is null.
#[must_use]
pub fn of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// The schema of a topic's records for a registry: without words, which change from release to
/// release where the records do not.
#[must_use]
pub fn shape(topic: Topic) -> Value {
    let mut schema = match topic {
        Topic::Articles => of::<Article>(),
        Topic::Stories => of::<StoryRecord>(),
        Topic::DeadLetters => of::<DeadLetter>(),
    };
    schema["title"] = super::name(topic).into();
    without_words(&mut schema);
    schema
}

fn without_words(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.retain(|name, value| name != "description" || !value.is_string());
            members.values_mut().for_each(without_words);
        }
        Value::Array(items) => items.iter_mut().for_each(without_words),
        _ => {}
    }
}
