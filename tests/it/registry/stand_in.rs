//! A stand-in for a schema registry: Confluent's HTTP interface over real sockets, as far as
//! producers and consumers use it, with real verdicts on Avro schemas.
//!
//! As the real one does, it gives a schema one id in all subjects, checks what is registered by the
//! subject's level of compatibility, and answers errors with codes of its own.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, Response, StatusCode, Uri, body::Incoming};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::compatibility;

/// A schema with its kind.
type Schema = (String, String);

#[derive(Debug, Default)]
struct Inside {
    /// The schemas; an id is the place here, from 1.
    schemas: Vec<Schema>,
    /// The ids of each subject's versions.
    subjects: BTreeMap<String, Vec<usize>>,
    levels: BTreeMap<String, String>,
    /// The value of `authorization` that is wanted.
    wanted: Option<String>,
    /// While it is away, each request is answered with 503.
    is_away: bool,
    seen: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct StandIn {
    pub(crate) url: String,
    inside: Arc<Mutex<Inside>>,
    stop: CancellationToken,
    runtime: Option<tokio::runtime::Runtime>,
}

impl StandIn {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (inside, stop) = (Arc::new(Mutex::new(Inside::default())), CancellationToken::new());
        let serving = Arc::clone(&inside);
        let service = move |request: Request<Incoming>| {
            let serving = Arc::clone(&serving);
            async move {
                let (head, body) = request.into_parts();
                let body = body
                    .collect()
                    .await
                    .map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
                let signed =
                    head.headers.get("authorization").and_then(|value| value.to_str().ok());
                let mut inside = serving.lock().unwrap();
                let answer = inside.answer(&head.method, &head.uri, signed, &body);
                let (status, value) = answer.unwrap_or_else(|error| error);
                let mut response = Response::new(Full::new(Bytes::from(value.to_string())));
                *response.status_mut() = status;
                let kind = "application/vnd.schemaregistry.v1+json".parse().unwrap();
                response.headers_mut().insert("content-type", kind);
                response
            }
        };
        runtime.spawn(nashra::serve::accept(listener, service, None, stop.clone()));
        Self { url, inside, stop, runtime: Some(runtime) }
    }

    pub(crate) fn wants(&self, authorization: &str) {
        self.inside.lock().unwrap().wanted = Some(authorization.to_owned());
    }

    pub(crate) fn away(&self, is_away: bool) {
        self.inside.lock().unwrap().is_away = is_away;
    }

    /// The requests so far: method and path.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.inside.lock().unwrap().seen.clone()
    }

    /// The names of the subjects, with the number of their versions.
    pub(crate) fn subjects(&self) -> Vec<(String, usize)> {
        let inside = self.inside.lock().unwrap();
        inside.subjects.iter().map(|(name, versions)| (name.clone(), versions.len())).collect()
    }

    /// Puts a schema there, as whoever else may, and returns its id.
    pub(crate) fn put(&self, subject: &str, kind: &str, schema: &str) -> usize {
        self.inside.lock().unwrap().add(subject, (kind.to_owned(), schema.to_owned()))
    }

    /// Takes a subject with all its versions away.
    pub(crate) fn forget(&self, subject: &str) {
        self.inside.lock().unwrap().subjects.remove(subject);
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

type Reply = (StatusCode, Value);
type Outcome = Result<Reply, Reply>;

fn error(status: u16, code: u32, message: &str) -> Reply {
    (StatusCode::from_u16(status).unwrap(), json!({"error_code": code, "message": message}))
}

#[expect(clippy::unnecessary_wraps, reason = "each answer is an outcome")]
fn ok(value: Value) -> Outcome {
    Ok((StatusCode::OK, value))
}

impl Inside {
    fn answer(&mut self, method: &Method, uri: &Uri, signed: Option<&str>, body: &[u8]) -> Outcome {
        let path = uri.path();
        self.seen.push(format!("{method} {path}"));
        if self.is_away {
            return Err(error(503, 50003, "no leader"));
        }
        if self.wanted.is_some() && self.wanted.as_deref() != signed {
            return Err(error(401, 401, "Unauthorized"));
        }
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let parts: Vec<String> = path.trim_matches('/').split('/').map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match (method.as_str(), parts.as_slice()) {
            ("GET", ["subjects"]) => ok(json!(self.subjects.keys().collect::<Vec<_>>())),
            ("POST", ["subjects", subject]) => self.find(subject, &body),
            ("GET", ["subjects", subject, "versions"]) => {
                let count = self.versions(subject)?.len();
                ok(json!((1..=count).collect::<Vec<_>>()))
            }
            ("GET", ["subjects", subject, "versions", number]) => {
                let (version, id) = self.version(subject, number)?;
                ok(self.described(subject, version, id))
            }
            ("POST", ["subjects", subject, "versions"]) => self.register(subject, &body),
            ("POST", ["compatibility", "subjects", subject, "versions", number]) => {
                let (_, id) = self.version(subject, number)?;
                let new = posted(&body)?;
                let messages =
                    compatibility::judge(self.level(subject), &new, &self.schemas[id - 1]);
                ok(json!({"is_compatible": messages.is_empty(), "messages": messages}))
            }
            ("GET", ["schemas", "ids", id]) => {
                let place = id.parse::<usize>().ok().and_then(|id| id.checked_sub(1));
                let found = place.and_then(|place| self.schemas.get(place));
                let (kind, schema) = found.ok_or_else(|| error(404, 40403, "Schema not found"))?;
                ok(if kind == "AVRO" {
                    json!({"schema": schema})
                } else {
                    json!({"schema": schema, "schemaType": kind})
                })
            }
            ("GET", ["config", subject]) => ok(json!({"compatibilityLevel": self.level(subject)})),
            ("PUT", ["config", subject]) => {
                let level = body["compatibility"].as_str().unwrap_or_default().to_owned();
                self.levels.insert((*subject).to_owned(), level);
                ok(body)
            }
            _ => Err(error(404, 404, "HTTP 404 Not Found")),
        }
    }

    fn level(&self, subject: &str) -> &str {
        self.levels.get(subject).map_or("BACKWARD", String::as_str)
    }

    fn versions(&self, subject: &str) -> Result<&Vec<usize>, Reply> {
        let message = format!("Subject '{subject}' not found.");
        self.subjects.get(subject).ok_or_else(|| error(404, 40401, &message))
    }

    fn version(&self, subject: &str, number: &str) -> Result<(usize, usize), Reply> {
        let versions = self.versions(subject)?;
        let number =
            if number == "latest" { versions.len() } else { number.parse().unwrap_or_default() };
        let id = number.checked_sub(1).and_then(|place| versions.get(place));
        id.map(|id| (number, *id)).ok_or_else(|| error(404, 40402, "Version not found."))
    }

    fn described(&self, subject: &str, version: usize, id: usize) -> Value {
        let (kind, schema) = &self.schemas[id - 1];
        let mut value = json!({"subject": subject, "version": version, "id": id, "schema": schema});
        if kind != "AVRO" {
            value["schemaType"] = kind.as_str().into();
        }
        value
    }

    fn find(&self, subject: &str, body: &Value) -> Outcome {
        let (versions, wanted) = (self.versions(subject)?, posted(body)?);
        let found =
            versions.iter().position(|id| compatibility::same(&self.schemas[id - 1], &wanted));
        let place = found.ok_or_else(|| error(404, 40403, "Schema not found"))?;
        ok(self.described(subject, place + 1, versions[place]))
    }

    fn register(&mut self, subject: &str, body: &Value) -> Outcome {
        let new = posted(body)?;
        if let Ok(versions) = self.versions(subject)
            && !versions.iter().any(|id| compatibility::same(&self.schemas[id - 1], &new))
            && let Some(id) = versions.last()
        {
            let messages = compatibility::judge(self.level(subject), &new, &self.schemas[id - 1]);
            if !messages.is_empty() {
                let words = format!(
                    "Schema being registered is incompatible with an earlier schema for subject \"{subject}\", details: {messages:?}"
                );
                return Err(error(409, 409, &words));
            }
        }
        ok(json!({"id": self.add(subject, new)}))
    }

    fn add(&mut self, subject: &str, new: Schema) -> usize {
        let known = self.schemas.iter().position(|known| compatibility::same(known, &new));
        let place = known.unwrap_or_else(|| {
            self.schemas.push(new);
            self.schemas.len() - 1
        });
        let versions = self.subjects.entry(subject.to_owned()).or_default();
        if !versions.contains(&(place + 1)) {
            versions.push(place + 1);
        }
        place + 1
    }
}

/// The schema of a request, which must be one.
fn posted(body: &Value) -> Result<Schema, Reply> {
    let kind = body["schemaType"].as_str().unwrap_or("AVRO").to_owned();
    let schema = body["schema"].as_str().unwrap_or_default().to_owned();
    let is_one = match kind.as_str() {
        "PROTOBUF" => schema.contains("syntax = \"proto3\";"),
        "AVRO" | "JSON" => {
            serde_json::from_str::<Value>(&schema).is_ok_and(|json| json.is_object())
        }
        _ => false,
    };
    if is_one { Ok((kind, schema)) } else { Err(error(422, 42201, "Invalid schema")) }
}

fn decoded(part: &str) -> String {
    let form = format!("a={}", part.replace('+', "%2B"));
    url::form_urlencoded::parse(form.as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}
