//! A sink with transactions in memory: the twin of the Kafka sink, for tests.
//!
//! What it holds outlives the processes that publish to it: each clone stands for a process of its
//! own. As a broker does, it fences the previous process at each opening, refuses a whole batch for
//! one of its records, and shows nothing of a transaction before its commit. A test says beforehand
//! what goes wrong, with [`MemorySink::fail`].

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use crate::{
    base::clock::{Clock as _, SystemClock},
    model::record::Topic,
    stages::{
        commit::PublishedRecord,
        publish::{
            Position,
            sink::{
                Delivered, Limits, PublishError, Refusal, Sink, SinkEvent, SinkFuture,
                SinkHoldings, SinkReport,
            },
        },
    },
    store::{Epoch, OutboxRow, Reached},
};

/// What goes wrong with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails before anything begins.
    Away,
    /// The commit is not answered, and was done.
    UnknownCommitted,
    /// The commit is not answered, and was not done.
    UnknownAborted,
    /// The process is cut off, and its transaction stays open until somebody opens the sink again.
    LeftOpen,
}

impl Fault {
    pub(crate) const ALL: [Self; 4] =
        [Self::Away, Self::UnknownCommitted, Self::UnknownAborted, Self::LeftOpen];
}

/// A record that was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommittedRecord {
    pub(crate) epoch: Epoch,
    pub(crate) row: OutboxRow,
}

/// What the sink holds, and what it will do.
#[derive(Debug)]
pub(crate) struct World {
    /// The name by which the sink is known again.
    pub(crate) sink_id: String,
    /// All that consumers see, in its order.
    pub(crate) taken: Vec<CommittedRecord>,
    /// The position that was committed last, and how many were.
    pub(crate) position: Option<Position>,
    pub(crate) positions: i64,
    /// How often it was opened: the number of the one process that may publish.
    pub(crate) opened: u32,
    /// A transaction that was neither committed nor aborted: its records are seen by nobody.
    open: Vec<OutboxRow>,
    /// Numbers of articles that it refuses for good.
    pub(crate) refused: BTreeSet<u64>,
    /// Whether it refuses each dead letter for good.
    pub(crate) letters_refused: bool,
    /// Whether dead letters may not be written.
    pub(crate) letters_denied: bool,
    /// Whether articles may not be read.
    pub(crate) reading_denied: bool,
    /// What happens to it before the next look or delivery.
    pub(crate) happens: Vec<SinkEvent>,
    /// What goes wrong with the next deliveries, one after the other.
    faults: VecDeque<Fault>,
}

impl World {
    fn held(&mut self) -> SinkHoldings {
        let memory = Some([("deliveries".to_owned(), self.positions.into())].into_iter().collect());
        SinkHoldings {
            sink_id: self.sink_id.clone(),
            position: self.position.clone(),
            position_at: self.position.as_ref().map(|_| self.positions),
            settled: self.open.is_empty(),
            notes: SinkReport { memory, happened: std::mem::take(&mut self.happens) },
        }
    }

    fn begin(&self, process: Option<u32>) -> Result<(), PublishError> {
        match process {
            Some(process) if process == self.opened => Ok(()),
            Some(_) => Err(PublishError::Fenced("fenced".to_owned())),
            None => Err(PublishError::Transient("not open".to_owned())),
        }
    }

    fn put(&mut self, rows: &[OutboxRow]) -> Result<(), PublishError> {
        let refused = |row: &&OutboxRow| match row.record.topic {
            Topic::Articles | Topic::Stories => self.refused.contains(&row.seq),
            Topic::DeadLetters => self.letters_refused,
        };
        if rows.iter().any(|row| refused(&row)) {
            let all = rows.iter().map(|row| Refusal {
                seq: row.seq,
                reason: "too_large",
                words: "too large".into(),
            });
            return Err(PublishError::Refused(all.collect()));
        }
        if self.letters_denied && rows.iter().any(|row| row.record.topic == Topic::DeadLetters) {
            return Err(PublishError::Unauthorised {
                topic: Some(Topic::DeadLetters),
                words: "no".into(),
            });
        }
        self.open = rows.to_vec();
        Ok(())
    }

    fn commit(&mut self, position: &Position) {
        let open = std::mem::take(&mut self.open);
        self.taken
            .extend(open.into_iter().map(|row| CommittedRecord { epoch: position.epoch, row }));
        self.position = Some(position.clone());
        self.positions += 1;
    }

    fn abort(&mut self) {
        self.open.clear();
    }
}

/// One process's end of the sink.
#[derive(Debug)]
pub(crate) struct MemorySink {
    world: Arc<Mutex<World>>,
    /// The opening from which on this process may publish; `None` where it has yet to open the
    /// sink.
    process: Option<u32>,
}

impl Default for MemorySink {
    fn default() -> Self {
        let world = World {
            sink_id: "memory".to_owned(),
            taken: Vec::new(),
            position: None,
            positions: 0,
            opened: 0,
            open: Vec::new(),
            refused: BTreeSet::new(),
            letters_refused: false,
            letters_denied: false,
            reading_denied: false,
            happens: Vec::new(),
            faults: VecDeque::new(),
        };
        Self { world: Arc::new(Mutex::new(world)), process: None }
    }
}

impl Clone for MemorySink {
    /// Another process that may publish to the same sink.
    fn clone(&self) -> Self {
        Self { world: Arc::clone(&self.world), process: None }
    }
}

impl MemorySink {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Lets the next delivery that has no other fault before it fail.
    pub(crate) fn fail(&self, fault: Fault) {
        self.world().faults.push_back(fault);
    }

    /// Number and topic of each record that consumers see.
    pub(crate) fn seen(&self) -> Vec<(u64, Topic)> {
        self.world().taken.iter().map(|taken| (taken.row.seq, taken.row.record.topic)).collect()
    }

    /// The values of the records that consumers see.
    pub(crate) fn values(&self) -> Vec<serde_json::Value> {
        self.world()
            .taken
            .iter()
            .map(|taken| serde_json::from_slice(&taken.row.record.value).unwrap())
            .collect()
    }

    fn deliver(
        &mut self,
        rows: &[OutboxRow],
        position: &Position,
    ) -> Result<Delivered, PublishError> {
        let mut world = self.world.lock().unwrap();
        world.begin(self.process)?;
        let fault = world.faults.pop_front();
        let unknown = |words: &str| Err(PublishError::Transient(words.to_owned()));
        if fault == Some(Fault::Away) {
            return unknown("nobody answers");
        }
        world.put(rows)?;
        if let Some(fault) = fault {
            self.process = None;
            match fault {
                Fault::UnknownCommitted => world.commit(position),
                Fault::UnknownAborted => world.abort(),
                Fault::LeftOpen | Fault::Away => {}
            }
            return unknown("the commit is not answered");
        }
        world.commit(position);
        let SinkHoldings { position_at, notes, .. } = world.held();
        Ok(Delivered { position_at, notes })
    }
}

impl Sink for MemorySink {
    fn limits(&self) -> Limits {
        Limits { records: 100, bytes: 1 << 20 }
    }

    fn holdings<'a>(&'a mut self, _: &'a Reached) -> SinkFuture<'a, Option<SinkHoldings>> {
        Box::pin(async move { Ok(Some(self.world().held())) })
    }

    fn open(&mut self, _: Option<i64>) -> SinkFuture<'_, Option<SinkHoldings>> {
        Box::pin(async move {
            let mut world = self.world.lock().unwrap();
            world.opened += 1;
            world.abort();
            self.process = Some(world.opened);
            Ok(Some(SinkHoldings { notes: SinkReport::default(), ..world.held() }))
        })
    }

    fn publish<'a>(
        &'a mut self,
        rows: &'a [OutboxRow],
        position: &'a Position,
    ) -> SinkFuture<'a, Delivered> {
        Box::pin(async move { self.deliver(rows, position) })
    }

    fn published<'a>(&'a mut self, after: &'a Reached) -> SinkFuture<'a, Vec<PublishedRecord>> {
        Box::pin(async move {
            let world = self.world();
            if world.reading_denied {
                return Err(PublishError::Unauthorised {
                    topic: None,
                    words: "reading is not allowed".to_owned(),
                });
            }
            let later = world
                .taken
                .iter()
                .filter(|taken| (taken.epoch, taken.row.seq) > (after.epoch(), after.seq()));
            Ok(later
                .filter_map(|later| {
                    PublishedRecord::parse(&later.row.record.value, SystemClock.now())
                })
                .collect())
        })
    }
}
