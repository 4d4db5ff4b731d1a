//! Any bytes under any content type are a page, a text, a file that is none, or an error. The first
//! line is the content type.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nashra_read::read::{encoding, page};
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (kind, body) = bytes.split_at(at);
    let Ok(kind) = std::str::from_utf8(kind) else { return };
    let Ok(url) = Url::parse("https://news.example/a") else { return };
    let _ = encoding::to_text(body, Some(kind));
    let _ = page::end(body, Some(kind));
    assert_ne!(page::parse(body, Some(kind), Some(&url), None).err(), Some(page::PageError::Panicked));
});
