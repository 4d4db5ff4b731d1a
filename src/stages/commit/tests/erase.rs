//! Erased articles, as the committing task decides on them.

use uuid::Uuid;

use super::*;
use crate::{
    model::{record::Change, story::StoryRecord},
    stages::commit::{erase::KeptPlaces, look::Withdrawal},
};

pub(super) const TEXT: &str = "The council of the upper valley decided on Monday that the school is built \
    next to the station, and that the market moves to the square behind the old mill in spring.";

fn gone(source: &record::Source) -> Withdrawal<'_> {
    Withdrawal { source, page: None, why: "gone" }
}

/// A store, and what is decided in it.
pub(super) struct World {
    pub(super) store: Store,
    pub(super) stories: Option<Stories>,
    pub(super) now: DateTime<Utc>,
}

impl World {
    pub(super) fn rules() -> StoryRules {
        StoryRules {
            compare_for: Duration::from_hours(24),
            exact_for: Duration::from_hours(24 * 400),
            memory: 1 << 20,
        }
    }

    pub(super) fn new() -> Self {
        let store = Store::in_memory().unwrap();
        let stories = Stories::load(store.stories(), Self::rules(), at(100)).unwrap();
        Self { store, stories, now: at(100) }
    }

    pub(super) async fn work<R>(
        &mut self,
        work: impl FnOnce(&mut DecisionBatch) -> Result<R, StoreError>,
    ) -> R {
        let stories = self.stories.take().map(|stories| stories.begin(self.now).unwrap());
        let view = self.store.articles().view().unwrap();
        let context = DecisionContext { now: self.now, ..context(&self.store) };
        let mut decisions = DecisionBatch::new(view, stories, context);
        let result = work(&mut decisions).unwrap();
        let DecisionBatch { batch, stories, .. } = decisions;
        self.stories = stories.map(StoryBatch::finish);
        self.store.articles().commit(batch).await.unwrap();
        result
    }

    pub(super) async fn decide(&mut self, candidate: Candidate) {
        self.work(|decisions| decisions.decide(candidate).map(drop)).await;
    }

    pub(super) async fn erase(&mut self, article: Uuid) -> Option<EraseReport> {
        let places = KeptPlaces {
            outbox: self.store.outbox(),
            stories: self.store.stories(),
            letters: self.store.letters(1 << 20),
            editions: self.store.editions(EditionBounds::NONE),
        };
        let order = EraseOrder { article, source: handed(1, None, &[]).entry.source };
        self.work(|decisions| decisions.erase(&order, &places)).await
    }

    /// What of the outbox is sent.
    pub(super) fn sent(&self) -> Vec<serde_json::Value> {
        let rows = self.store.outbox().rows_after(0, 100, usize::MAX).unwrap();
        let sent = rows.iter().filter(|row| !row.record.value.is_empty());
        sent.map(|row| serde_json::from_slice(&row.record.value).unwrap()).collect()
    }

    pub(super) fn stories_told(&self) -> Vec<StoryRecord> {
        let sent = self.sent().into_iter();
        sent.filter_map(|record| serde_json::from_value(record).ok()).collect()
    }

    pub(super) fn articles(&self) -> Vec<Article> {
        let sent = self.sent().into_iter();
        sent.filter_map(|record| serde_json::from_value(record).ok()).collect()
    }

    pub(super) fn state(&self, id: Uuid) -> crate::model::article::ArticleState {
        self.store.articles().view().unwrap().article(id).unwrap().unwrap()
    }
}

#[tokio::test]
async fn an_erased_article_is_withdrawn_once_and_never_published_again() {
    let mut world = World::new();
    world.decide(handed(1, Some("7"), &[("A headline", TEXT)])).await;
    let id = world.articles()[0].id;
    assert!(!world.store.editions_of(id).unwrap().is_empty());
    let report = world.erase(id).await.unwrap();
    assert_eq!(world.store.editions_of(id).unwrap(), []);
    assert_eq!((report.before, report.withdrawal, report.records), (None, Some(2), 1));
    let sent = world.articles();
    assert_eq!(sent.len(), 1, "what waited is not sent");
    assert_eq!((sent[0].change, sent[0].revision, sent[0].id), (Change::Withdrawn, 2, id));
    assert_eq!((&sent[0].content.title, &sent[0].content.text), (&None, &None));
    // The same again, another text, and what its page shows when it cannot be read.
    world.decide(handed(2, Some("7"), &[("A headline", TEXT)])).await;
    world.decide(handed(3, Some("7"), &[("Another headline", "Another text.")])).await;
    let mut dead = handed(4, Some("7"), &[]);
    dead.entry.entry.title = Some("A headline".to_owned());
    dead.reading = PageOutcome::Dead(DeadPage {
        reason: "fetch",
        error: String::new(),
        bytes: None,
        at: at(4),
    });
    world.decide(dead).await;
    assert_eq!(world.sent().len(), 1);
    let report = world.erase(id).await.unwrap();
    assert_eq!((report.before, report.withdrawal), (Some(at(100)), None));
    assert_eq!(world.sent().len(), 1);
    assert!(world.erase(Uuid::now_v7()).await.is_none());
    let kept = serde_json::to_string(&world.state(id)).unwrap();
    assert!(!kept.contains("council") && !kept.contains("headline"), "{kept}");
    assert!(world.state(id).sketch.is_empty());
}

#[tokio::test]
async fn numbers_and_chain_of_the_outbox_stay_and_other_articles_are_sent() {
    let mut world = World::new();
    world.decide(handed(1, Some("7"), &[("A", "one")])).await;
    world.decide(handed(2, Some("8"), &[("B", "two")])).await;
    let before = world.store.outbox().rows_after(0, 100, usize::MAX).unwrap();
    let id = world.articles()[0].id;
    world.erase(id).await.unwrap();
    let after = world.store.outbox().rows_after(0, 100, usize::MAX).unwrap();
    assert_eq!(after.len(), 3);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((before.seq, before.chain), (after.seq, after.chain));
    }
    world.store.check().unwrap();
    let sent: Vec<_> = world.articles().iter().map(|one| (one.id == id, one.change)).collect();
    assert_eq!(sent, [(false, Change::New), (true, Change::Withdrawn)]);
}

#[tokio::test]
async fn an_erased_text_is_compared_with_none_any_more_and_its_story_tells() {
    let mut world = World::new();
    world.decide(handed(1, Some("7"), &[("A", TEXT)])).await;
    world.decide(handed(2, Some("8"), &[("B", TEXT)])).await;
    let [first, second] = [world.articles()[0].clone(), world.articles()[1].clone()];
    assert_eq!(second.story.as_ref().unwrap().id, first.id);
    let report = world.erase(first.id).await.unwrap();
    assert_eq!(report.others, [second.id]);
    let texts = world.store.stories().view().unwrap();
    assert!(texts.texts_of(first.id).unwrap().is_empty());
    assert_eq!(texts.texts_of(second.id).unwrap().len(), 1);
    let story = world.sent().into_iter().rfind(|told| told["schema"] == "nashra.story.v1").unwrap();
    let marks: Vec<_> =
        story["members"].as_array().unwrap().iter().map(|one| &one["withdrawn"]).collect();
    assert_eq!(marks, [true, false]);
    assert_eq!((&story["size"], &story["revision"]), (&2.into(), &2.into()));
    world.erase(second.id).await.unwrap();
    // Nobody has the text any more.
    world.decide(handed(3, Some("9"), &[("C", TEXT)])).await;
    let third = world.articles().pop().unwrap();
    assert_eq!(third.story.unwrap().id, third.id);
}

#[tokio::test]
async fn what_is_withdrawn_already_is_erased_without_a_further_record() {
    let mut world = World::new();
    world.decide(handed(1, Some("7"), &[("A", TEXT)])).await;
    let id = world.articles()[0].id;
    let source = handed(1, None, &[]).entry.source;
    let state = world.state(id);
    world.work(|decisions| decisions.withdraw(id, state, &gone(&source))).await;
    let report = world.erase(id).await.unwrap();
    assert_eq!((report.withdrawal, report.records), (None, 1));
    let changes: Vec<_> = world.articles().iter().map(|one| one.change).collect();
    assert_eq!(changes, [Change::Withdrawn]);
    assert_eq!(world.state(id).revision, 2);
}

#[tokio::test]
async fn an_entry_that_waits_is_removed_and_one_of_another_place_of_its_page_is_not() {
    let mut world = World::new();
    world.decide(handed(1, Some("7"), &[("A", TEXT)])).await;
    let id = world.articles()[0].id;
    let mut batch = Batch::default();
    for (minute, guid) in [(5, "7"), (6, "8")] {
        let mut waits = handed(minute, Some(guid), &[]);
        waits.entry.document = None;
        waits.entry.entry.title = Some(format!("What {guid} says"));
        batch.queue_for_tests(&waits.key, &waits.entry);
    }
    world.store.articles().commit(batch).await.unwrap();
    assert_eq!(world.erase(id).await.unwrap().entries, 1);
    let view = world.store.articles().view().unwrap();
    let left: Vec<_> = view.entries().map(|row| row.unwrap().1.entry.guid).collect();
    assert_eq!(left, [Some("8".to_owned())]);
}

/// What a source lists at an address, without a page.
fn listed(minute: i64, source: &str, guid: &str, link: &str) -> Candidate {
    let mut candidate = handed(minute, Some(guid), &[]);
    candidate.entry.document = None;
    candidate.entry.source.id = source.to_owned();
    candidate.entry.source.kind = "feed".to_owned();
    candidate.entry.entry.link = link.parse().ok();
    candidate.entry.entry.title = Some(format!("Headline {minute}"));
    candidate.reading = PageOutcome::FeedOnly { at: at(minute) };
    candidate
}

#[tokio::test]
async fn another_form_of_its_address_is_it_and_another_place_of_its_page_is_not() {
    let mut world = World::new();
    world.decide(listed(1, "s", "7", "https://h.example/news/12")).await;
    let id = world.articles()[0].id;
    world.erase(id).await.unwrap();
    for (minute, source, guid, link, count) in [
        (2, "s", "7", "https://h.example/elsewhere/12", 1),
        (3, "t", "x", "https://h.example/news/12", 1),
        (4, "t", "y", "http://www.h.example/news/12?utm_source=rss", 1),
        (5, "s", "8", "https://h.example/news/12", 2),
        (6, "s", "9", "https://h.example/news/13", 3),
    ] {
        world.decide(listed(minute, source, guid, link)).await;
        assert_eq!(world.articles().len(), count, "{source} {guid} {link}");
    }
}

#[tokio::test]
async fn the_story_of_a_withdrawn_article_tells_it_and_its_text_is_still_compared() {
    let mut world = World::new();
    world.decide(handed(1, Some("7"), &[("A", TEXT)])).await;
    world.decide(handed(2, Some("8"), &[("B", TEXT)])).await;
    let id = world.articles()[0].id;
    let source = handed(1, None, &[]).entry.source;
    let marks = |world: &World| {
        let told = world.sent().into_iter().rfind(|told| told["schema"] == "nashra.story.v1");
        let members = told.unwrap()["members"].as_array().unwrap().clone();
        members.iter().map(|one| one["withdrawn"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(marks(&world), [false, false]);
    let state = world.state(id);
    world.work(|decisions| decisions.withdraw(id, state, &gone(&source))).await;
    assert_eq!(marks(&world), [true, false]);
    world.decide(handed(3, Some("9"), &[("C", TEXT)])).await;
    assert_eq!(world.articles().pop().unwrap().story.unwrap().id, id);
    assert_eq!(marks(&world), [true, false, false]);
    world.decide(handed(4, Some("7"), &[("A", TEXT)])).await;
    assert_eq!(marks(&world), [false, false, false]);
    // One that was alone when it was withdrawn is told so with the first copy of it.
    let mut alone = World::new();
    alone.decide(handed(1, Some("7"), &[("A", TEXT)])).await;
    let (id, source) = (alone.articles()[0].id, source);
    let state = alone.state(id);
    alone.work(|decisions| decisions.withdraw(id, state, &gone(&source))).await;
    alone.decide(handed(2, Some("8"), &[("B", TEXT)])).await;
    assert_eq!(marks(&alone), [true, false]);
}
