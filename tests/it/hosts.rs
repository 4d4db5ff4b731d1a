//! Rate limits of hosts: robots.txt, one back-off for all requests to a host, and answers that keep
//! us out.

use std::time::Duration;

use chrono::DateTime;
use nashra::{
    base::clock::ManualClock,
    fetch::{
        BlockKind, DeferralReason, Deferred, Fetch as _, FetchError, HttpFetcher, Limits, Outcome,
        Pace, Request,
    },
};
use tempfile::tempdir;

use crate::support::{Answer, Nashra, Site, command, lines, until};

/// A fetcher whose clock stands still, and a way to ask it.
struct Asker {
    runtime: tokio::runtime::Runtime,
    fetcher: HttpFetcher<ManualClock>,
}

impl Asker {
    fn new() -> Self {
        Self::at(Limits::default().pace)
    }

    fn at(pace: Pace) -> Self {
        let limits =
            Limits { pace, allow: vec!["127.0.0.0/8".parse().unwrap()], ..Limits::default() };
        let fetcher = HttpFetcher::new(limits, ManualClock::new(DateTime::UNIX_EPOCH)).unwrap();
        Self {
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            fetcher,
        }
    }

    fn get(&self, site: &Site, path: &str) -> Outcome {
        let url = format!("{}{path}", site.base).parse().unwrap();
        self.runtime.block_on(self.fetcher.fetch(Request::new(url, "*/*")))
    }
}

fn robots(site: &Site, file: &str) {
    site.put("/robots.txt", Answer::ok(file));
}

#[test]
fn robots_txt_is_asked_for_once_and_holds_behind_redirects_too() {
    let (site, asker) = (Site::start(), Asker::new());
    robots(&site, "User-agent: nashra\nDisallow: /no\n\nUser-agent: *\nDisallow: /");
    site.put("/yes", Answer::ok("yes"));
    site.put("/no", Answer::ok("no"));
    site.put("/there", Answer::status(301).with("location", "/no"));
    assert!(matches!(asker.get(&site, "/yes"), Outcome::New(_)));
    for path in ["/no", "/there"] {
        let Outcome::Blocked(BlockKind::Robots(rule)) = asker.get(&site, path) else {
            panic!("{path}")
        };
        assert_eq!(rule, "Disallow: /no");
    }
    assert!(site.seen("/no").is_empty());
    assert_eq!(site.seen("/robots.txt").len(), 1);
}

#[test]
fn a_site_whose_robots_txt_cannot_be_read_is_not_asked_and_one_without_allows_all() {
    let (broken, without, asker) = (Site::start(), Site::start(), Asker::new());
    broken.put("/robots.txt", Answer::status(500));
    broken.put("/a", Answer::ok("a"));
    without.put("/robots.txt", Answer::status(403));
    without.put("/a", Answer::ok("a"));
    let Outcome::Failed(error @ FetchError::Robots(_)) = asker.get(&broken, "/a") else { panic!() };
    assert!(error.is_transient());
    assert!(broken.seen("/a").is_empty());
    assert!(matches!(asker.get(&without, "/a"), Outcome::New(_)));
}

#[test]
fn only_the_start_of_a_huge_robots_txt_is_read() {
    let (site, asker) = (Site::start(), Asker::new());
    robots(
        &site,
        &format!("User-agent: *\nDisallow: /no\n#{}\nDisallow: /yes", "x".repeat(2 << 20)),
    );
    site.put("/yes", Answer::ok("yes"));
    assert!(matches!(asker.get(&site, "/no"), Outcome::Blocked(BlockKind::Robots(_))));
    assert!(matches!(asker.get(&site, "/yes"), Outcome::New(_)));
}

#[test]
fn a_crawl_delay_is_kept_to_and_who_would_wait_long_is_sent_away() {
    let (site, asker) = (Site::start(), Asker::new());
    robots(&site, "User-agent: *\nCrawl-delay: 3600");
    site.put("/a", Answer::ok("a"));
    assert!(matches!(asker.get(&site, "/a"), Outcome::New(_)));
    let longest = Limits::default().max_crawl_delay;
    // The next turn, and no promise: who has it is for those to say who ask.
    for _ in 0..2 {
        let Outcome::Deferred(deferred) = asker.get(&site, "/a") else { panic!() };
        assert_eq!(deferred, Deferred { wait: longest, reason: None, next: true });
    }
    assert_eq!(site.seen("/a").len(), 1);
}

#[test]
fn a_host_is_asked_no_more_often_than_the_config_says_robots_txt_included() {
    let spacing = Duration::from_mins(1);
    let (site, asker) = (Site::start(), Asker::at(Pace { spacing, burst: 3 }));
    site.put("/a", Answer::ok("a"));
    for _ in 0..2 {
        assert!(matches!(asker.get(&site, "/a"), Outcome::New(_)));
    }
    let Outcome::Deferred(deferred) = asker.get(&site, "/a") else { panic!() };
    assert_eq!(deferred, Deferred { wait: spacing, reason: None, next: true });
    assert_eq!((site.seen("/robots.txt").len(), site.seen("/a").len()), (1, 2));
}

#[test]
fn retry_after_holds_for_the_whole_host_and_for_no_other() {
    let (site, other, asker) = (Site::start(), Site::start(), Asker::new());
    site.put("/busy", Answer::status(429).with("retry-after", "600"));
    for site in [&site, &other] {
        site.put("/a", Answer::ok("a"));
    }
    assert!(matches!(asker.get(&site, "/a"), Outcome::New(_)));
    assert!(matches!(asker.get(&site, "/busy"), Outcome::Throttled { status: 429, .. }));
    let Outcome::Deferred(deferred) = asker.get(&site, "/a") else { panic!() };
    assert_eq!(
        deferred,
        Deferred {
            wait: Duration::from_mins(10),
            reason: Some(DeferralReason::Throttled(429)),
            next: false
        }
    );
    assert!(matches!(asker.get(&other, "/a"), Outcome::New(_)));
    assert_eq!(site.seen("/a").len(), 1);
}

#[test]
fn answers_that_keep_us_out_are_told_apart() {
    let asker = Asker::new();
    let html = |answer: Answer| answer.with("content-type", "text/html");
    let challenge = |text: &str| html(Answer::ok(text));
    let consent = Site::start();
    consent.put("/consent", challenge("<p>We value your privacy"));
    for (answer, block) in [
        (
            Answer::status(403).with("cf-mitigated", "challenge"),
            "a challenge page of Cloudflare (HTTP status 403)",
        ),
        (
            challenge("<script id=\"anubis_challenge\">{}</script>"),
            "a challenge page of Anubis (HTTP status 200)",
        ),
        (
            Answer::status(302).with("location", &format!("{}/consent", consent.base)),
            "a consent wall at 127.0.0.1",
        ),
    ] {
        let site = Site::start();
        site.put("/a", answer);
        let Outcome::Blocked(found) = asker.get(&site, "/a") else { panic!("{block}") };
        assert!(found.to_string().starts_with(block), "{found}");
    }
    let site = Site::start();
    site.put("/a", challenge(&format!("<script>_cf_chl_opt = 1</script>{}", "word ".repeat(200))));
    assert!(matches!(asker.get(&site, "/a"), Outcome::New(_)), "an article about it");
    site.put("/a", Answer::status(403).with("retry-after", "60"));
    assert!(matches!(asker.get(&site, "/a"), Outcome::Throttled { status: 403, .. }));
}

#[test]
fn a_page_that_robots_txt_forbids_is_not_fetched_and_its_article_is_what_the_feed_says() {
    let (site, own, dir) = (Site::start(), Site::start(), tempdir().unwrap());
    for site in [&site, &own] {
        robots(site, "User-agent: *\nDisallow: /a/secret\nDisallow: /closed");
        site.feed("/feed", &[("secret", "Secret"), ("open", "Open")]);
        site.page("secret", "Secret", "Secret words.");
        site.page("open", "Open", "Open words.");
    }
    let list = format!(
        "[[source]]\nid = \"theirs\"\nurl = \"{0}/feed\"\n[[source]]\nid = \"closed\"\nurl = \"{0}/closed\"\n\
         [[source]]\nid = \"own\"\nurl = \"{1}/feed\"\nrobots = \"ignore\"\n",
        site.base, own.base
    );
    std::fs::write(dir.path().join("list.toml"), list).unwrap();
    let nashra = Nashra::with_sources(dir.path(), "list.toml", &["--sink", "file"]);
    let records = until("all four are there", || {
        Some(lines(dir.path())).filter(|records| {
            records.iter().filter(|record| record["text"].is_string()).count() >= 4
        })
    });
    let says = "state: blocked (robots.txt: Disallow: /closed)";
    until(says, || {
        command(dir.path(), &["explain", "closed", "--data-dir", "data"])
            .1
            .contains(says)
            .then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
    let secret: Vec<_> = records.iter().filter(|record| record["title"] == "Secret").collect();
    let texts: Vec<&str> = secret.iter().filter_map(|secret| secret["text"].as_str()).collect();
    assert!(
        texts.iter().any(|text| text.contains("Secret words"))
            && texts.iter().any(|text| !text.contains("Secret words")),
        "{secret:?}"
    );
    assert!(site.seen("/a/secret").is_empty() && site.seen("/closed").is_empty());
    assert_eq!(site.seen("/robots.txt").len(), 1);
    assert!(own.seen("/robots.txt").is_empty());
}

#[test]
fn dozens_of_links_of_one_source_to_a_slow_paced_host_leave_its_next_turn_to_another_source() {
    let (site, slow, dir) = (Site::start(), Site::on("127.0.0.2"), tempdir().unwrap());
    robots(&slow, "User-agent: *\nCrawl-delay: 2");
    let feed = |links: &[String]| {
        let item = |slug: &String| {
            format!("<item><title>{slug}</title><link>{}/a/{slug}</link></item>", slow.base)
        };
        Answer::ok(format!(
            "<rss version=\"2.0\"><channel><title>F</title>{}</channel></rss>",
            links.iter().map(item).collect::<String>()
        ))
    };
    let many: Vec<String> = (0..40).map(|number| format!("many{number}")).collect();
    many.iter()
        .map(String::as_str)
        .chain(["good"])
        .for_each(|slug| slow.page(slug, slug, "Words of it."));
    site.put("/many", feed(&many));
    site.put("/good", feed(&[]));
    let nashra =
        Nashra::run(dir.path(), &format!("{0}/many\n{0}/good\n", site.base), &["--sink", "file"]);
    let read = || many.iter().filter(|many| !slow.seen(&format!("/a/{many}")).is_empty()).count();
    until("the first two are read", || (read() >= 2).then_some(()));
    site.put("/good", feed(&["good".to_owned()]));
    until("the good one is there", || {
        lines(dir.path()).iter().any(|line| line["title"] == "good").then_some(())
    });
    assert!(read() < 20, "it did not wait for the others: {}", read());
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn states_tell_a_busy_host_a_challenge_and_a_page_where_a_feed_was() {
    let (site, guarded, dir) = (Site::start(), Site::start(), tempdir().unwrap());
    site.feed("/feed", &[("a", "A")]);
    guarded.feed("/feed", &[("b", "B")]);
    let list = format!("{}/feed\n{}/feed\n{}/other\n", site.base, guarded.base, guarded.base);
    let nashra = Nashra::run(dir.path(), &list, &["--sink", "file", "--pages", "feed"]);
    until("both are there", || (lines(dir.path()).len() == 2).then_some(()));
    let explained = |url: String| command(dir.path(), &["explain", &url, "--data-dir", "data"]).1;
    site.put("/feed", Answer::ok("<!DOCTYPE html><title>Log in</title><p>Please."));
    let says = "state: blocked (an HTML page where a feed was)";
    until(says, || explained(format!("{}/feed", site.base)).contains(says).then_some(()));
    guarded.put("/feed", Answer::status(503).with("cf-mitigated", "challenge"));
    guarded.put("/other", Answer::status(503).with("cf-mitigated", "challenge"));
    for path in ["feed", "other"] {
        let says = "a challenge page of Cloudflare";
        until(says, || explained(format!("{}/{path}", guarded.base)).contains(says).then_some(()));
    }
    // What became of a poll is durable before it is logged.
    until("it is logged", || nashra.log().contains("challenge page").then_some(()));
    assert_eq!(nashra.stop(), Some(0));
}
