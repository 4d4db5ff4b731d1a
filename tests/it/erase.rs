//! `nashra erase` on the real program: what is published, what is left in the files.

use std::{fs, path::Path};

use serde_json::Value;
use tempfile::tempdir;

use crate::{
    kafka::{World, wait_for},
    support::{Nashra, Site, all_lines, command, lines, until},
};

/// Words that stand nowhere else.
const HEADLINE: &str = "Quzzlewick";
const TEXT: &str = "Vorblegantine";
const FILE: [&str; 2] = ["--sink", "file"];

/// A site with two articles, one of which is to be erased.
fn site() -> (Site, String) {
    let site = Site::start();
    let headline = format!("{HEADLINE} is before the court");
    site.feed("/feed", &[("one", &headline), ("two", "Another one")]);
    site.page("one", &headline, &format!("The {TEXT} of the town, and more of it."));
    site.page("two", "Another one", "The text of another one, and more.");
    let feed = format!("{}/feed", site.base);
    (site, feed)
}

/// The files below a folder in which a word stands.
fn with_word(dir: &Path, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(with_word(&path, word));
        } else if let Ok(bytes) = fs::read(&path)
            && bytes.windows(word.len()).any(|part| part == word.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

fn in_store(dir: &Path) -> Vec<String> {
    let store = dir.join("data/store");
    [with_word(&store, HEADLINE), with_word(&store, TEXT)].concat()
}

fn erase(dir: &Path, id: &str) -> (Option<i32>, String, String) {
    command(dir, &["erase", id, "--data-dir", "data"])
}

fn published(dir: &Path, count: usize) -> Vec<Value> {
    until(&format!("{count} records are there"), || {
        Some(lines(dir)).filter(|records| records.len() == count)
    })
}

/// The id of the article at an address, as `explain` tells it.
fn id_at(dir: &Path, address: &str) -> String {
    let (_, told, _) = command(dir, &["explain", address, "--data-dir", "data"]);
    told.split([' ', ',']).nth(1).unwrap().to_owned()
}

fn id_of(records: &[Value]) -> String {
    let told = |record: &&Value| record["title"].as_str().is_some_and(|it| it.contains(HEADLINE));
    records.iter().find(told).unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_article_is_erased_while_the_daemon_runs_and_its_words_are_gone_from_the_store() {
    let ((site, feed), dir) = (site(), tempdir().unwrap());
    let nashra = Nashra::run(dir.path(), &feed, &FILE);
    let id = id_of(&published(dir.path(), 2));
    assert!(!in_store(dir.path()).is_empty(), "the test would find them");
    let (code, told, errors) = erase(dir.path(), &id);
    assert_eq!(code, Some(0), "{errors}");
    assert!(told.contains("is erased; its withdrawal is revision 2"), "{told}");
    assert_eq!(in_store(dir.path()), [""; 0]);
    let records = published(dir.path(), 3);
    let withdrawn = &records[2];
    assert_eq!(
        (&withdrawn["id"], &withdrawn["change"]),
        (&id.as_str().into(), &"withdrawn".into())
    );
    assert_eq!((&withdrawn["title"], &withdrawn["text"]), (&Value::Null, &Value::Null));
    // Its feed tells of it anew, with another headline and text, beside one that is new.
    let headline = format!("{HEADLINE} is before the court again");
    site.page("one", &headline, &format!("The {TEXT} of the town, told anew."));
    site.page("three", "A third one", "The text of a third one.");
    let items = [("one", headline.as_str()), ("two", "Another one"), ("three", "A third one")];
    site.feed("/feed", &items);
    let records = published(dir.path(), 4);
    assert_eq!(records[3]["title"], "A third one");
    until("the other edition was looked at", || (site.seen("/a/one").len() > 1).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(all_lines(dir.path()).len(), 4);
    let (_, told, _) = command(dir.path(), &["explain", &id, "--data-dir", "data"]);
    assert!(told.contains("erased at 2"), "{told}");
    assert!(!told.contains(HEADLINE), "{told}");
}

#[test]
fn a_record_that_waits_does_not_go_out_and_a_second_erasing_says_so() {
    let ((_site, feed), dir) = (site(), tempdir().unwrap());
    // Nobody takes records: they wait.
    let config =
        "[fetch]\ncontact = \"mailto:a@b.example\"\n[kafka]\nbrokers = [\"127.0.0.1:9\"]\n";
    fs::write(dir.path().join("nashra.toml"), config).unwrap();
    let nashra = Nashra::run(dir.path(), &feed, &["--sink", "kafka", "-c", "nashra.toml"]);
    let told = || command(dir.path(), &["state", "check", "--data-dir", "data"]).1;
    until("both wait", || told().contains("2 records wait").then_some(()));
    nashra.kill();
    let id = id_at(dir.path(), &format!("{}a/one", feed.trim_end_matches("feed")));
    // No daemon runs.
    let (code, told, errors) = erase(dir.path(), &id);
    assert_eq!(code, Some(0), "{errors}");
    assert!(told.contains("1 records that waited"), "{told}");
    assert_eq!(in_store(dir.path()), [""; 0]);
    let (code, told, _) = erase(dir.path(), &id);
    assert_eq!(code, Some(0));
    assert!(told.contains("is erased already, since 2"), "{told}");
    let (code, _, errors) = erase(dir.path(), "01a221e5-4525-75b7-a4ae-8201d7f652db");
    assert_eq!(code, Some(1));
    assert!(
        errors.contains("no article 01a221e5-4525-75b7-a4ae-8201d7f652db is known"),
        "{errors}"
    );
    let nashra = Nashra::run(dir.path(), &feed, &FILE);
    let mut records = published(dir.path(), 2);
    assert_eq!(nashra.stop(), Some(0));
    records.sort_by_key(|record| record["revision"].as_u64());
    assert_eq!(
        (&records[0]["title"], &records[0]["change"]),
        (&"Another one".into(), &"new".into())
    );
    assert_eq!((&records[1]["id"], &records[1]["change"]), (&id.into(), &"withdrawn".into()));
}

#[test]
fn standard_output_gets_the_withdrawal_too() {
    let ((_site, feed), dir) = (site(), tempdir().unwrap());
    let mut nashra = Nashra::run(dir.path(), &feed, &["--sink", "stdout"]);
    let mut records = nashra.records();
    let first: Vec<Value> = records.by_ref().take(2).collect();
    let id = id_of(&first);
    assert_eq!(erase(dir.path(), &id).0, Some(0));
    let withdrawn = records.next().unwrap();
    assert_eq!((&withdrawn["id"], &withdrawn["change"]), (&id.into(), &"withdrawn".into()));
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(records.count(), 0);
}

#[test]
fn topics_get_the_withdrawal_once_and_positions_hold() {
    let Some(world) = World::new("erase") else { return };
    let of = |slug: &str| {
        let all = world.published();
        let found = all.iter().filter(|seen| seen.value["url"].as_str().unwrap().ends_with(slug));
        found.map(|seen| seen.value.clone()).collect::<Vec<_>>()
    };
    world.articles(&["first", "second"]);
    let nashra = world.start();
    wait_for(&nashra, 2);
    let first = of("first").remove(0)["id"].as_str().unwrap().to_owned();
    assert_eq!(erase(world.dir.path(), &first).0, Some(0));
    wait_for(&nashra, 3);
    nashra.kill();
    // The third one waits, because no broker is there.
    world.articles(&["first", "second", "third"]);
    let feed = format!("{}/feed", world.site.base);
    let away = ["--sink", "kafka", "--brokers", "127.0.0.1:9", "--topic-prefix", &world.prefix];
    let nashra = Nashra::run(world.dir.path(), &feed, &away);
    nashra.counts("nashra_articles_total{change=\"new\"} 1");
    nashra.kill();
    let third = id_at(world.dir.path(), &format!("{}/a/third", world.site.base));
    let (code, told, errors) = erase(world.dir.path(), &third);
    assert!(code == Some(0) && told.contains("1 records that waited"), "{told} {errors}");
    let nashra = world.start();
    wait_for(&nashra, 1);
    world.articles(&["first", "second", "third", "fourth"]);
    wait_for(&nashra, 2);
    assert_eq!(nashra.stop(), Some(0));
    let change = |seen: &Value| seen["change"].as_str().unwrap().to_owned();
    let changes = |slug: &str| of(slug).iter().map(change).collect::<Vec<_>>();
    assert_eq!(changes("first"), ["new", "withdrawn"]);
    assert_eq!(changes("second"), ["new"]);
    assert_eq!(changes("third"), ["withdrawn"]);
    assert_eq!(changes("fourth"), ["new"]);
}
