//! Reads the older pages of a feed after a gap, where it has some: RFC 5005's `prev-archive` and `next`, JSON Feed's `next_url`.
//!
//! The next page to read is in the source's facts, so a crash goes on there. What must stay true: a gap leads to a
//! bounded number of pages, all of the feed's own host; each page's entries and the step to the next are one batch.

use chrono::{DateTime, Utc};
use url::Url;

use super::{ACCEPT, Parts, Rules, Wake, listing};
use crate::{
    clock::Clock,
    config::sources::Source,
    feed::{self, Feed},
    fetch::{Fetch, Fetched, Outcome, Request, Validators},
    pipeline::PipelineError,
    store::{Backfill, Facts, PollCommit, PollStore, StoreError},
    telemetry::metrics,
};

/// Pages that one gap may lead to.
const PAGES: u32 = 5;

/// From the page that the feed names.
pub(super) fn begin(url: Url) -> Backfill {
    Backfill { url, left: PAGES }
}

/// Where a feed's older entries are, if it says so and if that is on its own host.
pub(super) fn older(feed: &Feed, url: &Url) -> Option<Url> {
    let link = |rel: &str| feed.links.iter().find(|it| it.rel == rel).and_then(|it| url.join(it.href.as_deref()?).ok());
    let older = link("prev-archive").or_else(|| link("next"))?;
    (older.host() == url.host() && matches!(older.scheme(), "http" | "https") && older != *url).then_some(older)
}

/// Reads on until a page is known, the last one is reached or one cannot be read.
pub(super) async fn run<F: Fetch, C: Clock>(parts: &Parts<F, C>, source: &Source, facts: &mut Facts) -> Result<Vec<Wake>, PipelineError> {
    let mut wakes = Vec::new();
    while let Some(Backfill { url, left }) = facts.backfill.take() {
        let request = Request {
            url,
            validators: Validators::default(),
            accept: ACCEPT,
            obeys_robots: parts.rules.obeys_robots(source),
            goes_first: false,
        };
        let mut commit = PollCommit::default();
        if let Outcome::New(fetched) = parts.fetcher.fetch(request).await {
            let (rules, store, source) = (parts.rules.clone(), parts.store.clone(), source.clone());
            let (known, now) = (facts.clone(), parts.clock.now());
            let work = tokio::task::spawn_blocking(move || page(&store, &source, &known, &fetched, (&rules, now)));
            if let Some(page) = work.await?? {
                facts.entries += page.listed.fresh as u64;
                facts.backfill = page.older.filter(|_| left > 1).map(|url| Backfill { url, left: left - 1 });
                wakes.extend(page.listed.wakes);
                commit = page.listed.commit;
                metrics::backfilled("read");
            } else {
                metrics::backfilled("unreadable");
            }
        } else {
            metrics::backfilled("failed");
        }
        commit.facts(facts);
        parts.store.commit(commit).await?;
    }
    Ok(wakes)
}

/// A page that was read, and the next, where it may hold something new.
struct Page {
    listed: listing::Listed,
    older: Option<Url>,
}

fn page(
    store: &PollStore,
    source: &Source,
    facts: &Facts,
    fetched: &Fetched,
    (rules, now): (&Rules, DateTime<Utc>),
) -> Result<Option<Page>, StoreError> {
    let Ok(bytes) = fetched.body.decode(rules.max_decoded) else { return Ok(None) };
    let Ok(feed) = feed::read(&bytes, fetched.content_type.as_deref(), &fetched.url) else { return Ok(None) };
    let listed = listing::go_through(store, source, facts, &feed, (rules, now))?;
    // Beyond an entry that is known all is known.
    let older = older(&feed, &fetched.url).filter(|_| listed.known == 0 && listed.shown > 0);
    Ok(Some(Page { listed, older }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::model::Link;

    fn feed(links: &[(&str, &str)]) -> Feed {
        let link = |(rel, href): &(&str, &str)| Link { rel: (*rel).to_owned(), href: Some((*href).to_owned()), ..Link::default() };
        Feed { links: links.iter().map(link).collect(), ..Feed::default() }
    }

    #[test]
    fn older_entries_are_looked_for_on_the_feeds_own_host_only() {
        let at = Url::parse("https://a.example/feed").unwrap();
        let found = |links: &[(&str, &str)]| older(&feed(links), &at).map(String::from);
        assert_eq!(found(&[("next", "?page=2"), ("prev-archive", "/2026/02")]).as_deref(), Some("https://a.example/2026/02"));
        assert_eq!(found(&[("next", "?page=2")]).as_deref(), Some("https://a.example/feed?page=2"));
        for elsewhere in ["https://b.example/", "file:///a.example/x", "/feed", "http://["] {
            assert_eq!(found(&[("next", elsewhere)]), None, "{elsewhere}");
        }
    }
}
