//! Publishing to a sink that refuses, forgets, leaves open what became of a batch and is shared,
//! step by step.

mod adopting;

use std::{collections::BTreeSet, task::Poll};

use chrono::DateTime;

use super::{
    drain::Step,
    sink::SinkEvent,
    sinks::memory::{Fault, MemorySink},
    *,
};
use crate::{
    model::record::Topic,
    store::{Batch, NewRecord, Observed, Store},
};

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
            routing: crate::model::routing::Routing::default(),
            observed: Observed::default(),
            value: name.into_bytes(),
        };
        batch.append(&mut tail, record);
    }
    store.articles().commit(batch).await.unwrap();
}

/// The stage of a process that has just started.
struct Process {
    drain: Drain,
    status: watch::Receiver<Status>,
    recalls: mpsc::Receiver<CommitRequest>,
    ready: Ready,
    sink: MemorySink,
}

impl Process {
    fn start(store: &Store, sink: &MemorySink) -> Self {
        let (tx, status) = watch::channel(Status::default());
        let (ready, (recalls_tx, recalls)) = (Ready::default(), mpsc::channel(1));
        let parts = Parts {
            outbox: store.outbox(),
            store: store.id(),
            letters: store.letters(1 << 20),
            ready: ready.clone(),
            traces: Tracer::default(),
            commit_requests: recalls_tx,
        };
        Self { drain: Drain::new(parts, tx), status, recalls, ready, sink: sink.clone() }
    }

    async fn step(&mut self) -> Step {
        self.drain.step(&mut self.sink).await.unwrap()
    }

    /// Steps until the stage has to wait.
    async fn drained(&mut self) -> Step {
        loop {
            match self.step().await {
                Step::Delivered | Step::Again => {}
                step => return step,
            }
        }
    }

    /// An operator adopts while no committing task runs.
    async fn adopt(&mut self) -> Result<AdoptionReport, AdoptError> {
        let (answer, outcome) = oneshot::channel();
        // A closed channel is an error only where articles have to be taken over.
        self.recalls.close();
        self.drain.adopt(&mut self.sink, answer).await;
        outcome.await.unwrap()
    }

    fn halt(&self) -> Halt {
        match &*self.status.borrow() {
            Status::Halted(halt) => halt.clone(),
            status => panic!("{status:?}"),
        }
    }
}

fn articles(numbers: std::ops::RangeInclusive<u64>) -> Vec<(u64, Topic)> {
    numbers.map(|seq| (seq, Topic::Articles)).collect()
}

#[tokio::test]
async fn whatever_became_of_a_batch_that_was_not_answered_each_record_is_seen_once() {
    for first in Fault::ALL {
        for second in Fault::ALL {
            let (store, sink) = (store(), MemorySink::default());
            let mut process = Process::start(&store, &sink);
            append(&store, 3, Topic::Articles).await;
            sink.fail(first);
            sink.fail(second);
            let mut failures = 0;
            while process.drained().await == Step::Failed {
                assert!(matches!(&*process.status.borrow(), Status::Retrying(_)));
                append(&store, 2, Topic::Articles).await;
                failures += 1;
            }
            assert_eq!((failures, sink.seen()), (2, articles(1..=7)), "{first:?}, {second:?}");
            assert_eq!(store.outbox().waiting().unwrap(), (0, 0, None));
            assert_eq!(*process.status.borrow(), Status::Publishing);
        }
    }
}

#[tokio::test]
async fn a_kill_at_any_step_and_any_fault_loses_and_repeats_nothing() {
    for fault in Fault::ALL {
        for steps in 0..6 {
            let (store, sink) = (store(), MemorySink::default());
            append(&store, 2, Topic::Articles).await;
            sink.fail(fault);
            let mut killed = Process::start(&store, &sink);
            for _ in 0..steps {
                killed.step().await;
            }
            drop(killed);
            append(&store, 1, Topic::Articles).await;
            let mut next = Process::start(&store, &sink);
            while next.drained().await == Step::Failed {}
            assert_eq!(sink.seen(), articles(1..=3), "killed after {steps} steps, {fault:?}");
        }
    }
}

#[tokio::test]
async fn what_an_open_transaction_may_still_change_stops_nobody_for_good() {
    let (store, sink) = (store(), MemorySink::default());
    append(&store, 1, Topic::Articles).await;
    let mut first = Process::start(&store, &sink);
    first.drained().await;
    let early = sink.world().position.clone();
    append(&store, 1, Topic::Articles).await;
    first.drained().await;
    append(&store, 1, Topic::Articles).await;
    sink.fail(Fault::LeftOpen);
    assert_eq!(first.drained().await, Step::Failed);
    // While a transaction is open, what is behind it cannot be read: the sink seems to be older
    // than it is.
    let late = std::mem::replace(&mut sink.world().position, early);
    assert_eq!(first.drained().await, Step::Failed);
    assert!(
        matches!(&*first.status.borrow(), Status::Retrying(words) if words.contains("an open transaction"))
    );
    sink.world().position = late;
    assert_eq!(first.drained().await, Step::Empty);
    assert_eq!(sink.seen(), articles(1..=3));
}

#[tokio::test]
async fn refused_records_give_their_places_to_dead_letters_and_the_order_stays() {
    let (store, sink) = (store(), MemorySink::default());
    append(&store, 9, Topic::Articles).await;
    let letters = BTreeSet::from([1, 4, 5, 9]);
    sink.world().refused.clone_from(&letters);
    assert_eq!(Process::start(&store, &sink).drained().await, Step::Empty);
    let expected: Vec<_> = (1..=9)
        .map(|seq| (seq, if letters.contains(&seq) { Topic::DeadLetters } else { Topic::Articles }))
        .collect();
    assert_eq!(sink.seen(), expected);
    assert_eq!(store.outbox().waiting().unwrap(), (0, 0, None));
}

#[tokio::test]
async fn a_kill_between_the_refusal_and_the_dead_letter_leaves_one_of_the_two() {
    for steps in 0..8 {
        let (store, sink) = (store(), MemorySink::default());
        append(&store, 3, Topic::Articles).await;
        sink.world().refused = [2].into();
        let mut killed = Process::start(&store, &sink);
        for _ in 0..steps {
            killed.step().await;
        }
        drop(killed);
        assert_eq!(Process::start(&store, &sink).drained().await, Step::Empty);
        assert_eq!(
            sink.seen(),
            [(1, Topic::Articles), (2, Topic::DeadLetters), (3, Topic::Articles)],
            "killed after {steps} steps"
        );
    }
}

#[tokio::test]
async fn dead_letters_that_are_refused_or_not_allowed_hold_no_article_up() {
    for denied in [true, false] {
        let (store, sink) = (store(), MemorySink::default());
        append(&store, 1, Topic::DeadLetters).await;
        append(&store, 2, Topic::Articles).await;
        (sink.world().letters_denied, sink.world().letters_refused) = (denied, !denied);
        let mut process = Process::start(&store, &sink);
        assert_eq!(process.drained().await, Step::Empty);
        assert_eq!(sink.seen(), articles(2..=3));
        assert_eq!(matches!(&*process.status.borrow(), Status::KeepingLetters(_)), denied);
    }
}

#[tokio::test]
async fn a_halted_process_never_opens_the_sink_and_names_the_one_that_publishes() {
    let (ours, theirs, sink) = (store(), store(), MemorySink::default());
    // Two copies of one store, as far as the sink can tell.
    append(&ours, 1, Topic::Articles).await;
    let mut process = Process::start(&ours, &sink);
    process.drained().await;
    append(&theirs, 7, Topic::Articles).await;
    let elsewhere = MemorySink::default();
    Process::start(&theirs, &elsewhere).drained().await;
    sink.world().position.clone_from(&elsewhere.world().position);
    // Ours is fenced, and looks again.
    sink.world().opened += 1;
    append(&ours, 1, Topic::Articles).await;
    assert_eq!(process.step().await, Step::Fenced);
    let before = sink.world().opened;
    for _ in 0..5 {
        assert_eq!(process.step().await, Step::Halted);
    }
    assert_eq!(sink.world().opened, before);
    let halt = process.halt();
    assert!(matches!(halt, Halt::Another { writer: Some(_) }), "{halt}");
    assert!(
        halt.to_string().contains("running since") && !halt.to_string().contains("adopt"),
        "{halt}"
    );
}

#[tokio::test]
async fn what_happens_to_a_sink_is_told_after_restarts_too_until_it_is_confirmed() {
    let (store, sink) = (store(), MemorySink::default());
    append(&store, 1, Topic::Articles).await;
    let mut first = Process::start(&store, &sink);
    first.drained().await;
    append(&store, 1, Topic::Articles).await;
    sink.world().happens = vec![SinkEvent { part: "articles".into(), what: "was emptied".into() }];
    assert_eq!(first.drained().await, Step::Empty);
    let mut restarted = Process::start(&store, &sink);
    // The same is told once.
    sink.world().happens = vec![SinkEvent { part: "articles".into(), what: "was emptied".into() }];
    assert_eq!(restarted.drained().await, Step::Empty);
    assert_eq!(
        changes::unconfirmed(&store.outbox().acked().unwrap().notes)
            .unwrap_err()
            .matches("articles was emptied")
            .count(),
        1
    );
    assert!(restarted.ready.words().1.contains("articles was emptied"));
    let (answer, confirmed) = oneshot::channel();
    restarted.drain.confirm(answer).await;
    assert!(confirmed.await.unwrap().unwrap().contains("articles was emptied"));
    assert!(!restarted.ready.words().1.contains("articles was emptied"));
    append(&store, 1, Topic::Articles).await;
    restarted.drained().await;
    assert_eq!(changes::unconfirmed(&store.outbox().acked().unwrap().notes), Ok(()));
}

#[tokio::test]
async fn who_is_fenced_says_so_and_goes_on_once_the_other_one_has_ended() {
    let (store, sink) = (store(), MemorySink::default());
    let mut process = Process::start(&store, &sink);
    assert_eq!(process.drained().await, Step::Empty);
    // Another process opens the sink, and ends.
    sink.clone().open(None).await.unwrap();
    append(&store, 1, Topic::Articles).await;
    assert_eq!(process.drained().await, Step::Fenced);
    assert!(
        matches!(&*process.status.borrow(), Status::Retrying(words) if words.contains("another nashra with this store's id"))
    );
    assert_eq!(process.drained().await, Step::Empty);
    assert_eq!(*process.status.borrow(), Status::Publishing);
    assert_eq!(sink.seen(), articles(1..=1));
}

#[tokio::test]
async fn a_sink_that_hangs_in_the_midst_of_a_transaction_is_told_of_before_it_answers() {
    let (store, sink) = (store(), MemorySink::default());
    append(&store, 1, Topic::Articles).await;
    let mut process = Process::start(&store, &sink);
    assert_eq!(process.drained().await, Step::Empty);
    assert_eq!(*process.status.borrow(), Status::Publishing);
    let mut seen = process.status.clone();
    let hangs = async { seen.wait_for(|seen| matches!(seen, Status::Retrying(_))).await.is_ok() };
    assert!(process.drain.reporter.await_sink(Duration::from_millis(1), hangs).await);
    append(&store, 1, Topic::Articles).await;
    assert_eq!(process.drained().await, Step::Empty);
    assert_eq!(*process.status.borrow(), Status::Publishing, "it answered");
}

#[tokio::test]
async fn why_publishing_is_stopped_is_told_also_while_the_sink_does_not_answer() {
    let (published, older, sink) = (store(), store(), MemorySink::default());
    append(&published, 1, Topic::Articles).await;
    assert_eq!(Process::start(&published, &sink).drained().await, Step::Empty);
    let mut halted = Process::start(&older, &sink);
    assert_eq!(halted.drained().await, Step::Halted);
    let mut asked = false;
    let answers_late = std::future::poll_fn(|_| {
        if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }
    });
    halted.drain.reporter.await_sink(Duration::from_millis(1), answers_late).await;
    halted.halt();
}
