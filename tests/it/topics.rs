//! Kafka topics as sources, against a real broker.

mod world;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use rdkafka::{
    Offset, TopicPartitionList,
    admin::NewPartitions,
    producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer},
};
use serde_json::{Value, json};

use self::world::{SOON, World, options};
use crate::{
    kafka::{admin, block_on, read},
    support::{Site, command, html, letter_bytes, lines, until},
};

fn page(title: &str) -> Value {
    json!({ "url": format!("https://news.example/{}", title.replace(' ', "-")), "html": html(title, &format!("{title} began."), "") })
}

/// Seven messages in two partitions, one of each form and of each that cannot be read.
fn send_every_form(world: &World, site: &Site) {
    site.page("one", "Fetched", "It began.");
    world.make(2);
    let address = json!({ "url": format!("{}/a/one", site.base), "title": "told" });
    world.send(0, Some(address.to_string().as_bytes()), &[]);
    world.send(0, Some(b"{\"url\": \"ftp://news.example/\"}"), &[]);
    world.send(0, None, &[]);
    let told = json!({ "html": html("Without address", "It began.", ""), "id": "7", "source": { "name": "Courier", "tags": ["x"] } });
    world.send(1, Some(told.to_string().as_bytes()), &[]);
    let arabic = html("إعادة فتح الميناء", "بدأت الحركة في الميناء القديم صباح اليوم.", "");
    let (bytes, _, _) = encoding_rs::WINDOWS_1256.encode(&arabic);
    world.send(
        1,
        Some(&bytes),
        &[("content-type", "text/html; charset=windows-1256"), ("url", "https://news.example/ar")],
    );
    world.send(1, Some(b"%PDF-1.7"), &[("content-type", "application/pdf")]);
    world.pages(0, &["With its page"]);
}

/// The dead letters of the message and the page that cannot be read.
fn check_dead_letters(world: &World, records: &[Value]) {
    let dead: BTreeMap<&str, &Value> = records
        .iter()
        .filter(|record| record["schema"] == "nashra.deadletter.v1")
        .map(|record| (record["reason"].as_str().unwrap(), record))
        .collect();
    let (message, page) = (dead["message"], dead["page"]);
    assert_eq!(
        message["error"],
        format!(
            "message {}/0/1: url has the scheme ftp: only http and https are read",
            world.topic
        )
    );
    assert_eq!(letter_bytes(world.dir.path(), message), b"{\"url\": \"ftp://news.example/\"}");
    assert_eq!(
        (&page["error"], &page["source"]["id"]),
        (&"not an HTML page: application/pdf".into(), &"handed".into())
    );
}

#[test]
fn every_form_of_message_becomes_an_article_and_what_cannot_be_read_a_dead_letter() {
    let Some(world) = World::new("forms") else { return };
    let site = Site::start();
    send_every_form(&world, &site);
    let nashra = world.run("tags = [\"own\"]");
    world.wait_for(&["Fetched", "Without address", "إعادة فتح الميناء", "With its page"]);
    let records = until("all are there", || {
        Some(lines(world.dir.path())).filter(|records| records.len() == 6)
    });
    let of = |title: &str| records.iter().find(|record| record["title"] == title).unwrap();
    assert_eq!(
        (&of("Without address")["url"], &of("Without address")["source"]["name"]),
        (&Value::Null, &"Courier".into())
    );
    assert_eq!(
        (&of("With its page")["source"]["tags"], &of("With its page")["source"]["kind"]),
        (&json!(["own"]), &"kafka".into())
    );
    assert_eq!(of("إعادة فتح الميناء")["url"], "https://news.example/ar");
    check_dead_letters(&world, &records);
    for (what, count) in
        [("address", "1"), ("document", "4"), ("deletion", "1"), ("unreadable", "1")]
    {
        let label = format!("what=\"{what}\"");
        nashra.counts(&world.series("nashra_topic_messages_total", &label, count));
    }
    nashra.counts(&world.series("nashra_topic_lag", "", "0"));
    let explained = world.explained();
    assert!(
        explained.contains("7 messages taken")
            && explained.contains("partition 0: 4, partition 1: 3"),
        "{explained}"
    );
    assert_eq!(nashra.stop(), Some(0));
    assert!(
        command(world.dir.path(), &["state", "check", "--data-dir", "data"])
            .1
            .contains("documents\t0\n")
    );
}

#[test]
fn a_text_handed_over_twice_is_published_once_and_its_title_is_the_one_that_was_told() {
    let Some(world) = World::new("texts") else { return };
    world.make(1);
    let paragraph = "The harbour of the old town is open again, and the first ferry left before dawn with forty people on board, as the council had said that it would.";
    let told = json!({ "text": format!("Harbour reopens after the storm\n\n{paragraph}\n\n{paragraph} Nobody was late."), "title": "Told" });
    for _ in 0..2 {
        world.send(0, Some(told.to_string().as_bytes()), &[]);
    }
    let nashra = world.run("");
    world.wait_for(&["Told"]);
    // Whichever is decided on later is a duplicate or a look that came too late.
    for line in ["nashra_pages_total{outcome=\"read\"} 2", "nashra_entries_pending 0"] {
        nashra.counts(line);
    }
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!((world.titles().len(), &lines(world.dir.path())[0]["url"]), (1, &Value::Null));
}

#[test]
fn kill_9_while_it_reads_loses_no_message_and_publishes_none_twice() {
    let Some(world) = World::new("killed") else { return };
    world.make(3);
    let titles: Vec<String> = (0..240).map(|number| format!("Number {number}")).collect();
    // Few may wait at once, so that a kill finds most of them still in the topic.
    fs::write(
        world.dir.path().join("n.toml"),
        "[queues]\ntopic = 20\n[fetch]\ncontact = \"bot@example.org\"\n",
    )
    .unwrap();
    let prefix = format!("{}.", world.topic);
    let sink = ["-c", "n.toml", "--sink", "kafka", "--topic-prefix", &prefix];
    let articles = format!("{prefix}articles");
    for more in titles.chunks(60) {
        for (partition, title) in (0..3).cycle().zip(more) {
            let record = page(title).to_string();
            world
                .producer
                .send(BaseRecord::to(&world.topic).partition(partition).key("k").payload(&record))
                .map_err(|error| error.0)
                .unwrap();
        }
        world.producer.flush(SOON).unwrap();
        let nashra = world.run_into("", &sink);
        until("some are published", || {
            let metrics = nashra.metrics();
            let line = metrics
                .lines()
                .find(|line| line.starts_with("nashra_published_total{topic=\"articles\"}"))?;
            (line.rsplit(' ').next()?.parse::<usize>().ok()? >= 15).then_some(())
        });
        nashra.kill();
    }
    let nashra = world.run_into("", &sink);
    let published = until("all are published", || {
        Some(read(&world.brokers, &articles)).filter(|records| records.len() >= 240)
    });
    assert_eq!(nashra.stop(), Some(0));
    let mut seen: Vec<&str> =
        published.iter().map(|published| published.value["title"].as_str().unwrap()).collect();
    seen.sort_unstable();
    let mut wanted: Vec<&str> = titles.iter().map(String::as_str).collect();
    wanted.sort_unstable();
    assert_eq!(seen, wanted);
    assert_eq!(read(&world.brokers, &articles).len(), 240);
    assert!(world.explained().contains("240 messages taken"), "{}", world.explained());
}

#[test]
fn a_topic_that_is_made_anew_is_told_and_read_from_its_beginning() {
    let Some(world) = World::new("anew") else { return };
    world.make(1);
    world.pages(0, &["a", "b", "c"]);
    let nashra = world.run("");
    world.wait_for(&["a", "b", "c"]);
    assert_eq!(nashra.stop(), Some(0));
    world.delete();
    world.make(1);
    world.pages(0, &["b", "d", "e", "f"]);
    let nashra = world.run("");
    world.wait_for(&["d", "e", "f"]);
    nashra.counts(&world.series("nashra_topic_resets_total", "reason=\"other_message\"", "1"));
    nashra.counts("nashra_articles_total{change=\"duplicate\"} 1");
    assert!(world.explained().contains("the topic was made anew"), "{}", world.explained());
    // Once more, while it is read, and longer than what was read.
    world.delete();
    world.make(1);
    world.pages(0, &["g", "h", "i", "j", "k", "l"]);
    world.wait_for(&["g", "h", "i", "j", "k", "l"]);
    assert_eq!(nashra.stop(), Some(0));
    let mut titles = world.titles();
    titles.sort();
    assert_eq!(titles, ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]);
}

#[test]
fn a_topic_that_is_made_anew_and_filled_further_than_it_was_read_while_nashra_is_frozen_is_read_from_its_beginning()
 {
    let Some(world) = World::new("frozen") else { return };
    world.make(1);
    world.pages(0, &["a", "b", "c"]);
    let nashra = world.run("");
    world.wait_for(&["a", "b", "c"]);
    // Else Prometheus would see no increase by the first.
    nashra.counts(&world.series("nashra_topic_resets_total", "reason=\"other_message\"", "0"));
    // It finds all of the new one at once, and what it would read next is there.
    nashra.signal("STOP");
    world.delete();
    world.make(1);
    world.pages(0, &["d", "e", "f", "g", "h", "i"]);
    nashra.signal("CONT");
    world.wait_for(&["d", "e", "f", "g", "h", "i"]);
    nashra.counts(&world.series("nashra_topic_resets_total", "reason=\"other_message\"", "1"));
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(world.titles().len(), 9);
}

#[test]
fn messages_that_expire_before_they_are_read_are_counted() {
    let Some(world) = World::new("expired") else { return };
    world.make(1);
    world.pages(0, &["a"]);
    let nashra = world.run("");
    world.wait_for(&["a"]);
    assert_eq!(nashra.stop(), Some(0));
    world.pages(0, &["b", "c", "d"]);
    let mut before = TopicPartitionList::new();
    before.add_partition_offset(&world.topic, 0, Offset::Offset(3)).unwrap();
    block_on(admin(&world.brokers).delete_records(&before, &options())).unwrap();
    let nashra = world.run("");
    world.wait_for(&["d"]);
    nashra.counts(&world.series("nashra_topic_resets_total", "reason=\"expired\"", "1"));
    nashra.counts(&world.series("nashra_topic_lost_total", "", "2"));
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(world.titles(), ["a", "d"]);
}

#[test]
fn a_topic_may_begin_at_its_end_and_partitions_that_are_added_are_read_whole() {
    let Some(world) = World::new("end") else { return };
    world.make(1);
    world.pages(0, &["old"]);
    let nashra = world.run("from = \"end\"");
    until("it is known where it begins", || {
        world.explained().contains("partition 0: 1").then_some(())
    });
    world.pages(0, &["new"]);
    world.wait_for(&["new"]);
    block_on(
        admin(&world.brokers).create_partitions(&[NewPartitions::new(&world.topic, 2)], &options()),
    )
    .unwrap();
    until("the second partition takes messages", || {
        let record = page("added").to_string();
        sent(&world, &record).then_some(())
    });
    world.wait_for(&["added"]);
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(world.titles(), ["new", "added"]);
}

fn sent(world: &World, record: &str) -> bool {
    // A producer that does not know the partition yet refuses, and asks for it.
    let sent =
        world.producer.send(BaseRecord::to(&world.topic).partition(1).key("k").payload(record));
    world.producer.client().fetch_metadata(Some(&world.topic), SOON).unwrap();
    world.producer.flush(SOON).unwrap();
    sent.is_ok()
}

#[test]
fn messages_of_a_transaction_count_once_it_is_committed_and_those_of_an_aborted_one_never() {
    let Some(world) = World::new("transactions") else { return };
    world.make(1);
    let mut client = rdkafka::ClientConfig::new();
    client.set("bootstrap.servers", &world.brokers).set("transactional.id", &world.topic);
    let producer: ThreadedProducer<DefaultProducerContext> = client.create().unwrap();
    producer.init_transactions(SOON).unwrap();
    let send = |title: &str| {
        producer.begin_transaction().unwrap();
        let record = page(title).to_string();
        producer
            .send(BaseRecord::to(&world.topic).partition(0).key("k").payload(&record))
            .map_err(|error| error.0)
            .unwrap();
        producer.flush(SOON).unwrap();
    };
    send("aborted");
    producer.abort_transaction(SOON).unwrap();
    send("committed");
    producer.commit_transaction(SOON).unwrap();
    send("open");
    let nashra = world.run("");
    world.wait_for(&["committed"]);
    nashra.counts(&world.series("nashra_topic_lag", "", "0"));
    producer.commit_transaction(SOON).unwrap();
    world.wait_for(&["open"]);
    assert_eq!(nashra.stop(), Some(0));
    // The markers of transactions have offsets of their own; a start goes on behind them without
    // ado.
    let nashra = world.run("");
    world.pages(0, &["last"]);
    world.wait_for(&["last"]);
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(world.titles(), ["committed", "open", "last"]);
    assert!(world.explained().contains("resets: 0"), "{}", world.explained());
}

#[test]
fn a_topic_that_is_not_there_yet_is_waited_for_and_read_whole() {
    let Some(world) = World::new("waited") else { return };
    let nashra = world.run("from = \"end\"");
    until("it is missed", || {
        world.explained().contains("it cannot be read: the topic does not exist").then_some(())
    });
    world.make(1);
    world.pages(0, &["a"]);
    world.wait_for(&["a"]);
    assert!(!world.explained().contains("cannot be read"));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn another_cluster_is_told() {
    let Some(world) = World::new("moved") else { return };
    let Ok(other) = std::env::var("NASHRA_TEST_BROKERS_OTHER") else { return };
    world.make(1);
    world.pages(0, &["a", "b"]);
    let nashra = world.run("");
    world.wait_for(&["a", "b"]);
    assert_eq!(nashra.stop(), Some(0));
    let moved = World { dir: world.dir, ..World::at(&other, &world.topic) };
    moved.make(1);
    moved.pages(0, &["b", "c"]);
    let nashra = moved.run(&format!("brokers = [\"{other}\"]"));
    moved.wait_for(&["c"]);
    nashra.counts(&moved.series("nashra_topic_resets_total", "reason=\"other_cluster\"", "1"));
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(
        moved.titles().into_iter().collect::<BTreeSet<_>>(),
        ["a", "b", "c"].map(str::to_owned).into()
    );
    assert_eq!(moved.titles().len(), 3);
}

/// They are kilobytes as they are sent, and 12 MB each when they are unpacked.
#[test]
fn documents_that_unpack_to_much_are_taken_a_few_at_a_time() {
    let Some(mut world) = World::new("large") else { return };
    world.make(2);
    world.producer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", &world.brokers)
        .set("message.max.bytes", "100000000")
        .set("compression.type", "gzip")
        .create()
        .unwrap();
    let filler = format!("<!-- {} -->", "nothing ".repeat(1_500_000));
    let titles: Vec<String> = (0..40).map(|number| format!("Number {number}")).collect();
    for (partition, title) in [0, 1].into_iter().cycle().zip(&titles) {
        let html = html(title, &format!("{title} began."), "") + &filler;
        let document = json!({ "url": format!("https://news.example/{title}"), "html": html });
        world.send(partition, Some(document.to_string().as_bytes()), &[]);
    }
    let nashra = world.run("");
    world.wait_for(&titles.iter().map(String::as_str).collect::<Vec<_>>());
    let most = nashra.most_resident() / 1_000_000;
    assert!(most < 400, "{most} MB");
    nashra.kill();
}
