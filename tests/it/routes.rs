//! Routes to further topics, on a real broker, and what docs/routes.md says of them.

use std::{collections::BTreeMap, fs};

use tempfile::tempdir;

use crate::{
    kafka::{Seen, World, copy, read, wait_for},
    support::{blocks, command, document, until},
};

#[test]
fn check_says_where_records_of_a_file_would_go_as_the_documentation_does() {
    let (dir, page) = (tempdir().unwrap(), document("routes.md"));
    let config =
        format!("{}[fetch]\ncontact = \"mailto:news@a.example\"\n", blocks(&page, "toml")[0]);
    fs::write(dir.path().join("nashra.toml"), config).unwrap();
    fs::write(dir.path().join("articles.jsonl"), &blocks(&page, "json")[0]).unwrap();
    let (code, told, words) =
        command(dir.path(), &["check", "-c", "nashra.toml", "--sample", "articles.jsonl"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(told.ends_with(&blocks(&page, "text")[0]), "{told}");
}

/// Title and revision of each record of a topic, with its number.
fn held(world: &World, topic: &str) -> BTreeMap<String, (String, u64)> {
    let of = |seen: Seen| {
        let title = seen.value["title"].as_str().unwrap_or_default().to_owned();
        (seen.headers["nashra-seq"].clone(), (title, seen.value["revision"].as_u64().unwrap()))
    };
    read(&world.brokers, &world.topic(topic)).into_iter().map(of).collect()
}

fn titles(world: &World, topic: &str) -> Vec<(String, u64)> {
    let mut titles: Vec<_> = held(world, topic).into_values().collect();
    titles.sort();
    titles
}

const ROUTES: &str = "[[label]]\nname = \"water\"\nany = [\"flood\"]\nin = [\"title\"]\n\
    [[route]]\ntopic = \"water\"\nlabel = [\"water\"]\n\
    [[route]]\ntopic = \"english\"\nlanguage = [\"en\"]\n\
    [[route]]\ntopic = \"english\"\nsource = [\"nobody\"]\n\
    [[route]]\ntopic = \"alone\"\nlabel = [\"alone\"]\ninstead = true\n\
    [[label]]\nname = \"alone\"\nany = [\"secret\"]\nin = [\"title\"]\n";

#[test]
fn articles_go_to_their_topics_stay_in_them_and_are_withdrawn_there() {
    let Some(world) = World::new("routes") else { return };
    let feed = format!("{}/feed\n", world.site.base);
    let list = |titles: [&str; 3]| {
        let slugs = ["one", "two", "three"];
        for (slug, title) in slugs.iter().zip(titles) {
            world.site.page(slug, title, "It is so.");
        }
        let items: Vec<(&str, &str)> = slugs.into_iter().zip(titles).collect();
        world.site.feed("/feed", &items);
    };
    list(["flood", "bread", "secret"]);
    let nashra = world.start_at(&world.brokers, &feed, ROUTES);
    wait_for(&nashra, 3);
    let named = |titles: &[(&str, u64)]| -> Vec<(String, u64)> {
        titles.iter().map(|(title, revision)| ((*title).to_owned(), *revision)).collect()
    };
    assert_eq!(titles(&world, "articles"), named(&[("bread", 1), ("flood", 1)]));
    assert_eq!(titles(&world, "water"), named(&[("flood", 1)]));
    assert_eq!(titles(&world, "alone"), named(&[("secret", 1)]));
    assert_eq!(titles(&world, "english"), named(&[("bread", 1), ("flood", 1), ("secret", 1)]));
    nashra.counts("nashra_routed_total{topic=\"english\"} 3");

    // Revisions come where the article is, whatever they say now.
    list(["dry now", "bread, and a flood", "told now"]);
    wait_for(&nashra, 6);
    assert_eq!(
        titles(&world, "water"),
        named(&[("bread, and a flood", 2), ("dry now", 2), ("flood", 1)])
    );
    assert_eq!(titles(&world, "alone"), named(&[("secret", 1), ("told now", 2)]));
    assert_eq!(titles(&world, "articles").len(), 4);
    let (in_water, in_english) = (held(&world, "water"), held(&world, "english"));
    assert!(in_water.iter().all(|(number, record)| in_english.get(number) == Some(record)));

    // The withdrawal, too.
    let told = read(&world.brokers, &world.topic("alone"));
    let (code, words, _) =
        command(world.dir.path(), &["explain", &told[0].key, "--data-dir", "data"]);
    assert!(code == Some(0) && words.contains("alone, english"), "{words}");
    assert_eq!(
        command(world.dir.path(), &["erase", &told[0].key, "--data-dir", "data"]).0,
        Some(0)
    );
    wait_for(&nashra, 7);
    assert_eq!(titles(&world, "alone").len(), 3);
    assert_eq!(titles(&world, "articles").len(), 4, "it never was there");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn an_older_copy_wins_articles_back_that_are_in_topics_of_routes_alone() {
    let Some(world) = World::new("routed") else { return };
    let feed = format!("{}/feed\n", world.site.base);
    let start = || world.start_at(&world.brokers, &feed, ROUTES);
    world.articles(&["first"]);
    let nashra = start();
    wait_for(&nashra, 1);
    assert_eq!(nashra.stop(), Some(0));
    let (data, backup) = (world.dir.path().join("data"), world.dir.path().join("backup"));
    copy(&data, &backup);
    world.articles(&["first", "secret"]);
    let nashra = start();
    wait_for(&nashra, 1);
    assert_eq!(nashra.stop(), Some(0));
    let before = read(&world.brokers, &world.topic("alone"));
    fs::remove_dir_all(&data).unwrap();
    copy(&backup, &data);
    let (code, told, words) = command(world.dir.path(), &["state", "adopt", "-c", "n.toml"]);
    assert!(code == Some(0), "{told} {words}");
    let nashra = start();
    world.site.page("secret", "secret no more", "It is so.");
    world.site.feed("/feed", &[("first", "first"), ("secret", "secret no more")]);
    until("its revision is there", || {
        (read(&world.brokers, &world.topic("alone")).len() > before.len()).then_some(())
    });
    let after = read(&world.brokers, &world.topic("alone"));
    assert!(after.iter().all(|record| record.key == before[0].key), "it kept its id");
    assert_eq!(after.last().unwrap().value["revision"], 2);
    assert_eq!(titles(&world, "articles").len(), 1);
    assert_eq!(nashra.stop(), Some(0));
}
