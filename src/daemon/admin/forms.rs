//! The buttons of the pages: forms that work without scripts, for whoever typed the token once.
//!
//! What must stay true: a form changes something only with the cookie of a session and the word that
//! only that session's pages hold, and never from a page of another site.

mod letters;
mod source;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::Incoming,
    header::{HeaderValue, SET_COOKIE},
};
use maud::{Markup, html};

pub(super) use letters::{filter_fields, letter_filter, retry_all_button, retry_button};
pub(super) use source::buttons;

use super::{
    access::{self, Access, COOKIE, Denied},
    api::read_bytes,
    requests::RequestTargets,
    status::{Query, redirect, tell},
};
/// Where a token is typed.
const SESSION: &str = "/session";
/// The most bytes of a form.
const MAX_FORM: usize = 8 << 10;

/// A page that has forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FormPage {
    Source,
    Letter,
    Letters,
}

impl FormPage {
    const ALL: [Self; 3] = [Self::Source, Self::Letter, Self::Letters];

    /// Its path.
    fn path(self) -> &'static str {
        match self {
            Self::Source => "/source",
            Self::Letter => "/deadletter",
            Self::Letters => "/deadletters",
        }
    }

    /// What of a form leads back to it.
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Source | Self::Letter => &["id"],
            Self::Letters => &["reason", "source", "host", "q"],
        }
    }

    /// Leads back to it.
    fn redirect(self, form: &Query) -> Response<Full<Bytes>> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for name in self.fields().iter().filter(|name| !form.get(name).is_empty()) {
            query.append_pair(name, form.get(name));
        }
        redirect(&format!("{}?{}", self.path(), query.finish()))
    }
}

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
        path == SESSION || source::PATHS.contains(&path) || letters::PATHS.contains(&path)
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
        let page = FormPage::ALL.into_iter().find(|page| page.path() == form.get("page"));
        let mut response = page.unwrap_or(FormPage::Source).redirect(form);
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
        if letters::PATHS.contains(&path) {
            self.retry(path, form).await
        } else {
            self.change_source(path, form).await
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

/// Fields that are not shown.
fn hidden(fields: &[(&str, &str)]) -> Markup {
    html! { @for (name, value) in fields { input type="hidden" name=(name) value=(value); } }
}

/// What a page shows of forms that are not open: what they would do, and what opens them. `fields` lead
/// back to the page.
fn closed(page: FormPage, fields: &[(&str, &str)], what: &str, state: &FormState) -> Markup {
    match state {
        FormState::Closed(words) => html! { p.quiet { (what) ": " (words) "." } },
        FormState::Locked => html! {
            form method="post" action=(SESSION) {
                (hidden(&[("page", page.path())]))
                (hidden(fields))
                // Keepers of passwords want a name to keep it by.
                input type="text" name="username" value="nashra" autocomplete="username" hidden;
                label { "Token for: " (what) input type="password" name="token" autocomplete="current-password" required; }
                button { "Unlock" }
            }
        },
        FormState::Open(_) => html! {},
    }
}
