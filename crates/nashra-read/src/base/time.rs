//! How times stand in rows of the store that are read and written at each poll: as nanoseconds
//! since 1970, because a date in words takes twenty times as long. What must stay true: dates in
//! words (RFC 3339), as older rows have them, are read as well.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{
    Deserializer, Serialize as _, Serializer,
    de::{Error, Visitor},
};

/// For `#[serde(with = "…")]`: as a number, or nothing. A time that no 64 bits hold (before 1677
/// or after 2262) is written in words.
pub fn serialize<S: Serializer>(
    time: &Option<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time.map(|time| time.timestamp_nanos_opt().ok_or(time)) {
        None => serializer.serialize_none(),
        Some(Ok(nanos)) => serializer.serialize_i64(nanos),
        Some(Err(time)) => time.serialize(serializer),
    }
}

/// A number, a date in words, or nothing.
pub fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    deserializer.deserialize_any(Reader)
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = Option<DateTime<Utc>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nanoseconds since 1970, or a date of RFC 3339")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, nanos: i64) -> Result<Self::Value, E> {
        Ok(Some(DateTime::from_timestamp_nanos(nanos)))
    }

    fn visit_u64<E: Error>(self, nanos: u64) -> Result<Self::Value, E> {
        i64::try_from(nanos).map_err(E::custom).and_then(|nanos| self.visit_i64(nanos))
    }

    fn visit_str<E: Error>(self, words: &str) -> Result<Self::Value, E> {
        words.parse().map(Some).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Row(#[serde(with = "super")] Option<DateTime<Utc>>);

    #[test]
    fn times_are_read_back_to_the_nanosecond_and_dates_of_older_rows_are_read() {
        for (words, row) in [
            ("2026-11-29T11:48:35.190451206Z", "1795952915190451206"),
            ("1969-12-31T23:59:59.5Z", "-500000000"),
            ("2400-01-01T00:00:00Z", "\"2400-01-01T00:00:00Z\""),
        ] {
            let time = Row(Some(words.parse().unwrap()));
            assert_eq!(serde_json::to_string(&time).unwrap(), row);
            assert_eq!(serde_json::from_str::<Row>(row).unwrap(), time);
            assert_eq!(serde_json::from_str::<Row>(&format!("\"{words}\"")).unwrap(), time);
        }
        assert_eq!(serde_json::to_string(&Row(None)).unwrap(), "null");
        assert_eq!(serde_json::from_str::<Row>("null").unwrap(), Row(None));
        assert!(serde_json::from_str::<Row>("18446744073709551615").is_err());
    }
}
