//! However many large bodies come at once: what the program takes is bounded, and a good source
//! goes on.

use std::fmt::Write as _;

use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, lines, until};

/// Megabytes of each body; and how many there are.
const LARGE: usize = 8;
const COUNT: usize = 40;
/// Megabytes that the program may take with a budget of 48: it has some for itself, the store and
/// its libraries, and a debug build more than another. Without a budget these bodies take several
/// times as much.
const MOST: u64 = 230;

/// So many megabytes between a start and an end.
fn large(start: &str, end: &str, mut one: impl FnMut(usize, &mut String)) -> Answer {
    let mut text = start.to_owned();
    for at in 0.. {
        if text.len() > LARGE * 1_000_000 {
            break;
        }
        one(at, &mut text);
    }
    // As it is: compressed ones take their size only while they are read, and that few do at once.
    Answer::ok(text + end)
}

/// Beside many sources of a kind that are large, the articles of a good one come, and memory stays
/// bounded.
fn stays_bounded(kind: &str, path: &str, answers: &[(&str, Answer)]) {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let mut list = format!("[[source]]\nurl = \"{}/feed\"\n", site.base);
    for (path, answer) in answers {
        site.put(path, answer.clone());
    }
    let answer = answers.iter().find(|answer| answer.0 == path).unwrap().1.clone();
    for at in 0..COUNT {
        site.put(&format!("{path}/{at}"), answer.clone());
        write!(list, "[[source]]\nkind = \"{kind}\"\nurl = \"{}{path}/{at}\"\n", site.base)
            .unwrap();
    }
    std::fs::write(dir.path().join("list.toml"), list).unwrap();
    let config = "[fetch]\ncontact = \"https://news.example/bot\"\nmemory = \"48MiB\"\nper_host = 64\n[store]\ncache = \"8MiB\"\n";
    std::fs::write(dir.path().join("nashra.toml"), config).unwrap();
    site.feed("/feed", &[]);
    let nashra =
        Nashra::with_sources(dir.path(), "list.toml", &["-c", "nashra.toml", "--sink", "file"]);
    until("all large ones were asked for", || {
        (0..COUNT).all(|at| !site.seen(&format!("{path}/{at}")).is_empty()).then_some(())
    });
    let mut listed = Vec::new();
    for slug in ["one", "two", "three"] {
        site.page(slug, slug, "Words of it.");
        listed.insert(0, (slug, slug));
        site.feed("/feed", &listed);
        until("the good article is there", || {
            lines(dir.path()).iter().any(|line| line["title"] == slug).then_some(())
        });
    }
    let most = nashra.most_resident() / 1_000_000;
    assert!(most < MOST, "{kind}: {most} MB");
    nashra.kill();
}

#[test]
fn many_large_feeds_at_once_take_no_more_than_the_budget() {
    let item = |at: usize, text: &mut String| {
        write!(text, "<item><guid>{at}</guid><title>Old news {at}</title><pubDate>Mon, 01 Jan 2018 00:00:00 GMT</pubDate></item>").unwrap();
    };
    let feed =
        large("<rss version=\"2.0\"><channel><title>Large</title>", "</channel></rss>", item);
    stays_bounded("feed", "/large", &[("/large", feed)]);
}

#[test]
fn nor_do_many_indexes_of_large_sitemaps() {
    let url = |at: usize, text: &mut String| {
        write!(
            text,
            "<url><loc>https://news.example/archive/{at}</loc><lastmod>2018-01-01</lastmod></url>"
        )
        .unwrap();
    };
    let child = |at: usize| format!("<sitemap><loc>/map/{at}</loc></sitemap>");
    let index = Answer::ok(format!(
        "<sitemapindex>{}</sitemapindex>",
        (0..6).map(child).collect::<String>()
    ));
    let maps: Vec<String> = (0..6).map(|at| format!("/map/{at}")).collect();
    let map = large("<urlset>", "</urlset>", url);
    let answers: Vec<_> =
        maps.iter().map(|path| (path.as_str(), map.clone())).chain([("/index", index)]).collect();
    stays_bounded("sitemap", "/index", &answers);
}
