//! What a byte of a body takes while it is read: each in a process of its own, because a process
//! never forgets its most.

use std::{hint::black_box, process::Command};

use nashra::read::{feed, listing, page, sitemap};
use url::Url;

use super::{bodies, daemon::resident, shapes};

const READERS: [&str; 2] = ["article", "listing"];

/// Weighs all shapes, as an article and as a listing, and feeds.
pub(crate) fn all(megabytes: usize, words: &[String]) {
    let wanted =
        |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let mut worst: Vec<(f64, String)> = Vec::new();
    let mut weigh = |reader: &str, name: &str| {
        let run = Command::new(std::env::current_exe().unwrap())
            .args(["--weigh", reader, name, &megabytes.to_string()])
            .output()
            .unwrap();
        let figure: f64 = String::from_utf8_lossy(&run.stdout).trim().parse().unwrap_or(f64::NAN);
        println!("{figure:>8.1} bytes a byte  {reader:8} {name}");
        worst.push((figure, format!("{reader} {name}")));
    };
    for shape in shapes::all().iter().filter(|shape| wanted(shape.name)) {
        for reader in READERS {
            weigh(reader, shape.name);
        }
    }
    for name in bodies::FEEDS.iter().filter(|feed| wanted(feed)) {
        weigh("feed", name);
    }
    worst.sort_by(|one, other| other.0.total_cmp(&one.0));
    for (figure, name) in worst.iter().take(12) {
        println!("worst {figure:.1} {name}");
    }
}

/// Weighs one, and says it.
pub(crate) fn one(arguments: &[String]) {
    let (reader, name) = (arguments[0].as_str(), arguments[1].as_str());
    let bytes = arguments[2].parse::<usize>().unwrap() * 1_000_000;
    let url = Url::parse("https://news.example/2025/harbour").unwrap();
    let (body, content_type) = match shapes::all().into_iter().find(|shape| shape.name == name) {
        Some(shape) => (shape.page(bytes), shape.content_type),
        None => (bodies::feed(name, bytes), None),
    };
    // What is made once is no body's.
    black_box(page::parse(b"<p>The harbour.</p>", None, Some(&url), None).ok());
    let before = resident("self", "VmRSS");
    match reader {
        "article" => drop(black_box(page::parse(&body, content_type, Some(&url), None))),
        "listing" => {
            drop(black_box(listing::parse(&body, content_type, &url).map(listing::to_feed)));
        }
        "sitemap" => drop(black_box(sitemap::parse(&body, content_type, &url))),
        _ => drop(black_box(feed::parse(&body, content_type, &url))),
    }
    let most = resident("self", "VmHWM");
    println!("{:.2}", (most.saturating_sub(before)) as f64 / body.len() as f64);
}
