//! Takes over what the topics hold of stories: the texts of the articles, so that copies of them are
//! found again, and the stories with their revisions, so that no revision is told twice.
//!
//! What must stay true: a waiting record of a story that the topic holds goes on as the revision after
//! that, or is left out where it tells nothing new.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    base::clock::day,
    model::{
        record::{Article, Topic},
        story::{MAX_MEMBERS, StoryRecord, StoryState},
    },
    policy::story::{self, IndexedText, KnownText, Signer, TextKey},
    store::{Batch, NewRecord, Outbox, OutboxRow, StoreError, StoryView},
    text::tokens::Token,
};

/// The text of a published article, given its tokens, as new ones are compared with it, and its key,
/// where it has one; `None` where it has no story.
pub(super) fn text(article: &Article, tokens: &[Token]) -> Option<(IndexedText, Option<TextKey>)> {
    let id = article.story.as_ref()?.id;
    let signature = Signer::default().sign(tokens);
    let published = article.content.published.map_or(article.first_seen, |date| date.to_utc());
    let key = story::key(tokens, &signature);
    let text = IndexedText {
        article: article.id,
        story: id,
        published: Some(published.min(article.fetched).timestamp()),
        day: day(article.first_seen),
        signature,
    };
    text.signature.is_comparable().then_some((text, key))
}

/// Keeps the text of a published article.
pub(super) fn keep(text: &IndexedText, key: Option<TextKey>, batch: &mut Batch) {
    batch.text(text);
    if let Some(key) = key {
        let IndexedText { article, story, published, day, .. } = *text;
        batch.known_text(&key, &KnownText { article, story, published, day, times: 1 });
    }
}

/// The stories that the topic holds.
pub(super) struct TopicStories<'a> {
    /// The last record of each, which tells all of it.
    held: BTreeMap<Uuid, StoryRecord>,
    view: &'a StoryView,
    now: DateTime<Utc>,
}

impl<'a> TopicStories<'a> {
    /// `told` are the records of the topic, in their order.
    pub(super) fn new(told: Vec<StoryRecord>, view: &'a StoryView, now: DateTime<Utc>) -> Self {
        Self { held: told.into_iter().map(|told| (told.id, told)).collect(), view, now }
    }

    /// Takes them over, and settles the records that wait. `renamed` are articles that turned out to
    /// be others.
    pub(super) fn take_over(
        self,
        outbox: &Outbox,
        renamed: &HashMap<Uuid, Uuid>,
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        let waiting = waiting(outbox)?;
        let mut waits: HashMap<Uuid, u32> = HashMap::new();
        for (id, _) in &waiting {
            *waits.entry(*id).or_default() += 1;
        }
        let mut states = BTreeMap::new();
        for (id, told) in self.held {
            // Consumers do not have the revisions that wait.
            let waits = waits.get(&id).copied().unwrap_or_default();
            let is_newer = self
                .view
                .story(id)?
                .is_none_or(|known| known.revision.saturating_sub(waits) <= told.revision);
            if is_newer {
                states.insert(id, StoryState::of_record(told, day(self.now)));
            }
        }
        for (id, row) in waiting {
            let Some(state) = states.get_mut(&id) else { continue };
            let Ok(mut told) = serde_json::from_slice::<StoryRecord>(&row.record.value) else {
                continue;
            };
            for member in &mut told.members {
                member.article = renamed.get(&member.article).copied().unwrap_or(member.article);
            }
            let value = if add(state, &told) {
                state.revision = state.revision.saturating_add(1);
                serde_json::to_vec(&state.record(id, told.updated)).unwrap_or_default()
            } else {
                // A record without a value is not sent; only its number is used up.
                Vec::new()
            };
            let event_id = format!("{id}/{}", state.revision);
            outbox.replace_in(batch, &row, NewRecord { event_id, value, ..row.record.clone() })?;
        }
        for (id, state) in states {
            batch.story(id, &state);
        }
        Ok(())
    }
}

/// Adds what a waiting record tells to what the topic holds; returns whether that was new.
fn add(state: &mut StoryState, told: &StoryRecord) -> bool {
    let mut is_new = told.merged_into.is_some() && state.merged_into.is_none();
    state.merged_into = state.merged_into.or(told.merged_into);
    for member in &told.members {
        if state.members.iter().all(|known| known.article != member.article) {
            is_new = true;
            state.size = state.size.saturating_add(1);
            if state.members.len() < MAX_MEMBERS {
                state.members.push(member.clone());
            }
        }
    }
    for merged in &told.merged {
        if !state.merged.contains(merged) {
            is_new = true;
            state.merged.push(*merged);
        }
    }
    is_new
}

/// The records of stories that wait, in their order.
fn waiting(outbox: &Outbox) -> Result<Vec<(Uuid, OutboxRow)>, StoreError> {
    let story = |row: OutboxRow| {
        let is_story = row.record.topic == Topic::Stories && !row.record.value.is_empty();
        Some((row.record.key.parse().ok().filter(|_| is_story)?, row))
    };
    outbox.waiting_rows()?.filter_map(|row| row.map(story).transpose()).collect()
}
