//! Two processes on copies of one `data_dir`, and topics that are no more what they were; against a
//! real broker.

use std::{
    fs,
    panic::{self, AssertUnwindSafe},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use rdkafka::{
    ClientConfig,
    admin::{AdminOptions, NewPartitions},
    producer::{BaseProducer, BaseRecord, Producer as _},
};
use serde_json::Value;

use crate::{
    kafka::{World, admin, block_on, copy, halted, wait_for},
    support::{Nashra, Site, get, until},
};

fn options() -> AdminOptions {
    AdminOptions::new()
        .operation_timeout(Some(Duration::from_secs(30)))
        .request_timeout(Some(Duration::from_secs(30)))
}

#[test]
fn a_process_on_a_copy_disturbs_nobody_and_names_the_one_that_publishes() {
    let Some(world) = World::new("copies") else { return };
    world.articles(&["a"]);
    let nashra = world.start();
    wait_for(&nashra, 1);
    assert_eq!(nashra.stop(), Some(0));
    let copied = World {
        site: Site::start(),
        dir: tempfile::tempdir().unwrap(),
        brokers: world.brokers.clone(),
        prefix: world.prefix.clone(),
    };
    copy(&world.dir.path().join("data"), &copied.dir.path().join("data"));
    let good = world.start();
    world.articles(&["a", "b"]);
    wait_for(&good, 1);
    copied.articles(&["x"]);
    let other = copied.start();
    halted(&other, "data_dir was restored");
    // Each record of its own was a reason to try again.
    copied.articles(&["x", "y", "z"]);
    world.articles(&["a", "b", "c"]);
    wait_for(&good, 2);
    halted(&other, "another nashra publishes with this store's id");
    let words = get(&format!("{}readyz", other.admin())).1;
    assert!(words.contains("running since") && !words.contains("adopt"), "{words}");
    assert!(copied.adopt().2.contains("another nashra"));
    let (status, metrics) = (get(&format!("{}readyz", good.admin())).0, good.metrics());
    assert_eq!(status, 200);
    assert!(
        metrics
            .lines()
            .filter(|line| line.starts_with("nashra_publish_errors_total{"))
            .all(|line| line.ends_with(" 0")),
        "{metrics}"
    );
    assert_eq!((good.stop(), other.stop()), (Some(0), Some(0)));
    assert_eq!(world.published().len(), 3);
}

fn told(nashra: &Nashra, words: &str) {
    let admin = nashra.admin();
    until(words, || {
        let (status, answer) = get(&format!("{admin}readyz"));
        (status == 503 && answer.contains("topics: ") && answer.contains(words)).then_some(())
    });
}

#[test]
fn a_topic_that_was_made_anew_or_has_more_partitions_is_told_until_it_is_confirmed() {
    let Some(world) = World::new("anew") else { return };
    let slugs: Vec<String> = (0..20).map(|number| format!("n{number}")).collect();
    let slugs: Vec<&str> = slugs.iter().map(String::as_str).collect();
    let topic = world.topic("articles");
    world.articles(&slugs[..12]);
    let nashra = world.start();
    wait_for(&nashra, 12);
    block_on(admin(&world.brokers).delete_topics(&[&topic], &options())).unwrap();
    world.articles(&slugs);
    told(&nashra, "was deleted and made anew");
    assert_eq!(nashra.stop(), Some(0));
    let nashra = world.start();
    told(&nashra, "was deleted and made anew");
    let (code, words, _) = world.state("confirm");
    assert_eq!((code, words.starts_with("confirmed: ")), (Some(0), true), "{words}");
    let admin_address = nashra.admin();
    until("it is confirmed", || (get(&format!("{admin_address}readyz")).0 == 200).then_some(()));
    assert_eq!(nashra.stop(), Some(0));
    assert!(world.state("confirm").1.contains("nothing to confirm"));
    block_on(admin(&world.brokers).create_partitions(&[NewPartitions::new(&topic, 9)], &options()))
        .unwrap();
    let nashra = world.start();
    told(&nashra, "has 9 partitions where it had ");
    assert_eq!(nashra.stop(), Some(0));
    assert!(world.state("confirm").1.contains("9 partitions"));
}

/// A run that tells how many positions it read at each look, until an article more is published.
fn positions_read(world: &World, slugs: &[&str]) -> Vec<u64> {
    world.articles(slugs);
    let config = format!(
        "sources = [\"sources.txt\"]\ndata_dir = \"data\"\n[poll]\nmin_interval = \"200ms\"\nmax_interval = \"400ms\"\n[fetch]\ncontact = \"bot@example.org\"\nallow_addresses = [\"127.0.0.0/8\"]\n[sink]\nkind = \"kafka\"\n[kafka]\nbrokers = [\"{}\"]\ntopic_prefix = \"{}\"\n[log]\nlevel = \"info,nashra::stages::publish=debug\"\n[admin]\nlisten = \"127.0.0.1:0\"\n",
        world.brokers, world.prefix
    );
    fs::write(world.dir.path().join("sources.txt"), format!("{}/feed\n", world.site.base)).unwrap();
    fs::write(world.dir.path().join("n.toml"), config).unwrap();
    let nashra = Nashra::start(world.dir.path(), &["run", "-c", "n.toml"]);
    wait_for(&nashra, 1);
    let log = nashra.log();
    assert_eq!(nashra.stop(), Some(0));
    let lines = log.lines().filter(|line| line.contains("read the positions"));
    lines
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["records"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_start_reads_positions_from_the_last_one_on_and_not_all_that_other_stores_left_before() {
    let Some(world) = World::new("positions") else { return };
    positions_read(&world, &["a"]);
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", &world.brokers).create().unwrap();
    let topic = world.topic("positions");
    for number in 0..5_000 {
        let value = format!("{{\"epoch\":1,\"seq\":{number},\"cluster_id\":null}}");
        producer
            .send(BaseRecord::to(&topic).partition(0).key("another store").payload(&value))
            .unwrap();
    }
    producer.flush(Duration::from_secs(30)).unwrap();
    assert!(
        positions_read(&world, &["a", "b"]).iter().all(|positions_read| *positions_read >= 5_000)
    );
    let few = positions_read(&world, &["a", "b", "c"]);
    assert!(!few.is_empty() && few.iter().all(|few| *few < 10), "{few:?}");
}

#[test]
fn a_start_does_not_wait_until_other_stores_stop_writing_positions() {
    let Some(world) = World::new("busy") else { return };
    positions_read(&world, &["a"]);
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", &world.brokers).create().unwrap();
    let (topic, stop) = (world.topic("positions"), AtomicBool::new(false));
    std::thread::scope(|scope| {
        // As often as that, an answer of the broker is never empty.
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let value = r#"{"epoch":1,"seq":1,"cluster_id":null}"#;
                let record = BaseRecord::to(&topic).partition(0).key("another store");
                producer.send(record.payload(value)).unwrap();
                producer.flush(Duration::from_millis(100)).unwrap_or_default();
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let started = panic::catch_unwind(AssertUnwindSafe(|| {
            positions_read(&world, &["a", "b"]);
        }));
        stop.store(true, Ordering::Relaxed);
        started.unwrap();
    });
}
