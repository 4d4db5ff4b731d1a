//! The decisions on a group of candidates while they are made: each sees what those before it in
//! the group decided, and all become durable in one batch.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    DecisionContext, difference, edition, identify,
    revisit::{DoubtOutcome, RevisitRules},
    spans::name_trace,
    stories::{StoryArticle, StoryBatch},
};
use crate::{
    base::clock::day,
    model::{
        article::{ArticleState, TextRank, Verdict},
        candidate::{Candidate, DeadPage, PageOutcome},
        lane::Lane,
        pending::{PendingEntry, PendingKey},
        record::{Change, Content, TextChange},
        routing::Routing,
        source::Validators,
    },
    policy::{
        assemble::{self, Assembled},
        decide::{self, Decision, FoundEdition},
        doubt, evidence, freshness,
        label::Labels,
        looks::Hosts,
        route::Routes,
    },
    store::{ArticleView, Batch, EditionStore, LetterStore, NewRecord, StoreError, Tail},
    telemetry::metrics::{self, Success},
    text::{self, sketch},
};

/// The decisions of one group while they are made: a view of what is durable, and what the batch
/// will add to it.
pub(super) struct DecisionBatch {
    pub(super) view: ArticleView,
    /// The stories; `None` where they are switched off.
    pub(super) stories: Option<StoryBatch>,
    /// Aliases that the batch adds.
    pub(super) aliases: HashMap<[u8; 16], Uuid>,
    /// States of articles that the batch writes.
    pub(super) articles: HashMap<Uuid, ArticleState>,
    pub(super) batch: Batch,
    /// Where the outbox ends after the batch.
    pub(super) tail: Tail,
    pub(super) now: DateTime<Utc>,
    /// The same moment by a clock that nobody sets.
    pub(super) at: Instant,
    pub(super) revisits: RevisitRules,
    /// Whether records tell where their text differs from the one before.
    differences: bool,
    /// The rules for labels.
    pub(super) labels: Arc<Labels>,
    /// Which further topics articles go to.
    pub(super) routes: Arc<Routes>,
    /// What this process has seen of hosts.
    pub(super) hosts: Hosts,
    /// The row that the entry of the present candidate was moved to.
    pub(super) moved: Option<PendingKey>,
    /// What could not be published.
    pub(super) letters: LetterStore,
    /// The last editions of articles.
    pub(super) editions: EditionStore,
    /// Letters that are tried again.
    pub(super) retried: HashSet<Uuid>,
    /// Lanes in which entries of these letters are due (milliseconds since 1970).
    pub(super) wakes: Vec<(Lane, u64)>,
    pub(super) counts: DecisionCounts,
}

/// What is counted once the batch is durable, by the labels of the metrics.
#[derive(Default)]
pub(super) struct DecisionCounts {
    pub(super) decisions: Vec<&'static str>,
    roles: Vec<&'static str>,
    pub(super) dead: Vec<&'static str>,
    pub(super) looks: Vec<&'static str>,
    /// The labels of each edition to which rules were applied, and how long that took.
    pub(super) labels: Vec<(usize, Duration)>,
    /// New articles: when they were published, where that is known, and first seen.
    new: Vec<(Option<DateTime<Utc>>, DateTime<Utc>)>,
}

impl DecisionCounts {
    /// Reports them to the metrics; they became durable now.
    pub(super) fn report(self, now: DateTime<Utc>) {
        if self.decisions.iter().any(|decision| matches!(*decision, "new" | "revised")) {
            metrics::succeeded(Success::Article, now);
        }
        for (published, first_seen) in self.new {
            metrics::new_article(published, first_seen, now);
        }
        self.decisions.into_iter().for_each(metrics::article);
        self.roles.into_iter().for_each(metrics::story);
        self.dead.into_iter().for_each(metrics::dead_letter);
        self.looks.into_iter().for_each(metrics::look);
        self.labels.into_iter().for_each(|(labels, took)| metrics::labelled(labels, took));
    }
}

impl DecisionBatch {
    /// An empty batch.
    pub(super) fn new(
        view: ArticleView,
        stories: Option<StoryBatch>,
        context: DecisionContext,
    ) -> Self {
        let DecisionContext {
            tail,
            now,
            at,
            revisits,
            differences,
            labels,
            routes,
            hosts,
            letters,
            editions,
        } = context;
        Self {
            view,
            stories,
            aliases: HashMap::new(),
            articles: HashMap::new(),
            batch: Batch::default(),
            tail,
            now,
            at,
            revisits,
            differences,
            labels,
            routes,
            hosts,
            moved: None,
            letters,
            editions,
            retried: HashSet::new(),
            wakes: Vec::new(),
            counts: DecisionCounts::default(),
        }
    }

    /// Decides on a candidate; returns the row that its entry was moved to, where it is read again.
    pub(super) fn decide(
        &mut self,
        candidate: Candidate,
    ) -> Result<Option<PendingKey>, StoreError> {
        self.decide_candidate(candidate)?;
        Ok(self.moved.take())
    }

    fn decide_candidate(&mut self, candidate: Candidate) -> Result<(), StoreError> {
        let Candidate { key, mut entry, mut reading } = candidate;
        self.recall_shared_link(&mut entry, &mut reading)?;
        self.note_host(&key, &entry, &reading);
        let mut validators = Validators::default();
        let found = match reading {
            PageOutcome::Later { pause, error, tried } => {
                entry.tries += u32::from(tried);
                if !tried {
                    entry.held_s += u64::try_from(pause.num_seconds()).unwrap_or(0);
                }
                entry.last_error = Some(error);
                self.retry_at(&key, self.now + pause, &entry);
                return Ok(());
            }
            PageOutcome::Looked(outcome) => return self.decide_look(&key, entry, outcome),
            PageOutcome::Page(fetched) => {
                validators.clone_from(&fetched.validators);
                let first = fetched
                    .page
                    .articles
                    .first()
                    .map(|article| article.content.clone())
                    .unwrap_or_default();
                let page = doubt::ShownPage::new(&first, fetched.end);
                let found = assemble::from_page(&entry, *fetched);
                let names = found.first().map(|found| found.names.as_slice()).unwrap_or_default();
                match self.judge_doubt(&key, &mut entry, names, page)? {
                    DoubtOutcome::Settled => return Ok(()),
                    DoubtOutcome::GivenUp => vec![assemble::from_feed(&entry, self.now)],
                    DoubtOutcome::Believed => {
                        self.end_letter(&entry)?;
                        found
                    }
                }
            }
            PageOutcome::FeedOnly { at } => {
                self.end_letter(&entry)?;
                vec![assemble::from_feed(&entry, at)]
            }
            PageOutcome::Dead(dead) => self.decide_dead(&key, &entry, &dead)?,
            PageOutcome::Replaced => Vec::new(),
        };
        let (mut is_first_unchanged, mut first_id) = (false, None);
        for (index, article) in found.into_iter().enumerate().filter(|(_, article)| {
            article.content.title.is_some() || article.content.text.is_some()
        }) {
            let (id, is_unchanged) = self.decide_article(&entry, article)?;
            if index == 0 {
                (is_first_unchanged, first_id) = (is_unchanged, Some(id));
            }
        }
        if !is_first_unchanged || !self.revisit_unchanged(&key, &mut entry) {
            self.look_again_or_end(&key, &mut entry, first_id, validators);
        }
        Ok(())
    }

    /// Makes a dead letter of a page that could not be read; returns the article that its source's
    /// words make.
    fn decide_dead(
        &mut self,
        key: &PendingKey,
        entry: &PendingEntry,
        dead: &DeadPage,
    ) -> Result<Vec<Assembled>, StoreError> {
        // Nothing is told of what was erased.
        if self.is_erased(entry)? {
            return Ok(Vec::new());
        }
        self.dead_letter(key, entry, dead)?;
        // A document is all that its source has to say, so what came beside it makes no article.
        // Neither do a listing's words about a link whose page is no article.
        let makes_no_article =
            entry.document.is_some() || (entry.is_guess() && dead.reason == "page");
        Ok(if makes_no_article { Vec::new() } else { vec![assemble::from_feed(entry, dead.at)] })
    }

    /// Decides on an article; returns its id, and whether it is unchanged since before its entry was
    /// listed.
    fn decide_article(
        &mut self,
        entry: &PendingEntry,
        mut found: Assembled,
    ) -> Result<(Uuid, bool), StoreError> {
        edition::clean_found(&mut found);
        let content_hash =
            text::content_hash(found.content.title.as_deref(), found.content.text.as_deref());
        let mut fields = found.content.fingerprints();
        let wording = decide::wording(&found.content);
        let known = self.resolve(entry, &mut found, &fields, &content_hash)?;
        let url = found.url.as_ref().map(ToString::to_string);
        decide::add_url(&mut fields, url.as_deref());
        let facts = FoundEdition {
            order: found.order,
            text_rank: found.text_rank,
            content_hash: &content_hash,
            wording,
            fields: &fields,
        };
        let decision = decide::decide(known.as_ref().map(|known| &known.state), facts);
        self.counts.decisions.push(decision.label());
        if let (Decision::Erased, Some(known)) = (&decision, &known) {
            self.keep_erased(known.id, known.state.clone(), &found)?;
            return Ok((known.id, false));
        }

        let (id, why) = known.as_ref().map_or_else(
            || (Uuid::now_v7(), "no alias was known".to_owned()),
            |known| (known.id, format!("known by its {}", known.found_by)),
        );
        let why = found.missing.as_ref().map_or(why.clone(), |missing| format!("{why}; {missing}"));
        let mut state = known.map_or_else(|| self.new_state(entry, &found), |known| known.state);
        let verdict = Verdict { what: decision.label().to_owned(), why, at: self.now };
        (state.verdict, state.day) = (verdict, day(self.now));
        if matches!(decision, Decision::New | Decision::Revised { .. } | Decision::Duplicate)
            && found.text_rank == TextRank::Page
        {
            (state.shown, state.doubted) = (found.shown.take().or(state.shown), None);
        }
        let is_unchanged = decision == Decision::Duplicate && state.revised < entry.order;
        if decision != Decision::Stale {
            self.add_names(id, &mut state, &found)?;
        }
        let change = match &decision {
            Decision::New => Some((Change::New, Vec::new())),
            Decision::Revised { changed_fields } => Some((Change::Revised, changed_fields.clone())),
            Decision::Duplicate => {
                state.wording = Some(wording);
                (state.fetched_at, state.order, state.text_rank) =
                    (found.fetched_at, found.order, state.text_rank.max(found.text_rank));
                None
            }
            Decision::Stale | Decision::Kept | Decision::Erased => None,
        };
        if let Some((change, changed_fields)) = change {
            state.revision += 1;
            (state.fetched_at, state.order, state.text_rank, state.fields) =
                (found.fetched_at, found.order, found.text_rank, fields);
            state.revised = found.order;
            (state.content_hash, state.wording) = (content_hash, Some(wording));
            identify::move_to(&mut state, url);
            self.publish(entry, id, &mut state, (found, change, changed_fields))?;
        }
        self.keep(id, state);
        Ok((id, is_unchanged))
    }

    /// Publishes an edition, of which `state` is already but for what comes of its text.
    fn publish(
        &mut self,
        entry: &PendingEntry,
        id: Uuid,
        state: &mut ArticleState,
        (found, change, changed_fields): (Assembled, Change, Vec<String>),
    ) -> Result<(), StoreError> {
        let was_withdrawn = std::mem::replace(&mut state.withdrawn, false);
        let mut stories = self.compare(id, state, &found.content)?;
        if was_withdrawn {
            stories.extend(self.tell_story(id, state)?);
        }
        let mut edition = edition::of_state(&entry.source, id, state, change, changed_fields);
        edition.difference = self.difference(state, &found);
        self.label(state, &found.content, &mut edition);
        self.route(state, &found.content, &edition);
        let is_new = edition.change == Change::New;
        let published = freshness::published(entry, &found.content).filter(|_| is_new);
        if is_new {
            self.counts.new.push((published, entry.first_seen));
        }
        let going = (edition, state.routing.clone());
        let mut record = edition::record(&entry.source, found, going, self.now);
        record.observed.published = published;
        self.keep_edition(id, state.revision, entry, &record)?;
        self.append_all([record].into_iter().chain(stories).map(|mut record| {
            name_trace(&mut record, entry);
            record
        }))
    }

    pub(super) fn keep(&mut self, id: Uuid, state: ArticleState) {
        self.batch.article(id, &state);
        self.articles.insert(id, state);
    }

    pub(super) fn append_all(
        &mut self,
        mut records: impl Iterator<Item = NewRecord>,
    ) -> Result<(), StoreError> {
        records.try_for_each(|record| self.append(record))
    }

    /// Keeps of an article by what other texts are compared with its own, also after a revision, and
    /// gives it its story where it has none; returns the records of the stories that changed.
    fn compare(
        &mut self,
        id: Uuid,
        state: &mut ArticleState,
        content: &Content,
    ) -> Result<Vec<NewRecord>, StoreError> {
        let [title, text] = evidence::tokens(content);
        state.sketch = sketch::of(title.iter().chain(&text));
        if let (Some(story), Some(stories)) = (&state.story, &mut self.stories) {
            stories.revise(id, story.id, &text, &mut self.batch);
            return Ok(Vec::new());
        }
        let Some(mut stories) = self.stories.take() else { return Ok(Vec::new()) };
        let mut batch = std::mem::take(&mut self.batch);
        let known = |id| self.state(id);
        let article =
            StoryArticle { id, state, content, tokens: &text, now: self.now, known: &known };
        let assigned = stories.assign(&article, &mut batch);
        (self.batch, self.stories) = (batch, Some(stories));
        let (story, records) = assigned?;
        self.counts.roles.push(story.role.label());
        state.story = Some(story);
        Ok(records)
    }

    /// The record of an article's story, where that names the article and does not say yet whether
    /// it is withdrawn.
    pub(super) fn tell_story(
        &mut self,
        id: Uuid,
        state: &ArticleState,
    ) -> Result<Option<NewRecord>, StoreError> {
        let Some(stories) = &mut self.stories else { return Ok(None) };
        stories.tell_withdrawn(id, state, self.now, &mut self.batch)
    }

    pub(super) fn state(&self, id: Uuid) -> Result<Option<ArticleState>, StoreError> {
        self.articles
            .get(&id)
            .map_or_else(|| self.view.article(id), |state| Ok(Some(state.clone())))
    }

    /// The state of an article that is not known yet.
    fn new_state(&self, entry: &PendingEntry, found: &Assembled) -> ArticleState {
        ArticleState {
            revision: 0,
            url: found.url.as_ref().map(ToString::to_string),
            alternate_urls: Vec::new(),
            source: entry.source.id.clone(),
            guid: entry.entry.guid.clone(),
            first_seen: entry.first_seen,
            fetched_at: found.fetched_at,
            order: found.order,
            revised: 0,
            shown: None,
            doubted: None,
            withdrawn: false,
            erased: None,
            kept_text: None,
            labels: Vec::new(),
            routing: Routing::default(),
            content_hash: String::new(),
            wording: None,
            sketch: Vec::new(),
            fields: BTreeMap::new(),
            text_rank: found.text_rank,
            story: None,
            aliases: Vec::new(),
            day: day(self.now),
            verdict: Verdict { what: String::new(), why: String::new(), at: self.now },
        }
    }

    /// Where the text differs from the one that was kept, whose place it takes.
    fn difference(&self, state: &mut ArticleState, found: &Assembled) -> Option<Vec<TextChange>> {
        let text = found.content.text.as_deref().filter(|_| self.differences);
        let kept = std::mem::replace(&mut state.kept_text, text.and_then(difference::keep));
        kept.zip(text).and_then(|(kept, text)| difference::since(&kept, text))
    }
}
