use reqwest::header::{HeaderName, HeaderValue};

use super::*;

fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    lines
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

fn page(status: u16, page: &str) -> Option<&'static str> {
    in_page(status, &HeaderMap::new(), page.as_bytes())
}

#[test]
fn services_that_challenge_are_told_by_their_headers() {
    assert_eq!(in_headers(403, &headers(&[("cf-mitigated", "challenge")])), Some("Cloudflare"));
    assert_eq!(in_headers(403, &headers(&[("x-datadome", "protected")])), Some("DataDome"));
    assert_eq!(in_headers(202, &headers(&[("x-amzn-waf-action", "challenge")])), Some("AWS WAF"));
    for harmless in [
        headers(&[("server", "cloudflare"), ("cf-ray", "1-FRA")]),
        headers(&[("x-datadome", "protected")]),
    ] {
        assert_eq!(in_headers(200, &harmless), None, "{harmless:?}");
    }
}

#[test]
fn challenge_pages_are_told_by_their_marks_whatever_their_status() {
    for (status, text, service) in [
        (
            403,
            "<title>Just a moment...</title><script>(function(){window._cf_chl_opt = {cvId: '3'};}())</script>",
            "Cloudflare",
        ),
        (
            200,
            "<title>Making sure you&#39;re not a bot!</title><script id=\"anubis_challenge\" type=\"application/json\">{}</script>",
            "Anubis",
        ),
        (
            403,
            "<title>news.example</title><script>var dd={'rt':'c'}</script><script src=\"https://ct.captcha-delivery.com/c.js\"></script>",
            "DataDome",
        ),
        (
            403,
            "<title>Access to this page has been denied</title><div id=\"px-captcha\"></div>",
            "PerimeterX",
        ),
        (
            405,
            "<script>window.awsWafCookieDomainList = [];\nwindow.gokuProps = {}</script>",
            "AWS WAF",
        ),
        (200, "<div id=\"sec-if-cpt-container\"></div>", "Akamai"),
        (
            200,
            "<iframe id=\"main-iframe\" src=\"/_Incapsula_Resource?SWUDNSAI=31\"></iframe>",
            "Imperva",
        ),
    ] {
        assert_eq!(page(status, text), Some(service), "{text}");
    }
    let denied = "<HTML><HEAD>\n<TITLE>Access Denied</TITLE></HEAD><BODY>You don't have permission. Reference&#32;&#35;18&#46;x https&#58;&#47;&#47;errors&#46;edgesuite&#46;net</BODY>";
    assert_eq!(
        in_page(403, &headers(&[("server", "AkamaiGHost")]), denied.as_bytes()),
        Some("Akamai")
    );
    assert_eq!(page(403, denied), None, "the words alone are anybody's");
}

#[test]
fn an_article_about_challenge_pages_is_none() {
    let words = "<p>The page sets _cf_chl_opt and id=\"anubis_challenge\", then asks captcha-delivery.com/ for more.</p>";
    assert_eq!(page(200, words), None, "marks in the words for readers");
    let script = "<script>window._cf_chl_opt = {}</script>";
    assert_eq!(
        page(200, &format!("{script}{}", words.repeat(20))),
        None,
        "more to read than such a page has"
    );
    assert_eq!(
        page(200, &format!("{script}<p>{}</p>", "新闻".repeat(200))),
        None,
        "words without spaces"
    );
    assert_eq!(
        page(200, "<script src=\"/_Incapsula_Resource?SWJIYLWA=7\"></script><p>News.</p>"),
        None,
        "on each page of its sites"
    );
    assert_eq!(
        page(
            200,
            "<script src=\"/cdn-cgi/challenge-platform/scripts/jsd/main.js\"></script><p>News.</p>"
        ),
        None,
        "on each page"
    );
    assert_eq!(page(200, "<script>unclosed <style"), None);
}

#[test]
fn a_403_may_mean_too_often() {
    assert!(is_too_often(&headers(&[("retry-after", "60")]), b""));
    assert!(is_too_often(&headers(&[("x-ratelimit-remaining", "0")]), b""));
    assert!(is_too_often(&HeaderMap::new(), b"<h1>Rate limit exceeded</h1>"));
    assert!(!is_too_often(&headers(&[("x-ratelimit-remaining", "10")]), b"<h1>Forbidden</h1>"));
}

#[test]
fn a_consent_wall_is_where_redirects_led_away_from_the_page() {
    let wall = |asked: &str, at: &str| {
        wants_consent(&Url::parse(asked).unwrap(), &Url::parse(at).unwrap())
    };
    assert!(wall(
        "https://news.example/a",
        "https://consent.news.example/v2/collectConsent?sessionId=1"
    ));
    assert!(wall("https://news.example/a", "https://myprivacy.group.example/consent?siteKey=1"));
    assert!(wall("https://news.example/a", "https://news.example/privacy-gate?redirectUri=%2Fa"));
    assert!(!wall("https://news.example/a", "https://www.news.example/a-consent-decree"));
    assert!(!wall("https://consent.example/", "https://consent.example/consent"));
}
