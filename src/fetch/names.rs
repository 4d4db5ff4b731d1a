//! Remembers what names resolved to, for a short while: the pages of one site come together, and so
//! do the sources of a dead one.
//!
//! The system's resolver tells no lifetimes, so an address is kept for less than any that servers
//! give in earnest. What must stay true: remembered addresses are looked at like new ones before
//! they are connected to; the table is bounded.
//!
//! A question that is asked takes a thread until the name server answers, also where nobody waits
//! for it any more, and the same threads decode and read. So few are asked at once, and names that
//! resolved before wait for no others.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Semaphore, time::Instant};

use super::address::Lookup;

/// For how long addresses are remembered.
const KEPT: Duration = Duration::from_mins(1);
/// The same for a name that did not resolve.
const KEPT_FAILURE: Duration = Duration::from_secs(10);
/// Names that are remembered.
const MOST: usize = 16 << 10;
/// Questions at once about names that resolved before, and about others.
const ASKED: [usize; 2] = [64, 128];

type Answer = Result<Vec<SocketAddr>, (io::ErrorKind, String)>;
/// Answers, and until when they are remembered.
type Cache = HashMap<Box<str>, (Answer, Instant)>;

/// A resolver with a memory.
#[derive(Debug, Clone)]
pub(super) struct Remembered<L> {
    inner: L,
    cache: Arc<Mutex<Cache>>,
    asked: [Arc<Semaphore>; 2],
}

impl<L> Remembered<L> {
    pub(super) fn new(inner: L) -> Self {
        Self {
            inner,
            cache: Arc::default(),
            asked: ASKED.map(|limit| Arc::new(Semaphore::new(limit))),
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: Lookup> Remembered<L> {
    /// Asks, and remembers the answer whether or not anybody still waits for it.
    async fn ask(&self, name: &str, resolved: bool) -> Answer {
        let lost = |error: String| (io::ErrorKind::Other, error);
        let of = &self.asked[usize::from(!resolved)];
        let turn = Arc::clone(of).acquire_owned().await.map_err(|error| lost(error.to_string()))?;
        let (this, name) = (self.clone(), name.to_owned());
        let asking = tokio::spawn(async move {
            let answer =
                this.inner.lookup(&name).await.map_err(|error| (error.kind(), error.to_string()));
            this.remember(&name, &answer, Instant::now());
            drop(turn);
            answer
        });
        asking.await.map_err(|error| lost(error.to_string()))?
    }

    fn remember(&self, name: &str, answer: &Answer, now: Instant) {
        let kept = if answer.is_ok() { KEPT } else { KEPT_FAILURE };
        let mut known = self.cache();
        if known.len() >= MOST {
            // Names that resolved are known as such for longer.
            known.retain(|_, (answer, until)| now < *until || answer.is_ok());
        }
        if known.len() >= MOST {
            known.retain(|_, (_, until)| now < *until);
        }
        // All are in use: any will be asked for again soon enough.
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(name.into(), (answer.clone(), now + kept));
    }
}

impl<L: Lookup> Lookup for Remembered<L> {
    async fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        let now = Instant::now();
        let known = self.cache().get(name).cloned();
        let answer = match known {
            Some((answer, until)) if now < until => answer,
            before => self.ask(name, before.is_some_and(|(answer, _)| answer.is_ok())).await,
        };
        answer.map_err(|(kind, message)| io::Error::new(kind, message))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Debug, Clone, Default)]
    struct Counted(Arc<AtomicUsize>);

    impl Lookup for Counted {
        async fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if name.starts_with("no.") {
                Err(io::Error::other("unknown"))
            } else {
                Ok(vec![([192, 0, 2, 1], 0).into()])
            }
        }
    }

    #[tokio::test]
    async fn a_name_is_asked_for_once_whether_it_resolves_or_not() {
        let counted = Counted::default();
        let names = Remembered::new(counted.clone());
        for _ in 0..3 {
            assert_eq!(names.lookup("a.example").await.unwrap().len(), 1);
            assert_eq!(names.lookup("no.example").await.unwrap_err().to_string(), "unknown");
        }
        assert_eq!(counted.0.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn the_table_is_bounded() {
        let names = Remembered::new(Counted::default());
        for number in 0..MOST + 10 {
            names.lookup(&format!("{number}.example")).await.unwrap();
        }
        assert!(names.cache().len() <= MOST);
    }

    /// A name server that says nothing of names that begin so.
    #[derive(Debug, Clone, Default)]
    struct Silent(Arc<AtomicUsize>);

    impl Lookup for Silent {
        async fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
            if name.starts_with("silent.") {
                self.0.fetch_add(1, Ordering::Relaxed);
                std::future::pending::<()>().await;
            }
            Ok(vec![([192, 0, 2, 1], 0).into()])
        }
    }

    #[tokio::test]
    async fn silent_name_servers_take_so_many_threads_and_none_of_those_for_names_that_resolved() {
        let silent = Silent::default();
        let names = Remembered::new(silent.clone());
        assert!(names.lookup("good.example").await.is_ok());
        let mut waiting = tokio::task::JoinSet::new();
        for number in 0..ASKED[1] + 50 {
            let names = names.clone();
            waiting.spawn(async move { names.lookup(&format!("silent.{number}.example")).await });
        }
        while silent.0.load(Ordering::Relaxed) < ASKED[1] {
            tokio::task::yield_now().await;
        }
        // Those who asked give up; the threads wait on.
        waiting.shutdown().await;
        assert_eq!(names.asked[1].available_permits(), 0);
        // The address of the good one is no longer remembered: it is asked for again.
        names.cache().get_mut("good.example").unwrap().1 = Instant::now();
        assert!(names.lookup("good.example").await.is_ok());
        assert_eq!(silent.0.load(Ordering::Relaxed), ASKED[1]);
    }
}
