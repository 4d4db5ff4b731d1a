//! Sites as sources: what is read of them is found by itself.

use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, command, lines, until};

const LOOPBACK: [&str; 2] = ["--allow-address", "127.0.0.0/8"];

/// A home page whose head offers these feeds, and which links to these articles.
fn home(site: &Site, feeds: &[&str], articles: &[&str]) {
    let links = feeds
        .iter()
        .map(|feed| format!("<link rel=alternate type=application/rss+xml href=\"{feed}\">"));
    let cards = articles.iter().map(|article| {
        format!("<div class=card><h2><a href=\"/a/{article}\">The council of the old town decides on {article} after a long debate</a></h2><p>About {article}.</p></div>")
    });
    let (links, cards) = (links.collect::<String>(), cards.collect::<String>());
    let page = format!(
        "<!DOCTYPE html><html><head><title>Courier</title>{links}</head><body><main>{cards}</main></body></html>"
    );
    site.put("/", Answer::ok(page).with("content-type", "text/html"));
}

/// A feed of these articles, one an hour, the newest first.
fn feed(site: &Site, path: &str, slugs: &[&str]) {
    let items = slugs.iter().zip(0..).map(|(slug, hours)| {
        let date = (chrono::Utc::now() - chrono::TimeDelta::hours(hours)).to_rfc2822();
        format!("<item><title>Title {slug}</title><link>{}/a/{slug}</link><pubDate>{date}</pubDate></item>", site.base)
    });
    site.put(
        path,
        Answer::ok(format!(
            "<rss version=\"2.0\"><channel><title>{path}</title>{}</channel></rss>",
            items.collect::<String>()
        )),
    );
}

fn explain(dir: &std::path::Path) -> String {
    command(dir, &["explain", "courier", "--data-dir", "data"]).1
}

#[test]
fn a_site_is_read_at_its_best_source_which_is_kept_over_a_restart_and_found_again_when_it_is_gone()
{
    let (site, dir) = (Site::start(), tempdir().unwrap());
    home(&site, &["/sport.rss", "/all.rss", "/comments/feed/"], &[]);
    feed(&site, "/sport.rss", &["s1"]);
    feed(&site, "/all.rss", &["one", "two", "three", "s1"]);
    feed(&site, "/comments/feed/", &["c1", "c2", "c3", "c4", "c5"]);
    let list = format!("[[source]]\nid = \"courier\"\nkind = \"site\"\nurl = \"{}/\"\n", site.base);
    let more = ["--sink", "file", "--pages", "feed"];
    let nashra = Nashra::run(dir.path(), &list, &more);
    let records = until("its articles are there", || {
        Some(lines(dir.path())).filter(|records| records.len() == 4)
    });
    assert_eq!(
        (&records[0]["source"]["id"], &records[0]["source"]["kind"]),
        (&"courier".into(), &"feed".into())
    );
    assert_eq!(records[0]["source"]["url"], format!("{}/all.rss", site.base));
    until("it says what it reads", || {
        explain(dir.path()).contains("read as a feed at ").then_some(())
    });
    assert!(
        explain(dir.path()).contains("/all.rss since ")
            && explain(dir.path()).contains("(offered by the page's head)")
    );
    let (_, out, _) = command(
        dir.path(),
        &["sources", "list", "--json", "--sources", "sources.txt", "--data-dir", "data"],
    );
    let listed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&listed["kind"], &listed["reads"]["kind"]), (&"site".into(), &"feed".into()));
    assert_eq!(nashra.stop(), Some(0));

    let looks = site.seen("/").len();
    assert_eq!(looks, 1);
    let nashra = Nashra::run(dir.path(), &list, &more);
    let polls = site.seen("/all.rss").len();
    until("it is polled on", || (site.seen("/all.rss").len() >= polls + 3).then_some(()));
    assert_eq!(site.seen("/").len(), looks, "what was found is remembered");
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(lines(dir.path()).len(), 4);

    // A day of failures later: the feed has another address.
    a_day_of_failures_passes(dir.path());
    site.put("/all.rss", Answer::status(404));
    home(&site, &["/new.rss"], &[]);
    feed(&site, "/new.rss", &["four", "one", "two", "three", "s1"]);
    let nashra = Nashra::run(dir.path(), &list, &more);
    until("the new article is there", || {
        lines(dir.path()).iter().any(|line| line["title"] == "Title four").then_some(())
    });
    assert!(explain(dir.path()).contains("/new.rss since "), "{}", explain(dir.path()));
    assert_eq!(nashra.stop(), Some(0));
    let told: std::collections::HashSet<_> =
        lines(dir.path()).iter().map(|line| line["id"].to_string()).collect();
    assert_eq!((told.len(), site.seen("/").len()), (5, looks + 1), "what both list is one article");
}

/// Puts the facts of the site's source back by two days.
fn a_day_of_failures_passes(dir: &std::path::Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let polls = nashra::store::Store::open(&dir.join("data"), 1 << 20).unwrap().polls();
    let mut facts = polls.facts("courier").unwrap().unwrap();
    facts.failures = 5;
    facts.site.as_mut().unwrap().looked -= chrono::TimeDelta::days(2);
    let mut commit = nashra::store::PollCommit::default();
    commit.facts(&facts);
    runtime.block_on(polls.commit(commit)).unwrap();
    drop(polls);
    // Its writer closes the files in a thread of its own.
    until("the store is closed", || {
        let open = fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        (!open.into_iter().any(|open| open.starts_with(dir))).then_some(())
    });
}

#[test]
fn a_sites_news_sitemap_is_read_where_it_has_more_than_its_feeds() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    home(&site, &["/sport.rss"], &[]);
    feed(&site, "/sport.rss", &["s1", "s2"]);
    let urls = (0..20).map(|number| {
        let date = (chrono::Utc::now() - chrono::TimeDelta::minutes(20 * number)).to_rfc3339();
        format!("<url><loc>{}/a/n{number}</loc><news><publication><name>Courier</name></publication><title>News {number}</title><publication_date>{date}</publication_date></news></url>", site.base)
    });
    site.put(
        "/news-sitemap.xml",
        Answer::ok(format!("<urlset>{}</urlset>", urls.collect::<String>())),
    );
    let list = format!("[[source]]\nid = \"courier\"\nkind = \"site\"\nurl = \"{}/\"\n", site.base);
    let nashra = Nashra::run(dir.path(), &list, &["--sink", "file", "--pages", "feed"]);
    until("all are there", || (lines(dir.path()).len() == 20).then_some(()));
    assert!(explain(dir.path()).contains("read as a sitemap at "), "{}", explain(dir.path()));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_site_without_feeds_is_read_as_a_listing() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let slugs = [
        "harbour-opens-again",
        "school-is-closed-today",
        "mayor-resigns-at-last",
        "bridge-is-painted-blue",
        "ferry-sails-on-monday",
    ];
    home(&site, &[], &slugs);
    for slug in slugs {
        site.page(slug, slug, "It began.");
    }
    let list = format!("[[source]]\nid = \"courier\"\nkind = \"site\"\nurl = \"{}/\"\n", site.base);
    let nashra = Nashra::run(dir.path(), &list, &["--sink", "file"]);
    let records = until("all are there", || {
        Some(lines(dir.path())).filter(|records| records.len() == slugs.len())
    });
    assert_eq!(records[0]["source"]["kind"], "listing");
    assert!(explain(dir.path()).contains("read as a listing at "), "{}", explain(dir.path()));
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(site.seen("/rss.xml").len(), 1, "it is not looked for again soon");
}

#[test]
fn an_address_that_is_added_without_a_kind_is_looked_at() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    home(&site, &["/all.rss"], &[]);
    feed(&site, "/all.rss", &["one", "two"]);
    fs::write(dir.path().join("sources.txt"), "").unwrap();
    let add = |path: &str| {
        let url = format!("{}{path}", site.base);
        let (code, _, words) = command(
            dir.path(),
            &[
                &["sources", "add", &url, "--sources", "sources.txt", "--data-dir", "data"],
                &LOOPBACK[..],
            ]
            .concat(),
        );
        (code, words)
    };
    let (code, words) = add("/");
    assert!(
        code == Some(0)
            && words.contains("+ site ")
            && words.contains(&format!("of these the feed {}/all.rss will be read", site.base)),
        "{words}"
    );
    let (code, words) = add("/all.rss");
    assert!(code == Some(0) && words.contains("+ feed "), "{words}");
    let (code, words) = add("/nowhere");
    assert!(
        code == Some(1) && words.contains("HTTP status 404; --kind says what it is without a look"),
        "{words}"
    );
    let nashra = Nashra::run(dir.path(), "", &["--sink", "file", "--pages", "feed"]);
    until("its articles are there once", || (lines(dir.path()).len() == 2).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn what_a_feed_dropped_between_two_polls_is_taken_from_the_sites_news_sitemap() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let entry = |slug: &str, minutes: i64| {
        (slug.to_owned(), chrono::Utc::now() + chrono::TimeDelta::minutes(minutes))
    };
    let put = |entries: &[(String, chrono::DateTime<chrono::Utc>)]| {
        let items = entries.iter().map(|(slug, date)| {
            format!("<item><title>Title {slug}</title><link>{}/a/{slug}</link><guid isPermaLink=\"false\">{slug}</guid><pubDate>{}</pubDate></item>", site.base, date.to_rfc2822())
        });
        site.put(
            "/feed",
            Answer::ok(format!(
                "<rss version=\"2.0\"><channel><title>F</title>{}</channel></rss>",
                items.collect::<String>()
            )),
        );
    };
    put(&[entry("a", -90), entry("b", -80)]);
    let nashra = Nashra::run(
        dir.path(),
        &format!("[[source]]\nid = \"courier\"\nurl = \"{}/feed\"\n", site.base),
        &["--sink", "file", "--pages", "feed"],
    );
    let admin = nashra.admin();
    until("both are there", || (lines(dir.path()).len() == 2).then_some(()));
    // As if hours had passed: the clock of the articles runs ahead.
    let missed =
        [entry("old", -600), entry("a", -90), entry("c", 10), entry("d", 20), entry("e", 30)];
    let urls = missed.iter().map(|(slug, date)| {
        format!("<url><loc>{}/a/{slug}</loc><news><publication><name>Courier</name></publication><title>Title {slug}</title><publication_date>{}</publication_date></news></url>", site.base, date.to_rfc3339())
    });
    site.put(
        "/maps/google-news.xml",
        Answer::ok(format!("<urlset>{}</urlset>", urls.collect::<String>())),
    );
    site.put(
        "/robots.txt",
        Answer::ok(format!(
            "User-agent: *\nSitemap: {0}/maps/all.xml\nSitemap: {0}/maps/google-news.xml\n",
            site.base
        )),
    );
    put(&[entry("e", 30), entry("f", 40)]);
    let records = until("what was missed is there", || {
        Some(lines(dir.path())).filter(|records| records.len() == 6)
    });
    let metrics = || crate::support::get(&format!("{admin}metrics")).1;
    until("it is counted", || {
        metrics().contains("nashra_backfilled_pages_total{outcome=\"read\"} 1").then_some(())
    });
    // Another gap of the same day.
    put(&[entry("g", 50), entry("h", 60)]);
    until("it goes on", || (lines(dir.path()).len() == 8).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
    let mut titles: Vec<&str> =
        records.iter().filter_map(|record| record["title"].as_str()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["Title a", "Title b", "Title c", "Title d", "Title e", "Title f"]);
    assert_eq!(
        (site.seen("/maps/google-news.xml").len(), site.seen("/maps/all.xml").len()),
        (1, 0)
    );
}
