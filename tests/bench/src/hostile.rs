//! Milliseconds of CPU a megabyte that pages take which nobody means well with: as an article, and
//! as a listing.
//!
//!     cargo run --release --manifest-path tests/bench/Cargo.toml --bin hostile [--mb 1,5,20] [WORD…]
//!
//! With words only the shapes whose names hold one of them. At the end those that take more than 50
//! ms a megabyte, or grow faster than their size.

use std::hint::black_box;

use nashra_read::read::{listing, page};
use url::Url;

#[path = "../../it/hostile/shapes.rs"]
mod shapes;

/// Milliseconds a megabyte that no page may take.
const LIMIT: f64 = 50.0;

fn main() {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let mut sizes = vec![1, 5, 20];
    if words.first().is_some_and(|word| word == "--mb") {
        let list: String = words.drain(..2).nth(1).unwrap_or_default();
        sizes = list.split(',').filter_map(|part| part.parse().ok()).collect();
    }
    let Ok(url) = Url::parse("https://news.example/2025/harbour") else { return };
    // What is made once is no page's.
    black_box(page::parse(b"<p>The harbour.</p>", None, Some(&url), None).ok());
    let mut worst = Vec::new();
    for shape in shapes::all().into_iter().filter(|shape| words.is_empty() || words.iter().any(|word| shape.name.contains(word.as_str()))) {
        print!("{:42}", shape.name);
        let mut figures = Vec::new();
        for mb in &sizes {
            let bytes = shape.page(mb * 1_000_000);
            let megabytes = bytes.len() as f64 / 1e6;
            let article =
                cpu(|| page::parse(&bytes, shape.content_type, Some(&url), None).map(|page| page.articles.len()).unwrap_or(0)) / megabytes;
            let listed = cpu(|| listing::parse(&bytes, shape.content_type, &url).map(|listing| listing.links.len()).unwrap_or(0)) / megabytes;
            print!("{article:>9.1}{listed:>9.1}");
            use std::io::Write as _;
            let _ = std::io::stdout().flush();
            figures.push((article, listed));
        }
        println!();
        let high = figures.iter().any(|figure| figure.0 > LIMIT || figure.1 > LIMIT);
        let grows = |of: fn(&(f64, f64)) -> f64| {
            figures.first().zip(figures.last()).is_some_and(|(first, last)| of(last) > 2.0 * of(first).max(5.0))
        };
        if high || grows(|figure| figure.0) || grows(|figure| figure.1) {
            worst.push(shape.name);
        }
    }
    println!("{} above {LIMIT} ms a MB or growing: {worst:#?}", worst.len());
}

/// Milliseconds of this thread's CPU.
fn cpu(work: impl FnOnce() -> usize) -> f64 {
    let now = || rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let from = now();
    black_box(work());
    let to = now();
    (to.tv_sec - from.tv_sec) as f64 * 1e3 + (to.tv_nsec - from.tv_nsec) as f64 / 1e6
}
