//! Any script under any of the names that frameworks give to their state, any state in an attribute,
//! and any JSON-LD, are an article or none. The first byte chooses where it stands.
#![no_main]

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use nashra_read::{policy::assemble, read::page};
use url::Url;

const BEGINNINGS: [&str; 9] = [
    "<script type=\"application/ld+json\">",
    "<script type=\"application/ld+json\">{\"@context\":\"https://schema.org\",\"@type\":\"NewsArticle\",\"headline\":\"The harbour opens again\",\"articleBody\":",
    "<script id=\"__NEXT_DATA__\" type=\"application/json\">",
    "<script>self.__next_f.push([1,",
    "<script>window.__NUXT__=",
    "<script>window.__INITIAL_STATE__=",
    "<script>Fusion.globalContent=",
    "<script>window.__APOLLO_STATE__ = JSON.parse(",
    "<div data-page='{\"title\":\"The harbour opens again\",\"body\":",
];

fuzz_target!(|bytes: &[u8]| {
    let [first, script @ ..] = bytes else { return };
    let Ok(url) = Url::parse("https://news.example/2025/harbour.html") else { return };
    let beginning = BEGINNINGS[usize::from(*first) % BEGINNINGS.len()];
    let start = format!("<!DOCTYPE html><title>The harbour opens again</title><h1>The harbour opens again</h1>{beginning}");
    let html = [start.as_bytes(), script, b"}'></div></script><p>It began."].concat();
    match page::parse(&html, Some("text/html; charset=utf-8"), Some(&url), None) {
        Ok(page) => assert!(serde_json::to_string(&assemble::unlisted(&page, Some(&url), DateTime::UNIX_EPOCH)).is_ok()),
        Err(error) => assert_ne!(error, page::PageError::Panicked),
    }
});
