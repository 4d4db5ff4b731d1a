//! The keys of texts that are not compared any more: by the hash of a text, the first article that had
//! it and its story. One row a text, some 60 bytes.

use uuid::Uuid;

use super::{Batch, StoreError, StoryView, engine::Table, passing_over};
use crate::policy::story::{KnownText, TextKey};

impl StoryView {
    /// What is known of a text; nothing where its row is damaged.
    pub fn known_text(&self, key: &TextKey) -> Result<Option<KnownText>, StoreError> {
        let row = self.0.get(Table::TextKeys, key)?;
        row.map_or(Ok(None), |row| passing_over(decode(&row)))
    }

    /// The keys of the texts whose first article is this one. It goes through all keys.
    pub(crate) fn keys_of(&self, article: Uuid) -> Result<Vec<Vec<u8>>, StoreError> {
        let is_of = |row: &[u8]| row.starts_with(article.as_bytes());
        let rows = self.0.from(Table::TextKeys, &[]);
        rows.filter_map(|row| row.map(|(key, row)| is_of(&row).then_some(key)).transpose())
            .collect()
    }
}

impl Batch {
    /// Keeps what is known of a text.
    pub fn known_text(&mut self, key: &TextKey, text: &KnownText) {
        self.put(Table::TextKeys, *key, encode(text));
    }

    /// Forgets the key of a text.
    pub(crate) fn forget_key(&mut self, key: Vec<u8>) {
        self.delete(Table::TextKeys, key);
    }
}

/// Article, story, publication (`i64::MIN` where that is not known), day, times.
fn encode(text: &KnownText) -> Vec<u8> {
    let mut row = Vec::with_capacity(45);
    row.extend(text.article.as_bytes());
    row.extend(text.story.as_bytes());
    row.extend(text.published.unwrap_or(i64::MIN).to_be_bytes());
    row.extend(text.day.to_be_bytes());
    row.push(text.times);
    row
}

pub(super) fn decode(row: &[u8]) -> Result<KnownText, StoreError> {
    let decode = || {
        let (article, row) = row.split_first_chunk::<16>()?;
        let (story, row) = row.split_first_chunk::<16>()?;
        let (published, row) = row.split_first_chunk()?;
        let (day, row) = row.split_first_chunk()?;
        let [times] = row else { return None };
        Some(KnownText {
            article: Uuid::from_bytes(*article),
            story: Uuid::from_bytes(*story),
            published: Some(i64::from_be_bytes(*published)).filter(|time| *time != i64::MIN),
            day: u32::from_be_bytes(*day),
            times: *times,
        })
    };
    decode().ok_or_else(|| StoreError::damaged("text_keys", "it has another length"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_is_small() {
        for published in [None, Some(-7)] {
            let text = KnownText {
                article: Uuid::now_v7(),
                story: Uuid::now_v7(),
                published,
                day: 20_000,
                times: 2,
            };
            let row = encode(&text);
            assert_eq!(decode(&row).unwrap(), text);
            assert!(row.len() <= 45 && decode(&row[1..]).is_err());
        }
    }
}
