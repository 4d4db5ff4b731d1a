//! What a visit teaches about its source and its hub, and when the next one is.

use chrono::{DateTime, Utc};

use super::{intake, visit::Visit};
use crate::{
    base::hash::digest,
    model::source::State,
    policy::{
        hub::subscription::Subscription,
        polling::{
            decide::{self, PollResult, Situation, Terms},
            rhythm::Expectation,
        },
    },
    telemetry::metrics,
};

/// Learns from the visit how good the hub is; gives until when its pushes can stand for polls.
pub(super) fn hub_coverage(
    visit: &mut Visit,
    subscription: &Subscription,
    before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let (since, trust) =
        (subscription.since.filter(|_| subscription.is_live(now))?, &mut visit.facts.hub);
    if matches!(visit.result, PollResult::Read { .. } | PollResult::Unchanged) {
        metrics::push_missed(trust.polled(
            &visit.sighting.published,
            since,
            before.unwrap_or(now),
            now,
        ));
    }
    subscription.until.filter(|_| trust.is_reliable())
}

/// Learns from the visit, and decides on the next.
pub(super) fn decide(
    visit: &mut Visit,
    terms: Terms,
    covered_until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> decide::NextPoll {
    let facts = &mut visit.facts;
    let seconds = now.timestamp();
    let expected = match visit.result {
        PollResult::Read { .. } | PollResult::Unchanged => {
            let expected = facts.rhythm.observe(&visit.sighting, seconds);
            // What a hub tells needs no polls; the few that are made all the same are trimmed from
            // the others'.
            facts.appetite = Some(if covered_until.is_some() { 0.0 } else { as_stored(&expected) });
            expected
        }
        _ => facts.rhythm.expectation(seconds),
    };
    let situation = Situation {
        seed: u64::from_be_bytes(digest(&[facts.id.as_bytes()])),
        failures: facts.failures,
        interval_s: facts.interval_s,
        listed: facts.listed,
        gap: visit.gap,
        hints: facts.hints,
        gone: facts.gone,
        last_new: facts.last_new.max(facts.rhythm.since()),
        covered_until,
    };
    let mut next = decide::next_poll(&situation, visit.result, &expected, terms, now);
    match (next.state, &facts.moved) {
        (State::Ok, Some(moved)) if moved.adopted => {
            next.state = State::Moved;
            facts.reason = format!("it has moved to {}", moved.to);
        }
        (State::Ok | State::Silent, _) if facts.intake.left_out.is_some() => {
            next.state = State::Throttled;
            facts.reason = facts.intake.left_out.as_ref().map(intake::reason).unwrap_or_default();
        }
        (State::Silent, _) => "nothing new for a month".clone_into(&mut facts.reason),
        _ => {}
    }
    next
}

#[expect(clippy::cast_possible_truncation, reason = "a weight in a sum over all sources")]
fn as_stored(expected: &Expectation) -> f32 {
    expected.appetite() as f32
}
