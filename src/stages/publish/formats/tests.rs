//! The schemas are held to the JSON Schemas, which are made from the types; records that those
//! allow survive each format.

mod made;
mod shape;

use serde_json::{Value, json};

use self::shape::Shape;
use super::*;

const FORMATS: [Format; 3] = [Format::Avro, Format::Protobuf, Format::JsonSchema];

/// What there was in each release: message, field, number and type.
const NUMBERS: &str = include_str!("../../../../tests/fixtures/schemas/numbers.txt");

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

#[test]
fn numbers_and_types_of_protobuf_fields_are_those_of_earlier_releases() {
    let mut now = Vec::new();
    for message in protobuf::message(Topic::Articles).unwrap().parent_file().messages() {
        for field in message.fields() {
            let (name, number, kind) = (field.full_name(), field.number(), field.kind());
            now.push(format!("{name} {number} {kind:?} {:?}", field.cardinality()));
        }
    }
    for line in NUMBERS.lines() {
        assert!(now.iter().any(|field| field == line), "a field was changed or removed: {line}");
    }
    for field in &now {
        let known = NUMBERS.lines().any(|line| line == field);
        assert!(known, "a new field: add to tests/fixtures/schemas/numbers.txt\n{field}");
    }
}

#[test]
fn new_fields_of_avro_can_be_missing_in_records_of_earlier_releases() {
    // Those without a default were there from the first release on, and no other comes.
    for (topic, without) in [(Topic::Articles, 12), (Topic::Stories, 6), (Topic::DeadLetters, 8)] {
        let schema: Value = serde_json::from_str(avsc(topic)).unwrap();
        let fields = schema["fields"].as_array().unwrap();
        let count = fields.iter().filter(|field| field.get("default").is_none()).count();
        assert_eq!(count, without, "{topic:?}");
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
