//! Records as large as bodies can make them.

use serde_json::Value;

use chrono::DateTime;

use super::*;
use crate::{
    model::{
        article::TextRank,
        bounds, clean,
        record::{Change, Part, Source, Topic},
    },
    policy::{
        assemble::{Assembled, Edition},
        decide,
        label::MAX_LABELS,
    },
    stages::commit::DecisionContext,
    store::{Batch, Store, Tail},
};

/// A character that no record may contain, and that JSON writes as six.
const CONTROL: &str = "\u{1}";

/// The content of a record, with each field as large as a body can make it. It is made from the
/// schema, so a new field is in it by itself.
fn largest_content() -> Value {
    let schema = schemars::schema_for!(Content).to_value();
    largest(&schema, "", &schema["$defs"])
}

/// The largest value that a schema allows, and larger than nashra bounds it.
fn largest(schema: &Value, name: &str, types: &Value) -> Value {
    let named = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/"));
    let mut value = named.map_or(Value::Null, |name| largest(&types[name], name, types));
    if let Some(one) = alternatives(schema).iter().find(|one| one["type"] != "null") {
        value = largest(one, name, types);
    }
    let kinds = schema["type"].as_array().map_or(&schema["type"], |kinds| &kinds[0]);
    match (kinds.as_str().unwrap_or_default(), schema["format"].as_str().unwrap_or_default()) {
        _ if !schema["const"].is_null() => schema["const"].clone(),
        _ if schema["enum"].is_array() => schema["enum"][0].clone(),
        ("object", _) => {
            let mut fields = value.as_object().cloned().unwrap_or_default();
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                fields.insert(name.clone(), largest(field, name, types));
            }
            fields.into()
        }
        ("array", _) => {
            let items = &schema["items"];
            let named = items["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/"));
            match alternatives(named.map_or(items, |name| &types[name])) {
                [] => vec![largest(items, name, types); 120].into(),
                all => all.iter().map(|one| largest(one, name, types)).collect(),
            }
        }
        ("string", "date-time") => "1970-01-01T00:00:00Z".into(),
        ("string", _) => match name {
            // Any of them may be the whole text.
            "text" => CONTROL.repeat(700_000).into(),
            // A longer address is left out.
            "url" => "u".repeat(4_000).into(),
            _ => CONTROL.repeat(21_000).into(),
        },
        ("integer", "uint64") => u64::MAX.into(),
        ("integer", _) => u32::MAX.into(),
        ("number", _) => 1.into(),
        ("boolean", _) => true.into(),
        _ => value,
    }
}

fn alternatives(schema: &Value) -> &[Value] {
    let all = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    all.map_or(&[], Vec::as_slice)
}

/// Calls `look` with every text of a value and the name of its field.
fn texts(value: &Value, name: &str, look: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => look(name, text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, name, look)),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| texts(field, name, look));
        }
        _ => {}
    }
}

#[test]
fn every_text_of_every_field_is_cut_and_cleaned() {
    let mut content: Content = serde_json::from_value(largest_content()).unwrap();
    texts(&largest_content(), "", &mut |name, text| {
        assert!(text.len() < 50 || text.len() >= 4_000, "{name} is tried with {text:?}");
    });
    bounds::content(&mut content);
    cut_text(&mut content);
    texts(&serde_json::to_value(&content).unwrap(), "", &mut |name, text| {
        let limit = if name == "text" { MAX_TEXT } else { 20_000 };
        assert!(text.len() <= limit, "{name} is not cut");
    });
    clean::content(&mut content);
    texts(&serde_json::to_value(&content).unwrap(), "", &mut |name, text| {
        assert!(!text.contains(CONTROL), "{name} is not cleaned");
    });
}

#[test]
fn a_record_whose_every_field_is_as_large_as_can_be_fits() {
    let mut content: Content = serde_json::from_value(largest_content()).unwrap();
    bounds::content(&mut content);
    cut_text(&mut content);
    let mut source = Source {
        id: "s".into(),
        name: content.title.clone(),
        kind: "feed".into(),
        url: String::new().into(),
        tags: vec!["\u{1}".repeat(900); 200],
    };
    bounds::source(&mut source);
    let edition = Edition {
        difference: None,
        id: uuid::Uuid::nil(),
        revision: u32::MAX,
        change: Change::Withdrawn,
        changed_fields: decide::fields(&content, None).into_keys().collect(),
        url: Some("u".repeat(bounds::ADDRESS)),
        alternate_urls: vec!["u".repeat(bounds::ADDRESS); 32],
        source,
        story: None,
        labels: vec!["\u{1f30d}".repeat(100); MAX_LABELS],
        first_seen: DateTime::UNIX_EPOCH,
        content_hash: crate::text::content_hash(None, None),
    };
    let address =
        url::Url::parse(&format!("https://n.example/{}", "u".repeat(bounds::ADDRESS))).ok();
    let found = Assembled {
        url: None,
        claimed: false,
        fetched_url: address,
        alternates: Vec::new(),
        names: Vec::new(),
        fetched_at: DateTime::UNIX_EPOCH,
        order: 0,
        text_rank: TextRank::Page,
        part: Some(Part { index: u32::MAX, of: u32::MAX }),
        missing: None,
        shown: None,
        content,
    };
    let article = found.into_record(edition);
    let json = to_json(article);
    assert!(json.len() <= MAX_VALUE, "{}", json.len());
    let kept: Article = serde_json::from_slice(&json).unwrap();
    assert!(kept.content.quality.truncated && kept.content.title.is_some());
}

#[test]
fn what_is_larger_than_all_bounds_allow_becomes_a_small_dead_letter_whatever_it_is() {
    let record = |key: usize, value: usize| NewRecord {
        topic: Topic::DeadLetters,
        key: "k".repeat(key),
        event_id: "e".into(),
        event_type: "t".into(),
        event_source: "/sources/s".into(),
        event_time: DateTime::UNIX_EPOCH,
        traceparent: String::new(),
        routing: crate::model::routing::Routing::default(),
        observed: crate::store::Observed::default(),
        value: vec![b'v'; value],
    };
    let appended = |store: &Store, record: NewRecord| {
        let view = store.articles().view().unwrap();
        let kept = (store.letters(1 << 20), store.editions(crate::store::EditionBounds::NONE));
        let context = DecisionContext::alone(Tail::default(), DateTime::UNIX_EPOCH, kept);
        let mut decisions = DecisionBatch::new(view, None, context);
        decisions.append(record).unwrap();
        decisions.batch
    };
    let plain = |record: NewRecord| {
        let (mut batch, mut tail) = (Batch::default(), Tail::default());
        batch.append(&mut tail, record);
        batch
    };
    let store = Store::in_memory().unwrap();
    assert_eq!(appended(&store, record(10, MAX_VALUE)), plain(record(10, MAX_VALUE)));
    for (key, size) in [(10, MAX_VALUE + 1), (MAX_BESIDE, 10), (MAX_BESIDE, MAX_VALUE + 1)] {
        for topic in [Topic::DeadLetters, Topic::Articles] {
            let (record, store) =
                (NewRecord { topic, ..record(key, size) }, Store::in_memory().unwrap());
            block_on(store.articles().commit(appended(&store, record.clone())));
            let letter = store.outbox().rows_after(0, 1, usize::MAX).unwrap().remove(0).record;
            let told: Value = serde_json::from_slice(&letter.value).unwrap();
            assert_eq!((&told["reason"], &told["source"]["id"]), (&"refused".into(), &"s".into()));
            assert!(letter.value.len() < 4_000 && letter.key.len() < 100);
            // The record is kept; a record of a dead letter has none of its own.
            let view = store.letters(1 << 20).view().unwrap();
            let kept = view.latest(uuid::Uuid::max()).next();
            assert_eq!(kept.is_some(), topic == Topic::Articles);
            if let Some(facts) = kept {
                let body = view.body(facts.unwrap().id).unwrap().unwrap();
                assert_eq!(body.unpacked().unwrap(), Some(record.value));
            }
        }
    }
}

fn block_on(work: impl Future<Output = Result<(), StoreError>>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work).unwrap();
}
