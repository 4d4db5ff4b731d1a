//! The daemon as its users run it, with the file sink.

use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, command, get, letter_bytes, lines, until};

const FILE: [&str; 2] = ["--sink", "file"];

#[test]
fn a_feed_becomes_articles_and_a_changed_one_the_next_revision() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First"), ("two", "Second")]);
    site.page("one", "First", "It began.");
    site.page("two", "Second", "It went on.");
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &FILE);
    until("two articles are there", || (lines(dir.path()).len() == 2).then_some(()));
    site.page("one", "First, corrected", "It began otherwise.");
    site.feed("/feed", &[("one", "First, corrected"), ("two", "Second")]);
    let records = until("the revision is there", || {
        Some(lines(dir.path())).filter(|records| records.len() == 3)
    });
    assert_eq!(nashra.stop(), Some(0));
    let first = records[..2].iter().find(|record| record["title"] == "First").unwrap();
    assert_eq!(records[2]["id"], first["id"]);
    assert_eq!((&records[2]["revision"], &records[2]["change"]), (&2.into(), &"revised".into()));
    assert_eq!(records[2]["changed_fields"], serde_json::json!(["summary", "text", "title"]));
    assert!(first["text"].as_str().unwrap().starts_with("It began."));
    assert_eq!(lines(dir.path()).len(), 3);
}

#[test]
fn a_page_that_failed_is_tried_again_although_its_feed_answers_304() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First")]);
    let feed = Answer::ok(format!(
        "<rss version=\"2.0\"><channel><title>F</title><item><title>First</title><link>{}/a/one</link></item></channel></rss>",
        site.base
    ));
    site.put("/feed", feed.with("etag", "\"v1\""));
    site.put("/a/one", Answer::status(500));
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &FILE);
    until("the page failed and the feed was asked with its tag", || {
        let conditional = site
            .seen("/feed")
            .iter()
            .any(|seen| seen.headers.get("if-none-match").is_some_and(|header| header == "\"v1\""));
        (conditional && !site.seen("/a/one").is_empty()).then_some(())
    });
    site.page("one", "First", "At last.");
    let records = until("the article is there", || {
        Some(lines(dir.path())).filter(|records| !records.is_empty())
    });
    assert!(records[0]["text"].as_str().unwrap().starts_with("At last."));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn pages_whose_template_names_one_amp_or_canonical_address_stay_articles_of_their_own() {
    for link in ["amphtml", "canonical"] {
        let (site, dir) = (Site::start(), tempdir().unwrap());
        site.feed("/feed", &[("one", "First"), ("two", "Second"), ("three", "Third")]);
        for (slug, title) in [("one", "First"), ("two", "Second"), ("three", "Third")] {
            site.page_with(
                slug,
                title,
                &format!("{title} of all."),
                &format!("<link rel=\"{link}\" href=\"/old/story\">"),
            );
        }
        let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &FILE);
        let records = until("three articles are there", || {
            Some(lines(dir.path())).filter(|records| records.len() == 3)
        });
        assert_eq!(nashra.stop(), Some(0));
        assert!(records.iter().all(|record| record["revision"] == 1), "{link}: {records:?}");
    }
}

#[test]
fn what_cannot_be_read_is_a_dead_letter_and_the_feeds_own_words_are_published() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First")]);
    site.put("/a/one", Answer::ok(b"%PDF-1.7 not a page".as_slice()));
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &FILE);
    let records = until("both records are there", || {
        Some(lines(dir.path())).filter(|records| records.len() == 2)
    });
    assert_eq!(nashra.stop(), Some(0));
    let dead = records.iter().find(|record| record["schema"] == "nashra.deadletter.v1").unwrap();
    assert_eq!(dead["error"], "not an HTML page: a PDF");
    assert_eq!(dead["bytes"], 19);
    assert_eq!(letter_bytes(dir.path(), dead), b"%PDF-1.7 not a page");
    let article = records.iter().find(|record| record["schema"] == "nashra.article.v1").unwrap();
    assert_eq!(
        (&article["title"], &article["provenance"]["text"]),
        (&"First".into(), &"feed".into())
    );
}

#[test]
fn kill_9_and_a_start_repeat_nothing_and_lose_nothing() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let slugs: Vec<String> = (0..40).map(|number| format!("s{number}")).collect();
    let articles: Vec<(&str, &str)> =
        slugs.iter().map(|slug| (slug.as_str(), slug.as_str())).collect();
    site.feed("/feed", &articles);
    for slug in &slugs {
        site.page(slug, slug, "It is so.");
    }
    let sources = format!("{}/feed", site.base);
    for count in [5, 15, 30] {
        let nashra = Nashra::run(dir.path(), &sources, &FILE);
        until("some are there", || (lines(dir.path()).len() >= count).then_some(()));
        nashra.kill();
    }
    let nashra = Nashra::run(dir.path(), &sources, &FILE);
    until("all are there", || {
        let mut titles: Vec<String> =
            lines(dir.path()).iter().map(|line| line["title"].to_string()).collect();
        titles.sort();
        titles.dedup();
        (titles.len() == 40).then_some(())
    });
    // All may have been there before it began, and it hears SIGTERM only then.
    nashra.admin();
    assert_eq!(nashra.stop(), Some(0));
    // A file is at least once: what was written and not yet remembered may come again, under the
    // same id.
    let mut ids: Vec<String> =
        lines(dir.path()).iter().map(|line| line["id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 40);
}

#[test]
fn a_second_process_on_the_same_data_directory_is_refused_by_name() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[]);
    let first = Nashra::run(dir.path(), &format!("{}/feed", site.base), &FILE);
    first.admin();
    let second = Nashra::run(dir.path(), &format!("{}/feed", site.base), &FILE);
    let log = until("the second ends", || {
        Some(second.log()).filter(|log| log.contains("is in use by another nashra (process "))
    });
    assert!(log.contains("nashra: data is in use"), "{log}");
    assert_eq!(second.wait().code(), Some(3));
    assert_eq!(first.stop(), Some(0));
}

#[test]
fn operators_see_health_readiness_metrics_and_explanations() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First")]);
    site.page("one", "First", "It began.");
    let sources = format!("{}/feed\n{}/nothing", site.base, site.base);
    let nashra = Nashra::run(dir.path(), &sources, &FILE);
    let admin = nashra.admin();
    until("the article is there", || (lines(dir.path()).len() == 1).then_some(()));
    assert_eq!(get(&format!("{admin}healthz")), (200, "ok\n".to_owned()));
    assert_eq!(get(&format!("{admin}readyz")), (200, "ok\n".to_owned()));
    for metric in [
        "nashra_articles_total{change=\"new\"} 1",
        "nashra_published_total{topic=\"articles\"} 1",
        "nashra_fetches_total{kind=\"poll\",outcome=\"missing\"} 1",
        "nashra_store_errors_total 0",
        "nashra_ready{part=\"publish\"} 1",
    ] {
        // A record is counted a moment after it was written.
        until(metric, || get(&format!("{admin}metrics")).1.contains(metric).then_some(()));
    }
    let explained = |what: &str| command(dir.path(), &["explain", what, "--data-dir", "data"]).1;
    assert!(explained(&format!("{}/a/one", site.base)).contains("last verdict: new"));
    assert!(
        explained(&format!("{}/nothing", site.base)).contains("state: backoff (HTTP status 404)")
    );
    let nobody = || command(dir.path(), &["explain", "nobody", "--data-dir", "data"]);
    let (code, _, words) = nobody();
    assert!(code == Some(1) && words.contains("no source and no article"), "{words}");
    assert!(
        command(dir.path(), &["state", "check", "--data-dir", "data"]).1.contains("articles\t1")
    );
    assert_eq!(nashra.stop(), Some(0));
    // Without a daemon the same commands open the store themselves.
    assert_eq!(nobody().0, Some(1));
    assert!(explained(&format!("{}/a/one", site.base)).contains("last verdict: new"));
}

#[test]
fn a_wrong_config_is_refused_with_every_error_at_once() {
    let dir = tempdir().unwrap();
    std::fs::write(
        dir.path().join("n.toml"),
        "[poll]\nmin_intervall = \"5m\"\nconcurrency = 0\n[sink]\nkind = \"kafak\"\n",
    )
    .unwrap();
    for verb in ["check", "run"] {
        let (code, _, words) = command(dir.path(), &[verb, "-c", "n.toml"]);
        assert_eq!(code, Some(1));
        for part in ["n.toml:2", "min_interval", "n.toml:3", "n.toml:5", "kafka"] {
            assert!(words.contains(part), "{part} is not in\n{words}");
        }
    }
}

#[test]
fn a_list_of_sources_may_be_an_address_and_its_last_copy_serves_when_it_is_gone() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First")]);
    site.page("one", "First", "It began.");
    let list = format!(
        "<opml version=\"2.0\"><body><outline type=\"rss\" text=\"Named\" xmlUrl=\"{}/feed\"/></body></opml>",
        site.base
    );
    site.put("/list", Answer::ok(list));
    let address = format!("{}/list", site.base);
    let start = || Nashra::with_sources(dir.path(), &address, &FILE);
    let nashra = start();
    let records = until("the article is there", || {
        Some(lines(dir.path())).filter(|records| !records.is_empty())
    });
    assert_eq!(records[0]["source"]["name"], "Named");
    assert_eq!(nashra.stop(), Some(0));
    site.put("/list", Answer::status(503));
    site.feed("/feed", &[("one", "First"), ("two", "Second")]);
    site.page("two", "Second", "It went on.");
    let nashra = start();
    until("the second is there", || (lines(dir.path()).len() == 2).then_some(()));
    assert!(nashra.log().contains("the copy of an earlier start is used"));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn standard_error_that_is_full_or_closed_ends_nothing() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First")]);
    site.put("/a/one", Answer::status(404));
    std::fs::write(
        dir.path().join("sources.txt"),
        format!("{}/feed\n{}/none\n", site.base, site.base),
    )
    .unwrap();
    for broken in ["2>/dev/full", "2>&-", "2> >(exec 0<&-)"] {
        let data = format!("data-{}", broken.len());
        let run = format!(
            "exec '{}' run --sources sources.txt --data-dir {data} --allow-address 127.0.0.0/8 --min-interval 200ms --max-interval 400ms \
             --listen off --sink file {broken}",
            env!("CARGO_BIN_EXE_nashra")
        );
        let mut child = std::process::Command::new("bash")
            .args(["-c", &run])
            .current_dir(dir.path())
            .spawn()
            .unwrap();
        let polls = site.seen("/none").len();
        until("it polls and logs on", || {
            assert_eq!(child.try_wait().unwrap(), None, "{broken}");
            (site.seen("/none").len() >= polls + 3).then_some(())
        });
        assert!(
            std::process::Command::new("kill")
                .arg(child.id().to_string())
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(until("it ends", || child.try_wait().unwrap()).code(), Some(0), "{broken}");
        for (arguments, code) in [
            ("check --sources sources.txt", 0),
            ("check --sources none.txt", 1),
            ("explain x -c none.toml", 1),
        ] {
            let line = format!("exec '{}' {arguments} {broken}", env!("CARGO_BIN_EXE_nashra"));
            let status = std::process::Command::new("bash")
                .args(["-c", &line])
                .current_dir(dir.path())
                .stdout(std::process::Stdio::null())
                .status();
            assert_eq!(status.unwrap().code(), Some(code), "{line}");
        }
    }
}

#[test]
fn standard_output_that_nobody_reads_ends_the_run_and_the_next_one_writes_the_record() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First")]);
    site.page("one", "First", "It began.");
    let list = format!("{}/feed", site.base);
    let mut nashra = Nashra::run(dir.path(), &list, &[]);
    drop(nashra.records());
    assert_eq!(nashra.wait().code(), Some(0));
    let mut again = Nashra::run(dir.path(), &list, &[]);
    let record = again.records().next().unwrap();
    assert_eq!((&record["title"], &record["revision"]), (&"First".into(), &1.into()));
    assert_eq!(again.stop(), Some(0));
}

#[test]
fn systemd_is_told_that_it_has_started_lives_and_stops() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[]);
    let path = dir.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_mins(1))).unwrap();
    let said = || {
        let mut words = [0; 512];
        let length = socket.recv(&mut words).unwrap();
        String::from_utf8(words[..length].to_vec()).unwrap()
    };
    let environment = [("NOTIFY_SOCKET", path.clone()), ("WATCHDOG_USEC", "200000".into())];
    let list = format!("{}/feed", site.base);
    std::fs::write(dir.path().join("sources.txt"), list).unwrap();
    let nashra = Nashra::under((dir.path(), &environment), "sources.txt", &FILE);
    let mut first: Vec<String> = Vec::new();
    // It lives while it starts, too.
    let count =
        |first: &[String], word: &str| first.iter().filter(|said| said.contains(word)).count();
    while count(&first, "WATCHDOG=1") < 3 || count(&first, "READY=1") == 0 {
        first.push(said());
    }
    assert_eq!(count(&first, "READY=1"), 1, "{first:?}");
    nashra.signal("TERM");
    while !said().contains("STOPPING=1") {}
    assert_eq!(nashra.wait().code(), Some(0));
}

#[test]
fn where_no_host_answers_the_daemon_is_not_ready_until_one_does() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First")]);
    let silent = ["http://127.0.0.1:1/", "http://127.0.0.2:1/", "http://127.0.0.3:1/"].join("\n");
    let nashra = Nashra::run(dir.path(), &silent, &FILE);
    let ready = || get(&format!("{}readyz", nashra.admin()));
    until("the network is missed", || {
        let (status, words) = ready();
        (status == 503 && words.starts_with("network: no_network: ")).then_some(())
    });
    let feed = format!("{}/feed", site.base);
    let add = ["sources", "add", &feed, "--kind", "feed", "--data-dir", "data"];
    assert_eq!(command(dir.path(), &add).0, Some(0));
    until("the network is there", || (ready() == (200, "ok\n".to_owned())).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
}
