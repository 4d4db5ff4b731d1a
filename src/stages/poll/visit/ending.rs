//! How a visit ends, and what that changes in the source's facts.
//!
//! What must stay true: a visit that was deferred or not wanted changes nothing that is known of
//! the source but the reason; validators and the body's hash are kept only where nothing of the
//! listing was left out.

use chrono::{DateTime, Utc};

use super::{Answer, FeedHints, Visit};
use crate::{
    base::clock::day,
    fetch::{DeferralReason, Deferred, Room},
    model::source::{State, Validators},
    policy::polling::{decide::PollResult, rhythm::Sighting},
    stages::poll::{backfill, listing::ListingResult, moved},
    store::{Facts, PollCommit},
    telemetry::metrics,
};

/// What came with a listing that was read to its end.
pub(in crate::stages::poll) struct ListingAnswer {
    /// What the feed says beside its entries.
    pub(in crate::stages::poll) hints: FeedHints,
    /// The validators of the answer.
    pub(in crate::stages::poll) validators: Validators,
    /// The hash of the decoded body.
    pub(in crate::stages::poll) hash: [u8; 16],
}

impl Visit {
    /// A visit that showed all that is listed.
    pub(in crate::stages::poll) fn complete(
        mut facts: Facts,
        listed: ListingResult,
        answer: ListingAnswer,
        now: DateTime<Utc>,
    ) -> Self {
        let ListingAnswer { hints, validators, hash } = answer;
        let gap = hints.whole && facts.listed > 0 && listed.shown > 0 && listed.known == 0;
        if gap {
            facts.gaps += 1;
            facts.backfill = match (hints.older, hints.site) {
                (Some(older), _) => Some(backfill::begin(older)),
                (None, site) => site.and_then(|site| {
                    backfill::from_sitemap(&mut facts, site, &listed.published, now)
                }),
            };
            metrics::gap();
        }
        // What was left out is looked for again, also where the listing stays the same.
        facts.body_hash = Some(hash).filter(|_| listed.intake.left_out.is_none());
        facts.title.clone_from(&listed.title);
        facts.touched_day = day(now);
        facts.hints = hints.polling;
        facts.listed = u32::try_from(listed.shown).unwrap_or(u32::MAX);
        let visit = Self::partial(facts, listed, validators, now);
        Self {
            sighting: Sighting { gapless: !gap, ..visit.sighting },
            gap,
            announced: hints.announced,
            ..visit
        }
    }

    /// A visit that showed entries, which may be only what is new.
    pub(super) fn partial(
        mut facts: Facts,
        listed: ListingResult,
        validators: Validators,
        now: DateTime<Utc>,
    ) -> Self {
        facts.validators =
            if listed.intake.left_out.is_none() { validators } else { Validators::default() };
        facts.intake = listed.intake;
        (facts.failures, facts.reason, facts.last_success, facts.gone) =
            (0, String::new(), Some(now), None);
        facts.entries += listed.fresh as u64;
        if listed.fresh > 0 {
            facts.last_new = Some(now);
        }
        let sighting = Sighting { published: listed.published, gapless: true };
        let result = PollResult::Read { fresh: listed.fresh };
        let (commit, wakes) = (listed.commit, listed.wakes);
        Self {
            facts,
            commit,
            wakes,
            result,
            label: "read",
            sighting,
            gap: false,
            announced: None,
            answer: Answer::default(),
            room: Room::default(),
        }
    }

    /// A visit whose body is the one that was gone through before, or that was answered with 304.
    pub(in crate::stages::poll) fn unchanged(
        mut facts: Facts,
        label: &'static str,
        now: DateTime<Utc>,
    ) -> Self {
        // A page that broke off is whole again; one that always does is as it was.
        facts.broken_off = facts.broken_off.filter(|_| facts.failures == 0);
        (facts.failures, facts.last_success, facts.gone) = (0, Some(now), None);
        Self::without_listing(facts, PollResult::Unchanged, label, String::new())
    }

    /// A visit that the operator does not want.
    pub(super) fn paused(facts: Facts) -> Self {
        Self::without_listing(facts, PollResult::Paused, "paused", String::new())
    }

    /// A visit that did not take place: the host is cooling down, or it is others' turn. Nothing is
    /// learned of the source.
    pub(super) fn deferred(facts: Facts, deferred: Deferred) -> Self {
        let (state, reason) = match deferred.reason {
            Some(DeferralReason::Throttled(_)) => (State::Throttled, deferred.to_string()),
            Some(DeferralReason::Challenge(_)) => (State::Blocked, deferred.to_string()),
            Some(DeferralReason::Unreachable) => (State::Backoff, deferred.to_string()),
            Some(DeferralReason::NoRoom | DeferralReason::GaveWay) => {
                (facts.state, deferred.to_string())
            }
            None => (facts.state, facts.reason.clone()),
        };
        Self::without_listing(
            facts,
            PollResult::Deferred { wait: deferred.wait, state },
            "held",
            reason,
        )
    }

    /// A visit that failed: throttled, kept out, gone, or with an answer that cannot be read.
    pub(in crate::stages::poll) fn failed(
        mut facts: Facts,
        result: PollResult,
        label: &'static str,
        reason: String,
        now: DateTime<Utc>,
    ) -> Self {
        facts.failures = facts.failures.saturating_add(1);
        // What does not answer where it moved to is looked for where it was configured.
        facts.moved = facts.moved.filter(|_| facts.failures < moved::PATIENCE);
        if result == PollResult::Gone {
            let (polls, since) = facts.gone.unwrap_or((0, now));
            facts.gone = Some((polls.saturating_add(1), since));
        }
        Self::without_listing(facts, result, label, reason)
    }

    fn without_listing(
        mut facts: Facts,
        result: PollResult,
        label: &'static str,
        reason: String,
    ) -> Self {
        facts.reason = reason;
        let sighting = Sighting { published: Vec::new(), gapless: true };
        let (answer, announced) = (Answer::default(), None);
        let (commit, wakes, room) = (PollCommit::default(), Vec::new(), Room::default());
        Self { facts, commit, wakes, result, label, sighting, gap: false, announced, answer, room }
    }
}
