//! Takes what a hub pushed: the entries of it, as if a poll had listed them.
//!
//! What must stay true: a push is a part of the feed, so it changes nothing of what is known of the
//! whole listing (validators, hash, how much it lists, when it was gone through) and is no gap; its
//! entries, and what they mean for the source's facts, are one batch; the hub hears of success only
//! once that is durable. What cannot be read is no loss: the source is polled for it.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Outputs, PollContext, Rules,
    listing::{self, ListingReader},
    panicked, site,
    visit::entries,
    wake,
};
use crate::{
    base::clock::Clock,
    config::sources::Source,
    fetch::{Fetch, FetchError, Fetched, Room, UnreadBody},
    model::lane::Lane,
    policy::polling::rhythm::Sighting,
    stages::{PipelineError, schedule::EarlyPoll, websub::Push},
    store::{Facts, PollCommit, StoreError},
    telemetry::metrics,
};

/// Reads the push and commits what it brought, or has the source polled.
pub(super) async fn process<F: Fetch, C: Clock>(
    context: PollContext<F, C>,
    push: Push,
    outputs: Outputs,
) -> Result<(), PipelineError> {
    let Push { source, content: pushed, done } = push;
    let now = context.clock.now();
    if context.store.pause_at(source.id.as_str(), now)?.is_some() {
        metrics::pushed("paused");
        // A hub that is refused may end the subscription.
        done.send(()).ok();
        return Ok(());
    }
    let mut facts =
        context.store.facts(source.id.as_str())?.unwrap_or_default().for_source(&source);
    // What was never read well may be no feed at all: that is for a poll to find out.
    let pushed = pushed.filter(|_| facts.last_success.is_some());
    let signed = pushed.is_some();
    let ParsedPush { listed, mut commit, mut wakes, room } = match pushed {
        Some(pushed) => {
            read_push(&context, &site::read_at(&source, &facts), &facts, pushed, now).await?
        }
        None => ParsedPush::default(),
    };
    if let Some(listed) = listed {
        facts.hub.pushed(listed.published.len(), now);
        facts.entries += listed.fresh as u64;
        facts.intake = listed.intake;
        if listed.fresh > 0 {
            facts.last_new = Some(now);
        }
        facts
            .rhythm
            .observe(&Sighting { published: listed.published, gapless: true }, now.timestamp());
        metrics::pushed(if listed.fresh > 0 { "taken" } else { "known" });
        tracing::debug!(source.id = facts.id, fresh = listed.fresh, "pushed");
        (commit, wakes) = (listed.commit, listed.wakes);
    } else {
        facts.hub.pinged(now);
        metrics::pushed(if signed { "unreadable" } else { "pinged" });
        let at = facts
            .last_poll
            .map_or(now, |last| now.max(last + shortest(&source, &context.rules.get())));
        if let Some(hubs) = &outputs.hubs {
            // Full or closed: it is polled in time anyway.
            hubs.early_polls.try_send(EarlyPoll { source: source.id.clone(), at }).ok();
        }
    }
    commit.facts(&facts);
    context.store.commit(commit).await?;
    drop(room);
    // The hub may have stopped waiting; it sends again, and then all is known.
    done.send(()).ok();
    wake(&outputs, None, wakes).await;
    Ok(())
}

fn shortest(source: &Source, rules: &Rules) -> TimeDelta {
    TimeDelta::from_std(rules.bounds(source).min).unwrap_or_default()
}

/// What was pushed, once it was read.
#[derive(Default)]
struct ParsedPush {
    /// What it lists; `None` where it cannot be read, or lists nothing.
    listed: Option<listing::ListingResult>,
    /// The dead letter, where the reader panicked.
    commit: PollCommit,
    wakes: Vec<(Lane, u64)>,
    /// The memory that it has until it is committed.
    room: Room,
}

async fn read_push<F: Fetch, C>(
    context: &PollContext<F, C>,
    source: &Source,
    facts: &Facts,
    mut pushed: Box<Fetched>,
    now: DateTime<Utc>,
) -> Result<ParsedPush, PipelineError> {
    let (reader, facts, body) =
        (context.reader(source, now), facts.clone(), std::mem::take(&mut pushed.body));
    let work = move |bytes| read_content(&reader, &facts, &pushed, bytes);
    match context.fetcher.memory().read_body(body, context.rules.get().max_decoded, work).await {
        Ok((listed, room)) => Ok(ParsedPush { listed: listed?, room, ..ParsedPush::default() }),
        Err(UnreadBody::NoRoom | UnreadBody::TooLong) => Ok(ParsedPush::default()),
        Err(UnreadBody::Panicked(body)) => {
            let (commit, wakes) =
                panicked::keep_dead_letter(context, source, body, "push", now).await?;
            Ok(ParsedPush { commit, wakes, ..ParsedPush::default() })
        }
    }
}

fn read_content(
    reader: &ListingReader,
    facts: &Facts,
    pushed: &Fetched,
    bytes: Result<Bytes, FetchError>,
) -> Result<Option<listing::ListingResult>, StoreError> {
    let Ok(bytes) = bytes else { return Ok(None) };
    match entries(&reader.source, &bytes, pushed) {
        Ok(mut feed) if !feed.entries.is_empty() => {
            listing::go_through(reader, facts, &mut feed).map(Some)
        }
        _ => Ok(None),
    }
}
