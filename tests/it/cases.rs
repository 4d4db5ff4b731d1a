//! Holds what needs a network or a config against the tables of cases: records together with the
//! pages of their entries, `sources discover`, `sources import`.

use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::tempdir;

#[path = "../cases/mod.rs"]
mod tables;

use tables::{Case, Reasons, Served, all_pass, check, folder, of, read};

use crate::support::{Answer, Nashra, PATIENCE, Site, articles, command, random};

fn served(served: &Served, base: &str) -> Answer {
    let body = match (&served.file, &served.magic) {
        (Some(file), _) => read(file, base),
        (None, magic) => media(magic.as_deref().unwrap_or_default()),
    };
    let answer = Answer::ok(body);
    match &served.media_type {
        Some(media_type) => answer.with("content-type", media_type),
        None => answer,
    }
}

/// A file that begins with these bytes, in hexadecimal, and goes on with some that are no text.
fn media(magic: &str) -> Vec<u8> {
    let digits = magic.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    let start = digits.map(|pair| u8::from_str_radix(pair, 16).unwrap());
    let rest = random(0x2545_f491_4f6c_dd1d).map(|number| number.to_le_bytes()[0]);
    start.chain(rest.take(40_000)).collect()
}

#[test]
fn pages_are_read_and_files_are_not() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let cases = of("feeds.jsonl", &["pages"]);
    let base = |case: &Case| format!("{}/{}", site.base, case.id);
    let mut sources = String::new();
    for case in &cases {
        for (path, what) in &case.serve {
            site.put(&format!("/{}{path}", case.id), served(what, &base(case)));
        }
        let feed = Answer::ok(read(&case.file, &base(case)));
        site.put(&format!("/{}/feed", case.id), feed.with("content-type", "application/xml"));
        sources.extend([&base(case), "/feed\n"]);
    }
    let nashra =
        Nashra::run(dir.path(), &sources, &["--sink", "file", "--pages", "on", "--backlog", "all"]);
    let of_case = |case: &Case| -> Value {
        let url = format!("{}/feed", base(case));
        articles(dir.path()).into_iter().filter(|record| record["source"]["url"] == url).collect()
    };
    let wanted: u64 = cases.iter().filter_map(|case| case.expect["n"].as_u64()).sum();
    // What is missing then is told case by case.
    let end = Instant::now() + PATIENCE;
    while (articles(dir.path()).len() as u64) < wanted && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(nashra.stop(), Some(0));
    all_pass(&cases, |case| {
        let mut why = check(case, &of_case(case));
        for path in case.expect.get("not_fetched").and_then(Value::as_array).into_iter().flatten() {
            let path = format!("/{}{}", case.id, path.as_str().unwrap());
            if !site.seen(&path).is_empty() {
                why.push(format!("{path} was fetched"));
            }
        }
        why
    });
}

fn discovered(case: &Case) -> Reasons {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    for (path, what) in &case.serve {
        site.put(path, served(what, &site.base));
    }
    let mut page = Answer::ok(read(&case.file, &site.base)).with("content-type", "text/html");
    if let Some(link) = case.headers.get("link") {
        page = page.with("link", &link.replace("@BASE@", &site.base));
    }
    let at = case.url.as_ref().map_or("/", |url| url.path()).to_owned();
    site.put(&at, page);
    let url = format!("{}{at}", site.base);
    let loopback = ["--allow-address", "127.0.0.0/8"];
    let (_, out, _) =
        command(dir.path(), &[&["sources", "discover", "--json", &url], &loopback[..]].concat());
    let urls = out.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        Some(line["url"].as_str()?.replace(&site.base, ""))
    });
    check(case, &urls.collect())
}

#[test]
fn feeds_that_a_page_offers_are_found() {
    all_pass(&of("feeds.jsonl", &["discover"]), discovered);
}

#[test]
fn lists_in_opml_are_imported() {
    let dir = tempdir().unwrap();
    all_pass(&of("feeds.jsonl", &["opml"]), |case| {
        let file = folder().join(&case.file);
        let (_, out, words) = command(
            dir.path(),
            &["sources", "import", "--toml", "--data-dir", "d", &file.to_string_lossy()],
        );
        let list: toml::Table = out.parse().unwrap_or_else(|error| panic!("{error}: {out}{words}"));
        let sources = list.get("source").and_then(|list| list.as_array().cloned());
        let urls = sources.unwrap_or_default();
        check(case, &urls.iter().filter_map(|source| source.get("url")?.as_str()).collect())
    });
}
