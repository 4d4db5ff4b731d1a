//! Keeps each record below the size that every broker takes: the default of Kafka's
//! `message.max.bytes` is 1,048,588 bytes.

use chrono::{DateTime, Utc};

use super::dead;
use crate::{
    model::{
        bounds::TEXT as MAX_TEXT,
        record::{Article, Block, Content},
    },
    store::NewRecord,
};

/// The most bytes of a record, with its key and headers.
pub const MAX_RECORD: usize = 1_020_000;
/// The most bytes of a record's JSON value.
const MAX_VALUE: usize = 1_000_000;
/// The most bytes of key and headers together.
const MAX_BESIDE: usize = MAX_RECORD - MAX_VALUE;

/// A record as it may go to the outbox: one that is larger than the bounds allow becomes a small
/// dead letter. Every record of every topic passes through here.
pub(super) fn bounded(record: NewRecord, now: DateTime<Utc>) -> NewRecord {
    let NewRecord { key, event_id, event_type, event_source, traceparent, .. } = &record;
    let beside = 2 * [key, event_id, event_type, event_source, traceparent]
        .iter()
        .map(|field| field.len())
        .sum::<usize>();
    if record.value.len() <= MAX_VALUE && beside <= MAX_BESIDE {
        return record;
    }
    let error = format!("a record of {} bytes, and {beside} beside them", record.value.len());
    let mut letter = dead::refused(&record, error, None, now);
    if beside > MAX_BESIDE {
        // The source's id is too long, which no id from the config is.
        (letter.key, letter.event_source) = (String::new(), "/sources".to_owned());
    }
    letter
}

/// Cuts a text that is longer than that of any article, and notes that in `quality.truncated`.
pub(super) fn cut_text(content: &mut Content) {
    cut_text_to(content, MAX_TEXT);
}

fn cut_text_to(content: &mut Content, limit: usize) {
    let Some(text) = content.text.as_mut().filter(|text| text.len() > limit) else { return };
    text.truncate(text.floor_char_boundary(limit));
    content.quality.truncated = true;
    let mut left = limit;
    content.blocks.retain(|block| {
        let size = block.text().map_or(0, str::len);
        left = left.saturating_sub(size);
        left > 0 || matches!(block, Block::Image(_))
    });
    let blocks = content.blocks.len();
    content.updates.retain(|update| (update.block as usize) < blocks);
}

/// The record as JSON. An article that is too large is cut in steps until it fits: first its lists,
/// its short texts and its text, at last all that can be large.
pub(super) fn to_json(mut article: Article) -> Vec<u8> {
    let mut limit = MAX_TEXT;
    loop {
        // Our own plain types always serialise.
        let json = serde_json::to_vec(&article).unwrap_or_default();
        if json.len() <= MAX_VALUE || limit == 0 {
            return json;
        }
        limit /= 2;
        let content = &mut article.content;
        content.related.clear();
        content.keywords.truncate(100);
        content.bylines.truncate(50);
        content.images.truncate(50);
        content.enclosures.truncate(50);
        for text in
            [&mut content.title, &mut content.subtitle, &mut content.summary, &mut content.section]
                .into_iter()
                .flatten()
        {
            text.truncate(text.floor_char_boundary(limit.min(20_000)));
        }
        cut_text_to(content, limit);
        if limit < MAX_TEXT / 4 {
            content.blocks.clear();
            content.updates.clear();
        }
        if limit == 0 {
            // Only lists can still be large.
            content.clear_lists();
            article.alternate_urls.clear();
            article.source.tags.clear();
        }
        content.quality.truncated = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{
            article::TextRank,
            bounds,
            record::{Change, Part, Source, Topic},
        },
        policy::{
            assemble::{Assembled, Edition},
            decide,
        },
    };

    #[test]
    fn a_record_whose_every_field_is_as_large_as_can_be_fits() {
        let mut content = Content::largest();
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
            id: uuid::Uuid::nil(),
            revision: u32::MAX,
            change: Change::Withdrawn,
            changed_fields: decide::fields(&content, None).into_keys().collect(),
            url: Some("u".repeat(bounds::ADDRESS)),
            alternate_urls: vec!["u".repeat(bounds::ADDRESS); 32],
            source,
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
            value: vec![b'v'; value],
        };
        assert_eq!(bounded(record(10, MAX_VALUE), DateTime::UNIX_EPOCH), record(10, MAX_VALUE));
        for (key, size) in [(10, MAX_VALUE + 1), (MAX_BESIDE, 10), (MAX_BESIDE, MAX_VALUE + 1)] {
            let letter = bounded(record(key, size), DateTime::UNIX_EPOCH);
            let told: serde_json::Value = serde_json::from_slice(&letter.value).unwrap();
            assert_eq!((&told["reason"], &told["source"]["id"]), (&"refused".into(), &"s".into()));
            assert!(letter.value.len() < 4_000 && letter.key.len() < 100);
        }
    }
}
