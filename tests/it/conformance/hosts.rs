//! Hosts that write down who asked for what and when: one that behaves, one that is busy for a while
//! each day, and one whose 304 lies.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use http_body_util::Full;
use hyper::{HeaderMap, Response, header::HeaderValue};
use nashra::{
    base::clock::{Clock as _, ManualClock},
    serve::ServedRequest,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Bytes that are no UTF-8, and quotes within quotes: they have to come back as they were sent.
pub(super) const TAG: &[u8] = b"W/\"it's \xe9\t;1\"";
pub(super) const STAMP: &[u8] = b"Mon, 02 Mar 2026 08:00:00 GMT";

/// A request as the server saw it.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) at: DateTime<Utc>,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) status: u16,
    /// Until when its answer asked to stay away.
    pub(super) until: DateTime<Utc>,
}

impl Seen {
    pub(super) fn is_conditional(&self) -> bool {
        self.headers.contains_key("if-none-match") || self.headers.contains_key("if-modified-since")
    }
}

/// What a path is answered with at a time.
pub(super) type Answers =
    fn(&str, &HeaderMap, DateTime<Utc>) -> (u16, Vec<(&'static str, Vec<u8>)>, String);

/// A host with a log.
pub(super) struct Host {
    pub(super) base: String,
    pub(super) log: Arc<Mutex<Vec<Seen>>>,
    stop: CancellationToken,
}

impl Host {
    pub(super) async fn start(clock: Arc<ManualClock>, answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (log, stop) = (Arc::<Mutex<Vec<Seen>>>::default(), CancellationToken::new());
        let written = Arc::clone(&log);
        let handler = move |asked: ServedRequest<'_>| {
            let at = clock.now();
            let (status, headers, body) = answers(asked.path, asked.headers, at);
            let mut response = Response::new(Full::new(Bytes::from(if status == 304 {
                String::new()
            } else {
                body
            })));
            *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap();
            for (name, value) in &headers {
                response.headers_mut().insert(*name, HeaderValue::from_bytes(value).unwrap());
            }
            let until =
                headers.iter().find(|(name, _)| *name == "retry-after").map_or(at, |(_, value)| {
                    let text = String::from_utf8(value.clone()).unwrap();
                    text.parse().map_or_else(
                        |_| DateTime::parse_from_rfc2822(&text).unwrap().to_utc(),
                        |delay| at + TimeDelta::seconds(delay),
                    )
                });
            let seen = Seen {
                at,
                path: asked.path.to_owned(),
                headers: asked.headers.clone(),
                status,
                until,
            };
            written.lock().unwrap().push(seen);
            response
        };
        tokio::spawn(nashra::serve::serve(listener, handler, stop.clone()));
        Self { base, log, stop }
    }

    pub(super) fn seen(&self, path: &str) -> Vec<Seen> {
        self.log.lock().unwrap().iter().filter(|log| log.path == path).cloned().collect()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn feed(slugs: impl IntoIterator<Item = String>, more: &str) -> String {
    let items: String = slugs
        .into_iter()
        .map(|slug| {
            format!("<item><title>{slug}</title><guid isPermaLink=\"false\">{slug}</guid></item>")
        })
        .collect::<Vec<_>>()
        .concat();
    format!("<rss version=\"2.0\"><channel><title>F</title>{more}{items}</channel></rss>")
}

/// How many such stretches of time have begun since the start of 2026: one entry is published in
/// each.
pub(super) fn number(at: DateTime<Utc>, every: TimeDelta) -> i64 {
    (at - "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap()).num_seconds()
        / every.num_seconds()
}

/// The last ten entries.
fn published(at: DateTime<Utc>, every: TimeDelta) -> Vec<String> {
    (0..10).map(|back| format!("entry {}", number(at, every) - back)).collect()
}

fn validators() -> Vec<(&'static str, Vec<u8>)> {
    vec![("etag", TAG.to_vec()), ("last-modified", STAMP.to_vec())]
}

/// A site whose feeds behave.
pub(super) fn well_behaved(
    path: &str,
    asked: &HeaderMap,
    at: DateTime<Utc>,
) -> (u16, Vec<(&'static str, Vec<u8>)>, String) {
    let one = || vec!["only".to_owned()];
    match path {
        "/robots.txt" => (200, vec![], "User-agent: *\nDisallow: /private".to_owned()),
        "/quiet" if asked.get("if-none-match").is_some_and(|asked| asked.as_bytes() == TAG) => {
            (304, validators(), String::new())
        }
        "/quiet" => (200, validators(), feed(one(), "")),
        "/busy" => (200, vec![], feed(published(at, TimeDelta::minutes(20)), "")),
        "/kept" => (
            200,
            vec![("cache-control", b"max-age=14400".to_vec())],
            feed(published(at, TimeDelta::minutes(20)), ""),
        ),
        "/night" => {
            let skipped =
                (0..8).map(|hour| format!("<hour>{hour}</hour>")).collect::<Vec<_>>().concat();
            (
                200,
                vec![],
                feed(
                    published(at, TimeDelta::minutes(20)),
                    &format!("<skipHours>{skipped}</skipHours>"),
                ),
            )
        }
        "/delta" => {
            let newest = number(at, TimeDelta::hours(1));
            let tag = vec![("etag", format!("\"{newest}\"").into_bytes())];
            let known = asked
                .get("if-none-match")
                .map(|asked| asked.to_str().unwrap().trim_matches('"').parse::<i64>().unwrap());
            match known {
                Some(known) if known == newest => (304, tag, String::new()),
                Some(known) if asked.get("a-im").is_some_and(|asked| asked == "feed") => {
                    let made = [tag, vec![("im", b"feed".to_vec())]].concat();
                    (
                        226,
                        made,
                        feed((known + 1..=newest).map(|number| format!("entry {number}")), ""),
                    )
                }
                _ => (200, tag, feed(published(at, TimeDelta::hours(1)), "")),
            }
        }
        "/private" => (200, vec![], feed(one(), "")),
        _ => (404, vec![], String::new()),
    }
}

/// A site that is busy for a while each day and says so in both ways.
pub(super) fn busy(
    path: &str,
    _: &HeaderMap,
    at: DateTime<Utc>,
) -> (u16, Vec<(&'static str, Vec<u8>)>, String) {
    match path {
        "/robots.txt" => (404, vec![], String::new()),
        _ if at.hour() == 12 => (429, vec![("retry-after", b"5400".to_vec())], String::new()),
        _ if at.hour() == 18 => {
            let until =
                (at + TimeDelta::minutes(100)).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            (503, vec![("retry-after", until.into_bytes())], String::new())
        }
        _ => (200, vec![], feed(published(at, TimeDelta::minutes(20)), "")),
    }
}

/// A site whose 304 lies: it says so to whoever sends a validator.
pub(super) fn lying(
    path: &str,
    asked: &HeaderMap,
    at: DateTime<Utc>,
) -> (u16, Vec<(&'static str, Vec<u8>)>, String) {
    match path {
        "/robots.txt" => (404, vec![], String::new()),
        _ if asked.contains_key("if-none-match") => (304, validators(), String::new()),
        _ => (200, validators(), feed(published(at, TimeDelta::hours(3)), "")),
    }
}
