//! The modes of `--pages`.

use tempfile::tempdir;

use crate::support::{Nashra, Site, command, get, lines, until};

#[test]
fn feed_mode_publishes_what_the_feed_says_and_fetches_no_page() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First")]);
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &["--sink", "file", "--pages", "feed"]);
    let records = until("the article is there", || Some(lines(dir.path())).filter(|it| !it.is_empty()));
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(records[0]["text"], "About First, in short.");
    assert!(site.seen("/a/one").is_empty());
}

#[test]
fn off_mode_records_entries_and_publishes_nothing() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First"), ("two", "Second")]);
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &["--sink", "file", "--pages", "off"]);
    let admin = nashra.admin();
    until("the feed was read", || get(&format!("{admin}metrics")).1.contains("nashra_entries_total{verdict=\"new\"} 2").then_some(()));
    assert_eq!(nashra.stop(), Some(0));
    assert!(command(dir.path(), &["state", "check", "--data-dir", "data"]).1.contains("seen\t2\n"));
    assert!(lines(dir.path()).is_empty() && site.seen("/a/one").is_empty());
}
