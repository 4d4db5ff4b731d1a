//! Bodies that are too many or too large for what there is.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const MIB: usize = 1 << 20;

fn memory() -> Memory {
    Memory::new(MemoryPlan { budget: 64 * MIB, threads: 2, connections: 64 })
}

fn plain(bytes: usize) -> Body {
    Body { bytes: vec![b'x'; bytes].into(), ..Body::default() }
}

fn zeros(bytes: usize) -> Body {
    Body {
        bytes: zstd::encode_all(&vec![0; bytes][..], 1).unwrap().into(),
        encodings: vec!["zstd".to_owned()],
        ..Body::default()
    }
}

#[tokio::test]
async fn a_body_that_is_large_only_once_it_is_decoded_is_read_once_and_charged_as_large() {
    let (memory, reads) = (memory(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&reads);
    let read = memory.read_body(zeros(10 * MIB), 20 * MIB, move |bytes| {
        counted.fetch_add(1, Ordering::Relaxed);
        bytes.unwrap().len()
    });
    let (length, room) = read.await.unwrap();
    assert_eq!((length, reads.load(Ordering::Relaxed)), (10 * MIB, 1));
    assert_eq!(room.bytes(), (KEPT * 10 * MIB).min(memory.0.plan.large()));
    drop(room);
    let too_large = memory.read_body(zeros(10 * MIB), 5 * MIB, |bytes| bytes.is_err()).await;
    assert!(matches!(too_large, Ok((true, _))));
}

#[tokio::test]
async fn small_bodies_are_read_while_large_ones_hold_all_their_room() {
    let memory = memory();
    let ((), large) = memory.read_body(plain(30 * MIB), 40 * MIB, |_| ()).await.unwrap();
    let coming = memory.room_to_receive(usize::MAX).await.unwrap();
    // Those that find no room wait, and beyond a bound they are sent away.
    let waiting: Vec<_> = (0..memory.0.plan.patient())
        .map(|_| {
            let memory = memory.clone();
            tokio::spawn(async move {
                memory.read_body(plain(30 * MIB), 40 * MIB, |_| ()).await.is_ok()
            })
        })
        .collect();
    while memory.0.patience.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(
        memory.read_body(plain(30 * MIB), 40 * MIB, |_| ()).await,
        Err(UnreadBody::NoRoom)
    ));
    assert!(memory.room_to_receive(1).await.is_none());
    for _ in 0..100 {
        let (length, _) =
            memory.read_body(zeros(100), MIB, |bytes| bytes.unwrap().len()).await.unwrap();
        assert_eq!(length, 100);
    }
    drop((large, coming));
    for one in waiting {
        assert!(one.await.unwrap());
    }
    assert_eq!(memory.0.large.left(), memory.0.plan.large());
}

#[tokio::test]
async fn what_was_made_of_small_bodies_holds_room_until_it_is_dropped_and_then_all_is_there_again()
{
    let memory = memory();
    let small = memory.0.plan.small();
    let mut made = Vec::new();
    while memory.0.kept.left() >= KEPT * small {
        made.push(memory.read_body(plain(small), MIB, |_| ()).await.unwrap());
    }
    // The next is read and then waits, with its thread, until the store has caught up.
    let read = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&read);
    let next = memory.read_body(plain(small), MIB, move |_| counted.store(1, Ordering::Relaxed));
    tokio::pin!(next);
    while read.load(Ordering::Relaxed) == 0 {
        assert!(futures::poll!(next.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    assert!(futures::poll!(next.as_mut()).is_pending());
    assert_eq!(memory.0.threads.free(), 1);
    made.clear();
    assert!(next.await.is_ok());
    assert_eq!(memory.0.threads.free(), 2);
}

#[tokio::test]
async fn a_panic_of_the_reader_gives_the_body_back_and_the_thread() {
    let memory = memory();
    for body in [zeros(100), plain(20 * MIB)] {
        for _ in 0..4 {
            let read = memory.read_body(body.clone(), 40 * MIB, |_| panic!("as it should"));
            let Err(UnreadBody::Panicked(back)) = read.await else { panic!("it did not panic") };
            assert_eq!(back.bytes, body.bytes);
        }
    }
    assert_eq!((memory.0.threads.free(), memory.0.large_threads.free()), (2, 1));
}

#[tokio::test]
async fn a_body_that_is_known_as_it_was_sent_is_not_decoded() {
    let damaged =
        Body { bytes: vec![1, 2, 3].into(), encodings: vec!["gzip".to_owned()], ..Body::default() };
    let look = |body: &Body| (body.bytes.len(), true);
    let (read, _) = memory()
        .read_body_unless(damaged, MIB, look, |sent, bytes| (sent, bytes.unwrap().len()))
        .await
        .unwrap();
    assert_eq!(read, (3, 0));
}
