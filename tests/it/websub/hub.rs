//! A hub on loopback: it takes requests, verifies them and signs what it sends.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, StatusCode, body::Incoming};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::{Url, form_urlencoded};

use crate::support::{get, until};

type Form = BTreeMap<String, String>;

/// What a hub remembers of a request.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) form: Form,
}

impl Asked {
    pub(super) fn get(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }
}

/// A hub: requests are answered with 202 and kept.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: CancellationToken,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Hub {
    pub(super) fn start(ip: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind((ip, 0))).unwrap();
        let base = format!("http://{}/hub", listener.local_addr().unwrap());
        let (asked, stop) = (Arc::new(Mutex::new(Vec::new())), CancellationToken::new());
        let kept = Arc::clone(&asked);
        let service = move |request: Request<Incoming>| {
            let kept = Arc::clone(&kept);
            async move {
                let body = request.into_body().collect().await.unwrap().to_bytes();
                let form = form_urlencoded::parse(&body).into_owned().collect();
                kept.lock().unwrap().push(Asked { form });
                let mut response = Response::new(Full::new(Bytes::new()));
                *response.status_mut() = StatusCode::ACCEPTED;
                response
            }
        };
        runtime.spawn(nashra::serve::accept(listener, service, None, stop.clone()));
        Self { base, asked, stop, runtime: Some(runtime) }
    }

    pub(super) fn all(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The request after so many.
    pub(super) fn next(&self, after: usize) -> Asked {
        until("the hub is asked", || self.all().get(after).cloned())
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The path of a callback, as a proxy hands it on.
pub(super) fn path(asked: &Asked) -> String {
    let callback = Url::parse(asked.get("hub.callback")).unwrap();
    assert!(callback.as_str().starts_with("https://news.example/hooks/"), "{callback}");
    callback.path().to_owned()
}

pub(super) fn question(nashra: &str, asked: &Asked, fields: &[(&str, &str)]) -> (u16, String) {
    let query: String =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    get(&format!("{nashra}{}?{query}", path(asked)))
}

/// Verifies what it was asked for.
pub(super) fn verify(nashra: &str, asked: &Asked, lease: &str) {
    let fields = [
        ("hub.mode", asked.get("hub.mode")),
        ("hub.topic", asked.get("hub.topic")),
        ("hub.challenge", "ch4&ll=nge"),
        ("hub.lease_seconds", lease),
    ];
    assert_eq!(question(nashra, asked, &fields), (200, "ch4&ll=nge".to_owned()));
}

pub(super) fn sign(method: &str, secret: &str, body: &[u8]) -> String {
    let hex =
        |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let digest = match method {
        "sha1" => hex(&Hmac::<Sha1>::new_from_slice(secret.as_bytes())
            .unwrap()
            .chain_update(body)
            .finalize()
            .into_bytes()),
        "sha512" => hex(&Hmac::<Sha512>::new_from_slice(secret.as_bytes())
            .unwrap()
            .chain_update(body)
            .finalize()
            .into_bytes()),
        _ => hex(&Hmac::<Sha256>::new_from_slice(secret.as_bytes())
            .unwrap()
            .chain_update(body)
            .finalize()
            .into_bytes()),
    };
    format!("{method}={digest}")
}

/// POST, on a connection of its own: the status, or 0 where nobody answers.
pub(super) fn post(nashra: &str, path: &str, headers: &str, body: &[u8]) -> u16 {
    let host = nashra.strip_prefix("http://").unwrap();
    let Ok(mut stream) = TcpStream::connect(host) else { return 0 };
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    // Who is refused by its head may be hung up on.
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).ok();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok();
    answer.split(' ').nth(1).unwrap_or("0").parse().unwrap()
}

/// Sends content as the hub does.
pub(super) fn push(nashra: &str, asked: &Asked, method: &str, body: &str) -> u16 {
    let signature = sign(method, asked.get("hub.secret"), body.as_bytes());
    post(
        nashra,
        &path(asked),
        &format!("Content-Type: application/rss+xml\r\nX-Hub-Signature: {signature}\r\n"),
        body.as_bytes(),
    )
}
