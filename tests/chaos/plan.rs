//! What is done when: each kind of torment has a mean time between two of its kind, and the seed
//! decides the rest.

use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::rng::Rng;

/// The kinds of torment, as `--only` and `--without` name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// `kill -9` of nashra.
    Kill,
    /// nashra is stopped for a while, at times for longer than a transaction may last.
    Freeze,
    /// A second nashra on a copy of `data_dir`.
    Twins,
    /// A copy of `data_dir` is damaged; it must be refused or be whole.
    Damage,
    /// `kill -9` of a broker.
    BrokerKill,
    /// A broker is stopped for a while.
    BrokerFreeze,
    /// The network before a broker fails: resets, latency, black holes, half-open connections.
    Proxy,
    /// The disk is filled by others, and freed.
    Disk,
    /// nashra's clock jumps an hour back or a day forward, and is corrected.
    Clock,
    /// A hostile source lists what no broker takes.
    Poison,
    /// A site answers 200 with nothing, bytes, another format, an error page, its front page or
    /// half a page.
    Nonsense,
    /// An operator pauses and polls sources, tries dead letters again and reloads, whatever else
    /// goes on.
    Operator,
}

impl Kind {
    /// Seconds between two, on average; `None` where it goes on all the time.
    fn mean(self) -> Option<f64> {
        match self {
            Self::Kill => Some(14.0),
            Self::Freeze | Self::Proxy => Some(60.0),
            Self::Twins => Some(180.0),
            Self::Damage | Self::Clock => Some(90.0),
            Self::BrokerKill => Some(75.0),
            Self::BrokerFreeze | Self::Disk => Some(120.0),
            Self::Poison => Some(15.0),
            Self::Operator => Some(12.0),
            Self::Nonsense => None,
        }
    }
}

/// When each of some kinds is due next.
#[derive(Debug)]
pub(crate) struct Plan {
    rng: Rng,
    due: Vec<(Kind, Instant)>,
    end: Instant,
    pace: f64,
}

impl Plan {
    /// With a `pace` of 2 all comes twice as often as with 1.
    pub(crate) fn new(mut rng: Rng, kinds: &[Kind], length: Duration, pace: f64) -> Self {
        let now = Instant::now();
        // A short run sees each of them, too.
        let first = |mean: f64| (mean / pace).min(length.as_secs_f64() / 3.0);
        let due = kinds
            .iter()
            .filter_map(|kind| Some((*kind, now + varied(&mut rng, first(kind.mean()?)))))
            .collect();
        Self { rng, due, end: now + length, pace }
    }

    /// What is due next, and when; `None` when that is after the end.
    pub(crate) fn next(&mut self) -> Option<(Kind, Instant)> {
        let (kind, at) = *self.due.iter().min_by_key(|due| due.1)?;
        (at < self.end).then_some((kind, at))
    }

    /// It was done.
    pub(crate) fn done(&mut self, kind: Kind) {
        let mean = kind.mean().unwrap_or_default() / self.pace;
        let at = Instant::now() + varied(&mut self.rng, mean);
        self.due.iter_mut().filter(|due| due.0 == kind).for_each(|due| due.1 = at);
    }

    pub(crate) fn end(&self) -> Instant {
        self.end
    }

    pub(crate) fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// A time between two numbers of seconds.
    pub(crate) fn seconds(&mut self, least: f64, most: f64) -> Duration {
        Duration::from_secs_f64(least + (most - least) * self.rng.unit())
    }
}

fn varied(rng: &mut Rng, mean: f64) -> Duration {
    Duration::from_secs_f64(mean * (0.3 + 1.4 * rng.unit()))
}
