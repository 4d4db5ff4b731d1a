//! Keeps a record within what every broker takes: Kafka's default `message.max.bytes` is 1,048,588 bytes.

use chrono::{DateTime, Utc};

use super::dead;
use crate::{
    article::{
        Content,
        bounds::TEXT as MAX_TEXT,
        record::{Article, Block},
    },
    store::NewRecord,
};

/// Bytes of a record, with key and headers.
pub const MAX_RECORD: usize = 1_020_000;
/// Bytes of a record's JSON.
const MAX_VALUE: usize = 1_000_000;
/// Bytes of what stands beside the value.
const BESIDE: usize = MAX_RECORD - MAX_VALUE;

/// A record as it may go to the outbox. Every one of every topic goes through here: one that is larger than all bounds allow
/// becomes a small dead letter.
pub(super) fn within(record: NewRecord, now: DateTime<Utc>) -> NewRecord {
    let NewRecord { key, event_id, event_type, event_source, traceparent, .. } = &record;
    let beside = 2 * [key, event_id, event_type, event_source, traceparent].iter().map(|it| it.len()).sum::<usize>();
    if record.value.len() <= MAX_VALUE && beside <= BESIDE {
        return record;
    }
    let error = format!("a record of {} bytes, and {beside} beside them", record.value.len());
    let mut letter = dead::refused(&record, error, (None, now));
    if beside > BESIDE {
        // No source of the config has such an id.
        (letter.key, letter.event_source) = (String::new(), "/sources".to_owned());
    }
    letter
}

/// Cuts a text that no article has, and says so.
pub(super) fn text(content: &mut Content) {
    cut(content, MAX_TEXT);
}

fn cut(content: &mut Content, limit: usize) {
    let Some(text) = content.text.as_mut().filter(|it| it.len() > limit) else { return };
    text.truncate(text.floor_char_boundary(limit));
    content.quality.truncated = true;
    let mut left = limit;
    content.blocks.retain(|block| {
        let size = block.text().map_or(0, str::len);
        left = left.saturating_sub(size);
        left > 0 || matches!(block, Block::Image(_))
    });
    let blocks = content.blocks.len();
    content.updates.retain(|it| (it.block as usize) < blocks);
}

/// The record as JSON, made smaller until it fits: first what repeats, then what is least, then the text.
pub(super) fn value(mut article: Article) -> Vec<u8> {
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
        for text in [&mut content.title, &mut content.subtitle, &mut content.summary, &mut content.section].into_iter().flatten() {
            text.truncate(text.floor_char_boundary(limit.min(20_000)));
        }
        cut(content, limit);
        if limit < MAX_TEXT / 4 {
            content.blocks.clear();
            content.updates.clear();
        }
        if limit == 0 {
            // Nothing that is left can be large but addresses.
            article.alternate_urls.clear();
            content.images.clear();
            content.enclosures.clear();
            content.keywords.clear();
            content.bylines.clear();
            content.date_notes.clear();
            content.updates.clear();
            article.source.tags.clear();
        }
        content.quality.truncated = true;
    }
}
