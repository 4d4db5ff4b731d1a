//! Who is answered: requests to a name that is ours, that only read but for a few paths, and some
//! paths whatever the crowd.
//!
//! A browser on the operator's machine reaches the admin endpoint, too, and a page there may have
//! its own name resolve to it (DNS rebinding) and read what it answers. That page's requests carry
//! the page's name as `Host`. Addresses, and names that nobody can have on the internet, cannot be
//! such names.

use std::{collections::VecDeque, net::IpAddr};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode, Version,
    header::{ALLOW, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER},
    http::uri::Authority,
};
use tokio_util::sync::CancellationToken;

use crate::{base::live::Live, fetch::address::is_private_name};

/// Connections beyond the places; the newest stay.
const SPARES: usize = 32;

/// Who is let in.
#[derive(Debug, Clone, Default)]
pub struct AccessRules {
    /// Names on the internet that are ours; `None`: whatever name was asked for.
    pub hosts: Option<Live<Vec<String>>>,
    /// Paths that are answered also where all places are taken.
    pub reserve: &'static [&'static str],
    /// How paths begin that have other methods than those that read, too.
    pub writable: &'static [&'static str],
}

impl AccessRules {
    pub(super) fn has_reserve(&self) -> bool {
        !self.reserve.is_empty()
    }

    /// The answer to a request that is not let in.
    pub(super) fn refusal<B>(
        &self,
        request: &Request<B>,
        crowded: bool,
    ) -> Option<Response<Full<Bytes>>> {
        let path = request.uri().path();
        let is_writable = self.writable.iter().any(|start| path.starts_with(start));
        if !is_writable && !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut refusal =
                words(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n");
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Some(refusal);
        }
        if let Some(ours) = self.hosts.as_ref().map(Live::get) {
            let mut named = names(request.headers()).peekable();
            if named.peek().is_none() && request.version() >= Version::HTTP_11 {
                return Some(words(StatusCode::BAD_REQUEST, "there is no Host header\n"));
            }
            if !named.all(|name| name.is_some_and(|name| is_ours(&name, &ours))) {
                return Some(words(
                    StatusCode::FORBIDDEN,
                    "this is not a name of this endpoint: admin.hosts lists its names\n",
                ));
            }
        }
        if crowded && !self.reserve.contains(&path) {
            let mut refusal = words(StatusCode::SERVICE_UNAVAILABLE, "too many connections\n");
            refusal.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            return Some(refusal);
        }
        None
    }
}

/// The names that were asked for; `None` for what is no name.
fn names(headers: &HeaderMap) -> impl Iterator<Item = Option<String>> {
    let name = |value: &HeaderValue| {
        Authority::try_from(value.as_bytes())
            .ok()
            .map(|authority| authority.host().to_ascii_lowercase())
    };
    headers.get_all(HOST).iter().map(name)
}

fn is_ours(name: &str, ours: &[String]) -> bool {
    let name = name.trim_end_matches('.');
    let address = name.trim_start_matches('[').trim_end_matches(']');
    address.parse::<IpAddr>().is_ok() || is_private_name(name) || ours.iter().any(|our| our == name)
}

fn words(status: StatusCode, words: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(words.as_bytes())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The connections beyond the places.
#[derive(Default)]
pub(super) struct SpareConnections(VecDeque<CancellationToken>);

impl SpareConnections {
    /// Takes in one more; the oldest gives way. What is given back ends the new one.
    pub(super) fn admit(&mut self, stop: &CancellationToken) -> CancellationToken {
        if self.0.len() >= SPARES
            && let Some(oldest) = self.0.pop_front()
        {
            oldest.cancel();
        }
        let end = stop.child_token();
        self.0.push_back(end.clone());
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(guard: &AccessRules, method: &str, host: Option<&str>, crowded: bool) -> Option<u16> {
        let mut request = Request::builder().method(method).uri("/metrics");
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        guard.refusal(&request.body(()).unwrap(), crowded).map(|refusal| refusal.status().as_u16())
    }

    #[test]
    fn addresses_private_names_and_configured_names_are_answered_and_others_are_not() {
        let guard = AccessRules {
            hosts: Some(Live::new(vec!["status.example.org".to_owned()])),
            ..AccessRules::default()
        };
        for host in [
            "127.0.0.1:9606",
            "[::1]:9606",
            "10.1.2.3",
            "localhost",
            "LOCALHOST:1",
            "nashra:9606",
            "a.localhost",
            "x.svc.cluster.local",
            "status.example.org",
            "Status.Example.org.:80",
        ] {
            assert_eq!(status(&guard, "GET", Some(host), false), None, "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example:9606",
            "status.example.org.evil.example",
            "example.org",
        ] {
            assert_eq!(status(&guard, "GET", Some(host), false), Some(403), "{host}");
        }
        assert_eq!(status(&guard, "GET", None, false), Some(400));
        assert_eq!(status(&AccessRules::default(), "GET", Some("evil.example"), false), None);
    }

    #[test]
    fn only_what_reads_is_answered_and_in_a_crowd_only_the_reserve() {
        let guard = AccessRules { hosts: None, reserve: &["/healthz"], writable: &["/api/"] };
        assert_eq!(status(&guard, "POST", None, false), Some(405));
        assert_eq!(status(&guard, "HEAD", None, false), None);
        assert_eq!(status(&guard, "GET", None, true), Some(503));
        assert_eq!(
            status(&AccessRules { reserve: &["/metrics"], ..guard }, "GET", None, true),
            None
        );
    }

    #[test]
    fn the_oldest_connection_beyond_the_places_gives_way() {
        let (mut spares, stop) = (SpareConnections::default(), CancellationToken::new());
        let all: Vec<_> = (0..=SPARES).map(|_| spares.admit(&stop)).collect();
        assert_eq!(all.iter().filter(|token| token.is_cancelled()).count(), 1);
        assert!(all[0].is_cancelled());
    }
}
