//! The modes of `--pages`.

use tempfile::tempdir;

use crate::support::{Nashra, Site, command, lines, until};

#[test]
fn feed_mode_publishes_what_the_feed_says_and_fetches_no_page() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First")]);
    let nashra = Nashra::run(
        dir.path(),
        &format!("{}/feed", site.base),
        &["--sink", "file", "--pages", "feed"],
    );
    let records = until("the article is there", || {
        Some(lines(dir.path())).filter(|records| !records.is_empty())
    });
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(records[0]["text"], "About First, in short.");
    assert!(site.seen("/a/one").is_empty());
}

#[test]
fn off_mode_records_entries_and_publishes_nothing() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First"), ("two", "Second")]);
    let nashra = Nashra::run(
        dir.path(),
        &format!("{}/feed", site.base),
        &["--sink", "file", "--pages", "off"],
    );
    nashra.counts("nashra_entries_total{verdict=\"new\"} 2");
    assert_eq!(nashra.stop(), Some(0));
    assert!(command(dir.path(), &["state", "check", "--data-dir", "data"]).1.contains("seen\t2\n"));
    assert!(lines(dir.path()).is_empty() && site.seen("/a/one").is_empty());
}

#[test]
fn a_sources_rules_name_the_elements_of_its_pages_alone() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    for (feed, slug) in [("/ruled", "one"), ("/plain", "two")] {
        site.feed(feed, &[(slug, "First")]);
        site.page_with(
            slug,
            "First",
            "It began.",
            "<meta property=\"og:title\" content=\"Second\"><meta name=\"x\" content=\"Third\">",
        );
    }
    let sources = format!(
        "[[source]]\nurl = \"{0}/ruled\"\n[source.page]\ntitle = \"h1\"\nbyline = \"title\"\ntext = \"article > p\"\n[[source]]\nurl = \"{0}/plain\"\n",
        site.base
    );
    let nashra = Nashra::run(dir.path(), &sources, &["--sink", "file"]);
    until("both articles are there", || (lines(dir.path()).len() == 2).then_some(()));
    // A source that comes by command has its rules at once.
    site.feed("/added", &[("three", "Third")]);
    site.page("three", "Third", "It went on.");
    let added =
        format!("[[source]]\nurl = \"{}/added\"\npage = {{ text = \"article > p\" }}\n", site.base);
    std::fs::write(dir.path().join("more.toml"), added).unwrap();
    let (code, _, words) = command(
        dir.path(),
        &["sources", "import", "more.toml", "--sources", "sources.txt", "--data-dir", "data"],
    );
    assert_eq!(code, Some(0), "{words}");
    let records = until("the third is there", || {
        Some(lines(dir.path())).filter(|records| records.len() == 3)
    });
    assert_eq!(nashra.stop(), Some(0));
    let from = |slug: &str| {
        records.iter().find(|record| record["url"].as_str().unwrap().ends_with(slug)).unwrap()
    };
    let fields = ["title", "text", "bylines"].map(|field| from("one")["provenance"][field].clone());
    assert_eq!(fields, ["rule", "rule", "rule"]);
    assert_eq!(from("three")["provenance"]["text"], "rule");
    assert_eq!(
        (&from("one")["bylines"][0]["name"], &from("two")["provenance"]["text"]),
        (&"First".into(), &"dom".into())
    );
}
