//! Publishing against a sink that refuses, forgets and is shared, step by step.

use std::{
    sync::{Arc, Mutex},
    task::Poll,
};

use chrono::DateTime;

use super::{drain::Step, *};
use crate::store::{Batch, NewRecord, Store};

/// A sink whose memory outlives a process.
#[derive(Debug, Default)]
struct World {
    taken: Vec<(u64, Topic)>,
    position: Option<Position>,
    refused: Vec<u64>,
    letters_denied: bool,
    letters_refused: bool,
    fenced: bool,
    /// The offset of the next record.
    lands_at: i64,
    /// How often somebody took the transactional id.
    begun: u32,
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<World>>);

impl Sink {
    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    fn held(&self) -> Held {
        let position = self.world().position.clone();
        Held {
            cluster_id: "c".into(),
            position,
            position_at: None,
            settled: true,
            topics: vec![Described { topic: "articles".into(), partitions: 1, made: false }],
        }
    }
}

impl Publish for Sink {
    async fn look(&mut self, _: Option<i64>) -> Result<Option<Held>, PublishError> {
        Ok(Some(self.held()))
    }

    async fn resume(&mut self, _: Option<i64>) -> Result<Option<Held>, PublishError> {
        self.world().begun += 1;
        Ok(Some(self.held()))
    }

    async fn publish(&mut self, rows: &[OutboxRow], reached: &Position) -> Result<Delivered, PublishError> {
        let mut world = self.world();
        if world.fenced {
            return Err(PublishError::Fenced("fenced".into()));
        }
        let refused = |row: &&OutboxRow| match row.record.topic {
            Topic::Articles => world.refused.contains(&row.seq),
            Topic::DeadLetters => world.letters_refused,
        };
        // As a broker does: all records of a batch are refused for one of them.
        if rows.iter().any(|row| refused(&row)) {
            let all = rows.iter().map(|row| Refusal { seq: row.seq, reason: "too_large", words: "too large".into() });
            return Err(PublishError::Refused(all.collect()));
        }
        if world.letters_denied && rows.iter().any(|row| row.record.topic == Topic::DeadLetters) {
            return Err(PublishError::Unauthorised { topic: Some(Topic::DeadLetters), words: "no".into() });
        }
        world.taken.extend(rows.iter().map(|row| (row.seq, row.record.topic)));
        world.position = Some(reached.clone());
        let landed = Landed { topic: "articles".into(), partition: 0, offset: world.lands_at };
        world.lands_at += 1;
        Ok(Delivered { position_at: None, landed: vec![landed] })
    }

    async fn published(&mut self, _: &Reached) -> Result<Vec<Published>, PublishError> {
        Ok(Vec::new())
    }
}

fn store() -> Store {
    Store::in_memory().unwrap()
}

async fn append(store: &Store, count: u64, topic: Topic) {
    let (mut batch, mut tail) = (Batch::default(), store.outbox().tail().unwrap());
    for _ in 0..count {
        let name = (tail.seq + 1).to_string();
        let record = NewRecord {
            topic,
            key: name.clone(),
            event_id: name.clone(),
            event_type: "t".into(),
            event_source: "/sources/s".into(),
            event_time: DateTime::UNIX_EPOCH,
            traceparent: String::new(),
            value: name.into_bytes(),
        };
        batch.append(&mut tail, record);
    }
    store.articles().commit(batch).await.unwrap();
}

fn drain(store: &Store) -> (Drain, watch::Receiver<Status>) {
    let (tx, rx) = watch::channel(Status::default());
    let limits = Limits { records: 100, bytes: usize::MAX };
    let (ready, (recalls, _)) = (Ready::default(), mpsc::channel(1));
    let parts = Parts { outbox: store.outbox(), store: store.id(), files: DeadLetterFiles::new(None, 0), limits, ready, recalls };
    (Drain::new(parts, tx), rx)
}

/// Goes on until there is nothing to do but wait.
async fn drained(drain: &mut Drain, sink: &mut Sink) -> Step {
    loop {
        match drain.step(sink).await.unwrap() {
            Step::Delivered | Step::Again => {}
            step => return step,
        }
    }
}

#[tokio::test]
async fn refused_records_give_their_places_to_dead_letters_and_the_order_stays() {
    let (store, mut sink) = (store(), Sink::default());
    append(&store, 9, Topic::Articles).await;
    sink.world().refused = vec![1, 4, 5, 9];
    let (mut drain, _status) = drain(&store);
    assert_eq!(drained(&mut drain, &mut sink).await, Step::Empty);
    let letters = [1, 4, 5, 9];
    let expected: Vec<_> = (1..=9).map(|seq| (seq, if letters.contains(&seq) { Topic::DeadLetters } else { Topic::Articles })).collect();
    assert_eq!(sink.world().taken, expected);
    assert_eq!(store.outbox().waiting().unwrap(), (0, 0, None));
}

#[tokio::test]
async fn a_kill_between_the_refusal_and_the_dead_letter_leaves_one_of_the_two() {
    for steps in 0..8 {
        let (store, mut sink) = (store(), Sink::default());
        append(&store, 3, Topic::Articles).await;
        sink.world().refused = vec![2];
        let (mut killed, _status) = drain(&store);
        for _ in 0..steps {
            killed.step(&mut sink).await.unwrap();
        }
        drop(killed);
        let (mut next, _status) = drain(&store);
        assert_eq!(drained(&mut next, &mut sink).await, Step::Empty);
        assert_eq!(sink.world().taken, [(1, Topic::Articles), (2, Topic::DeadLetters), (3, Topic::Articles)], "killed after {steps} steps");
    }
}

#[tokio::test]
async fn dead_letters_that_are_refused_or_not_allowed_hold_no_article_up() {
    for denied in [true, false] {
        let (store, mut sink) = (store(), Sink::default());
        append(&store, 1, Topic::DeadLetters).await;
        append(&store, 2, Topic::Articles).await;
        (sink.world().letters_denied, sink.world().letters_refused) = (denied, !denied);
        let (mut drain, status) = drain(&store);
        assert_eq!(drained(&mut drain, &mut sink).await, Step::Empty);
        assert_eq!(sink.world().taken, [(2, Topic::Articles), (3, Topic::Articles)]);
        assert_eq!(matches!(&*status.borrow(), Status::KeepingLetters(_)), denied);
    }
}

#[tokio::test]
async fn an_adopted_store_that_is_restarted_before_its_first_record_goes_on() {
    let (store, mut sink) = (store(), Sink::default());
    append(&store, 2, Topic::Articles).await;
    let (mut first, _status) = drain(&store);
    drained(&mut first, &mut sink).await;
    // The topics are those of a store that went on for longer.
    sink.world().position.as_mut().unwrap().seq = 40;
    let (mut halted, status) = drain(&store);
    assert_eq!(drained(&mut halted, &mut sink).await, Step::Halted);
    assert!(matches!(&*status.borrow(), Status::Halted(Halt::Ahead { .. })));
    adopt(&mut sink, &store.outbox(), None, Committing::Nobody(store.articles())).await.unwrap();
    for _ in 0..2 {
        let (mut restarted, _status) = drain(&store);
        assert_eq!(drained(&mut restarted, &mut sink).await, Step::Empty);
    }
    append(&store, 1, Topic::Articles).await;
    let (mut last, _status) = drain(&store);
    assert_eq!(drained(&mut last, &mut sink).await, Step::Empty);
    let position = sink.world().position.clone().unwrap();
    assert_eq!((position.epoch, position.seq), (2, 3));
}

#[tokio::test]
async fn a_halted_process_never_takes_the_transactional_id_and_names_the_one_that_publishes() {
    let (ours, theirs, mut sink) = (store(), store(), Sink::default());
    // Two copies of one store, as far as the sink can tell.
    append(&ours, 1, Topic::Articles).await;
    let (mut drain, status) = drain(&ours);
    drained(&mut drain, &mut sink).await;
    append(&theirs, 7, Topic::Articles).await;
    let (mut other, _other_status) = self::drain(&theirs);
    let mut elsewhere = Sink::default();
    drained(&mut other, &mut elsewhere).await;
    sink.world().position.clone_from(&elsewhere.world().position);
    // Ours is fenced, and looks again.
    append(&ours, 1, Topic::Articles).await;
    let (mut fenced, before) = (drain, sink.world().begun);
    fenced.forget();
    for _ in 0..5 {
        assert_eq!(fenced.step(&mut sink).await.unwrap(), Step::Halted);
    }
    assert_eq!(sink.world().begun, before);
    let Status::Halted(halt @ Halt::Another { writer: Some(_) }) = status.borrow().clone() else { panic!("{:?}", status.borrow()) };
    assert!(halt.to_string().contains("running since") && !halt.to_string().contains("adopt"), "{halt}");
}

#[tokio::test]
async fn what_happens_to_a_topic_is_told_after_restarts_too_until_it_is_confirmed() {
    let (store, mut sink) = (store(), Sink::default());
    append(&store, 1, Topic::Articles).await;
    let (mut first, _status) = drain(&store);
    sink.world().lands_at = 7;
    drained(&mut first, &mut sink).await;
    append(&store, 1, Topic::Articles).await;
    sink.world().lands_at = 0;
    assert_eq!(drained(&mut first, &mut sink).await, Step::Empty);
    let (mut restarted, _status) = drain(&store);
    assert_eq!(drained(&mut restarted, &mut sink).await, Step::Empty);
    assert!(known::words(&store.outbox().acked().unwrap().topics).unwrap_err().contains("articles was deleted and made anew"));
    let (answer, confirmed) = oneshot::channel();
    restarted.confirm(answer).await;
    assert!(confirmed.await.unwrap().unwrap().contains("articles was deleted and made anew"));
    append(&store, 1, Topic::Articles).await;
    sink.world().lands_at = 1;
    drained(&mut restarted, &mut sink).await;
    assert_eq!(known::words(&store.outbox().acked().unwrap().topics), Ok(()));
}

#[tokio::test]
async fn who_is_fenced_says_so_and_goes_on_once_the_other_one_has_ended() {
    let (store, mut sink) = (store(), Sink::default());
    append(&store, 1, Topic::Articles).await;
    sink.world().fenced = true;
    let (mut drain, status) = drain(&store);
    assert_eq!(drained(&mut drain, &mut sink).await, Step::Fenced);
    assert!(matches!(&*status.borrow(), Status::Retrying(words) if words.contains("another nashra with this store's id")));
    sink.world().fenced = false;
    assert_eq!(drained(&mut drain, &mut sink).await, Step::Empty);
    assert_eq!(*status.borrow(), Status::Publishing);
}

#[tokio::test]
async fn a_sink_that_hangs_in_the_midst_of_a_transaction_is_told_of_before_it_answers() {
    let (store, mut sink) = (store(), Sink::default());
    append(&store, 1, Topic::Articles).await;
    let (mut drain, status) = drain(&store);
    assert_eq!(drained(&mut drain, &mut sink).await, Step::Empty);
    assert_eq!(*status.borrow(), Status::Publishing);
    let mut seen = status.clone();
    let hangs = async { seen.wait_for(|it| matches!(it, Status::Retrying(_))).await.is_ok() };
    assert!(drain.waited(Duration::from_millis(1), hangs).await);
    append(&store, 1, Topic::Articles).await;
    assert_eq!(drained(&mut drain, &mut sink).await, Step::Empty);
    assert_eq!(*status.borrow(), Status::Publishing, "it answered");
}

#[tokio::test]
async fn why_publishing_is_stopped_is_told_also_while_the_sink_does_not_answer() {
    let (published, older, mut sink) = (store(), store(), Sink::default());
    append(&published, 1, Topic::Articles).await;
    assert_eq!(drained(&mut drain(&published).0, &mut sink).await, Step::Empty);
    let (mut drain, status) = drain(&older);
    assert_eq!(drained(&mut drain, &mut sink).await, Step::Halted);
    let mut asked = false;
    let answers_late = std::future::poll_fn(|_| if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending });
    drain.waited(Duration::from_millis(1), answers_late).await;
    assert!(matches!(&*status.borrow(), Status::Halted(_)));
}
