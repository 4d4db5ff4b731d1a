//! The config and its lists of sources, read again while the daemon runs.

use std::{fs, io::Write as _, net::TcpListener, path::Path};

use tempfile::{TempDir, tempdir};

use crate::support::{Answer, Nashra, Site, command, lines, until};

/// A site with some feeds of one article each.
fn site(names: &[&str]) -> Site {
    let site = Site::start();
    for name in names {
        site.feed(&format!("/{name}"), &[(name, &name.to_uppercase())]);
        site.page(name, &name.to_uppercase(), "It began.");
    }
    site
}

fn source(site: &Site, name: &str, more: &str) -> String {
    format!(
        "[[source]]\nid = \"{name}\"\nurl = \"{}/{name}\"\nkind = \"feed\"\n{more}\n",
        site.base
    )
}

/// A daemon with a config file that says `more`, and a list.
fn daemon(list: &str, more: &str) -> (TempDir, Nashra) {
    let dir = tempdir().unwrap();
    write_config(dir.path(), more);
    fs::write(dir.path().join("list.toml"), list).unwrap();
    let nashra = Nashra::start(dir.path(), &["run", "--config", "nashra.toml"]);
    (dir, nashra)
}

fn write_config(dir: &Path, more: &str) {
    let config = format!(
        "data_dir = \"data\"\nsources = [\"list.toml\"]\n\
        [poll]\nmin_interval = \"200ms\"\nmax_interval = \"400ms\"\nbudget = 864000\n\
        [fetch]\ncontact = \"mailto:news@a.example\"\nallow_addresses = [\"127.0.0.0/8\"]\n\
        [sink]\nkind = \"file\"\n[admin]\nlisten = \"127.0.0.1:0\"\n{more}\n"
    );
    fs::write(dir.join("nashra.toml"), config).unwrap();
}

/// Has the config name a further list; gives the config.
fn also_list(dir: &Path, list: &str) -> String {
    let config = fs::read_to_string(dir.join("nashra.toml")).unwrap();
    let with = config.replace("[\"list.toml\"]", &format!("[\"list.toml\", \"{list}\"]"));
    fs::write(dir.join("nashra.toml"), &with).unwrap();
    with
}

fn reload(dir: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    command(dir, &[&["reload", "--config", "nashra.toml"], more].concat())
}

/// Titles of the records so far, sorted.
fn titles(dir: &Path) -> Vec<String> {
    let mut titles: Vec<String> =
        lines(dir).iter().map(|record| record["title"].as_str().unwrap().to_owned()).collect();
    titles.sort();
    titles
}

#[test]
fn sources_come_go_and_change_at_a_reload_and_what_stays_is_polled_on() {
    let site = site(&["stays", "goes", "comes", "wakes"]);
    let before = source(&site, "stays", "")
        + &source(&site, "goes", "")
        + &source(&site, "wakes", "paused = true");
    let (dir, nashra) = daemon(&before, "");
    until("two are read", || (titles(dir.path()) == ["GOES", "STAYS"]).then_some(()));
    let after =
        source(&site, "comes", "") + &source(&site, "stays", "") + &source(&site, "wakes", "");
    fs::write(dir.path().join("list.toml"), &after).unwrap();

    let (code, told, words) = reload(dir.path(), &["--dry-run"]);
    let expected =
        "+ comes\n- goes\n~ wakes\nsources added: 1, removed: 1, changed: 1, as before: 1\n";
    assert_eq!((code, told.as_str()), (Some(0), expected), "{words}");
    nashra.counts("nashra_sources{state=\"ok\"} 2");
    assert!(site.seen("/comes").is_empty(), "that was only a look");

    let (code, told, words) = reload(dir.path(), &[]);
    assert_eq!((code, told.as_str()), (Some(0), expected), "{words}");
    until("all that is listed was read", || {
        (titles(dir.path()) == ["COMES", "GOES", "STAYS", "WAKES"]).then_some(())
    });
    nashra.counts("nashra_sources{state=\"ok\"} 3");
    nashra.counts("nashra_sources{state=\"paused\"} 0");
    nashra.counts("nashra_reloads_total{outcome=\"done\"} 1");
    let (gone, stays) = (site.seen("/goes").len(), site.seen("/stays").len());
    until("the one that stays is polled on", || {
        (site.seen("/stays").len() >= stays + 6).then_some(())
    });
    // One poll may have been on its way.
    assert!(site.seen("/goes").len() <= gone + 1);
    assert_eq!(
        reload(dir.path(), &[]).1,
        "sources added: 0, removed: 0, changed: 0, as before: 3\n"
    );
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_list_or_a_config_that_is_wrong_changes_nothing_and_is_told() {
    let site = site(&["one", "two"]);
    let (dir, nashra) = daemon(&source(&site, "one", ""), "");
    until("it is read", || (titles(dir.path()) == ["ONE"]).then_some(()));
    let wrong = source(&site, "two", "") + "[[source]]\nurl = \"ftp://a.example/\"\n";
    fs::write(dir.path().join("list.toml"), wrong).unwrap();
    let (code, told, words) = reload(dir.path(), &[]);
    assert_eq!((code, told.as_str()), (Some(1), ""));
    assert!(words.contains("list.toml:7:7") && words.contains("scheme ftp"), "{words}");
    nashra.counts("nashra_reload_ok 0");
    nashra.counts("nashra_reloads_total{outcome=\"refused\"} 1");

    fs::write(dir.path().join("list.toml"), source(&site, "two", "")).unwrap();
    write_config(dir.path(), "[queues]\ndue = \"many\"");
    nashra.signal("HUP");
    nashra.counts("nashra_reloads_total{outcome=\"refused\"} 2");
    assert!(nashra.log().contains("queues.due"), "{}", nashra.log());
    let polls = site.seen("/one").len();
    until("it is polled on", || (site.seen("/one").len() > polls + 3).then_some(()));
    assert!(site.seen("/two").is_empty());

    write_config(dir.path(), "[queues]\ndue = 77");
    nashra.signal("HUP");
    nashra.counts("nashra_reload_ok 1");
    until("the other is read", || (titles(dir.path()) == ["ONE", "TWO"]).then_some(()));
    let (_, told, _) = reload(dir.path(), &["--dry-run"]);
    assert!(told.ends_with("used from the next start on: queues.due\n"), "{told}");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_hangup_while_the_daemon_starts_is_a_reload_once_it_has() {
    let lists = TcpListener::bind("127.0.0.1:0").unwrap();
    let dir = tempdir().unwrap();
    let config = format!(
        "data_dir = \"data\"\nsources = [\"http://{}/list.txt\"]\n[fetch]\ncontact = \"mailto:news@a.example\"\nallow_addresses = [\"127.0.0.0/8\"]\n\
        [sink]\nkind = \"file\"\n[admin]\nlisten = \"127.0.0.1:0\"\n",
        lists.local_addr().unwrap()
    );
    fs::write(dir.path().join("nashra.toml"), config).unwrap();
    let nashra = Nashra::start(dir.path(), &["run", "--config", "nashra.toml"]);
    lists.set_nonblocking(true).unwrap();
    let (mut asked, _) = until("it waits for its list", || lists.accept().ok());
    nashra.signal("HUP");
    fs::write(dir.path().join("nashra.toml"), "wrong").unwrap();
    let list = "http://127.0.0.1:1/feed\n";
    write!(
        asked,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{list}",
        list.len()
    )
    .unwrap();
    nashra.counts("nashra_reloads_total{outcome=\"refused\"} 1");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn what_was_added_by_command_stays_at_a_reload() {
    let site = site(&["one", "two", "three"]);
    let (dir, nashra) = daemon(&source(&site, "one", ""), "");
    let add = format!("{}/two", site.base);
    let arguments =
        ["sources", "add", &add, "--kind", "feed", "--id", "two", "--config", "nashra.toml"];
    until("it is read", || (titles(dir.path()) == ["ONE"]).then_some(()));
    assert_eq!(command(dir.path(), &arguments).0, Some(0));
    fs::write(dir.path().join("list.toml"), source(&site, "three", "")).unwrap();
    let (_, told, words) = reload(dir.path(), &[]);
    let expected = "+ three\n- one\nsources added: 1, removed: 1, changed: 0, as before: 1\n";
    assert_eq!(told, expected, "{words}");
    until("both are read", || {
        let titles = titles(dir.path());
        ["TWO", "THREE"].iter().all(|title| titles.iter().any(|known| known == title)).then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_file_that_changes_is_read_where_the_config_says_so() {
    let site = site(&["one", "two"]);
    let (dir, nashra) = daemon(&source(&site, "one", ""), "[run]\nwatch = true");
    until("it is read", || (titles(dir.path()) == ["ONE"]).then_some(()));
    let both = source(&site, "one", "") + &source(&site, "two", "");
    fs::write(dir.path().join("list.toml"), both).unwrap();
    until("the other is read", || (titles(dir.path()) == ["ONE", "TWO"]).then_some(()));
    nashra.counts("nashra_reloads_total{outcome=\"done\"} 1");
    // A look at what would be done takes nothing away from what is watched.
    fs::write(dir.path().join("list.toml"), source(&site, "two", "")).unwrap();
    assert!(reload(dir.path(), &["--dry-run"]).1.starts_with("- one\n"));
    nashra.counts("nashra_reloads_total{outcome=\"done\"} 2");
    nashra.counts("nashra_sources{state=\"ok\"} 1");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_source_that_moved_from_a_command_to_a_list_stays_when_its_row_is_removed() {
    let site = site(&["one", "two"]);
    let (dir, nashra) = daemon(&source(&site, "one", ""), "");
    until("it is read", || (titles(dir.path()) == ["ONE"]).then_some(()));
    let two = format!("{}/two", site.base);
    let sources = |arguments: &[&str]| {
        command(dir.path(), &[&["sources"], arguments, &["--config", "nashra.toml"]].concat())
    };
    assert_eq!(sources(&["add", &two, "--kind", "feed", "--id", "two"]).0, Some(0));
    until("both are read", || (titles(dir.path()) == ["ONE", "TWO"]).then_some(()));
    let both = source(&site, "one", "") + &source(&site, "two", "");
    fs::write(dir.path().join("list.toml"), both).unwrap();
    assert!(reload(dir.path(), &[]).1.ends_with("as before: 2\n"));
    assert_eq!(sources(&["remove", "two"]).0, Some(0));
    let polls = site.seen("/two").len();
    until("it is polled on", || (site.seen("/two").len() > polls + 3).then_some(()));
    assert!(reload(dir.path(), &["--dry-run"]).1.ends_with("as before: 2\n"));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_list_at_an_address_that_answers_something_else_once_keeps_its_sources() {
    let site = site(&["one", "two"]);
    site.put("/list.txt", Answer::ok(format!("{}/two\n", site.base)));
    let (dir, nashra) = daemon(&source(&site, "one", ""), "");
    until("it is read", || (titles(dir.path()) == ["ONE"]).then_some(()));
    also_list(dir.path(), &format!("{}/list.txt", site.base));
    assert!(reload(dir.path(), &[]).1.contains("added: 1"));
    until("both are read", || (titles(dir.path()) == ["ONE", "TWO"]).then_some(()));
    for answer in ["<html><body>Maintenance</body></html>", ""] {
        site.put("/list.txt", Answer::ok(answer));
        let (code, told, words) = reload(dir.path(), &[]);
        assert!(code == Some(0) && told.ends_with("as before: 2\n"), "{told} {words}");
    }
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_list_that_gives_no_source_any_more_is_refused_until_it_is_meant_so() {
    let site = site(&["one", "two"]);
    let list = source(&site, "one", "") + &source(&site, "two", "");
    let (dir, nashra) = daemon(&list, "");
    until("both are read", || (titles(dir.path()) == ["ONE", "TWO"]).then_some(()));
    // One that was always empty is none of this.
    fs::write(dir.path().join("other.txt"), "# None yet.\n").unwrap();
    let two_lists = also_list(dir.path(), "other.txt");
    assert!(reload(dir.path(), &[]).1.contains("as before: 2"));

    let refused = |name: &str| {
        for arguments in [&["--dry-run"][..], &[]] {
            let (code, told, words) = reload(dir.path(), arguments);
            assert_eq!((code, told.as_str()), (Some(1), ""), "{words}");
            let expected = format!("{name}: gives no source now; that would remove 2 sources");
            assert!(words.contains(&expected) && words.contains("--allow-empty"), "{words}");
        }
    };
    for emptied in ["", "# [[source]]\n# url = \"https://a.example/\"\n"] {
        fs::write(dir.path().join("list.toml"), emptied).unwrap();
        refused("list.toml");
    }
    // A config that names no list any more is no better.
    fs::write(
        dir.path().join("nashra.toml"),
        two_lists.replace("[\"list.toml\", \"other.txt\"]", "[]"),
    )
    .unwrap();
    refused("nashra.toml");
    nashra.counts("nashra_reloads_total{outcome=\"refused\"} 3");
    nashra.signal("HUP");
    nashra.counts("nashra_reloads_total{outcome=\"refused\"} 4");
    assert!(nashra.log().contains("refused: nothing changed"), "{}", nashra.log());
    nashra.counts("nashra_sources{state=\"ok\"} 2");
    fs::write(dir.path().join("nashra.toml"), &two_lists).unwrap();

    let expected = "- one\n- two\nsources added: 0, removed: 2, changed: 0, as before: 0\n";
    assert_eq!(reload(dir.path(), &["--allow-empty", "--dry-run"]).1, expected);
    nashra.counts("nashra_sources{state=\"ok\"} 2");
    assert_eq!(reload(dir.path(), &["--allow-empty"]).1, expected);
    nashra.counts("nashra_sources{state=\"ok\"} 0");
    assert_eq!(reload(dir.path(), &[]).0, Some(0), "it is empty and meant so");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_start_with_a_list_that_gives_no_source_any_more_warns_of_it() {
    let site = site(&["one", "two"]);
    let list = source(&site, "one", "") + &source(&site, "two", "");
    let (dir, nashra) = daemon(&list, "");
    until("both are read", || (titles(dir.path()) == ["ONE", "TWO"]).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
    fs::write(dir.path().join("list.toml"), "").unwrap();
    let start = || {
        let nashra = Nashra::start(dir.path(), &["run", "--config", "nashra.toml"]);
        nashra.admin();
        nashra
    };
    for _ in 0..2 {
        let nashra = start();
        let log = nashra.log();
        let line = log.lines().find(|line| line.contains("gives no source now")).unwrap();
        assert!(line.contains("\"sources\":2") && line.contains("list.toml"), "{line}");
        assert_eq!(nashra.stop(), Some(0));
    }
    let nashra = start();
    assert_eq!(reload(dir.path(), &["--allow-empty"]).0, Some(0));
    assert_eq!(nashra.stop(), Some(0));
    let nashra = start();
    assert!(!nashra.log().contains("gives no source now"), "{}", nashra.log());
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_look_at_what_a_reload_would_do_keeps_no_copy_of_a_list_at_an_address() {
    let site = site(&["one", "two"]);
    site.put("/list.txt", Answer::ok(format!("{}/two\n", site.base)));
    let (dir, nashra) = daemon(&source(&site, "one", ""), "");
    until("it is read", || (titles(dir.path()) == ["ONE"]).then_some(()));
    also_list(dir.path(), &format!("{}/list.txt", site.base));
    let copies = || fs::read_dir(dir.path().join("data/lists")).map_or(0, Iterator::count);
    assert!(reload(dir.path(), &["--dry-run"]).1.contains("added: 1"));
    assert_eq!(copies(), 0);
    assert!(reload(dir.path(), &[]).1.contains("added: 1"));
    assert_eq!(copies(), 1);
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn without_a_daemon_a_reload_says_so() {
    let dir = tempdir().unwrap();
    write_config(dir.path(), "");
    let (code, _, words) = reload(dir.path(), &[]);
    assert!(code == Some(3) && words.contains("no daemon runs"), "{words}");
}
