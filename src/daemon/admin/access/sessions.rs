//! Sessions of browsers: whoever typed the token once has a cookie for a while, and each form a
//! word that only our pages know.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use hyper::{HeaderMap, header::COOKIE as COOKIE_HEADER};
use tokio::time::Instant;
use uuid::Uuid;

/// The name of the cookie.
pub(in crate::daemon::admin) const COOKIE: &str = "nashra_session";
/// How long a session lasts.
const LIFETIME: Duration = Duration::from_hours(12);
/// Sessions at once; the oldest ends.
const MOST: usize = 64;

/// The sessions that last.
#[derive(Debug, Default)]
pub(in crate::daemon::admin) struct Sessions(Mutex<HashMap<String, Session>>);

struct Session {
    /// What each form of the session says.
    word: String,
    ends: Instant,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl Sessions {
    /// Begins a session; the value for its cookie.
    pub(in crate::daemon::admin) fn begin(&self) -> String {
        self.begin_at(Instant::now())
    }

    /// Ends all sessions.
    pub(in crate::daemon::admin) fn end_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn begin_at(&self, now: Instant) -> String {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.ends > now);
        if sessions.len() >= MOST {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.ends);
            let oldest = oldest.map(|(cookie, _)| cookie.clone());
            sessions.remove(&oldest.unwrap_or_default());
        }
        let cookie = random();
        sessions.insert(cookie.clone(), Session { word: random(), ends: now + LIFETIME });
        cookie
    }

    /// The word of the forms of the session that a request is of, where it lasts.
    pub(in crate::daemon::admin) fn word(&self, headers: &HeaderMap) -> Option<String> {
        self.word_at(headers, Instant::now())
    }

    fn word_at(&self, headers: &HeaderMap, now: Instant) -> Option<String> {
        let mut cookies = headers
            .get_all(COOKIE_HEADER)
            .into_iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='));
        let (_, value) = cookies.find(|(name, _)| *name == COOKIE)?;
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.get(value).filter(|session| session.ends > now)?;
        Some(session.word.clone())
    }
}

/// 244 bits that nobody can guess.
fn random() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_known_by_its_cookie_alone_and_ends() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let cookie = sessions.begin_at(start);
        let with = |value: &str, after: Duration| {
            let header = format!("other=1; {COOKIE}={value}");
            let headers = HeaderMap::from_iter([(COOKIE_HEADER, header.parse().unwrap())]);
            sessions.word_at(&headers, start + after)
        };
        let second = Duration::from_secs(1);
        assert!(with(&cookie, second).is_some_and(|word| word != cookie));
        assert!(with("x", second).is_none() && sessions.word(&HeaderMap::new()).is_none());
        assert!(with(&cookie, LIFETIME).is_none());
        for number in 1..=64 {
            sessions.begin_at(start + second * number);
        }
        assert!(with(&cookie, second * 65).is_none(), "the oldest gives way");
    }
}
