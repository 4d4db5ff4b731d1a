//! What a schema says of a record, in terms that all schema languages share.

use std::collections::{BTreeMap, HashMap};

use prost_reflect::{Kind, MessageDescriptor};
use serde_json::Value;

use crate::stages::publish::formats::dates::OFFSET;

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Text,
    Uuid,
    Time,
    Flag,
    Whole,
    Number,
    List(Box<Shape>),
    Record(BTreeMap<String, Field>),
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) shape: Shape,
    pub(super) nullable: bool,
}

impl Shape {
    pub(super) fn of_json(schema: &Value) -> Self {
        of_json(schema, &schema["$defs"]).shape
    }

    pub(super) fn of_avro(schema: &Value) -> Self {
        of_avro(schema, &mut HashMap::new()).shape
    }

    pub(super) fn of_message(message: &MessageDescriptor) -> Self {
        let fields = message.fields().map(|field| {
            let inner = match field.kind() {
                Kind::String => Self::Text,
                Kind::Bool => Self::Flag,
                Kind::Uint32 | Kind::Uint64 | Kind::Sint32 => Self::Whole,
                Kind::Float => Self::Number,
                Kind::Message(of) if of.full_name() == "google.protobuf.Timestamp" => Self::Time,
                Kind::Message(of) => Self::of_message(&of),
                other => panic!("{other:?} is not used in records"),
            };
            let nullable = field.supports_presence();
            let shape = if field.is_list() { Self::List(Box::new(inner)) } else { inner };
            (field.name().to_owned(), Field { shape, nullable })
        });
        without_offsets(fields.collect())
    }

    /// As Protobuf can say it: messages can always be absent and lists never, and an id is a text.
    pub(super) fn as_protobuf(&self) -> Self {
        match self {
            Self::Uuid => Self::Text,
            Self::List(inner) => Self::List(Box::new(inner.as_protobuf())),
            Self::Record(fields) => Self::Record(
                fields
                    .iter()
                    .map(|(name, Field { shape, nullable })| {
                        let nullable = match shape {
                            Self::List(_) => false,
                            Self::Record(_) | Self::Time => true,
                            _ => *nullable,
                        };
                        (name.clone(), Field { shape: shape.as_protobuf(), nullable })
                    })
                    .collect(),
            ),
            plain => plain.clone(),
        }
    }
}

/// Takes out the distances from UTC that stand beside dates, and holds them to be that.
fn without_offsets(mut fields: BTreeMap<String, Field>) -> Shape {
    let all: Vec<String> = fields.keys().filter(|name| name.ends_with(OFFSET)).cloned().collect();
    for name in all {
        assert_eq!(fields.remove(&name), Some(Field { shape: Shape::Whole, nullable: true }));
        let date = name.strip_suffix(OFFSET).unwrap();
        assert_eq!(fields[date], Field { shape: Shape::Time, nullable: true }, "{name}");
    }
    Shape::Record(fields)
}

fn given(shape: Shape) -> Field {
    Field { shape, nullable: false }
}

fn of_json(schema: &Value, defs: &Value) -> Field {
    if let Some(branches) = schema["anyOf"].as_array() {
        assert_eq!(branches[1]["type"], "null");
        return Field { nullable: true, ..of_json(&branches[0], defs) };
    }
    if let Some(variants) = schema["oneOf"].as_array() {
        return given(union(variants, defs));
    }
    let name = schema["$ref"].as_str().map(|name| name.strip_prefix("#/$defs/").unwrap());
    if schema["properties"].is_object() {
        let mut fields = properties(schema, defs);
        if let Some(name) = name {
            fields.extend(properties(&defs[name], defs));
        }
        return given(Shape::Record(fields));
    }
    if let Some(name) = name {
        return of_json(&defs[name], defs);
    }
    let (kind, nullable) = match &schema["type"] {
        Value::Array(kinds) => (kinds[0].as_str().unwrap(), true),
        kind => (kind.as_str().unwrap_or_else(|| panic!("{schema}")), false),
    };
    let shape = match (kind, schema["format"].as_str()) {
        ("string", Some("uuid")) => Shape::Uuid,
        ("string", Some("date-time")) => Shape::Time,
        ("string", None) => Shape::Text,
        ("boolean", _) => Shape::Flag,
        ("integer", _) => Shape::Whole,
        ("number", _) => Shape::Number,
        ("array", _) => Shape::List(Box::new(of_json(&schema["items"], defs).shape)),
        other => panic!("{other:?} is not used in records"),
    };
    Field { shape, nullable }
}

fn properties(schema: &Value, defs: &Value) -> BTreeMap<String, Field> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let all = schema["properties"].as_object().unwrap();
    all.iter()
        .map(|(name, schema)| {
            let mut field = of_json(schema, defs);
            field.nullable |= !required.iter().any(|required| required == name);
            (name.clone(), field)
        })
        .collect()
}

/// One flat record for all variants: what not every one has can be null.
fn union(variants: &[Value], defs: &Value) -> Shape {
    let variants: Vec<Shape> =
        variants.iter().map(|variant| of_json(variant, defs).shape).collect();
    let mut flat: BTreeMap<String, (Field, usize)> = BTreeMap::new();
    for variant in &variants {
        let Shape::Record(fields) = variant else { return variant.clone() };
        for (name, field) in fields {
            let (known, count) = flat.entry(name.clone()).or_insert_with(|| (field.clone(), 0));
            assert_eq!(known.shape, field.shape, "{name}");
            *count += 1;
        }
    }
    let fields = flat.into_iter().map(|(name, (field, count))| {
        let nullable = field.nullable || count < variants.len();
        (name, Field { nullable, ..field })
    });
    Shape::Record(fields.collect())
}

fn of_avro(schema: &Value, known: &mut HashMap<String, Shape>) -> Field {
    match schema {
        Value::Array(branches) => Field { nullable: true, ..of_avro(&branches[1], known) },
        Value::String(name) => given(match name.as_str() {
            "string" => Shape::Text,
            "boolean" => Shape::Flag,
            "int" | "long" => Shape::Whole,
            "float" => Shape::Number,
            name => known[name].clone(),
        }),
        _ => given(match (schema["type"].as_str(), schema["logicalType"].as_str()) {
            (_, Some("uuid")) => Shape::Uuid,
            (_, Some("timestamp-millis")) => Shape::Time,
            (Some("array"), _) => Shape::List(Box::new(of_avro(&schema["items"], known).shape)),
            _ => {
                let fields = schema["fields"].as_array().unwrap().iter().map(|field| {
                    let name = field["name"].as_str().unwrap().to_owned();
                    (name, of_avro(&field["type"], known))
                });
                let record = without_offsets(fields.collect());
                known.insert(schema["name"].as_str().unwrap().to_owned(), record.clone());
                record
            }
        }),
    }
}
