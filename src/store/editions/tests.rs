//! Editions as the store keeps them: within their bounds, whole, and gone with what is erased.

use chrono::TimeDelta;

use super::*;
use crate::store::twins::both_stores;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

/// What no compression makes smaller, of so many bytes.
fn edition(revision: u32, second: i64, bytes: usize) -> KeptEdition {
    let mut state = u64::from(revision) * 31 + u64::try_from(second).unwrap();
    let packed = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    });
    let packed = packed.take(bytes).collect();
    KeptEdition { revision, listed: at(second - 1), decided: at(second), seq: 7, packed }
}

async fn keep(store: &Store, bounds: EditionBounds, article: u64, edition: &KeptEdition) {
    let mut batch = Batch::default();
    let id = Uuid::from_u64_pair(article, 0);
    store.editions(bounds).keep(&mut batch, id, edition).unwrap();
    store.articles().commit(batch).await.unwrap();
}

fn kept(store: &Store, article: u64) -> Vec<u32> {
    let editions = store.editions_of(Uuid::from_u64_pair(article, 0)).unwrap();
    editions.iter().map(|edition| edition.revision).collect()
}

#[tokio::test]
async fn of_each_article_the_last_editions_are_kept_and_of_all_no_more_than_there_is_room_for() {
    for mut test in both_stores() {
        let bounds = EditionBounds { per_article: 3, max_bytes: 100_000 };
        for revision in 1..=5 {
            keep(&test.store, bounds, 1, &edition(revision, i64::from(revision), 1_000)).await;
            if revision == 4 {
                test.reopen();
            }
        }
        keep(&test.store, bounds, 2, &edition(1, 6, 1_000)).await;
        assert_eq!((kept(&test.store, 1), kept(&test.store, 2)), (vec![5, 4, 3], vec![1]));
        let last = &test.store.editions_of(Uuid::from_u64_pair(1, 0)).unwrap()[0];
        assert_eq!(*last, edition(5, 5, 1_000));
        for article in 10..110 {
            keep(&test.store, bounds, article, &edition(1, 10, 1_500)).await;
        }
        let store = &test.store;
        assert!(store.editions(bounds).index().unwrap().total <= 100_000);
        assert_eq!((kept(store, 1), kept(store, 10), kept(store, 109)), (vec![], vec![], vec![1]));
        // One that would push many others out is not kept.
        keep(store, bounds, 200, &edition(1, 20, 2_000)).await;
        assert_eq!(kept(store, 200), Vec::<u32>::new());
        keep(store, EditionBounds::NONE, 201, &edition(1, 20, 10)).await;
        assert_eq!(kept(store, 201), Vec::<u32>::new());
        store.editions(bounds).sweep(at(11)).await.unwrap();
        assert_eq!(kept(store, 109), Vec::<u32>::new());
        assert_eq!(store.editions(bounds).index().unwrap().total, 0);
    }
}

#[tokio::test]
async fn the_editions_of_one_article_go_and_those_of_others_stay() {
    let (store, bounds) =
        (Store::in_memory().unwrap(), EditionBounds { per_article: 3, max_bytes: 100_000 });
    for article in 1..=3 {
        keep(&store, bounds, article, &edition(1, 1, 100)).await;
    }
    let mut batch = Batch::default();
    store.editions(bounds).forget(&mut batch, Uuid::from_u64_pair(2, 0)).unwrap();
    store.articles().commit(batch).await.unwrap();
    assert_eq!((kept(&store, 1), kept(&store, 2), kept(&store, 3)), (vec![1], vec![], vec![1]));
}
