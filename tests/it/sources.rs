//! `nashra sources list`, `export`, `add`, `remove` and `import`.

use std::{fs, path::Path};

use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::support::{Nashra, Site, command, lines, until};

fn listed(dir: &Path) -> Vec<Value> {
    let (code, out, words) = command(
        dir,
        &["sources", "list", "--json", "--sources", "sources.txt", "--data-dir", "data"],
    );
    assert_eq!(code, Some(0), "{words}");
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_source_is_listed_with_its_state_while_a_daemon_runs_and_after_it() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "One")]);
    site.page("one", "One", "It began.");
    let list = format!(
        "[[source]]\nid = \"good\"\nurl = \"{0}/feed\"\n[[source]]\nid = \"bad\"\nurl = \"{0}/gone\"\n",
        site.base
    );
    fs::write(dir.path().join("sources.txt"), &list).unwrap();
    assert!(listed(dir.path()).iter().all(|listed| listed["state"] == "new"));
    assert!(!dir.path().join("data").exists(), "a look leaves nothing behind");
    let nashra = Nashra::run(dir.path(), &list, &["--sink", "file"]);
    until("the article is there", || (lines(dir.path()).len() == 1).then_some(()));
    let states = |sources: &[Value]| {
        sources
            .iter()
            .map(|source| source["state"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    until("both states are known", || {
        (states(&listed(dir.path())) == ["ok", "backoff"]).then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
    let after = listed(dir.path());
    assert_eq!(states(&after), ["ok", "backoff"]);
    assert_eq!(
        (&after[0]["name"], &after[1]["reason"]),
        (&"Test feed".into(), &"HTTP status 404".into())
    );
    let (_, words, _) =
        command(dir.path(), &["sources", "list", "--sources", "sources.txt", "--data-dir", "data"]);
    assert!(words.contains("backoff") && words.contains("(HTTP status 404)"), "{words}");
    let mut lines = words.lines();
    assert!(lines.next().unwrap().starts_with("state     kind     last poll            next poll"));
    let columns: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!((columns[0], columns[1], columns[4]), ("ok", "feed", "good"));
    assert!(columns[2].ends_with('Z') && columns[2] <= columns[3], "{columns:?}");
}

#[test]
fn lists_are_exported_and_what_a_list_would_add_is_told() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("own.toml"), "[[source]]\nid = \"a\"\nurl = \"https://courier.example/a\"\n[[source]]\nkind = \"sitemap\"\nurl = \"https://courier.example/s.xml\"\n").unwrap();
    let run =
        |arguments: &[&str]| command(dir.path(), &[arguments, &["--sources", "own.toml"]].concat());
    let (code, toml, _) = run(&["sources", "export"]);
    assert_eq!(code, Some(0));
    assert!(toml.contains("id = \"a\"") && toml.contains("kind = \"sitemap\""), "{toml}");
    let (_, opml, words) = run(&["sources", "export", "--opml"]);
    assert!(
        opml.contains("xmlUrl=\"https://courier.example/a\"")
            && words.contains("left out, since OPML knows feeds alone: 1"),
        "{words}"
    );

    // As some feed readers write it: an address with a bare ampersand, an outline that is no feed,
    // an end tag that is missing.
    let reader = "<opml><body><outline text='World'><outline type=rss text='B' xmlUrl='https://courier.example/b?x=1&y=2'/>\
        <outline type=rss xmlUrl='https://courier.example/a'/><outline type=rss text='None'/></body></opml>";
    fs::write(dir.path().join("reader.opml"), reader).unwrap();
    let (code, out, words) = run(&["sources", "import", "reader.opml", "--dry-run"]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert!(
        words.contains("+ feed https://courier.example/b?x=1&y=2 B")
            && words.contains("new: 1, there already: 1, left out: 1"),
        "{words}"
    );
    let (_, out, _) = run(&["sources", "import", "reader.opml", "--toml"]);
    assert!(
        out.contains("url = \"https://courier.example/b?x=1&y=2\"")
            && out.contains("tags = [\"World\"]"),
        "{out}"
    );
    fs::write(dir.path().join("new.toml"), out).unwrap();
    assert_eq!(command(dir.path(), &["check", "--sources", "own.toml", "new.toml"]).0, Some(0));
    assert!(!dir.path().join("nashra-data").exists(), "a look leaves nothing behind");

    fs::write(dir.path().join("none.opml"), "<opml><body/></opml").unwrap();
    let (code, _, words) = run(&["sources", "import", "none.opml"]);
    assert!(code == Some(1) && words.contains("the list holds no source"), "{words}");
}

#[test]
fn a_source_that_is_added_is_polled_at_once_and_one_that_is_removed_no_more() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/own", &[("one", "One")]);
    site.feed("/more", &[("two", "Two")]);
    for (slug, title) in [("one", "One"), ("two", "Two"), ("three", "Three")] {
        site.page(slug, title, "It began.");
    }
    let own = format!("[[source]]\nid = \"own\"\nurl = \"{}/own\"\n", site.base);
    let nashra = Nashra::run(dir.path(), &own, &["--sink", "file"]);
    until("the first is there", || (lines(dir.path()).len() == 1).then_some(()));
    let (more, run) = (format!("{}/more", site.base), |arguments: &[&str]| {
        command(dir.path(), &[&["sources"], arguments, &["--data-dir", "data"]].concat())
    });
    let (code, _, words) =
        run(&["add", &more, "--kind", "feed", "--id", "more", "--tag", "new", "--dry-run"]);
    assert!(code == Some(0) && words.contains(&format!("+ feed {more}")), "{words}");
    assert!(site.seen("/more").is_empty());
    let (code, _, words) = run(&["add", &more, "--kind", "feed", "--id", "more", "--tag", "new"]);
    assert_eq!(code, Some(0), "{words}");
    let records = until("the second is there", || {
        Some(lines(dir.path())).filter(|records| records.len() == 2)
    });
    assert_eq!(
        (&records[1]["source"]["id"], &records[1]["source"]["tags"][0]),
        (&"more".into(), &"new".into())
    );
    let metrics = || nashra.metrics();
    until("both are counted", || {
        metrics().contains("nashra_sources{state=\"ok\"} 2").then_some(())
    });

    let all = listed(dir.path());
    assert_eq!(
        (all.len(), &all[1]["id"], &all[1]["place"]),
        (2, &"more".into(), &"nashra sources add".into())
    );
    assert!(all[1]["added"].is_string());
    assert!(run(&["export"]).1.contains("id = \"more\""));
    assert!(
        command(dir.path(), &["explain", "more", "--data-dir", "data"])
            .1
            .contains("added by command at ")
    );

    let (code, _, words) = run(&["remove", &more]);
    assert!(code == Some(0) && words.contains("- more"), "{words}");
    until("it is counted no more", || {
        metrics().contains("nashra_sources{state=\"ok\"} 1").then_some(())
    });
    let polls = || (site.seen("/own").len(), site.seen("/more").len());
    let (before, other) = polls();
    until("the other one is polled on", || (polls().0 >= before + 6).then_some(()));
    // One poll may have been on its way.
    assert!(polls().1 <= other + 1, "{other} {:?}", polls());
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn what_a_list_names_is_neither_added_nor_removed_and_its_place_is_told() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/own", &[]);
    let own = format!("[[source]]\nid = \"own\"\nurl = \"{}/own\"\n", site.base);
    let nashra = Nashra::run(dir.path(), &own, &["--sink", "file"]);
    nashra.admin();
    let run = |arguments: &[&str]| {
        command(dir.path(), &[&["sources"], arguments, &["--data-dir", "data"]].concat())
    };
    let (code, _, words) =
        run(&["add", "https://a.example/", "https://b.example/", "--id", "x", "--kind", "feed"]);
    assert!(code == Some(2) && words.contains("give one address"), "{words}");
    let (code, _, words) = run(&["add", &format!("{}/own", site.base), "--kind", "feed"]);
    assert!(code == Some(1) && words.contains("is already listed at sources.txt:1:1"), "{words}");
    let (code, _, words) =
        run(&["add", &format!("{}/other", site.base), "--kind", "feed", "--id", "own"]);
    assert!(
        code == Some(1)
            && words.contains("the id \"own\" is already that of the source at sources.txt:1:1"),
        "{words}"
    );
    let (code, _, words) = run(&["remove", "own"]);
    assert!(
        code == Some(1) && words.contains("own is listed at sources.txt:1:1: take it out there"),
        "{words}"
    );
    assert_eq!(listed(dir.path()).len(), 1);
    assert_eq!(nashra.stop(), Some(0));
}

fn sources(dir: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let place = ["--sources", "sources.txt", "--data-dir", "data"];
    command(dir, &[&["sources"], arguments, &place].concat())
}

/// A site with two feeds of an article each, the first of which a reader's list names, and the data
/// directory of a daemon that has imported that list and does not run.
fn imported() -> (Site, TempDir) {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/one", &[("one", "One")]);
    site.feed("/two", &[("two", "Two")]);
    for (slug, title) in [("one", "One"), ("two", "Two")] {
        site.page(slug, title, "It began.");
    }
    let opml = format!(
        "<opml><body><outline text='World'><outline type=rss text='One' xmlUrl='{0}/one'/></outline><outline type=rss text='Bad' xmlUrl='nowhere'/>\
         <outline type=rss text='None'/></body></opml>",
        site.base
    );
    fs::write(dir.path().join("reader.opml"), opml).unwrap();
    fs::write(dir.path().join("sources.txt"), "").unwrap();
    let (code, _, words) = sources(dir.path(), &["import", "reader.opml"]);
    assert!(code == Some(0) && words.contains("new: 1, there already: 0, left out: 2"), "{words}");
    assert!(
        words.contains("the xmlUrl of the outline \"Bad\"")
            && words.contains("the outline \"None\" is a feed without an xmlUrl"),
        "{words}"
    );
    (site, dir)
}

#[test]
fn sources_of_a_list_are_imported_and_stay_over_a_restart() {
    let (site, dir) = imported();
    let nashra = Nashra::run(dir.path(), "", &["--sink", "file"]);
    let records = until("its article is there", || {
        Some(lines(dir.path())).filter(|records| records.len() == 1)
    });
    assert_eq!(
        (&records[0]["source"]["name"], &records[0]["source"]["tags"][0]),
        (&"One".into(), &"World".into())
    );
    let (code, _, words) = sources(dir.path(), &["import", "reader.opml"]);
    assert!(code == Some(0) && words.contains("new: 0, there already: 1, left out: 2"), "{words}");
    let two = format!("{}/two", site.base);
    assert_eq!(sources(dir.path(), &["add", "--kind", "feed", &two]).0, Some(0));
    until("the other one is there", || (lines(dir.path()).len() == 2).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
    let polled = || (site.seen("/one").len(), site.seen("/two").len());
    let before = polled();
    let nashra = Nashra::run(dir.path(), "", &["--sink", "file"]);
    until("both are polled again", || {
        (polled().0 > before.0 && polled().1 > before.1).then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(lines(dir.path()).len(), 2, "nothing was published twice");
}

#[test]
fn a_list_goes_before_an_added_source_of_its_address_and_an_id_twice_is_an_error_of_both_places() {
    let (site, dir) = imported();
    let two = format!("{}/two", site.base);
    assert_eq!(sources(dir.path(), &["add", "--kind", "feed", &two]).0, Some(0));
    let list = format!("{two} named by the list");
    let nashra = Nashra::run(dir.path(), &list, &["--sink", "file"]);
    nashra.admin();
    until("both are polled", || {
        let all = listed(dir.path());
        (all.len() == 2
            && all.iter().all(|source| source["state"] == "ok")
            && all[0]["name"] == "named by the list")
            .then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
    let id = listed(dir.path())[1]["id"].as_str().unwrap().to_owned();
    let list = format!("[[source]]\nid = \"{id}\"\nurl = \"{}/x\"\n", site.base);
    let clash = Nashra::run(dir.path(), &list, &[]);
    until("the clash is told", || {
        clash.log().contains("is already that of the source at sources.txt:1:1").then_some(())
    });
    assert_eq!(clash.wait().code(), Some(1));
    assert_eq!(sources(dir.path(), &["remove", &id]).0, Some(0));
}

#[test]
fn whoever_adds_a_source_is_told_what_is_polled_of_its_site_already() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/own", &[("one", "One")]);
    site.page("one", "One", "It began.");
    let own = format!(
        "[[source]]\nid = \"own\"\nurl = \"{}/own\"\n[[source]]\nid = \"other\"\nurl = \"http://127.0.0.2:1/\"\n",
        site.base
    );
    let nashra = Nashra::run(dir.path(), &own, &["--sink", "file"]);
    until("it is read", || (lines(dir.path()).len() == 1).then_some(()));
    let more = format!("{}/more", site.base);
    let add = |arguments: &[&str]| {
        let place = ["--sources", "sources.txt", "--data-dir", "data"];
        let add = ["sources", "add", "--kind", "feed", more.as_str()];
        command(dir.path(), &[&add, arguments, &place].concat())
    };
    let told = |words: &str| {
        let expected = format!(
            "+ feed {more}\nof the same sites are polled already: 1\n  feed {}/own (id own, ok)\nnew: 1,",
            site.base
        );
        assert!(words.contains(&expected), "{words}");
    };
    told(&add(&["--dry-run"]).2);
    let (code, json, words) = add(&["--dry-run", "--json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(code, Some(0), "{words}");
    assert_eq!(
        (&report["same_site"]["total"], &report["same_site"]["sources"][0]["id"]),
        (&1.into(), &"own".into()),
        "{report}"
    );
    assert_eq!(nashra.stop(), Some(0));
    told(&add(&[]).2);
    let (code, _, words) = add(&[]);
    assert!(code == Some(1) && words.contains("new: 0, there already: 1"), "{words}");
}
