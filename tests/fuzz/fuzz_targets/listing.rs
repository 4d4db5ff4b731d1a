//! Any bytes list articles or are an error; no address, title or teaser is longer than its bound.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nashra_read::read::listing;
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let Ok(url) = Url::parse("https://news.example/") else { return };
    let _ = listing::weighed_links(bytes, None, &url);
    if let Ok(listing) = listing::parse(bytes, None, &url) {
        assert!(!listing.links.is_empty());
        assert!(serde_json::to_string(&listing.links).is_ok());
        assert!(listing.links.iter().flat_map(|link| [&link.title, &link.teaser]).flatten().all(|text| text.len() <= 2_000));
    }
});
