//! Takes due entries, fetches their pages or opens their documents, and extracts the articles.
//! Readings write nothing: their results go to the committing task, which alone decides and writes.
//!
//! What must stay true: an entry's row stays in the queue until the committing task removes or
//! moves it, so after a crash at any moment the entry is read again. Only [`agenda`] chooses which
//! entry is next.

mod agenda;
pub(crate) mod further;
pub mod claim;
pub mod source_settings;
pub mod reading;

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    base::{clock::Clock, live::Live},
    fetch::Fetch,
    model::{
        candidate::Candidate,
        pending::{PendingEntry, PendingKey},
    },
    stages::{
        PipelineError,
        pages::{
            agenda::Agenda,
            claim::{Claim, Claimed, EVENTS_PER_READING, ReadingEvent},
            reading::{DueEntry, Paced, Reader, Settings},
            source_settings::SourcePageSettings,
        },
        places::Ticket,
        poll::Wake,
        schedule::{Pressure, SET_BACK},
    },
    store::EntryQueue,
    telemetry::{traces::Tracer, unreadable::UnreadablePages},
};

/// The longest break between two looks at the queue that still counts as waiting for a host.
const LONGEST_BREAK: TimeDelta = TimeDelta::hours(1);

/// What every reading of a page works with.
#[derive(Debug)]
pub struct PageContext<F, C> {
    /// Fetches the pages.
    pub fetcher: Arc<F>,
    /// The durable queue of entries.
    pub queue: EntryQueue,
    /// Bounds and rules.
    pub settings: Live<Settings>,
    /// Settings that operators give for the pages of some sources.
    pub rules: SourcePageSettings,
    /// Counts the pages that cannot be read.
    pub unreadable: UnreadablePages,
    /// Takes the spans of readings.
    pub traces: Tracer,
    /// The clock of all times here.
    pub clock: Arc<C>,
}

/// Runs until `wake` closes (polling has ended) and the readings under way have ended. `before` is
/// the latest time that the store knows of: the clock may have been set back since.
pub async fn run<F: Fetch, C: Clock>(
    context: PageContext<F, C>,
    mut wake: mpsc::Receiver<Wake>,
    out: mpsc::Sender<Claimed>,
    mut pressure: watch::Receiver<Pressure>,
    mut before: DateTime<Utc>,
) -> Result<(), PipelineError> {
    let bounds = context.settings.get().bounds();
    let (events_tx, mut events) = mpsc::channel(EVENTS_PER_READING * (bounds.pages + bounds.here));
    let reader = Arc::new(Reader::new(&context));
    let mut agenda = Agenda::new(bounds);
    context.queue.lanes()?.into_iter().for_each(|(lane, due)| agenda.note_due(lane, due));
    let mut awake = ActiveSince { since: before, last: before };
    let mut readings: JoinSet<Ticket> = JoinSet::new();
    let mut under_way: HashMap<Ticket, CancellationToken> = HashMap::new();
    loop {
        let now = context.clock.now();
        if before - now > SET_BACK {
            set_back(&mut agenda, &context.queue, before - now, now).await?;
        }
        before = now;
        let stopped = matches!(*pressure.borrow_and_update(), Pressure::Stop);
        if !stopped {
            agenda.set_per_host(context.settings.get().per_host);
            awake.at(now);
            for (ticket, key, entry) in claim_due(&mut agenda, &context)? {
                let due = DueEntry { waited_s: awake.waited_s(&key, now), key, entry };
                let (claim, give_way) = (
                    Claim::new(ticket, events_tx.clone(), agenda.silence(ticket)),
                    CancellationToken::new(),
                );
                under_way.insert(ticket, give_way.clone());
                readings.spawn(read_claimed(
                    Arc::clone(&reader),
                    due,
                    claim,
                    give_way,
                    out.clone(),
                ));
            }
            while let Some(give_way) = agenda.next_to_give_way().and_then(|id| under_way.get(&id)) {
                give_way.cancel();
            }
        }
        let pause = pause(&agenda, context.clock.now().timestamp_millis(), stopped);
        tokio::select! {
            woken = wake.recv() => match woken {
                Some(woken) => note_wake(&mut agenda, woken),
                None => break,
            },
            Some(event) = events.recv() => note_event(&mut agenda, event),
            Some(ended) = readings.join_next() => {
                let ticket = ended?;
                under_way.remove(&ticket);
                agenda.ended(ticket);
            }
            changed = pressure.changed() => if changed.is_err() { break },
            () = tokio::time::sleep(pause) => {}
        }
    }
    // Nobody receives the events of claims that are still held.
    drop(events);
    while let Some(ended) = readings.join_next().await {
        ended?;
    }
    Ok(())
}

/// Takes note of new entries, and of a host that answered.
fn note_wake(agenda: &mut Agenda, Wake { lanes, answered }: Wake) {
    if let Some(host) = answered {
        agenda.answered(host);
    }
    for (lane, due) in lanes {
        agenda.note_due(lane, due);
    }
}

/// Takes note of the progress of a reading.
fn note_event(agenda: &mut Agenda, event: ReadingEvent) {
    match event {
        ReadingEvent::Fetched(ticket, answered) => {
            agenda.fetched(ticket, answered, Instant::now());
        }
        ReadingEvent::Released(ticket, again) => agenda.released(ticket, again),
        ReadingEvent::Paced(ticket, next_ms) => agenda.paced(ticket, next_ms),
    }
}

/// Moves the due times of all entries that wait by as much as the clock was set back.
async fn set_back(
    agenda: &mut Agenda,
    queue: &EntryQueue,
    by: TimeDelta,
    now: DateTime<Utc>,
) -> Result<(), PipelineError> {
    queue.set_back(by, now, |key| agenda.is_claimed(key)).await?;
    agenda.open_hosts(u64::MAX);
    for (lane, due) in queue.lanes()? {
        agenda.note_due(lane, due);
    }
    Ok(())
}

/// Since when entries have been read without a long break.
#[derive(Debug)]
struct ActiveSince {
    since: DateTime<Utc>,
    last: DateTime<Utc>,
}

impl ActiveSince {
    /// Notes that entries are read now. After a stop, a full outbox or a jump of the clock, the
    /// time before it does not count as waiting for a host.
    fn at(&mut self, now: DateTime<Utc>) {
        self.since = if now - self.last > LONGEST_BREAK { now } else { self.since.min(now) };
        self.last = now;
    }

    /// For how many seconds a row has been due while entries were read.
    fn waited_s(&self, row: &PendingKey, now: DateTime<Utc>) -> u64 {
        let ms = |at: DateTime<Utc>| u64::try_from(at.timestamp_millis()).unwrap_or(0);
        ms(now).saturating_sub(row.due_ms().max(ms(self.since))) / 1000
    }
}

/// Claims entries that are due, as many as there is room for.
fn claim_due<F, C: Clock>(
    agenda: &mut Agenda,
    context: &PageContext<F, C>,
) -> Result<Vec<(Ticket, PendingKey, PendingEntry)>, PipelineError> {
    let now_ms = u64::try_from(context.clock.now().timestamp_millis()).unwrap_or(0);
    let (now, mut taken) = (Instant::now(), Vec::new());
    while let Some(turn) = agenda.next_turn(now_ms, now) {
        let found =
            context.queue.due(turn.from, now_ms, turn.limit, |key| agenda.is_claimed(key))?;
        let tickets = agenda.claim(turn, &found, now);
        taken.extend(
            tickets.into_iter().zip(found.rows).map(|(ticket, (key, entry))| (ticket, key, entry)),
        );
    }
    Ok(taken)
}

/// Reads an entry and hands the result on together with the claim, or releases the claim where it
/// is not the host's turn.
async fn read_claimed<F: Fetch, C: Clock>(
    reader: Arc<Reader<F, C>>,
    due: DueEntry,
    mut claim: Claim,
    give_way: CancellationToken,
    out: mpsc::Sender<Claimed>,
) -> Ticket {
    let ticket = claim.ticket();
    let (reading, room) = match reader.read_entry(&due, &claim, &give_way).await {
        Ok(read) => read,
        Err(Paced { next_ms }) => {
            claim.release_until(next_ms);
            return ticket;
        }
    };
    let DueEntry { key, entry, .. } = due;
    claim.hold_room(room);
    // The channel is closed only where the committing task failed. That ends the run, and the row
    // is still in the queue.
    out.send(Claimed { candidate: Candidate { key, entry, reading }, claim }).await.ok();
    ticket
}

/// How long until there is something to do; a second at most, because the clock may jump.
fn pause(agenda: &Agenda, now_ms: i64, stopped: bool) -> Duration {
    let longest = Duration::from_secs(1);
    let now = u64::try_from(now_ms).unwrap_or(0);
    // An entry that is due but was not claimed waits for room, and the end of a reading wakes the
    // stage.
    let due = agenda
        .next_due()
        .filter(|due| !stopped && *due > now)
        .map(|due| Duration::from_millis(due - now));
    due.map_or(longest, |due| due.min(longest))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        base::clock::ManualClock,
        config::sources::Sources,
        fetch::{Deferred, Outcome, Request},
        model::{candidate::PageOutcome, entry::Entry, lane::Lane, pending::EntryKey, record},
        store::{NewEdition, PollCommit, SeenEntry, Store},
    };

    #[derive(Debug)]
    struct Deferring(Deferred);

    impl Fetch for Deferring {
        fn memory(&self) -> crate::fetch::Memory {
            crate::fetch::Memory::default()
        }

        async fn fetch(&self, _: Request) -> Outcome {
            Outcome::Deferred(self.0)
        }
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn context(store: &Store) -> PageContext<Deferring, ManualClock> {
        let settings = Settings {
            concurrency: 8,
            per_host: 4,
            in_flight: 8,
            retry: crate::policy::retry::Retry {
                tries: 8,
                first: Duration::from_secs(2),
                max: Duration::from_mins(1),
            },
            max_decoded: 1 << 20,
            follow_pages: 0,
        };
        let rules = SourcePageSettings::new(&Sources::default(), store.added(), at(0));
        let deferred = Deferred { wait: Duration::from_secs(10), reason: None, next: true };
        PageContext {
            fetcher: Arc::new(Deferring(deferred)),
            queue: store.entries(),
            settings: Live::new(settings),
            rules,
            unreadable: UnreadablePages::default(),
            traces: Tracer::default(),
            clock: Arc::new(ManualClock::new(at(100))),
        }
    }

    /// Lists an edition of the one entry, whose page is at `host`.
    async fn list(store: &Store, host: &str, second: i64) -> PendingKey {
        let key = EntryKey::new("s", "1");
        let before = store.polls().seen(&[key]).unwrap()[0];
        let row = PendingKey::new(Lane::of_pages("s", host), at(second), &key);
        let source = record::Source {
            id: "s".into(),
            name: None,
            kind: "feed".into(),
            url: "u".into(),
            tags: Vec::new(),
        };
        let listed = Entry { identity: "1".into(), ..Entry::default() };
        let entry =
            PendingEntry { fetch_page: true, ..PendingEntry::new(source, listed, 0, at(second)) };
        let mut commit = PollCommit::default();
        let edition =
            NewEdition { seen: SeenEntry::default(), row: &row, entry: &entry, document: None };
        commit.enqueue(&key, before.as_ref(), edition);
        store.polls().commit(commit).await.unwrap();
        row
    }

    #[test]
    fn an_entry_has_waited_since_it_was_due_but_not_over_a_stop_a_full_outbox_or_a_jump_of_the_clock()
     {
        let row = PendingKey::new(Lane::of_pages("s", "a"), at(0), &EntryKey::new("s", "1"));
        let mut awake = ActiveSince { since: at(-9000), last: at(-1) };
        let mut waited = |second| {
            awake.at(at(second));
            awake.waited_s(&row, at(second))
        };
        assert_eq!(
            [waited(1), waited(3000), waited(6000)],
            [1, 3000, 6000],
            "a short break is none"
        );
        assert_eq!([waited(96_000), waited(96_060)], [0, 60], "nobody waits while nothing is read");
        assert_eq!([waited(10_000), waited(10_060)], [0, 60], "a clock that was set back");
    }

    #[tokio::test]
    async fn an_entry_that_has_no_turn_of_its_host_stays_where_it_is_and_after_a_day_is_what_its_feed_says()
     {
        let store = Store::in_memory().unwrap();
        let context = context(&store);
        let (reader, mut agenda) =
            (Reader::new(&context), Agenda::new(context.settings.get().bounds()));
        let row = list(&store, "a", 1).await;
        agenda.note_due(row.lane(), row.due_ms());
        let (ticket, key, mut entry) = claim_due(&mut agenda, &context).unwrap().pop().unwrap();
        entry.entry.link = "http://a/".parse().ok();
        let mut due = DueEntry { key, entry, waited_s: 0 };
        let (events, _open) = mpsc::channel(EVENTS_PER_READING);
        let claim = Claim::new(ticket, events, agenda.silence(ticket));
        due.waited_s = 86_399;
        assert_eq!(
            reader.read_entry(&due, &claim, &CancellationToken::new()).await.unwrap_err().next_ms,
            110_001
        );
        due.waited_s = 86_400;
        let (PageOutcome::Dead(dead), _) =
            reader.read_entry(&due, &claim, &CancellationToken::new()).await.unwrap()
        else {
            panic!("it waits for ever")
        };
        assert_eq!(dead.error, "no turn in a day: the host's turn is in 10 s");
        agenda.paced(ticket, 110_001);
        assert!(claim_due(&mut agenda, &context).unwrap().is_empty());
        assert_eq!(agenda.next_due(), Some(110_001));
        context.clock.set(at(111));
        assert_eq!(claim_due(&mut agenda, &context).unwrap()[0].1, row);
    }

    #[tokio::test]
    async fn a_newer_edition_on_another_host_is_read_as_soon_as_the_older_one_is_decided_on() {
        let store = Store::in_memory().unwrap();
        let context = context(&store);
        let mut agenda = Agenda::new(context.settings.get().bounds());
        let listed = async |agenda: &mut Agenda, host, second| {
            let row = list(&store, host, second).await;
            agenda.note_due(row.lane(), row.due_ms());
            row
        };
        listed(&mut agenda, "a", 1).await;
        let (ticket, row, entry) = claim_due(&mut agenda, &context).unwrap().pop().unwrap();
        let newer = listed(&mut agenda, "b", 2).await;
        assert!(claim_due(&mut agenda, &context).unwrap().is_empty(), "its entry is being read");
        let mut batch = crate::store::Batch::default();
        batch.entry_done(&row, &entry);
        store.articles().commit(batch).await.unwrap();
        agenda.released(ticket, None);
        assert_eq!(claim_due(&mut agenda, &context).unwrap()[0].1, newer);
    }
}
