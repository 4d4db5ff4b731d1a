//! What is served, and what that came to.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    bodies::{article, feed, gzip, pdf, robots},
    daemon::Daemon,
    site::Site,
};

const LARGE: usize = 20_000_000;

/// Name, and how the site and the list of sources are made.
type Scenario = (&'static str, fn(&Site) -> String);

const ALL: [Scenario; 7] = [
    ("nothing", |_| String::new()),
    ("256 feeds of 20 MB", |site| {
        site.put("/large", "application/rss+xml", true, gzip(&feed("texts", LARGE)));
        sources(site, 256, "feed", "/large")
    }),
    ("64 pages of 20 MB", |site| {
        site.put("/large", "text/html", true, gzip(&article(LARGE)));
        sources(site, 64, "page", "/large")
    }),
    ("64 listings of 20 MB", |site| {
        site.put("/large", "text/html", true, gzip(&article(LARGE)));
        sources(site, 64, "listing", "/large")
    }),
    ("400 PDFs of 20 MB", |site| {
        site.put("/pdf", "application/pdf", true, gzip(&pdf(LARGE)));
        let mut links = String::from("<rss version=\"2.0\"><channel><title>Papers</title>");
        for at in 0..400 {
            let link = site.at(at, &format!("/pdf/{at}"));
            let _ = write!(
                links,
                "<item><title>Paper {at}</title><link>{link}</link><guid>{at}</guid></item>"
            );
        }
        site.put(
            "/papers",
            "application/rss+xml",
            false,
            format!("{links}</channel></rss>").into_bytes(),
        );
        sources(site, 1, "feed", "/papers")
    }),
    ("robots.txt of 500 KiB on 1,000 hosts", |site| {
        site.put("/robots.txt", "text/plain", false, robots(500 << 10));
        site.put("/small", "application/rss+xml", false, feed("headlines", 2_000));
        sources(site, 1_000, "feed", "/small")
    }),
    ("256 bombs, 20 kB to 20 MB", |site| {
        site.put(
            "/bomb",
            "application/rss+xml",
            true,
            gzip(&[b"<rss>".to_vec(), vec![b' '; LARGE]].concat()),
        );
        sources(site, 256, "feed", "/bomb")
    }),
];

fn sources(site: &Site, count: usize, kind: &str, path: &str) -> String {
    let one = |at: usize| {
        format!(
            "[[source]]\nid = \"s{at}\"\nkind = \"{kind}\"\nurl = \"{}\"\n",
            site.at(at, &format!("{path}/{at}"))
        )
    };
    (0..count).map(one).collect()
}

/// Runs those whose names hold one of the words, all without any.
pub(crate) fn run(program: &Path, time: Duration, words: &[String]) {
    println!(
        "{:38} {:>10} {:>10} {:>8} {:>12}",
        "", "most, MB", "end, MB", "asked", "good late, s"
    );
    for (name, make) in ALL.iter().filter(|(name, _)| {
        words.is_empty() || words.iter().any(|word| name.contains(word.as_str()))
    }) {
        let dir = std::env::temp_dir().join(format!("nashra-memory-{}", std::process::id()));
        fs::remove_dir_all(&dir).ok();
        fs::create_dir_all(&dir).unwrap();
        let site = Site::start();
        let list = make(&site);
        site.put("/good", "application/rss+xml", false, feed("headlines", 20_000));
        let good = format!("[[source]]\nid = \"good\"\nurl = \"{}\"\n", site.at(60_000, "/good"));
        fs::write(dir.join("sources.toml"), format!("{good}{list}")).unwrap();
        let mut daemon = Daemon::start(program, &dir, &[]);
        let start = Instant::now();
        let (mut most, mut end) = (0, 0);
        while start.elapsed() < time && !daemon.ended() {
            let now = daemon.resident("VmHWM");
            (most, end) = (most.max(now), daemon.resident("VmRSS"));
            std::thread::sleep(Duration::from_millis(100));
        }
        let ended = if daemon.ended() { "  the program ended" } else { "" };
        drop(daemon);
        let asked = site.asked.lock().unwrap();
        let large =
            asked.iter().filter(|(path, _)| path != "/good" && path != "/robots.txt").count();
        println!(
            "{name:38} {:>10.0} {:>10.0} {large:>8} {:>12.1}{ended}",
            mb(most),
            mb(end),
            late(&asked, start)
        );
        if ended.is_empty() {
            fs::remove_dir_all(&dir).ok();
        }
    }
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The longest time between two polls of the good source, seconds.
fn late(asked: &[(String, Instant)], start: Instant) -> f64 {
    let polls = asked.iter().filter(|(path, _)| path == "/good").map(|(_, at)| *at);
    let times: Vec<Instant> = std::iter::once(start).chain(polls).chain([Instant::now()]).collect();
    times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).fold(0.0, f64::max)
}
