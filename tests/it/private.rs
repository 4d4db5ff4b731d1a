//! Credentials in the addresses of sources reach the server and nobody else.

use std::{collections::BTreeSet, fs, path::Path};

use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, command, get, lines, until};

/// Of user name and password, and of a parameter that is masked; the last one is named by the
/// config alone.
const SECRETS: [&str; 3] = ["Pa55word-of-ours", "T0ken-of-ours-93", "C0nfigured-by-name"];

fn config(dir: &Path, site: &Site, more: &str) {
    let text = format!(
        "data_dir = \"data\"\nsources = [\"sources.toml\"]\n[poll]\nmin_interval = \"200ms\"\nmax_interval = \"400ms\"\n[fetch]\n\
         contact = \"bot@example.org\"\nallow_addresses = [\"127.0.0.0/8\"]\nsecret_parameters = [\"token\", \"my-ticket\"]\n[page]\ntries = 1\n\
         [sink]\nkind = \"file\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[log]\nlevel = \"debug\"\n{more}"
    );
    fs::write(dir.join("nashra.toml"), text).unwrap();
    let host = site.base.strip_prefix("http://").unwrap();
    let address = |path: &str| {
        format!(
            "http://reader:{}@{host}{path}?token={}&my_ticket={}&page=1",
            SECRETS[0], SECRETS[1], SECRETS[2]
        )
    };
    let one = |id: &str, kind: &str, path: &str| {
        format!("[[source]]\nid = \"{id}\"\nkind = \"{kind}\"\nurl = \"{}\"\n", address(path))
    };
    let list = [
        one("feed", "feed", "/feed"),
        one("gone", "feed", "/gone"),
        one("moved", "feed", "/old"),
        one("page", "page", "/a/page"),
        one("site", "site", "/"),
    ];
    fs::write(dir.join("sources.toml"), list.concat()).unwrap();
}

/// A site whose server repeats the credentials wherever it can.
fn tell_tale() -> Site {
    let site = Site::start();
    let link = |path: &str| {
        format!(
            "{}{path}?token={}",
            site.base.replace("http://", &format!("http://reader:{}@", SECRETS[0])),
            SECRETS[1]
        )
        .replace('&', "&amp;")
    };
    let item = |slug: &str| {
        format!(
            "<item><title>About {slug}</title><link>{0}</link><guid>{0}</guid><enclosure url=\"{1}\" type=\"audio/mpeg\" length=\"1\"/></item>",
            link(&format!("/a/{slug}")),
            link(&format!("/sound/{slug}"))
        )
    };
    let feed = |items: String| {
        Answer::ok(format!(
            "<rss version=\"2.0\"><channel><title>Test</title><link>{}</link>{items}</channel></rss>",
            site.base
        ))
    };
    site.put("/feed", feed(["one", "led", "none"].map(item).concat()));
    let head = format!(
        "<link rel=\"canonical\" href=\"{}\"><meta property=\"og:image\" content=\"{}\">",
        link("/a/one"),
        link("/i.jpg")
    );
    site.page_with("one", "About one", "It began.", &head);
    site.put(
        "/a/led",
        Answer::status(302)
            .with("location", &format!("/there/{}/x?again={}", SECRETS[1], SECRETS[2])),
    );
    site.put(
        &format!("/there/{}/x", SECRETS[1]),
        Answer::ok(crate::support::html("About led", "It was led.", ""))
            .with("content-type", "text/html"),
    );
    site.put("/a/none", Answer::status(410));
    site.put("/old", Answer::status(301).with("location", &format!("/new?token={}", SECRETS[1])));
    site.put("/new", feed(item("one")));
    site.page("page", "A page", "It is one.");
    let home = format!(
        "<html><head><link rel=\"alternate\" type=\"application/rss+xml\" href=\"{}\"></head><body>x</body></html>",
        link("/new")
    );
    site.put("/", Answer::ok(home).with("content-type", "text/html"));
    site
}

/// Waits until articles and dead letters of all sources are published.
fn wait_for_records(dir: &Path) {
    let wanted = ["About one", "About led", "About none", "A page"];
    until("all is published", || {
        let records = lines(dir);
        let titles: BTreeSet<&str> =
            records.iter().filter_map(|record| record["title"].as_str()).collect();
        let dead = records.iter().any(|record| record["schema"] == "nashra.deadletter.v1");
        (dead && wanted.iter().all(|title| titles.contains(title))).then_some(())
    });
}

/// What every command says about these sources, with its arguments.
fn told_by_commands(dir: &Path, addresses: &[&str]) -> Vec<(String, String)> {
    let mut told: Vec<(String, String)> = Vec::new();
    let mut ask = |arguments: &[&str]| {
        let (_, out, words) = command(dir, &[arguments, &["-c", "nashra.toml"]].concat());
        told.push((arguments.join(" "), out + &words));
    };
    for id in ["feed", "gone", "moved", "page", "site", "none"].iter().chain(addresses) {
        ask(&["explain", id]);
    }
    for record in lines(dir) {
        if let Some(id) = record["id"].as_str() {
            ask(&["explain", id]);
        }
    }
    ask(&["sources", "list"]);
    ask(&["sources", "list", "--json"]);
    ask(&["check"]);
    let added = addresses[0].replace("/feed", "/new");
    ask(&["sources", "add", "--kind", "feed", "--id", "added", &added]);
    ask(&["sources", "add", "--kind", "feed", &added]);
    ask(&["sources", "add", "--kind", "feed", &added.replace("http:", "ftp:")]);
    ask(&["sources", "add", &added.replace("/new", "/gone")]);
    ask(&["explain", "added"]);
    ask(&["sources", "remove", addresses[0], &added, &added]);
    ask(&["try", addresses[0]]);
    ask(&["try", &addresses[3].replace("/a/page", "/a/led"), "--json"]);
    ask(&["try", addresses[1]]);
    told
}

#[test]
fn credentials_of_sources_stand_in_no_record_answer_or_log() {
    let (site, dir) = (tell_tale(), tempdir().unwrap());
    config(dir.path(), &site, "");
    let nashra = Nashra::start(dir.path(), &["run", "-c", "nashra.toml"]);
    let admin = nashra.admin();
    wait_for_records(dir.path());
    until("the site was asked for its feed", || (site.seen("/new").len() > 3).then_some(()));
    assert!(site.seen("/feed").iter().all(|seen| seen.headers.contains_key("authorization")));

    let list = fs::read_to_string(dir.path().join("sources.toml")).unwrap();
    let addresses: Vec<&str> =
        list.lines().filter_map(|line| line.strip_prefix("url = \"")?.strip_suffix('"')).collect();
    let mut told = told_by_commands(dir.path(), &addresses);
    told.push(("metrics".to_owned(), get(&format!("{admin}metrics")).1));
    told.push(("readyz".to_owned(), get(&format!("{admin}readyz")).1));
    told.push(("the log".to_owned(), nashra.log()));
    let records: Vec<String> = lines(dir.path()).iter().map(ToString::to_string).collect();
    told.push(("records".to_owned(), records.join("\n")));
    for secret in SECRETS {
        for (what, text) in &told {
            let what = what.replace(secret, "SECRET");
            let found = text.lines().find(|line| line.contains(secret));
            assert_eq!(found, None, "{what}");
        }
    }
    let records = lines(dir.path());
    let feed = records.iter().find(|record| record["source"]["id"] == "feed").unwrap();
    assert_eq!(feed["source"]["url"], format!("{}/feed?token=***&my_ticket=***&page=1", site.base));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_list_of_sources_that_can_be_read_back_holds_their_credentials_and_says_so() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    config(dir.path(), &site, "");
    let (_, exported, words) = command(dir.path(), &["sources", "export", "-c", "nashra.toml"]);
    assert!(
        SECRETS.iter().all(|secret| exported.contains(secret))
            && words.contains("holds the credentials"),
        "{words}"
    );
}
