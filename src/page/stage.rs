//! Takes due entries, fetches their pages or opens their documents, and has them extracted. Workers are pure: what they find goes to the
//! committing task, which alone decides and writes.
//!
//! What must stay true: an entry's row stays in the queue until the committing task removes or moves it, so a
//! crash at any moment reads it again; no host has more than its share of fetches; a host with ten thousand
//! due entries does not stand before the others.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{
    Known,
    claim::{Claim, Claimed, Claims},
    reading::{Reader, Settings},
};
use crate::{
    article::Candidate,
    clock::Clock,
    fetch::Fetch,
    pipeline::PipelineError,
    poll::Wake,
    schedule::Pressure,
    store::{EntryQueue, HostKey, PendingEntry, PendingKey},
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

/// Runs until `wake` closes (polling has ended) and what is in flight is handed on.
pub async fn run<F: Fetch, C: Clock>(
    parts: Parts<F, C>,
    mut wake: mpsc::Receiver<Vec<Wake>>,
    out: mpsc::Sender<Claimed>,
    mut pressure: watch::Receiver<Pressure>,
) -> Result<(), PipelineError> {
    let (released_tx, mut released) = mpsc::channel(parts.settings.max_claims());
    let claims = Claims::new(released_tx);
    let reader = Arc::new(Reader::new(&parts));
    let mut agenda = Agenda::new(&parts.queue)?;
    let mut readings: JoinSet<()> = JoinSet::new();
    loop {
        let stopped = matches!(*pressure.borrow_and_update(), Pressure::Stop);
        if !stopped {
            for (key, entry, claim) in agenda.take(&parts, &claims, readings.len())? {
                readings.spawn(read(Arc::clone(&reader), key, entry, claim, out.clone()));
            }
        }
        let pause = agenda.pause(parts.clock.now().timestamp_millis(), stopped);
        tokio::select! {
            woken = wake.recv() => match woken {
                Some(hosts) => hosts.into_iter().for_each(|(host, due)| agenda.note(host, due)),
                None => break,
            },
            Some(row) = released.recv() => agenda.released(&row),
            Some(ended) = readings.join_next() => ended?,
            changed = pressure.changed() => if changed.is_err() { break },
            () = tokio::time::sleep(pause) => {}
        }
    }
    // Claims that are still held hand their hosts back to nobody.
    drop(released);
    while let Some(ended) = readings.join_next().await {
        ended?;
    }
    Ok(())
}

async fn read<F: Fetch, C: Clock>(
    reader: Arc<Reader<F, C>>,
    key: PendingKey,
    entry: PendingEntry,
    claim: Claim,
    out: mpsc::Sender<Claimed>,
) {
    let reading = reader.read(&key, &entry).await;
    // Closed only where the committing task failed, which ends the run; the row is still in the queue.
    out.send(Claimed { candidate: Candidate { key, entry, reading }, claim }).await.ok();
}

/// Which host is looked at when.
struct Agenda {
    hosts: HashMap<HostKey, Host>,
    order: BTreeSet<(u64, HostKey)>,
    claimed: usize,
    /// Of entries that are claimed: another host for which the row of a newer edition waits.
    elsewhere: HashMap<[u8; 8], HostKey>,
}

#[derive(Default)]
struct Host {
    in_flight: usize,
    /// Where it stands in the order.
    next: Option<u64>,
}

impl Agenda {
    fn new(queue: &EntryQueue) -> Result<Self, PipelineError> {
        let mut agenda = Self { hosts: HashMap::new(), order: BTreeSet::new(), claimed: 0, elsewhere: HashMap::new() };
        queue.hosts()?.into_iter().for_each(|(host, due)| agenda.note(host, due));
        Ok(agenda)
    }

    /// The host has rows that are due then.
    fn note(&mut self, host: HostKey, due: u64) {
        let known = self.hosts.entry(host).or_default();
        if known.next.is_none_or(|next| due < next) {
            if let Some(next) = known.next.replace(due) {
                self.order.remove(&(next, host));
            }
            self.order.insert((due, host));
        }
    }

    /// A decision on one of its entries is durable; the entry may stand in the queue again, later.
    fn released(&mut self, row: &PendingKey) {
        self.claimed -= 1;
        if let Some(known) = self.hosts.get_mut(&row.host()) {
            known.in_flight -= 1;
        }
        self.note(row.host(), 0);
        if let Some(host) = self.elsewhere.remove(&row.entry()) {
            self.note(host, 0);
        }
    }

    /// Claims what is due, as far as there is room.
    fn take<F, C: Clock>(
        &mut self,
        parts: &Parts<F, C>,
        claims: &Claims,
        busy: usize,
    ) -> Result<Vec<(PendingKey, PendingEntry, Claim)>, PipelineError> {
        let now = u64::try_from(parts.clock.now().timestamp_millis()).unwrap_or(0);
        let settings = &parts.settings;
        let mut taken = Vec::new();
        while let Some((due, host)) = self.order.first().copied().filter(|(due, _)| *due <= now) {
            let room = settings.concurrency.saturating_sub(busy + taken.len()).min(settings.max_claims() - self.claimed);
            if room == 0 {
                break;
            }
            self.order.remove(&(due, host));
            let Some(known) = self.hosts.get_mut(&host) else { continue };
            known.next = None;
            let room = room.min(settings.per_host.saturating_sub(known.in_flight));
            if room == 0 {
                // It is noted again when one of its entries is released.
                continue;
            }
            let found = parts.queue.due(host, now, room, &claims.held())?;
            self.elsewhere.extend(found.passed.into_iter().map(|entry| (entry, host)));
            for (key, entry) in found.rows {
                let Some(claim) = claims.claim(key) else { continue };
                known.in_flight += 1;
                self.claimed += 1;
                taken.push((key, entry, claim));
            }
            match found.next_ms {
                Some(next) => self.note(host, next),
                None if known.in_flight == 0 => drop(self.hosts.remove(&host)),
                None => {}
            }
        }
        Ok(taken)
    }

    /// How long until a host is due; looked at each second at the latest, because clocks jump.
    fn pause(&self, now_ms: i64, stopped: bool) -> std::time::Duration {
        let longest = std::time::Duration::from_secs(1);
        let now = u64::try_from(now_ms).unwrap_or(0);
        match self.order.first() {
            // Due and not taken means that there is no room: a release or a finished reading wakes us.
            Some((due, _)) if !stopped && *due > now => std::time::Duration::from_millis(due - now).min(longest),
            _ => longest,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;
    use crate::{
        article::record,
        clock::ManualClock,
        config::sources::Sources,
        feed::Entry,
        fetch::{Outcome, Request},
        store::{EntryKey, PollCommit, Seen, Store},
    };

    #[derive(Debug)]
    struct Nobody;

    impl Fetch for Nobody {
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
            workers: 1,
            in_flight: 8,
            tries: 8,
            retry_first: Duration::from_secs(2),
            retry_max: Duration::from_mins(1),
            max_decoded: 1 << 20,
        };
        let rules = Known::new(&Sources::default(), store.added(), at(0));
        Parts { fetcher: Arc::new(Nobody), queue: store.entries(), settings, rules, clock: Arc::new(ManualClock::new(at(100))) }
    }

    /// Lists an edition of the one entry, whose page is at `host`.
    async fn list(store: &Store, host: &str, second: i64) -> Wake {
        let key = EntryKey::new("s", "1");
        let before = store.polls().seen(&[key]).unwrap()[0];
        let row = PendingKey::new(HostKey::new(host), at(second), &key);
        let entry = PendingEntry {
            source: record::Source { id: "s".into(), name: None, kind: "feed".into(), url: "u".into(), tags: Vec::new() },
            entry: Entry { identity: "1".into(), ..Entry::default() },
            first_seen: at(second),
            listed: at(second),
            order: 0,
            tries: 0,
            last_error: None,
            fetch_page: true,
            ignores_robots: false,
            document: None,
        };
        let mut commit = PollCommit::default();
        commit.enqueue(&key, (before.as_ref(), Seen::default()), (&row, &entry, None));
        store.polls().commit(commit).await.unwrap();
        (row.host(), row.due_ms())
    }

    #[tokio::test]
    async fn a_newer_edition_on_another_host_is_read_as_soon_as_the_older_one_is_decided_on() {
        let store = Store::in_memory().unwrap();
        let (released_tx, mut released) = mpsc::channel(8);
        let (parts, claims) = (parts(&store), Claims::new(released_tx));
        list(&store, "a", 1).await;
        let mut agenda = Agenda::new(&parts.queue).unwrap();
        let mut first = agenda.take(&parts, &claims, 0).unwrap();
        let (host, due) = list(&store, "b", 2).await;
        agenda.note(host, due);
        assert!(agenda.take(&parts, &claims, 1).unwrap().is_empty(), "its entry is being read");
        let (row, entry, claim) = first.pop().unwrap();
        let mut batch = crate::store::Batch::default();
        batch.entry_done(&row, &entry);
        store.articles().commit(batch).await.unwrap();
        drop(claim);
        agenda.released(&released.recv().await.unwrap());
        assert_eq!(agenda.take(&parts, &claims, 0).unwrap()[0].0.host(), host);
    }
}
