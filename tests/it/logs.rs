//! What the daemon says on standard error.

use std::{fs, net::TcpListener};

use serde_json::Value;
use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, lines, until};

const FILE: [&str; 2] = ["--sink", "file"];

/// The lines of a log with this message.
fn said(log: &str, message: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["message"] == message).collect()
}

#[test]
fn the_last_line_tells_what_was_done_and_a_lost_page_and_the_first_failed_poll_are_warnings() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First"), ("two", "Second")]);
    site.page("one", "First", "It began.");
    site.put("/a/two", Answer::ok(b"%PDF-1.7 not a page".as_slice()));
    let sources = format!("{0}/feed\n{0}/none\n", site.base);
    let nashra = Nashra::run(dir.path(), &sources, &FILE);
    until("all is there", || (lines(dir.path()).len() == 3).then_some(()));
    until("the other one is asked again", || (site.seen("/none").len() > 2).then_some(()));
    nashra.signal("TERM");
    let log = until("it has stopped", || {
        Some(nashra.log()).filter(|log| !said(log, "stopped").is_empty())
    });
    let stopped = &said(&log, "stopped")[0];
    assert_eq!((&stopped["new"], &stopped["pages_lost"]), (&2.into(), &1.into()), "{stopped}");
    assert!(stopped["polls"].as_u64() > stopped["polls_failed"].as_u64(), "{stopped}");
    assert_eq!(stopped["outbox_records"], 0);
    let lost = &said(&log, "the page is lost: it could not be read")[0];
    assert_eq!((&lost["level"], &lost["attempt"]), (&"WARN".into(), &1.into()), "{lost}");
    let failed = said(&log, "poll failed");
    assert_eq!(failed.len(), 1, "{log}");
    assert_eq!(failed[0]["failures"], 1);
    assert!(failed[0]["next_poll_s"].is_u64());
}

#[test]
fn a_source_that_answers_again_is_told() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &FILE);
    until("it was not there", || (!said(&nashra.log(), "poll failed").is_empty()).then_some(()));
    site.feed("/feed", &[]);
    site.put(
        "/feed",
        Answer::ok(crate::support::rss("<item><title>One</title><guid>1</guid></item>")),
    );
    until("it is told", || {
        let told = said(&nashra.log(), "the source can be read again");
        told.first().map(|told| assert!(told["failures"].as_u64() >= Some(1), "{told}"))
    });
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_log_in_a_file_has_no_colours_and_the_level_comes_from_the_flag_or_the_environment() {
    let dir = tempdir().unwrap();
    let config = "data_dir = \"data\"\n[fetch]\ncontact = \"mailto:news@a.example\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"text\"\nlevel = \"warn\"\n";
    fs::write(dir.path().join("nashra.toml"), config).unwrap();
    let run = ["run", "-c", "nashra.toml"];
    let shown = Nashra::start(dir.path(), &[&run[..], &["--log-level", "info"]].concat());
    until("it has started", || shown.log().contains(" INFO started ").then_some(()));
    assert!(!shown.log().contains('\u{1b}'), "{}", shown.log());
    assert_eq!(shown.stop(), Some(0));
    let variable = [("NASHRA_LOG", "debug,nashra=off".into())];
    let silent =
        Nashra::with_environment((dir.path(), &variable), &[&run[..], &["--for", "1s"]].concat());
    let log = silent.log_file();
    assert_eq!(silent.wait().code(), Some(0));
    assert!(!fs::read_to_string(log).unwrap().contains("started"));
    let wrong = [("NASHRA_LOG", "loud".into())];
    let refused = Nashra::with_environment((dir.path(), &wrong), &run);
    let log = refused.log_file();
    assert_eq!(refused.wait().code(), Some(2));
    assert!(fs::read_to_string(log).unwrap().contains("NASHRA_LOG: "));
}

#[test]
fn a_broker_that_is_away_is_told_in_our_fields_and_not_by_the_hundred() {
    let dir = tempdir().unwrap();
    // Nobody listens at its port once it is dropped.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let nashra = Nashra::run(dir.path(), "", &["--sink", "kafka", "--brokers", &closed]);
    until("the sink is given up for now", || {
        let log = nashra.log();
        let slow = said(&log, "publishing takes long; nothing is lost");
        let refused = said(&log, "the sink does not take records; nothing is lost, trying again");
        (slow.len() + refused.len() > 0).then_some(())
    });
    let log = nashra.log();
    let ours = said(&log, "Kafka's client has trouble; it tries again");
    assert!((1..6).contains(&ours.len()), "{log}");
    assert_eq!(ours[0]["target"], "librdkafka");
    let reason = ours[0]["reason"].as_str().unwrap();
    assert!(reason.contains(&closed) && reason.contains("refused"), "{reason}");
    assert!(ours[0]["about"].is_string());
    assert!(!log.contains(".rs\"") && !log.contains("log.file"), "{log}");
}

#[test]
fn whoever_has_read_enough_of_standard_output_ends_the_daemon_quietly() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First")]);
    site.page("one", "First", "It began.");
    let mut nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &["--sink", "stdout"]);
    let first = nashra.records().next().unwrap();
    assert_eq!(first["title"], "First");
    site.feed("/feed", &[("one", "First"), ("two", "Second")]);
    site.page("two", "Second", "It went on.");
    let log = nashra.log_file();
    assert_eq!(nashra.wait().code(), Some(0));
    let log = fs::read_to_string(log).unwrap();
    assert_eq!(
        said(
            &log,
            "stopping: nobody reads the records any more; those that were not read are kept"
        )
        .len(),
        1
    );
    assert!(!log.contains("\"ERROR\"") && log.trim_end().ends_with('}'), "{log}");
}
