//! A site on every address of loopback: one thread a connection, and nothing of HTTP but what a
//! client needs.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Instant,
};

/// What the site answers to one path.
#[derive(Clone, Default)]
pub(crate) struct Answer {
    pub(crate) content_type: &'static str,
    pub(crate) gzipped: bool,
    pub(crate) body: Arc<Vec<u8>>,
}

/// A site whose answers go by the start of the path: the longest that fits.
#[derive(Clone, Default)]
pub(crate) struct Site {
    pub(crate) answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    pub(crate) asked: Arc<Mutex<Vec<(String, Instant)>>>,
    pub(crate) port: u16,
}

impl Site {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let site = Self { port: listener.local_addr().unwrap().port(), ..Self::default() };
        let serving = site.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let site = serving.clone();
                std::thread::spawn(move || site.serve(stream));
            }
        });
        site
    }

    pub(crate) fn put(&self, path: &str, content_type: &'static str, gzipped: bool, body: Vec<u8>) {
        self.answers
            .lock()
            .unwrap()
            .insert(path.to_owned(), Answer { content_type, gzipped, body: Arc::new(body) });
    }

    /// An address of the site at the host 127.x.y.z of this number.
    pub(crate) fn at(&self, host: usize, path: &str) -> String {
        let host = host + 256;
        format!(
            "http://127.{}.{}.{}:{}{path}",
            1 + host / 65_536,
            host / 256 % 256,
            1 + host % 250,
            self.port
        )
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let path = line.split(' ').nth(1).unwrap_or("/").to_owned();
            let mut length = 0;
            loop {
                let mut header = String::new();
                if reader.read_line(&mut header).unwrap_or(0) == 0 {
                    return;
                }
                if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
                if header.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                return;
            }
            self.asked.lock().unwrap().push((path.clone(), Instant::now()));
            let answer = self
                .answers
                .lock()
                .unwrap()
                .iter()
                .rev()
                .find(|(start, _)| path.starts_with(*start))
                .map(|answer| answer.1.clone());
            let head = match &answer {
                Some(answer) => {
                    let encoding = if answer.gzipped { "Content-Encoding: gzip\r\n" } else { "" };
                    format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: {}\r\n{encoding}Content-Length: {}\r\n\r\n",
                        answer.content_type,
                        answer.body.len()
                    )
                }
                None => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
            };
            if stream.write_all(head.as_bytes()).is_err() {
                return;
            }
            if answer.is_some_and(|answer| stream.write_all(&answer.body).is_err()) {
                return;
            }
        }
    }
}
