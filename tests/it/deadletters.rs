//! Dead letters as an operator finds them, and trying them again: against a running daemon and on
//! the store itself.

use std::{fs, path::Path, time::Duration};

use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    client::{Client, TOKEN},
    support::{Answer, Nashra, Site, command, letter_bytes, lines, random, until},
};

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
    let config = "[admin]\ntoken_file = \"token\"\n[page]\nretry_first = \"100ms\"\nretry_max = \"200ms\"\n[fetch]\nspacing = \"1ms\"\ncontact = \"bot@example.org\"\n";
    fs::write(dir.join("nashra.toml"), config).unwrap();
    fs::write(dir.join("token"), TOKEN).unwrap();
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
fn the_api_lists_shows_and_retries_dead_letters() {
    let (site, dir) = (site_with_faults(), tempdir().unwrap());
    let (dir, nashra) = (dir.path(), started(dir.path(), &site));
    let api = Client::of(&nashra);
    let list = |query: &str| api.read(&format!("/api/v1/deadletters?{query}")).json();
    for (query, found) in [
        ("", 2),
        ("reason=page", 1),
        ("source=nobody", 0),
        ("host=127.0.0.1&q=printed", 1),
        ("since=2026-01-01T00:00:00Z", 2),
        ("until=2026-01-01T00:00:00%2B02:00", 0),
    ] {
        assert_eq!(list(query)["found"], found, "{query}");
    }
    let first = list("limit=1");
    let second = list(&format!("limit=1&cursor={}", first["next"].as_str().unwrap()));
    assert_ne!(first["letters"][0]["id"], second["letters"][0]["id"]);
    assert_eq!(second["next"], Value::Null);
    assert_eq!(api.read("/api/v1/deadletters?since=yesterday").0, 400);

    let pdf = list("reason=page")["letters"][0]["id"].as_str().unwrap().to_owned();
    let shown = api.read(&format!("/api/v1/deadletters/{pdf}?whole=true")).json();
    assert_eq!(
        (&shown["error"], &shown["subject"]),
        (&"not an HTML page: a PDF".into(), &"page".into())
    );
    let bytes =
        base64::engine::general_purpose::STANDARD.decode(shown["content"].as_str().unwrap());
    assert_eq!(bytes.unwrap(), b"%PDF-1.7 not a page");
    assert_eq!(api.read("/api/v1/deadletters/01a22c0f-0000-7000-8000-000000000000").0, 404);

    let (one, all) = (format!("/api/v1/deadletters/{pdf}/retry"), "/api/v1/deadletters/retry");
    assert_eq!(api.send("POST", &one, &[("Content-Type", "application/json")], "{}").0, 401);
    let look = api.write("POST", &format!("{all}?dry_run=true"), &json!({ "all": {} }));
    assert_eq!((look.0, &look.json()["outcomes"]["queued"]), (200, &2.into()), "{}", look.2);
    for wrong in [
        json!({}),
        json!({ "ids": [] }),
        json!({ "ids": ["x"] }),
        json!({ "all": { "reson": "x" } }),
        json!({ "all": [null] }),
    ] {
        assert_eq!(api.write("POST", all, &wrong).0, 422, "{wrong}");
    }
    // A list of values is no object, and what is named whole is no id.
    assert_eq!(api.write("POST", &one, &json!([null])).0, 400);
    assert_eq!(api.read(all).0, 405);
    site.page("pdf", "Printed", "It is printed.");
    assert_eq!(api.write("POST", &one, &json!({})).json()["outcomes"]["queued"], 1);
    until("its article is revised", || (revisions(dir, "Printed") == [1, 2]).then_some(()));
    until("its letter is gone", || (list("")["found"] == 1).then_some(()));
    assert_eq!(api.write("POST", &one, &json!({})).0, 404);
    let by_reason = api.write("POST", all, &json!({ "all": { "reason": "gone" } }));
    assert_eq!(by_reason.json()["outcomes"]["queued"], 1, "{}", by_reason.2);
    until("it failed again", || (list("")["letters"][0]["attempts"] == 2).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn buttons_try_one_letter_or_a_list_of_them_again_with_the_cookie_and_the_word_of_our_pages() {
    let (site, dir) = (site_with_faults(), tempdir().unwrap());
    let (dir, nashra) = (dir.path(), started(dir.path(), &site));
    let browser = Client::of(&nashra);
    let origin = format!("http://{}", browser.0);
    let send = |path: &str, cookie: &str, form: &str| {
        browser.send("POST", path, &[("Origin", &origin), ("Cookie", cookie)], form)
    };
    let page = |path: &str, cookie: &str| browser.send("GET", path, &[("Cookie", cookie)], "").2;
    let locked = page("/deadletters?reason=page", "");
    assert!(locked.contains("type=\"password\"") && !locked.contains("/retry"), "{locked}");
    let token = TOKEN.replace(' ', "+");
    let opened =
        send("/session", "", &format!("page=/deadletters&reason=page&q=a%26b&token={token}"));
    assert_eq!(opened.0, 303, "{}", opened.2);
    assert!(opened.1.contains("location: /deadletters?reason=page&q=a%26b"), "{}", opened.1);
    let elsewhere = send("/session", "", &format!("page=//evil.example/&token={token}"));
    assert!(elsewhere.1.contains("location: /source?"), "{}", elsewhere.1);
    let cookie = opened.1.split_once("nashra_session=").unwrap().1.split(';').next().unwrap();
    let cookie = format!("nashra_session={cookie}");
    let open = page("/deadletters?reason=page", &cookie);
    assert!(open.contains("Try these 1 again"), "{open}");
    let word = open.split_once("name=\"word\" value=\"").unwrap().1.split('"').next().unwrap();

    let gone = list(dir, &["--reason", "gone"])["letters"][0]["id"].as_str().unwrap().to_owned();
    let letter = page(&format!("/deadletter?id={gone}"), &cookie);
    assert!(letter.contains(">Try it again<"), "{letter}");
    let one = format!("id={gone}&word={word}");
    assert_eq!(send("/deadletter/retry", "", &one).0, 403);
    assert_eq!(send("/deadletter/retry", &cookie, &format!("id={gone}&word=x")).0, 403);
    let foreign = [("Origin", "http://evil.example"), ("Cookie", cookie.as_str())];
    assert_eq!(browser.send("POST", "/deadletter/retry", &foreign, &one).0, 403);
    assert!(list(dir, &[])["letters"].to_string().contains("\"attempts\":1"));
    site.page("gone", "Gone", "It is back.");
    let tried = send("/deadletter/retry", &cookie, &one);
    assert!(tried.1.contains(&format!("location: /deadletter?id={gone}")), "{}", tried.1);
    until("its article is revised", || (revisions(dir, "Gone") == [1, 2]).then_some(()));
    until("its letter is gone", || (list(dir, &[])["found"] == 1).then_some(()));
    assert_eq!(send("/deadletter/retry", &cookie, &one).0, 409);
    assert_eq!(send("/deadletter/retry", &cookie, &format!("id=x&word={word}")).0, 404);

    let all = send("/deadletters/retry", &cookie, &format!("reason=page&word={word}"));
    assert!(all.1.contains("location: /deadletters?reason=page\r"), "{}", all.1);
    until("it failed again", || (list(dir, &[])["letters"][0]["attempts"] == 2).then_some(()));
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
