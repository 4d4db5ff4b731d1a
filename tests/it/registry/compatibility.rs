//! Whether records of one Avro schema can be read with another one (specification 1.12, "Schema
//! Resolution"), in the words of Confluent's registry. Other kinds of schemas are only compared.

use std::collections::HashMap;

use serde_json::Value;

type Schema = (String, String);

/// Whether two schemas are one, however they are laid out.
pub(super) fn same((kind, one): &Schema, (other_kind, other): &Schema) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    kind == other_kind
        && (one == other || parsed(one).is_some_and(|one| Some(one) == parsed(other)))
}

/// What stands against a new schema at a level; nothing where it is compatible.
pub(super) fn judge(level: &str, new: &Schema, old: &Schema) -> Vec<String> {
    if new.0 != old.0 {
        return vec![
            "{errorType:'SCHEMA_TYPE_MISMATCH', description:'The type of the schemas differs'}"
                .to_owned(),
        ];
    }
    if new.0 != "AVRO" {
        return Vec::new();
    }
    let parsed = [new, old].map(|(_, text)| serde_json::from_str::<Value>(text).unwrap());
    let [new, old] = &parsed;
    let mut messages = Vec::new();
    if level.starts_with("BACKWARD") || level.starts_with("FULL") {
        messages.extend(Reading::of(new, old).messages);
    }
    if level.starts_with("FORWARD") || level.starts_with("FULL") {
        messages.extend(Reading::of(old, new).messages);
    }
    messages
}

struct Reading {
    named: [HashMap<String, Value>; 2],
    messages: Vec<String>,
}

impl Reading {
    fn of(reader: &Value, writer: &Value) -> Self {
        let named = [reader, writer].map(|schema| {
            let mut named = HashMap::new();
            collect(schema, &mut named);
            named
        });
        let mut reading = Self { named, messages: Vec::new() };
        reading.read(reader, writer, "");
        reading
    }

    fn read(&mut self, reader: &Value, writer: &Value, path: &str) {
        let (reader, writer) = (self.whole(0, reader), self.whole(1, writer));
        match (reader.as_array(), writer.as_array()) {
            (_, Some(branches)) => {
                for branch in branches {
                    self.read(&reader, branch, path);
                }
            }
            (Some(branches), None) => {
                if !branches.iter().any(|branch| kind(&self.whole(0, branch)) == kind(&writer)) {
                    let missing = kind(&writer);
                    self.note(
                        "MISSING_UNION_BRANCH",
                        &format!("The new union is missing the type {missing} at path '{path}'"),
                    );
                }
            }
            (None, None) => self.plain(&reader, &writer, path),
        }
    }

    fn plain(&mut self, reader: &Value, writer: &Value, path: &str) {
        let (read, written) = (kind(reader), kind(writer));
        match (read.as_str(), written.as_str()) {
            ("record", "record") => self.record(reader, writer, path),
            ("array", "array") => self.read(&reader["items"], &writer["items"], &format!("{path}/items")),
            ("long" | "float" | "double", "int") | ("float" | "double", "long") => {}
            (read, written) if read == written => {}
            (read, written) => self.note(
                "TYPE_MISMATCH",
                &format!("The type (path '{path}') of a field in the new schema does not match with the old schema: {read}, {written}"),
            ),
        }
    }

    fn record(&mut self, reader: &Value, writer: &Value, path: &str) {
        let empty = Vec::new();
        let written = writer["fields"].as_array().unwrap_or(&empty);
        for (place, field) in reader["fields"].as_array().unwrap_or(&empty).iter().enumerate() {
            let path = format!("{path}/fields/{place}");
            match written.iter().find(|written| written["name"] == field["name"]) {
                Some(written) => self.read(&field["type"], &written["type"], &path),
                None if field.get("default").is_some() => {}
                None => {
                    let name = field["name"].as_str().unwrap_or_default();
                    self.note(
                        "READER_FIELD_MISSING_DEFAULT_VALUE",
                        &format!("The field '{name}' at path '{path}' in the new schema has no default value and is missing in the old schema"),
                    );
                }
            }
        }
    }

    fn whole(&self, side: usize, schema: &Value) -> Value {
        let named = schema.as_str().and_then(|name| self.named[side].get(name));
        named.unwrap_or(schema).clone()
    }

    fn note(&mut self, kind: &str, words: &str) {
        self.messages.push(format!("{{errorType:'{kind}', description:'{words}'}}"));
    }
}

fn collect(schema: &Value, named: &mut HashMap<String, Value>) {
    if schema["type"] == "record"
        && let Some(name) = schema["name"].as_str()
    {
        named.insert(name.to_owned(), schema.clone());
    }
    let inner: Vec<&Value> = match schema {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    };
    for schema in inner {
        collect(schema, named);
    }
}

/// The name of a type without its attributes.
fn kind(schema: &Value) -> String {
    match schema {
        Value::Object(_) => schema["type"].as_str().unwrap_or_default().to_owned(),
        Value::Array(_) => "union".to_owned(),
        _ => schema.as_str().unwrap_or_default().to_owned(),
    }
}
