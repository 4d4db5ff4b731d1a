//! Who may change something over HTTP: whoever has the token that the operator gave, from no page of
//! somebody else's, and not without end.
//!
//! What must stay true: the token is in a file or in the environment, is never shown, and is compared
//! in a time that says nothing of it; without one nothing can be changed; a browser has a session
//! only by its cookie, which no other site can send or read.

mod limit;
mod sessions;

use std::{path::PathBuf, sync::Arc, time::Duration};

use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::{
    HeaderMap,
    header::{AUTHORIZATION, HOST, HeaderName, ORIGIN},
};
use sha2::Sha256;
use tokio::io::AsyncReadExt as _;
use uuid::Uuid;

use crate::{base::live::Live, config::Admin};

use limit::Bucket;
pub(super) use sessions::{COOKIE, Sessions};

/// The fewest bytes of a token.
const SHORTEST: usize = 16;
/// The most bytes of its file that are read.
const LONGEST: u64 = 4096;
/// Where a browser says from what kind of page a request comes.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why something may not be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Denied {
    /// No token is configured: in words, how to do that.
    Closed(String),
    /// The token cannot be read, or is none, and why.
    Unreadable(String),
    /// There is no token in the request.
    Missing,
    /// It is another one.
    Wrong,
    /// The request comes from a page elsewhere.
    Foreign,
    /// There were too many; it may be tried again after so many seconds.
    TooMany(u64),
}

impl Denied {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Closed(words) | Self::Unreadable(words) => words.clone(),
            Self::Missing => "a change needs the header `Authorization: Bearer TOKEN`".to_owned(),
            Self::Wrong => "this is not the token".to_owned(),
            Self::Foreign => "changes are not taken from pages of other sites".to_owned(),
            Self::TooMany(seconds) => {
                format!("too many requests that change something: try again in {seconds} s")
            }
        }
    }
}

/// Where the token is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TokenPlace {
    File(PathBuf),
    /// A variable of the environment, with its value at the start.
    Variable(String, Option<Secret>),
}

impl TokenPlace {
    fn new(config: &Admin) -> Self {
        if let Some(path) = &config.token_file {
            return Self::File(path.clone());
        }
        let name = config.token_env.as_str();
        let value = std::env::var(name).ok().filter(|value| !value.is_empty());
        Self::Variable(name.to_owned(), value.map(Secret))
    }
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Who may change something; clones share it.
#[derive(Debug, Clone)]
pub struct Access(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    place: Live<TokenPlace>,
    /// Tokens are compared by what this makes of them.
    key: Uuid,
    writes: Bucket,
    failures: Bucket,
    sessions: Sessions,
}

impl Access {
    /// As the config says.
    #[must_use]
    pub fn new(config: &Admin) -> Self {
        Self(Arc::new(Inside {
            place: Live::new(TokenPlace::new(config)),
            key: Uuid::new_v4(),
            writes: Bucket::new(60, Duration::from_secs(1)),
            failures: Bucket::new(10, Duration::from_secs(2)),
            sessions: Sessions::default(),
        }))
    }

    /// Looks for the token where the config says now. Who has another one's session has to type it.
    pub fn change(&self, config: &Admin) {
        let place = TokenPlace::new(config);
        if place != *self.0.place.get() {
            self.0.place.replace(place);
            self.0.sessions.end_all();
        }
    }

    /// Sessions of browsers.
    pub(super) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Whether there is a place for a token at all; the words say how to give one.
    pub(super) fn how_to_open(&self) -> Option<String> {
        match &*self.0.place.get() {
            TokenPlace::Variable(name, None) => Some(format!(
                "nothing can be changed here, since no token is configured: set admin.token_file to a file that holds one, and reload, or set the environment variable {name}, and start nashra again"
            )),
            _ => None,
        }
    }

    /// Checks the token of a request and where the request comes from, and counts it.
    pub(super) async fn check(&self, headers: &HeaderMap) -> Result<(), Denied> {
        if let Some(words) = self.how_to_open() {
            return Err(Denied::Closed(words));
        }
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.split_once(' '));
        let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, token) = given.ok_or(Denied::Missing)?;
        self.check_token(token.trim()).await?;
        if !is_own(headers) {
            return Err(Denied::Foreign);
        }
        self.count()
    }

    /// Checks a token alone. Those who try others may do so now and then.
    pub(super) async fn check_token(&self, given: &str) -> Result<(), Denied> {
        let token = self.token().await?;
        let digest = |text: &str| {
            let mut mac = Hmac::<Sha256>::new_from_slice(self.0.key.as_bytes()).ok()?;
            mac.update(text.as_bytes());
            Some(mac)
        };
        let expected = digest(&token.0).map(|mac| mac.finalize().into_bytes());
        let is_same = digest(given)
            .zip(expected)
            .is_some_and(|(mac, expected)| mac.verify_slice(&expected).is_ok());
        match (is_same, self.0.failures.peek()) {
            (true, _) => Ok(()),
            (false, Ok(())) => {
                self.0.failures.take().ok();
                Err(Denied::Wrong)
            }
            (false, Err(seconds)) => Err(Denied::TooMany(seconds)),
        }
    }

    /// Counts a change.
    pub(super) fn count(&self) -> Result<(), Denied> {
        self.0.writes.take().map_err(Denied::TooMany)
    }

    /// The token as it is now: one in a file can be exchanged while nashra runs.
    async fn token(&self) -> Result<Secret, Denied> {
        let (token, name) = match &*self.0.place.get() {
            TokenPlace::Variable(name, value) => (value.clone(), name.clone()),
            TokenPlace::File(path) => {
                let name = format!("admin.token_file ({})", path.display());
                let read = async {
                    let mut text = String::new();
                    let file = tokio::fs::File::open(path).await?;
                    file.take(LONGEST).read_to_string(&mut text).await?;
                    Ok::<_, std::io::Error>(Secret(text.trim().to_owned()))
                };
                match read.await {
                    Ok(token) => (Some(token), name),
                    Err(error) => {
                        return Err(Denied::Unreadable(format!("{name} cannot be read: {error}")));
                    }
                }
            }
        };
        token.filter(|token| token.0.len() >= SHORTEST).ok_or_else(|| {
            Denied::Unreadable(format!("the token in {name} has fewer than {SHORTEST} bytes"))
        })
    }
}

/// Whether a request comes from no page, or from one of ours.
pub(super) fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let same_site = text(FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none"));
    let host = text(HOST).unwrap_or_default();
    let same_origin = text(ORIGIN).is_none_or(|origin| {
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
    });
    same_site && same_origin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
        of.iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn requests_of_other_sites_pages_are_told_by_what_browsers_say_of_them() {
        let host = ("host", "127.0.0.1:9606");
        for own in [
            vec![host],
            vec![host, ("origin", "http://127.0.0.1:9606")],
            vec![host, ("origin", "https://127.0.0.1:9606"), ("sec-fetch-site", "same-origin")],
        ] {
            assert!(is_own(&headers(&own)), "{own:?}");
        }
        for foreign in [
            vec![host, ("origin", "http://evil.example")],
            vec![host, ("origin", "null")],
            vec![host, ("origin", "http://127.0.0.1:9607")],
            vec![host, ("origin", "ftp://127.0.0.1:9606")],
            vec![host, ("sec-fetch-site", "cross-site")],
            vec![host, ("sec-fetch-site", "same-site")],
        ] {
            assert!(!is_own(&headers(&foreign)), "{foreign:?}");
        }
    }

    #[tokio::test]
    async fn only_the_token_of_the_file_opens_and_another_one_after_it_was_exchanged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let access = Access::new(&Admin { token_file: Some(path.clone()), ..Admin::default() });
        let ask = async |token: &str| access.check_token(token).await;
        assert!(matches!(ask("0123456789abcdef").await, Err(Denied::Unreadable(_))));
        std::fs::write(&path, "short\n").unwrap();
        assert!(matches!(ask("short").await, Err(Denied::Unreadable(_))));
        std::fs::write(&path, "0123456789abcdef\n").unwrap();
        assert_eq!(ask("0123456789abcdef").await, Ok(()));
        for wrong in ["", "0123456789abcde", "0123456789abcdeff"] {
            assert_eq!(ask(wrong).await, Err(Denied::Wrong));
        }
        std::fs::write(&path, "fedcba9876543210").unwrap();
        assert_eq!(ask("0123456789abcdef").await, Err(Denied::Wrong));
        assert_eq!(ask("fedcba9876543210").await, Ok(()));
        for _ in 0..6 {
            assert_eq!(ask("x").await, Err(Denied::Wrong));
        }
        assert!(matches!(ask("x").await, Err(Denied::TooMany(_))));
        assert_eq!(ask("fedcba9876543210").await, Ok(()), "whoever has it is not shut out");
        assert!(!format!("{access:?}").contains("fedcba"));
    }
}
