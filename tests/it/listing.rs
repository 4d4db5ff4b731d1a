//! Listing pages as sources, and as the filter reads them.

use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, articles, command, lines, until};

const ARTICLES: [(&str, &str); 6] = [
    ("harbour-reopens-after-the-storm", "Harbour reopens after the storm"),
    ("islands-agree-on-a-fishing-line", "Islands agree on a fishing line"),
    ("mill-owner-buys-the-last-bakery", "Mill owner buys the last bakery"),
    ("comet-seen-over-the-northern-villages", "Comet seen over the northern villages"),
    ("late-goal-sends-the-ferrymen-through", "Late goal sends the Ferrymen through"),
    ("a-choir-that-sings-only-in-tunnels", "A choir that sings only in tunnels"),
];

/// A home page of these articles, between its menu and its foot.
fn home(articles: &[(&str, &str)]) -> Answer {
    let cards: Vec<String> = articles
        .iter()
        .map(|(slug, title)| {
            format!(
                "<article class=\"card\"><a href=\"/a/{slug}\"><img src=\"/img/{slug}.jpg\"></a><a class=\"kicker\" href=\"/world\">World</a>\
                 <h3><a href=\"/a/{slug}?utm_source=home\">{title}</a></h3><p>What there is to say about it in a single line, at least.</p></article>"
            )
        })
        .collect();
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>Courier</title></head><body><nav><a href=\"/world\">World</a> <a href=\"/sport\">Sport</a> \
         <a href=\"/culture\">Culture</a></nav><main>{}</main><footer><a href=\"/about\">About us</a> <a href=\"/privacy\">Privacy</a></footer></body></html>",
        cards.concat()
    );
    Answer::ok(html).with("content-type", "text/html; charset=utf-8")
}

/// The pages of all of them.
fn put_pages(site: &Site) {
    for (slug, title) in ARTICLES {
        site.page(slug, title, "It is so.");
    }
}

fn sources(site: &Site, more: &str) -> String {
    format!("[[source]]\nid = \"courier\"\nkind = \"listing\"\nurl = \"{}/\"\n{more}", site.base)
}

fn published(dir: &std::path::Path) -> Vec<String> {
    let mut titles: Vec<String> = lines(dir)
        .iter()
        .map(|line| line["title"].as_str().unwrap_or_default().to_owned())
        .collect();
    titles.sort();
    titles
}

#[test]
fn a_listings_articles_are_published_and_a_new_one_at_the_next_poll() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    put_pages(&site);
    site.put("/", home(&ARTICLES[1..]));
    let nashra = Nashra::run(dir.path(), &sources(&site, ""), &["--sink", "file"]);
    until("five articles are there", || (lines(dir.path()).len() == 5).then_some(()));
    site.put("/", home(&ARTICLES));
    let records = until("the sixth is there", || {
        Some(lines(dir.path())).filter(|records| records.len() == 6)
    });
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(records[5]["title"], ARTICLES[0].1);
    assert_eq!(records[5]["source"]["kind"], "listing");
    assert!(records[5]["text"].as_str().unwrap().starts_with("It is so."));
    assert_eq!(published(dir.path()).len(), 6);
    assert!(["/world", "/sport", "/about"].iter().all(|path| site.seen(path).is_empty()));
}

#[test]
fn the_sources_selectors_name_the_links() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    put_pages(&site);
    site.put("/", home(&ARTICLES));
    let selectors = "[source.listing]\nitem = \"article.card\"\nlink = \"h3 a[href*='harbour'], h3 a[href*='comet']\"\n";
    let nashra = Nashra::run(dir.path(), &sources(&site, selectors), &["--sink", "file"]);
    until("two articles are there", || (lines(dir.path()).len() == 2).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(published(dir.path()), [ARTICLES[3].1, ARTICLES[0].1]);
}

#[test]
fn a_listing_without_articles_fails_with_its_reason_and_is_asked_without_validators() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let notice = "<!DOCTYPE html><html><body><p>Please enable cookies. <a href=\"/help\">Help</a></p></body></html>";
    site.put("/", Answer::ok(notice).with("etag", "\"v1\""));
    let nashra = Nashra::run(dir.path(), &sources(&site, ""), &["--sink", "file"]);
    until("it was polled twice", || (site.seen("/").len() >= 2).then_some(()));
    let log = until("the reason is logged", || {
        Some(nashra.log()).filter(|log| log.contains("none of the page's 1 links"))
    });
    assert!(log.contains("poll failed"));
    assert!(site.seen("/").iter().all(|seen| !seen.headers.contains_key("if-none-match")));
    put_pages(&site);
    site.put("/", home(&ARTICLES).with("etag", "\"v2\""));
    until("its articles are there once it has some", || {
        (lines(dir.path()).len() == 6).then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn what_a_listing_says_of_a_link_is_not_published_where_its_page_is_no_article() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    for (slug, title) in &ARTICLES[2..] {
        site.page(slug, title, "It is so.");
    }
    let short =
        "<!DOCTYPE html><html><body><h1>Gallery</h1><p>Pictures of the week.</p></body></html>";
    site.put(&format!("/a/{}", ARTICLES[0].0), Answer::ok("%PDF-1.7"));
    site.put(&format!("/a/{}", ARTICLES[1].0), Answer::ok(short).with("content-type", "text/html"));
    site.put("/", home(&ARTICLES));
    let nashra = Nashra::run(dir.path(), &sources(&site, ""), &["--sink", "file"]);
    let articles = || articles(dir.path()).len();
    until("the four articles are there", || (articles() == 4).then_some(()));
    let both = ["not an HTML page: a PDF", "no article text found"];
    until("both others are told", || {
        both.iter().all(|line| nashra.log().contains(line)).then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(articles(), 4);
}

#[test]
fn a_link_of_a_listing_or_a_feed_that_leads_to_a_page_of_teasers_gives_none_of_them_as_its_text() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    put_pages(&site);
    let teasers = include_str!("../fixtures/listing/teasers.html");
    site.put(
        &format!("/a/{}", ARTICLES[0].0),
        Answer::ok(teasers).with("content-type", "text/html"),
    );
    site.put("/", home(&ARTICLES));
    site.feed("/feed", &[("moved", "Moved")]);
    site.put("/a/moved", Answer::ok(teasers).with("content-type", "text/html"));
    let feed = format!("[[source]]\nurl = \"{}/feed\"\n", site.base);
    let flags = ["--sink", "file", "--log-level", "info,nashra=debug"];
    let nashra = Nashra::run(dir.path(), &sources(&site, &feed), &flags);
    until("the five articles are there", || (articles(dir.path()).len() >= 5).then_some(()));
    until("both pages are told", || {
        (nashra.log().matches("a page of links to articles").count() >= 2).then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
    let records = articles(dir.path());
    assert!(records.iter().all(|record| record["title"] != ARTICLES[0].1));
    assert!(records.iter().all(|record| !record["text"].to_string().contains("Boats went out")));
}

#[test]
fn the_filter_gives_addresses_details_or_all_that_it_weighed() {
    let dir = tempdir().unwrap();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/listing/arabic.html");
    let line = |more: &[&str]| {
        let arguments: Vec<&str> = ["listing", page, "--url", "https://courier.example/"]
            .iter()
            .chain(more)
            .copied()
            .collect();
        let (code, out, _) = command(dir.path(), &arguments);
        assert_eq!(code, Some(0));
        serde_json::from_str::<serde_json::Value>(&out).unwrap()
    };
    assert_eq!(line(&[])["links"][0], "https://courier.example/?p=81234");
    assert_eq!(line(&["--details"])["links"][0]["image"], "https://courier.example/files/0.jpg");
    let weighed = line(&["--candidates"])["candidates"].as_array().unwrap().clone();
    assert!(
        weighed.len() > 8
            && weighed.iter().filter(|weighed| weighed["article"] == true).count() == 8
    );
    assert_eq!(line(&["--link", "#footer a"])["links"].as_array().unwrap().len(), 2);
    let (code, _, err) = command(dir.path(), &["listing", page, "--link", "a:hover"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("the selector \"a:hover\" is not understood at \":hover\""), "{err}");
}
