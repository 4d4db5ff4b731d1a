//! No record stops publishing: what a source makes too large, what the cluster refuses, what we may
//! not write; against a real broker.

use std::{fs, time::Duration};

use nashra::{
    model::record::Topic,
    store::{Batch, NewRecord, Observed, Store},
};
use rdkafka::admin::{AdminOptions, AlterConfig, ResourceSpecifier};
use serde_json::Value;

use crate::{
    kafka::{Seen, World, admin, block_on, read, wait_for},
    support::{Answer, get, html, letter_bytes, random, until},
};

/// Text that no compression makes much smaller.
pub(crate) fn noise(bytes: usize) -> String {
    let mut letters = random(0x9e37_79b9_7f4a_7c15)
        .map(|number| char::from(b"abcdefghijklmnopqrstuvwxyz"[(number % 26) as usize]));
    // Words and sentences, so that a page with it is one with text.
    let at = |at| match at % 90 {
        88 => Some('.'),
        _ if at % 9 == 8 => Some(' '),
        _ => letters.next(),
    };
    (0..bytes).filter_map(at).collect()
}

/// A record as the committing task makes it, with a number for its title.
pub(crate) fn record(number: usize, long: &str) -> NewRecord {
    let id = uuid::Uuid::now_v7();
    let value = serde_json::json!({"schema": "nashra.article.v1", "id": id, "title": number.to_string(), "summary": long});
    NewRecord {
        topic: Topic::Articles,
        key: id.to_string(),
        event_id: format!("{id}/1"),
        event_type: "nashra.article.v1".into(),
        event_source: "/sources/s".into(),
        event_time: chrono::DateTime::UNIX_EPOCH,
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
        routing: nashra::model::routing::Routing::default(),
        observed: Observed::default(),
        value: serde_json::to_vec(&value).unwrap(),
    }
}

/// Waits until another process can open it.
pub(crate) fn closed(store: Store) {
    let lock = fs::File::open(store.dir().unwrap().join("store/lock")).unwrap();
    drop(store);
    // The thread that writes ends by itself.
    until("the store is closed", || lock.try_lock().ok());
}

fn limit(world: &World, topic: &str, bytes: &str) {
    let topic = world.topic(topic);
    let change = AlterConfig::new(ResourceSpecifier::Topic(&topic)).set("max.message.bytes", bytes);
    let done = block_on(admin(&world.brokers).alter_configs(
        &[change],
        &AdminOptions::new().request_timeout(Some(Duration::from_secs(20))),
    ));
    done.unwrap().into_iter().for_each(|done| drop(done.unwrap()));
}

pub(crate) fn letters(world: &World) -> Vec<Seen> {
    read(&world.brokers, &world.topic("deadletters"))
}

fn titles(world: &World) -> Vec<String> {
    world
        .published()
        .iter()
        .map(|published| published.value["title"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_feed_a_title_and_a_section_of_megabytes_stop_nobody() {
    let Some(world) = World::new("poison") else { return };
    let (base, long) = (&world.site.base, noise(2_500_000));
    let item = |slug: &str, title: &str| {
        format!(
            "<item><title>{title}</title><link>{base}/a/{slug}</link><guid isPermaLink=\"false\">{slug}</guid></item>"
        )
    };
    let rss = |title: &str, items: &str| {
        Answer::ok(format!(
            "<rss version=\"2.0\"><channel><title>{title}</title>{items}</channel></rss>"
        ))
    };
    world.site.put("/named", rss(&long, &item("named", "of a long name")));
    world.site.put("/gone", rss("gone", &item("gone", &long)));
    world.site.put("/a/gone", Answer::status(410));
    world.site.put("/section", rss("section", &item("section", "of a long section")));
    world.site.page("named", "of a long name", "It is so.");
    world.site.page_with(
        "section",
        "of a long section",
        "It is so.",
        &format!("<meta property=\"article:section\" content=\"{long}\">"),
    );
    world.articles(&["good"]);
    let feeds =
        ["named", "gone", "section", "feed"].map(|name| format!("{base}/{name}\n")).concat();
    let nashra = world.start_with(&feeds);
    wait_for(&nashra, 4);
    until("the dead letter is there", || letters(&world).pop());
    world.articles(&["good", "later"]);
    wait_for(&nashra, 5);
    assert_eq!(nashra.stop(), Some(0));
    let letter = letters(&world).pop().unwrap();
    assert_eq!(letter.value["reason"], "gone");
    for record in world.published().iter().chain([&letter]) {
        assert!(record.value.to_string().len() < 20_000, "{}", record.value["title"]);
    }
}

#[test]
fn what_a_topic_takes_no_more_becomes_a_dead_letter_in_its_place_and_the_stream_goes_on() {
    let Some(world) = World::new("lowered") else { return };
    world.articles(&["a"]);
    let nashra = world.start();
    wait_for(&nashra, 1);
    limit(&world, "articles", "20000");
    let large = html("large", &noise(60_000), "");
    world.site.put("/a/large", Answer::ok(large).with("content-type", "text/html"));
    world.site.page("b", "b", "It is so.");
    world.site.feed("/feed", &[("a", "a"), ("large", "large"), ("b", "b")]);
    wait_for(&nashra, 2);
    let letter = until("the dead letter is there", || letters(&world).pop());
    let value = letter_bytes(world.dir.path(), &letter.value);
    let kept: Value = serde_json::from_slice(&value).unwrap();
    assert_eq!(
        (&letter.value["reason"], &letter.value["title"], &kept["title"]),
        (&"refused".into(), &"large".into(), &"large".into())
    );
    // Nor does a topic that takes no dead letter hold articles up: it is in the store.
    limit(&world, "deadletters", "100");
    let other = html("larger", &noise(70_000), "");
    world.site.put("/a/larger", Answer::ok(other).with("content-type", "text/html"));
    world.site.page("c", "c", "It is so.");
    world.site.feed("/feed", &[("larger", "larger"), ("c", "c")]);
    wait_for(&nashra, 3);
    nashra.counts("nashra_dead_letters_kept_total{reason=\"too_large\"} 1");
    assert_eq!(get(&format!("{}readyz", nashra.admin())).0, 200);
    assert_eq!(nashra.stop(), Some(0));
    let mut titles = titles(&world);
    titles.sort_unstable();
    assert_eq!(
        (titles, letters(&world).len()),
        (vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], 1)
    );
}

#[test]
fn a_store_that_holds_a_record_of_an_older_version_that_is_too_large_goes_on() {
    let Some(world) = World::new("older") else { return };
    let store = Store::open(&world.dir.path().join("data"), 1 << 20).unwrap();
    let (mut batch, mut tail) = (Batch::default(), store.outbox().tail().unwrap());
    // Ten that fit, one that is refused by the broker, one that the producer refuses, and ten that
    // fit.
    for number in 0..22 {
        let long = match number {
            10 => noise(3_000_000),
            11 => noise(9_000_000),
            _ => noise(200),
        };
        batch.append(&mut tail, record(number, &long));
    }
    block_on(store.articles().commit(batch)).unwrap();
    closed(store);
    world.site.feed("/feed", &[]);
    let nashra = world.start();
    wait_for(&nashra, 20);
    let letters = until("both dead letters are there", || {
        Some(letters(&world)).filter(|letters| letters.len() == 2)
    });
    assert_eq!(nashra.stop(), Some(0));
    let numbers: Vec<&str> = letters
        .iter()
        .map(|letter| letter.headers["nashra-seq"].rsplit('/').next().unwrap())
        .collect();
    assert_eq!(numbers, ["11", "12"]);
    assert!(letters.iter().all(|letter| letter.key == "s" && letter.value["reason"] == "refused"));
    let mut published: Vec<u64> = world
        .published()
        .iter()
        .map(|published| {
            published.headers["nashra-seq"].rsplit('/').next().unwrap().parse().unwrap()
        })
        .collect();
    published.sort_unstable();
    assert_eq!(published, (1..=10).chain(13..=22).collect::<Vec<_>>());
    // Number and chain are what they were: a start goes on from them.
    world.articles(&["a"]);
    let nashra = world.start();
    wait_for(&nashra, 1);
    assert_eq!(nashra.stop(), Some(0));
}
