//! A client of the HTTP API, that can also send what a browser or a rascal would.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use serde_json::Value;

use crate::support::Nashra;

/// The token of the daemons that have one.
pub(crate) const TOKEN: &str = "a token of the tests alone";

/// Asks the API at a host.
pub(crate) struct Client(pub(crate) String);

/// An answer: status, head in lower case, body.
pub(crate) struct Answer(pub(crate) u16, pub(crate) String, pub(crate) String);

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.2).unwrap_or_else(|error| panic!("{error}: {}", self.2))
    }
}

impl Client {
    /// Of the API of a daemon that runs.
    pub(crate) fn of(nashra: &Nashra) -> Self {
        Self(nashra.admin().trim_start_matches("http://").trim_end_matches('/').to_owned())
    }

    /// Sends bytes as they are, and reads to the end of the connection.
    pub(crate) fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.0).unwrap();
        // The answer may come before all is sent.
        stream.write_all(request).ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer(status, head.to_ascii_lowercase(), body.to_owned())
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        let host = ("Host", self.0.as_str());
        let length = body.len().to_string();
        let own = [host, ("Content-Length", length.as_str())];
        let given = |name: &str| headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        for (name, value) in own.iter().filter(|(name, _)| !given(name)).chain(headers) {
            head.extend([*name, ": ", *value, "\r\n"]);
        }
        self.raw(format!("{head}\r\n{body}").as_bytes())
    }

    pub(crate) fn read(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// With the token and as JSON.
    pub(crate) fn write(&self, method: &str, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {TOKEN}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        self.send(method, path, &headers, &body.to_string())
    }
}
