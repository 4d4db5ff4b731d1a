//! Dates that have the publisher's own distance from UTC. Timestamps of Avro and Protobuf have none, so
//! it stands in a field beside them.

use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde_json::{Map, Value};

/// What the name of such a field ends with.
pub(super) const OFFSET: &str = "_offset_minutes";
/// The dates of an article and of each entry of a live blog that have one.
const DATES: [&str; 2] = ["published", "modified"];

/// Writes the distances beside the dates of an article.
pub(super) fn split(article: &mut Value) {
    each_record(article, |record| {
        for name in DATES {
            let Some(date) = record.get(name).and_then(Value::as_str) else { continue };
            let Ok(date) = DateTime::parse_from_rfc3339(date) else { continue };
            let minutes = date.offset().local_minus_utc() / 60;
            record.insert(format!("{name}{OFFSET}"), minutes.into());
        }
    });
}

/// Writes the dates of an article with their distances again.
pub(super) fn join(article: &mut Value) {
    each_record(article, |record| {
        for name in DATES {
            let minutes = record.remove(&format!("{name}{OFFSET}")).and_then(|it| it.as_i64());
            let Some(date) = record.get(name).and_then(Value::as_str) else { continue };
            let Ok(date) = DateTime::parse_from_rfc3339(date) else { continue };
            let offset = minutes
                .and_then(|minutes| i32::try_from(minutes).ok()?.checked_mul(60))
                .and_then(FixedOffset::east_opt);
            if let Some(offset) = offset {
                let date = date.with_timezone(&offset);
                record.insert(
                    name.to_owned(),
                    date.to_rfc3339_opts(SecondsFormat::AutoSi, true).into(),
                );
            }
        }
    });
}

fn each_record(article: &mut Value, change: impl Fn(&mut Map<String, Value>)) {
    let Some(record) = article.as_object_mut() else { return };
    change(record);
    let Some(updates) = record.get_mut("updates").and_then(Value::as_array_mut) else { return };
    for update in updates.iter_mut().filter_map(Value::as_object_mut) {
        change(update);
    }
}
