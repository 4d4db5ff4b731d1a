//! Any bytes under any claim of an encoding are text. The first bytes choose the claims.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nashra_read::read::feed;
use url::Url;

const LABELS: [&str; 16] = [
    "utf-8", "utf-16", "utf-16le", "utf-32", "windows-1256", "iso-8859-6", "gb18030", "big5", "euc-kr", "shift_jis", "iso-2022-jp", "tis-620",
    "us-ascii", "x-nothing", "windows-1252", "koi8-r",
];

fuzz_target!(|bytes: &[u8]| {
    let [header, declaration, body @ ..] = bytes else { return };
    let label = |byte: &u8| LABELS[usize::from(*byte) % LABELS.len()];
    let content_type = format!("text/xml; charset={}", label(header));
    let start = format!("<?xml version=\"1.0\" encoding=\"{}\"?><rss><channel><title>", label(declaration));
    let document = [start.as_bytes(), body, b"</title><item><guid>1</guid></item></channel></rss>"].concat();
    let Ok(url) = Url::parse("https://news.example/feed.xml") else { return };
    let _ = feed::parse_document(&document, Some(&content_type), &url);
    let _ = feed::parse_document(&document, None, &url);
    let _ = feed::parse_document(body, Some(&content_type), &url);
});
