//! Reads articles of several pages to their end: each page links to the next one.
//!
//! Nothing of it is stored in between. Until the whole article is decided on, its entry stays in
//! the queue, so after a crash it is read from its first page again, and no part of it is
//! published.
//!
//! What must stay true: every further page is on the site of the first one, its number is one
//! more, and it is fetched as all pages are, by robots.txt and by the pace of the host. Pages, time
//! and bytes are bounded. Nobody holds memory that others wait for while a host takes its time.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;
use url::Url;

use crate::{
    fetch::{
        Body, Deferred, Fetch, FetchError, Fetched, Outcome, Request, Room, Silence, UnreadBody,
    },
    model::{
        accept, bounds,
        lane::SourceKey,
        page::{NextPage, Page},
        source::AllowedNetworks,
    },
    read::page::{self, PageError, Rules, further},
    telemetry::metrics,
};

/// How long the further pages of one article may take in all.
const LONGEST: Duration = Duration::from_mins(2);
/// The shortest wait for a host's turn.
const SHORTEST_WAIT: Duration = Duration::from_millis(10);
/// What is reserved for the text of an article and its blocks while its pages are fetched.
const HELD: usize = 2 * bounds::TEXT;

/// How the further pages of an article are read.
pub(crate) struct FurtherPages<'a, F> {
    pub(crate) fetcher: &'a F,
    /// The private networks that they may be in.
    pub(crate) allowed: &'a AllowedNetworks,
    pub(crate) obeys_robots: bool,
    pub(crate) rules: Option<Arc<Rules>>,
    /// The id of the source, by which threads go round.
    pub(crate) source: &'a str,
    /// How many are read.
    pub(crate) most: usize,
    /// The largest of them after decompression, and all together, in bytes.
    pub(crate) max_decoded: usize,
}

/// Why an article was not read to its end now, although it may be later.
#[derive(Debug)]
pub(crate) struct Interrupted {
    pub(crate) error: String,
    /// How long to wait, where somebody says.
    pub(crate) wait: Option<Duration>,
}

/// How the reading of one further page ended.
enum Ended {
    Joined,
    /// There is nothing to be had there, now or later.
    Nothing(String),
    Interrupted(Interrupted),
}

impl<F: Fetch> FurtherPages<'_, F> {
    /// Joins the further pages to a page that was read at `first`; returns the memory that is
    /// reserved for it. Where the end is not reached, the page says why.
    ///
    /// # Errors
    /// Where it is worth another try. Until then the page is as far as it was read.
    pub(crate) async fn read_on(&self, page: &mut Page, first: &Url) -> Result<Room, Interrupted> {
        let (end, mut left) = (Instant::now() + LONGEST, self.max_decoded);
        let Some(room) = self.fetcher.memory().room_to_follow(HELD) else {
            return Err(Interrupted::of_wait(Deferred::NO_ROOM));
        };
        for number in 2.. {
            let Some(next) = page.next.clone() else { break };
            let ended = match self.may_follow(&next, first, number, left) {
                Err(why) => Ended::Nothing(why),
                Ok(()) => {
                    tokio::time::timeout_at(end, self.read_next(page, first, next, &mut left))
                        .await
                        .unwrap_or_else(|_| Ended::Nothing(format!("not read within {LONGEST:?}")))
                }
            };
            match ended {
                Ended::Joined => metrics::further_page("joined"),
                Ended::Nothing(why) => {
                    metrics::further_page("left");
                    explain(page, why);
                    break;
                }
                Ended::Interrupted(interrupted) => {
                    metrics::further_page("failed");
                    explain(page, interrupted.error.clone());
                    return Err(interrupted);
                }
            }
        }
        Ok(room)
    }

    /// Whether a page may be the one with this number, and is within the bounds.
    fn may_follow(
        &self,
        next: &NextPage,
        first: &Url,
        number: u32,
        left: usize,
    ) -> Result<(), String> {
        if next.number != number || next.url.host_str() != first.host_str() {
            return Err(format!("{} is no page {number} of this article", next.url));
        }
        if number as usize > self.most + 1 {
            return Err(format!("page.follow_pages allows for {} further pages", self.most));
        }
        if left == 0 {
            return Err("its pages are too large together".to_owned());
        }
        Ok(())
    }

    async fn read_next(
        &self,
        page: &mut Page,
        first: &Url,
        next: NextPage,
        left: &mut usize,
    ) -> Ended {
        let mut fetched = match self.fetch(&next.url).await {
            Ok(fetched) => fetched,
            Err(ended) => return ended,
        };
        // A page that is gone often leads to the article's first page, or to the front page.
        if fetched.url != next.url
            && further::number_behind(first, &fetched.url)
                .is_none_or(|(number, _)| number != next.number)
        {
            return Ended::Nothing(format!("it leads to {}", fetched.url));
        }
        let body = std::mem::take(&mut fetched.body);
        let (read, size) = match self.read(body, fetched, *left).await {
            Ok(read) => read,
            Err(ended) => return ended,
        };
        *left = left.saturating_sub(size);
        match read.map(|further| further::join(page, first, further)) {
            Ok(Ok(())) => Ended::Joined,
            Ok(Err(error)) => Ended::Nothing(error.to_string()),
            Err(error) => Ended::Nothing(error.to_string()),
        }
    }

    /// Fetches a page, and waits for the host's turn where that is not far.
    async fn fetch(&self, url: &Url) -> Result<Fetched, Ended> {
        loop {
            let request = Request {
                obeys_robots: self.obeys_robots,
                silence: Silence::default(),
                ..Request::new(url.clone(), accept::PAGE)
            };
            match self.fetcher.fetch_within(request, self.allowed).await {
                Outcome::New(fetched) => {
                    metrics::fetched("page", "ok", fetched.body.bytes.len());
                    return Ok(*fetched);
                }
                Outcome::Deferred(deferred) if deferred.next => {
                    tokio::time::sleep(deferred.wait.max(SHORTEST_WAIT)).await;
                }
                outcome => {
                    metrics::fetched("page", "fetch", 0);
                    return Err(Ended::of_outcome(outcome));
                }
            }
        }
    }

    /// Decodes and reads a page on a thread; returns its decoded size, too.
    async fn read(
        &self,
        body: Body,
        fetched: Fetched,
        limit: usize,
    ) -> Result<(Result<Page, PageError>, usize), Ended> {
        let rules = self.rules.clone();
        let work = move |bytes: Result<Bytes, FetchError>| {
            let bytes = bytes.map_err(|error| error.to_string())?;
            let (kind, url) = (fetched.content_type.as_deref(), Some(&fetched.url));
            Ok((page::parse_article(rules.as_deref(), &bytes, kind, url), bytes.len()))
        };
        let memory = self.fetcher.memory().for_source(SourceKey::new(self.source));
        match memory.read_body(body, limit, work).await {
            Ok((Ok(read), _)) => Ok(read),
            Ok((Err(error), _)) => Err(Ended::Nothing(error)),
            Err(UnreadBody::NoRoom) => {
                Err(Ended::Interrupted(Interrupted::of_wait(Deferred::NO_ROOM)))
            }
            Err(error) => Err(Ended::Nothing(error.to_string())),
        }
    }
}

impl Ended {
    fn of_outcome(outcome: Outcome) -> Self {
        let (passes, wait) = match &outcome {
            Outcome::Throttled { retry_after, .. } => (true, *retry_after),
            Outcome::Deferred(deferred) => (true, Some(deferred.wait)),
            Outcome::Failed(error) => (error.is_transient(), None),
            _ => (false, None),
        };
        let error = outcome.whole().err().unwrap_or_default();
        if passes { Self::Interrupted(Interrupted { error, wait }) } else { Self::Nothing(error) }
    }
}

impl Interrupted {
    fn of_wait(deferred: Deferred) -> Self {
        Self { error: deferred.to_string(), wait: Some(deferred.wait) }
    }
}

/// Notes why the next page is missing.
fn explain(page: &mut Page, why: String) {
    if let Some(next) = &mut page.next {
        next.why = Some(why);
    }
}
