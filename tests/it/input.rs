//! Pages as sources: at an address, in a file.

use std::{fs, path::Path};

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, articles, command, html, lines, until};

/// The daemon with one source, whose table this is.
fn run(dir: &Path, source: &str) -> Nashra {
    fs::write(dir.join("list.toml"), format!("[[source]]\n{source}\n")).unwrap();
    Nashra::with_sources(dir, "list.toml", &["--sink", "file"])
}

#[test]
fn a_page_at_an_address_is_fetched_once_an_edition_and_becomes_an_article_and_its_revisions() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.put("/page", Answer::ok(html("First", "It began.", "")).with("etag", "\"1\""));
    let nashra = run(
        dir.path(),
        &format!("id = \"front\"\nkind = \"page\"\nurl = \"{}/page\"\ntags = [\"x\"]", site.base),
    );
    until("the article is there and the page was asked for with its tag", || {
        let conditional = site
            .seen("/page")
            .iter()
            .any(|seen| seen.headers.get("if-none-match").is_some_and(|header| header == "\"1\""));
        (conditional && articles(dir.path()).len() == 1).then_some(())
    });
    site.put("/page", Answer::ok(html("First", "It began otherwise.", "")).with("etag", "\"2\""));
    let records = until("the revision is there", || {
        Some(articles(dir.path())).filter(|records| records.len() == 2)
    });
    assert_eq!((&records[1]["revision"], &records[1]["id"]), (&2.into(), &records[0]["id"]));
    assert_eq!(records[0]["url"], format!("{}/page", site.base));
    assert_eq!(
        (&records[0]["source"]["kind"], &records[0]["source"]["tags"]),
        (&"page".into(), &serde_json::json!(["x"]))
    );
    // Every look at the page was a poll: the first without a tag, all others with one.
    assert_eq!(
        site.seen("/page")
            .iter()
            .filter(|seen| seen.headers.get("if-none-match").is_none())
            .count(),
        1
    );
    assert!(
        command(dir.path(), &["explain", "front", "--data-dir", "data"])
            .1
            .contains("2 entries taken")
    );
    assert!(
        command(dir.path(), &["state", "check", "--data-dir", "data"]).1.contains("documents\t0\n")
    );
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn markup_that_changes_around_the_same_words_is_nothing_new() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.put("/page", Answer::ok(html("First", "It began.", "<meta name=token content=1>")));
    let nashra = run(dir.path(), &format!("kind = \"page\"\nurl = \"{}/page\"", site.base));
    until("the article is there", || (articles(dir.path()).len() == 1).then_some(()));
    site.put("/page", Answer::ok(html("First", "It began.", "<meta name=token content=2>")));
    nashra.has_counted("nashra_entries_total{verdict=\"known\"}");
    assert!(nashra.metrics().contains("nashra_entries_total{verdict=\"changed\"} 0"));
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(lines(dir.path()).len(), 1);
}

#[test]
fn a_page_that_is_never_closed_is_taken_at_the_second_poll_that_shows_as_much() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.put(
        "/page",
        Answer::ok(html("First", "It began.", "").replace("</body></html>", ""))
            .with("etag", "\"1\""),
    );
    let nashra = run(dir.path(), &format!("kind = \"page\"\nurl = \"{}/page\"", site.base));
    until("the article is there", || (articles(dir.path()).len() == 1).then_some(()));
    assert!(nashra.log().contains("the page breaks off") && site.seen("/page").len() >= 2);
    assert!(site.seen("/page")[1].headers.get("if-none-match").is_none());
    site.put(
        "/page",
        Answer::ok(html("First", "It began otherwise.", "").replace("</body></html>", ""))
            .with("etag", "\"2\""),
    );
    until("its revision is there", || (articles(dir.path()).len() == 2).then_some(()));
    assert_eq!(nashra.log().matches("the page breaks off").count(), 1);
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn the_tag_of_a_page_that_cannot_be_read_is_not_kept() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.put("/page", Answer::ok(b"%PDF-1.7".as_slice()).with("etag", "\"1\""));
    let nashra =
        run(dir.path(), &format!("id = \"front\"\nkind = \"page\"\nurl = \"{}/page\"", site.base));
    until("it was polled again", || (site.seen("/page").len() > 1).then_some(()));
    assert!(site.seen("/page").iter().all(|seen| seen.headers.get("if-none-match").is_none()));
    assert!(
        command(dir.path(), &["explain", "front", "--data-dir", "data"])
            .1
            .contains("state: backoff (not an HTML page: a PDF)")
    );
    assert_eq!(nashra.stop(), Some(0));
    assert!(lines(dir.path()).is_empty());
}

#[test]
fn a_file_without_an_address_is_known_again_by_its_content() {
    let dir = tempdir().unwrap();
    let page = dir.path().join("page.html");
    fs::write(&page, html("First", "It began.", "")).unwrap();
    let nashra = run(dir.path(), "id = \"disk\"\nkind = \"page\"\nfile = \"page.html\"");
    let records = until("the article is there", || {
        Some(articles(dir.path())).filter(|records| records.len() == 1)
    });
    assert_eq!(
        (&records[0]["url"], &records[0]["fetched_url"], &records[0]["title"]),
        (&Value::Null, &Value::Null, &"First".into())
    );
    assert_eq!(records[0]["source"]["url"], "file:page.html");
    fs::write(&page, html("Second", "It went on.", "")).unwrap();
    until("the second is there", || (articles(dir.path()).len() == 2).then_some(()));
    fs::write(&page, html("First", "It began.", "")).unwrap();
    let metrics = || nashra.metrics();
    until("the first was met again", || {
        metrics().contains("nashra_articles_total{change=\"duplicate\"} 1").then_some(())
    });
    fs::remove_file(&page).unwrap();
    let explained = || command(dir.path(), &["explain", "disk", "--data-dir", "data"]).1;
    until("the file is missed", || {
        explained().contains("state: backoff (there is no such file)").then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
    let records = articles(dir.path());
    assert_eq!(records.len(), 2);
    assert!(
        records.iter().all(|record| record["revision"] == 1)
            && records[0]["id"] != records[1]["id"]
    );
}

#[test]
fn a_text_in_a_file_is_an_article_without_an_address() {
    let dir = tempdir().unwrap();
    let paragraph = "The harbour of the old town is open again, and the first ferry left before dawn with forty people on board, as the council had said that it would.";
    fs::write(
        dir.path().join("dump.txt"),
        format!("Harbour reopens after the storm\n\n{paragraph}\n\n{paragraph} Nobody was late.\n"),
    )
    .unwrap();
    let nashra = run(dir.path(), "kind = \"page\"\nfile = \"dump.txt\"");
    let records = until("the article is there", || {
        Some(articles(dir.path())).filter(|records| records.len() == 1)
    });
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(
        (&records[0]["url"], &records[0]["title"]),
        (&Value::Null, &"Harbour reopens after the storm".into())
    );
}
