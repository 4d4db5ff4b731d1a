//! The HTTP fetcher against real servers on loopback, most of which misbehave.
//!
//! The servers are written by hand on TCP rather than with a library, as a library would not let
//! them be so rude.
#![allow(clippy::unwrap_used, reason = "tests")]

mod addresses;
mod bad_answers;

use std::{
    fmt::Write as _,
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use nashra::{
    base::clock::ManualClock,
    fetch::{
        Fetch as _, FetchError, Fetched, HttpFetcher, Limits, Outcome, Post as _, Reply, Request,
    },
    model::source::Validators,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{Barrier, mpsc},
};
use url::Url;

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// Limits that let loopback be fetched.
fn loopback() -> Limits {
    Limits {
        allow: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        ..Limits::default()
    }
}

fn fetcher(limits: Limits) -> HttpFetcher<ManualClock> {
    HttpFetcher::new(limits, ManualClock::new(NOW)).unwrap()
}

fn request(url: &str) -> Request {
    Request {
        obeys_robots: false,
        ..Request::new(Url::parse(url).unwrap(), "text/html, */*;q=0.5")
    }
}

async fn get(limits: Limits, url: &str) -> Outcome {
    fetcher(limits).fetch(request(url)).await
}

fn new(outcome: Outcome) -> Fetched {
    match outcome {
        Outcome::New(fetched) => *fetched,
        other => panic!("expected a body, got {other:?}"),
    }
}

fn failed(outcome: Outcome) -> FetchError {
    match outcome {
        Outcome::Failed(error) => error,
        other => panic!("expected a failure, got {other:?}"),
    }
}

/// A server whose every connection is given to `serve`, together with the head of its first
/// request.
async fn server<F, R>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream, Vec<u8>) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let serve = Arc::clone(&serve);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => return,
                    }
                }
                serve(stream, head).await;
            });
        }
    });
    address
}

/// A server that answers each request with what `answer` makes of its head, and closes.
async fn answering(answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> SocketAddr {
    server(move |mut stream, head| {
        let answer = answer(&head);
        async move {
            // The client may have hung up on us, which is its right.
            stream.write_all(&answer).await.unwrap_or_default();
        }
    })
    .await
}

/// A complete answer that closes its connection.
fn answer(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut head =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        write!(head, "{header}\r\n").unwrap();
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

fn path(head: &[u8]) -> &str {
    // Only the request line is text for sure: headers may hold any bytes.
    let line = head.split(|byte| *byte == b'\r').next().unwrap();
    std::str::from_utf8(line).unwrap().split(' ').nth(1).unwrap()
}

#[tokio::test]
async fn a_body_comes_with_all_that_is_known_about_it() {
    let body = include_bytes!("../fixtures/http/text.br");
    let address = answering(move |_| {
        let headers =
            ["Content-Type: text/html; charset=utf-8", "Content-Encoding: br", "ETag: \"1\""];
        answer("200 OK", &headers, body)
    })
    .await;
    let fetched = new(get(loopback(), &format!("http://{address}/a")).await);
    assert_eq!(fetched.url.as_str(), format!("http://{address}/a"));
    assert!(fetched.via.is_empty());
    assert_eq!(fetched.content_type.as_deref(), Some("text/html; charset=utf-8"));
    assert_eq!(
        fetched.validators,
        Validators { etag: Some(b"\"1\"".to_vec()), last_modified: None }
    );
    assert_eq!(fetched.requested, NOW);
    assert_eq!(&fetched.body.bytes[..], body, "as it was sent");
    assert!(fetched.body.decode(1000).unwrap().ends_with(b"the news bulletin"));
}

#[tokio::test]
async fn a_request_says_who_asks_for_what() {
    let (heads, mut seen) = mpsc::channel(1);
    let address = answering(move |head| {
        heads.try_send(String::from_utf8_lossy(head).to_ascii_lowercase()).unwrap();
        answer("200 OK", &[], "")
    })
    .await;
    new(get(loopback(), &format!("http://user:pa%20ss@{address}/a?b#c")).await);
    let head = seen.recv().await.unwrap();
    assert!(head.starts_with("get /a?b http/1.1\r\n"), "{head}");
    for line in [
        concat!("user-agent: nashra/", env!("CARGO_PKG_VERSION")),
        "accept: text/html, */*;q=0.5",
        "accept-encoding: gzip, br, zstd, deflate",
        "authorization: basic dxnlcjpwysbzcw==",
    ] {
        assert!(head.contains(&format!("{line}\r\n")), "{line} in {head}");
    }
    for name in ["cookie", "referer", "if-none-match", "if-modified-since"] {
        assert!(!head.contains(name), "{name} in {head}");
    }
}

#[tokio::test]
async fn validators_go_back_byte_for_byte_on_every_hop() {
    let validators = Validators {
        etag: Some(b"W/\"\xfc, 'caf\xe9'\t-gzip".to_vec()),
        last_modified: Some(b"Sun 06 nov 1994,  about noon".to_vec()),
    };
    let (heads, mut seen) = mpsc::channel(2);
    let address = answering(move |head| {
        heads.try_send(head.to_vec()).unwrap();
        match path(head) {
            "/old" => answer("301 Moved Permanently", &["Location: /new"], ""),
            _ => b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".to_vec(),
        }
    })
    .await;
    let asked =
        Request { validators: validators.clone(), ..request(&format!("http://{address}/old")) };
    assert!(matches!(fetcher(loopback()).fetch(asked).await, Outcome::NotModified { .. }));
    for _ in 0..2 {
        let head = seen.recv().await.unwrap();
        for value in [&validators.etag, &validators.last_modified] {
            let value = value.as_deref().unwrap();
            assert!(head.windows(value.len()).any(|window| window == value));
        }
    }
}

#[tokio::test]
async fn what_a_server_sent_as_validators_is_kept_byte_for_byte() {
    let address = answering(|_| {
        let mut bytes = b"HTTP/1.1 200 OK\r\nConnection: close\r\nETag: \"\xff\xfe".to_vec();
        bytes.extend(b" x\"\r\nLast-Modified: gestern\r\nContent-Length: 2\r\n\r\nok");
        bytes
    })
    .await;
    let fetched = new(get(loopback(), &format!("http://{address}/")).await);
    assert_eq!(fetched.validators.etag.as_deref(), Some(&b"\"\xff\xfe x\""[..]));
    assert_eq!(fetched.validators.last_modified.as_deref(), Some(&b"gestern"[..]));
}

#[tokio::test]
async fn statuses_become_outcomes() {
    let address = answering(|head| match path(head) {
        "/throttled" => answer("429 Too Many Requests", &["Retry-After: 120"], ""),
        "/silent" => answer("429 Too Many Requests", &[], ""),
        "/until" => {
            answer("503 Service Unavailable", &["Retry-After: Thu, 01 Jan 1970 00:01:00 GMT"], "")
        }
        "/unchanged" => b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".to_vec(),
        "/nothing" => b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_vec(),
        "/other" => answer("203 Non-Authoritative Information", &[], "text"),
        status => answer(&status[1..], &[], ""),
    })
    .await;
    // Each with a fetcher of its own: what one of them says would hold for the whole host.
    let outcome = async |path: &str| get(loopback(), &format!("http://{address}{path}")).await;

    let throttled = |status, seconds: Option<u64>| (status, seconds.map(Duration::from_secs));
    for (path, expected) in [
        ("/throttled", throttled(429, Some(120))),
        ("/silent", throttled(429, None)),
        ("/until", throttled(503, Some(60))),
    ] {
        let Outcome::Throttled { status, retry_after } = outcome(path).await else {
            panic!("{path}")
        };
        assert_eq!((status, retry_after), expected, "{path}");
    }
    for status in [404, 410] {
        let outcome = outcome(&format!("/{status}")).await;
        assert!(
            matches!(outcome, Outcome::Gone { status: found } if found == status),
            "{outcome:?}"
        );
    }
    for (path, expected) in
        [("/unchanged", 304), ("/nothing", 204), ("/503", 503), ("/300", 300), ("/403", 403)]
    {
        let error = failed(outcome(path).await);
        assert!(matches!(error, FetchError::Status(found) if found == expected), "{path}: {error}");
    }
    assert_eq!(&new(outcome("/other").await).body.bytes[..], b"text");
}

#[tokio::test]
async fn redirects_are_followed_and_their_addresses_kept() {
    let address = answering(|head| match path(head) {
        "/1" => answer("301 Moved Permanently", &["Location: 2"], "moved"),
        "/2" => answer("302 Found", &["Location: /3?x"], ""),
        "/3?x" => answer("303 See Other", &["Location: ?y"], ""),
        "/3?y" => answer("307 Temporary Redirect", &["Location: /خبر"], ""),
        "/%D8%AE%D8%A8%D8%B1" => answer("308 Permanent Redirect", &["Location: /end"], ""),
        _ => answer("200 OK", &[], "here"),
    })
    .await;
    let fetched = new(get(loopback(), &format!("http://me:secret@{address}/1")).await);
    let via: Vec<_> = fetched.via.iter().map(Url::as_str).collect();
    let at = |path: &str| format!("http://{address}{path}");
    assert_eq!(via, [at("/1"), at("/2"), at("/3?x"), at("/3?y"), at("/%D8%AE%D8%A8%D8%B1")]);
    assert_eq!(fetched.url.as_str(), at("/end"));
    assert_eq!(
        fetched.moved.as_ref().map(Url::as_str),
        Some(at("/2").as_str()),
        "what lies behind a passing redirect may move back"
    );
    assert_eq!(&fetched.body.bytes[..], b"here");
}

#[tokio::test]
async fn redirects_are_counted_and_loops_end() {
    let count = Arc::new(AtomicUsize::new(0));
    let requests = Arc::clone(&count);
    let address = answering(move |head| {
        let number = requests.fetch_add(1, Ordering::SeqCst);
        match path(head) {
            "/self" => answer("302 Found", &["Location: /self", "Set-Cookie: a=b"], ""),
            "/nowhere" => answer("302 Found", &[], ""),
            _ => answer("302 Found", &[&format!("Location: /{number}")], ""),
        }
    })
    .await;
    let limits = Limits { max_redirects: 3, ..loopback() };
    for (path, requests) in [("/endless", 4), ("/self", 1)] {
        count.store(0, Ordering::SeqCst);
        let error = failed(get(limits.clone(), &format!("http://{address}{path}")).await);
        assert!(matches!(error, FetchError::Redirects(3)), "{error}");
        assert_eq!(count.load(Ordering::SeqCst), requests, "{path}");
    }
    let error = failed(get(limits, &format!("http://{address}/nowhere")).await);
    assert!(matches!(error, FetchError::BadRedirect(_)), "{error}");
}

#[tokio::test]
async fn a_form_is_posted_and_only_redirects_that_keep_it_are_followed() {
    let (heads, mut seen) = mpsc::channel(9);
    let address = server(move |mut stream, head| {
        let heads = heads.clone();
        async move {
            let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
            let length = text
                .split("content-length: ")
                .nth(1)
                .and_then(|part| part.split('\r').next()?.parse().ok())
                .unwrap_or(0);
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.unwrap();
            heads
                .try_send((path(&head).to_owned(), text, String::from_utf8(body).unwrap()))
                .unwrap();
            let answer = match path(&head) {
                "/307" => answer("307 Temporary Redirect", &["Location: /308"], ""),
                "/308" => answer("308 Permanent Redirect", &["Location: /hub"], ""),
                "/302" => answer("302 Found", &["Location: /hub"], ""),
                "/no" => answer(
                    "422 Unprocessable",
                    &["Content-Type: text/plain"],
                    "no such topic\n".repeat(1000),
                ),
                "/private" => answer("307 Temporary Redirect", &["Location: http://10.0.0.1/"], ""),
                "/loop" => answer("307 Temporary Redirect", &["Location: /loop"], ""),
                _ => answer("202 Accepted", &["Content-Type: text/html"], "<p>Thanks"),
            };
            stream.write_all(&answer).await.unwrap();
        }
    })
    .await;
    let post = async |path: &str| {
        fetcher(loopback())
            .post(Url::parse(&format!("http://{address}{path}")).unwrap(), "a=b".to_owned())
            .await
    };
    assert_eq!(post("/307").await.unwrap(), Reply { status: 202, words: String::new() });
    for path in ["/307", "/308", "/hub"] {
        let (asked, head, body) = seen.recv().await.unwrap();
        assert!(
            asked == path
                && head.starts_with("post ")
                && head.contains("\r\ncontent-type: application/x-www-form-urlencoded\r\n"),
            "{head}"
        );
        assert_eq!(body, "a=b");
    }
    assert_eq!(post("/302").await.unwrap().status, 302);
    let no = post("/no").await.unwrap();
    assert!(no.status == 422 && no.words.starts_with("no such topic") && no.words.len() <= 4096);
    assert!(matches!(post("/private").await, Err(FetchError::Forbidden { .. })));
    assert!(matches!(post("/loop").await, Err(FetchError::Redirects(5))));
    let refused = fetcher(Limits::default())
        .post(Url::parse(&format!("http://{address}/hub")).unwrap(), String::new())
        .await;
    assert!(matches!(refused, Err(FetchError::Forbidden { .. })));
    let file =
        fetcher(loopback()).post(Url::parse("file:///etc/passwd").unwrap(), String::new()).await;
    assert!(matches!(file, Err(FetchError::Scheme(_))));
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_name_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = failed(get(loopback(), &format!("http://{address}/")).await).to_string();
    assert!(error.contains("refused"), "{error}");
    let error = failed(get(loopback(), "http://no-such-name.invalid/").await).to_string();
    assert!(error.contains("dns error"), "{error}");
}

#[tokio::test]
async fn a_host_never_serves_more_than_its_limit_at_once() {
    const PER_HOST: usize = 3;
    let active = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    // Nobody is answered before three are here together: fewer at once would hang, and more would
    // be counted.
    let together = Arc::new(Barrier::new(PER_HOST));
    let (now, peak) = (Arc::clone(&active), Arc::clone(&most));
    let address = server(move |mut stream, _| {
        let (now, peak, together) = (Arc::clone(&now), Arc::clone(&peak), Arc::clone(&together));
        async move {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            together.wait().await;
            now.fetch_sub(1, Ordering::SeqCst);
            stream.write_all(&answer("200 OK", &[], "x")).await.unwrap();
        }
    })
    .await;
    let fetcher = fetcher(Limits { per_host: PER_HOST, ..loopback() });
    let url = format!("http://{address}/");
    let all = (0..PER_HOST * 5).map(|_| fetcher.fetch(request(&url)));
    for outcome in futures::future::join_all(all).await {
        new(outcome);
    }
    assert_eq!(most.load(Ordering::SeqCst), PER_HOST);
}
