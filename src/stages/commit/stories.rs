//! The story of each new article: found in the index, kept in the batch of the article's decision,
//! told in its record and in the story's own.
//!
//! What must stay true: an article that has a story keeps it, and what the index knows is durable
//! with the article that it knows it from.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::edition;
use crate::{
    base::{clock::day, private},
    model::{
        article::ArticleState,
        record::{Content, Topic},
        routing::Routing,
        story::{MAX_MEMBERS, Role, SCHEMA, Story, StoryMember, StoryState},
    },
    policy::story::{
        self, Assignment, ExactCopy, IndexedText, KnownStory, KnownText, NewText, Signer,
        StoryIndex, TextKey,
    },
    store::{Batch, NewRecord, Observed, StoreError, StoryStore, StoryView},
    text::tokens::Token,
};

/// How often in a row a story is followed into the one that it was merged into.
const MAX_MERGES: usize = 64;

/// How stories are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoryRules {
    /// For how long a text is compared with new ones; zero switches stories off.
    pub compare_for: Duration,
    /// For how long a text is known again that is not compared any more; zero keeps no keys.
    pub exact_for: Duration,
    /// The most memory of the texts that are compared, in bytes.
    pub memory: usize,
}

/// Finds the stories of articles. It belongs to the committing task alone.
#[derive(Debug)]
pub(super) struct Stories {
    store: StoryStore,
    index: StoryIndex,
    signer: Signer,
    days: u32,
    /// For how many days keys are kept.
    key_days: u32,
}

/// Stories of one group of decisions: what is durable, and what the batch adds.
pub(super) struct StoryBatch {
    stories: Stories,
    view: StoryView,
    changed: HashMap<Uuid, StoryState>,
}

/// An article as its story sees it.
pub(super) struct StoryArticle<'a> {
    pub(super) id: Uuid,
    pub(super) state: &'a ArticleState,
    pub(super) content: &'a Content,
    /// The tokens of its text.
    pub(super) tokens: &'a [Token],
    pub(super) now: DateTime<Utc>,
    /// Looks up what is known of another article.
    pub(super) known: &'a dyn Fn(Uuid) -> Result<Option<ArticleState>, StoreError>,
}

impl Stories {
    /// Reads the texts of the last days; `None` where stories are switched off.
    pub(super) fn load(
        store: StoryStore,
        rules: StoryRules,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, StoreError> {
        let (days, key_days) = (whole_days(rules.compare_for), whole_days(rules.exact_for));
        if days == 0 {
            return Ok(None);
        }
        let view = store.view()?;
        let mut failed = None;
        let since = day(now).saturating_sub(days);
        let texts = view
            .texts_since(since)
            .map_while(|text| text.map_err(|error| failed = Some(error)).ok());
        let index = StoryIndex::restore(rules.memory, view.stories_since(since)?, texts);
        let stories = Self { store, index, signer: Signer::default(), days, key_days };
        failed.map_or(Ok(Some(stories)), Err)
    }

    /// Stories without the texts, where no new article is to be compared.
    pub(super) fn without_texts(store: StoryStore) -> Self {
        Self { store, index: StoryIndex::new(0), signer: Signer::default(), days: 0, key_days: 0 }
    }

    /// Texts that are compared with new ones, and the memory of them in bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.index.len(), self.index.bytes())
    }

    /// Begins a group of decisions.
    pub(super) fn begin(mut self, now: DateTime<Utc>) -> Result<StoryBatch, StoreError> {
        self.index.forget_before(day(now).saturating_sub(self.days));
        let view = self.store.view()?;
        Ok(StoryBatch { stories: self, view, changed: HashMap::new() })
    }
}

impl StoryBatch {
    /// Ends the group.
    pub(super) fn finish(self) -> Stories {
        self.stories
    }

    /// The story of an article that has none, and the records of the stories that it changes.
    pub(super) fn assign(
        &mut self,
        article: &StoryArticle<'_>,
        batch: &mut Batch,
    ) -> Result<(Story, Vec<NewRecord>), StoreError> {
        let StoryArticle { id, now, content, tokens, .. } = *article;
        let signature = self.stories.signer.sign(tokens);
        // What is announced for a later day came today. Dates that are none were left out before.
        let published = content.published.map_or(now, |published| published.to_utc().min(now));
        let (published, day) = (Some(published.timestamp()), day(now));
        let key = story::key(tokens, &signature).filter(|_| self.stories.key_days > 0);
        let text = NewText { article: id, published, day, signature: signature.clone() };
        let assigned = self.assign_text(article, text, key, batch)?;
        // What the index does not hold now, it must not hold after a restart.
        if signature.is_comparable() {
            let story = assigned.story;
            batch.text(&IndexedText { article: id, story, published, day, signature });
        }
        let mut records = Vec::new();
        for known in &assigned.changed {
            let (state, is_told) = self.change(article, known, &assigned, batch)?;
            records.extend(is_told.then(|| record(known.id, &state, now)));
        }
        Ok((told(&assigned), records))
    }

    /// The story of a text: found in the index, else by the key of the text. Keeps the key.
    fn assign_text(
        &mut self,
        article: &StoryArticle<'_>,
        text: NewText,
        key: Option<TextKey>,
        batch: &mut Batch,
    ) -> Result<Assignment, StoreError> {
        let (published, day) = (text.published, text.day);
        let oldest = day.saturating_sub(self.stories.key_days);
        let (mut before, mut failed, mut is_unlike) = (None, None, false);
        let (view, changed) = (&self.view, &self.changed);
        let assigned = self.stories.index.assign(text, || {
            is_unlike = true;
            let found = find_exact(view, changed, article, key.as_ref()?, oldest);
            let found = found.map_err(|error| failed = Some(error)).ok().flatten()?;
            before = Some(found.0);
            found.1
        });
        if let Some(error) = failed {
            return Err(error);
        }
        let Some(key) = key else { return Ok(assigned) };
        let compared = (!is_unlike).then(|| assigned.is_of_same_text());
        if compared == Some(false) {
            before = known_text(view, &key, oldest)?;
        }
        let new =
            KnownText { article: article.id, story: assigned.story, published, day, times: 1 };
        if let Some(known) = KnownText::replace(before, compared, new) {
            batch.known_text(&key, &known);
        }
        Ok(assigned)
    }

    /// Has new texts compared with the present text of an article that has its story.
    pub(super) fn revise(&mut self, id: Uuid, story: Uuid, tokens: &[Token], batch: &mut Batch) {
        if self.stories.index.is_empty() {
            return;
        }
        let signature = self.stories.signer.sign(tokens);
        if let Some((published, day)) = self.stories.index.revise(id, &signature) {
            batch.text(&IndexedText { article: id, story, published, day, signature });
        }
    }

    /// Notes that an article of a story is withdrawn, or is not any more. Returns the record of the
    /// story, where it names the article.
    pub(super) fn tell_withdrawn(
        &mut self,
        article: Uuid,
        of: &ArticleState,
        now: DateTime<Utc>,
        batch: &mut Batch,
    ) -> Result<Option<NewRecord>, StoreError> {
        let Some(id) = of.story.as_ref().map(|story| story.id) else { return Ok(None) };
        let Some(mut state) = self.state(id)? else { return Ok(None) };
        let named = state.members.iter_mut().find(|member| member.article == article);
        let Some(member) = named.filter(|member| member.withdrawn != of.withdrawn) else {
            return Ok(None);
        };
        member.withdrawn = of.withdrawn;
        state.revision = state.revision.saturating_add(1);
        batch.story(id, &state);
        let told = record(id, &state, now);
        self.changed.insert(id, state);
        Ok(Some(told))
    }

    /// Has the text of an article compared with none any more.
    pub(super) fn forget(&mut self, article: Uuid) {
        self.stories.index.forget(article);
    }

    /// What is kept of a story, with what the batch adds to it.
    pub(super) fn state(&self, id: Uuid) -> Result<Option<StoryState>, StoreError> {
        story_state(&self.view, &self.changed, id)
    }

    /// A story of which nothing is kept yet: until now it had one article, whose id is its own.
    fn first(article: &StoryArticle<'_>, id: Uuid) -> Result<StoryState, StoreError> {
        let first = (article.known)(id)?;
        let alone = Story { id, role: Role::Original, of: None, similarity: None, size: 1 };
        Ok(StoryState {
            merged_into: None,
            merged: Vec::new(),
            revision: 0,
            size: 1,
            original: id,
            published: None,
            members: first.iter().map(|state| member(id, state, &alone)).collect(),
            day: 0,
        })
    }

    /// Brings what is kept of a story up to date; returns it, and whether consumers are told. Of a
    /// story that has more articles than a record names, they are told now and then.
    fn change(
        &mut self,
        article: &StoryArticle<'_>,
        known: &KnownStory,
        assigned: &Assignment,
        batch: &mut Batch,
    ) -> Result<(StoryState, bool), StoreError> {
        let mut state = match self.state(known.id)? {
            Some(state) => state,
            None => Self::first(article, known.id)?,
        };
        let is_other = state.merged_into != known.merged_into
            || state.original != known.original.0
            || assigned.changed.len() > 1;
        (state.size, state.merged_into) = (known.size, known.merged_into);
        (state.original, state.published) = known.original;
        state.day = day(article.now);
        if known.id == assigned.story {
            let gone = assigned.changed.iter().filter(|story| story.id != known.id);
            state.merged.extend(gone.map(|story| story.id));
        }
        let has_room = known.id == assigned.story && state.members.len() < MAX_MEMBERS;
        if has_room {
            state.members.push(member(article.id, article.state, &told(assigned)));
        }
        let is_told = has_room || is_other || (state.size as usize).is_multiple_of(MAX_MEMBERS);
        state.revision = state.revision.saturating_add(u32::from(is_told));
        batch.story(known.id, &state);
        self.changed.insert(known.id, state.clone());
        Ok((state, is_told))
    }
}

/// What is known of a text that no text in the index is like, and the article that it makes this one
/// a copy of, where it does.
fn find_exact(
    view: &StoryView,
    changed: &HashMap<Uuid, StoryState>,
    article: &StoryArticle<'_>,
    key: &TextKey,
    oldest: u32,
) -> Result<Option<(KnownText, Option<ExactCopy>)>, StoreError> {
    let Some(found) = known_text(view, key, oldest)? else { return Ok(None) };
    if found.is_template() {
        return Ok(Some((found, None)));
    }
    let mut story = KnownStory {
        id: found.story,
        merged_into: None,
        size: 1,
        original: (found.article, found.published),
    };
    // A story that was merged leads to one that may have been merged, too.
    for _ in 0..MAX_MERGES {
        let Some(state) = story_state(view, changed, story.id)? else { break };
        let Some(into) = state.merged_into else {
            (story.size, story.original) = (state.size, (state.original, state.published));
            break;
        };
        story.id = into;
    }
    let is_erased = (article.known)(found.article)?.is_some_and(|state| state.erased.is_some());
    Ok(Some((found, (!is_erased).then_some(ExactCopy { of: found.article, story }))))
}

/// What is known of a text that came on a day or later, when it was not compared any more.
fn known_text(
    view: &StoryView,
    key: &TextKey,
    oldest: u32,
) -> Result<Option<KnownText>, StoreError> {
    Ok(view.known_text(key)?.filter(|found| found.day >= oldest))
}

/// What is kept of a story, with what a batch adds to it.
fn story_state(
    view: &StoryView,
    changed: &HashMap<Uuid, StoryState>,
    id: Uuid,
) -> Result<Option<StoryState>, StoreError> {
    changed.get(&id).map_or_else(|| view.story(id), |state| Ok(Some(state.clone())))
}

fn whole_days(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs().div_ceil(86_400)).unwrap_or(u32::MAX)
}

/// What an article's record says of its story.
fn told(assigned: &Assignment) -> Story {
    let like = assigned.like.as_ref();
    Story {
        id: assigned.story,
        role: assigned.role,
        of: like.map(|(article, _)| *article),
        similarity: like.map(|(_, overlap)| overlap.contained),
        size: assigned.size,
    }
}

fn member(article: Uuid, state: &ArticleState, story: &Story) -> StoryMember {
    StoryMember {
        article,
        source: state.source.clone(),
        url: state.url.as_deref().map(|url| private::shown(url).into_owned()),
        role: story.role,
        similarity: story.similarity,
        withdrawn: state.withdrawn,
    }
}

fn record(id: Uuid, state: &StoryState, now: DateTime<Utc>) -> NewRecord {
    NewRecord {
        topic: Topic::Stories,
        key: id.to_string(),
        event_id: format!("{id}/{}", state.revision),
        event_type: SCHEMA.to_owned(),
        event_source: "/stories".to_owned(),
        event_time: now,
        traceparent: edition::traceparent(),
        routing: Routing::default(),
        observed: Observed::default(),
        value: serde_json::to_vec(&state.record(id, now)).unwrap_or_default(),
    }
}
