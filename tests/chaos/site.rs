//! The sites' HTTP server: as a server is, but for bodies that it breaks off in the middle.

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures::StreamExt as _;
use http_body_util::StreamBody;
use hyper::{
    Request, Response, StatusCode,
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::world::World;

/// Which of the sites; each has an address of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Site {
    Steady,
    Moody,
    Hostile,
}

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// After so many bytes the connection is dropped.
    pub(crate) cut_at: Option<usize>,
    /// In chunks, without a length.
    pub(crate) chunked: bool,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.into(), cut_at: None, chunked: false }
    }

    pub(crate) fn status(status: u16) -> Self {
        let body: &[u8] = if status == 304 { b"" } else { b"no" };
        Self { status, ..Self::ok(body) }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| *header != name);
        self
    }
}

/// Serves one site until the program ends.
pub(crate) async fn serve(listener: TcpListener, site: Site, world: Arc<Mutex<World>>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let known =
                    request.headers().get("if-none-match").and_then(|header| header.to_str().ok());
                let answer = world.lock().unwrap().answer(site, request.uri().path(), known);
                std::future::ready(Ok::<_, Infallible>(respond(answer)))
            });
            // A client that breaks off is its own affair, and so is a body that we break off.
            http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
        });
    }
}

type Body = futures::stream::BoxStream<'static, io::Result<Frame<Bytes>>>;

fn respond(answer: Answer) -> Response<StreamBody<Body>> {
    let length = answer.body.len();
    let bytes = Bytes::from(answer.body);
    let body: Body = match answer.cut_at {
        None => futures::stream::iter([Ok(Frame::data(bytes))]).boxed(),
        Some(at) => {
            let broken = futures::stream::once(async {
                // The first part is on its way when the connection ends.
                tokio::time::sleep(Duration::from_millis(10)).await;
                Err(io::ErrorKind::ConnectionReset.into())
            });
            futures::stream::iter([Ok(Frame::data(bytes.slice(..at)))]).chain(broken).boxed()
        }
    };
    let mut response = Response::new(StreamBody::new(body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
    if !answer.chunked && answer.status != 304 {
        response.headers_mut().insert("content-length", length.into());
    }
    for (name, value) in &answer.headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}
