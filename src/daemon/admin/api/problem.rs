//! Errors as RFC 9457 describes them, and answers as JSON.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    header::{
        ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
        X_CONTENT_TYPE_OPTIONS,
    },
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    daemon::admin::{access::Denied, requests::RequestError},
    store::StoreError,
};

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub(in crate::daemon::admin) struct Problem(Box<ProblemDetails>);

/// Why a request was not done (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct ProblemDetails {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong, in words.
    detail: String,
    /// What is wrong with single fields, where that can be said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Methods that the path has, and seconds after which to try again.
    #[serde(skip)]
    advice: Advice,
}

/// What headers say beside the words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Advice {
    allow: Option<String>,
    retry_after: Option<u64>,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct FieldError {
    /// Its path, such as `sources[0].kind`; empty for the whole.
    pub(super) field: String,
    /// What is wrong with it, in words.
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self(Box::new(ProblemDetails {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            advice: Advice::default(),
        }))
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(super) fn wrong_fields(errors: Vec<FieldError>) -> Self {
        let words: Vec<String> = errors.iter().take(10).map(FieldError::words).collect();
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, words.join("; "));
        problem.0.errors = errors;
        problem
    }

    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status.as_u16();
        self.0.title = status.canonical_reason().unwrap_or_default();
        self
    }

    fn advising(mut self, advice: Advice) -> Self {
        self.0.advice = advice;
        self
    }

    pub(super) fn wrong_method(allow: String) -> Self {
        let detail = format!("this path has {allow}");
        let advice = Advice { allow: Some(allow), ..Advice::default() };
        Self::new(StatusCode::METHOD_NOT_ALLOWED, detail).advising(advice)
    }

    pub(super) fn busy() -> Self {
        let advice = Advice { retry_after: Some(1), ..Advice::default() };
        let detail = "other answers are being made: try again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).advising(advice)
    }

    pub(super) fn respond(self) -> Response<Full<Bytes>> {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = json(status, &self.0, "application/problem+json");
        let headers = response.headers_mut();
        if let Some(allow) = self.0.advice.allow.and_then(|allow| HeaderValue::try_from(allow).ok())
        {
            headers.insert(ALLOW, allow);
        }
        if let Some(seconds) = self.0.advice.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"nashra\""));
        }
        // What is left of a body that is not wanted is not read.
        if matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl FieldError {
    fn words(&self) -> String {
        let Self { field, message } = self;
        if field.is_empty() { message.clone() } else { format!("{field}: {message}") }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let status = match denied {
            Denied::Closed(_) | Denied::Foreign => StatusCode::FORBIDDEN,
            Denied::Unreadable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Denied::Missing | Denied::Wrong => StatusCode::UNAUTHORIZED,
            Denied::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        };
        let retry_after = if let Denied::TooMany(seconds) = denied { Some(seconds) } else { None };
        let advice = Advice { retry_after, ..Advice::default() };
        Self::new(status, denied.words()).advising(advice)
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        let status = match error {
            RequestError::Unknown(_) => StatusCode::NOT_FOUND,
            RequestError::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, error.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, format!("the store cannot be read: {error}"))
    }
}

/// An answer that is JSON.
pub(super) fn json(
    status: StatusCode,
    value: &impl Serialize,
    kind: &'static str,
) -> Response<Full<Bytes>> {
    // Our own plain types can be written into memory.
    let mut body = serde_json::to_vec(value).unwrap_or_default();
    body.push(b'\n');
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    for (name, value) in
        [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")]
    {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
