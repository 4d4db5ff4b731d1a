//! How moments with their distance from UTC stand in records: RFC 3339, `Z` where there is none.

use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde::{Deserialize, Deserializer, Serializer};

/// Writes a moment as RFC 3339; for `#[serde(with)]`.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(
    time: &Option<DateTime<FixedOffset>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        None => serializer.serialize_none(),
    }
}

/// Reads a moment from RFC 3339; for `#[serde(with)]`.
///
/// # Errors
/// A text that is not RFC 3339.
pub fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<FixedOffset>>, D::Error> {
    Option::deserialize(deserializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Record(#[serde(with = "super")] Option<DateTime<FixedOffset>>);

    #[test]
    fn a_moment_keeps_its_distance_from_utc_and_utc_is_a_z() {
        for text in [
            "\"2026-03-04T01:02:03+09:00\"",
            "\"2026-03-04T01:02:03Z\"",
            "\"2026-03-04T01:02:03.250-03:30\"",
            "null",
        ] {
            let read: Record = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
        }
    }
}
