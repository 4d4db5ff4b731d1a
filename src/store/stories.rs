//! The committing task's part of the store for stories: the texts of the last days, and the stories
//! with several articles.
//!
//! Texts are kept by the day on which they came, so that retention removes days from the front.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    Batch, StoreError,
    engine::{Engine, Snapshot, Table},
    from_json, json, passing_over,
};
use crate::{
    model::story::StoryState,
    policy::story::{IndexedText, KnownStory, Signature},
};

/// The committing task's handle for stories.
#[derive(Debug, Clone)]
pub struct StoryStore {
    engine: Engine,
}

impl StoryStore {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// A consistent view of what is durable now.
    pub fn view(&self) -> Result<StoryView, StoreError> {
        Ok(StoryView(self.engine.snapshot()?))
    }
}

/// What was durable when the view was taken.
pub struct StoryView(pub(super) Snapshot);

impl StoryView {
    /// What is known of a story with several articles; nothing where its row is damaged.
    pub fn story(&self, id: Uuid) -> Result<Option<StoryState>, StoreError> {
        let row = self.0.get(Table::Stories, id.as_bytes())?;
        row.map_or(Ok(None), |row| passing_over(decode_story(&row)))
    }

    /// The stories with several articles that texts since a day belong to, and those that these were
    /// merged into, as far as their rows can be read. `day` counts since 1970.
    pub fn stories_since(&self, day: u32) -> Result<Vec<KnownStory>, StoreError> {
        let first = first_id(day);
        let mut found = HashMap::new();
        // A story has the id of its first article: most began in these days.
        for row in self.0.from(Table::Stories, first.as_bytes()) {
            let (key, value) = row?;
            if let (Ok(id), Some(state)) =
                (Uuid::from_slice(&key), passing_over(decode_story(&value))?)
            {
                found.insert(id, known(id, &state));
            }
        }
        let mut wanted: Vec<Uuid> = Vec::new();
        for row in self.0.from(Table::Texts, &day.to_be_bytes()) {
            wanted.extend(story_of(&row?.1).filter(|story| *story < first));
        }
        wanted.extend(found.values().filter_map(|story| story.merged_into));
        while let Some(id) = wanted.pop() {
            if !found.contains_key(&id)
                && let Some(state) = self.story(id)?
            {
                wanted.extend(state.merged_into);
                found.insert(id, known(id, &state));
            }
        }
        Ok(found.into_values().collect())
    }

    /// The keys of the rows with an article's text.
    pub(crate) fn texts_of(&self, article: Uuid) -> Result<Vec<[u8; 20]>, StoreError> {
        let (mut found, mut from) = (Vec::new(), Some(0));
        // The rows of one day are in the order of their articles, so each day takes two look-ups.
        while let Some(first) = from.take()
            && let Some(row) = self.0.from(Table::Texts, &u32::to_be_bytes(first)).next()
            && let Some(day) = day_of(&row?.0)
        {
            let key = key(day, article);
            if self.0.get(Table::Texts, &key)?.is_some() {
                found.push(key);
            }
            from = day.checked_add(1);
        }
        Ok(found)
    }

    /// The texts that came since a day (since 1970), oldest first, those that can be read.
    pub fn texts_since(&self, day: u32) -> impl Iterator<Item = Result<IndexedText, StoreError>> {
        let rows = self.0.from(Table::Texts, &day.to_be_bytes());
        rows.filter_map(|row| {
            row.and_then(|(key, value)| passing_over(decode_text(&key, &value))).transpose()
        })
    }
}

/// An id before all that are made on a day or later.
fn first_id(day: u32) -> Uuid {
    let ms = u64::from(day) * 86_400_000;
    uuid::Builder::from_unix_timestamp_millis(ms, &[0; 10]).into_uuid()
}

/// The story of a text, by its row.
fn story_of(row: &[u8]) -> Option<Uuid> {
    row.first_chunk().map(|story| Uuid::from_bytes(*story))
}

/// A story as the index knows it.
pub(crate) fn known(id: Uuid, state: &StoryState) -> KnownStory {
    KnownStory {
        id,
        merged_into: state.merged_into,
        size: state.size,
        original: (state.original, state.published),
    }
}

impl Batch {
    /// Keeps a text of the index.
    pub fn text(&mut self, text: &IndexedText) {
        self.put(Table::Texts, key(text.day, text.article), encode_text(text));
    }

    /// Forgets a text of the index.
    pub(crate) fn forget_text(&mut self, key: &[u8; 20]) {
        self.delete(Table::Texts, *key);
    }

    /// Keeps what is known of a story.
    pub fn story(&mut self, id: Uuid, state: &StoryState) {
        self.put(Table::Stories, *id.as_bytes(), json(state));
    }
}

/// The day, then the article: ids of articles are in the order of their times.
fn key(day: u32, article: Uuid) -> [u8; 20] {
    let mut key = [0; 20];
    let (front, back) = key.split_at_mut(4);
    front.copy_from_slice(&day.to_be_bytes());
    back.copy_from_slice(article.as_bytes());
    key
}

/// The day of a row of [`Table::Texts`].
pub(super) fn day_of(key: &[u8]) -> Option<u32> {
    key.first_chunk().map(|day| u32::from_be_bytes(*day))
}

/// The story; when it was published (`i64::MIN` where that is not known); the signature.
fn encode_text(text: &IndexedText) -> Vec<u8> {
    let mut row = text.story.as_bytes().to_vec();
    row.extend(text.published.unwrap_or(i64::MIN).to_be_bytes());
    row.extend(text.signature.to_bytes());
    row
}

pub(super) fn decode_text(key: &[u8], row: &[u8]) -> Result<IndexedText, StoreError> {
    let decode = || {
        let article = Uuid::from_slice(key.get(4..)?).ok()?;
        let (story, row) = row.split_first_chunk::<16>()?;
        let (published, signature) = row.split_first_chunk()?;
        Some(IndexedText {
            article,
            story: Uuid::from_bytes(*story),
            published: Some(i64::from_be_bytes(*published)).filter(|time| *time != i64::MIN),
            day: day_of(key)?,
            signature: Signature::from_bytes(signature)?,
        })
    };
    decode().ok_or_else(|| StoreError::damaged("texts", "it is cut off"))
}

pub(super) fn decode_story(row: &[u8]) -> Result<StoryState, StoreError> {
    from_json("stories", row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{policy::story::Signer, text::tokens};

    #[test]
    fn a_text_is_read_as_it_was_written() {
        for published in [None, Some(-7), Some(1_700_000_000)] {
            let text = IndexedText {
                article: Uuid::now_v7(),
                story: Uuid::now_v7(),
                published,
                day: 20_000,
                signature: Signer::default()
                    .sign(&tokens::read("ten words of some text, 12 of them, are enough here")),
            };
            assert_eq!(
                decode_text(&key(text.day, text.article), &encode_text(&text)).unwrap(),
                text
            );
        }
    }
}
