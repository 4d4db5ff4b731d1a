//! Reads Avro schemas: nashra's own, and those of its earlier versions that a registry keeps.

use std::{collections::HashMap, fmt, sync::Arc};

use serde_json::{Map, Value};

/// A schema that records can be written and read with.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema(Kind);

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Boolean,
    Int,
    Long,
    Float,
    String,
    /// Milliseconds since 1970; RFC 3339 in JSON.
    Millis,
    Array(Arc<Kind>),
    /// A union of null, as the first, and another type.
    Nullable(Arc<Kind>),
    Record(Arc<[Field]>),
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) default: Option<Value>,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::String => "string",
            Self::Millis => "timestamp",
            Self::Array(_) => "array",
            Self::Nullable(_) => "union",
            Self::Record(_) => "record",
        })
    }
}

impl Schema {
    /// Reads a schema from its JSON text.
    ///
    /// # Errors
    /// What in it is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Parser::default().kind(&json).map(Self)
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.0
    }
}

/// The records that were read so far, by their names.
#[derive(Default)]
struct Parser(HashMap<String, Kind>);

impl Parser {
    fn kind(&mut self, json: &Value) -> Result<Kind, String> {
        match json {
            Value::String(name) => self.named(name),
            Value::Array(branches) => match branches.as_slice() {
                [null, other] if null == "null" => Ok(Kind::Nullable(Arc::new(self.kind(other)?))),
                _ => Err(format!("the union {json} is not of null and one other type")),
            },
            Value::Object(object) => self.object(object),
            _ => Err(format!("{json} is no type")),
        }
    }

    fn named(&self, name: &str) -> Result<Kind, String> {
        Ok(match name {
            "boolean" => Kind::Boolean,
            "int" => Kind::Int,
            "long" => Kind::Long,
            "float" => Kind::Float,
            "string" => Kind::String,
            // The namespace is the same for all.
            _ => self
                .0
                .get(last(name))
                .cloned()
                .ok_or_else(|| format!("the type {name} is not understood"))?,
        })
    }

    fn object(&mut self, object: &Map<String, Value>) -> Result<Kind, String> {
        let member = |name: &str| object.get(name).ok_or_else(|| format!("{name} is missing"));
        match member("type")? {
            name if name == "array" => Ok(Kind::Array(Arc::new(self.kind(member("items")?)?))),
            name if name == "record" => {
                let name = member("name")?.as_str().ok_or("a name is no text")?;
                let list = member("fields")?.as_array().ok_or("fields is no list")?;
                let mut fields = Vec::with_capacity(list.len());
                for field in list {
                    fields.push(self.field(field).map_err(|error| format!("{name}: {error}"))?);
                }
                let kind = Kind::Record(fields.into());
                self.0.insert(last(name).to_owned(), kind.clone());
                Ok(kind)
            }
            other => match (self.kind(other)?, object.get("logicalType").and_then(Value::as_str)) {
                (Kind::Long, Some("timestamp-millis")) => Ok(Kind::Millis),
                (kind, _) => Ok(kind),
            },
        }
    }

    fn field(&mut self, json: &Value) -> Result<Field, String> {
        let name = json["name"].as_str().ok_or("a field has no name")?;
        let kind = self.kind(&json["type"]).map_err(|error| format!("{name}: {error}"))?;
        Ok(Field { name: name.to_owned(), kind, default: json.get("default").cloned() })
    }
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
