//! The status pages: what the daemon does, its sources, its articles. Made on the server, readable
//! without scripts; what can be changed on them is in `forms`.
//!
//! What must stay true: all that came from outside is escaped, and no page can load or run anything
//! from elsewhere; however many pages are asked for, a few are made at once, off the network's
//! threads.

mod article;
mod articles;
mod history;
mod layout;
mod letters;
mod overview;
mod sources;

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http_body_util::Full;
use hyper::{HeaderMap, Response, StatusCode, Uri, header, header::HeaderValue};
use maud::{Markup, html};
use metrics_exporter_prometheus::PrometheusHandle;

use self::history::History;
use crate::{
    base::clock::{Clock as _, SystemClock},
    daemon::admin::{
        forms::Forms,
        places::{AnswerPlace, AnswerPlaces},
        requests::RequestTargets,
    },
    stages::schedule::change::PolledNow,
    store::{Store, StoreError},
    telemetry::{ready::Ready, unreadable::UnreadablePages},
};

/// Pages that are made at once.
const MAX_PAGES: usize = 4;
/// How long a page waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// Nothing but what this server has itself, and no script or style inside a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the pages show; clones share it.
#[derive(Debug, Clone)]
pub struct StatusPages {
    metrics: Option<PrometheusHandle>,
    ready: Ready,
    unreadable: UnreadablePages,
    targets: RequestTargets,
    forms: Forms,
    history: History,
    started: DateTime<Utc>,
    places: AnswerPlaces,
}

/// What the stages tell of themselves beside metrics.
#[derive(Debug)]
pub struct Health {
    /// Whether the daemon does its work.
    pub ready: Ready,
    /// The pages that could not be read.
    pub unreadable: UnreadablePages,
}

/// Why a page could not be made.
enum PageError {
    Unknown(String),
    Store(StoreError),
    Stopping,
    Crowded,
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What was asked for with a path.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(query: Option<&str>) -> Self {
        let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// All names and values.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The trimmed value of a name; empty where it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }
}

impl StatusPages {
    /// Pages on a daemon that starts now.
    #[must_use]
    pub fn new(
        metrics: Option<PrometheusHandle>,
        health: Health,
        targets: RequestTargets,
        forms: Forms,
    ) -> Self {
        let Health { ready, unreadable } = health;
        Self {
            metrics,
            ready,
            unreadable,
            targets,
            forms,
            history: History::default(),
            started: SystemClock.now(),
            places: AnswerPlaces::new(MAX_PAGES, PATIENCE),
        }
    }

    /// The forms on the pages.
    #[must_use]
    pub fn forms(&self) -> &Forms {
        &self.forms
    }

    /// Whether the daemon does its work.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Notes what the charts show, until it is aborted.
    pub async fn keep_history(self) {
        if let Some(metrics) = self.metrics {
            self.history.keep(metrics).await;
        }
    }

    /// Answers a request for a page; `None` where there is none at this path.
    pub async fn answer(&self, uri: &Uri, headers: &HeaderMap) -> Option<Response<Full<Bytes>>> {
        let query = Query::parse(uri.query());
        let page = match uri.path() {
            "/" => self.overview().await,
            "/sources" => self.sources(query).await,
            "/source" => self.source(query, self.forms.state(headers)).await,
            "/articles" => match self.articles(&query).await {
                Ok(articles::Found::One(id)) => {
                    return Some(redirect(&format!("/article?id={id}")));
                }
                Ok(articles::Found::Page(page)) => Ok(page),
                Err(error) => Err(error),
            },
            "/article" => self.article(query).await,
            "/deadletters" => self.letters(query, self.forms.state(headers)).await,
            "/deadletter" => self.letter(query, self.forms.state(headers)).await,
            "/style.css" => return Some(asset("text/css", include_str!("style.css"))),
            "/live.js" => return Some(asset("text/javascript", include_str!("live.js"))),
            _ => return None,
        };
        Some(page.map_or_else(|error| refuse(&error), |page| respond(StatusCode::OK, page)))
    }

    /// The sources that are polled, in the order of their places in the schedule.
    async fn polled(&self) -> Result<Vec<PolledNow>, PageError> {
        self.targets.polled().await.map_err(|_| PageError::Stopping)
    }

    /// A place among the pages that are made at once; waits a little for one.
    async fn place(&self) -> Result<AnswerPlace, PageError> {
        self.places.take().await.ok_or(PageError::Crowded)
    }

    /// Reads the store, off the network's threads.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, PageError> + Send + 'static,
    ) -> Result<T, PageError> {
        let place = self.place().await?;
        self.read_at(place, work).await
    }

    /// Does the same at a place.
    async fn read_at<T: Send + 'static>(
        &self,
        place: AnswerPlace,
        work: impl FnOnce(&Store) -> Result<T, PageError> + Send + 'static,
    ) -> Result<T, PageError> {
        let store = self.targets.store.clone();
        let read = tokio::task::spawn_blocking(move || {
            let _place = place;
            // Waiting for files that are being reopened could take long.
            if store.trouble().is_some() {
                return Err(PageError::Store(StoreError::Closed));
            }
            work(&store)
        });
        read.await.unwrap_or(Err(PageError::Stopping))
    }
}

fn refuse(error: &PageError) -> Response<Full<Bytes>> {
    let (status, words): (_, Cow<'_, str>) = match error {
        PageError::Unknown(words) => (StatusCode::NOT_FOUND, words.into()),
        PageError::Store(error) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("The store cannot be read: {error}.").into())
        }
        PageError::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "nashra is stopping.".into()),
        PageError::Crowded => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Other pages are being made: try again in a moment.".into(),
        ),
    };
    tell(status, &words)
}

/// A page that says one thing.
pub(super) fn tell(status: StatusCode, words: &str) -> Response<Full<Bytes>> {
    respond(status, layout::page("", "nashra", &html! { h1 { (words) } }))
}

fn respond(status: StatusCode, page: Markup) -> Response<Full<Bytes>> {
    let mut response = asset("text/html", page.into_string());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(super) fn redirect(to: &str) -> Response<Full<Bytes>> {
    let mut response = asset("text/plain", "");
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

fn asset(kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(&format!("{kind}; charset=utf-8")) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // With `no-referrer`, browsers send the forms of our own pages without their origin.
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
