//! Sitemaps as sources.

use std::{fmt::Write as _, io::Write as _};

use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, articles, command, lines, until};

/// A news sitemap of these articles.
fn news(site: &Site, articles: &[(&str, &str)]) -> String {
    let urls = articles.iter().fold(String::new(), |mut out, (slug, title)| {
        let news = format!(
            "<news:news><news:publication><news:name>Courier</news:name></news:publication><news:title>{title}</news:title></news:news>"
        );
        write!(out, "<url><loc>{}/a/{slug}</loc>{news}</url>", site.base).unwrap();
        out
    });
    format!(
        "<?xml version=\"1.0\"?><urlset xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\">{urls}</urlset>"
    )
}

/// A plain sitemap: slug, date.
fn plain(site: &Site, pages: &[(&str, &str)]) -> String {
    let urls = pages.iter().fold(String::new(), |mut out, (slug, date)| {
        write!(out, "<url><loc>{}/a/{slug}</loc><lastmod>{date}</lastmod></url>", site.base)
            .unwrap();
        out
    });
    format!("<urlset>{urls}</urlset>")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn sources(site: &Site, path: &str) -> String {
    format!("[[source]]\nid = \"courier\"\nkind = \"sitemap\"\nurl = \"{}{path}\"\n", site.base)
}

#[test]
fn a_news_sitemaps_articles_are_published_once_and_a_new_one_at_the_next_poll() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.page("one", "First headline", "It began.");
    site.page("two", "Second headline", "It went on.");
    let put = |articles: &[(&str, &str)]| {
        let answer =
            Answer::ok(gzip(&news(&site, articles))).with("content-type", "application/gzip");
        site.put("/news-sitemap.xml.gz", answer);
    };
    put(&[("one", "First headline")]);
    let nashra =
        Nashra::run(dir.path(), &sources(&site, "/news-sitemap.xml.gz"), &["--sink", "file"]);
    until("the first is there", || (lines(dir.path()).len() == 1).then_some(()));
    put(&[("two", "Second headline"), ("one", "First headline")]);
    let records = until("the second is there", || {
        Some(lines(dir.path())).filter(|records| records.len() == 2)
    });
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(
        (&records[1]["title"], &records[1]["source"]["kind"]),
        (&"Second headline".into(), &"sitemap".into())
    );
    assert_eq!(records[1]["source"]["name"], "Courier");
    assert_eq!(lines(dir.path()).len(), 2);
}

#[test]
fn an_index_leads_to_its_sitemaps_even_where_it_does_not_change_itself() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let index = format!(
        "<sitemapindex><sitemap><loc>{0}/gone.xml</loc></sitemap><sitemap><loc>{0}/posts-2.xml</loc></sitemap></sitemapindex>",
        site.base
    );
    site.put("/sitemap.xml", Answer::ok(index).with("etag", "\"same\""));
    let now = chrono::Utc::now().to_rfc3339();
    site.page("one", "First headline", "It began.");
    site.page("two", "Second headline", "It went on.");
    site.put("/posts-2.xml", Answer::ok(plain(&site, &[("old", "2004-09-06"), ("one", &now)])));
    let nashra = Nashra::run(dir.path(), &sources(&site, "/sitemap.xml"), &["--sink", "file"]);
    until("the first is there", || (lines(dir.path()).len() == 1).then_some(()));
    site.put(
        "/posts-2.xml",
        Answer::ok(plain(&site, &[("old", "2004-09-06"), ("one", &now), ("two", &now)])),
    );
    until("the second is there", || (lines(dir.path()).len() == 2).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
    // What is older than the backlog is never asked for.
    assert!(site.seen("/a/old").is_empty());
}

#[test]
fn a_page_that_a_plain_sitemap_names_is_published_only_if_it_is_an_article() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let now = chrono::Utc::now().to_rfc3339();
    site.page("one", "First headline", "It began.");
    let short = "<!DOCTYPE html><html><body><h1>About us</h1><p>We are here.</p></body></html>";
    site.put("/a/about", Answer::ok(short).with("content-type", "text/html"));
    site.put("/sitemap.xml", Answer::ok(plain(&site, &[("about", &now), ("one", &now)])));
    let nashra = Nashra::run(dir.path(), &sources(&site, "/sitemap.xml"), &["--sink", "file"]);
    until("the other page is told", || {
        nashra.log().contains("no article text found").then_some(())
    });
    until("the article is there", || (articles(dir.path()).len() == 1).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(articles(dir.path())[0]["title"], "First headline");
}

#[test]
fn of_a_list_of_addresses_only_what_is_added_is_published() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    for slug in ["one", "two", "three"] {
        site.page(slug, slug, "It began.");
    }
    let list = |slugs: &[&str]| {
        Answer::ok(
            slugs
                .iter()
                .map(|slug| format!("{}/a/{slug}\n", site.base))
                .collect::<Vec<_>>()
                .concat(),
        )
    };
    site.put("/sitemap.txt", list(&["one", "two"]));
    let nashra = Nashra::run(dir.path(), &sources(&site, "/sitemap.txt"), &["--sink", "file"]);
    until("it was polled twice", || (site.seen("/sitemap.txt").len() >= 2).then_some(()));
    site.put("/sitemap.txt", list(&["one", "two", "three"]));
    until("the third is there", || (lines(dir.path()).len() == 1).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(lines(dir.path())[0]["title"], "three");
    assert!(site.seen("/a/one").is_empty() && site.seen("/a/two").is_empty());
}

#[test]
fn a_notice_instead_of_a_sitemap_fails_with_its_reason() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.put("/sitemap.xml", Answer::ok("<!DOCTYPE html><html><body>Soon</body></html>"));
    let nashra = Nashra::run(dir.path(), &sources(&site, "/sitemap.xml"), &["--sink", "file"]);
    until("the reason is logged", || {
        nashra.log().contains("an HTML page instead of a sitemap").then_some(())
    });
    site.page("one", "First headline", "It began.");
    site.put("/sitemap.xml", Answer::ok(news(&site, &[("one", "First headline")])));
    until("its articles are there once it is one", || (lines(dir.path()).len() == 1).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_trial_tells_a_sitemap_by_itself_and_follows_an_index() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let index = format!(
        "<sitemapindex><sitemap><loc>{}/news.xml</loc></sitemap></sitemapindex>",
        site.base
    );
    site.put("/sitemap.xml", Answer::ok(index));
    site.put("/news.xml", Answer::ok(news(&site, &[("one", "First headline")])));
    let url = format!("{}/sitemap.xml", site.base);
    let (code, json, words) =
        command(dir.path(), &["try", &url, "--json", "--allow-address", "127.0.0.0/8"]);
    assert_eq!(code, Some(0), "{words}");
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&report["what"], &report["title"]), (&"sitemap".into(), &"Courier".into()));
    assert_eq!(
        (&report["entries"][0]["title"], &report["entries"][0]["verdict"]),
        (&"First headline".into(), &"new".into())
    );
    assert_eq!(report["sitemaps"][0], format!("{}/news.xml", site.base));
    let (_, words, _) = command(dir.path(), &["try", &url, "--allow-address", "127.0.0.0/8"]);
    assert!(words.contains("a sitemap, title: Courier") && words.contains("followed: "), "{words}");
}
