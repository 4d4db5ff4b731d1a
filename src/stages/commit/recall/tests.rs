//! An older copy of a store meets what the topic holds.

use chrono::TimeDelta;
use url::Url;

use super::*;
use crate::{
    model::{
        identity,
        record::{Content, Source},
        story::{Role, Story, StoryMember, StoryRecord},
    },
    store::Store,
    text,
};

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

fn article(id: Uuid, revision: u32, slug: &str, body: &str) -> Article {
    let content =
        Content { title: Some(slug.to_owned()), text: Some(body.to_owned()), ..Content::default() };
    let url = format!("https://news.example/{slug}");
    Article {
        schema: "nashra.article.v1".into(),
        id,
        revision,
        change: if revision == 1 { Change::New } else { Change::Revised },
        changed_fields: Vec::new(),
        url: Some(url.clone()),
        fetched_url: Some(url),
        alternate_urls: vec![format!("https://news.example/short/{slug}")],
        source: Source {
            id: "s".into(),
            name: None,
            kind: "feed".into(),
            url: String::new().into(),
            tags: Vec::new(),
        },
        content_hash: text::content_hash(content.title.as_deref(), content.text.as_deref()),
        content,
        first_seen: at(0),
        fetched: at(1),
        part: None,
        story: None,
        labels: Vec::new(),
        difference: None,
    }
}

fn published(article: &Article, now: DateTime<Utc>) -> PublishedArticle {
    PublishedArticle::parse(&serde_json::to_vec(article).unwrap(), now).unwrap()
}

/// As the committing task leaves an article behind: its state, its names, its record.
async fn decided(store: &Store, article: &Article) {
    let (mut batch, mut tail) = (Batch::default(), store.outbox().tail().unwrap());
    let PublishedArticle { id, state, .. } = published(article, at(2));
    for alias in &state.aliases {
        batch.alias(alias, id);
    }
    batch.article(id, &state);
    batch.append(
        &mut tail,
        NewRecord {
            topic: Topic::Articles,
            key: id.to_string(),
            event_id: format!("{id}/{}", article.revision),
            event_type: "nashra.article.v1".into(),
            event_source: "/sources/s".into(),
            event_time: at(2),
            traceparent: String::new(),
            routing: crate::model::routing::Routing::default(),
            observed: crate::store::Observed::default(),
            value: serde_json::to_vec(article).unwrap(),
        },
    );
    store.articles().commit(batch).await.unwrap();
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn waiting(store: &Store) -> Vec<Option<(Uuid, u32, String)>> {
    let rows = store.outbox().rows_after(0, 100, usize::MAX).unwrap();
    let told = |row: &OutboxRow| {
        let article: Article = serde_json::from_slice(&row.record.value).ok()?;
        assert_eq!(
            (&row.record.key, &row.record.event_id),
            (&article.id.to_string(), &format!("{}/{}", article.id, article.revision))
        );
        Some((article.id, article.revision, article.content.text.unwrap_or_default()))
    };
    rows.iter().map(told).collect()
}

async fn recalled(store: &Store, topic: &[Article]) -> RecallReport {
    let published = topic
        .iter()
        .map(|topic| PublishedRecord::Article(Box::new(published(topic, at(3)))))
        .collect();
    recall((&store.articles(), &store.stories()), &store.outbox(), published, at(3)).await.unwrap()
}

#[tokio::test]
async fn what_the_topic_holds_is_left_out_another_text_is_its_next_revision_and_the_rest_is_new() {
    let store = Store::in_memory().unwrap();
    for (number, slug) in [(11, "same"), (12, "changed"), (13, "new")] {
        decided(&store, &article(id(number), 1, slug, &format!("{slug} now"))).await;
    }
    let topic = [
        article(id(1), 1, "same", "same now"),
        article(id(2), 1, "changed", "changed once"),
        article(id(2), 2, "changed", "changed twice"),
        article(id(3), 1, "elsewhere", "not listed meanwhile"),
    ];
    let told = recalled(&store, &topic).await;
    assert_eq!(told, RecallReport { articles: 3, same: 1, revised: 1, new: 1 });
    assert_eq!(
        waiting(&store),
        [None, Some((id(2), 3, "changed now".into())), Some((id(13), 1, "new now".into()))]
    );
    // From now on the names lead to the articles that consumers know, and to no other.
    let view = store.articles().view().unwrap();
    for (slug, known) in [("same", 1), ("changed", 2), ("new", 13), ("elsewhere", 3)] {
        for path in [slug.to_owned(), format!("short/{slug}")] {
            let url = Url::parse(&format!("https://news.example/{path}")).unwrap();
            assert_eq!(view.alias(&identity::of_url(&url)).unwrap(), Some(id(known)), "{path}");
        }
        assert!(view.article(id(known)).unwrap().is_some());
    }
    assert!(view.article(id(11)).unwrap().is_none() && view.article(id(12)).unwrap().is_none());
    assert_eq!(view.article(id(2)).unwrap().unwrap().revision, 3);
}

#[tokio::test]
async fn a_revision_that_was_decided_on_twice_gets_the_number_after_the_last() {
    let store = Store::in_memory().unwrap();
    let first = article(id(1), 1, "a", "one");
    decided(&store, &first).await;
    decided(&store, &article(id(1), 2, "a", "two of the copy")).await;
    let told =
        recalled(&store, &[first, article(id(1), 2, "a", "two"), article(id(1), 3, "a", "three")])
            .await;
    assert_eq!((told.same, told.revised, told.new), (1, 1, 0));
    let revisions: Vec<_> =
        waiting(&store).into_iter().flatten().map(|waiting| (waiting.0, waiting.1)).collect();
    assert_eq!(revisions, [(id(1), 4)]);
}

#[tokio::test]
async fn a_name_that_an_article_has_which_consumers_know_stays_with_it() {
    let store = Store::in_memory().unwrap();
    decided(&store, &article(id(11), 1, "a", "one")).await;
    // Two records of it, of which one waits.
    let mut batch = Batch::default();
    let PublishedArticle { state, .. } = published(&article(id(11), 2, "a", "two"), at(2));
    batch.article(id(11), &state);
    store.articles().commit(batch).await.unwrap();
    recalled(&store, &[article(id(1), 1, "a", "other")]).await;
    let url = Url::parse("https://news.example/a").unwrap();
    assert_eq!(
        store.articles().view().unwrap().alias(&identity::of_url(&url)).unwrap(),
        Some(id(11))
    );
}

#[tokio::test]
async fn a_recall_after_one_that_was_killed_before_the_new_epoch_comes_to_the_same_end() {
    let store = Store::in_memory().unwrap();
    for (number, slug) in [(11, "same"), (12, "changed"), (13, "new")] {
        decided(&store, &article(id(number), 1, slug, &format!("{slug} now"))).await;
    }
    let topic = [
        article(id(1), 1, "same", "same now"),
        article(id(2), 1, "changed", "once"),
        article(id(2), 2, "changed", "twice"),
    ];
    let first = recalled(&store, &topic).await;
    let left = waiting(&store);
    assert_eq!(
        left,
        [None, Some((id(2), 3, "changed now".into())), Some((id(13), 1, "new now".into()))]
    );
    for _ in 0..2 {
        assert_eq!(recalled(&store, &topic).await, first);
        assert_eq!(waiting(&store), left);
        assert_eq!(store.articles().view().unwrap().article(id(2)).unwrap().unwrap().revision, 3);
    }
}

#[tokio::test]
async fn of_two_revisions_that_wait_the_second_goes_on_where_the_topic_holds_the_first() {
    let store = Store::in_memory().unwrap();
    for (revision, body) in [(1, "one"), (2, "two"), (3, "three")] {
        decided(&store, &article(id(1), revision, "a", body)).await;
    }
    let told =
        recalled(&store, &[article(id(1), 1, "a", "one"), article(id(1), 2, "a", "two")]).await;
    assert_eq!((told.same, told.revised, told.new), (2, 1, 0));
    assert_eq!(waiting(&store), [None, None, Some((id(1), 3, "three".into()))]);
    assert_eq!(store.articles().view().unwrap().article(id(1)).unwrap().unwrap().revision, 3);
}

#[tokio::test]
async fn a_field_that_the_record_of_the_topic_does_not_have_is_not_told_as_changed() {
    let store = Store::in_memory().unwrap();
    let mut waiting = article(id(11), 1, "a", "two");
    waiting.content.agencies = vec!["AFP".into()];
    waiting.content.section = Some("World".into());
    decided(&store, &waiting).await;
    // Of a program that had no sections yet.
    let mut topic = serde_json::to_value(article(id(1), 1, "a", "one")).unwrap();
    topic.as_object_mut().unwrap().remove("section");
    let topic = PublishedArticle::parse(topic.to_string().as_bytes(), at(3));
    recall(
        (&store.articles(), &store.stories()),
        &store.outbox(),
        topic.into_iter().map(|topic| PublishedRecord::Article(Box::new(topic))).collect(),
        at(3),
    )
    .await
    .unwrap();
    let row = store.outbox().rows_after(0, 1, usize::MAX).unwrap().remove(0);
    let told: Article = serde_json::from_slice(&row.record.value).unwrap();
    assert_eq!(
        (told.revision, told.changed_fields),
        (2, vec!["agencies".to_owned(), "text".to_owned()])
    );
}

#[tokio::test]
async fn texts_and_stories_of_the_topic_are_known_again_and_revisions_go_on() {
    const TEXT: &str = "The council of the upper valley decided on Monday that the school is built \
        next to the station, and that the market moves to the square behind the old mill.";
    let store = Store::in_memory().unwrap();
    let (first, second, third) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let member = |article| StoryMember {
        article,
        source: "s".to_owned(),
        url: None,
        role: Role::Copy,
        similarity: None,
        withdrawn: false,
    };
    let told = |revision, members: &[Uuid]| StoryRecord {
        schema: "nashra.story.v1".to_owned(),
        id: first,
        merged_into: None,
        merged: Vec::new(),
        revision,
        size: u32::try_from(members.len()).unwrap(),
        original: first,
        published: None,
        members: members.iter().copied().map(member).collect(),
        updated: at(2),
    };
    // The copy knew of one article, found another one like it, and told that.
    let waiting = |story: &StoryRecord| NewRecord {
        topic: Topic::Stories,
        key: first.to_string(),
        event_id: format!("{first}/1"),
        event_type: "nashra.story.v1".into(),
        event_source: "/stories".into(),
        event_time: at(2),
        traceparent: String::new(),
        routing: crate::model::routing::Routing::default(),
        observed: crate::store::Observed::default(),
        value: serde_json::to_vec(story).unwrap(),
    };
    let (mut batch, mut tail) = (Batch::default(), store.outbox().tail().unwrap());
    batch.append(&mut tail, waiting(&told(1, &[first, third])));
    batch.append(&mut tail, waiting(&told(2, &[first, third])));
    store.articles().commit(batch).await.unwrap();
    let mut article = article(second, 1, "b", TEXT);
    let of = Some(first);
    article.story = Some(Story { id: first, role: Role::Copy, of, similarity: None, size: 2 });
    let records = [
        PublishedRecord::Article(Box::new(published(&article, at(3)))),
        PublishedRecord::parse(&serde_json::to_vec(&told(1, &[first, second])).unwrap(), at(3))
            .unwrap(),
    ];
    let stores = (&store.articles(), &store.stories());
    recall(stores, &store.outbox(), records.to_vec(), at(3)).await.unwrap();
    let rows = store.outbox().rows_after(0, 10, usize::MAX).unwrap();
    let sent: StoryRecord = serde_json::from_slice(&rows[0].record.value).unwrap();
    let members: Vec<Uuid> = sent.members.iter().map(|member| member.article).collect();
    assert_eq!((sent.revision, sent.size, members), (2, 3, vec![first, second, third]));
    assert!(rows[1].record.value.is_empty(), "it tells nothing new");
    let view = store.stories().view().unwrap();
    assert_eq!(view.story(first).unwrap().unwrap().revision, 2);
    let texts = view.texts_since(0).collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!((texts.len(), texts[0].article, texts[0].story), (1, second, first));
}
