//! A `data_dir` that is not what it was when it published: one of an older program, one that lost
//! its newest part; against a real broker that knows more.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use nashra::store::{OutboxRow, Store};
use rdkafka::{
    ClientConfig,
    admin::{AdminOptions, NewTopic, TopicReplication},
    consumer::{BaseConsumer, Consumer as _},
    message::{Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer as _},
};
use serde_json::json;

use crate::{
    deliveries::{SOON, nothing_waits, number, position},
    kafka::{World, admin, block_on, copy, halted, wait_for},
    poison::closed,
    support::{Nashra, get, until},
};

/// The store of the last program of format 4 published two records and kept no position, since it
/// wrote to a file.
const STORE: &str = "c3c23b4f-9853-45ea-80d8-5b16d1375702";

/// Writes to the topics what that program has published up to a number, with the position as it
/// wrote them.
fn as_before(world: &World, rows: &[OutboxRow], reached: (u64, [u8; 16])) {
    let topics = ["articles", "deadletters", "positions"].map(|name| world.topic(name));
    let new = topics.iter().map(|topic| NewTopic::new(topic, 1, TopicReplication::Fixed(1)));
    let new: Vec<_> = new
        .map(|topic| {
            if topic.name.ends_with("positions") {
                topic.set("cleanup.policy", "compact")
            } else {
                topic
            }
        })
        .collect();
    block_on(admin(&world.brokers).create_topics(&new, &AdminOptions::new())).unwrap();
    let mut client = ClientConfig::new();
    let consumer: BaseConsumer =
        client.set("bootstrap.servers", &world.brokers).set("group.id", "test").create().unwrap();
    let cluster = consumer.client().fetch_cluster_id(SOON).unwrap();
    let producer: BaseProducer = client.remove("group.id").create().unwrap();
    for seq in 1..=reached.0 {
        let row = rows.iter().find(|row| row.seq == seq);
        let (key, value) = row.map_or(("a".to_owned(), b"{}".to_vec()), |row| {
            (row.record.key.clone(), row.record.value.clone())
        });
        let number = format!("{STORE}/1/{seq}");
        let headers =
            OwnedHeaders::new().insert(Header { key: "nashra-seq", value: Some(&number) });
        producer
            .send(BaseRecord::to(&topics[0]).key(&key).payload(&value).headers(headers))
            .map_err(|error| error.0)
            .unwrap();
    }
    let position = json!({"epoch": 1, "seq": reached.0, "chain": reached.1, "cluster_id": cluster})
        .to_string();
    producer
        .send(BaseRecord::to(&topics[2]).partition(0).key(STORE).payload(&position))
        .map_err(|error| error.0)
        .unwrap();
    producer.flush(SOON).unwrap();
}

#[test]
fn a_store_of_format_4_goes_on_from_what_the_topics_hold_and_publishes_nothing_twice() {
    let archive =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store/format-4.tar.gz");
    let unpack = |to: &Path| {
        fs::create_dir_all(to).unwrap();
        assert!(
            Command::new("tar")
                .arg("-xzf")
                .arg(&archive)
                .current_dir(to)
                .status()
                .unwrap()
                .success()
        );
    };
    // The topics hold what the store knows of, or what was committed there just before it was
    // killed, too.
    for further in [0, 2] {
        let Some(world) = World::new("format") else { return };
        let looked = tempfile::tempdir().unwrap();
        unpack(looked.path());
        let store = Store::open(looked.path(), 1 << 20).unwrap();
        let acked = store.outbox().acked().unwrap().seq();
        let (rows, end) = (
            store.outbox().rows_after(acked, 100, usize::MAX).unwrap(),
            store.outbox().tail().unwrap(),
        );
        let reached = store.outbox().at(acked + further).unwrap().unwrap();
        closed(store);
        as_before(&world, &rows, (reached.seq, reached.chain));
        unpack(&world.dir.path().join("data"));
        world.site.feed("/feed", &[]);
        for _ in 0..2 {
            let nashra = world.start();
            nothing_waits(&nashra);
            let address = nashra.admin();
            until("it is ready", || (get(&format!("{address}readyz")).0 == 200).then_some(()));
            assert_eq!(nashra.stop(), Some(0));
        }
        let published = world.published();
        assert_eq!(
            published.iter().map(number).collect::<Vec<_>>(),
            (1..=end.seq).collect::<Vec<_>>()
        );
        assert!(
            published.iter().all(
                |published| published.headers["nashra-seq"].starts_with(&format!("{STORE}/1/"))
            )
        );
        assert!(
            rows.iter()
                .all(|row| published.iter().any(|published| published.key == row.record.key))
        );
        let position = position(&world);
        assert_eq!(
            (&position["seq"], &position["chain"], &position["epoch"]),
            (&json!(end.seq), &json!(end.chain), &json!(1))
        );
    }
}

/// What stands in each journal, without the space that it has in advance.
fn journals(data: &Path) -> BTreeMap<PathBuf, usize> {
    let names = fs::read_dir(data.join("store"))
        .unwrap()
        .flatten()
        .map(|entry| PathBuf::from(entry.file_name()));
    let journals =
        names.filter(|name| name.extension().is_some_and(|extension| extension == "jnl"));
    let written = |journal: &PathBuf| {
        fs::read(data.join("store").join(journal))
            .unwrap()
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1)
    };
    journals.map(|journal| (journal.clone(), written(&journal))).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manifest {
    Kept,
    Older,
    Gone,
    Torn,
}

/// What a power loss takes of a data directory.
struct Loss<'a> {
    /// The length of each journal before what is lost was written.
    journals: &'a BTreeMap<PathBuf, usize>,
    /// Whether the journals are as long as they were, and full of zeros; as file systems leave it.
    zeros: bool,
    kept: Manifest,
    /// The manifest of that time.
    manifest: &'a [u8],
}

impl Loss<'_> {
    fn strike(&self, data: &Path) {
        for (name, length) in self.journals {
            let path = data.join("store").join(name);
            let mut bytes = fs::read(&path).unwrap();
            let whole = bytes.len();
            bytes.truncate(*length);
            bytes.resize(if self.zeros { whole } else { *length }, 0);
            fs::write(path, bytes).unwrap();
        }
        let manifest = data.join("manifest");
        match self.kept {
            Manifest::Kept => {}
            Manifest::Older => fs::write(manifest, self.manifest).unwrap(),
            Manifest::Gone => fs::remove_file(manifest).unwrap(),
            Manifest::Torn => fs::write(manifest, [0; 512]).unwrap(),
        }
    }
}

fn check_refused(nashra: Nashra, words: &str) {
    let log = until("it is refused", || {
        Some(nashra.log()).filter(|log| log.contains("nashra state repair"))
    });
    assert!(log.contains(words), "{words}: {log}");
    assert_ne!(nashra.wait().code(), Some(0));
}

fn check_halted(nashra: Nashra, manifest_is_missing: bool) {
    halted(&nashra, "nashra state adopt");
    // C and d are found again.
    nashra.counts("nashra_outbox_records 2");
    halted(&nashra, "nashra state adopt");
    assert_eq!(nashra.log().contains("the manifest is missing"), manifest_is_missing);
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_power_loss_that_takes_the_newest_journal_and_the_manifest_is_told_and_nothing_is_published_twice()
 {
    let Some(world) = World::new("power") else { return };
    world.articles(&["a", "b"]);
    let nashra = world.start();
    wait_for(&nashra, 2);
    let data = world.dir.path().join("data");
    nashra.signal("STOP");
    let (before, manifest) = (journals(&data), fs::read(data.join("manifest")).unwrap());
    nashra.signal("CONT");
    world.articles(&["a", "b", "c", "d"]);
    wait_for(&nashra, 4);
    nashra.kill();
    let after = journals(&data);
    assert!(
        after.keys().eq(before.keys()) && after != before,
        "what was written meanwhile is in the same journals"
    );
    for (zeros, kept) in [
        (false, Manifest::Kept),
        (true, Manifest::Kept),
        (false, Manifest::Torn),
        (false, Manifest::Older),
        (true, Manifest::Gone),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let lost = dir.path().join("data");
        copy(&data, &lost);
        Loss { journals: &before, zeros, kept, manifest: &manifest }.strike(&lost);
        let nashra = Nashra::run(dir.path(), &format!("{}/feed", world.site.base), &world.sink());
        match kept {
            Manifest::Kept => check_refused(nashra, "the newest are missing"),
            Manifest::Torn => check_refused(nashra, "both of its lines are damaged"),
            Manifest::Older | Manifest::Gone => check_halted(nashra, kept == Manifest::Gone),
        }
        assert_eq!(world.published().len(), 4);
    }
}
