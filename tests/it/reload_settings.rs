//! Settings that a running daemon takes over from a config that it reads again.

use std::{collections::BTreeSet, fs, path::Path};

use nashra::config::{Config, SettingEntry, SettingForm};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::{
    client::{Client, TOKEN},
    support::{Nashra, Site, command, lines, until},
};

/// A daemon that polls one feed each few tenths of a second; `more` begins with settings of `[fetch]`.
fn daemon(more: &str) -> (Site, TempDir, Nashra) {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "One")]);
    site.page("one", "One", "It began.");
    fs::write(dir.path().join("list.txt"), format!("{}/feed\n", site.base)).unwrap();
    write(dir.path(), "min_interval = \"200ms\"\nmax_interval = \"400ms\"\nbudget = 864000", more);
    let nashra = Nashra::start(dir.path(), &["run", "--config", "nashra.toml"]);
    until("the article is there", || (lines(dir.path()).len() == 1).then_some(()));
    (site, dir, nashra)
}

fn write(dir: &Path, poll: &str, more: &str) {
    let config = format!(
        "data_dir = \"data\"\nsources = [\"list.txt\"]\n[poll]\n{poll}\n[sink]\nkind = \"file\"\n\
        [admin]\nlisten = \"127.0.0.1:0\"\n[fetch]\nallow_addresses = [\"127.0.0.0/8\"]\n{more}\n"
    );
    fs::write(dir.join("nashra.toml"), config).unwrap();
}

fn reload(dir: &Path, arguments: &[&str]) -> String {
    let (code, told, words) =
        command(dir, &[&["reload", "--data-dir", "data"], arguments].concat());
    assert_eq!(code, Some(0), "{words}");
    told
}

/// The names behind some words in a report.
fn named(report: &str, words: &str) -> BTreeSet<String> {
    let line = report.lines().find_map(|line| line.strip_prefix(words)).unwrap_or_default();
    line.split(", ").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

#[test]
fn each_setting_is_taken_over_or_named_for_the_next_start_as_the_documents_say() {
    let (_site, dir, nashra) = daemon("contact = \"mailto:news@a.example\"");
    let every = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/config/every_setting.toml");
    fs::copy(every, dir.path().join("nashra.toml")).unwrap();
    fs::copy(dir.path().join("list.txt"), dir.path().join("other.txt")).unwrap();
    fs::write(dir.path().join("labels.toml"), "[[label]]\nname = \"sea\"\nany = [\"sea\"]\n")
        .unwrap();
    let entries = Config::settings();
    // Properties of Kafka are a table of names that are no settings of ours.
    let is_setting = |entry: &&SettingEntry| {
        matches!(entry.form, SettingForm::Value { .. }) || entry.key == "kafka.properties"
    };
    let (hot, cold): (Vec<_>, Vec<_>) =
        entries.iter().filter(is_setting).partition(|entry| entry.hot);
    let names = |entries: &[&SettingEntry]| -> BTreeSet<String> {
        // What becomes of the sources is told by themselves. A token is in place of the user name.
        let names = entries.iter().map(|entry| entry.key.clone());
        names.filter(|name| name != "sources" && name != "kafka.registry.token").collect()
    };
    for arguments in [&["--dry-run"][..], &[]] {
        let report = reload(dir.path(), arguments);
        assert_eq!(named(&report, "changed, and used from now on: "), names(&hot), "{report}");
        let waiting = named(&report, "changed, and used from the next start on: ");
        assert_eq!(waiting, names(&cold), "{report}");
    }
    let again = reload(dir.path(), &[]);
    assert_eq!(named(&again, "changed, and used from now on: "), BTreeSet::new(), "{again}");
    let waiting = named(&again, "changed, and used from the next start on: ");
    assert_eq!(waiting, names(&cold), "they wait still: {again}");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn the_next_requests_are_made_by_the_settings_of_a_reload() {
    let contact = "contact = \"mailto:news@a.example\"";
    let (site, dir, nashra) = daemon(contact);
    let agent = || {
        let last = site.seen("/feed").pop().unwrap();
        last.headers["user-agent"].to_str().unwrap().to_owned()
    };
    assert!(agent().ends_with("(+mailto:news@a.example)"), "{}", agent());
    let fast = "min_interval = \"200ms\"\nmax_interval = \"400ms\"\nbudget = 864000";
    write(dir.path(), fast, "contact = \"mailto:desk@b.example\"\nuser_agent = \"desk/1\"");
    assert!(reload(dir.path(), &["--dry-run"]).contains("from now on: fetch.contact, fetch.user"));
    let before = site.seen("/feed").len();
    until("it is polled on", || (site.seen("/feed").len() > before + 2).then_some(()));
    assert!(agent().contains("news@a.example"), "that was only a look");
    reload(dir.path(), &[]);
    until("the other contact is sent", || {
        (agent() == "desk/1 (+mailto:desk@b.example)").then_some(())
    });

    // A network that is not allowed any more is not asked.
    write(dir.path(), fast, contact);
    let config = fs::read_to_string(dir.path().join("nashra.toml")).unwrap();
    fs::write(dir.path().join("nashra.toml"), config.replace("127.0.0.0/8", "10.0.0.0/8")).unwrap();
    reload(dir.path(), &[]);
    nashra.counts("nashra_sources{state=\"backoff\"} 1");
    let slow = "min_interval = \"1h\"\nmax_interval = \"2h\"";
    write(dir.path(), slow, contact);
    reload(dir.path(), &[]);
    assert_eq!(
        command(
            dir.path(),
            &["sources", "poll", &format!("{}/feed", site.base), "--data-dir", "data"]
        )
        .0,
        Some(0)
    );
    until("it is read again, and left alone for longer", || {
        let json = command(dir.path(), &["sources", "list", "--json", "--config", "nashra.toml"]);
        let row: Value = serde_json::from_str(json.1.lines().next()?).ok()?;
        let due = row["next_due"].as_str()?.parse::<chrono::DateTime<chrono::Utc>>().ok()?;
        let polled = row["last_poll"].as_str()?.parse::<chrono::DateTime<chrono::Utc>>().ok()?;
        (row["state"] == "ok" && due - polled > chrono::TimeDelta::minutes(30)).then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn log_disk_token_and_names_are_those_of_a_reload() {
    let contact = "contact = \"mailto:news@a.example\"\n";
    let (_site, dir, nashra) = daemon(contact);
    let fast = "min_interval = \"200ms\"\nmax_interval = \"400ms\"\nbudget = 864000";
    let api = Client::of(&nashra);
    let open = || {
        let write = api.write("POST", "/api/v1/reload?dry_run=true", &json!({})).0;
        let named =
            "GET /metrics HTTP/1.1\r\nHost: status.example.net\r\nConnection: close\r\n\r\n";
        (write, api.raw(named.as_bytes()).0)
    };
    assert_eq!(open(), (403, 403));
    assert!(!nashra.log().contains("\"level\":\"DEBUG\""));

    fs::write(dir.path().join("token"), TOKEN).unwrap();
    write(dir.path(), fast, &format!("{contact}[log]\nlevel = \"debug\"\n"));
    let config = fs::read_to_string(dir.path().join("nashra.toml")).unwrap();
    let hosts = "[admin]\nhosts = [\"status.example.net\"]\ntoken_file = \"token\"\n";
    fs::write(dir.path().join("nashra.toml"), config.replace("[admin]\n", hosts)).unwrap();
    reload(dir.path(), &[]);
    until("details are logged", || nashra.log().contains("\"level\":\"DEBUG\"").then_some(()));
    assert_eq!(open(), (200, 200));

    write(dir.path(), fast, &format!("{contact}[store]\nmin_free_disk = \"9000TiB\"\n"));
    reload(dir.path(), &[]);
    nashra.counts("nashra_polling_stopped{reason=\"disk_full\"} 1");
    assert_eq!(open(), (403, 403));
    write(dir.path(), fast, contact);
    reload(dir.path(), &[]);
    nashra.counts("nashra_polling_stopped{reason=\"disk_full\"} 0");
    assert_eq!(nashra.stop(), Some(0));
}
