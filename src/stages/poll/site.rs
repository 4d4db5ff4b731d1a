//! Polls a site: its home page is asked once which of its feeds and sitemaps there are, the best
//! one is kept in the source's facts, and that one is polled from then on.
//!
//! What must stay true: a look costs a bounded number of requests, and comes at most once a day;
//! what was found is read on while a look fails; where nothing is found, the home page itself is
//! read as a listing.

use std::{borrow::Cow, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    PollContext, moved,
    visit::{Visit, visit},
};
use crate::{
    base::clock::Clock,
    config::sources::{Location, Source},
    fetch::{Fetch, Fetched},
    model::{
        kind::{Guesses, SourceKind},
        source::{State, Validators},
    },
    policy::{
        polling::{decide::PollResult, hints::Hints},
        trust::Trust,
    },
    stages::{PipelineError, discover},
    store::{Facts, SiteDiscovery},
};

/// A look takes no longer, however slow the site is.
const LOOK: Duration = Duration::from_mins(5);
/// After this time it is looked again for what fails.
const FAILING: TimeDelta = TimeDelta::days(1);
/// After this time it is looked again whether there is something better than a listing, or than
/// what is silent.
const POOR: TimeDelta = TimeDelta::weeks(1);

/// What is asked now: of a site what was found of it, or its home page where it is time for a look,
/// which is noted.
pub(super) fn asked<'a>(
    source: &'a Source,
    facts: &mut Facts,
    now: DateTime<Utc>,
) -> Cow<'a, Source> {
    if source.kind.is_site() && !source.paused && is_time(facts, now) {
        if let Some(found) = &mut facts.site {
            // Also where it fails: else a home page that is closed to us would keep us from what is
            // open.
            found.looked = now;
        }
        return Cow::Borrowed(source);
    }
    read_at(source, facts)
}

/// A source as it is read.
pub(super) fn read_at<'a>(source: &'a Source, facts: &Facts) -> Cow<'a, Source> {
    match &facts.site {
        Some(found) if source.kind.is_site() => Cow::Owned(Source {
            kind: found.kind,
            at: Location::Url(found.url.clone()),
            ..source.clone()
        }),
        _ => Cow::Borrowed(source),
    }
}

fn is_time(facts: &Facts, now: DateTime<Utc>) -> bool {
    let Some(found) = &facts.site else { return true };
    let since = now - found.looked;
    let poor =
        found.kind.properties().guesses == Guesses::Everything || facts.state == State::Silent;
    facts.failures >= moved::PATIENCE && since >= FAILING || poor && since >= POOR
}

/// Looks for the site's sources from its home page, and visits the best one.
pub(super) async fn discover_and_visit<F: Fetch, C: Clock>(
    context: &PollContext<F, C>,
    source: &Source,
    mut facts: Facts,
    fetched: Fetched,
) -> Result<Visit, PipelineError> {
    let rules = context.rules.get().fetch_rules(source);
    let home = fetched.url.clone();
    let look =
        tokio::time::timeout(LOOK, discover::discover_from(&*context.fetcher, fetched, rules))
            .await;
    let now = context.clock.now();
    match look {
        Ok(offers) => {
            let offers = offers.unwrap_or_default();
            let (kind, url, how) = match discover::best(&offers, now) {
                Some(best) => (best.kind, best.url.clone(), best.found),
                None => (SourceKind::Listing, home, "nothing else was found"),
            };
            adopt(
                &mut facts,
                SiteDiscovery {
                    kind,
                    url: url.into(),
                    how: how.to_owned(),
                    since: now,
                    looked: now,
                },
            );
        }
        Err(_) if facts.site.is_none() => {
            let reason = "looking for its feeds and sitemaps took too long".to_owned();
            return Ok(Visit::failed(facts, PollResult::Failed, "unreadable", reason, now));
        }
        Err(_) => {}
    }
    let source = read_at(source, &facts).into_owned();
    Box::pin(visit(context, &source, facts, now)).await
}

/// Takes what was found. What is known of another one says nothing of it: it begins as a new source
/// does.
fn adopt(facts: &mut Facts, found: SiteDiscovery) {
    if let Some(before) =
        facts.site.as_mut().filter(|site| (site.kind, &site.url) == (found.kind, &found.url))
    {
        before.looked = found.looked;
        return;
    }
    facts.site = Some(found);
    (facts.validators, facts.trust) = (Validators::default(), Trust::default());
    (facts.body_hash, facts.sent_hash) = (None, None);
    facts.hints = Hints::default();
    (facts.moved, facts.backfill, facts.gone) = (None, None, None);
    (facts.last_success, facts.listed) = (None, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: SourceKind, looked: i64) -> SiteDiscovery {
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(looked);
        SiteDiscovery {
            kind,
            url: url::Url::parse("https://courier.example/x").unwrap().into(),
            how: String::new(),
            since: at,
            looked: at,
        }
    }

    #[test]
    fn it_is_looked_again_once_a_day_for_what_fails_and_once_a_week_for_what_is_poor() {
        let day = |day: i64| DateTime::UNIX_EPOCH + TimeDelta::days(day);
        let facts = |kind, failures, state| Facts {
            site: Some(found(kind, 10)),
            failures,
            state,
            ..Facts::default()
        };
        assert!(is_time(&Facts::default(), day(0)));
        let good = facts(SourceKind::Feed, 0, State::Ok);
        assert!(!is_time(&good, day(99)));
        let failing = facts(SourceKind::Feed, 5, State::Backoff);
        assert!(!is_time(&failing, day(10)) && is_time(&failing, day(11)));
        for poor in
            [facts(SourceKind::Listing, 0, State::Ok), facts(SourceKind::Feed, 0, State::Silent)]
        {
            assert!(!is_time(&poor, day(16)) && is_time(&poor, day(17)));
        }
    }

    #[test]
    fn what_is_found_again_goes_on_and_another_one_begins_anew() {
        let mut facts = Facts {
            site: Some(found(SourceKind::Feed, 0)),
            listed: 9,
            last_success: Some(DateTime::UNIX_EPOCH),
            ..Facts::default()
        };
        adopt(&mut facts, found(SourceKind::Feed, 5));
        assert_eq!(
            (facts.listed, facts.site.as_ref().map(|site| site.looked)),
            (9, Some(DateTime::UNIX_EPOCH + TimeDelta::days(5)))
        );
        adopt(&mut facts, found(SourceKind::Sitemap, 6));
        assert_eq!((facts.listed, facts.last_success), (0, None));
    }
}
