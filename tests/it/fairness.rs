//! What one source lists holds no other up: real silent listeners, floods, and a good source beside
//! them.

use std::net::TcpListener;

use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, lines, rss, until};

/// Takes connections at every address of 127.0.0.0/8, and never says a word.
fn silent() -> (TcpListener, u16) {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A feed of so many links, each to a silent host of its own.
fn links_to_silent_hosts(net: u8, port: u16, count: usize) -> String {
    let item = |number: usize| {
        format!(
            "<item><title>Silent {number}</title><link>http://127.{net}.{}.{}:{port}/a</link></item>",
            number / 250,
            number % 250 + 1
        )
    };
    rss(&(0..count).map(item).collect::<String>())
}

fn has(dir: &std::path::Path, title: &str) -> bool {
    lines(dir).iter().any(|line| line["title"] == title)
}

/// Beside sources that list links to silent hosts, a good one publishes one article after the
/// other.
fn good_beside_silent(feeds: usize, links: usize) {
    let (site, dir, (_silent, port)) = (Site::start(), tempdir().unwrap(), silent());
    for number in 0..feeds {
        let net = u8::try_from(100 + number).unwrap();
        site.put(&format!("/bad/{number}"), Answer::ok(links_to_silent_hosts(net, port, links)));
    }
    site.feed("/feed", &[]);
    let bad = (0..feeds)
        .map(|number| format!("{}/bad/{number}\n", site.base))
        .collect::<Vec<_>>()
        .concat();
    let nashra =
        Nashra::run(dir.path(), &format!("{bad}{}/feed\n", site.base), &["--sink", "file"]);
    until("what is silent was listed", || {
        (0..feeds).all(|number| !site.seen(&format!("/bad/{number}")).is_empty()).then_some(())
    });
    let mut listed = Vec::new();
    for slug in ["one", "two", "three"] {
        site.page(slug, slug, "Words of it.");
        listed.insert(0, (slug, slug));
        site.feed("/feed", &listed);
        until("the good article is there", || has(dir.path(), slug).then_some(()));
    }
    nashra.kill();
}

#[test]
fn a_thousand_links_of_one_feed_to_silent_hosts_hold_no_other_source_up() {
    good_beside_silent(1, 1000);
}

#[test]
fn nor_do_those_of_ten_feeds() {
    good_beside_silent(10, 100);
}

#[test]
fn a_flood_of_entries_without_links_holds_no_other_source_up() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let item = |number: usize| {
        format!(
            "<item><guid isPermaLink=\"false\">{number}</guid><title>Flood {number}</title><description>Words of {number}.</description></item>"
        )
    };
    site.put("/flood", Answer::ok(rss(&(0..4000).map(item).collect::<String>())));
    site.feed("/feed", &[]);
    let nashra =
        Nashra::run(dir.path(), &format!("{0}/flood\n{0}/feed\n", site.base), &["--sink", "file"]);
    until("the flood begins", || (!lines(dir.path()).is_empty()).then_some(()));
    site.put(
        "/feed",
        Answer::ok(rss("<item><guid isPermaLink=\"false\">good</guid><title>Good</title><description>Words.</description></item>")),
    );
    until("all is there", || (lines(dir.path()).len() == 4001).then_some(()));
    let place = lines(dir.path()).iter().position(|line| line["title"] == "Good").unwrap();
    assert!(place < 4000, "it comes before the flood's end");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn what_a_source_lists_beyond_its_bound_is_left_out_told_and_comes_with_later_polls() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let titles: Vec<String> = (0..10).map(|number| format!("n{number}")).collect();
    site.feed(
        "/feed",
        &titles.iter().map(|title| (title.as_str(), title.as_str())).collect::<Vec<_>>(),
    );
    std::fs::write(
        dir.path().join("list.toml"),
        format!("[[source]]\nurl = \"{}/feed\"\nentries_per_poll = 3\n", site.base),
    )
    .unwrap();
    let nashra =
        Nashra::with_sources(dir.path(), "list.toml", &["--sink", "file", "--pages", "feed"]);
    until("all have come", || (lines(dir.path()).len() == 10).then_some(()));
    assert!(site.seen("/feed").len() >= 4);
    let metrics = nashra.metrics();
    // Seven, four and one.
    assert!(metrics.contains("nashra_entries_left_out_total{bound=\"poll\"} 12"), "{metrics}");
    assert_eq!(nashra.log().matches("more is listed than is taken of a source").count(), 1);
    assert_eq!(nashra.stop(), Some(0));
}

/// An index of sitemaps, and what it leads to.
fn index(at: &str) -> Answer {
    Answer::ok(format!("<sitemapindex><sitemap><loc>{at}</loc></sitemap></sitemapindex>"))
        .with("content-type", "application/xml")
}

#[test]
fn indexes_whose_sitemaps_never_come_hold_no_other_index_up() {
    let (site, dir, (_silent, port)) = (Site::start(), tempdir().unwrap(), silent());
    // Of one host only a few are polled at once.
    let others: Vec<Site> = (2..6).map(|number| Site::on(&format!("127.0.0.{number}"))).collect();
    let source = |site: &Site, path: &str| {
        format!("[[source]]\nkind = \"sitemap\"\nurl = \"{}{path}\"\n", site.base)
    };
    let mut list = source(&site, "/good");
    for (other, net) in others.iter().zip(120..) {
        for number in 0..3 {
            other.put(
                &format!("/{number}"),
                index(&format!("http://127.{net}.0.{}:{port}/sitemap", number + 1)),
            );
            list.push_str(&source(other, &format!("/{number}")));
        }
    }
    std::fs::write(dir.path().join("list.toml"), &list).unwrap();
    let nashra = Nashra::with_sources(dir.path(), "list.toml", &["--sink", "file"]);
    let are_followed = || {
        others
            .iter()
            .all(|other| (0..3).all(|number| !other.seen(&format!("/{number}")).is_empty()))
    };
    until("the others are being followed", || are_followed().then_some(()));
    site.page("one", "one", "Words of it.");
    let day = chrono::Utc::now().format("%Y-%m-%d");
    let sitemap = format!(
        "<urlset><url><loc>{}/a/one</loc><lastmod>{day}</lastmod></url></urlset>",
        site.base
    );
    site.put("/sitemap", Answer::ok(sitemap).with("content-type", "application/xml"));
    site.put("/good", index(&format!("{}/sitemap", site.base)));
    until("the good article is there", || has(dir.path(), "one").then_some(()));
    nashra.kill();
}

#[test]
fn hundreds_of_sources_on_silent_hosts_make_no_other_sources_poll_late() {
    let (site, dir, (_silent, port)) = (Site::start(), tempdir().unwrap(), silent());
    site.feed("/feed", &[]);
    let bad = (0..600)
        .map(|number| format!("http://127.{}.{}.1:{port}/feed\n", 100 + number / 250, number % 250))
        .collect::<Vec<_>>()
        .concat();
    let nashra =
        Nashra::run(dir.path(), &format!("{bad}{}/feed\n", site.base), &["--sink", "file"]);
    // All of them take more than one round of time limits, if they may have all places.
    until("the good source was polled as often as it is due", || {
        (site.seen("/feed").len() >= 25).then_some(())
    });
    nashra.kill();
}
