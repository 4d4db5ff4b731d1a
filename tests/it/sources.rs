//! `nashra sources list`, `export` and `import`.

use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{Nashra, Site, command, lines, until};

fn listed(dir: &std::path::Path) -> Vec<Value> {
    let (code, out, words) = command(dir, &["sources", "list", "--json", "--sources", "sources.txt", "--data-dir", "data"]);
    assert_eq!(code, Some(0), "{words}");
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_source_is_listed_with_its_state_while_a_daemon_runs_and_after_it() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "One")]);
    site.page("one", "One", "It began.");
    let list = format!("[[source]]\nid = \"good\"\nurl = \"{0}/feed\"\n[[source]]\nid = \"bad\"\nurl = \"{0}/gone\"\n", site.base);
    fs::write(dir.path().join("sources.txt"), &list).unwrap();
    assert!(listed(dir.path()).iter().all(|it| it["state"] == "new"));
    assert!(!dir.path().join("data").exists(), "a look leaves nothing behind");
    let nashra = Nashra::run(dir.path(), &list, &["--sink", "file"]);
    until("the article is there", || (lines(dir.path()).len() == 1).then_some(()));
    let states = |sources: &[Value]| sources.iter().map(|it| it["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    until("both states are known", || (states(&listed(dir.path())) == ["ok", "backoff"]).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
    let after = listed(dir.path());
    assert_eq!(states(&after), ["ok", "backoff"]);
    assert_eq!((&after[0]["name"], &after[1]["reason"]), (&"Test feed".into(), &"HTTP status 404".into()));
    let (_, words, _) = command(dir.path(), &["sources", "list", "--sources", "sources.txt", "--data-dir", "data"]);
    assert!(words.contains("backoff") && words.contains("(HTTP status 404)"), "{words}");
}

#[test]
fn lists_are_exported_and_what_a_list_would_add_is_told() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("own.toml"), "[[source]]\nid = \"a\"\nurl = \"https://courier.example/a\"\n[[source]]\nkind = \"sitemap\"\nurl = \"https://courier.example/s.xml\"\n").unwrap();
    let run = |arguments: &[&str]| command(dir.path(), &[arguments, &["--sources", "own.toml"]].concat());
    let (code, toml, _) = run(&["sources", "export"]);
    assert_eq!(code, Some(0));
    assert!(toml.contains("id = \"a\"") && toml.contains("kind = \"sitemap\""), "{toml}");
    let (_, opml, words) = run(&["sources", "export", "--opml"]);
    assert!(
        opml.contains("xmlUrl=\"https://courier.example/a\"") && words.contains("left out, since OPML knows feeds alone: 1"),
        "{words}"
    );

    // As some feed readers write it: an address with a bare ampersand, an outline that is no feed, an end tag that is missing.
    let reader = "<opml><body><outline text='World'><outline type=rss text='B' xmlUrl='https://courier.example/b?x=1&y=2'/>\
        <outline type=rss xmlUrl='https://courier.example/a'/><outline type=rss text='None'/></body></opml>";
    fs::write(dir.path().join("reader.opml"), reader).unwrap();
    let (code, out, words) = run(&["sources", "import", "reader.opml", "--dry-run"]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert!(
        words.contains("+ feed https://courier.example/b?x=1&y=2 B") && words.contains("new: 1, there already: 1, left out: 1"),
        "{words}"
    );
    let (_, out, _) = run(&["sources", "import", "reader.opml"]);
    assert!(out.contains("url = \"https://courier.example/b?x=1&y=2\"") && out.contains("tags = [\"World\"]"), "{out}");
    fs::write(dir.path().join("new.toml"), out).unwrap();
    assert_eq!(command(dir.path(), &["check", "--sources", "own.toml", "new.toml"]).0, Some(0));

    fs::write(dir.path().join("none.opml"), "<opml><body/></opml").unwrap();
    let (code, _, words) = run(&["sources", "import", "none.opml"]);
    assert!(code == Some(1) && words.contains("the list holds no source"), "{words}");
}
