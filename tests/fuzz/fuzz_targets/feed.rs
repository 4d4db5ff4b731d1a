//! Any bytes are a feed or an error, and what was read can be written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nashra_read::read::feed::{self, FeedOutput};
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let Ok(url) = Url::parse("https://news.example/feed.xml") else { return };
    if let Ok(document) = feed::parse_document(bytes, None, &url) {
        let written = serde_json::to_string(&FeedOutput::new(document, &url)).unwrap_or_default();
        assert!(written.starts_with("{\"ok\":true"));
    }
    let _ = feed::parse(bytes, None, &url);
});
