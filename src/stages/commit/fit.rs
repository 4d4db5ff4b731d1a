//! Keeps each record below the size that every broker takes: the default of Kafka's
//! `message.max.bytes` is 1,048,588 bytes.

use super::{batch::DecisionBatch, dead};
use crate::{
    model::{
        bounds::TEXT as MAX_TEXT,
        record::{Article, Block, Content},
    },
    store::{NewRecord, StoreError},
};

/// The most bytes of a record, with its key and headers.
pub const MAX_RECORD: usize = 1_020_000;
/// The most bytes of a record's JSON value.
const MAX_VALUE: usize = 1_000_000;
/// The most bytes of key and headers together.
const MAX_BESIDE: usize = MAX_RECORD - MAX_VALUE;

/// Why a record may not go to the outbox, where it is larger than the bounds allow.
pub(super) fn too_large(record: &NewRecord) -> Option<String> {
    let beside = beside(record);
    (record.value.len() > MAX_VALUE || beside > MAX_BESIDE)
        .then(|| format!("a record of {} bytes, and {beside} beside them", record.value.len()))
}

/// The bytes of key and headers.
fn beside(record: &NewRecord) -> usize {
    let NewRecord { key, event_id, event_type, event_source, traceparent, .. } = record;
    let fields = [key, event_id, event_type, event_source, traceparent];
    2 * fields.iter().map(|field| field.len()).sum::<usize>()
}

impl DecisionBatch {
    /// Appends a record to the outbox; one that is larger than the bounds allow becomes a dead letter,
    /// whose small record takes its place. Every record of every topic passes through here.
    pub(super) fn append(&mut self, mut record: NewRecord) -> Result<(), StoreError> {
        if let Some(error) = too_large(&record) {
            let is_long = beside(&record) > MAX_BESIDE;
            record = dead::refused(&self.letters, &mut self.batch, &record, error, self.now)?;
            if is_long {
                // The source's id is too long, which no id from the config is.
                (record.key, record.event_source) = (String::new(), "/sources".to_owned());
            }
        }
        self.batch.append(&mut self.tail, record);
        Ok(())
    }
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
        article.difference = None;
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
mod tests;
