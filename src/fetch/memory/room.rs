//! Pools of bytes, and what was taken of them.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes are counted by so many.
const UNIT: usize = 4096;

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

/// Bytes that are taken and given back.
#[derive(Debug)]
pub(super) struct Pool {
    free: Arc<Semaphore>,
    size: u32,
}

impl Pool {
    pub(super) fn new(bytes: usize) -> Self {
        let size =
            units(bytes).max(1).min(u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX));
        Self { free: Arc::new(Semaphore::new(size as usize)), size }
    }

    /// How many bytes are left.
    #[cfg(test)]
    pub(super) fn left(&self) -> usize {
        self.free.available_permits() * UNIT
    }

    /// Waits its turn, in the order of asking; more than there is takes all.
    pub(super) async fn acquire(&self, bytes: usize) -> Room {
        let wanted = units(bytes).min(self.size);
        // It is never closed.
        let taken = Arc::clone(&self.free).acquire_many_owned(wanted).await.ok();
        Room(taken.map(|taken| Arc::new(Mutex::new(taken))))
    }

    /// Takes as much where that leaves so many bytes; more than there is takes all of the rest.
    pub(super) fn try_acquire(&self, bytes: usize, spare: usize) -> Option<Room> {
        let wanted = units(bytes).min(self.size.saturating_sub(units(spare)));
        if self.free.available_permits() < wanted as usize + units(spare) as usize {
            return None;
        }
        Arc::clone(&self.free)
            .try_acquire_many_owned(wanted)
            .ok()
            .map(|permit| Room(Some(Arc::new(Mutex::new(permit)))))
    }
}

/// Bytes that were taken; given back when the last clone is dropped. The default is none.
#[derive(Debug, Clone, Default)]
pub struct Room(Option<Arc<Mutex<OwnedSemaphorePermit>>>);

impl Room {
    /// Gives back what is more than so many bytes.
    pub(crate) fn shrink(&self, bytes: usize) {
        let Some(room) = &self.0 else { return };
        let mut room = room.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = room.num_permits().saturating_sub(units(bytes) as usize);
        drop(room.split(rest));
    }

    /// How many bytes it is.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |permit| permit.lock().unwrap().num_permits() * UNIT)
    }
}

/// Waits for something as one of so many; nothing where they are as many.
pub(super) async fn within_waits<T>(
    patience: &Semaphore,
    wait: impl Future<Output = T>,
) -> Option<T> {
    tokio::pin!(wait);
    // What is there at once is no wait.
    if let std::task::Poll::Ready(ready) = futures::poll!(wait.as_mut()) {
        return Some(ready);
    }
    let _place = patience.try_acquire().ok()?;
    Some(wait.await)
}
