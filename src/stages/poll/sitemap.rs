//! Polls a sitemap: what an index names is fetched with it.
//!
//! What must stay true: of an index no validators are kept, because it may stay the same while what
//! it names changes.

use super::{
    PollContext, listing, moved, panicked,
    visit::{FeedHints, ListingAnswer, Visit, is_known, not_read},
};
use crate::{
    base::clock::Clock,
    config::sources::Source,
    fetch::{Fetch, Fetched},
    model::source::Validators,
    policy::polling::decide::PollResult,
    stages::{
        PipelineError,
        discover::{self, FollowError},
    },
    store::Facts,
    telemetry::metrics,
};

/// Reads what came, and what it leads to.
pub(super) async fn visit_sitemap<F: Fetch, C: Clock>(
    context: &PollContext<F, C>,
    source: &Source,
    mut facts: Facts,
    mut fetched: Fetched,
) -> Result<Visit, PipelineError> {
    let answer = Fetched { body: std::mem::take(&mut fetched.body), ..fetched.clone() };
    let found =
        discover::follow(&*context.fetcher, answer, context.rules.get().fetch_rules(source)).await;
    let now = context.clock.now();
    let found = match found {
        Ok(found) => found,
        Err(FollowError::Unreadable(reason)) => {
            return Ok(Visit::failed(facts, PollResult::Failed, "unreadable", reason, now));
        }
        Err(FollowError::UnreadBody(unread)) => {
            let reader = context.reader(source, now);
            return not_read(context, &reader, facts, unread, "sitemap").await;
        }
    };
    facts.moved = moved::after_answer(facts.moved, source.at.url(), fetched.moved.clone(), now);
    let validators =
        if found.sitemaps.is_empty() { fetched.validators.clone() } else { Validators::default() };
    if is_known(&facts, found.hash, now) {
        facts.validators = validators;
        return Ok(Visit::unchanged(facts, "unchanged", now));
    }
    let hints = FeedHints::new(&found.feed, &fetched);
    let (reader, before) = (context.reader(source, now), facts.clone());
    // No thread is waited for: what is to be gone through has its room.
    let work = tokio::task::spawn_blocking(move || {
        let discover::FollowedSitemap { mut feed, rooms, .. } = found;
        let listed = listing::go_through(&reader, &facts, &mut feed)?;
        drop(feed);
        // As much is left of it as of what comes without an index.
        let room = rooms.into_iter().next().unwrap_or_default();
        Ok::<_, PipelineError>(Visit {
            room,
            ..Visit::complete(
                facts,
                listed,
                ListingAnswer { hints, validators, hash: found.hash },
                now,
            )
        })
    });
    let Ok(visit) = work.await else {
        metrics::reader_panicked("sitemap");
        return Ok(Visit::failed(
            before,
            PollResult::Failed,
            "panicked",
            panicked::REASON.to_owned(),
            now,
        ));
    };
    visit
}
