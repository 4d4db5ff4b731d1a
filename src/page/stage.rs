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
            Some(host) = released.recv() => agenda.released(host),
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
}

#[derive(Default)]
struct Host {
    in_flight: usize,
    /// Where it stands in the order.
    next: Option<u64>,
}

impl Agenda {
    fn new(queue: &EntryQueue) -> Result<Self, PipelineError> {
        let mut agenda = Self { hosts: HashMap::new(), order: BTreeSet::new(), claimed: 0 };
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
    fn released(&mut self, host: HostKey) {
        self.claimed -= 1;
        if let Some(known) = self.hosts.get_mut(&host) {
            known.in_flight -= 1;
        }
        self.note(host, 0);
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
