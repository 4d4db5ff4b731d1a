//! Looks at the pages of published articles, as the committing task decides on them.

use super::*;
use crate::model::{look::LookOutcome, record::Change, source::Validators};

const HOUR: Duration = Duration::from_hours(1);

/// A site with pages, and nashra's memory of it.
struct World {
    store: Store,
    start: Instant,
    hosts: Hosts,
    minute: i64,
    order: u64,
}

/// An article's row in the queue.
type Row = (PendingKey, PendingEntry);

impl World {
    fn new() -> Self {
        Self {
            store: Store::in_memory().unwrap(),
            start: Instant::now(),
            hosts: Hosts::default(),
            minute: 0,
            order: 0,
        }
    }

    /// Lists an entry whose page is on the host `h`.
    fn list(&self, name: &str) -> Row {
        let source = record::Source {
            id: "s".into(),
            name: None,
            kind: "feed".into(),
            url: "https://h/feed".to_owned().into(),
            tags: Vec::new(),
        };
        let listed = Entry {
            identity: name.into(),
            guid: Some(name.into()),
            link: format!("https://h/{name}").parse().ok(),
            ..Entry::default()
        };
        let entry = PendingEntry {
            fetch_page: true,
            ..PendingEntry::new(source, listed, self.order, at(self.minute))
        };
        let key = EntryKey::new("s", name);
        (PendingKey::new(Lane::of_pages("s", "h"), at(self.minute), &key), entry)
    }

    /// What the page of an entry shows now.
    fn page(&mut self, (_, entry): &Row, text: &str) -> PageOutcome {
        self.order += 1;
        let content = Content {
            title: Some("What the council said".into()),
            text: Some(text.to_owned()),
            ..Content::default()
        };
        PageOutcome::Page(Box::new(FetchedPage {
            fetched_at: at(self.minute),
            order: self.order,
            url: entry.entry.link.clone(),
            via: Vec::new(),
            validators: Validators { etag: Some(b"\"1\"".to_vec()), ..Validators::default() },
            end: crate::model::page::End::Whole,
            page: Page {
                canonical: None,
                alternates: Vec::new(),
                site_name: None,
                kind: PageKind::Article,
                articles: vec![Part { content, ..Part::default() }],
                next: None,
            },
        }))
    }

    /// Decides on a reading; returns the row where the entry is read again.
    async fn decide(&mut self, (key, entry): Row, reading: PageOutcome) -> Option<Row> {
        let store = &self.store;
        let context = DecisionContext {
            letters: store.letters(1 << 20),
            editions: store.editions(EditionBounds::NONE),
            tail: store.outbox().tail().unwrap(),
            now: at(self.minute),
            at: self.start + Duration::from_secs(60 * u64::try_from(self.minute).unwrap()),
            revisits: RevisitRules {
                looks: LookRules { after: vec![HOUR, 6 * HOUR, 24 * HOUR], withdraw_after: HOUR },
                ..revisits()
            },
            labels: Arc::default(),
            routes: Arc::default(),
            differences: true,
            hosts: std::mem::take(&mut self.hosts),
        };
        // A row that is moved must be there.
        let mut batch = Batch::default();
        batch.queue_for_tests(&key, &entry);
        store.articles().commit(batch).await.unwrap();
        let mut decisions = DecisionBatch::new(store.articles().view().unwrap(), None, context);
        let moved = decisions.decide(Candidate { key, entry, reading }).unwrap();
        let DecisionBatch { batch, hosts, .. } = decisions;
        self.hosts = hosts;
        store.articles().commit(batch).await.unwrap();
        let rows = store.entries().lanes().unwrap();
        assert_eq!(rows.is_empty(), moved.is_none(), "an entry that is done has no row");
        let row = moved?;
        let due = store.entries().due(row, u64::MAX, 1, |_| false).unwrap();
        let found = due.rows.into_iter().next().unwrap();
        let mut batch = Batch::default();
        batch.entry_done(&found.0, &found.1);
        store.articles().commit(batch).await.unwrap();
        Some(found)
    }

    /// Publishes an article; returns the row of its first look.
    async fn publish(&mut self, name: &str) -> Row {
        let row = self.list(name);
        let page = self.page(&row, &format!("The text of {name}."));
        self.decide(row, page).await.unwrap()
    }

    async fn gone(&mut self, row: Row) -> Option<Row> {
        self.decide(row, PageOutcome::Looked(LookOutcome::Gone)).await
    }

    fn records(&self) -> Vec<Article> {
        let rows = self.store.outbox().rows_after(0, 1_000, usize::MAX).unwrap();
        rows.iter().map(|row| serde_json::from_slice(&row.record.value).unwrap()).collect()
    }

    fn changes(&self) -> Vec<Change> {
        self.records().iter().map(|article| article.change).collect()
    }
}

fn due((key, _): &Row) -> i64 {
    i64::try_from(key.due_ms()).unwrap() / 60_000
}

#[tokio::test]
async fn a_published_page_is_looked_at_three_times_with_its_validators_behind_all_that_is_new() {
    let mut world = World::new();
    let mut row = world.publish("a").await;
    let mut dues = Vec::new();
    for _ in 0..3 {
        assert!(row.0.lane().is_looks());
        assert_eq!(
            row.1.look.as_ref().unwrap().validators.etag.as_deref(),
            Some(b"\"1\"".as_slice())
        );
        dues.push(due(&row));
        world.minute = due(&row);
        match world.decide(row, PageOutcome::Looked(LookOutcome::Unchanged)).await {
            Some(next) => row = next,
            None => break,
        }
    }
    assert_eq!((dues, world.changes()), (vec![60, 360, 1_440], vec![Change::New]));
}

#[tokio::test]
async fn a_look_that_finds_another_text_is_a_revision_and_one_that_fails_makes_no_dead_letter() {
    let mut world = World::new();
    let row = world.publish("a").await;
    world.minute = 60;
    let failed = LookOutcome::Failed { error: "HTTP status 500".into(), is_hosts: true };
    let row = world.decide(row, PageOutcome::Looked(failed)).await.unwrap();
    world.minute = 360;
    let page = world.page(&row, "Another text of it.");
    world.decide(row, page).await.unwrap();
    assert_eq!(world.changes(), [Change::New, Change::Revised]);
    let difference = world.records().pop().unwrap().difference.unwrap();
    assert_eq!(
        (difference[0].kept, difference[0].removed.as_str(), difference[0].added.as_str()),
        (0, "The", "Another")
    );
}

#[tokio::test]
async fn a_page_that_is_gone_at_two_looks_is_withdrawn_and_comes_back_as_a_revision() {
    let mut world = World::new();
    let row = world.publish("a").await;
    world.minute = 60;
    let row = world.gone(row).await.unwrap();
    assert_eq!((due(&row), world.changes()), (120, vec![Change::New]));
    world.minute = 120;
    world.publish("b").await;
    let row = world.gone(row).await.unwrap();
    let records = world.records();
    let withdrawn = records.last().unwrap();
    assert_eq!(
        (withdrawn.change, withdrawn.revision, withdrawn.id),
        (Change::Withdrawn, 2, records[0].id)
    );
    assert_eq!((&withdrawn.content.title, &withdrawn.content.text), (&None, &None));
    assert_eq!(withdrawn.url, records[0].url);
    assert_eq!(withdrawn.changed_fields, ["text", "title"]);
    // What is withdrawn is not withdrawn again.
    assert_eq!(due(&row), 360);
    world.minute = 360;
    let row = world.gone(row).await.unwrap();
    assert_eq!(world.records().len(), 3);
    world.minute = 1_440;
    let page = world.page(&row, "The text of a.");
    assert!(world.decide(row, page).await.is_none());
    let back = world.records().pop().unwrap();
    assert_eq!((back.change, back.revision, back.id), (Change::Revised, 3, records[0].id));
}

#[tokio::test]
async fn nothing_is_withdrawn_of_a_host_that_fails_or_lost_many_pages_at_once() {
    let mut world = World::new();
    let mut rows = Vec::new();
    for name in ["a", "b", "c", "d"] {
        rows.push(world.publish(name).await);
    }
    for minute in [60, 120] {
        world.minute = minute;
        world.publish(&format!("new at {minute}").replace(' ', "-")).await;
        let mut next = Vec::new();
        for row in rows {
            next.push(world.gone(row).await.unwrap());
        }
        rows = next;
    }
    assert!(!world.changes().contains(&Change::Withdrawn));
    // They come back, all but one.
    world.minute = 240;
    let lost = rows.pop().unwrap();
    for row in rows {
        world.decide(row, PageOutcome::Looked(LookOutcome::Unchanged)).await;
    }
    let failed = LookOutcome::Failed { error: "a challenge page".into(), is_hosts: true };
    let lost = world.decide(lost, PageOutcome::Looked(failed)).await.unwrap();
    world.minute = 360;
    let lost = world.gone(lost).await.unwrap();
    assert!(!world.changes().contains(&Change::Withdrawn), "its host keeps us out");
    world.minute = 500;
    world.publish("later").await;
    world.gone(lost).await;
    assert_eq!(world.changes().last(), Some(&Change::Withdrawn));
}

#[tokio::test]
async fn an_article_that_was_read_at_another_address_meanwhile_is_not_withdrawn() {
    let mut world = World::new();
    let row = world.publish("a").await;
    world.minute = 60;
    let row = world.gone(row).await.unwrap();
    world.minute = 90;
    // The feed gives it a new address under the same guid.
    let (key, mut moved) = world.list("a");
    moved.entry.link = "https://h/moved".parse().ok();
    let page = world.page(&(key, moved.clone()), "The text of a.");
    world.decide((key, moved), page).await;
    world.minute = 120;
    let row = world.gone(row).await.unwrap();
    assert_eq!(due(&row), 180);
    assert!(!world.changes().contains(&Change::Withdrawn));
}

#[tokio::test]
async fn what_only_a_feed_says_is_not_looked_at() {
    let mut world = World::new();
    let (key, mut entry) = world.list("a");
    entry.entry.title = Some("A".into());
    assert!(world.decide((key, entry), PageOutcome::FeedOnly { at: at(0) }).await.is_none());
    assert_eq!(world.changes(), [Change::New]);
}

#[tokio::test]
async fn looks_are_not_counted_among_what_waits_of_a_source_or_a_topic() {
    let mut world = World::new();
    let (key, entry) = world.publish("a").await;
    let mut batch = Batch::default();
    batch.queue_for_tests(&key, &entry);
    world.store.articles().commit(batch).await.unwrap();
    let queue = world.store.entries();
    assert_eq!((queue.waiting().unwrap(), queue.looks().unwrap()), (0, 1));
    assert_eq!(world.store.polls().pending("s", 10).unwrap(), 0);
    assert!(world.store.topics().waiting("s").unwrap().is_empty());
}
