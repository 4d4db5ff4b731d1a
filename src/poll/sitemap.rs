//! Polls a sitemap: what an index names is fetched with it.
//!
//! What must stay true: of an index no validators are kept, because it may stay the same while what it names changes.

use super::{
    Parts, listing, moved,
    visit::{Says, Visit, ended, is_known, taken},
};
use crate::{
    clock::Clock,
    config::sources::Source,
    fetch::{Fetch, Fetched, Validators},
    pipeline::PipelineError,
    schedule::decide::PollResult,
    sitemap,
    store::Facts,
};

/// Reads what came, and what it leads to.
pub(super) async fn read<F: Fetch, C: Clock>(
    parts: &Parts<F, C>,
    source: &Source,
    mut facts: Facts,
    fetched: Fetched,
) -> Result<Visit, PipelineError> {
    let found = sitemap::follow(&*parts.fetcher, &fetched, (parts.rules.max_decoded, parts.rules.obeys_robots(source))).await;
    let now = parts.clock.now();
    let found = match found {
        Ok(found) => found,
        Err(reason) => return Ok(ended(facts, PollResult::Failed, "unreadable", reason, now)),
    };
    facts.moved = moved::note(facts.moved, source.at.url(), fetched.moved.clone(), now);
    let validators = if found.sitemaps.is_empty() { fetched.validators.clone() } else { Validators::default() };
    if is_known(&facts, found.hash, now) {
        facts.validators = validators;
        return Ok(ended(facts, PollResult::Unchanged, "unchanged", String::new(), now));
    }
    let says = Says::of(&found.feed, &fetched);
    let (rules, store, source) = (parts.rules.clone(), parts.store.clone(), source.clone());
    let work = tokio::task::spawn_blocking(move || {
        let listed = listing::go_through(&store, &source, &facts, &found.feed, (&rules, now))?;
        Ok::<_, PipelineError>(taken(facts, listed, (says, validators, found.hash), now))
    });
    work.await?
}
