//! Takes due entries, fetches their pages or opens their documents, and has them extracted. Workers are pure: what they find goes to the
//! committing task, which alone decides and writes.
//!
//! What must stay true: an entry's row stays in the queue until the committing task removes or moves it, so a
//! crash at any moment reads it again; which entry is next is for [`agenda`](super::agenda) to say, and nobody else.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    Known,
    agenda::{Agenda, Ticket},
    claim::{Claim, Claimed, TOLD, Told},
    reading::{Paced, Reader, Settings},
};
use crate::{
    article::Candidate,
    clock::Clock,
    fetch::Fetch,
    pipeline::PipelineError,
    poll::Wake,
    schedule::{Pressure, SET_BACK},
    store::{EntryQueue, PendingEntry, PendingKey},
};

/// What the page stage works with.
#[derive(Debug)]
pub struct Parts<F, C> {
    /// HTTP.
    pub fetcher: Arc<F>,
    /// The durable queue.
    pub queue: EntryQueue,
    /// Bounds and rules.
    pub settings: Settings,
    /// What operators say of the pages of some sources.
    pub rules: Known,
    /// Time.
    pub clock: Arc<C>,
}

/// Runs until `wake` closes (polling has ended) and what is in flight is handed on. `before` is the latest time that is known
/// of: the clock may have been set back since.
pub async fn run<F: Fetch, C: Clock>(
    parts: Parts<F, C>,
    mut wake: mpsc::Receiver<Wake>,
    out: mpsc::Sender<Claimed>,
    (mut pressure, mut before): (watch::Receiver<Pressure>, DateTime<Utc>),
) -> Result<(), PipelineError> {
    let bounds = parts.settings.bounds();
    let (told_tx, mut told) = mpsc::channel(TOLD * (bounds.pages + bounds.here));
    let reader = Arc::new(Reader::new(&parts));
    let mut agenda = Agenda::new(bounds);
    parts.queue.lanes()?.into_iter().for_each(|(lane, due)| agenda.note(lane, due));
    let mut readings: JoinSet<Ticket> = JoinSet::new();
    let mut under_way: HashMap<Ticket, CancellationToken> = HashMap::new();
    loop {
        let now = parts.clock.now();
        if before - now > SET_BACK {
            parts.queue.set_back((before - now, now), |key| agenda.is_claimed(key)).await?;
            agenda.open(u64::MAX);
            for (lane, due) in parts.queue.lanes()? {
                agenda.note(lane, due);
            }
        }
        before = now;
        let stopped = matches!(*pressure.borrow_and_update(), Pressure::Stop);
        if !stopped {
            for (ticket, key, entry) in take(&mut agenda, &parts)? {
                let (claim, give_way) = (Claim::new(ticket, told_tx.clone(), agenda.silence(ticket)), CancellationToken::new());
                under_way.insert(ticket, give_way.clone());
                readings.spawn(read(Arc::clone(&reader), (ticket, key, entry), (claim, give_way), out.clone()));
            }
            while let Some(give_way) = agenda.gives_way().and_then(|it| under_way.get(&it)) {
                give_way.cancel();
            }
        }
        let pause = pause(&agenda, parts.clock.now().timestamp_millis(), stopped);
        tokio::select! {
            woken = wake.recv() => match woken {
                Some(Wake { lanes, answered }) => {
                    if let Some(host) = answered {
                        agenda.answered(host);
                    }
                    for (lane, due) in lanes {
                        agenda.note(lane, due);
                    }
                }
                None => break,
            },
            Some(told) = told.recv() => match told {
                Told::Fetched(ticket, well) => agenda.fetched(ticket, well, Instant::now()),
                Told::Released(ticket, again_ms) => agenda.released(ticket, again_ms),
                Told::Paced(ticket, next_ms) => agenda.paced(ticket, next_ms),
            },
            Some(ended) = readings.join_next() => {
                let ticket = ended?;
                under_way.remove(&ticket);
                agenda.ended(ticket);
            }
            changed = pressure.changed() => if changed.is_err() { break },
            () = tokio::time::sleep(pause) => {}
        }
    }
    // Claims that are still held tell nobody.
    drop(told);
    while let Some(ended) = readings.join_next().await {
        ended?;
    }
    Ok(())
}

/// Claims what is due, as far as there is room.
fn take<F, C: Clock>(agenda: &mut Agenda, parts: &Parts<F, C>) -> Result<Vec<(Ticket, PendingKey, PendingEntry)>, PipelineError> {
    let now_ms = u64::try_from(parts.clock.now().timestamp_millis()).unwrap_or(0);
    let (now, mut taken) = (Instant::now(), Vec::new());
    while let Some(turn) = agenda.turn(now_ms, now) {
        let found = parts.queue.due(turn.from, now_ms, turn.limit, |key| agenda.is_claimed(key))?;
        let tickets = agenda.took(turn, &found, now);
        taken.extend(tickets.into_iter().zip(found.rows).map(|(ticket, (key, entry))| (ticket, key, entry)));
    }
    Ok(taken)
}

async fn read<F: Fetch, C: Clock>(
    reader: Arc<Reader<F, C>>,
    (ticket, key, entry): (Ticket, PendingKey, PendingEntry),
    (mut claim, give_way): (Claim, CancellationToken),
    out: mpsc::Sender<Claimed>,
) -> Ticket {
    let (reading, room) = match reader.read(&key, &entry, (&claim, &give_way)).await {
        Ok(read) => read,
        Err(Paced { next_ms }) => {
            claim.paced(next_ms);
            return ticket;
        }
    };
    claim.keep(room);
    // Closed only where the committing task failed, which ends the run; the row is still in the queue.
    out.send(Claimed { candidate: Candidate { key, entry, reading }, claim }).await.ok();
    ticket
}

/// How long until there is something to do; looked at each second at the latest, because clocks jump.
fn pause(agenda: &Agenda, now_ms: i64, stopped: bool) -> Duration {
    let longest = Duration::from_secs(1);
    let now = u64::try_from(now_ms).unwrap_or(0);
    // What is due and was not taken has no room: what ends wakes us.
    let due = agenda.next_due().filter(|due| !stopped && *due > now).map(|due| Duration::from_millis(due - now));
    due.map_or(longest, |it| it.min(longest))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::TimeDelta;

    use super::*;
    use crate::{
        article::record,
        clock::ManualClock,
        config::sources::Sources,
        feed::Entry,
        fetch::{Outcome, Request},
        store::{EntryKey, Lane, PollCommit, Seen, Store},
    };

    #[derive(Debug)]
    struct Nobody;

    impl Fetch for Nobody {
        fn memory(&self) -> crate::fetch::Memory {
            crate::fetch::Memory::default()
        }

        async fn fetch(&self, _: Request) -> Outcome {
            Outcome::Gone { status: 404 }
        }
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn parts(store: &Store) -> Parts<Nobody, ManualClock> {
        let settings = Settings {
            concurrency: 8,
            per_host: 4,
            in_flight: 8,
            retry: super::super::Retry { tries: 8, first: Duration::from_secs(2), max: Duration::from_mins(1) },
            max_decoded: 1 << 20,
        };
        let rules = Known::new(&Sources::default(), store.added(), at(0));
        Parts { fetcher: Arc::new(Nobody), queue: store.entries(), settings, rules, clock: Arc::new(ManualClock::new(at(100))) }
    }

    /// Lists an edition of the one entry, whose page is at `host`.
    async fn list(store: &Store, host: &str, second: i64) -> PendingKey {
        let key = EntryKey::new("s", "1");
        let before = store.polls().seen(&[key]).unwrap()[0];
        let row = PendingKey::new(Lane::of_pages("s", host), at(second), &key);
        let source = record::Source { id: "s".into(), name: None, kind: "feed".into(), url: "u".into(), tags: Vec::new() };
        let said = Entry { identity: "1".into(), ..Entry::default() };
        let entry = PendingEntry { fetch_page: true, ..PendingEntry::new(source, said, 0, at(second)) };
        let mut commit = PollCommit::default();
        commit.enqueue(&key, (before.as_ref(), Seen::default()), (&row, &entry, None));
        store.polls().commit(commit).await.unwrap();
        row
    }

    #[tokio::test]
    async fn a_newer_edition_on_another_host_is_read_as_soon_as_the_older_one_is_decided_on() {
        let store = Store::in_memory().unwrap();
        let parts = parts(&store);
        let mut agenda = Agenda::new(parts.settings.bounds());
        let listed = async |agenda: &mut Agenda, host, second| {
            let row = list(&store, host, second).await;
            agenda.note(row.lane(), row.due_ms());
            row
        };
        listed(&mut agenda, "a", 1).await;
        let (ticket, row, entry) = take(&mut agenda, &parts).unwrap().pop().unwrap();
        let newer = listed(&mut agenda, "b", 2).await;
        assert!(take(&mut agenda, &parts).unwrap().is_empty(), "its entry is being read");
        let mut batch = crate::store::Batch::default();
        batch.entry_done(&row, &entry);
        store.articles().commit(batch).await.unwrap();
        agenda.released(ticket, None);
        assert_eq!(take(&mut agenda, &parts).unwrap()[0].1, newer);
    }
}
