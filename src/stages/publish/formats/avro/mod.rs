//! Avro, binary encoding (specification 1.12), as far as nashra's own schemas use it: records,
//! arrays, unions of null and one other type, and plain values.
//!
//! Written here because it is small: JSON goes to bytes by the schema without a tree of values in
//! between, and what is read back is bounded by the bytes that are there.

mod schema;
#[cfg(test)]
mod tests;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Number, Value};

pub use schema::Schema;
use schema::{Field, Kind};

/// The most values in one record: each has a byte at least, and records are far smaller.
const MAX_ITEMS: u64 = 1 << 20;

impl Schema {
    /// Appends a record, given as JSON. A field that the JSON does not have gets its default.
    ///
    /// # Errors
    /// The field that is missing or of another type.
    pub fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), String> {
        encode(self.kind(), value, out)
    }

    /// Reads a record that was written with this schema, as JSON.
    ///
    /// # Errors
    /// What is broken.
    pub fn decode(&self, bytes: &[u8]) -> Result<Value, String> {
        let mut reader = Reader { rest: bytes, items: 0 };
        let value = reader.value(self.kind())?;
        if reader.rest.is_empty() {
            Ok(value)
        } else {
            Err(format!("{} bytes are left over", reader.rest.len()))
        }
    }
}

fn encode(kind: &Kind, value: &Value, out: &mut Vec<u8>) -> Result<(), String> {
    match (kind, value) {
        (Kind::Nullable(_), Value::Null) => long(0, out),
        (Kind::Nullable(inner), _) => {
            long(1, out);
            encode(inner, value, out)?;
        }
        (Kind::Boolean, Value::Bool(value)) => out.push(u8::from(*value)),
        (Kind::Int | Kind::Long, Value::Number(number)) => long(whole(kind, number)?, out),
        (Kind::Float, Value::Number(number)) => {
            out.extend_from_slice(&float(number).to_le_bytes());
        }
        (Kind::String, Value::String(text)) => string(text, out),
        (Kind::Millis, Value::String(text)) => {
            let time = DateTime::parse_from_rfc3339(text).map_err(|error| error.to_string())?;
            long(time.timestamp_millis(), out);
        }
        (Kind::Array(inner), Value::Array(items)) => {
            if !items.is_empty() {
                long(i64::try_from(items.len()).unwrap_or(i64::MAX), out);
                for item in items {
                    encode(inner, item, out)?;
                }
            }
            long(0, out);
        }
        (Kind::Record(fields), Value::Object(object)) => {
            for field in fields.iter() {
                record_field(field, object, out)
                    .map_err(|error| format!("{}: {error}", field.name))?;
            }
        }
        _ => return Err(format!("{} is no {kind}", described(value))),
    }
    Ok(())
}

fn record_field(
    field: &Field,
    object: &Map<String, Value>,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let value = object.get(&field.name).or(field.default.as_ref()).ok_or("is missing")?;
    encode(&field.kind, value, out)
}

/// A number that fits. Avro has no whole numbers above 2^63: a size of a file that claims more is
/// the largest there is.
fn whole(kind: &Kind, number: &Number) -> Result<i64, String> {
    let value = number
        .as_i64()
        .or_else(|| number.as_u64().map(|_| i64::MAX))
        .ok_or_else(|| format!("{number} is no whole number"))?;
    if matches!(kind, Kind::Int) && i32::try_from(value).is_err() {
        return Err(format!("{number} is too large"));
    }
    Ok(value)
}

#[allow(clippy::cast_possible_truncation, reason = "records have numbers of single precision")]
fn float(number: &Number) -> f32 {
    number.as_f64().unwrap_or_default() as f32
}

/// A number as variable-length zig-zag.
pub(super) fn long(value: i64, out: &mut Vec<u8>) {
    let mut rest = (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned();
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push((rest & 0x7f) as u8);
}

fn string(text: &str, out: &mut Vec<u8>) {
    long(i64::try_from(text.len()).unwrap_or(i64::MAX), out);
    out.extend_from_slice(text.as_bytes());
}

fn described(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    /// Items of arrays that were announced so far.
    items: u64,
}

const ENDS: &str = "the record ends too early";

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Result<&[u8], String> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(ENDS)?;
        self.rest = rest;
        Ok(taken)
    }

    fn long(&mut self) -> Result<i64, String> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()));
            }
        }
        Err("a number is too long".to_owned())
    }

    fn value(&mut self, kind: &Kind) -> Result<Value, String> {
        Ok(match kind {
            Kind::Nullable(inner) => match self.long()? {
                0 => Value::Null,
                1 => self.value(inner)?,
                other => return Err(format!("a union has no branch {other}")),
            },
            Kind::Boolean => Value::Bool(self.take(1)?[0] != 0),
            Kind::Int | Kind::Long => self.long()?.into(),
            Kind::Float => {
                let bytes = self.take(4)?.try_into().map_err(|_| ENDS)?;
                // As it is written in JSON, not with the digits that a double has more.
                let written = f32::from_le_bytes(bytes).to_string().parse().ok();
                Value::Number(written.and_then(Number::from_f64).ok_or("a number is not finite")?)
            }
            Kind::String => {
                let length = usize::try_from(self.long()?).map_err(|_| ENDS)?;
                let text = self.take(length)?;
                str::from_utf8(text).map_err(|_| "a text is not UTF-8")?.into()
            }
            Kind::Millis => {
                let time = DateTime::<Utc>::from_timestamp_millis(self.long()?);
                let time = time.ok_or("a time is out of range")?;
                time.to_rfc3339_opts(SecondsFormat::AutoSi, true).into()
            }
            Kind::Array(inner) => self.array(inner)?,
            Kind::Record(fields) => {
                let mut object = Map::new();
                for field in fields.iter() {
                    object.insert(field.name.clone(), self.value(&field.kind)?);
                }
                Value::Object(object)
            }
        })
    }

    fn array(&mut self, inner: &Kind) -> Result<Value, String> {
        let mut items = Vec::new();
        loop {
            let mut count = self.long()?;
            if count < 0 {
                // The block's size in bytes, for those who skip it.
                self.long()?;
                count = count.checked_neg().ok_or("a list is too long")?;
            }
            if count == 0 {
                return Ok(Value::Array(items));
            }
            self.items = self.items.saturating_add(count.unsigned_abs());
            if self.items > MAX_ITEMS {
                return Err("lists are too long".to_owned());
            }
            for _ in 0..count {
                items.push(self.value(inner)?);
            }
        }
    }
}
