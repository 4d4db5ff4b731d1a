//! Remembers what names resolved to, for a short while: the pages of one site come together, and so do the sources of a dead one.
//!
//! The system's resolver tells no lifetimes, so an address is kept for less than any that servers give in earnest. What must
//! stay true: remembered addresses are looked at like new ones before they are connected to; the table is bounded.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::address::Lookup;

/// For how long addresses are remembered.
const KEPT: Duration = Duration::from_mins(1);
/// The same for a name that did not resolve.
const KEPT_FAILURE: Duration = Duration::from_secs(10);
/// Names that are remembered.
const MOST: usize = 16 << 10;

type Answer = Result<Vec<SocketAddr>, (io::ErrorKind, String)>;
/// Answers, and until when they are remembered.
type Known = HashMap<Box<str>, (Answer, Instant)>;

/// A resolver with a memory.
#[derive(Debug, Clone)]
pub(super) struct Remembered<L> {
    inner: L,
    known: Arc<Mutex<Known>>,
}

impl<L> Remembered<L> {
    pub(super) fn new(inner: L) -> Self {
        Self { inner, known: Arc::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: Lookup> Lookup for Remembered<L> {
    async fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        let now = Instant::now();
        let known = self.known().get(name).filter(|(_, until)| now < *until).map(|(answer, _)| answer.clone());
        let answer = if let Some(answer) = known {
            answer
        } else {
            let answer = self.inner.lookup(name).await.map_err(|error| (error.kind(), error.to_string()));
            let kept = if answer.is_ok() { KEPT } else { KEPT_FAILURE };
            let mut known = self.known();
            if known.len() >= MOST {
                known.retain(|_, (_, until)| now < *until);
                // All are in use: any will be asked for again soon enough.
                if known.len() >= MOST {
                    known.clear();
                }
            }
            known.insert(name.into(), (answer.clone(), now + kept));
            answer
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
            if name.starts_with("no.") { Err(io::Error::other("unknown")) } else { Ok(vec![([192, 0, 2, 1], 0).into()]) }
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
        assert!(names.known().len() <= MOST);
    }
}
