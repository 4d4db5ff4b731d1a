//! Erasing: an operator has one article's content removed from everything that is kept here, and its
//! withdrawal published.
//!
//! What stays is what it takes to know the article again, so that it is never published anew: its
//! id, its names and addresses, its revision number, its story's id, and when it was erased.
//!
//! What must stay true: only the committing task does this, or a command while none runs, and publish
//! rests meanwhile, so that no record is sent while it is taken out of the outbox. A record that is
//! taken out keeps its number and its place in the chain.

use chrono::{DateTime, Utc};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{
    DecisionContext, batch::DecisionBatch, look::Withdrawal, stories::Stories, traces::Traces,
};
use crate::{
    base::clock::day,
    model::{
        article::{ArticleState, Verdict},
        pending::{PendingEntry, PendingKey},
        record::{Article, Source, Topic},
    },
    policy::assemble::Assembled,
    store::{
        ArticleStore, EditionStore, LetterStore, LetterSubject, NewRecord, Outbox, OutboxRow,
        StoreError, StoryStore,
    },
};

/// An article that is to be erased.
#[derive(Debug, Clone)]
pub struct EraseOrder {
    /// The article.
    pub article: Uuid,
    /// Its source, as the record of the withdrawal names it where no entry of the article waits.
    pub source: Source,
}

/// Where content of an article is kept, beside what the committing task decides with.
#[derive(Debug, Clone)]
pub struct KeptPlaces {
    /// The records that wait to be published.
    pub outbox: Outbox,
    /// The texts that new ones are compared with.
    pub stories: StoryStore,
    /// What could not be published.
    pub letters: LetterStore,
    /// The last editions of articles.
    pub editions: EditionStore,
}

/// A request to the committing task to erase an article.
#[derive(Debug)]
pub struct EraseRequest {
    /// What is to be erased.
    pub order: EraseOrder,
    /// Where the report is sent; `None` is sent where no such article is known.
    pub answer: oneshot::Sender<Result<Option<EraseReport>, StoreError>>,
}

/// What was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EraseReport {
    /// When the article was erased, where that was before.
    pub before: Option<DateTime<Utc>>,
    /// The revision of its withdrawal, where that was not published before.
    pub withdrawal: Option<u32>,
    /// Records that waited to be published and are not.
    pub records: usize,
    /// Entries and looks that waited to be read.
    pub entries: usize,
    /// Dead letters that were removed.
    pub letters: usize,
    /// Other articles of its story, as far as they are named: they may carry the same text.
    pub others: Vec<Uuid>,
}

/// Erases an article while no daemon runs: durable when it returns. `None` where no such article is
/// known.
///
/// # Errors
/// Where the store cannot be read or written.
pub async fn erase(
    articles: &ArticleStore,
    places: &KeptPlaces,
    order: &EraseOrder,
    now: DateTime<Utc>,
) -> Result<Option<EraseReport>, StoreError> {
    let kept = (places.letters.clone(), places.editions.clone());
    let context = DecisionContext::alone(places.outbox.tail()?, now, kept);
    let (batch, report) = {
        let stories = Stories::without_texts(places.stories.clone()).begin(now)?;
        let mut decisions = DecisionBatch::new(articles.view()?, Some(stories), context);
        let report = decisions.erase(order, places)?;
        (decisions.batch, report)
    };
    articles.commit(batch).await?;
    Ok(report)
}

impl DecisionBatch {
    /// Erases an article; `None` where no such article is known.
    pub(super) fn erase(
        &mut self,
        order: &EraseOrder,
        places: &KeptPlaces,
    ) -> Result<Option<EraseReport>, StoreError> {
        let id = order.article;
        let Some(mut state) = self.state(id)? else { return Ok(None) };
        let mut report = EraseReport { before: state.erased, ..EraseReport::default() };
        report.others = self.others_of_story(id, &state)?;
        if report.before.is_some() {
            return Ok(Some(report));
        }
        let traces = traces(id, &state);
        report.records = self.take_out(&Erased { id, traces: &traces }, &places.outbox)?;
        report.letters = self.erase_letters(id, &traces)?;
        // Whatever is decided from here on is decided on an article that is erased.
        (state.erased, state.shown, state.doubted) = (Some(self.now), None, None);
        state.sketch.clear();
        state.labels.clear();
        self.articles.insert(id, state.clone());
        let waiting = self.waiting_entries(id)?;
        let source = waiting.first().map_or(&order.source, |(_, entry)| &entry.source).clone();
        report.entries = waiting.len();
        for (key, entry) in &waiting {
            self.batch.entry_done(key, entry);
        }
        self.forget_text(id, &places.stories)?;
        places.editions.forget(&mut self.batch, id)?;
        if !state.withdrawn {
            report.withdrawal = Some(state.revision + 1);
            let why = "an operator had it erased";
            self.withdraw(id, state, &Withdrawal { source: &source, page: None, why })?;
        }
        let Some(mut state) = self.state(id)? else { return Ok(None) };
        state.verdict = Verdict {
            what: "erased".to_owned(),
            why: "an operator had it erased".to_owned(),
            at: self.now,
        };
        self.counts.decisions.push("erased");
        self.keep(id, state);
        Ok(Some(report))
    }

    /// Notes that an article that was erased was listed again, maybe under further names.
    pub(super) fn keep_erased(
        &mut self,
        id: Uuid,
        mut state: ArticleState,
        found: &Assembled,
    ) -> Result<(), StoreError> {
        state.day = day(self.now);
        self.add_names(id, &mut state, found)?;
        self.keep(id, state);
        Ok(())
    }

    fn others_of_story(&self, id: Uuid, state: &ArticleState) -> Result<Vec<Uuid>, StoreError> {
        let (Some(stories), Some(story)) = (&self.stories, &state.story) else {
            return Ok(Vec::new());
        };
        let members = stories.state(story.id)?.map(|story| story.members).unwrap_or_default();
        Ok(members.iter().map(|member| member.article).filter(|member| *member != id).collect())
    }

    fn forget_text(&mut self, id: Uuid, kept: &StoryStore) -> Result<(), StoreError> {
        if let Some(stories) = &mut self.stories {
            stories.forget(id);
        }
        // Rows are there also where stories were switched off since.
        let view = kept.view()?;
        view.texts_of(id)?.iter().for_each(|key| self.batch.forget_text(key));
        view.keys_of(id)?.into_iter().for_each(|key| self.batch.forget_key(key));
        Ok(())
    }

    /// Takes the records of an article that wait out of the outbox: their numbers are used up, and
    /// they are not sent.
    fn take_out(&mut self, erased: &Erased<'_>, outbox: &Outbox) -> Result<usize, StoreError> {
        let mut count = 0;
        for row in outbox.waiting_rows()? {
            let row = row?;
            if erased.is_told_by(&row) {
                let record = NewRecord { value: Vec::new(), ..row.record.clone() };
                outbox.replace_in(&mut self.batch, &row, record)?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Ends the dead letters that are of an article: those that name it, and those of entries that are.
    /// What cannot be read tells nothing, and goes with its age.
    fn erase_letters(&mut self, id: Uuid, traces: &Traces) -> Result<usize, StoreError> {
        let (letters, mut count) = (self.letters.clone(), 0);
        let view = letters.view()?;
        for facts in view.latest(Uuid::max()) {
            let facts = facts?;
            let Some(body) = view.body(facts.id)? else { continue };
            let told = serde_json::to_vec(&(&facts, &body.subject)).unwrap_or_default();
            let is_of = match &body.subject {
                LetterSubject::Record(record) => record.key == id.to_string(),
                LetterSubject::Entry(entry) => {
                    self.known_by_entry(entry)?.is_some_and(|known| known.id == id)
                }
                LetterSubject::Unknown => false,
            };
            if is_of
                || traces.are_in(&told)
                || body.unpacked().is_ok_and(|bytes| traces.are_in(&bytes.unwrap_or_default()))
            {
                letters.end(&mut self.batch, facts.id)?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// The entries that wait and are of an article: looks at its page, and what its sources list.
    fn waiting_entries(&self, id: Uuid) -> Result<Vec<(PendingKey, PendingEntry)>, StoreError> {
        let mut found = Vec::new();
        for row in self.view.entries() {
            let (key, entry) = row?;
            let looks = entry.look.as_ref().map(|look| look.article);
            let is_of = match looks {
                Some(article) => article == id,
                None => self.known_by_entry(&entry)?.is_some_and(|known| known.id == id),
            };
            if is_of {
                found.push((key, entry));
            }
        }
        Ok(found)
    }
}

/// The article whose records are taken out of the outbox.
struct Erased<'a> {
    id: Uuid,
    traces: &'a Traces,
}

impl Erased<'_> {
    /// Whether a record that waits has content of the article.
    fn is_told_by(&self, row: &OutboxRow) -> bool {
        let record = &row.record;
        match record.topic {
            _ if record.value.is_empty() => false,
            Topic::Articles => {
                record.key == self.id.to_string() && !Article::withdraws(&record.value)
            }
            Topic::DeadLetters => self.traces.are_in(&record.value),
            // They name articles by id and address, and tell nothing of what these say.
            Topic::Stories => false,
        }
    }
}

/// What tells that bytes that were kept are of an article.
fn traces(id: Uuid, state: &ArticleState) -> Traces {
    let addresses = state.url.iter().chain(&state.alternate_urls).map(String::as_str);
    let headline = state.shown.as_ref().and_then(|shown| shown.title.as_deref());
    Traces::new(id, addresses, headline.into_iter().chain(state.guid.as_deref()))
}
