//! Any markup in the fields of an entry is read, as RSS, as Atom and as JSON Feed. The first byte
//! chooses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nashra_read::read::feed::{self, FeedOutput};
use url::Url;

const FORMS: [[&str; 2]; 5] = [
    ["<rss version=\"2.0\"><channel><title>A</title><item><guid>1</guid><description>", "</description></item></channel></rss>"],
    ["<rss><channel><title>A</title><item><guid>1</guid><title>", "</title></item></channel></rss>"],
    ["<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>A</title><entry><id>1</id><content type=\"xhtml\">", "</content></entry></feed>"],
    ["<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>A</title><entry><id>1</id><content type=\"html\"><![CDATA[", "]]></content></entry></feed>"],
    ["{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"A\",\"items\":[{\"id\":\"1\",\"content_html\":\"", "\"}]}"],
];

fuzz_target!(|bytes: &[u8]| {
    let [first, markup @ ..] = bytes else { return };
    let Ok(url) = Url::parse("https://news.example/feed.xml") else { return };
    let [before, behind] = FORMS[usize::from(*first) % FORMS.len()];
    let document = [before.as_bytes(), markup, behind.as_bytes()].concat();
    if let Ok(read) = feed::parse_document(&document, None, &url) {
        assert!(serde_json::to_string(&FeedOutput::new(read, &url)).is_ok());
    }
    let _ = feed::parse(&document, None, &url);
});
