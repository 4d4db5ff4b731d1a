//! What systemd is told: that the daemon has started, that it stops, and again and again that it
//! lives. Without systemd (no `NOTIFY_SOCKET`) nothing is sent.

use std::time::Duration;

use sd_notify::NotifyState;

/// Says how the daemon is. That it cannot be said changes nothing.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd could not be told");
    }
}

/// The daemon works from now on.
pub(super) fn started() {
    tell(&[NotifyState::Ready]);
}

/// The daemon waits, for this reason, and needs more time to start.
pub(super) fn starting(why: &str, more: Duration) {
    let more = u32::try_from(more.as_micros()).unwrap_or(u32::MAX);
    tell(&[NotifyState::Status(why), NotifyState::ExtendTimeoutUsec(more)]);
}

/// The daemon ends in order.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Says that the daemon lives, twice in each time after which systemd would take it for hung
/// (`WatchdogSec=`), until it is aborted. It runs beside the stages, so that it is silent where
/// their threads are.
pub(super) async fn show_life() {
    let Some(limit) = sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero()) else {
        return;
    };
    let mut ticks = tokio::time::interval(limit / 2);
    loop {
        ticks.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}
