//! What the daemon does around a poll: gaps, states, pauses.

use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, command, lines, until};

const FILE: [&str; 4] = ["--sink", "file", "--pages", "feed"];

fn feed(slugs: &[&str], next: &str) -> Answer {
    let items: String = slugs
        .iter()
        .map(|slug| {
            format!(
                "<item><title>Title {slug}</title><guid isPermaLink=\"false\">{slug}</guid></item>"
            )
        })
        .collect::<Vec<_>>()
        .concat();
    let link = if next.is_empty() {
        String::new()
    } else {
        format!("<atom:link rel=\"next\" href=\"{next}\"/>")
    };
    Answer::ok(format!(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>F</title>{link}{items}</channel></rss>"
    ))
}

#[test]
fn what_a_listing_dropped_between_two_polls_is_read_from_its_older_pages() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.put("/feed", feed(&["a", "b"], ""));
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &FILE);
    until("both are there", || (lines(dir.path()).len() == 2).then_some(()));
    site.put("/older/2", feed(&["d", "c"], "/older/3"));
    site.put("/older/3", feed(&["b", "a"], "/older/4"));
    site.put("/feed", feed(&["f", "e"], "/older/2"));
    let records =
        until("all six are there", || Some(lines(dir.path())).filter(|records| records.len() == 6));
    nashra.counts("nashra_gaps_total 1");
    assert_eq!(nashra.stop(), Some(0));
    let mut titles: Vec<&str> =
        records.iter().filter_map(|record| record["title"].as_str()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["Title a", "Title b", "Title c", "Title d", "Title e", "Title f"]);
    assert!(site.seen("/older/4").is_empty(), "beyond a page that is known nothing is read");
}

#[test]
fn each_source_has_a_state_with_a_reason_and_a_paused_one_is_left_alone() {
    // What a busy host says holds for all of its sources.
    let (site, other, dir) = (Site::start(), Site::start(), tempdir().unwrap());
    site.put("/good", feed(&["a"], ""));
    site.put("/forbidden", Answer::status(403));
    other.put("/busy", Answer::status(429).with("retry-after", "3600"));
    site.put("/gone", Answer::status(410));
    let list: String = ["good", "forbidden", "busy", "gone", "paused"]
        .iter()
        .map(|id| (id, if *id == "busy" { &other.base } else { &site.base }))
        .map(|(id, base)| {
            format!(
                "[[source]]\nid = \"{id}\"\nurl = \"{base}/{id}\"\npaused = {}\n",
                *id == "paused"
            )
        })
        .collect::<Vec<_>>()
        .concat();
    std::fs::write(dir.path().join("list.toml"), list).unwrap();
    let nashra = Nashra::with_sources(dir.path(), "list.toml", &FILE);
    let explained = |what: &str| command(dir.path(), &["explain", what, "--data-dir", "data"]).1;
    for (source, says) in [
        ("good", "state: ok"),
        ("forbidden", "state: blocked (HTTP status 403)"),
        ("busy", "state: throttled (HTTP status 429)"),
        ("gone", "state: backoff (HTTP status 410)"),
        ("paused", "state: paused"),
    ] {
        until(says, || explained(source).contains(says).then_some(()));
    }
    assert!(explained("busy").contains("the server asked for 3600 s"), "{}", explained("busy"));
    let metrics = nashra.metrics();
    assert!(metrics.contains("nashra_sources{state=\"paused\"} 1"), "{metrics}");
    assert_eq!(nashra.stop(), Some(0));
    assert!(site.seen("/paused").is_empty());
}

#[test]
fn a_thousand_sources_of_a_host_that_says_nothing_make_no_other_late() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    // It accepts, and that is all.
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = dead.local_addr().unwrap();
    let mut list: String =
        (0..1000).map(|number| format!("http://{address}/{number}\n")).collect::<Vec<_>>().concat();
    for name in ["a", "b", "c"] {
        site.put(&format!("/{name}"), feed(&[name], ""));
        list.extend([site.base.as_str(), "/", name, "\n"]);
    }
    std::fs::write(dir.path().join("sources.txt"), list).unwrap();
    // Nothing but the bound on the places that one host takes lets the others through.
    let config = "[fetch]\ncontact = \"bot@example.org\"\nfirst_byte_timeout = \"1h\"\ntimeout = \"1h\"\n[run]\ndrain_timeout = \"1s\"\n";
    std::fs::write(dir.path().join("n.toml"), config).unwrap();
    let nashra = Nashra::with_sources(
        dir.path(),
        "sources.txt",
        &["-c", "n.toml", "--sink", "file", "--pages", "feed"],
    );
    until("the others are read", || (lines(dir.path()).len() == 3).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
}
