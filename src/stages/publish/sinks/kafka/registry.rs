//! A schema registry, by Confluent's HTTP interface.
//!
//! What must stay true: nothing of an answer is believed beyond its size, its form and its time. A
//! registry that does not answer is waited for; one that refuses a schema stops publishing with
//! words that name subject and version.

use std::time::Duration;

use reqwest::{Certificate, Client, Method, RequestBuilder, StatusCode, redirect};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{Halt, PublishError};
use crate::config::{self, RegistryUrl};

/// For one request, in all.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer; schemas have some kilobytes.
const MAX_ANSWER: usize = 4 << 20;
/// Characters of a registry's own words that are repeated.
const MAX_WORDS: usize = 600;
/// Codes of errors (Confluent's reference, "Errors").
const SUBJECT_NOT_FOUND: u32 = 40401;
const SCHEMA_NOT_FOUND: u32 = 40403;

/// A schema, and the subject that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The subject's name.
    pub(super) subject: String,
    /// `AVRO`, `PROTOBUF` or `JSON`.
    pub(super) kind: &'static str,
    /// The schema's text.
    pub(super) schema: String,
}

/// The registry that the config names.
#[derive(Debug)]
pub(super) struct SchemaRegistry {
    url: RegistryUrl,
    config: config::Registry,
    client: Client,
}

/// What a registry answered, where it is no success.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    /// Its own code of the error, 0 where it gives none.
    code: u32,
    words: String,
}

#[derive(Deserialize)]
struct Version {
    version: i64,
}

#[derive(Deserialize)]
struct Identified {
    id: i32,
}

#[derive(Deserialize)]
struct Verdict {
    is_compatible: bool,
    #[serde(default)]
    messages: Vec<String>,
}

#[derive(Deserialize)]
struct Stored {
    schema: String,
    #[serde(rename = "schemaType")]
    kind: Option<String>,
}

impl SchemaRegistry {
    /// A client; `None` where the config names no registry.
    pub(super) fn new(config: &config::Registry) -> Result<Option<Self>, PublishError> {
        let Some(url) = config.url.clone() else { return Ok(None) };
        let mut builder = Client::builder().timeout(TIMEOUT).redirect(redirect::Policy::none());
        if let Some(ca) = &config.ca {
            let certificates = Certificate::from_pem_bundle(ca.reveal().as_bytes())
                .map_err(|error| halt(format!("kafka.registry.ca: {error}")))?;
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder
            .build()
            .map_err(|error| PublishError::Transient(format!("the HTTP client: {error}")))?;
        Ok(Some(Self { url, config: config.clone(), client }))
    }

    /// The id of a schema: it is found, or registered where the config allows it and the registry
    /// calls it compatible.
    pub(super) async fn id(&self, wanted: &Wanted) -> Result<i32, PublishError> {
        if let Some(id) = self.find(wanted).await? {
            return Ok(id);
        }
        let latest = self.latest(&wanted.subject).await?;
        if let Some(version) = latest {
            self.check(wanted, version).await?;
        }
        if !self.config.register {
            return Err(self.missing(&wanted.subject, latest));
        }
        self.register(wanted, latest).await
    }

    /// Says in words what [`Self::id`] would come to; registers nothing.
    pub(super) async fn look(&self, wanted: &Wanted) -> Result<String, PublishError> {
        if let Some(id) = self.find(wanted).await? {
            return Ok(format!("is there, id {id}"));
        }
        let latest = self.latest(&wanted.subject).await?;
        if let Some(version) = latest {
            self.check(wanted, version).await?;
        }
        if !self.config.register {
            return Err(self.missing(&wanted.subject, latest));
        }
        let beside = latest.map_or_else(String::new, |version| {
            format!(", and is compatible with version {version}")
        });
        Ok(format!("is not there yet{beside}: nashra registers it at its start"))
    }

    /// The id of a schema in its subject, where it is there.
    async fn find(&self, wanted: &Wanted) -> Result<Option<i32>, PublishError> {
        let url = self.url.join(&["subjects", &wanted.subject]);
        match self.ask::<Identified>(self.post(url).json_body(&wanted.body())).await? {
            Ok(found) => Ok(Some(found.id)),
            Err(Refused { code: SUBJECT_NOT_FOUND | SCHEMA_NOT_FOUND, .. }) => Ok(None),
            Err(refused) => Err(self.failed("looking for a schema", &wanted.subject, &refused)),
        }
    }

    /// The number of the latest version of a subject, where it has one.
    async fn latest(&self, subject: &str) -> Result<Option<i64>, PublishError> {
        let url = self.url.join(&["subjects", subject, "versions", "latest"]);
        match self.ask::<Version>(self.request(Method::GET, url)).await? {
            Ok(found) => Ok(Some(found.version)),
            Err(Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(None),
            Err(refused) => Err(self.failed("asking for versions", subject, &refused)),
        }
    }

    /// Refuses a schema that is not compatible with the latest version of its subject.
    async fn check(&self, wanted: &Wanted, version: i64) -> Result<(), PublishError> {
        let subject = &wanted.subject;
        let number = version.to_string();
        let mut url = self.url.join(&["compatibility", "subjects", subject, "versions", &number]);
        url.set_query(Some("verbose=true"));
        match self.ask::<Verdict>(self.post(url).json_body(&wanted.body())).await? {
            Ok(Verdict { is_compatible: true, .. }) => Ok(()),
            Ok(Verdict { messages, .. }) => {
                let words = if messages.is_empty() {
                    "the registry does not say what differs".to_owned()
                } else {
                    messages.join("; ")
                };
                Err(self.incompatible(subject, Some(version), &words))
            }
            Err(refused) => Err(self.failed("checking a schema", subject, &refused)),
        }
    }

    async fn register(&self, wanted: &Wanted, latest: Option<i64>) -> Result<i32, PublishError> {
        let url = self.url.join(&["subjects", &wanted.subject, "versions"]);
        let (subject, name) = (wanted.subject.as_str(), self.name());
        match self.ask::<Identified>(self.post(url).json_body(&wanted.body())).await? {
            Ok(Identified { id }) => {
                tracing::info!(subject, id, registry = name, "registered a schema");
                Ok(id)
            }
            // Not compatible with an earlier version than the latest.
            Err(Refused { status: StatusCode::CONFLICT, words, .. }) => {
                Err(self.incompatible(subject, latest, &words))
            }
            Err(refused) => Err(self.failed("registering a schema", subject, &refused)),
        }
    }

    /// The kind and the text of a schema by its id.
    pub(super) async fn schema(&self, id: i32) -> Result<(String, String), PublishError> {
        let number = id.to_string();
        let url = self.url.join(&["schemas", "ids", &number]);
        match self.ask::<Stored>(self.request(Method::GET, url)).await? {
            Ok(Stored { schema, kind }) => Ok((kind.unwrap_or_else(|| "AVRO".to_owned()), schema)),
            Err(refused) => Err(self.failed("asking for a schema", &number, &refused)),
        }
    }

    /// What it is called in words.
    pub(super) fn name(&self) -> String {
        format!("the schema registry {}", self.url)
    }

    fn post(&self, url: Url) -> Request {
        self.request(Method::POST, url)
    }

    fn request(&self, method: Method, url: Url) -> Request {
        let config::Registry { username, password, token, .. } = &self.config;
        let mut request = self
            .client
            .request(method, url)
            .header("accept", "application/vnd.schemaregistry.v1+json, application/json");
        if let Some(token) = token {
            request = request.bearer_auth(token.reveal());
        } else if let Some(username) = username {
            request = request.basic_auth(username, password.as_ref().map(config::Secret::reveal));
        }
        Request(request)
    }

    /// Sends a request. What may be otherwise later is an error; what the registry refuses is not.
    async fn ask<T: for<'de> Deserialize<'de>>(
        &self,
        request: Request,
    ) -> Result<Result<T, Refused>, PublishError> {
        let name = self.name();
        let away = |error: &dyn std::fmt::Display| {
            PublishError::Transient(format!("{name} does not answer: {error}"))
        };
        let mut answer = request.0.send().await.map_err(|error| away(&reason(&error)))?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| away(&reason(&error)))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(away(&"the answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            let read = serde_json::from_slice(&body).map(Ok);
            return read.map_err(|error| away(&format!("its answer is not understood ({error})")));
        }
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        let code = value["error_code"].as_u64().and_then(|code| u32::try_from(code).ok());
        let words = value["message"].as_str().unwrap_or_default();
        let refused = Refused { status, code: code.unwrap_or(0), words: short(words) };
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(PublishError::Unauthorised {
                topic: None,
                words: format!(
                    "{name} answers {status}: look at kafka.registry ({})",
                    refused.words
                ),
            }),
            StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => {
                Ok(Err(refused))
            }
            _ => Err(away(&format!("{status} {}", refused.words))),
        }
    }

    /// A refusal that no later try mends.
    fn failed(&self, doing: &str, subject: &str, refused: &Refused) -> PublishError {
        let Refused { status, code, words } = refused;
        halt(format!("{}: {doing} ({subject}): {status}, code {code}: {words}", self.name()))
    }

    fn missing(&self, subject: &str, latest: Option<i64>) -> PublishError {
        let there = match latest {
            Some(version) => format!(
                "subject {subject} has no version with nashra's schema (its latest, {version}, is compatible with it)"
            ),
            None => format!("there is no subject {subject}"),
        };
        halt(format!(
            "{}: {there}, and kafka.registry.register is false: register what `nashra schema` prints, or set it to true",
            self.name()
        ))
    }

    fn incompatible(&self, subject: &str, version: Option<i64>, words: &str) -> PublishError {
        let version = version.map_or_else(String::new, |version| format!(" version {version}"));
        halt(format!(
            "{}: nashra's schema is not compatible with subject {subject}{version}: {}",
            self.name(),
            short(words)
        ))
    }
}

/// A request that is being made.
struct Request(RequestBuilder);

impl Request {
    fn json_body(self, body: &Value) -> Self {
        let kind = "application/vnd.schemaregistry.v1+json";
        Self(self.0.header("content-type", kind).body(body.to_string()))
    }
}

impl Wanted {
    fn body(&self) -> Value {
        let Self { kind, schema, .. } = self;
        // Older registries know no other kind than Avro, and no such member.
        if *kind == "AVRO" {
            json!({"schema": schema})
        } else {
            json!({"schema": schema, "schemaType": kind})
        }
    }
}

fn halt(words: String) -> PublishError {
    PublishError::Halted(Halt::Schema(words))
}

fn short(words: &str) -> String {
    words.chars().take(MAX_WORDS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The last reason of an error says what happened.
fn reason(error: &reqwest::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
