//! The last editions of an article: on its page, over the API and by `explain`; over kills, and gone
//! once it is erased.

use std::{fs, path::Path};

use serde_json::Value;
use tempfile::tempdir;

use crate::{
    client::Client,
    support::{Answer, Nashra, Site, command, get, lines, until},
};

const ARABIC: &str = "قال المجلس يوم الاثنين إن الميناء القديم سيفتح من جديد أمام السفن الصغيرة في الصباح، وإن السوق ينتقل إلى الساحة خلف المطحنة.";

/// A page in Arabic that says how many ships came.
fn page(site: &Site, title: &str, ships: &str) {
    let html = format!(
        "<!doctype html><html lang=\"ar\" dir=\"rtl\"><title>{title}</title><article><h1>{title}</h1><p>{ARABIC} وصلت {ships} سفن. <b>&lt;script&gt;alert(1)&lt;/script&gt;</b></p><p>{ARABIC}</p></article></html>"
    );
    site.put("/a/one", Answer::ok(html).with("content-type", "text/html; charset=utf-8"));
}

/// Starts on the site's feed; its pages are looked at again quickly.
fn run(dir: &Path, site: &Site) -> Nashra {
    let config = "data_dir = \"data\"\nsources = [\"list.toml\"]\n\
        [poll]\nmin_interval = \"200ms\"\nmax_interval = \"400ms\"\nbudget = 864000\n\
        [page]\nlooks = [\"1s\", \"2s\", \"3s\", \"4s\", \"6s\", \"9s\", \"14s\", \"30s\"]\n\
        [fetch]\nspacing = \"1ms\"\ncontact = \"mailto:news@a.example\"\nallow_addresses = [\"127.0.0.0/8\"]\n\
        [editions]\nper_article = 2\n[sink]\nkind = \"file\"\n[admin]\nlisten = \"127.0.0.1:0\"\n";
    fs::write(dir.join("nashra.toml"), config).unwrap();
    let list = format!("[[source]]\nid = \"s\"\nurl = \"{}/feed\"\n", site.base);
    fs::write(dir.join("list.toml"), list).unwrap();
    Nashra::start(dir, &["run", "--config", "nashra.toml"])
}

/// Waits until the article has this revision.
fn revised(dir: &Path, revision: u64) -> Value {
    until("it is revised", || lines(dir).into_iter().find(|line| line["revision"] == revision))
}

#[test]
fn an_articles_page_shows_what_it_says_what_a_revision_changed_and_its_way() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "الميناء")]);
    page(&site, "الميناء القديم", "ثلاث");
    let (dir, nashra) = (dir.path(), run(dir.path(), &site));
    let first = revised(dir, 1);
    page(&site, "الميناء القديم", "سبع");
    let second = revised(dir, 2);
    let (id, api) = (first["id"].as_str().unwrap(), Client::of(&nashra));
    let known = || api.read(&format!("/api/v1/articles/{id}")).json();
    let known = until("it is acknowledged", || {
        Some(known()).filter(|known| known["editions"][0]["way"]["acknowledged"].is_string())
    });
    let records: Vec<&Value> =
        known["editions"].as_array().unwrap().iter().map(|edition| &edition["record"]).collect();
    assert_eq!(records, [&second, &first], "as they were published");
    let changes = &known["editions"][0]["text_changes"];
    assert_eq!((&changes[0]["removed"], &changes[0]["added"]), (&"ثلاث".into(), &"سبع".into()));
    assert_eq!(known["editions"][0]["title_changes"], serde_json::json!([]));
    assert!(known["editions"][1]["text_changes"].is_null());
    let way = &known["editions"][1]["way"];
    let times = ["polled", "listed", "fetched", "decided", "acknowledged"];
    let times = times.map(|stage| {
        way[stage].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap()
    });
    assert!(times.is_sorted(), "{way}");

    let shown = get(&format!("{}article?id={id}", nashra.admin())).1;
    for part in [
        "<article class=\"reading\" dir=\"rtl\" lang=\"ar\"><h1>الميناء القديم</h1>",
        "<del>ثلاث</del>",
        "<ins>سبع</ins>",
        "&lt;script&gt;alert(1)",
        "the visible elements of the page",
        "The way of revision 2",
        "Changed: text",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("<script>alert"), "{shown}");
    let words = command(dir, &["explain", id, "--config", "nashra.toml"]).1;
    assert!(
        words.contains("\nrevision 2, revised: ") && words.contains(", acknowledged "),
        "{words}"
    );

    // Only two are kept of each article.
    page(&site, "الميناء القديم يفتح", "سبع");
    revised(dir, 3);
    let known = api.read(&format!("/api/v1/articles/{id}")).json();
    let kept = known["editions"].as_array().unwrap();
    assert_eq!((kept.len(), &kept[1]["record"]), (2, &second));
    assert_eq!(kept[0]["title_changes"][0]["added"], "يفتح");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn what_was_published_is_kept_over_a_kill_and_nothing_of_what_was_erased() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "One"), ("two", "Two")]);
    site.page("two", "Two", "It stays.");
    site.page("one", "One", "Herons were seen.");
    let dir = dir.path();
    let nashra = run(dir, &site);
    until("both are published", || (lines(dir).len() == 2).then_some(()));
    nashra.kill();
    let (code, words, errors) = command(dir, &["state", "check", "--data-dir", "data"]);
    assert_eq!(code, Some(0), "{words}{errors}");
    let nashra = run(dir, &site);
    let api = Client::of(&nashra);
    let editions = |record: &Value| {
        let id = record["id"].as_str().unwrap();
        api.read(&format!("/api/v1/articles/{id}")).json()["editions"].clone()
    };
    for record in lines(dir) {
        assert_eq!(editions(&record)[0]["record"], record);
    }
    let one = lines(dir).into_iter().find(|line| line["title"] == "One").unwrap();
    let two = lines(dir).into_iter().find(|line| line["title"] == "Two").unwrap();
    let (code, words, errors) =
        command(dir, &["erase", one["id"].as_str().unwrap(), "--config", "nashra.toml"]);
    assert_eq!(code, Some(0), "{words}{errors}");
    assert_eq!(editions(&one), serde_json::json!([]));
    assert_eq!(editions(&two)[0]["record"], two);
    let shown = get(&format!("{}article?id={}", nashra.admin(), one["id"].as_str().unwrap())).1;
    assert!(shown.contains("or was erased") && !shown.contains("Herons"), "{shown}");
    assert_eq!(nashra.stop(), Some(0));
}
