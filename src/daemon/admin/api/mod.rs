//! The HTTP API under `/api/v1/`: the same requests as those of the command line, and lists for
//! programs, as JSON. `routes` is the list of what there is; docs/api.md is for those who use it.
//!
//! What must stay true: what is not in the list of routes is not there; nothing is changed without
//! the token; however many ask, a few answers are made at once, off the network's threads.

mod body;
mod change;
mod declaration;
mod letters;
mod lists;
mod openapi;
mod problem;
mod routes;
mod views;

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http_body_util::Full;
use hyper::{Method, Request, Response, StatusCode, body::Incoming};
use serde::Serialize;
use serde_json::Value;

use self::{
    body::{AddOrder, MAX_BODY, MAX_LIST, Nothing, PauseWords, RetryOrder},
    declaration::Declaration,
    problem::{Problem, json},
    routes::{Operation, ROUTES, Route},
};
use super::{
    access::Access,
    places::{AnswerPlace, AnswerPlaces},
    requests::{self, Answer, RequestError, RequestTargets},
    status::Query,
};
use crate::{stages::schedule::reload::ReloadOrder, store::Store, telemetry::ready::Ready};

pub(super) use body::read_bytes;
pub use openapi::document;

/// What begins so is answered here.
const PREFIX: &str = "/api/";
/// Answers that are made at once.
const MAX_ANSWERS: usize = 4;
/// So long an answer may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// The API; clones share it.
#[derive(Debug, Clone)]
pub struct Api {
    targets: RequestTargets,
    access: Access,
    ready: Ready,
    started: DateTime<Utc>,
    places: AnswerPlaces,
}

impl Api {
    /// The API of a daemon that starts now.
    #[must_use]
    pub fn new(targets: RequestTargets, access: Access, ready: Ready, now: DateTime<Utc>) -> Self {
        let places = AnswerPlaces::new(MAX_ANSWERS, PATIENCE);
        Self { targets, access, ready, started: now, places }
    }

    /// Whether a path is one of its own, also where there is nothing at it.
    pub(super) fn has(path: &str) -> bool {
        path.starts_with(PREFIX)
    }

    /// Answers a request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        match self.try_answer(request).await {
            Ok(value) => json(StatusCode::OK, &value, "application/json"),
            Err(problem) => problem.respond(),
        }
    }

    async fn try_answer(&self, request: Request<Incoming>) -> Result<Value, Problem> {
        let (parts, body) = request.into_parts();
        let (route, id) = find(&parts.method, parts.uri.path())?;
        let query = body::query(route, parts.uri.query())?;
        let id = id.to_owned();
        if !route.is_write() {
            return self.read(route.operation, id, query).await;
        }
        self.access.check(&parts.headers).await?;
        let (headers, dry_run) = (&parts.headers, query.get("dry_run") == "true");
        match route.operation {
            Operation::AddSources => {
                let AddOrder { sources } = body::read(headers, body, MAX_LIST).await?;
                self.add(sources, dry_run).await
            }
            Operation::ChangeSource => {
                let wanted: Declaration = body::read(headers, body, MAX_BODY).await?;
                self.change(id, wanted, dry_run).await
            }
            Operation::RemoveSource => self.remove(id, dry_run).await,
            Operation::Pause => {
                let words: PauseWords = body::read(headers, body, MAX_BODY).await?;
                self.pause(id, words, dry_run).await
            }
            Operation::RetryLetters => {
                let order: RetryOrder = body::read(headers, body, MAX_BODY).await?;
                self.retry_letters(order, dry_run).await
            }
            operation => {
                let Nothing {} = body::read(headers, body, MAX_BODY).await?;
                match operation {
                    Operation::Resume => self.resume(id, dry_run).await,
                    Operation::Poll => self.poll(id, dry_run).await,
                    Operation::RetryLetter => self.retry_letter(id, dry_run).await,
                    _ => {
                        let allow_empty = query.get("allow_empty") == "true";
                        self.reload(ReloadOrder { dry_run, allow_empty }).await
                    }
                }
            }
        }
    }

    async fn read(&self, operation: Operation, id: String, query: Query) -> Result<Value, Problem> {
        match operation {
            Operation::Document => Ok(document()),
            Operation::State => self.state().await,
            Operation::Sources => self.sources(query).await,
            Operation::Source => self.source(id).await,
            Operation::Articles => self.articles(query).await,
            Operation::Article => self.article(id).await,
            Operation::Letters => self.letters(query).await,
            Operation::Letter => self.letter(id, query).await,
            _ => {
                let what = query.get("of").to_owned();
                let turn = self.turn().await?;
                let answer = self.targets.perform(requests::Request::Explain { what }).await?;
                drop(turn);
                let Answer::Explained(explanation) = answer else { return Err(Problem::busy()) };
                Ok(value(&explanation))
            }
        }
    }

    /// Waits for a turn.
    async fn turn(&self) -> Result<AnswerPlace, Problem> {
        self.places.take().await.ok_or_else(Problem::busy)
    }

    /// Reads the store when it is its turn, off the network's threads.
    async fn with_store<T: Serialize + Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, Problem> + Send + 'static,
    ) -> Result<Value, Problem> {
        let turn = self.turn().await?;
        let read = self.targets.read(move |store| {
            let _turn = turn;
            // Waiting for files that are being reopened could take long.
            if let Some(trouble) = store.trouble() {
                return Err(RequestError::Failed(format!("the store cannot be read: {trouble}")));
            }
            Ok(work(store).map(|answer| value(&answer)))
        });
        read.await?
    }
}

fn value(answer: &impl Serialize) -> Value {
    // Our own plain types can be written into memory. By way of the text, numbers of single precision
    // keep the digits that records have.
    let text = serde_json::to_vec(answer).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// The route of a request, with the id in its path.
fn find<'a>(method: &Method, path: &'a str) -> Result<(&'static Route, &'a str), Problem> {
    let of_path: Vec<(&Route, &str)> =
        ROUTES.iter().filter_map(|route| Some((route, route.matches(path)?))).collect();
    if of_path.is_empty() {
        return Err(Problem::not_found(
            "there is nothing at this path; /api/v1/openapi.json describes what there is",
        ));
    }
    // What is named whole is no id.
    let is_named = of_path.iter().any(|(_, id)| id.is_empty());
    let of_path: Vec<_> =
        of_path.into_iter().filter(|(_, id)| !is_named || id.is_empty()).collect();
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    let found = of_path.iter().find(|(route, _)| route.method == method);
    found.copied().ok_or_else(|| {
        let mut allow: Vec<&str> = of_path.iter().map(|(route, _)| route.method).collect();
        if allow.contains(&"GET") {
            allow.push("HEAD");
        }
        Problem::wrong_method(allow.join(", "))
    })
}
