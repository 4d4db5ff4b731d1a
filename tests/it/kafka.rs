//! The Kafka sink against a real broker.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
    message::Headers as _,
};
use serde_json::Value;
use tempfile::tempdir;

use crate::support::{Nashra, Site, command, get, until};

#[expect(
    clippy::explicit_write,
    reason = "the test runner keeps the output of `eprintln` to itself where a test passes"
)]
/// The broker of `tests/run.sh`; without one a test says that it was left out.
pub(crate) fn broker(test: &str) -> Option<String> {
    let brokers = std::env::var("NASHRA_TEST_BROKERS").ok();
    if brokers.is_none() {
        writeln!(
            std::io::stderr(),
            "left out: kafka::{test} needs a broker (tests/run.sh starts one)"
        )
        .unwrap();
    }
    brokers
}

/// A record as a `read_committed` consumer sees it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) key: String,
    pub(crate) headers: BTreeMap<String, String>,
    /// `null` of a tombstone, and of what is not JSON.
    pub(crate) value: Value,
    pub(crate) raw: Vec<u8>,
}

/// A consumer that sees what is committed.
pub(crate) fn consumer(brokers: &str) -> BaseConsumer {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", brokers)
        .set("group.id", "test")
        .set("enable.auto.commit", "false");
    client
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .set("log_level", "0");
    client.create().unwrap()
}

pub(crate) fn read(brokers: &str, topic: &str) -> Vec<Seen> {
    let consumer = consumer(brokers);
    let metadata = consumer.fetch_metadata(Some(topic), Duration::from_secs(20)).unwrap();
    let partitions: Vec<i32> = metadata.topics()[0]
        .partitions()
        .iter()
        .map(rdkafka::metadata::MetadataPartition::id)
        .collect();
    let mut list = TopicPartitionList::new();
    for partition in &partitions {
        list.add_partition_offset(topic, *partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    // Where more is written all the time, a partition may never say that it ended.
    let ends = partitions.iter().map(|partition| {
        let (_, end) =
            consumer.fetch_watermarks(topic, *partition, Duration::from_secs(20)).unwrap();
        (*partition, end)
    });
    let mut open: BTreeMap<i32, i64> = ends.collect();
    let mut seen = Vec::new();
    while !open.is_empty() {
        match consumer.poll(Duration::from_secs(1)) {
            Some(Ok(message)) => {
                if open.get(&message.partition()).is_some_and(|end| message.offset() + 1 >= *end) {
                    open.remove(&message.partition());
                }
                let text = |bytes: Option<&[u8]>| {
                    String::from_utf8(bytes.unwrap_or_default().to_vec()).unwrap()
                };
                let headers = message
                    .headers()
                    .map(|all| {
                        all.iter()
                            .map(|header| (header.key.to_owned(), text(header.value)))
                            .collect()
                    })
                    .unwrap_or_default();
                seen.push(Seen {
                    key: text(message.key()),
                    headers,
                    value: message
                        .payload()
                        .filter(|value| value[0] != 0)
                        .map_or(Value::Null, |value| serde_json::from_slice(value).unwrap()),
                    raw: message.payload().unwrap_or_default().to_vec(),
                });
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => drop(open.remove(&partition)),
            Some(Err(error)) => panic!("{error}"),
            None => {}
        }
    }
    seen
}

pub(crate) fn admin(brokers: &str) -> AdminClient<rdkafka::client::DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap()
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

pub(crate) struct World {
    pub(crate) site: Site,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) brokers: String,
    pub(crate) prefix: String,
}

impl World {
    pub(crate) fn new(test: &str) -> Option<Self> {
        let brokers = broker(test)?;
        Some(Self {
            site: Site::start(),
            dir: tempdir().unwrap(),
            brokers,
            prefix: format!("{test}-{}.", uuid::Uuid::new_v4().simple()),
        })
    }

    pub(crate) fn articles(&self, slugs: &[&str]) {
        let listed: Vec<(&str, &str)> = slugs.iter().map(|slug| (*slug, *slug)).collect();
        for slug in slugs {
            self.site.page(slug, slug, "It is so.");
        }
        self.site.feed("/feed", &listed);
    }

    pub(crate) fn sink(&self) -> [&str; 6] {
        ["--sink", "kafka", "--brokers", &self.brokers, "--topic-prefix", &self.prefix]
    }

    /// One whose data directory was put back to when `before` was published, after all of `after`
    /// was.
    pub(crate) fn restored(test: &str, before: &[&str], after: &[&str]) -> Option<Self> {
        let world = Self::new(test)?;
        let (data, backup) = (world.dir.path().join("data"), world.dir.path().join("backup"));
        let publish = |slugs: &[&str], new: usize| {
            world.articles(slugs);
            let nashra = world.start();
            wait_for(&nashra, u32::try_from(new).unwrap());
            assert_eq!(nashra.stop(), Some(0));
        };
        publish(before, before.len());
        copy(&data, &backup);
        publish(after, after.len() - before.len());
        fs::remove_dir_all(&data).unwrap();
        copy(&backup, &data);
        Some(world)
    }

    pub(crate) fn start(&self) -> Nashra {
        self.start_with(&format!("{}/feed", self.site.base))
    }

    /// The same with other sources, one a line.
    pub(crate) fn start_with(&self, sources: &str) -> Nashra {
        Nashra::run(self.dir.path(), sources, &self.sink())
    }

    /// The same, which tells each poll.
    pub(crate) fn start_with_polls(&self, sources: &str) -> Nashra {
        self.start_at(&self.brokers, sources, "polls = true")
    }

    /// The same at a listener of the broker, with more settings of Kafka.
    pub(crate) fn start_at(&self, brokers: &str, sources: &str, kafka: &str) -> Nashra {
        let dir = self.dir.path();
        fs::write(dir.join("sources.txt"), sources).unwrap();
        let config = format!(
            "sources = [\"sources.txt\"]\ndata_dir = \"data\"\n[poll]\nmin_interval = \"200ms\"\nmax_interval = \"400ms\"\n[fetch]\ncontact = \"bot@example.org\"\nallow_addresses = [\"127.0.0.0/8\"]\n[sink]\nkind = \"kafka\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[kafka]\nbrokers = [\"{brokers}\"]\ntopic_prefix = \"{}\"\n{kafka}\n",
            self.prefix
        );
        fs::write(dir.join("n.toml"), config).unwrap();
        Nashra::start(dir, &["run", "-c", "n.toml"])
    }

    /// The folder of the broker that `tests/run.sh` starts; what it has beside its address is told
    /// in `tests/kafka/broker.sh`.
    pub(crate) fn broker_dir(&self) -> Option<PathBuf> {
        let dir = PathBuf::from(std::env::var("NASHRA_TEST_BROKER_DIR").ok()?);
        // Another broker is none that what is in there is of.
        let is_it = fs::read_to_string(dir.join("bootstrap"))
            .is_ok_and(|bootstrap| bootstrap.trim() == self.brokers);
        is_it.then_some(dir)
    }

    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub(crate) fn published(&self) -> Vec<Seen> {
        read(&self.brokers, &self.topic("articles"))
    }

    pub(crate) fn adopt(&self) -> (Option<i32>, String, String) {
        self.state("adopt")
    }

    /// A command on the store.
    pub(crate) fn state(&self, verb: &str) -> (Option<i32>, String, String) {
        command(self.dir.path(), &self.state_arguments(verb))
    }

    /// The arguments of one; adopting asks the sink.
    pub(crate) fn state_arguments<'a>(&'a self, verb: &'a str) -> Vec<&'a str> {
        let mut arguments = vec!["state", verb, "--data-dir", "data"];
        if verb == "adopt" {
            arguments.extend(self.sink());
        }
        arguments
    }
}

pub(crate) fn wait_for(nashra: &Nashra, count: u32) {
    nashra.counts(&format!("nashra_published_total{{topic=\"articles\"}} {count}"));
}

pub(crate) fn halted(nashra: &Nashra, words: &str) {
    let admin = nashra.admin();
    until("publishing has stopped", || {
        let (status, answer) = get(&format!("{admin}readyz"));
        (status == 503 && answer.contains(words)).then_some(())
    });
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn records_arrive_once_with_their_key_headers_and_position_and_a_restart_repeats_nothing() {
    let Some(world) = World::new("once") else { return };
    world.articles(&["a", "b", "c"]);
    let nashra = world.start();
    wait_for(&nashra, 3);
    assert_eq!(nashra.stop(), Some(0));
    world.articles(&["a", "b", "c", "d"]);
    let nashra = world.start();
    wait_for(&nashra, 1);
    assert_eq!(nashra.stop(), Some(0));
    let published = world.published();
    let mut titles: Vec<_> =
        published.iter().map(|published| published.value["title"].as_str().unwrap()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["a", "b", "c", "d"]);
    for record in &published {
        let id = record.value["id"].as_str().unwrap();
        assert_eq!(
            (record.key.as_str(), record.headers["ce_id"].as_str()),
            (id, format!("{id}/1").as_str())
        );
        assert_eq!(
            (record.headers["ce_specversion"].as_str(), record.headers["ce_type"].as_str()),
            ("1.0", "nashra.article.v1")
        );
        assert_eq!(record.headers["content-type"], "application/json");
        assert_eq!(record.headers["traceparent"].len(), 55);
    }
    let positions = read(&world.brokers, &world.topic("positions"));
    let last = positions.last().unwrap();
    assert_eq!((&last.value["epoch"], &last.value["seq"]), (&1.into(), &4.into()));
    assert!(published[0].headers["nashra-seq"].starts_with(&format!("{}/1/", last.key)));
}

#[test]
fn a_restored_data_dir_stops_publishing_and_adopt_goes_on() {
    let Some(world) = World::restored("restored", &["a", "b"], &["a", "b", "c"]) else { return };
    // The restored store finds `c` again, gives it the number that the topic knows, and a new id.
    let nashra = world.start();
    halted(&nashra, "data_dir was restored");
    let (code, words, _) = world.adopt();
    assert_eq!(code, Some(0));
    assert!(
        words.contains("epoch 2 begins")
            && words.contains("1 articles of the topic are known again"),
        "{words}"
    );
    assert!(words.contains("Of the waiting records 1 are left out"), "{words}");
    nashra.counts("nashra_outbox_records 0");
    assert!(world.adopt().2.contains("nothing to adopt"));
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(world.published().len(), 3);
    // The new epoch holds: a start goes on from it, and what changes is a revision of what
    // consumers know.
    world.articles(&["a", "b", "c", "d"]);
    world.site.page("c", "c, mended", "It is other.");
    world.site.feed("/feed", &[("a", "a"), ("b", "b"), ("c", "c, mended"), ("d", "d")]);
    let nashra = world.start();
    wait_for(&nashra, 2);
    assert_eq!(nashra.stop(), Some(0));
    let published = world.published();
    let of = |title: &str| {
        published
            .iter()
            .find(|published| published.value["title"] == title)
            .map(|published| (published.key.clone(), published.value["revision"].clone()))
            .unwrap()
    };
    assert_eq!((published.len(), of("c, mended")), (5, (of("c").0, 2.into())));
}

#[test]
fn a_deleted_positions_topic_stops_publishing_and_adopt_goes_on_without_a_daemon() {
    let Some(world) = World::new("deleted") else { return };
    world.articles(&["a"]);
    let nashra = world.start();
    wait_for(&nashra, 1);
    assert_eq!(nashra.stop(), Some(0));
    let topic = world.topic("positions");
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(20)));
    block_on(admin(&world.brokers).delete_topics(&[&topic], &options)).unwrap();
    world.articles(&["a", "b"]);
    let nashra = world.start();
    halted(&nashra, "has no position of this store, although 1 records were published");
    assert_eq!(nashra.stop(), Some(0));
    let (code, words, _) = world.adopt();
    assert_eq!(code, Some(0));
    assert!(
        words.contains("1 records of the outbox (numbers 2 to 2) will be published"),
        "{words}"
    );
    let nashra = world.start();
    wait_for(&nashra, 1);
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(world.published().len(), 2);
}

#[test]
fn a_positions_topic_that_deletes_is_refused() {
    let Some(world) = World::new("policy") else { return };
    world.articles(&["a"]);
    let topic = world.topic("positions");
    let new = NewTopic::new(&topic, 1, TopicReplication::Fixed(1)).set("cleanup.policy", "delete");
    block_on(admin(&world.brokers).create_topics(&[new], &AdminOptions::new())).unwrap();
    let nashra = world.start();
    halted(&nashra, "has cleanup.policy=delete, it must be compact");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn without_a_broker_polling_goes_on_and_nothing_is_lost() {
    let Some(world) = World::new("later") else { return };
    world.articles(&["a", "b"]);
    let nowhere = ["--sink", "kafka", "--brokers", "127.0.0.1:1", "--topic-prefix", &world.prefix];
    let nashra = Nashra::run(world.dir.path(), &format!("{}/feed", world.site.base), &nowhere);
    nashra.counts("nashra_outbox_records 2");
    assert_eq!(get(&format!("{}readyz", nashra.admin())).0, 503);
    nashra.kill();
    let nashra = world.start();
    wait_for(&nashra, 2);
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(world.published().len(), 2);
}

#[test]
fn another_cluster_stops_publishing_and_adopt_goes_on_with_it() {
    let Some(world) = World::new("cluster") else { return };
    let Ok(other) = std::env::var("NASHRA_TEST_BROKERS_OTHER") else { return };
    // Enough that each partition has some.
    world.articles(&["a", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]);
    let nashra = world.start();
    wait_for(&nashra, 13);
    assert_eq!(nashra.stop(), Some(0));
    world.articles(&["a", "b"]);
    let moved = World { brokers: other, ..world };
    let nashra = moved.start();
    halted(&nashra, "records were published to cluster");
    assert_eq!(moved.adopt().0, Some(0));
    // Nothing happened to its topics, although offsets in them begin anew.
    moved.articles(&["a", "b", "c", "d", "e", "f"]);
    wait_for(&nashra, 5);
    assert_eq!(get(&format!("{}readyz", nashra.admin())), (200, "ok\n".to_owned()));
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(moved.published().len(), 5);
}

#[test]
fn each_poll_is_told_where_the_config_asks_for_it() {
    let Some(world) = World::new("polls") else { return };
    world.articles(&["a"]);
    let nashra = world.start_with_polls(&format!("{0}/feed\n{0}/nothing\n", world.site.base));
    wait_for(&nashra, 1);
    let told = until("both outcomes are told", || {
        let told = read(&world.brokers, &world.topic("polls"));
        let outcome = |word: &str| told.iter().any(|told| told.value["outcome"] == word);
        (outcome("read") && outcome("missing")).then_some(told)
    });
    assert_eq!(nashra.stop(), Some(0));
    let missing = told.iter().find(|told| told.value["outcome"] == "missing").unwrap();
    assert_eq!(
        (&missing.value["schema"], &missing.value["reason"]),
        (&"nashra.poll.v1".into(), &"HTTP status 404".into())
    );
    assert_eq!(missing.value["source"], missing.key.as_str());
    let schema = crate::schema::schema("poll");
    assert!(told.iter().all(|told| schema.is_valid(&told.value)), "{told:#?}");
}
