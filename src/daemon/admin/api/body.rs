//! What requests bring: bodies that are bounded in size and in time, queries whose names are known.

use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use http_body_util::{BodyExt as _, Limited};
use hyper::{
    HeaderMap, StatusCode,
    body::{Body as _, Incoming},
    header::CONTENT_TYPE,
};
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, IgnoredAny},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    declaration::{self, DURATION, Declaration},
    problem::{FieldError, Problem},
    routes::{Form, Route},
};
use crate::{daemon::admin::status::Query, store::LetterFilter};

/// The most bytes of a list of sources, some 50,000 of them, and of any other body.
pub(super) const MAX_LIST: usize = 16 << 20;
pub(super) const MAX_BODY: usize = 64 << 10;
/// So long a body may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sources to add.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddOrder {
    /// The sources, each as it would stand in a TOML list.
    #[schemars(schema_with = "declaration::list")]
    pub(super) sources: Vec<Declaration>,
}

/// How a source is paused.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PauseWords {
    /// Why, for those who wonder later.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// The pause ends by itself after this time, such as `90m` or `3d`.
    #[serde(rename = "for")]
    #[schemars(regex(pattern = DURATION), skip_serializing_if = "Option::is_none")]
    pub(super) duration: Option<String>,
}

/// Which dead letters are tried again.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RetryOrder {
    /// These, at most 1,000.
    Ids(#[schemars(length(min = 1, max = 1000))] Vec<Uuid>),
    /// All that the filter includes; an empty one includes all there are.
    All(#[serde(deserialize_with = "object")] LetterFilter),
}

/// Nothing more is to be said.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Nothing {}

/// Reads an object by the names of its fields: one that is derived takes a list of values, too.
fn object<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let fields = Map::deserialize(deserializer)?;
    T::deserialize(Value::Object(fields)).map_err(D::Error::custom)
}

/// Reads a body of JSON; one that is empty is an empty object.
pub(super) async fn read<T: DeserializeOwned + Send + 'static>(
    headers: &HeaderMap,
    body: Incoming,
    most: usize,
) -> Result<T, Problem> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let words = "the body must be application/json, and its content-type say so";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, words));
    }
    let bytes = read_bytes(body, most).await?;
    let bytes = if bytes.is_empty() { Bytes::from_static(b"{}") } else { bytes };
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::bad_request("the body must be a JSON object"));
    }
    // A long list takes a while.
    let parsed = tokio::task::spawn_blocking(move || {
        let parsed = serde_json::from_slice(&bytes);
        // Of an object that lacks what it is told apart by, the parser says that it is no JSON.
        parsed.map_err(|error| (serde_json::from_slice::<IgnoredAny>(&bytes).is_ok(), error))
    });
    match parsed.await.map_err(|_| Problem::busy())? {
        Ok(value) => Ok(value),
        Err((is_json, error)) if is_json || error.is_data() => {
            let field = String::new();
            let message = if error.is_data() {
                error.to_string()
            } else {
                format!("it is not what /api/v1/openapi.json describes ({error})")
            };
            Err(Problem::wrong_fields(vec![FieldError { field, message }]))
        }
        Err((_, error)) => Err(Problem::bad_request(format!("the body is no JSON: {error}"))),
    }
}

/// Reads a body that has no more bytes than that, and comes in time.
pub(in crate::daemon::admin) async fn read_bytes(
    body: Incoming,
    most: usize,
) -> Result<Bytes, Problem> {
    let too_long = || {
        let words = format!("the body has more than {most} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, words)
    };
    if body.size_hint().lower() > most as u64 {
        return Err(too_long());
    }
    match tokio::time::timeout(PATIENCE, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_long()),
        Ok(Err(_)) => Err(Problem::bad_request("the body broke off")),
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body took too long")),
    }
}

/// Reads the query of a request: only the parameters of the route, each once and as it may be.
pub(super) fn query(route: &Route, query: Option<&str>) -> Result<Query, Problem> {
    let query = Query::parse(query);
    let mut errors = Vec::new();
    let mut wrong = |field: &str, message: String| {
        errors.push(FieldError { field: field.to_owned(), message });
    };
    for (index, (name, value)) in query.pairs().iter().enumerate() {
        let Some(parameter) = route.parameters.iter().find(|known| known.name == name) else {
            wrong(name, "there is no such parameter".to_owned());
            continue;
        };
        if query.pairs()[..index].iter().any(|(before, _)| before == name) {
            wrong(name, "it is given twice".to_owned());
        }
        match parameter.form {
            Form::Text | Form::Words => {}
            Form::Like(pattern, fits) => {
                if !fits(value) {
                    wrong(name, format!("it must be as {pattern} says"));
                }
            }
            Form::Time => {
                if DateTime::parse_from_rfc3339(value).is_err() {
                    wrong(name, "it must be a time such as 2026-11-29T10:00:00Z".to_owned());
                }
            }
            Form::Uuid => {
                if Uuid::parse_str(value).is_err() {
                    wrong(name, "it must be an id (a UUID)".to_owned());
                }
            }
            Form::Flag if matches!(value.as_str(), "true" | "false") => {}
            Form::Flag => wrong(name, "it must be true or false".to_owned()),
            Form::Number { least, most } => {
                if !value.parse().is_ok_and(|number: usize| (least..=most).contains(&number)) {
                    wrong(name, format!("it must be a number from {least} to {most}"));
                }
            }
            Form::Choice(choices) => {
                let choices = choices();
                if !choices.contains(&value.as_str()) {
                    wrong(name, format!("it must be one of {}", choices.join(", ")));
                }
            }
        }
    }
    for parameter in route.parameters.iter().filter(|parameter| parameter.required) {
        if query.get(parameter.name).is_empty() {
            wrong(parameter.name, "it is missing".to_owned());
        }
    }
    if errors.is_empty() {
        return Ok(query);
    }
    Err(Problem::wrong_fields(errors).with_status(StatusCode::BAD_REQUEST))
}
