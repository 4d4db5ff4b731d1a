//! The schemas are held to the JSON Schemas, which are made from the types; records that those
//! allow survive each format.

mod made;
mod shape;

use serde_json::{Value, json};

use self::shape::Shape;
use super::*;

const FORMATS: [Format; 3] = [Format::Avro, Format::Protobuf, Format::JsonSchema];

/// The fields of the messages: name, number, type, and whether there are many.
const PROTOBUF: &str = include_str!("../../../../tests/fixtures/schemas/protobuf.txt");
/// The fields that every record in Avro had from the first release on. This never gets longer.
const AVRO: &str = include_str!("../../../../tests/fixtures/schemas/avro-first.txt");

fn example(topic: Topic) -> Value {
    serde_json::from_str(match topic {
        Topic::Articles => include_str!("../../../cli/schema/article.json"),
        Topic::Stories => include_str!("../../../cli/schema/story.json"),
        Topic::DeadLetters => include_str!("../../../cli/schema/deadletter.json"),
    })
    .unwrap()
}

/// Null, absent and empty are one, and dates have one way to be written.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name, plain(value)))
                .filter(|(_, value)| !value.is_null() && *value != json!([]))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        other => other,
    }
}

fn survives(format: Format, topic: Topic, record: &Value) {
    let bytes = encode(format, topic, 7, &serde_json::to_vec(record).unwrap()).unwrap();
    assert_eq!(schema_id(&bytes), Some(7));
    let writer = (format == Format::Avro).then(|| own(topic).unwrap());
    let back = decode(format, topic, writer, &bytes).unwrap();
    let back: Value = serde_json::from_slice(&back).unwrap();
    assert_eq!(plain(back), plain(record.clone()), "{format} {topic:?}");
}

#[test]
fn every_record_that_its_json_schema_allows_survives_every_format() {
    for topic in Topic::ALL {
        let shape = Shape::of_json(&json_schema::shape(topic));
        for format in FORMATS {
            survives(format, topic, &example(topic));
            for seed in 1..300 {
                survives(format, topic, &made::record(&shape, topic == Topic::Articles, seed));
            }
        }
    }
}

#[test]
fn avro_and_protobuf_have_exactly_the_fields_of_the_json_schemas() {
    for topic in Topic::ALL {
        let json = Shape::of_json(&json_schema::shape(topic));
        let avro = serde_json::from_str(avsc(topic)).unwrap();
        assert_eq!(Shape::of_avro(&avro), json, "schemas: Avro, {topic:?}");
        let protobuf = Shape::of_message(&protobuf::message(topic).unwrap());
        assert_eq!(protobuf, json.as_protobuf(), "schemas/nashra.proto, {topic:?}");
    }
}

/// Holds fields to those of earlier releases: none of them may change or go, and a new one is noted.
fn held_to(earlier: &str, file: &str, now: &[String]) {
    for line in earlier.lines() {
        assert!(now.iter().any(|field| field == line), "a field was changed or removed: {line}");
    }
    let new: Vec<&str> = now
        .iter()
        .map(String::as_str)
        .filter(|field| !earlier.lines().any(|line| line == *field))
        .collect();
    assert!(new.is_empty(), "new fields: add to tests/fixtures/schemas/{file}\n{}", new.join("\n"));
}

#[test]
fn numbers_and_types_of_protobuf_fields_are_those_of_earlier_releases() {
    let mut now = Vec::new();
    for message in protobuf::message(Topic::Articles).unwrap().parent_file().messages() {
        for field in message.fields() {
            let (name, number, kind) = (field.full_name(), field.number(), field.kind());
            now.push(format!("{name} {number} {kind:?} {:?}", field.cardinality()));
        }
    }
    held_to(PROTOBUF, "protobuf.txt", &now);
}

#[test]
fn a_field_of_avro_can_be_missing_in_earlier_releases_unless_it_was_there_from_the_first_on() {
    let mut without = Vec::new();
    for topic in Topic::ALL {
        note_fields_without_default(&serde_json::from_str(avsc(topic)).unwrap(), &mut without);
    }
    without.sort();
    without.dedup();
    held_to(AVRO, "avro-first.txt", &without);
}

fn note_fields_without_default(schema: &Value, into: &mut Vec<String>) {
    if let (Some(record), Some(fields)) = (schema["name"].as_str(), schema["fields"].as_array()) {
        let without = fields.iter().filter(|field| field.get("default").is_none());
        into.extend(without.map(|field| format!("{record}.{}", field["name"].as_str().unwrap())));
    }
    let inner: Vec<&Value> = match schema {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    };
    for schema in inner {
        note_fields_without_default(schema, into);
    }
}

#[test]
fn the_messages_of_the_topics_come_first_and_in_one_order() {
    let bytes = |topic| {
        let record = serde_json::to_vec(&example(topic)).unwrap();
        encode(Format::Protobuf, topic, 258, &record).unwrap()
    };
    assert_eq!(bytes(Topic::Articles)[..6], [0, 0, 0, 1, 2, 0]);
    assert_eq!(bytes(Topic::Stories)[..7], [0, 0, 0, 1, 2, 2, 2]);
    assert_eq!(bytes(Topic::DeadLetters)[..7], [0, 0, 0, 1, 2, 2, 4]);
    let other = bytes(Topic::Stories);
    assert!(decode(Format::Protobuf, Topic::Articles, None, &other).is_err());
}

#[test]
fn json_without_a_registry_is_never_taken_for_the_wire_format() {
    assert_eq!(schema_id(b"{\"schema\":1}"), None);
    assert_eq!(schema_id(&[0, 0, 0, 0]), None);
    for format in [Format::Avro, Format::Protobuf] {
        assert!(decode(format, Topic::Articles, None, &[0, 0, 0, 0, 1]).is_err());
        assert!(decode(format, Topic::Articles, None, &[0, 0]).is_err());
    }
}
