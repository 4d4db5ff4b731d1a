//! `WebSub` with a real [`hub`] on loopback. It reaches nashra as through a proxy, since the public
//! address is a name that nobody serves.

mod hub;

use std::path::Path;

use serde_json::Value;
use tempfile::tempdir;

use self::hub::{Hub, path, post, push, question, sign, verify};
use crate::{
    kafka::{broker, read},
    support::{Nashra, Site, command, get, lines, until},
};

/// A feed that names its hub.
fn feed(site: &Site, hub: &str, slugs: &[&str]) -> String {
    let items: String = slugs
        .iter()
        .map(|slug| {
            format!("<item><title>Title {slug}</title><link>{0}/a/{slug}</link><guid isPermaLink=\"false\">{slug}</guid></item>", site.base)
        })
        .collect::<Vec<_>>()
        .concat();
    let links = if hub.is_empty() {
        String::new()
    } else {
        format!(
            "<atom:link rel=\"hub\" href=\"{hub}\"/><atom:link rel=\"self\" href=\"{}/feed?topic\"/>",
            site.base
        )
    };
    format!(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>F</title>{links}{items}</channel></rss>"
    )
}

fn publish(site: &Site, hub: &str, slugs: &[&str]) {
    site.put("/feed", crate::support::Answer::ok(feed(site, hub, slugs)));
}

/// nashra with `WebSub`, whose polls come once an hour; `more` are settings of fetching.
fn start(dir: &Path, sources: &str, more: &str) -> Nashra {
    start_with(dir, sources, more, &["--sink", "file"])
}

fn start_with(dir: &Path, sources: &str, more: &str, sink: &[&str]) -> Nashra {
    let config = format!(
        "[websub]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://news.example/hooks\"\n[fetch]\ncontact = \"bot@example.org\"\n{more}"
    );
    std::fs::write(dir.join("nashra.toml"), config).unwrap();
    std::fs::write(dir.join("sources.txt"), sources).unwrap();
    let arguments = "run -c nashra.toml --sources sources.txt --data-dir data --allow-address 127.0.0.1 --min-interval 200ms \
        --max-interval 1h --listen 127.0.0.1:0 --pages feed";
    Nashra::start(
        dir,
        &arguments.split_whitespace().chain(sink.iter().copied()).collect::<Vec<_>>(),
    )
}

/// Where hubs reach it in truth.
fn hooks(nashra: &Nashra) -> String {
    until("the address for hubs is logged", || {
        let log = nashra.log();
        let line = log.lines().find(|line| line.contains("hubs are heard"))?;
        Some(
            serde_json::from_str::<Value>(line).ok()?["url"]
                .as_str()?
                .trim_end_matches('/')
                .to_owned(),
        )
    })
}

fn titles(dir: &Path) -> Vec<String> {
    let mut titles: Vec<String> =
        lines(dir).iter().filter_map(|line| line["title"].as_str().map(str::to_owned)).collect();
    titles.sort_unstable();
    titles
}

fn explained(dir: &Path, site: &Site) -> String {
    command(dir, &["explain", &format!("{}/feed", site.base), "--data-dir", "data"]).1
}

#[test]
fn what_a_hub_sends_is_published_at_once_and_once() {
    let (site, hub, dir) = (Site::start(), Hub::start("127.0.0.1"), tempdir().unwrap());
    publish(&site, &hub.base, &["a"]);
    let nashra = start(dir.path(), &format!("{}/feed", site.base), "");
    let (at, asked) = (hooks(&nashra), hub.next(0));
    assert_eq!((asked.get("hub.mode"), asked.get("hub.lease_seconds")), ("subscribe", "864000"));
    assert_eq!(asked.get("hub.topic"), format!("{}/feed?topic", site.base));
    assert!((32..200).contains(&asked.get("hub.secret").len()));
    verify(&at, &asked, "3600");
    nashra.counts("nashra_websub_questions_total{result=\"verified\"} 1");
    assert!(
        explained(dir.path(), &site).contains("subscription: live"),
        "{}",
        explained(dir.path(), &site)
    );

    // A part of the feed, with what no poll has seen.
    assert_eq!(push(&at, &asked, "sha256", &feed(&site, &hub.base, &["b"])), 202);
    assert_eq!(push(&at, &asked, "sha512", &feed(&site, &hub.base, &["c", "b"])), 202);
    until("all three are there", || {
        (titles(dir.path()) == ["Title a", "Title b", "Title c"]).then_some(())
    });
    assert_eq!(site.seen("/feed").len(), 1, "nobody had to ask");

    // The next poll finds all of it known, and no gap.
    publish(&site, &hub.base, &["d", "c", "b"]);
    assert_eq!(push(&at, &asked, "sha1", "whatever"), 202);
    until("the fourth is there", || {
        (titles(dir.path()) == ["Title a", "Title b", "Title c", "Title d"]).then_some(())
    });
    let metrics = nashra.metrics();
    assert!(!metrics.contains("nashra_gaps_total 1"), "{metrics}");
    for line in ["outcome=\"taken\"} 2", "outcome=\"pinged\"} 1"] {
        nashra.counts(&format!("nashra_websub_pushes_total{{{line}"));
    }
    assert!(
        explained(dir.path(), &site).contains("the hub brought 3 entries and missed 0"),
        "{}",
        explained(dir.path(), &site)
    );
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(lines(dir.path()).len(), 4);
}

#[test]
fn what_is_not_signed_by_the_hub_is_dropped_without_a_word_and_who_knows_no_callback_gets_nowhere()
{
    let (site, hub, dir) = (Site::start(), Hub::start("127.0.0.1"), tempdir().unwrap());
    publish(&site, &hub.base, &["a"]);
    let nashra = start(dir.path(), &format!("{}/feed", site.base), "max_body = \"8KiB\"\n");
    let (at, asked) = (hooks(&nashra), hub.next(0));
    verify(&at, &asked, "3600");
    let (path, forged) = (path(&asked), feed(&site, &hub.base, &["forged"]));
    let good = sign("sha256", asked.get("hub.secret"), forged.as_bytes());
    let other = sign("sha256", "another secret", forged.as_bytes());
    let long = [forged.as_str(), " "].concat();
    for (headers, body) in [
        (String::new(), &forged),
        (format!("X-Hub-Signature: {other}\r\n"), &forged),
        (
            format!("X-Hub-Signature: {}\r\n", sign("sha1", "another secret", forged.as_bytes())),
            &forged,
        ),
        (format!("X-Hub-Signature: {good}\r\n"), &long),
        (format!("X-Hub-Signature: {}\r\n", good.replace("sha256", "md5")), &forged),
    ] {
        assert_eq!(post(&at, &path, &headers, body.as_bytes()), 202, "{headers}");
    }
    nashra.counts("nashra_websub_pushes_total{outcome=\"unsigned\"} 5");
    for unknown in
        ["/", "/hooks/", "/hooks/0123456789abcdef0123456789abcdef", "/../../etc/passwd", "/hooks/x"]
    {
        assert_eq!(
            post(&at, unknown, &format!("X-Hub-Signature: {good}\r\n"), forged.as_bytes()),
            404,
            "{unknown}"
        );
        assert_eq!(
            get(&format!("{at}{unknown}?hub.mode=subscribe&hub.challenge=x")).0,
            404,
            "{unknown}"
        );
    }
    assert_eq!(post(&at, &path, "", &[b'x'; 9000]), 413);
    assert_eq!(post(&at, &path, &format!("X: {}\r\n", "x".repeat(1_000_000)), b""), 431);
    let topic = asked.get("hub.topic");
    for (mode, topic) in [
        ("unsubscribe", topic),
        ("subscribe", "https://other.example/"),
        ("publish", topic),
        ("", topic),
    ] {
        let (status, body) = question(
            &at,
            &asked,
            &[("hub.mode", mode), ("hub.topic", topic), ("hub.challenge", "x")],
        );
        assert_eq!((status, body.as_str()), (404, ""), "{mode} {topic}");
    }
    // It is the last that is taken, so all before it was dropped.
    assert_eq!(push(&at, &asked, "sha256", &feed(&site, &hub.base, &["true"])), 202);
    until("the true one is there", || {
        (titles(dir.path()) == ["Title a", "Title true"]).then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_subscription_outlives_kill_9_and_is_renewed_before_it_ends() {
    let (site, hub, dir) = (Site::start(), Hub::start("127.0.0.1"), tempdir().unwrap());
    publish(&site, &hub.base, &["a"]);
    let nashra = start(dir.path(), &format!("{}/feed", site.base), "");
    let asked = hub.next(0);
    verify(&hooks(&nashra), &asked, "3600");
    assert_eq!(push(&hooks(&nashra), &asked, "sha256", &feed(&site, &hub.base, &["b"])), 202);
    nashra.kill();
    let nashra = start(dir.path(), &format!("{}/feed", site.base), "");
    let at = hooks(&nashra);
    // Sent again, since the hub may not have heard of success.
    assert_eq!(push(&at, &asked, "sha256", &feed(&site, &hub.base, &["b"])), 202);
    assert_eq!(push(&at, &asked, "sha256", &feed(&site, &hub.base, &["c"])), 202);
    until("all three are there", || {
        // What was written and not yet acknowledged at the kill is written again: it is a file.
        let mut titles = titles(dir.path());
        titles.dedup();
        (titles == ["Title a", "Title b", "Title c"]).then_some(())
    });
    assert_eq!(hub.all().len(), 1);

    // The hub verifies once more, for a moment.
    verify(&at, &asked, "2");
    let again = hub.next(1);
    assert_eq!(again.form, asked.form, "the same callback, the same secret");
    verify(&at, &again, "3600");
    assert!(explained(dir.path(), &site).contains("subscription: live"));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_source_that_is_removed_or_names_its_hub_no_more_is_unsubscribed() {
    let (site, hub, dir) = (Site::start(), Hub::start("127.0.0.1"), tempdir().unwrap());
    publish(&site, &hub.base, &["a"]);
    let nashra = start(dir.path(), "", "");
    let (at, url) = (hooks(&nashra), format!("{}/feed", site.base));
    assert_eq!(
        command(dir.path(), &["sources", "add", &url, "--kind", "feed", "--data-dir", "data"]).0,
        Some(0)
    );
    let asked = hub.next(0);
    verify(&at, &asked, "3600");
    publish(&site, "", &["b", "a"]);
    assert_eq!(push(&at, &asked, "sha1", ""), 202);
    let ended = hub.next(1);
    assert_eq!(
        (ended.get("hub.mode"), ended.get("hub.callback")),
        ("unsubscribe", asked.get("hub.callback"))
    );
    assert_eq!(push(&at, &asked, "sha256", &feed(&site, &hub.base, &["late"])), 410);
    verify(&at, &ended, "");
    until("it is forgotten", || (push(&at, &asked, "sha256", "") == 404).then_some(()));

    let other = Site::start();
    publish(&other, &hub.base, &["c"]);
    let change = |what: &str, kind: &[&str]| {
        command(
            dir.path(),
            &[&["sources", what, &format!("{}/feed", other.base), "--data-dir", "data"], kind]
                .concat(),
        )
        .0
    };
    assert_eq!(change("add", &["--kind", "feed"]), Some(0));
    let asked = hub.next(2);
    verify(&at, &asked, "3600");
    assert_eq!(change("remove", &[]), Some(0));
    let ended = hub.next(3);
    assert_eq!(
        (ended.get("hub.mode"), ended.get("hub.callback")),
        ("unsubscribe", asked.get("hub.callback"))
    );
    assert_eq!(push(&at, &asked, "sha256", &feed(&other, &hub.base, &["late"])), 410);
    assert_eq!(nashra.stop(), Some(0));
    assert!(!titles(dir.path()).contains(&"Title late".to_owned()));
}

#[test]
fn a_hub_that_sends_without_end_is_told_to_wait() {
    let (site, hub, dir) = (Site::start(), Hub::start("127.0.0.1"), tempdir().unwrap());
    publish(&site, &hub.base, &["a"]);
    let nashra = start(dir.path(), &format!("{}/feed", site.base), "");
    let (at, asked) = (hooks(&nashra), hub.next(0));
    verify(&at, &asked, "3600");
    let body = feed(&site, &hub.base, &["b"]);
    let answers: Vec<u16> = (0..200).map(|_| push(&at, &asked, "sha256", &body)).collect();
    assert!(answers.starts_with(&[202; 30]) && answers.contains(&503), "{answers:?}");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_hub_that_says_no_and_one_inside_are_told() {
    let (site, hub, inside, dir) =
        (Site::start(), Hub::start("127.0.0.1"), Hub::start("127.0.0.2"), tempdir().unwrap());
    publish(&site, &hub.base, &["a"]);
    let nashra = start(dir.path(), &format!("{}/feed", site.base), "");
    let (at, asked) = (hooks(&nashra), hub.next(0));
    let denied =
        [("hub.mode", "denied"), ("hub.topic", asked.get("hub.topic")), ("hub.reason", "not you")];
    assert_eq!(question(&at, &asked, &denied), (200, String::new()));
    let says = "subscription: denied (the hub said no: not you)";
    assert!(explained(dir.path(), &site).contains(says), "{}", explained(dir.path(), &site));
    assert_eq!(nashra.stop(), Some(0));

    let other = Site::start();
    publish(&other, &inside.base, &["a"]);
    let nashra = start(dir.path(), &format!("{}/feed", other.base), "");
    // Else whoever asks would hold the store in its place.
    hooks(&nashra);
    let says = "subscription: failing (refused: 127.0.0.2 is not a public address";
    until(says, || explained(dir.path(), &other).contains(says).then_some(()));
    assert!(inside.all().is_empty());
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn what_a_hub_sends_reaches_its_topic_once_whatever_kills_the_process() {
    let Some(brokers) =
        broker("what_a_hub_sends_reaches_its_topic_once_whatever_kills_the_process")
    else {
        return;
    };
    let (site, hub, dir) = (Site::start(), Hub::start("127.0.0.1"), tempdir().unwrap());
    let prefix = format!("websub-{}.", uuid::Uuid::new_v4().simple());
    let sink = ["--sink", "kafka", "--brokers", &brokers, "--topic-prefix", &prefix];
    publish(&site, &hub.base, &["first"]);
    let start = || start_with(dir.path(), &format!("{}/feed", site.base), "", &sink);
    let mut nashra = start();
    let asked = hub.next(0);
    verify(&hooks(&nashra), &asked, "3600");
    // Each push names three entries, of which the hub has sent two before; one without success is
    // sent again.
    let body = |first: usize| {
        feed(
            &site,
            &hub.base,
            &[first, first + 1, first + 2]
                .map(|number| format!("n{number}"))
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>(),
        )
    };
    let (rounds, each) = (6, 12);
    for round in 0..rounds {
        let at = hooks(&nashra);
        let mut next = round * each;
        while next < round * each + each / 2 + round {
            next += usize::from(push(&at, &asked, "sha256", &body(next)) == 202);
        }
        // Some are on their way when the process dies.
        std::thread::scope(|scope| {
            let sender = scope.spawn(|| {
                (next..next + 3)
                    .map(|number| push(&at, &asked, "sha256", &body(number)))
                    .collect::<Vec<_>>()
            });
            nashra.kill();
            sender.join().unwrap();
        });
        nashra = start();
        let at = hooks(&nashra);
        while next < (round + 1) * each {
            next += usize::from(push(&at, &asked, "sha256", &body(next)) == 202);
        }
    }
    let (topic, expected) = (format!("{prefix}articles"), rounds * each + 3);
    let records = until("all are there", || {
        Some(read(&brokers, &topic)).filter(|records| records.len() >= expected)
    });
    assert_eq!(nashra.stop(), Some(0));
    let mut titles: Vec<String> =
        records.iter().map(|record| record.value["title"].as_str().unwrap().to_owned()).collect();
    titles.sort_unstable();
    titles.dedup();
    assert_eq!((titles.len(), read(&brokers, &topic).len()), (expected, expected));
    assert!(records.iter().all(|record| record.value["revision"] == 1));
}
