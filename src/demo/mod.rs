//! `nashra demo`: a bundled news site on loopback, polled through the real pipeline.

mod front;
mod readable;
mod site;

use std::{io, sync::Arc};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http_body_util::Full;
use hyper::{Response, StatusCode, header};
use tokio::{net::TcpListener, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    base::hash::digest,
    config::sources::{self, ParsedList},
    serve::{self, ServedRequest},
};

pub use readable::Readable;

/// A running site.
#[derive(Debug)]
pub struct DemoSite {
    /// Where it is served.
    pub base: String,
    /// Its sources, as a list that a config could name.
    pub sources: ParsedList,
}

/// Serves the site on a free port of loopback until `stop`. Its articles are dated relative to
/// `now`.
pub async fn serve(now: DateTime<Utc>, stop: CancellationToken) -> io::Result<DemoSite> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let lines: Vec<String> = site::sources()
        .map(|source| {
            let site::Site { key, name, kind, path, tags, .. } = source;
            let kind = kind.as_str();
            format!("[[source]]\nid = {key:?}\nname = {name:?}\nkind = {kind:?}\nurl = \"{base}/{path}\"\ntags = {tags:?}\n")
        })
        .collect();
    let sources = sources::parse("demo.toml", lines.concat().as_bytes());
    let (at, started) = (Arc::new(base.clone()), Instant::now());
    let handler = move |asked: ServedRequest<'_>| {
        let state =
            site::DemoState { elapsed: started.elapsed(), started: now, base: at.to_string() };
        answer(&asked, &state)
    };
    tokio::spawn(serve::serve(listener, handler, stop));
    Ok(DemoSite { base, sources })
}

/// What a person should know who watches the demo. Pure.
#[must_use]
pub fn introduction(base: &str) -> String {
    let (revised, breaking) = (site::REVISED.as_secs(), site::BREAKING.as_secs());
    format!(
        "A small news world on {base}: RSS, Atom, an Arabic front page, a partner that copies, and a feed that is broken (one warning).\n\
         It is polled every second or two by the same pipeline as in earnest. What is published:\n  \
         ● an article, of which one appears after {breaking} s\n  \
         ↻ a revision: \"The Harbour Courier\" changes its first article after {revised} s\n  \
         ≡ a copy: \"Coast Partner\" carries that article, too\n  \
         ✗ what could not be read\n\
         Ctrl-C stops it."
    )
}

fn answer(asked: &ServedRequest<'_>, state: &site::DemoState) -> Response<Full<Bytes>> {
    let Some(document) = site::document(asked.path, state) else {
        return respond(
            StatusCode::NOT_FOUND,
            None,
            "text/plain",
            Bytes::from_static(b"not found\n"),
        );
    };
    let tag = u64::from_be_bytes(digest(&[document.body.as_bytes()]));
    let tag = format!("\"{tag:016x}\"");
    let known = asked
        .headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|header| header.as_bytes() == tag.as_bytes());
    if known {
        respond(StatusCode::NOT_MODIFIED, Some(&tag), document.media_type, Bytes::new())
    } else {
        respond(StatusCode::OK, Some(&tag), document.media_type, Bytes::from(document.body))
    }
}

fn respond(
    status: StatusCode,
    tag: Option<&str>,
    media_type: &'static str,
    body: Bytes,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(media_type));
    if let Some(tag) = tag.and_then(|tag| header::HeaderValue::from_str(tag).ok()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
