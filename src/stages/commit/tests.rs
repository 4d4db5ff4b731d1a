//! Documents that came without an address, as the committing task decides on them.

use std::time::Duration;

use chrono::TimeDelta;

mod erase;
mod identity;
mod labels;

use super::*;
use crate::{
    model::{
        candidate::{DeadPage, FetchedPage, PageOutcome},
        entry::Entry,
        lane::Lane,
        page::{Page, PageKind, Part},
        pending::{Document, EntryKey, PendingEntry},
        record::{self, Article, Content, Topic},
    },
    policy::{looks::LookRules, retry::Retry},
    store::{EditionBounds, Store},
};

mod letters;
mod look;
mod stories;

fn revisits() -> RevisitRules {
    RevisitRules {
        retry: Retry { tries: 3, first: Duration::from_secs(1), max: Duration::from_secs(1) },
        refetch_per_day: 6,
        looks: LookRules::none(),
    }
}

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

/// A text that was handed over at this minute, with the articles that were found in it: title,
/// text.
fn handed(minute: i64, guid: Option<&str>, found: &[(&str, &str)]) -> Candidate {
    let source = record::Source {
        id: "handed".into(),
        name: None,
        kind: "kafka".into(),
        url: "kafka:handed".to_owned().into(),
        tags: Vec::new(),
    };
    let document = Document {
        content_type: Some("text/plain".into()),
        url: None,
        via: Vec::new(),
        received: at(minute),
        unreadable: None,
        headers: Vec::new(),
    };
    let said = Entry { guid: guid.map(str::to_owned), ..Entry::default() };
    let order = u64::try_from(minute).unwrap();
    let entry = PendingEntry {
        document: Some(document),
        ..PendingEntry::new(source, said, order, at(minute))
    };
    let part = |(title, body): &(&str, &str)| Part {
        content: Content {
            title: Some((*title).to_owned()),
            text: Some((*body).to_owned()),
            ..Content::default()
        },
        ..Part::default()
    };
    let page = Page {
        canonical: None,
        alternates: Vec::new(),
        site_name: None,
        kind: PageKind::Article,
        articles: found.iter().map(part).collect(),
        next: None,
    };
    let look = FetchedPage {
        validators: crate::model::source::Validators::default(),
        fetched_at: at(minute),
        order: u64::try_from(minute).unwrap(),
        url: None,
        via: Vec::new(),
        end: crate::model::page::End::Whole,
        page,
    };
    let key = PendingKey::new(
        Lane::here("handed"),
        at(minute),
        &EntryKey::new("handed", &minute.to_string()),
    );
    Candidate { key, entry, reading: PageOutcome::Page(Box::new(look)) }
}

fn context(store: &Store) -> DecisionContext {
    DecisionContext {
        tail: store.outbox().tail().unwrap(),
        now: at(100),
        at: Instant::now(),
        revisits: revisits(),
        differences: false,
        labels: Arc::default(),
        routes: Arc::default(),
        hosts: Hosts::default(),
        letters: store.letters(1 << 20),
        editions: store.editions(EditionBounds { per_article: 5, max_bytes: 16 << 20 }),
    }
}

/// What is published when these are decided on one after the other.
async fn published(candidates: Vec<Candidate>) -> Vec<Article> {
    let store = Store::in_memory().unwrap();
    for candidate in candidates {
        let mut decisions =
            DecisionBatch::new(store.articles().view().unwrap(), None, context(&store));
        decisions.decide(candidate).unwrap();
        store.articles().commit(decisions.batch).await.unwrap();
    }
    let rows = store.outbox().rows_after(0, 100, usize::MAX).unwrap();
    rows.iter().map(|row| serde_json::from_slice(&row.record.value).unwrap()).collect()
}

#[tokio::test]
async fn the_same_text_handed_over_twice_is_published_once_without_an_address() {
    let articles =
        published(vec![handed(1, None, &[("A", "one")]), handed(2, None, &[("A", " one ")])]).await;
    assert_eq!(articles.len(), 1);
    assert_eq!(
        (&articles[0].url, &articles[0].fetched_url, articles[0].alternate_urls.len()),
        (&None, &None, 0)
    );
}

#[tokio::test]
async fn each_edition_is_kept_as_it_was_published_with_the_number_of_its_record() {
    let store = Store::in_memory().unwrap();
    for candidate in [
        handed(1, Some("7"), &[("A", "one")]),
        handed(2, Some("7"), &[("A", "two")]),
        handed(3, Some("7"), &[("A", "two")]),
    ] {
        let view = store.articles().view().unwrap();
        let mut decisions = DecisionBatch::new(view, None, context(&store));
        decisions.decide(candidate).unwrap();
        store.articles().commit(decisions.batch).await.unwrap();
    }
    let rows = store.outbox().rows_after(0, 100, usize::MAX).unwrap();
    let published: Vec<Article> =
        rows.iter().map(|row| serde_json::from_slice(&row.record.value).unwrap()).collect();
    let kept = store.editions_of(published[0].id).unwrap();
    let records: Vec<Article> = kept.iter().rev().map(|kept| kept.record().unwrap()).collect();
    assert_eq!(records, published);
    assert_eq!(
        kept.iter().map(|kept| (kept.revision, kept.seq)).collect::<Vec<_>>(),
        [(2, 2), (1, 1)]
    );
    store.check().unwrap();
}

#[tokio::test]
async fn without_an_id_another_text_is_another_article_and_with_one_it_is_a_revision() {
    let articles =
        published(vec![handed(1, None, &[("A", "one")]), handed(2, None, &[("A", "two")])]).await;
    assert_ne!(articles[0].id, articles[1].id);
    let articles = published(vec![
        handed(1, Some("7"), &[("A", "one")]),
        handed(2, Some("7"), &[("A", "two")]),
    ])
    .await;
    assert_eq!((articles[1].id, articles[1].revision), (articles[0].id, 2));
}

#[tokio::test]
async fn several_articles_of_one_text_keep_their_identity_whatever_stands_between_them() {
    let first = handed(1, Some("7"), &[("A", "one"), ("B", "two")]);
    let articles = published(vec![
        first,
        handed(2, Some("7"), &[("A", "one"), ("C", "three"), ("B", "two, mended")]),
    ])
    .await;
    let seen: Vec<_> = articles
        .iter()
        .map(|article| (article.content.title.as_deref().unwrap(), article.revision))
        .collect();
    assert_eq!(seen, [("A", 1), ("B", 1), ("C", 1), ("B", 2)]);
    assert_eq!(articles[3].id, articles[1].id);
    let again = published(vec![
        handed(1, None, &[("A", "one"), ("B", "two")]),
        handed(2, None, &[("B", "two")]),
    ])
    .await;
    assert_eq!(again.len(), 2);
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_a_dead_letter_alone() {
    let mut candidate = handed(1, Some("7"), &[]);
    candidate.entry.entry.title = Some("told".into());
    candidate.reading = PageOutcome::Dead(DeadPage {
        reason: "page",
        error: "no article text found".into(),
        bytes: None,
        at: at(1),
    });
    let store = Store::in_memory().unwrap();
    let mut decisions = DecisionBatch::new(store.articles().view().unwrap(), None, context(&store));
    decisions.decide(candidate).unwrap();
    store.articles().commit(decisions.batch).await.unwrap();
    let rows = store.outbox().rows_after(0, 100, usize::MAX).unwrap();
    assert_eq!(rows.iter().map(|row| row.record.topic).collect::<Vec<_>>(), [Topic::DeadLetters]);
}
