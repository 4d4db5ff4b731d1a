//! Reads the headers of an answer. All of it is pure, and all of it is hostile: what is kept is
//! bounded in size, because it ends in the store or in a log.

mod links;

use std::{fmt::Write as _, time::Duration};

use chrono::{DateTime, NaiveDateTime, Utc};
use reqwest::header::{
    AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, DATE, ETAG, EXPIRES, HeaderMap, HeaderName,
    HeaderValue, LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use url::Url;

use super::{FetchError, body::MAX_ENCODINGS};
use crate::model::source::Validators;

pub(super) use links::links;

/// A validator that is longer is not kept: servers use some dozens of bytes, and each source stores
/// one.
const MAX_VALIDATOR: usize = 4096;

/// Recipients should take at least 8,000 bytes of URI (RFC 9110 §4.1); nobody needs more.
const MAX_LOCATION: usize = 8192;

/// A media type with all its parameters is shorter.
const MAX_CONTENT_TYPE: usize = 512;

/// Nobody is sent away for longer: a mistyped `Retry-After` must not silence a source for ever.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(30 * 24);

/// The same for answers that may be kept.
const MAX_FRESH: Duration = Duration::from_hours(30 * 24);

/// `ETag` and `Last-Modified` as the bytes that came.
pub(super) fn validators(headers: &HeaderMap) -> Validators {
    let bytes = |name: HeaderName| {
        let value = headers.get(name)?.as_bytes();
        (!value.is_empty() && value.len() <= MAX_VALIDATOR).then(|| value.to_vec())
    };
    Validators { etag: bytes(ETAG), last_modified: bytes(LAST_MODIFIED) }
}

/// `Content-Type`; bytes that are not UTF-8 are replaced, since a media type is ASCII anyway.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.as_bytes();
    let value = value.get(..MAX_CONTENT_TYPE).unwrap_or(value);
    Some(String::from_utf8_lossy(value).into_owned())
}

/// Whether an answer with status 226 is what feeds make of theirs, and nothing else was done to it
/// (RFC 3229 §10.5.2).
pub(super) fn is_delta(headers: &HeaderMap) -> bool {
    let mut made = headers
        .get_all("im")
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii);
    made.next().is_some_and(|made| made.eq_ignore_ascii_case(b"feed")) && made.next().is_none()
}

/// All `Content-Encoding`s in the order they were applied; one more than we undo, at most, so that
/// too many show.
pub(super) fn encodings(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty())
        .take(MAX_ENCODINGS + 1)
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

/// How long to stay away (RFC 9110 §10.2.3): seconds, or a date, of which nothing is left once it
/// has passed.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // Only too many digits can fail here, and those mean: very long.
        value.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs)
    } else {
        (http_date(value)? - now).to_std().unwrap_or_default()
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// For how long an answer may be kept (RFC 9111 §4.2): `max-age` less the time that it spent in
/// caches, or `Expires`.
pub(super) fn fresh_for(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name).and_then(|header| header.to_str().ok());
    let directives = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    let mut max_age = None;
    for directive in directives {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return None,
            "max-age" => {
                max_age = value.trim().trim_matches('"').parse().ok().map(Duration::from_secs);
            }
            _ => {}
        }
    }
    let fresh = match max_age {
        Some(fresh) => fresh.saturating_sub(Duration::from_secs(
            text(AGE).and_then(|text| text.trim().parse().ok()).unwrap_or(0),
        )),
        None => (http_date(text(EXPIRES)?)? - text(DATE).and_then(http_date).unwrap_or(now))
            .to_std()
            .ok()?,
    };
    Some(fresh.min(MAX_FRESH))
}

/// A date in one of the three forms that HTTP knows (RFC 9110 §5.6.7).
fn http_date(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(date) = DateTime::parse_from_rfc2822(text) {
        return Some(date.to_utc());
    }
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|date| date.and_utc())
}

/// Where a redirect leads, seen from `from`.
pub(super) fn redirect_target(from: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
    let Some(location) = headers.get(LOCATION) else {
        return Err(FetchError::BadRedirect("there is no Location".to_owned()));
    };
    if location.len() > MAX_LOCATION {
        return Err(FetchError::BadRedirect(format!(
            "its Location is longer than {MAX_LOCATION} bytes"
        )));
    }
    from.join(&location_text(location)).map_err(|error| FetchError::BadRedirect(error.to_string()))
}

/// Sites with addresses in Arabic or Chinese send them as raw bytes; escaped they are the same
/// address, in whatever charset the site thinks.
fn location_text(location: &HeaderValue) -> String {
    let mut text = String::with_capacity(location.len());
    for &byte in location.as_bytes() {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(text, "%{byte:02X}").unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(HeaderName, &[u8])]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_bytes(value).unwrap()))
            .collect()
    }

    fn wait(value: &str) -> Option<Duration> {
        let now = "1994-11-06T08:49:07Z".parse().unwrap();
        retry_after(&headers(&[(RETRY_AFTER, value.as_bytes())]), now)
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_in_any_of_three_forms() {
        assert_eq!(wait("120"), Some(Duration::from_mins(2)));
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(wait(date), Some(Duration::from_secs(30)), "{date}");
        }
    }

    #[test]
    fn retry_after_in_the_past_is_now_and_nonsense_is_nothing() {
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        for nonsense in ["", "soon", "-5", "1.5"] {
            assert_eq!(wait(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn retry_after_has_a_ceiling() {
        for long in ["99999999", "99999999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(wait(long), Some(MAX_RETRY_AFTER), "{long}");
        }
    }

    #[test]
    fn an_answer_may_be_kept_for_its_max_age_or_until_it_expires() {
        let fresh = |lines: &[(HeaderName, &[u8])]| {
            fresh_for(&headers(lines), "1994-11-06T08:49:07Z".parse().unwrap())
                .map(|duration| duration.as_secs())
        };
        assert_eq!(
            fresh(&[(CACHE_CONTROL, b"public, Max-Age=600"), (AGE, b"100"), (EXPIRES, b"0")]),
            Some(500)
        );
        assert_eq!(fresh(&[(EXPIRES, b"Sun, 06 Nov 1994 09:49:07 GMT")]), Some(3600));
        assert_eq!(fresh(&[(CACHE_CONTROL, b"max-age=99999999999")]), Some(MAX_FRESH.as_secs()));
        for none in
            [b"no-cache, max-age=600".as_slice(), b"max-age=soon", b"max-age=-1", b"private"]
        {
            assert_eq!(fresh(&[(CACHE_CONTROL, none)]), None);
        }
    }

    #[test]
    fn validators_keep_their_bytes_unless_they_are_huge() {
        let kept = validators(&headers(&[
            (ETAG, b"W/\"\xe9\t'\""),
            (LAST_MODIFIED, b"yesterday, more or less"),
        ]));
        assert_eq!(kept.etag.as_deref(), Some(&b"W/\"\xe9\t'\""[..]));
        assert_eq!(kept.last_modified.as_deref(), Some(&b"yesterday, more or less"[..]));
        assert_eq!(
            validators(&headers(&[(ETAG, &[b'x'; MAX_VALIDATOR + 1])])),
            Validators::default()
        );
    }

    #[test]
    fn encodings_come_from_all_headers_and_are_bounded() {
        let found =
            encodings(&headers(&[(CONTENT_ENCODING, b"gzip , br"), (CONTENT_ENCODING, b",zstd")]));
        assert_eq!(found, ["gzip", "br", "zstd"]);
        assert_eq!(
            encodings(&headers(&[(CONTENT_ENCODING, &b"gzip,".repeat(1000))])).len(),
            MAX_ENCODINGS + 1
        );
    }

    #[test]
    fn a_location_is_resolved_and_may_be_raw_bytes() {
        let from = Url::parse("https://news.example/a/b?c").unwrap();
        for (location, target) in [
            ("https://other.example/x", "https://other.example/x"),
            ("//other.example/x", "https://other.example/x"),
            ("../x", "https://news.example/x"),
            ("?d", "https://news.example/a/b?d"),
            ("/أخبار", "https://news.example/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1"),
        ] {
            let found =
                redirect_target(&from, &headers(&[(LOCATION, location.as_bytes())])).unwrap();
            assert_eq!(found.as_str(), target);
        }
        let latin = redirect_target(&from, &headers(&[(LOCATION, b"/caf\xe9")])).unwrap();
        assert_eq!(latin.as_str(), "https://news.example/caf%E9");
    }

    #[test]
    fn a_location_that_leads_nowhere_is_an_error_without_its_secrets() {
        let from = Url::parse("https://news.example/").unwrap();
        assert!(redirect_target(&from, &HeaderMap::new()).is_err());
        let long = [b'x'; MAX_LOCATION + 1];
        assert!(redirect_target(&from, &headers(&[(LOCATION, &long)])).is_err());
        let error =
            redirect_target(&from, &headers(&[(LOCATION, b"http://me:secret@/")])).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
