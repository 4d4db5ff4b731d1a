//! A full disk: a small file system of its own, filled by somebody else and freed again.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::{Receiver, Sender, channel},
};

use tempfile::tempdir;

use crate::{
    poison::noise,
    support::{Answer, Nashra, PATIENCE, Site, get, html, lines, rss, until},
};

/// A file system of so many MiB at this folder, unmounted at the end; none where mounting is not
/// allowed.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf, mib: u32) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let size = format!("size={mib}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&at).status();
        if !mounted.is_ok_and(|mounted| mounted.success()) {
            println!("left out: no file system can be mounted here");
            return None;
        }
        Some(Self(at))
    }

    /// Somebody else takes what is left, to the last byte.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("somebody-else");
        let mut file = File::options().append(true).create(true).open(&path).unwrap();
        let block = vec![1; 64 << 10];
        while file.write_all(&block).is_ok() {}
        while file.write_all(&[1]).is_ok() {}
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

/// A host with one page, which comes only when the test lets it: a commit that is under way then.
struct HeldPage {
    url: String,
    asked: Receiver<()>,
    go: Sender<()>,
}

impl HeldPage {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/held", listener.local_addr().unwrap());
        let ((tell, asked), (go, held)) = (channel(), channel());
        // More than what is free in the last blocks of files on a full disk, also once compressed.
        let page = html("Held", &noise(1_000_000), "");
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let request: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                let is_page = request.first().is_some_and(|first| first.contains(" /held "));
                // The test may be over already.
                if is_page && (tell.send(()).is_err() || held.recv().is_err()) {
                    return;
                }
                let (status, body) = if is_page { ("200 OK", &*page) } else { ("404 Not", "no") };
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                )
                .ok();
            }
        });
        Self { url, asked, go }
    }

    /// A feed of it alone.
    fn feed(&self) -> Answer {
        let item = format!("<item><title>Held</title><link>{}</link></item>", self.url);
        Answer::ok(rss(&item))
    }
}

fn ready(admin: &str) -> (u16, String) {
    get(&format!("{admin}readyz"))
}

const SETTINGS: &str =
    "[fetch]\ncontact = \"bot@example.org\"\n[store]\nmin_free_disk = \"2MiB\"\n";

fn start(dir: &Path, sources: &str) -> Nashra {
    fs::write(dir.join("n.toml"), SETTINGS).unwrap();
    Nashra::run(dir, sources, &["--sink", "file", "-c", "n.toml"])
}

#[test]
fn a_full_disk_is_told_and_once_there_is_room_everything_goes_on_and_nothing_is_lost() {
    let (site, dir, held) = (Site::start(), tempdir().unwrap(), HeldPage::start());
    let Some(disk) = Disk::mount(dir.path().join("data"), 48) else { return };
    site.feed("/feed", &[("one", "First")]);
    site.page("one", "First", "It began.");
    site.put("/held", held.feed());
    let nashra = start(dir.path(), &format!("{}/feed\n{}/held\n", site.base, site.base));
    let admin = nashra.admin();
    held.asked.recv_timeout(PATIENCE).unwrap();
    until("the first article is there and space is kept back", || {
        (lines(dir.path()).len() == 1 && dir.path().join("data/reserve").exists()).then_some(())
    });
    let slugs: Vec<String> = (0..80).map(|number| format!("s{number}")).collect();
    let articles: Vec<(&str, &str)> =
        slugs.iter().map(|slug| (slug.as_str(), slug.as_str())).collect();
    for slug in &slugs {
        site.page(slug, slug, &"It is so. ".repeat(2000));
    }
    site.feed("/feed", &articles);
    until("some more are there", || (lines(dir.path()).len() > 5).then_some(()));
    let filler = disk.fill();
    until("the disk is told", || (ready(&admin).0 == 503).then_some(()));
    // What was kept back is used up, too.
    held.go.send(()).unwrap();
    until("the store cannot commit", || {
        disk.fill();
        let (status, words) = ready(&admin);
        let metrics = get(&format!("{admin}metrics")).1;
        (status == 503
            && words.contains("store: nothing becomes durable")
            && metrics.contains("nashra_ready{part=\"store\"} 0"))
        .then_some(())
    });
    assert_eq!(get(&format!("{admin}healthz")).0, 200);
    fs::remove_file(filler).unwrap();
    until("all is there", || {
        let mut titles: Vec<String> =
            lines(dir.path()).iter().map(|line| line["title"].to_string()).collect();
        titles.sort();
        titles.dedup();
        (titles.len() == 82).then_some(())
    });
    until("it is ready again", || (ready(&admin) == (200, "ok\n".to_owned())).then_some(()));
    until("space is kept back again", || dir.path().join("data/reserve").exists().then_some(()));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn on_a_disk_that_stays_full_it_stops_all_the_same() {
    let (site, dir, held) = (Site::start(), tempdir().unwrap(), HeldPage::start());
    let Some(disk) = Disk::mount(dir.path().join("data"), 24) else { return };
    site.put("/feed", held.feed());
    fs::write(dir.path().join("n.toml"), format!("{SETTINGS}[run]\ndrain_timeout = \"2s\"\n"))
        .unwrap();
    let nashra = Nashra::run(
        dir.path(),
        &format!("{}/feed", site.base),
        &["--sink", "file", "-c", "n.toml"],
    );
    let admin = nashra.admin();
    held.asked.recv_timeout(PATIENCE).unwrap();
    disk.fill();
    held.go.send(()).unwrap();
    until("the store cannot commit", || {
        disk.fill();
        ready(&admin).1.contains("store: nothing becomes durable").then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_start_on_a_full_disk_waits_until_there_is_room() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    let Some(disk) = Disk::mount(dir.path().join("data"), 48) else { return };
    site.feed("/feed", &[("one", "First")]);
    site.page("one", "First", "It began.");
    let nashra = start(dir.path(), &format!("{}/feed", site.base));
    until("the article is there", || (lines(dir.path()).len() == 1).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
    fs::remove_file(dir.path().join("data/reserve")).ok();
    let filler = disk.fill();
    site.feed("/feed", &[("two", "Second"), ("one", "First")]);
    site.page("two", "Second", "It goes on.");
    let nashra = start(dir.path(), &format!("{}/feed", site.base));
    // What a start gives back, somebody else takes, too.
    until("it says that it waits", || {
        disk.fill();
        let log = nashra.log();
        (log.contains("there is no room to start") || log.contains("no room for new work"))
            .then_some(())
    });
    fs::remove_file(filler).unwrap();
    until("the second article is there", || (lines(dir.path()).len() == 2).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
}
