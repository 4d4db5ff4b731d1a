//! Articles that carry the same text, through the whole daemon.

use serde_json::Value;
use tempfile::tempdir;

use crate::{
    kafka::{World, copy, halted, read, wait_for},
    support::{Answer, Nashra, Site, all_lines, command, until},
};

const TEXT: &str = "The ferry that joins the two halves of the town will run through the night from \
    the first week of spring, the harbour office said after a winter in which the last boat left \
    before the shift at the cannery ended. Workers had asked for a later crossing for eleven years, \
    and had rowed home in small groups when the tide allowed. The office will hire four deckhands \
    and a second mate, and will pay for them by a small charge on parcels that are sent across \
    without a passenger. Fishermen fear that the lights of a boat at night will move the shoals \
    away from the narrows, and want the engine changed for a quieter one.";
const FLAGS: [&str; 4] = ["--sink", "file", "--pages", "feed"];

fn feed(items: &[(&str, &str)]) -> Answer {
    let items: Vec<String> = items
        .iter()
        .map(|(name, text)| {
            format!(
                "<item><title>{name}</title><guid isPermaLink=\"false\">{name}</guid>\
                 <content:encoded>{text}</content:encoded></item>"
            )
        })
        .collect();
    Answer::ok(format!(
        "<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\">\
         <channel><title>F</title>{}</channel></rss>",
        items.concat()
    ))
}

/// The records of a schema, once there are so many. What was written just before a kill may be there
/// twice.
fn records(dir: &std::path::Path, schema: &str, count: usize) -> Vec<Value> {
    until(&format!("there are {count} records of {schema}"), || {
        let mut records = all_lines(dir);
        records.retain(|record| record["schema"] == schema);
        records.dedup_by_key(|record| (record["id"].clone(), record["revision"].clone()));
        (records.len() == count).then_some(records)
    })
}

#[test]
fn copies_are_one_story_also_after_the_process_was_killed() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.put("/one", feed(&[("original", TEXT)]));
    let one = format!("{}/one", site.base);
    let nashra = Nashra::run(dir.path(), &one, &FLAGS);
    let original = records(dir.path(), "nashra.article.v1", 1).remove(0);
    nashra.kill();
    assert_eq!(original["story"]["id"], original["id"]);
    assert_eq!(original["story"]["role"], "original");
    assert_eq!(original["story"]["size"], 1);

    let start: String = TEXT.split_inclusive(' ').take(50).collect();
    site.put("/one", feed(&[("original", TEXT), ("copy", &format!("AGENCY - {TEXT}"))]));
    let nashra = Nashra::run(dir.path(), &one, &FLAGS);
    let copy = records(dir.path(), "nashra.article.v1", 2).remove(1);
    nashra.kill();
    assert_eq!(copy["story"]["id"], original["id"]);
    assert_eq!(copy["story"]["role"], "copy");
    assert_eq!(copy["story"]["of"], original["id"]);
    assert_eq!(copy["story"]["size"], 2);

    site.put("/one", feed(&[("original", TEXT), ("copy", TEXT), ("excerpt", &start)]));
    let nashra = Nashra::run(dir.path(), &one, &FLAGS);
    let stories = records(dir.path(), "nashra.story.v1", 2);
    assert_eq!(nashra.stop(), Some(0));
    let story = &stories[1];
    assert_eq!((&story["id"], &story["original"]), (&original["id"], &original["id"]));
    assert_eq!((&story["size"], &story["revision"]), (&3.into(), &2.into()));
    let members = story["members"].as_array().unwrap();
    let roles: Vec<&str> = members.iter().map(|one| one["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["original", "copy", "excerpt"]);
    let (code, told, _) =
        command(dir.path(), &["explain", copy["id"].as_str().unwrap(), "--data-dir", "data"]);
    assert_eq!(code, Some(0));
    let id = original["id"].as_str().unwrap();
    let why = format!("story: {id}, copy: 100 % of the shorter text is also in article {id};");
    assert!(told.contains(&why), "{told}");
}

#[test]
fn stories_can_be_switched_off() {
    let (site, dir) = (Site::start(), tempdir().unwrap());
    site.put("/feed", feed(&[("one", TEXT), ("other", TEXT)]));
    let config = dir.path().join("nashra.toml");
    std::fs::write(
        &config,
        "[fetch]\ncontact = \"mailto:a@b.example\"\n[stories]\ncompare_for = \"0s\"\n",
    )
    .unwrap();
    let flags = ["--sink", "file", "--pages", "feed", "-c", "nashra.toml"];
    let nashra = Nashra::run(dir.path(), &format!("{}/feed", site.base), &flags);
    let records = records(dir.path(), "nashra.article.v1", 2);
    assert_eq!(nashra.stop(), Some(0));
    assert!(records.iter().all(|record| record["story"].is_null()));
    assert_eq!(all_lines(dir.path()).len(), 2);
}

/// Items with addresses and texts of their own.
fn linked(base: &str, items: &[&str]) -> Answer {
    let items: Vec<String> = items
        .iter()
        .map(|name| {
            format!(
                "<item><title>{name}</title><link>{base}/a/{name}</link>\
                 <content:encoded>{name} - {TEXT}</content:encoded></item>"
            )
        })
        .collect();
    Answer::ok(format!(
        "<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\">\
         <channel><title>F</title>{}</channel></rss>",
        items.concat()
    ))
}

#[test]
fn after_an_adoption_stories_go_on_where_the_topic_has_them() {
    let Some(world) = World::new("stories-adopted") else { return };
    let data = |name: &str| world.dir.path().join(name);
    let start = || {
        let flags = [&world.sink()[..], &["--pages", "feed"]].concat();
        Nashra::run(world.dir.path(), &format!("{}/feed", world.site.base), &flags)
    };
    let publish = |names: &[&str], new: u32| {
        world.site.put("/feed", linked(&world.site.base, names));
        let nashra = start();
        wait_for(&nashra, new);
        assert_eq!(nashra.stop(), Some(0));
    };
    publish(&["one"], 1);
    copy(&data("data"), &data("backup"));
    publish(&["one", "two", "three"], 2);
    std::fs::remove_dir_all(data("data")).unwrap();
    copy(&data("backup"), &data("data"));
    // The copy finds the two copies anew, and tells a story of them that waits.
    let nashra = start();
    halted(&nashra, "state adopt");
    nashra.counts("nashra_articles_total{change=\"new\"} 2");
    let (code, _, errors) = world.adopt();
    assert_eq!(code, Some(0), "{errors}");
    world.site.put("/feed", linked(&world.site.base, &["one", "two", "three", "four"]));
    wait_for(&nashra, 1);
    assert_eq!(nashra.stop(), Some(0));
    let articles = world.published();
    assert_eq!(articles.len(), 4);
    let one = &articles.iter().find(|seen| seen.value["title"] == "one").unwrap().value["id"];
    assert!(articles.iter().all(|seen| &seen.value["story"]["id"] == one));
    let stories = read(&world.brokers, &world.topic("stories"));
    let revisions: Vec<u64> =
        stories.iter().map(|seen| seen.value["revision"].as_u64().unwrap()).collect();
    assert_eq!(revisions, [1, 2, 3]);
    assert_eq!(stories[2].value["size"], 4);
    assert_eq!(stories[2].value["members"].as_array().unwrap().len(), 4);
}
