//! An operator adopts what the topics hold.

use super::*;

#[tokio::test]
async fn an_adopted_store_that_is_restarted_before_its_first_record_goes_on() {
    let (store, sink) = (store(), MemorySink::default());
    append(&store, 2, Topic::Articles).await;
    Process::start(&store, &sink).drained().await;
    // The topics are those of a store that went on for longer.
    sink.world().position.as_mut().unwrap().seq = 40;
    let mut halted = Process::start(&store, &sink);
    assert_eq!(halted.drained().await, Step::Halted);
    assert_eq!(halted.halt(), Halt::Ahead { held: 40, end: 2 });
    adopt(
        &mut halted.sink,
        &store.outbox(),
        None,
        RecallExecutor::Direct(store.articles(), store.stories()),
    )
    .await
    .unwrap();
    for _ in 0..2 {
        assert_eq!(Process::start(&store, &sink).drained().await, Step::Empty);
    }
    append(&store, 1, Topic::Articles).await;
    assert_eq!(Process::start(&store, &sink).drained().await, Step::Empty);
    let position = sink.world().position.clone().unwrap();
    assert_eq!((position.epoch, position.seq), (2, 3));
}

#[tokio::test]
async fn adopting_asks_the_committing_task_for_what_the_topic_holds_and_does_without_where_it_may_not_be_read()
 {
    for denied in [false, true] {
        let (store, sink) = (store(), MemorySink::default());
        append(&store, 2, Topic::Articles).await;
        let mut process = Process::start(&store, &sink);
        process.drained().await;
        sink.world().position.as_mut().unwrap().seq = 40;
        sink.world().reading_denied = denied;
        let mut halted = Process::start(&store, &sink);
        halted.drained().await;
        let outcome = halted.adopt().await;
        if denied {
            let adopted = outcome.unwrap();
            assert_eq!(
                (adopted.epoch, adopted.recalled),
                (2, Err("reading is not allowed".to_owned()))
            );
            assert_eq!(halted.drained().await, Step::Empty);
        } else {
            assert!(matches!(outcome, Err(AdoptError::Stopping)), "{outcome:?}");
            assert_eq!(halted.drained().await, Step::Halted, "nothing was adopted by halves");
        }
    }
}

#[tokio::test]
async fn nothing_is_adopted_where_nothing_has_stopped_or_another_process_publishes() {
    let (store, sink) = (store(), MemorySink::default());
    append(&store, 1, Topic::Articles).await;
    let mut process = Process::start(&store, &sink);
    process.drained().await;
    assert!(matches!(process.adopt().await, Err(AdoptError::Nothing)));
    sink.world().position.as_mut().unwrap().seq = 40;
    let mut halted = Process::start(&store, &sink);
    halted.drained().await;
    // Whoever publishes moves the position.
    sink.world().position.as_mut().unwrap().seq = 41;
    assert!(matches!(halted.adopt().await, Err(AdoptError::Another)));
    assert_eq!(halted.drained().await, Step::Halted);
    assert!(matches!(halted.adopt().await, Err(AdoptError::Another)));
}

#[tokio::test]
async fn another_sink_in_the_place_of_ours_stops_publishing_and_is_adopted_without_what_was_known_of_the_other()
 {
    let (store, sink) = (store(), MemorySink::default());
    append(&store, 2, Topic::Articles).await;
    Process::start(&store, &sink).drained().await;
    assert!(!store.outbox().acked().unwrap().notes.memory.is_empty());
    let elsewhere = MemorySink::default();
    elsewhere.world().sink_id = "elsewhere".to_owned();
    elsewhere.world().happens =
        vec![SinkEvent { part: "p".into(), what: "is of no concern".into() }];
    let mut halted = Process::start(&store, &elsewhere);
    assert_eq!(halted.drained().await, Step::Halted);
    assert_eq!(halted.halt().label(), "other_cluster");
    let remembered = store.outbox().acked().unwrap();
    assert_eq!(
        (remembered.notes.changes.len(), remembered.sink_id.as_deref()),
        (0, Some("memory"))
    );
    assert_eq!(halted.adopt().await.unwrap().waiting, (2, 2));
    assert!(store.outbox().acked().unwrap().notes.memory.is_empty());
    append(&store, 1, Topic::Articles).await;
    assert_eq!(halted.drained().await, Step::Empty);
    assert_eq!(elsewhere.seen(), articles(3..=3));
    assert_eq!(store.outbox().acked().unwrap().sink_id.as_deref(), Some("elsewhere"));
}
