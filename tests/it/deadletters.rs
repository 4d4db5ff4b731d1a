//! Dead letters as an operator finds them, and trying them again: against a running daemon and on
//! the store itself.

use std::{fs, path::Path, time::Duration};

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, command, letter_bytes, lines, random, until};

const DATA: [&str; 2] = ["--data-dir", "data"];

fn deadletters(dir: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    command(dir, &[&["deadletters"], arguments, &DATA[..]].concat())
}

/// What `nashra deadletters list --json` says.
fn list(dir: &Path, more: &[&str]) -> Value {
    let (code, out, errors) = deadletters(dir, &[&["list", "--json"], more].concat());
    assert_eq!(code, Some(0), "{errors}");
    serde_json::from_str(&out).unwrap()
}

fn retry(dir: &Path, which: &[&str]) -> Value {
    let (code, out, errors) = deadletters(dir, &[&["retry", "--json"], which].concat());
    assert_eq!(code, Some(0), "{errors}");
    serde_json::from_str(&out).unwrap()
}

/// A site with a page that is gone and one that is no page.
fn site_with_faults() -> Site {
    let site = Site::start();
    site.feed("/feed", &[("gone", "Gone"), ("pdf", "Printed"), ("well", "Well")]);
    site.put("/a/gone", Answer::status(410));
    site.put("/a/pdf", Answer::ok(b"%PDF-1.7 not a page".as_slice()));
    site.page("well", "Well", "It is well.");
    site
}

/// Starts on the site's feed; pages that failed are tried again quickly.
fn run(dir: &Path, site: &Site) -> Nashra {
    let config = "[page]\nretry_first = \"100ms\"\nretry_max = \"200ms\"\n[fetch]\nspacing = \"1ms\"\ncontact = \"bot@example.org\"\n";
    fs::write(dir.join("nashra.toml"), config).unwrap();
    let more = ["--sink", "file", "-c", "nashra.toml"];
    let nashra = Nashra::run(dir, &format!("{}/feed", site.base), &more);
    // From here on commands reach it.
    nashra.admin();
    nashra
}

/// The same, once both dead letters are there.
fn started(dir: &Path, site: &Site) -> Nashra {
    let nashra = run(dir, site);
    until("both dead letters are there", || (list(dir, &[])["found"] == 2).then_some(()));
    nashra
}

fn revisions(dir: &Path, title: &str) -> Vec<u64> {
    let mut of: Vec<u64> = lines(dir)
        .iter()
        .filter(|line| line["schema"] == "nashra.article.v1" && line["title"] == title)
        .map(|line| line["revision"].as_u64().unwrap())
        .collect();
    of.sort_unstable();
    of
}

#[test]
fn what_failed_is_listed_shown_and_after_a_repair_tried_again_while_the_daemon_runs() {
    let (site, dir) = (site_with_faults(), tempdir().unwrap());
    let (dir, nashra) = (dir.path(), started(dir.path(), &site));
    let all = list(dir, &[]);
    assert_eq!((&all["reasons"]["gone"], &all["reasons"]["page"]), (&1.into(), &1.into()));
    let pdf = &list(dir, &["--reason", "page"])["letters"][0];
    assert_eq!(pdf["error"], "not an HTML page: a PDF");
    assert_eq!(letter_bytes(dir, pdf), b"%PDF-1.7 not a page");
    let (code, words, _) = deadletters(dir, &["show", pdf["id"].as_str().unwrap()]);
    assert!(code == Some(0) && words.contains("tried again: can be (page)"), "{words}");
    for (filter, found) in [
        (["--host", "127.0.0.1"], 2),
        (["--since", "1h"], 2),
        (["--until", "1h"], 0),
        (["--words", "printed"], 1),
        (["--source", "nobody"], 0),
    ] {
        assert_eq!(list(dir, &filter)["found"], found, "{filter:?}");
    }
    assert!(nashra.metrics().contains("nashra_dead_letters 2\n"));

    // Nothing is changed by a look.
    assert_eq!(retry(dir, &["--all", "--dry-run"])["outcomes"]["queued"], 2);
    assert!(list(dir, &[])["letters"][0].get("retried").is_none());
    site.page("pdf", "Printed", "It is printed.");
    assert_eq!(retry(dir, &["--host", "127.0.0.1"])["outcomes"]["queued"], 2);
    until("one is read and one failed again", || {
        let left = list(dir, &[]);
        (left["found"] == 1 && left["letters"][0]["attempts"] == 2).then_some(())
    });
    until("its article is revised", || (revisions(dir, "Printed") == [1, 2]).then_some(()));
    assert_eq!(revisions(dir, "Well"), [1]);
    let left = &list(dir, &[])["letters"][0];
    assert_eq!((&left["reason"], &left["title"]), (&"gone".into(), &"Gone".into()));
    nashra.counts("nashra_dead_letters_retried_total{outcome=\"succeeded\"} 1");
    nashra.counts("nashra_dead_letters_retried_total{outcome=\"failed\"} 1");
    let (code, _, errors) = deadletters(dir, &["show", pdf["id"].as_str().unwrap()]);
    assert!(code == Some(1) && errors.contains("there is no such dead letter"), "{errors}");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_retry_without_a_daemon_is_made_by_the_next_one() {
    let (site, dir) = (site_with_faults(), tempdir().unwrap());
    let (dir, nashra) = (dir.path(), started(dir.path(), &site));
    assert_eq!(nashra.stop(), Some(0));
    let id = list(dir, &["--reason", "gone"])["letters"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(retry(dir, &[&id])["outcomes"]["queued"], 1);
    assert_eq!(retry(dir, &[&id])["outcomes"]["waits"], 1);
    let (code, _, _) = deadletters(dir, &["retry", "01a22c0f-0000-7000-8000-000000000000"]);
    assert_eq!(code, Some(1));
    assert_eq!(deadletters(dir, &["retry"]).0, Some(2), "it must be said which");
    site.page("gone", "Gone", "It is back.");
    let nashra = run(dir, &site);
    until("its article is revised", || (revisions(dir, "Gone") == [1, 2]).then_some(()));
    until("its letter is gone", || (list(dir, &[])["found"] == 1).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_kill_at_any_moment_leaves_each_letter_whole_and_each_retry_made_once() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let slugs: Vec<String> = (0..30).map(|number| format!("s{number}")).collect();
    let entries: Vec<(&str, &str)> =
        slugs.iter().map(|slug| (slug.as_str(), slug.as_str())).collect();
    site.feed("/feed", &entries);
    for slug in &slugs {
        site.put(&format!("/a/{slug}"), Answer::ok(b"%PDF-1.7".as_slice()));
    }
    let dir = dir.path();
    let mut pauses = random(7).map(|number| Duration::from_millis(number % 300));
    let sound = || {
        let (code, words, errors) = command(dir, &["state", "check", "--data-dir", "data"]);
        assert_eq!(code, Some(0), "{words}{errors}");
    };
    for _ in 0..4 {
        let nashra = run(dir, &site);
        std::thread::sleep(pauses.next().unwrap());
        nashra.kill();
        sound();
    }
    let nashra = run(dir, &site);
    until("all are dead letters", || (list(dir, &[])["found"] == 30).then_some(()));
    for slug in &slugs {
        site.page(slug, slug, "It is so.");
    }
    retry(dir, &["--all"]);
    std::thread::sleep(pauses.next().unwrap());
    nashra.kill();
    for _ in 0..3 {
        sound();
        let nashra = run(dir, &site);
        retry(dir, &["--all"]);
        std::thread::sleep(pauses.next().unwrap());
        nashra.kill();
    }
    let nashra = run(dir, &site);
    until("none is left", || (list(dir, &[])["found"] == 0).then_some(()));
    until("all are revised once", || {
        let mut all: Vec<Vec<u64>> = slugs.iter().map(|slug| revisions(dir, slug)).collect();
        // A file is at least once: what was written and not yet remembered may come again.
        all.iter_mut().for_each(Vec::dedup);
        all.iter().all(|revisions| *revisions == [1, 2]).then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
    sound();
}
