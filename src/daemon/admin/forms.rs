//! The buttons of a source's page: forms that work without scripts, for whoever typed the token
//! once.
//!
//! What must stay true: a form changes something only with the cookie of a session and the word that
//! only that session's pages hold, and never from a page of another site.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::Incoming,
    header::{HeaderValue, SET_COOKIE},
};
use maud::{Markup, html};

use super::{
    access::{self, Access, COOKIE, Denied},
    api::read_bytes,
    requests::RequestTargets,
    status::{Query, redirect, tell},
};
use crate::{
    base::clock::{Clock as _, SystemClock},
    config::duration,
    model::source::Pause,
    stages::schedule::change::{ChangeCommand, PauseOrder},
};

/// Where a token is typed.
const SESSION: &str = "/session";
/// What can be done with a source, with the button's words.
const PAUSE: &str = "/source/pause";
const RESUME: &str = "/source/resume";
const POLL: &str = "/source/poll";
/// The most bytes of a form.
const MAX_FORM: usize = 8 << 10;

/// The forms; clones share them.
#[derive(Debug, Clone)]
pub struct Forms {
    targets: RequestTargets,
    access: Access,
}

/// What a page shows of its forms.
#[derive(Debug, Clone)]
pub(super) enum FormState {
    /// Nothing can be changed: why, and how that is opened.
    Closed(String),
    /// The token must be typed first.
    Locked,
    /// The word of the session.
    Open(String),
}

impl Forms {
    /// Forms that ask these parts.
    #[must_use]
    pub fn new(targets: RequestTargets, access: Access) -> Self {
        Self { targets, access }
    }

    /// Whether a form is sent to this path.
    pub(super) fn has(path: &str) -> bool {
        [SESSION, PAUSE, RESUME, POLL].contains(&path)
    }

    /// What the page of a request shows of its forms.
    pub(super) fn state(&self, headers: &HeaderMap) -> FormState {
        match (self.access.how_to_open(), self.access.sessions().word(headers)) {
            (Some(words), _) => FormState::Closed(words),
            (None, None) => FormState::Locked,
            (None, Some(word)) => FormState::Open(word),
        }
    }

    /// Does what a form says.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        if parts.method != hyper::Method::POST {
            return tell(StatusCode::METHOD_NOT_ALLOWED, "This is for forms.");
        }
        let form = match read_bytes(body, MAX_FORM).await {
            Ok(bytes) => Query::parse(std::str::from_utf8(&bytes).ok()),
            Err(_) => return tell(StatusCode::BAD_REQUEST, "The form cannot be read."),
        };
        let done = match parts.uri.path() {
            SESSION => self.begin_session(&parts.headers, &form).await,
            path => self.change(path, &parts.headers, &form).await,
        };
        done.unwrap_or_else(|(status, words)| tell(status, &words))
    }

    async fn begin_session(&self, headers: &HeaderMap, form: &Query) -> Outcome {
        if !access::is_own(headers) {
            return Err(denied(&Denied::Foreign));
        }
        if let Some(words) = self.access.how_to_open() {
            return Err(denied(&Denied::Closed(words)));
        }
        self.access.check_token(form.get("token")).await.map_err(|error| denied(&error))?;
        let cookie = self.access.sessions().begin();
        let mut response = back(form);
        let cookie = format!("{COOKIE}={cookie}; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200");
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        Ok(response)
    }

    async fn change(&self, path: &str, headers: &HeaderMap, form: &Query) -> Outcome {
        let word = self.access.sessions().word(headers);
        if word.is_none_or(|word| word != form.get("word")) {
            let words = "The session is over: go back, and type the token again.";
            return Err((StatusCode::FORBIDDEN, words.to_owned()));
        }
        if !access::is_own(headers) {
            return Err(denied(&Denied::Foreign));
        }
        self.access.count().map_err(|error| denied(&error))?;
        let names = vec![form.get("id").to_owned()];
        let wanted = match path {
            RESUME => ChangeCommand::Resume(names),
            POLL => ChangeCommand::Poll(names),
            _ => {
                let time = Some(form.get("for")).filter(|time| !time.is_empty());
                let time = time.map(duration::parse).transpose();
                let time = time.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
                let until = time.and_then(|time| {
                    SystemClock.now().checked_add_signed(chrono::TimeDelta::from_std(time).ok()?)
                });
                let reason = Some(form.get("reason").to_owned());
                ChangeCommand::Pause(PauseOrder { names, until, reason })
            }
        };
        let report = self.targets.change(wanted, false).await;
        let report =
            report.map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
        if report.wrong.is_empty() {
            Ok(back(form))
        } else {
            Err((StatusCode::CONFLICT, report.wrong.join("; ")))
        }
    }
}

/// The answer to a form, or why it was not done.
type Outcome = Result<Response<Full<Bytes>>, (StatusCode, String)>;

fn denied(error: &Denied) -> (StatusCode, String) {
    let status = match error {
        Denied::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        Denied::Unreadable(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::FORBIDDEN,
    };
    (status, error.words())
}

/// Leads back to the page of the source.
fn back(form: &Query) -> Response<Full<Bytes>> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("id", form.get("id"));
    redirect(&format!("/source?{}", query.finish()))
}

/// The buttons of a source.
pub(super) fn buttons(id: &str, pause: Option<&Pause>, state: &FormState) -> Markup {
    let hidden = |word: &str| {
        html! { input type="hidden" name="id" value=(id); input type="hidden" name="word" value=(word); }
    };
    match state {
        FormState::Closed(words) => {
            html! { p.quiet { "Pause, resume and poll now: " (words) "." } }
        }
        FormState::Locked => html! {
            form method="post" action=(SESSION) {
                input type="hidden" name="id" value=(id);
                label { "Token, to pause, resume or poll this source" input type="password" name="token" autocomplete="current-password" required; }
                button { "Unlock" }
            }
        },
        FormState::Open(word) => html! {
            div.buttons {
                @if pause.is_some() {
                    form method="post" action=(RESUME) { (hidden(word)) button { "Resume" } }
                } @else {
                    form method="post" action=(POLL) { (hidden(word)) button { "Poll now" } }
                    form method="post" action=(PAUSE) {
                        (hidden(word))
                        label { "For (such as 3d)" input name="for" size="6"; }
                        label { "Reason" input name="reason" maxlength="200" dir="auto"; }
                        button { "Pause" }
                    }
                }
            }
        },
    }
}
