//! The modes of `--pages`.

use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, command, get, html, lines, until};

#[test]
fn feed_mode_publishes_what_the_feed_says_and_fetches_no_page() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First")]);
    let nashra = Nashra::run(
        dir.path(),
        &format!("{}/feed", site.base),
        &["--sink", "file", "--pages", "feed"],
    );
    let records = until("the article is there", || {
        Some(lines(dir.path())).filter(|records| !records.is_empty())
    });
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(records[0]["text"], "About First, in short.");
    assert!(site.seen("/a/one").is_empty());
}

#[test]
fn off_mode_records_entries_and_publishes_nothing() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First"), ("two", "Second")]);
    let nashra = Nashra::run(
        dir.path(),
        &format!("{}/feed", site.base),
        &["--sink", "file", "--pages", "off"],
    );
    nashra.counts("nashra_entries_total{verdict=\"new\"} 2");
    assert_eq!(nashra.stop(), Some(0));
    assert!(command(dir.path(), &["state", "check", "--data-dir", "data"]).1.contains("seen\t2\n"));
    assert!(lines(dir.path()).is_empty() && site.seen("/a/one").is_empty());
}

#[test]
fn the_hosts_whose_pages_cannot_be_read_are_shown_with_the_reasons() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("made", "Made"), ("moved", "Moved"), ("file", "File"), ("one", "One")]);
    let page = |html: &str| Answer::ok(html).with("content-type", "text/html");
    let scripts =
        "<!DOCTYPE html><html><body><div id=app></div><script src=/app.js></script></body></html>";
    site.put("/a/made", page(scripts));
    site.put("/a/moved", page(include_str!("../fixtures/listing/teasers.html")));
    site.put("/a/file", Answer::ok("%PDF-1.7").with("content-type", "text/html"));
    site.page("one", "One", "It began.");
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &["--sink", "file"]);
    for reason in ["scripts", "listing", "not_html"] {
        let line = format!("nashra_unreadable_pages_total{{reason=\"{reason}\"}} ");
        until("it is counted", || {
            let metrics = nashra.metrics();
            let count = metrics.lines().find_map(|counted| counted.strip_prefix(&line))?;
            (count != "0").then_some(())
        });
    }
    let overview = get(&nashra.admin()).1;
    assert!(overview.contains("Pages that could not be read, by host"), "{overview}");
    assert!(overview.contains("<td>127.0.0.1</td>"), "{overview}");
    assert!(["scripts ", "listing ", "not_html "].iter().all(|reason| overview.contains(reason)));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_sources_rules_name_the_elements_of_its_pages_alone() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    for (feed, slug) in [("/ruled", "one"), ("/plain", "two")] {
        site.feed(feed, &[(slug, "First")]);
        site.page_with(
            slug,
            "First",
            "It began.",
            "<meta property=\"og:title\" content=\"Second\"><meta name=\"x\" content=\"Third\">",
        );
    }
    let sources = format!(
        "[[source]]\nurl = \"{0}/ruled\"\n[source.page]\ntitle = \"h1\"\nbyline = \"title\"\ntext = \"article > p\"\n[[source]]\nurl = \"{0}/plain\"\n",
        site.base
    );
    let nashra = Nashra::run(dir.path(), &sources, &["--sink", "file"]);
    until("both articles are there", || (lines(dir.path()).len() == 2).then_some(()));
    // A source that comes by command has its rules at once.
    site.feed("/added", &[("three", "Third")]);
    site.page("three", "Third", "It went on.");
    let added =
        format!("[[source]]\nurl = \"{}/added\"\npage = {{ text = \"article > p\" }}\n", site.base);
    std::fs::write(dir.path().join("more.toml"), added).unwrap();
    let (code, _, words) = command(
        dir.path(),
        &["sources", "import", "more.toml", "--sources", "sources.txt", "--data-dir", "data"],
    );
    assert_eq!(code, Some(0), "{words}");
    let records = until("the third is there", || {
        Some(lines(dir.path())).filter(|records| records.len() == 3)
    });
    assert_eq!(nashra.stop(), Some(0));
    let from = |slug: &str| {
        records.iter().find(|record| record["url"].as_str().unwrap().ends_with(slug)).unwrap()
    };
    let fields = ["title", "text", "bylines"].map(|field| from("one")["provenance"][field].clone());
    assert_eq!(fields, ["rule", "rule", "rule"]);
    assert_eq!(from("three")["provenance"]["text"], "rule");
    assert_eq!(
        (&from("one")["bylines"][0]["name"], &from("two")["provenance"]["text"]),
        (&"First".into(), &"dom".into())
    );
}

/// A config whose looks come seconds after an article was first seen.
fn with_looks(site: &Site, dir: &std::path::Path) -> Nashra {
    let config = format!(
        "sources = [\"{}/feed\"]\ndata_dir = \"data\"\n[fetch]\ncontact = \"https://a.example\"\nspacing = \"0s\"\nallow_addresses = [\"127.0.0.0/8\"]\n\
         [poll]\nmin_interval = \"200ms\"\nmax_interval = \"400ms\"\n[page]\nlooks = [\"1s\", \"2s\", \"3s\", \"4s\", \"5s\", \"6s\", \"20s\", \"40s\"]\nwithdraw_after = \"2s\"\n\
         [record]\ndifference = true\n[sink]\nkind = \"file\"\nfile = \"articles.jsonl\"\n[admin]\nlisten = \"127.0.0.1:0\"\n",
        site.base
    );
    std::fs::write(dir.join("nashra.toml"), config).unwrap();
    Nashra::start(dir, &["run", "-c", "nashra.toml"])
}

fn records(dir: &std::path::Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(dir.join("articles.jsonl")).unwrap_or_default();
    let all = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    // Pages of one template may be a story, whose records stand in the file, too.
    all.filter(|record| record["schema"] == "nashra.article.v1").collect()
}

#[test]
fn a_published_page_is_looked_at_with_its_tag_and_a_change_that_no_feed_tells_is_a_revision() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("one", "First")]);
    let page = |first: &str, tag: &str| {
        Answer::ok(html("First", first, "")).with("content-type", "text/html").with("etag", tag)
    };
    site.put("/a/one", page("It began.", "\"v1\""));
    let nashra = with_looks(&site, dir.path());
    until("the page was asked with its tag", || {
        let asked = site.seen("/a/one");
        let tags = asked.iter().filter_map(|seen| seen.headers.get("if-none-match"));
        (tags.filter(|tag| *tag == "\"v1\"").count() == 1).then_some(())
    });
    // Another version of the page with the same text.
    site.put("/a/one", page("It began.", "\"v2\""));
    nashra.has_counted("nashra_articles_total{change=\"duplicate\"}");
    assert_eq!(records(dir.path()).len(), 1);
    site.put("/a/one", page("It began otherwise.", "\"v3\""));
    let all = until("the revision is there", || {
        Some(records(dir.path())).filter(|records| records.len() == 2)
    });
    nashra.has_counted("nashra_looks_total{found=\"unchanged\"}");
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!((&all[1]["id"], &all[1]["change"]), (&all[0]["id"], &"revised".into()));
    assert_eq!(all[1]["changed_fields"], serde_json::json!(["text"]));
    let told = serde_json::json!([{"kept": 1, "removed": "began.", "added": "began otherwise."}]);
    assert_eq!((all[0].get("difference"), &all[1]["difference"]), (None, &told));
}

#[test]
fn a_page_that_is_gone_at_two_looks_is_withdrawn_also_after_kill_9_and_one_of_a_broken_site_is_not()
{
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let slugs = ["one", "two", "three", "four"];
    let titles = slugs.map(|slug| (slug, slug));
    site.feed("/feed", &titles);
    for slug in slugs {
        site.page(slug, slug, "It began.");
    }
    let nashra = with_looks(&site, dir.path());
    until("the articles are there", || (records(dir.path()).len() == 4).then_some(()));
    // The whole site breaks, and mends itself but for one page.
    for slug in slugs {
        site.put(&format!("/a/{slug}"), Answer::status(404));
    }
    nashra.has_counted("nashra_looks_total{found=\"held\"}");
    for slug in &slugs[1..] {
        site.page(slug, slug, "It began.");
    }
    nashra.kill();
    let nashra = with_looks(&site, dir.path());
    let all = until("one is withdrawn", || {
        let all = records(dir.path());
        all.iter().any(|record| record["change"] == "withdrawn").then_some(all)
    });
    let withdrawn: Vec<_> = all.iter().filter(|record| record["change"] == "withdrawn").collect();
    assert_eq!(withdrawn.len(), 1);
    assert!(withdrawn[0]["url"].as_str().unwrap().ends_with("/a/one"));
    assert_eq!((&withdrawn[0]["revision"], &withdrawn[0]["text"]), (&2.into(), &().into()));
    let explained =
        command(dir.path(), &["explain", &format!("{}/a/one", site.base), "--data-dir", "data"]);
    assert!(explained.1.contains("last verdict: withdrawn"), "{explained:?}");
    assert_eq!(nashra.stop(), Some(0));
}
