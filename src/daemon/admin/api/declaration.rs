//! A source as JSON: the settings that a TOML list knows, with a schema that is made of them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    config::{SettingForm, sources},
    model::source::SourceKind,
};

/// What durations look like that are below the longest one that is taken, whatever is added up.
pub(super) const DURATION: &str =
    r"^\s*(([0-9]{1,8}(ms|s)|[0-9]{1,6}m|[0-9]{1,5}h|[0-9]{1,4}d|[0-9]{1,3}w)\s*){1,3}$";
/// What an id of a source looks like.
const ID: &str = "^[A-Za-z0-9._-]{1,64}$";

/// Settings of a source, by their names in a TOML list.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Declaration(pub(super) Map<String, Value>);

impl JsonSchema for Declaration {
    fn schema_name() -> Cow<'static, str> {
        "Declaration".into()
    }

    /// Made of the settings that a TOML list knows, but for those that only a file may have.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let (mut fields, mut sections) = (Map::new(), Map::new());
        for entry in sources::settings() {
            let path: Vec<&str> = entry.key.split('.').skip(1).collect();
            let SettingForm::Value { expected, .. } = &entry.form else { continue };
            let mut field = field(&path, expected);
            field["description"] = entry.paragraphs().join("\n").into();
            match path[..] {
                ["file" | "topic" | "brokers" | "from"] => {}
                [name] => drop(fields.insert(name.to_owned(), field)),
                [section, name] => {
                    let section = sections.entry(section).or_insert_with(|| Map::new().into());
                    section[name] = field;
                }
                _ => {}
            }
        }
        for (name, properties) in sections {
            let section = json!({ "type": ["object", "null"], "properties": properties, "additionalProperties": false });
            fields.insert(name, section);
        }
        json_schema!({
            "type": "object",
            "description": "Settings of a source, by their names in a TOML list.",
            "properties": fields,
            "additionalProperties": false
        })
    }
}

/// Sources to add: each needs an address.
pub(super) fn list(generator: &mut SchemaGenerator) -> Schema {
    let mut source = generator.subschema_for::<Declaration>();
    source.insert("required".to_owned(), json!(["url"]));
    source.insert("properties".to_owned(), json!({ "url": { "type": "string" } }));
    json_schema!({ "type": "array", "minItems": 1, "items": source })
}

/// The JSON that a setting takes of which a list expects this.
fn field(path: &[&str], expected: &str) -> Value {
    let text = |pattern: &str| json!({ "type": ["string", "null"], "pattern": pattern });
    match (path, expected) {
        (["id"], _) => text(ID),
        (["url"], _) => json!({ "type": ["string", "null"], "format": "uri" }),
        (["follow_pages"], _) => {
            json!({ "type": ["integer", "null"], "minimum": 0, "maximum": 100 })
        }
        (_, "a whole number") => json!({ "type": ["integer", "null"], "minimum": 1 }),
        (_, "true or false") => json!({ "type": ["boolean", "null"] }),
        _ if expected.starts_with("a list") => {
            json!({ "type": ["array", "null"], "items": { "type": "string" } })
        }
        _ if expected.starts_with("a duration") => text(DURATION),
        // The names themselves, each in quotes.
        _ if expected.starts_with('"') => {
            let names = expected.split('"').skip(1).step_by(2);
            let allowed = names.filter(|name| {
                // Those that no list may have but a file of this machine.
                name.parse::<SourceKind>().map_or(true, SourceKind::is_polled)
            });
            let allowed = allowed.map(Value::from).chain([Value::Null]);
            json!({ "enum": allowed.collect::<Vec<_>>() })
        }
        _ => json!({ "type": ["string", "null"] }),
    }
}
