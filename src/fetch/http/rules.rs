//! Asks a site for its robots.txt, through the same fetcher: the same addresses, turns and bounds.
//!
//! What a status means is RFC 9309 §2.3.1: without a file all is allowed; a server that cannot tell
//! means "not now".

use std::{fmt::Write as _, future::Future, pin::Pin, sync::Arc};

use url::Url;

use super::{HttpFetcher, doors::ScopedClient};
use crate::{
    base::clock::Clock,
    fetch::{
        Body, FetchError, Fetched, Outcome, Request,
        robots::{Answer, MAX_FILE, Rules},
    },
    model::accept,
    telemetry::metrics,
};

impl<C: Clock> HttpFetcher<C> {
    /// What the site of an address asks of us.
    pub(super) async fn rules(
        &self,
        url: &Url,
        door: &ScopedClient,
    ) -> Result<Arc<Rules>, FetchError> {
        let mut site = url.origin().ascii_serialization();
        // What those who may not reach it have heard is nothing.
        if !door.allowed.is_empty() {
            write!(site, " {:?}", door.allowed).ok();
        }
        self.robots
            .rules_for(&site, self.clock.now(), self.ask(url, door))
            .await
            .map_err(FetchError::Robots)
    }

    // Boxed, because the fetch that asks for this makes a fetch itself.
    fn ask<'a>(
        &'a self,
        url: &Url,
        door: &'a ScopedClient,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>> {
        let mut url = url.clone();
        url.set_path("/robots.txt");
        url.set_query(None);
        url.set_fragment(None);
        let request =
            Request { obeys_robots: false, goes_first: true, ..Request::new(url, accept::ROBOTS) };
        Box::pin(async move {
            let answer = match self
                .follow(request, door.bound(MAX_FILE, true), door)
                .await
                .unwrap_or_else(Outcome::Failed)
            {
                Outcome::New(fetched) => self.parse(*fetched).await,
                outcome => without_a_file(outcome),
            };
            metrics::robots(match &answer {
                Answer::Rules(rules) if *rules == Rules::default() => "none",
                Answer::Rules(_) => "rules",
                Answer::Unreachable(_) => "unreachable",
            });
            answer
        })
    }

    /// Off the network's threads. No more of a file is decoded than is read.
    async fn parse(&self, fetched: Fetched) -> Answer {
        let start =
            move |body: &Body| (body.decode_start(MAX_FILE).map(|file| Rules::parse(&file)), true);
        match self.memory.read_body_unless(fetched.body, MAX_FILE, start, |rules, _| rules).await {
            Ok((Ok(rules), _)) => Answer::Rules(rules),
            Ok((Err(error), _)) => Answer::Unreachable(error.to_string()),
            Err(unread) => Answer::Unreachable(unread.to_string()),
        }
    }
}

fn without_a_file(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Throttled { status, .. } | Outcome::Failed(FetchError::Status(status @ 500..)) => {
            Answer::Unreachable(format!("HTTP status {status}"))
        }
        Outcome::Deferred(deferred) => Answer::Unreachable(deferred.to_string()),
        Outcome::Failed(
            error @ (FetchError::Timeout(_)
            | FetchError::NoAnswer(_)
            | FetchError::TooSlow(_)
            | FetchError::Unreachable(_)
            | FetchError::Transport(_)
            | FetchError::TooLarge { .. }
            | FetchError::Decode(_)),
        ) => Answer::Unreachable(error.to_string()),
        // 4xx, a loop of redirects. Where the address itself is refused, so will be what is behind
        // it.
        _ => Answer::Rules(Rules::default()),
    }
}
