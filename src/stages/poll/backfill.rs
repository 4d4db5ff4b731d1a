//! Reads what a gap left out: the older pages of a feed, where it has some (RFC 5005's
//! `prev-archive` and `next`, JSON Feed's `next_url`), else what the news sitemap of the site lists
//! of the time between.
//!
//! The next page to read is in the source's facts, so a crash goes on there. What must stay true: a
//! gap leads to a bounded number of pages, all of the feed's own host, or once a day to the site's
//! news sitemap; each page's entries and the step to the next are one batch.

use std::ops::Range;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::{
    Outputs, PollContext,
    listing::{self, ListingReader},
    panicked, wake,
};
use crate::{
    base::clock::Clock,
    config::sources::Source,
    fetch::{Fetch, FetchError, Fetched, Outcome, Request, Room, UnreadBody},
    model::{
        accept,
        entry::{Entry, Feed},
        identity,
        lane::Lane,
    },
    read::feed,
    stages::{PipelineError, discover},
    store::{Backfill, Facts, PollCommit, PollStore, StoreError},
    telemetry::metrics,
};

/// Pages that one gap may lead to.
const PAGES: u32 = 5;

/// A site's news sitemap is looked for once in this time.
const SOUGHT: TimeDelta = TimeDelta::days(1);

/// From the page that the feed names.
pub(super) fn begin(url: Url) -> Backfill {
    Backfill { url, left: PAGES, within: None }
}

/// From the site's news sitemap: of the time since the last good poll, up to the oldest entry that
/// is listed now.
pub(super) fn from_sitemap(
    facts: &mut Facts,
    site: Url,
    listed: &[Option<i64>],
    now: DateTime<Utc>,
) -> Option<Backfill> {
    let since = facts.last_success?;
    if facts.sitemap_sought.is_some_and(|sought| now - sought < SOUGHT) {
        return None;
    }
    facts.sitemap_sought = Some(now);
    let listed =
        listed.iter().flatten().filter_map(|seconds| DateTime::from_timestamp(*seconds, 0));
    let until = listed.filter(|date| *date > since).min().unwrap_or(now);
    Some(Backfill { url: site, left: 1, within: Some((since, until)) })
}

/// Where a feed's older entries are, if it says so and if that is on its own host.
pub(super) fn older(feed: &Feed, url: &Url) -> Option<Url> {
    let link = |rel: &str| {
        feed.links
            .iter()
            .find(|link| link.rel == rel)
            .and_then(|link| url.join(link.href.as_deref()?).ok())
    };
    let older = link("prev-archive").or_else(|| link("next"))?;
    (older.host() == url.host() && matches!(older.scheme(), "http" | "https") && older != *url)
        .then_some(older)
}

/// Reads on until a page is known, the last one is reached or one cannot be read. Of a paused source
/// what is left waits for the end of the pause.
pub(super) async fn run<F: Fetch, C: Clock>(
    context: &PollContext<F, C>,
    source: &Source,
    facts: &mut Facts,
    outputs: &Outputs,
) -> Result<(), PipelineError> {
    if source.paused {
        return Ok(());
    }
    while let Some(Backfill { url, left, within }) = facts.backfill.take() {
        let wakes = match within {
            Some((since, until)) => {
                read_news_sitemap(context, source, facts, &url, since..until).await?
            }
            None => read_older(context, source, facts, url, left).await?,
        };
        wake(outputs, source.at.url(), wakes).await;
    }
    Ok(())
}

/// Reads an older page of a feed; `left` counts those that may be read still, this one among them.
async fn read_older<F: Fetch, C: Clock>(
    context: &PollContext<F, C>,
    source: &Source,
    facts: &mut Facts,
    url: Url,
    left: u32,
) -> Result<Vec<(Lane, u64)>, PipelineError> {
    let request = Request {
        obeys_robots: context.rules.get().obeys_robots(source),
        ..Request::new(url, accept::FEED)
    };
    let (mut commit, mut wakes, mut room) = (PollCommit::default(), Vec::new(), Room::default());
    if let Outcome::New(mut fetched) = context.fetcher.fetch(request).await {
        let (known, now, body) =
            (facts.clone(), context.clock.now(), std::mem::take(&mut fetched.body));
        let reader = context.reader(source, now);
        let work = move |bytes| read_older_page(&reader, &known, &fetched, bytes);
        let read = match context
            .fetcher
            .memory()
            .read_body(body, context.rules.get().max_decoded, work)
            .await
        {
            Ok((page, page_room)) => {
                room = page_room;
                page?
            }
            Err(UnreadBody::NoRoom | UnreadBody::TooLong) => None,
            Err(UnreadBody::Panicked(body)) => {
                (commit, wakes) =
                    panicked::keep_dead_letter(context, source, body, "backfill", now).await?;
                None
            }
        };
        if let Some(page) = read {
            facts.entries += page.listed.fresh as u64;
            facts.intake = page.listed.intake;
            facts.backfill = page.older.filter(|_| left > 1).map(|url| Backfill {
                url,
                left: left - 1,
                within: None,
            });
            (commit, wakes) = (page.listed.commit, page.listed.wakes);
            metrics::backfilled("read");
        } else {
            metrics::backfilled("unreadable");
        }
    } else {
        metrics::backfilled("failed");
    }
    commit.facts(facts);
    context.store.commit(commit).await?;
    drop(room);
    Ok(wakes)
}

/// Takes what the news sitemap of a site lists of a time.
async fn read_news_sitemap<F: Fetch, C: Clock>(
    context: &PollContext<F, C>,
    source: &Source,
    facts: &mut Facts,
    site: &Url,
    within: Range<DateTime<Utc>>,
) -> Result<Vec<(Lane, u64)>, PipelineError> {
    let rules = context.rules.get().fetch_rules(source);
    let mut listed = listing::ListingResult::default();
    let mut room = Room::default();
    if let Some((mut feed, feed_room)) =
        discover::news_sitemap(&*context.fetcher, site, rules).await
    {
        room = feed_room;
        metrics::backfilled("read");
        feed.title.clone_from(&facts.title);
        let (known, reader) = (facts.clone(), context.reader(source, context.clock.now()));
        let work = tokio::task::spawn_blocking(move || {
            feed.entries = missed(&reader.store, feed.entries, &within)?;
            listing::go_through(&reader, &known, &mut feed)
        });
        if let Ok(gone_through) = work.await {
            listed = gone_through?;
            facts.entries += listed.fresh as u64;
            facts.intake = listed.intake;
        } else {
            metrics::reader_panicked("backfill");
        }
    } else {
        metrics::backfilled("missing");
    }
    listed.commit.facts(facts);
    context.store.commit(listed.commit).await?;
    drop(room);
    Ok(listed.wakes)
}

/// The entries of a time that no article is known by.
fn missed(
    store: &PollStore,
    entries: Vec<Entry>,
    within: &Range<DateTime<Utc>>,
) -> Result<Vec<Entry>, StoreError> {
    let mut missed = Vec::new();
    for entry in entries {
        let is_of_time = entry
            .published
            .or(entry.modified)
            .is_some_and(|published| within.contains(&published.to_utc()));
        if is_of_time
            && let Some(link) = &entry.link
            && store.articles_of(&[identity::of_url(link)])?.is_empty()
        {
            missed.push(entry);
        }
    }
    Ok(missed)
}

/// A page that was read, and the next, where it may hold something new.
struct OlderPage {
    listed: listing::ListingResult,
    older: Option<Url>,
}

fn read_older_page(
    reader: &ListingReader,
    facts: &Facts,
    fetched: &Fetched,
    bytes: Result<Bytes, FetchError>,
) -> Result<Option<OlderPage>, StoreError> {
    let Ok(bytes) = bytes else { return Ok(None) };
    let Ok(mut feed) = feed::parse(&bytes, fetched.content_type.as_deref(), &fetched.url) else {
        return Ok(None);
    };
    let listed = listing::go_through(reader, facts, &mut feed)?;
    // Beyond an entry that is known all is known.
    let older = older(&feed, &fetched.url).filter(|_| listed.known == 0 && listed.shown > 0);
    Ok(Some(OlderPage { listed, older }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entry::Link;

    fn feed(links: &[(&str, &str)]) -> Feed {
        let link = |(rel, href): &(&str, &str)| Link {
            rel: (*rel).to_owned(),
            href: Some((*href).to_owned()),
            ..Link::default()
        };
        Feed { links: links.iter().map(link).collect(), ..Feed::default() }
    }

    #[test]
    fn older_entries_are_looked_for_on_the_feeds_own_host_only() {
        let at = Url::parse("https://a.example/feed").unwrap();
        let found = |links: &[(&str, &str)]| older(&feed(links), &at).map(String::from);
        assert_eq!(
            found(&[("next", "?page=2"), ("prev-archive", "/2026/02")]).as_deref(),
            Some("https://a.example/2026/02")
        );
        assert_eq!(found(&[("next", "?page=2")]).as_deref(), Some("https://a.example/feed?page=2"));
        for elsewhere in ["https://b.example/", "file:///a.example/x", "/feed", "http://["] {
            assert_eq!(found(&[("next", elsewhere)]), None, "{elsewhere}");
        }
    }

    #[test]
    fn a_sites_news_sitemap_is_looked_for_once_a_day_and_of_the_time_since_the_last_good_poll() {
        let (site, hour) = (Url::parse("https://a.example/").unwrap(), |hours: i64| {
            DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
        });
        let mut facts = Facts { last_success: Some(hour(2)), ..Facts::default() };
        let listed =
            [Some(hour(9).timestamp()), None, Some(hour(7).timestamp()), Some(hour(1).timestamp())];
        let found = from_sitemap(&mut facts, site.clone(), &listed, hour(10)).unwrap();
        assert_eq!(found.within, Some((hour(2), hour(7))));
        assert_eq!(from_sitemap(&mut facts, site.clone(), &[], hour(33)), None);
        assert_eq!(
            from_sitemap(&mut facts, site.clone(), &[], hour(34)).unwrap().within,
            Some((hour(2), hour(34)))
        );
        assert_eq!(from_sitemap(&mut Facts::default(), site, &[], hour(10)), None);
    }
}
