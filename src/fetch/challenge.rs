//! Tells answers that are no answer: a page that wants proof of a human, a wall that wants consent,
//! a refusal that means "too often". Pure.
//!
//! They come with any status, also 200, and taken for content they would become articles called
//! "Just a moment…". What must stay true: an article about such pages is none of them. So a mark
//! counts only in the markup and scripts of a small page that has next to no words for readers;
//! headers that only these services send count alone.

use memchr::memmem;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use url::Url;

/// Such pages are smaller, as they are sent and as they are read.
pub(super) const MAX_SENT: usize = 16 << 10;
pub(super) const MAX_READ: usize = 64 << 10;
/// Words for readers, at most.
const MAX_WORDS: usize = 120;

/// Marks of a service's page: all of one line must be there.
const MARKS: [(&str, &[&str]); 13] = [
    ("Cloudflare", &["_cf_chl_opt"]),
    ("Cloudflare", &["cf-challenge-running"]),
    ("Cloudflare", &["id=\"challenge-form\"", "__cf_chl"]),
    ("Akamai", &["sec-if-cpt-container"]),
    ("Akamai", &["/_sec/cp_challenge/"]),
    ("PerimeterX", &["id=\"px-captcha\""]),
    ("PerimeterX", &["_pxappid", "captcha.px-"]),
    ("DataDome", &["captcha-delivery.com/", "var dd="]),
    ("DataDome", &["captcha-delivery.com/", "dd={"]),
    ("Anubis", &["id=\"anubis_challenge\""]),
    ("Anubis", &["/.within.website/x/cmd/anubis/"]),
    ("Imperva", &["_incapsula_resource?", "id=\"main-iframe\""]),
    ("AWS WAF", &["window.gokuprops"]),
];

/// Who challenges us, if the headers alone say so.
pub(super) fn in_headers(status: u16, headers: &HeaderMap) -> Option<&'static str> {
    let has = |name: &str, value: &str| {
        headers.get(name).is_some_and(|found| {
            found
                .as_bytes()
                .get(..value.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(value.as_bytes()))
        })
    };
    let refused = matches!(status, 401 | 403 | 405 | 429 | 503);
    match () {
        () if has("cf-mitigated", "challenge") => Some("Cloudflare"),
        () if has("x-amzn-waf-action", "challenge") || has("x-amzn-waf-action", "captcha") => {
            Some("AWS WAF")
        }
        () if refused && (headers.contains_key("x-datadome") || has("server", "DataDome")) => {
            Some("DataDome")
        }
        () if refused && headers.contains_key("x-px-block") => Some("PerimeterX"),
        () => None,
    }
}

/// Who challenges us with this page, if anybody does.
pub(super) fn in_page(status: u16, headers: &HeaderMap, page: &[u8]) -> Option<&'static str> {
    if page.len() > MAX_READ {
        return None;
    }
    let (markup, words) = apart(page);
    if words > MAX_WORDS {
        return None;
    }
    let has = |text: &[u8], mark: &str| memmem::find(text, mark.as_bytes()).is_some();
    let marked = MARKS
        .iter()
        .find(|(_, marks)| marks.iter().all(|mark| has(&markup, mark)))
        .map(|(service, _)| *service);
    marked.or_else(|| {
        // Akamai's refusals have no script: a few words, a reference number, and its name in a
        // header or an address.
        let whole = page.to_ascii_lowercase();
        let akamai =
            headers.get("server").is_some_and(|found| found.as_bytes().starts_with(b"AkamaiGHost"))
                || has(&whole, "errors.edgesuite.net");
        let denied = has(&whole, "<title>access denied</title>") && has(&whole, "reference");
        (status == 403 && akamai && denied).then_some("Akamai")
    })
}

/// Whether a refusal (403) means that we asked too often: it says when to come back, or says so in
/// words.
pub(super) fn is_too_often(headers: &HeaderMap, page: &[u8]) -> bool {
    let spent = ["x-ratelimit-remaining", "ratelimit-remaining"]
        .iter()
        .any(|name| headers.get(*name).is_some_and(|found| found.as_bytes() == b"0"));
    if headers.contains_key(RETRY_AFTER) || spent {
        return true;
    }
    let (_, words) = apart(page);
    let text = page.to_ascii_lowercase();
    let says = [
        "too many requests",
        "rate limit exceeded",
        "rate-limited",
        "rate limited",
        "request limit exceeded",
    ];
    words <= MAX_WORDS && says.iter().any(|phrase| memmem::find(&text, phrase.as_bytes()).is_some())
}

/// Whether redirects led to a page that wants consent instead of the one that was asked for:
/// publishers keep these on hosts or paths of their own.
pub(super) fn wants_consent(asked: &Url, at: &Url) -> bool {
    let is = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        let label = host.split('.').next().unwrap_or_default();
        let first = url
            .path_segments()
            .and_then(|mut path_segment| path_segment.next())
            .unwrap_or_default()
            .to_ascii_lowercase();
        matches!(label, "consent" | "guce" | "myprivacy" | "privacy-gate")
            || matches!(
                first.as_str(),
                "consent"
                    | "consentwall"
                    | "consent-wall"
                    | "cookiewall"
                    | "cookie-wall"
                    | "privacy-gate"
                    | "privacywall"
                    | "privacy-wall"
                    | "collectconsent"
            )
    };
    is(at) && !is(asked)
}

/// The markup of a page, scripts included, in small letters; and how many words are left for
/// readers.
fn apart(page: &[u8]) -> (Vec<u8>, usize) {
    let mut markup = Vec::with_capacity(page.len());
    // Many scripts write no spaces: their letters are counted instead, some two to a word.
    let (mut words, mut wide, mut in_word) = (0, 0, false);
    let mut rest = page;
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'<' {
            let letter = byte.is_ascii_alphanumeric();
            words += usize::from(letter && !in_word);
            wide += usize::from(!byte.is_ascii());
            (in_word, rest) = (letter, after);
            continue;
        }
        in_word = false;
        let end = end_of(rest);
        markup.extend(rest[..end].iter().map(u8::to_ascii_lowercase));
        markup.push(b' ');
        rest = &rest[end..];
    }
    (markup, words + wide / 6)
}

/// The end of what begins with a `<`: of the tag, or of the whole of a script or style.
fn end_of(rest: &[u8]) -> usize {
    let tag = memchr::memchr(b'>', rest).map_or(rest.len(), |at| at + 1);
    let is =
        |name: &[u8]| rest.get(1..=name.len()).is_some_and(|rest| rest.eq_ignore_ascii_case(name));
    let close: &[u8] = if is(b"script") {
        b"</script"
    } else if is(b"style") {
        b"</style"
    } else {
        return tag;
    };
    let inside = &rest[tag..];
    let end = inside.windows(close.len()).position(|pair| pair.eq_ignore_ascii_case(close));
    tag + end.unwrap_or(inside.len())
}

#[cfg(test)]
mod tests;
