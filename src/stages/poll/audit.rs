//! Finds servers whose 304 lies: see [`Trust`](crate::policy::trust::Trust).
//!
//! What must stay true: it asks for the status only, because what the visit has read is in memory
//! still.

use chrono::{DateTime, Utc};

use super::{PollContext, moved, visit::Visit};
use crate::{
    base::clock::Clock,
    config::sources::Source,
    fetch::{Fetch, Outcome, Request},
    model::source::Validators,
    policy::polling::decide::PollResult,
    store::Facts,
    telemetry::metrics,
};

/// The validators that are held back at a visit, where it is to show whether 304 told the truth.
pub(super) fn validators_to_check(
    source: &Source,
    facts: &Facts,
    now: DateTime<Utc>,
) -> Option<Validators> {
    // Those of a site are of what was found of it, and that is looked for anew.
    let held_back = !source.kind.is_site()
        && facts.trust.audit_is_due(now)
        && facts.validators != Validators::default();
    held_back.then(|| facts.validators.clone())
}

/// Learns from such a visit. What is new may have come in this very moment, so the same is asked
/// again with the old validators: a server that then still says 304 would have kept it from us.
pub(super) async fn check_validators<F: Fetch, C: Clock>(
    context: &PollContext<F, C>,
    source: &Source,
    validators: Validators,
    visit: &mut Visit,
) {
    let lied = match (visit.result, source.at.url()) {
        (PollResult::Read { fresh: 1.. }, Some(url)) => {
            let url = moved::current_address(visit.facts.moved.as_ref(), url).clone();
            let obeys_robots = context.rules.get().obeys_robots(source);
            let request = Request {
                validators,
                obeys_robots,
                goes_first: true,
                status_only: true,
                ..Request::new(url, source.kind.properties().accept)
            };
            matches!(context.fetcher.fetch(request).await, Outcome::NotModified { .. })
        }
        (PollResult::Read { .. } | PollResult::Unchanged, _) => false,
        // It was not read: another day.
        _ => return,
    };
    visit.facts.trust.note_audit(lied, context.clock.now());
    metrics::audited(if lied { "lied" } else { "true" });
    if lied {
        tracing::warn!(source.id = visit.facts.id, url = %visit.facts.url, "its 304 kept entries from us: it is read in full from now on");
    }
}
