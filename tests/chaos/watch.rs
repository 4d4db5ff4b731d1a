//! Watches what arrives while it goes on: whether anything arrives at all, and how late the steady
//! site's articles are.
//!
//! Time counts only while everything that nashra needs is there (itself, broker, network, disk):
//! who takes one of them away holds a [`Down`] meanwhile.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
    time::{Duration, Instant},
};

use serde::Serialize;

/// A gap that is told.
const LONG: Duration = Duration::from_secs(15);

/// An edition that was shown: its number, when, and how long all had been there by then.
type Shown = (u32, Instant, Duration);

#[derive(Debug)]
struct Inside {
    /// How many hold something back.
    down: u32,
    /// How long everything was there, until `looked`.
    up: Duration,
    looked: Instant,
    /// The same when something last arrived of the steady site.
    arrived: Duration,
    wedged: Vec<String>,
    is_wedged: bool,
    shown: HashMap<String, Vec<Shown>>,
    /// Of each edition that arrived: its lateness, and that without the time in which something was
    /// away.
    late: Vec<(Duration, Duration)>,
    /// What was done last, for those who ask what led to this.
    done: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Watch {
    begun: Instant,
    /// So long nothing may arrive.
    patience: Duration,
    inside: Mutex<Inside>,
}

/// Something is away until this is dropped.
#[derive(Debug)]
pub(crate) struct Down<'a>(&'a Watch);

/// Seconds from when an edition was shown until a consumer had it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Lateness {
    editions: usize,
    p50: f64,
    p99: f64,
    most: f64,
    p99_while_up: f64,
    most_while_up: f64,
}

impl Watch {
    pub(crate) fn new(patience: Duration) -> Self {
        let inside = Inside {
            down: 0,
            up: Duration::ZERO,
            looked: Instant::now(),
            arrived: Duration::ZERO,
            wedged: Vec::new(),
            is_wedged: false,
            shown: HashMap::new(),
            late: Vec::new(),
            done: Vec::new(),
        };
        Self { begun: Instant::now(), patience, inside: Mutex::new(inside) }
    }

    /// Notes what is done, and says it.
    pub(crate) fn note(&self, what: &str) {
        let line = format!("{:.1} s: {what}", self.begun.elapsed().as_secs_f64());
        eprintln!("{line}");
        self.inside.lock().unwrap().done.push(line);
    }

    pub(crate) fn down(&self) -> Down<'_> {
        self.inside.lock().unwrap().count(1);
        Down(self)
    }

    /// Counts a wedge once, until something arrives again.
    pub(crate) fn look(&self) {
        let wedged = {
            let mut inside = self.inside.lock().unwrap();
            inside.count(0);
            inside.up.saturating_sub(inside.arrived) > self.patience
                && !std::mem::replace(&mut inside.is_wedged, true)
        };
        if wedged {
            self.wedge(&format!("nothing arrived for {} s", self.patience.as_secs()));
        }
    }

    /// Counts one, with what was done before.
    pub(crate) fn wedge(&self, what: &str) {
        let mut inside = self.inside.lock().unwrap();
        let before = inside.done[inside.done.len().saturating_sub(6)..].join("; ");
        let at = self.begun.elapsed().as_secs();
        inside.wedged.push(format!("wedged at {at} s: {what}; before: {before}"));
    }

    pub(crate) fn shown(&self, url: String, version: u32) {
        let mut inside = self.inside.lock().unwrap();
        inside.count(0);
        let up = inside.up;
        inside.shown.entry(url).or_default().push((version, Instant::now(), up));
    }

    /// `age` is how long ago the record was handed to the broker, by nashra's clock.
    pub(crate) fn arrived(&self, url: &str, version: u32, age: Duration) {
        let mut inside = self.inside.lock().unwrap();
        inside.count(0);
        let Some(mut shown) = inside.shown.remove(url) else { return };
        let up = inside.up;
        let gap = up.saturating_sub(inside.arrived);
        if gap > LONG {
            let (at, gap, age) = (self.begun.elapsed().as_secs_f64(), gap.as_secs(), age.as_secs());
            let line = format!(
                "{at:.1} s: it goes on after {gap} s without anything; the record was sent {age} s ago"
            );
            eprintln!("{line}");
            inside.done.push(line);
        }
        if let Some((_, at, then)) = shown.iter().find(|shown| shown.0 == version) {
            inside.late.push((at.elapsed(), up.saturating_sub(*then)));
            inside.arrived = up;
            inside.is_wedged = false;
        }
        shown.retain(|shown| shown.0 > version);
        if !shown.is_empty() {
            inside.shown.insert(url.to_owned(), shown);
        }
    }

    pub(crate) fn wedged(&self) -> Vec<String> {
        self.inside.lock().unwrap().wedged.clone()
    }

    pub(crate) fn lateness(&self) -> Lateness {
        let late = self.inside.lock().unwrap().late.clone();
        let part = |of: fn(&(Duration, Duration)) -> Duration, share: usize| {
            let mut all: Vec<Duration> = late.iter().map(of).collect();
            all.sort_unstable();
            // To the tenth of a second.
            all.get((all.len().saturating_sub(1)) * share / 100)
                .map_or(0.0, |duration| (duration.as_secs_f64() * 10.0).round() / 10.0)
        };
        Lateness {
            editions: late.len(),
            p50: part(|late| late.0, 50),
            p99: part(|late| late.0, 99),
            most: part(|late| late.0, 100),
            p99_while_up: part(|late| late.1, 99),
            most_while_up: part(|late| late.1, 100),
        }
    }
}

impl Inside {
    /// Brings the time up to now, and then lets `more` hold something back.
    fn count(&mut self, more: u32) {
        let now = Instant::now();
        if self.down == 0 {
            self.up += now - self.looked;
        }
        self.looked = now;
        self.down += more;
    }
}

impl Drop for Down<'_> {
    fn drop(&mut self) {
        let mut inside = self.0.inside.lock().unwrap();
        inside.count(0);
        inside.down -= 1;
    }
}

/// How often each thing was done.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<BTreeMap<String, u64>>);

impl Counts {
    pub(crate) fn add(&self, what: &str) {
        *self.0.lock().unwrap().entry(what.to_owned()).or_default() += 1;
    }

    pub(crate) fn all(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap().clone()
    }
}
