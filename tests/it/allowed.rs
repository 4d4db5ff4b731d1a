//! Private networks that one source may reach, and nobody else.

use std::fs;

use tempfile::{TempDir, tempdir};

use crate::support::{Answer, Nashra, Site, command, lines, until};

fn feed(site: &Site, hub: &str, links: &[String]) -> Answer {
    let item = |link: &String| {
        let title = if link.ends_with("/one") { "Inside" } else { "Secret" };
        format!("<item><title>{title}</title><link>{link}</link><guid>{link}</guid></item>")
    };
    let items: String = links.iter().map(item).collect();
    Answer::ok(format!(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>F</title><atom:link rel=\"hub\" href=\"{hub}\"/>\
         <atom:link rel=\"self\" href=\"{}/feed\"/>{items}</channel></rss>",
        site.base
    ))
}

/// A site inside that one source may reach, and another whose feed, hub and redirects lead there.
struct World {
    inside: Site,
    other: Site,
    dir: TempDir,
}

impl World {
    fn start() -> Self {
        let world =
            Self { inside: Site::start(), other: Site::on("127.0.0.2"), dir: tempdir().unwrap() };
        let (inside, other) = (&world.inside, &world.other);
        let port = inside.base.rsplit(':').next().unwrap();
        let secret = |host: &str, slug: &str| format!("http://{host}:{port}/a/{slug}");
        let hub = format!("{}/hub", inside.base);
        inside.put("/feed", feed(inside, &hub, &[secret("localhost", "one")]));
        inside.page("one", "Inside", "It is inside.");
        for slug in ["named", "written", "led"] {
            inside.page(slug, "Secret", "It is a secret.");
        }
        let led = |to: &str| Answer::status(302).with("location", to);
        other.put("/led", led(&secret("localhost", "led")));
        other.put("/away", led(&format!("http://localhost:{port}/feed")));
        let links = [
            secret("localhost", "named"),
            secret("127.0.0.1", "written"),
            format!("{}/led", other.base),
        ];
        other.put("/feed", feed(other, &hub, &links));
        let list = format!(
            "[[source]]\nid = \"inside\"\nurl = \"http://localhost:{port}/feed\"\nallow_addresses = [\"127.0.0.1\", \"::1\"]\n\
             [[source]]\nid = \"other\"\nurl = \"{0}/feed\"\nallow_addresses = [\"127.0.0.2\"]\n\
             [[source]]\nid = \"away\"\nurl = \"{0}/away\"\nallow_addresses = [\"127.0.0.2/32\"]\n[[source]]\nid = \"none\"\nurl = \"http://localhost:{port}/feed?x\"\n",
            other.base
        );
        let write = |name: &str, text: &str| fs::write(world.dir.path().join(name), text).unwrap();
        write("sources.toml", &list);
        let config = "data_dir = \"data\"\nsources = [\"sources.toml\"]\n[poll]\nmin_interval = \"200ms\"\nmax_interval = \"400ms\"\n[fetch]\n\
            contact = \"bot@example.org\"\n[sink]\nkind = \"file\"\n[admin]\nlisten = \"off\"\n[websub]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1/hooks\"\n";
        write("nashra.toml", config);
        world
    }
}

#[test]
fn what_one_source_may_reach_serves_no_other() {
    let world = World::start();
    let dir = world.dir.path();
    let nashra = Nashra::start(dir, &["run", "-c", "nashra.toml"]);
    let records =
        until("all is published", || Some(lines(dir)).filter(|records| records.len() >= 7));
    let dead: Vec<&str> = records.iter().filter_map(|record| record["error"].as_str()).collect();
    assert!(dead.len() == 3 && dead.iter().all(|dead| dead.starts_with("refused: ")), "{dead:?}");
    assert!(
        records
            .iter()
            .any(|record| record["title"] == "Inside" && record["source"]["id"] == "inside"),
        "{records:?}"
    );
    let told = |source: &str, words: [&str; 2]| {
        until("it is told", || {
            nashra
                .log()
                .lines()
                .any(|line| {
                    line.contains(&format!("\"{source}\""))
                        && words.iter().all(|word| line.contains(word))
                })
                .then_some(())
        });
    };
    told("away", ["poll failed", "refused: "]);
    told("none", ["poll failed", "refused: "]);
    told("inside", ["the hub did not take", "HTTP status 405"]);
    told("other", ["the hub did not take", "refused: 127.0.0.1 is not a public address"]);
    for slug in ["named", "written", "led"] {
        assert!(world.inside.seen(&format!("/a/{slug}")).is_empty(), "{slug}");
    }
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn what_an_added_source_may_reach_is_kept_with_it() {
    let world = World::start();
    let run = |arguments: &[&str]| {
        command(world.dir.path(), &[arguments, &["-c", "nashra.toml"]].concat())
    };
    let url = format!("{}/feed?added", world.inside.base);
    let (code, _, words) = run(&["sources", "add", &url, "--allow-address", "127.0.0.1"]);
    assert_eq!(code, Some(0), "{words}");
    let (_, exported, _) = run(&["sources", "export"]);
    assert!(exported.contains("?added\"\nallow_addresses = [\"127.0.0.1/32\"]"), "{exported}");
}
