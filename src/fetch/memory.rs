//! The memory and the threads that bodies get: as they come, decoded, while they are read, and what
//! was made of them until that is durable. One budget for all who fetch, so that no number of large
//! bodies at once is too many.
//!
//! Small bodies never wait for large ones. As it comes, each body has a little that is its own
//! ([`MemoryPlan::free`]); beyond that it asks once for all that it can come to, and stops reading
//! until there is room. While it is read it costs many times its size (a tree, lines, what is
//! measured of them: [`cost`]); up to [`MemoryPlan::small`] that is what the threads have anyway,
//! beyond it the body waits for room among the large ones. At most [`MemoryPlan::patient`] wait for
//! either room: who comes then is told to come again, so that those who wait do not take all places
//! of a stage.
//!
//! What must stay true: nobody waits here who holds what others wait for. The order is: room to
//! come, room to be read, a thread, room for what was made; that last room is held over no other
//! wait than the store's. A body that alone is more than its share goes alone. Rooms and threads
//! are given back when they are dropped, threads by the work itself: one that was given up still
//! occupies its place.

mod plan;
mod room;
mod turnstile;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::{Body, FetchError, cpu};
use crate::{model::lane::SourceKey, telemetry::metrics};
pub use plan::MemoryPlan;
use plan::{KEPT, cost};
pub use room::Room;
use room::{Pool, within_waits};
use turnstile::Turnstile;

/// No honest body takes so much CPU time to be read; the thread is left behind.
const READ_LIMIT: Duration = Duration::from_mins(1);

/// Bytes for what indexes of sitemaps and pages of articles led to, beside the budget.
const FOLLOWED: usize = 96 << 20;
/// How many of these bytes are left to small ones.
const FOLLOWED_SPARE: usize = 32 << 20;
/// What an honest index leads to within some days.
const FOLLOWED_SMALL: usize = 1 << 20;

/// The memory and the threads; shared by all clones. Threads go round by the source that a clone is
/// for.
#[derive(Debug, Clone)]
pub struct Memory(Arc<Inner>, Option<SourceKey>);

#[derive(Debug)]
struct Inner {
    plan: MemoryPlan,
    /// Large bodies as they come.
    coming: Pool,
    /// Large bodies that are read, and what is made of them.
    large: Pool,
    /// What was made of small ones.
    kept: Pool,
    /// Threads; large bodies take no more than some of them.
    threads: Turnstile,
    large_threads: Turnstile,
    /// What indexes of sitemaps and pages of articles led to so far, while their further ones are
    /// asked for.
    followed: Pool,
    /// Places to wait for any of these but threads and what is kept.
    patience: Semaphore,
}

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum UnreadBody {
    /// Too many large bodies wait already.
    #[error("it is large, and too many large ones wait for memory")]
    NoRoom,
    /// It took too long.
    #[error("reading it took too long")]
    TooLong,
    /// The reader panicked on it: the body as it was sent.
    #[error("the reader panicked on it")]
    Panicked(Body),
}

/// How a reading on a thread ended.
enum ReadingEnd<P, W, T> {
    /// With what was made of it, of so many decoded bytes.
    Read(T, usize),
    /// It is large; all is given back.
    Large(Body, P, W),
    Panicked(Body),
}

impl Memory {
    /// To the plan.
    #[must_use]
    pub fn new(plan: MemoryPlan) -> Self {
        let threads = plan.threads.max(1);
        let inner = Inner {
            coming: Pool::new(plan.coming()),
            large: Pool::new(plan.large()),
            kept: Pool::new(plan.kept()),
            threads: Turnstile::new(threads),
            large_threads: Turnstile::new((threads / 2).max(1)),
            followed: Pool::new(FOLLOWED),
            patience: Semaphore::new(plan.patient()),
            plan,
        };
        Self(Arc::new(inner), None)
    }

    /// The memory for the bodies of one source.
    pub(crate) fn for_source(self, source: SourceKey) -> Self {
        Self(self.0, Some(source))
    }

    /// Bytes of a body that are its own as it comes.
    pub(crate) fn free(&self) -> usize {
        self.0.plan.free()
    }

    /// Room for a body of at most so many bytes as it comes; nothing where too many wait.
    pub(crate) async fn room_to_receive(&self, bytes: usize) -> Option<Room> {
        let room = within_waits(&self.0.patience, self.0.coming.acquire(bytes)).await;
        if room.is_none() {
            metrics::no_room("coming");
        }
        room
    }

    /// Decodes a body to at most `limit` bytes and reads it, on a thread that may take its time.
    /// What was made of it has the room until that is dropped.
    ///
    /// # Errors
    /// Says why it was not read; that it cannot be decoded is for `work` to say.
    pub async fn read_body<T: Send + 'static>(
        &self,
        body: Body,
        limit: usize,
        work: impl FnOnce(Result<Bytes, FetchError>) -> T + Send + 'static,
    ) -> Result<(T, Room), UnreadBody> {
        self.read_body_unless(body, limit, |_| ((), false), |(), bytes| work(bytes)).await
    }

    /// Reads a body as [`Memory::read_body`] does, after a look at it as it was sent. Where `look`
    /// says that this is enough, `work` is given no bytes.
    ///
    /// # Errors
    /// Those of [`Memory::read_body`].
    pub async fn read_body_unless<P: Send + 'static, T: Send + 'static>(
        &self,
        body: Body,
        limit: usize,
        look: impl FnOnce(&Body) -> (P, bool) + Send + 'static,
        work: impl FnOnce(P, Result<Bytes, FetchError>) -> T + Send + 'static,
    ) -> Result<(T, Room), UnreadBody> {
        #[cfg(test)]
        let work = |seen, bytes| panic_if_asked(|bytes| work(seen, bytes), bytes);
        let small = self.0.plan.small();
        if body.plain_len().is_none_or(|plain_len| plain_len <= small) {
            let thread = self.0.threads.acquire(self.1).await;
            let job = move |body: &mut Option<Body>| {
                let (seen, enough) = look(body.as_ref()?);
                if enough {
                    return Some(ReadingEnd::Read(work(seen, Ok(Bytes::new())), 0));
                }
                match body.as_ref()?.decode(small.min(limit)) {
                    Err(FetchError::TooLarge { .. }) if small < limit => {
                        Some(ReadingEnd::Large(body.take()?, seen, work))
                    }
                    decoded => {
                        let length = decoded.as_ref().map_or(0, Bytes::len);
                        Some(ReadingEnd::Read(work(seen, decoded), length))
                    }
                }
            };
            let (ended, thread) = run_on_thread(thread, None, body, job).await?;
            return match ended {
                ReadingEnd::Read(made, length) => {
                    // The thread is held over this wait: where the store is behind, no more is
                    // made.
                    let room = self.0.kept.acquire(length.saturating_mul(KEPT)).await;
                    drop(thread);
                    Ok((made, room))
                }
                ReadingEnd::Large(body, seen, work) => {
                    drop(thread);
                    self.read_large(body, limit, move |_| seen, work).await
                }
                ReadingEnd::Panicked(body) => Err(UnreadBody::Panicked(body)),
            };
        }
        self.read_large(body, limit, move |body| look(body).0, work).await
    }

    async fn read_large<P: Send + 'static, T: Send + 'static>(
        &self,
        body: Body,
        limit: usize,
        look: impl FnOnce(&Body) -> P + Send + 'static,
        work: impl FnOnce(P, Result<Bytes, FetchError>) -> T + Send + 'static,
    ) -> Result<(T, Room), UnreadBody> {
        let most = body.plain_len().unwrap_or(limit).min(limit);
        let Some(room) = within_waits(&self.0.patience, self.0.large.acquire(cost(most))).await
        else {
            metrics::no_room("reading");
            return Err(UnreadBody::NoRoom);
        };
        let large = self.0.large_threads.acquire(self.1).await;
        let threads = (self.0.threads.acquire(self.1).await, large);
        let held = room.clone();
        let job = move |body: &mut Option<Body>| {
            let body = body.as_ref()?;
            let seen = look(body);
            let decoded = body.decode(limit);
            let length = decoded.as_ref().map_or(0, Bytes::len);
            held.shrink(cost(length));
            Some(ReadingEnd::<P, (), T>::Read(work(seen, decoded), length))
        };
        match run_on_thread(threads, Some(room.clone()), body, job).await? {
            (ReadingEnd::Read(made, length), _) => {
                room.shrink(length.saturating_mul(KEPT));
                Ok((made, room))
            }
            (ReadingEnd::Large(body, ..) | ReadingEnd::Panicked(body), _) => {
                Err(UnreadBody::Panicked(body))
            }
        }
    }

    /// Room for what an index of sitemaps or a page of an article led to, at once or not at all: who
    /// asks goes on to hold it while others' servers take their time. Large ones leave some of it to
    /// small ones.
    pub(crate) fn room_to_follow(&self, bytes: usize) -> Option<Room> {
        let spare = if bytes <= FOLLOWED_SMALL { 0 } else { FOLLOWED_SPARE };
        let room = self.0.followed.try_acquire(bytes, spare);
        if room.is_none() {
            metrics::no_room("following");
        }
        room
    }

    /// Room for something of so many bytes that is made without a body, such as a batch of
    /// messages.
    pub(crate) async fn room_for_batch(&self, bytes: usize) -> Room {
        if bytes <= self.0.plan.small() {
            self.0.kept.acquire(bytes).await
        } else {
            self.0.large.acquire(bytes).await
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(MemoryPlan::default())
    }
}

/// What a body must hold for a reader to panic on it, in the tests.
#[cfg(test)]
pub(crate) const MARKER: &[u8] = b"a reader panics on this";

/// In the tests a reader can be made to panic.
#[cfg(test)]
fn panic_if_asked<T>(
    work: impl FnOnce(Result<Bytes, FetchError>) -> T,
    bytes: Result<Bytes, FetchError>,
) -> T {
    assert!(
        !bytes.as_ref().is_ok_and(|byte| memchr::memmem::find(byte, MARKER).is_some()),
        "as a test asked for"
    );
    work(bytes)
}

/// Runs a job on a thread; its time begins with it. What it holds is held until it ends, also where
/// it is given up.
async fn run_on_thread<
    H: Send + 'static,
    P: Send + 'static,
    W: Send + 'static,
    T: Send + 'static,
>(
    thread: H,
    room: Option<Room>,
    body: Body,
    job: impl FnOnce(&mut Option<Body>) -> Option<ReadingEnd<P, W, T>> + Send + 'static,
) -> Result<(ReadingEnd<P, W, T>, H), UnreadBody> {
    let run = move || {
        let _room = room;
        let mut body = Some(body);
        let ended = std::panic::catch_unwind(AssertUnwindSafe(|| job(&mut body)));
        (
            ended.ok().flatten().unwrap_or_else(|| ReadingEnd::Panicked(body.unwrap_or_default())),
            thread,
        )
    };
    // Only a runtime that is being shut down loses it without a panic.
    cpu::run(READ_LIMIT, run).await.map_err(|_| UnreadBody::TooLong)
}

#[cfg(test)]
mod tests;
