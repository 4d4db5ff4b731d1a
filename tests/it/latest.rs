//! The compacted topic of latest editions, on a real broker.

use std::collections::BTreeMap;

use rdkafka::admin::{AdminOptions, ResourceSpecifier};
use serde_json::Value;

use crate::{
    kafka::{World, admin, block_on, read, wait_for},
    support::command,
};

/// What a new consumer has once it has read the topic: the last value of each key.
fn state(world: &World) -> BTreeMap<String, Value> {
    let mut state = BTreeMap::new();
    for seen in read(&world.brokers, &world.topic("latest")) {
        if seen.value.is_null() {
            state.remove(&seen.key);
        } else {
            assert_eq!(seen.value["id"], seen.key);
            assert!(seen.headers["nashra-seq"].contains('/'));
            state.insert(seen.key, seen.value);
        }
    }
    state
}

#[test]
fn the_topic_of_latest_editions_has_each_article_once_and_none_that_was_erased() {
    let Some(world) = World::new("latest") else { return };
    world.articles(&["one", "two", "three"]);
    let feed = format!("{}/feed\n", world.site.base);
    let nashra = world.start_at(&world.brokers, &feed, "latest = true");
    wait_for(&nashra, 3);
    assert_eq!(state(&world).len(), 3);
    world.site.page("one", "one better", "It is better so.");
    world.site.feed("/feed", &[("one", "one better"), ("two", "two"), ("three", "three")]);
    wait_for(&nashra, 4);
    let records = world.published();
    let two = records.iter().find(|record| record.value["title"] == "two").unwrap().key.clone();
    assert_eq!(command(world.dir.path(), &["erase", &two, "--data-dir", "data"]).0, Some(0));
    wait_for(&nashra, 5);
    let latest = state(&world);
    let mut titles: Vec<&str> =
        latest.values().map(|article| article["title"].as_str().unwrap()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["one better", "three"]);
    assert!(!latest.contains_key(&two));
    assert_eq!(nashra.stop(), Some(0));

    // Each is in both topics, in one transaction, under one number.
    let number = |topic: &str| {
        let mut numbers: Vec<String> = read(&world.brokers, &world.topic(topic))
            .into_iter()
            .map(|mut record| record.headers.remove("nashra-seq").unwrap())
            .collect();
        numbers.sort();
        numbers
    };
    assert_eq!(number("latest"), number("articles"));
    let topic = world.topic("latest");
    let asked = [ResourceSpecifier::Topic(&topic)];
    let admin = admin(&world.brokers);
    let described = block_on(admin.describe_configs(&asked, &AdminOptions::new())).unwrap();
    let config = described.into_iter().next().unwrap().unwrap();
    assert_eq!(config.get("cleanup.policy").unwrap().value.as_deref(), Some("compact"));
}
