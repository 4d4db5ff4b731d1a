//! Any bytes are articles or an error, in either form, under an address or none; and what was read
//! can be published.
#![no_main]

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use nashra_read::{policy::assemble, read::page};
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let Ok(url) = Url::parse("https://news.example/2025/harbour.html") else { return };
    for form in [None, Some(page::Form::Html), Some(page::Form::Text)] {
        for url in [Some(&url), None] {
            match page::parse(bytes, None, url, form) {
                Ok(page) => {
                    assert!(!page.articles.is_empty());
                    assert!(serde_json::to_string(&assemble::unlisted(&page, url, DateTime::UNIX_EPOCH)).is_ok());
                }
                // It is caught, and counts as a fault all the same.
                Err(error) => assert_ne!(error, page::PageError::Panicked),
            }
        }
    }
});
