//! Megabytes of feed a second of CPU on one thread: our reader with all fields and repairs on,
//! beside feed-rs and the bare events of quick-xml.
//!
//!     cargo run --release --manifest-path tests/bench/Cargo.toml --bin feeds [FILE…]
//!
//! Without files it makes its own: feeds with content, headlines, Arabic.

use std::{hint::black_box, time::Duration};

use nashra_read::read::feed::{self, FeedOutput, safe_html};
use url::Url;

mod generator;

/// CPU time that one row is measured for.
const MEASURED: Duration = Duration::from_millis(1_500);

fn main() {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let Ok(url) = Url::parse("https://news.example/feed.xml") else { return };
    println!("{:28}{:>10}{:>10}{:>10}{:>12}{:>12}{:>10}", "MB/s", "events", "feed-rs", "ours", "ours, safe", "safe_html", "ammonia");
    if files.is_empty() {
        for (name, bytes) in generator::feeds() {
            row(name, &bytes, &url);
        }
    }
    for file in files {
        match std::fs::read(&file) {
            Ok(bytes) => row(&file, &bytes, &url),
            Err(error) => eprintln!("{file}: {error}"),
        }
    }
}

fn row(name: &str, bytes: &[u8], url: &Url) {
    let Ok(document) = feed::parse_document(bytes, None, url) else { return eprintln!("{name}: no feed") };
    let html: Vec<String> = document.entries.iter().filter_map(|entry| Some(entry.content.as_ref()?.html().into_owned())).collect();
    let html_bytes = html.iter().map(String::len).sum();
    let theirs = || feed_rs::parser::Builder::new().base_uri(Some(url.as_str())).sanitize_content(false).build().parse(bytes);
    let figures = [
        speed(bytes.len(), || events(bytes)),
        speed(bytes.len(), theirs),
        speed(bytes.len(), || feed::parse_document(bytes, None, url)),
        speed(bytes.len(), || feed::parse_document(bytes, None, url).map(|document| FeedOutput::new(document, url))),
        speed(html_bytes, || html.iter().map(|html| safe_html(html, url).len()).sum::<usize>()),
        speed(html_bytes, || html.iter().map(|html| ammonia::clean(html).len()).sum::<usize>()),
    ];
    let [events, theirs, ours, safe, own, ammonia] = figures;
    println!("{name:28}{events:>10.0}{theirs:>10.0}{ours:>10.0}{safe:>12.0}{own:>12.0}{ammonia:>10.0}");
}

/// What any reader on quick-xml costs at least.
fn events(bytes: &[u8]) -> usize {
    let mut reader = quick_xml::Reader::from_reader(bytes);
    let mut count = 0;
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) | Err(_) => return count,
            Ok(event) => count += black_box(event).len(),
        }
    }
}

/// Megabytes a second of CPU; the first run is not counted.
fn speed<T>(bytes: usize, mut work: impl FnMut() -> T) -> f64 {
    if bytes == 0 {
        return 0.0;
    }
    black_box(work());
    let (start, mut runs) = (cpu_time(), 0.0);
    loop {
        black_box(work());
        runs += 1.0;
        let spent = cpu_time().saturating_sub(start);
        if spent > MEASURED {
            return bytes as f64 * runs / spent.as_secs_f64() / 1e6;
        }
    }
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
