//! Work for a thread of its own, bounded by the CPU time that it takes.
//!
//! How long it takes by the clock tells nothing: a process that was frozen, or a machine that has
//! too much to do, takes minutes for what is milliseconds of work. What must stay true: nothing is
//! given up as too long that did not have the processor for so long.

use std::{
    pin::pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rustix::{
    thread::{Pid, gettid},
    time::{ClockId, clock_gettime},
};

/// How often it is looked at what has been taken, at most. Nearly all work is done before the first
/// look, and costs nothing more.
const LOOK: Duration = Duration::from_secs(1);
/// The kernel's unit of a thread's times (`USER_HZ`), on all platforms that matter.
const TICK: Duration = Duration::from_millis(10);

/// Why work gave no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WorkFailure {
    /// It took more; the thread is left behind with its work.
    TooLong,
    /// The work panicked.
    Panicked,
}

/// Does the work on a thread, for so much CPU time at most, counted from the first look at it.
pub(super) async fn run<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, WorkFailure> {
    let thread = Arc::new(OnceLock::new());
    let mine = Arc::clone(&thread);
    let mut work = pin!(tokio::task::spawn_blocking(move || {
        mine.get_or_init(gettid);
        work()
    }));
    let (mut meter, mut left) = (None, LOOK);
    loop {
        if let Ok(done) = tokio::time::timeout(left, &mut work).await {
            return done.map_err(|_| WorkFailure::Panicked);
        }
        // A thread that waits for its turn has taken nothing.
        let Some(thread) = thread.get() else { continue };
        let spent = meter.get_or_insert_with(|| Meter::start(*thread)).spent();
        left = limit.saturating_sub(spent).max(LOOK);
        if spent >= limit {
            return Err(WorkFailure::TooLong);
        }
    }
}

/// What a thread has taken since it was first looked at.
struct Meter {
    thread: Pid,
    before: Duration,
}

impl Meter {
    fn start(thread: Pid) -> Self {
        Self { thread, before: cpu_time(thread) }
    }

    fn spent(&self) -> Duration {
        cpu_time(self.thread).saturating_sub(self.before)
    }
}

/// The CPU time that a thread has taken so far, asked from another one. Where the system does not
/// tell of threads it is that of the process, which is more.
fn cpu_time(thread: Pid) -> Duration {
    thread_cpu_time(thread).unwrap_or_else(|| {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(
            u64::try_from(time.tv_sec).unwrap_or(0),
            u32::try_from(time.tv_nsec).unwrap_or(0),
        )
    })
}

/// `utime` and `stime` of a thread (`proc_pid_stat(5)`).
fn thread_cpu_time(thread: Pid) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).ok()?;
    // The name, in brackets, may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(TICK * ticks()?.saturating_add(ticks()?))
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    };

    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn work_that_waits_is_not_too_long_and_work_that_computes_is() {
        let (go, gone) = mpsc::channel::<()>();
        let waiting = run(LIMIT, move || gone.recv().is_ok());
        let later = async {
            tokio::time::sleep(LIMIT * 6).await;
            go.send(()).unwrap();
        };
        assert!(tokio::join!(waiting, later).0.unwrap());

        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let computing = run(LIMIT, move || {
            while !stopped.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        assert!(matches!(computing.await, Err(WorkFailure::TooLong)));
        stop.store(true, Ordering::Relaxed);
    }

    #[tokio::test]
    async fn a_panic_is_told_apart() {
        assert!(matches!(
            run(Duration::MAX, || assert!(LIMIT.is_zero())).await,
            Err(WorkFailure::Panicked)
        ));
    }

    #[test]
    fn the_system_tells_of_threads() {
        assert!(thread_cpu_time(gettid()).is_some() || !cfg!(target_os = "linux"));
    }
}
