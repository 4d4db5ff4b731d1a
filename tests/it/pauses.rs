//! `nashra sources pause`, `resume` and `poll`.

use std::{fs, path::Path};

use tempfile::{TempDir, tempdir};

use crate::support::{Answer, Nashra, Site, command, lines, until};

/// A daemon that polls two feeds of one article each, `one` and `two`.
fn daemon(site: &Site) -> (TempDir, Nashra) {
    let dir = tempdir().unwrap();
    write_list(site, dir.path(), &["one", "two"]);
    for name in ["one", "two"] {
        site.feed(&format!("/{name}"), &[(name, &name.to_uppercase())]);
        site.page(name, &name.to_uppercase(), "It began.");
    }
    let nashra = start(dir.path(), "400ms");
    until("both are read", || (lines(dir.path()).len() == 2).then_some(()));
    (dir, nashra)
}

fn write_list(site: &Site, dir: &Path, names: &[&str]) {
    let list = names.iter().map(|name| {
        format!("[[source]]\nid = \"{name}\"\nurl = \"{}/{name}\"\nkind = \"feed\"\n", site.base)
    });
    fs::write(dir.join("list.toml"), list.collect::<Vec<_>>().concat()).unwrap();
}

fn start(dir: &Path, max_interval: &str) -> Nashra {
    let config = format!(
        "data_dir = \"data\"\nsources = [\"list.toml\"]\n\
        [poll]\nmin_interval = \"200ms\"\nmax_interval = \"{max_interval}\"\nbudget = 864000\n\
        [fetch]\ncontact = \"mailto:news@a.example\"\nallow_addresses = [\"127.0.0.0/8\"]\n\
        [sink]\nkind = \"file\"\n[admin]\nlisten = \"127.0.0.1:0\"\n"
    );
    fs::write(dir.join("nashra.toml"), config).unwrap();
    Nashra::start(dir, &["run", "--config", "nashra.toml"])
}

fn sources(dir: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let (code, out, words) =
        command(dir, &[&["sources"], arguments, &["--config", "nashra.toml"]].concat());
    (code, out + &words)
}

fn polled_on(site: &Site, path: &str) {
    let before = site.seen(path).len();
    until("it is polled on", || (site.seen(path).len() > before + 2).then_some(()));
}

#[test]
fn a_paused_source_is_left_alone_over_restarts_reloads_and_new_lists_until_it_is_resumed() {
    let site = Site::start();
    let (dir, nashra) = daemon(&site);
    let dir = dir.path();
    let look = sources(dir, &["pause", "one", "--dry-run"]);
    assert_eq!(look, (Some(0), "paused: one\npaused: 1, left: 0\n".to_owned()));
    polled_on(&site, "/one");
    let (code, words) = sources(dir, &["pause", "one", "nobody", "--reason", "its editor asked"]);
    assert!(code == Some(1) && words.contains("nobody: no source is known"), "{words}");
    nashra.counts("nashra_sources{state=\"paused\"} 1");
    let explained = || command(dir, &["explain", "one", "--config", "nashra.toml"]).1;
    until("it says why", || {
        let words = explained();
        (words.contains("state: paused (paused by command since")
            && words.contains(": its editor asked)"))
        .then_some(())
    });
    let paused = site.seen("/one").len();
    polled_on(&site, "/two");
    let (_, words) = sources(dir, &["poll", "one"]);
    assert!(words.contains("one is paused by command"), "{words}");

    // Let go and listed again.
    write_list(&site, dir, &["two"]);
    assert!(command(dir, &["reload", "--config", "nashra.toml"]).1.contains("- one"));
    write_list(&site, dir, &["one", "two"]);
    assert!(command(dir, &["reload", "--config", "nashra.toml"]).1.contains("+ one"));
    polled_on(&site, "/two");
    assert_eq!(nashra.stop(), Some(0));
    let nashra = start(dir, "400ms");
    polled_on(&site, "/two");
    assert_eq!(site.seen("/one").len(), paused);
    assert!(sources(dir, &["list"]).1.contains("paused    feed"), "{}", sources(dir, &["list"]).1);

    assert_eq!(sources(dir, &["resume", "one"]).1, "resumed: one\nresumed: 1, left: 0\n");
    polled_on(&site, "/one");
    nashra.counts("nashra_sources{state=\"paused\"} 0");
    assert_eq!(
        sources(dir, &["resume", "one"]),
        (Some(0), "  one is not paused\nresumed: 0, left: 1\n".to_owned())
    );
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_pause_can_end_by_itself_and_be_set_where_no_daemon_runs() {
    let site = Site::start();
    let (dir, nashra) = daemon(&site);
    let dir = dir.path();
    assert_eq!(nashra.stop(), Some(0));
    let one = format!("{}/one", site.base);
    assert_eq!(
        sources(dir, &["pause", &one, "two"]).1,
        "paused: one\npaused: two\npaused: 2, left: 0\n"
    );
    assert_eq!(sources(dir, &["pause", "two", "--for", "2s"]).0, Some(0));
    let (code, words) = sources(dir, &["poll", "one"]);
    assert!(code == Some(3) && words.contains("--poll-now"), "{words}");
    let nashra = start(dir, "400ms");
    polled_on(&site, "/two");
    let quiet = site.seen("/one").len();
    polled_on(&site, "/two");
    assert_eq!(site.seen("/one").len(), quiet);
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_source_is_polled_at_once_but_not_while_its_host_asks_to_be_left_alone() {
    let site = Site::start();
    let (dir, nashra) = daemon(&site);
    let dir = dir.path();
    assert_eq!(nashra.stop(), Some(0));
    // From here on the schedule alone would poll in hours.
    let config = fs::read_to_string(dir.join("nashra.toml")).unwrap();
    let slow = config.replace("\"400ms\"", "\"12h\"").replace("\"200ms\"", "\"6h\"");
    fs::write(dir.join("nashra.toml"), slow).unwrap();
    let nashra = Nashra::start(dir, &["run", "--config", "nashra.toml", "--poll-now"]);
    let before = site.seen("/one").len();
    until("both were read", || (site.seen("/two").len() > 1).then_some(()));
    nashra.counts("nashra_sources{state=\"ok\"} 2");
    let (code, words) = sources(dir, &["poll", "one", "--dry-run"]);
    assert!(code == Some(0) && words.contains("one is polled"), "{words}");
    assert_eq!(sources(dir, &["poll", "one"]).0, Some(0));
    until("it is polled", || (site.seen("/one").len() > before + 1).then_some(()));

    site.put("/one", Answer::status(429).with("retry-after", "3600"));
    assert_eq!(sources(dir, &["poll", "one"]).0, Some(0));
    nashra.counts("nashra_sources{state=\"throttled\"} 1");
    let asked = site.seen("/one").len();
    let (code, words) = sources(dir, &["poll", "one"]);
    assert!(
        code == Some(0) && words.contains("its host asked to be left alone until then"),
        "{words}"
    );
    assert_eq!(sources(dir, &["poll", "two"]).0, Some(0));
    // What is on the same host waits, too, and says until when.
    nashra.counts("nashra_sources{state=\"throttled\"} 2");
    assert_eq!(site.seen("/one").len(), asked);
    assert_eq!(nashra.stop(), Some(0));
}
