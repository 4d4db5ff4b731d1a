//! Keeps the latest revision of each article of nashra's topics in a file.
//!
//! `cargo run --example consumer -- --brokers localhost:9092 --file articles.json`
//!
//! It reads only what is committed, goes on where it ended, takes withdrawn articles out, and checks the
//! numbers of the records (the header `nashra-seq`): none may come twice, and none may be missing.
//! First the file is replaced, then the offsets are committed. After a crash between the two some
//! records come again; the file knows their offsets, so nothing changes. A program that keeps many
//! articles takes a database in the place of the file, as `examples/consumer.py` does.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Parser;
use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer as _},
    error::KafkaError,
    message::{BorrowedMessage, Headers as _},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Messages between two commits at most.
const BATCH: usize = 500;

/// Keeps the latest revision of each article in a file.
#[derive(Parser)]
struct Options {
    #[arg(long, default_value = "localhost:9092")]
    brokers: String,
    #[arg(long, default_value = "nashra.")]
    topic_prefix: String,
    /// Its committed offsets are where it goes on
    #[arg(long, default_value = "articles-in-file")]
    group: String,
    #[arg(long, default_value = "articles.json")]
    file: PathBuf,
    /// Stop where the topics end now, with a summary
    #[arg(long)]
    until_end: bool,
}

/// The numbers that were seen of one store and epoch, over all topics and partitions.
#[derive(Default, Serialize, Deserialize)]
struct Numbers {
    range: Option<(u64, u64)>,
    missing: BTreeSet<u64>,
}

impl Numbers {
    /// Notes a number; returns whether it came before.
    fn see(&mut self, number: u64) -> bool {
        let Some((low, high)) = self.range else {
            self.range = Some((number, number));
            return false;
        };
        if number > high {
            self.missing.extend(high + 1..number);
        } else if number < low {
            // Partitions are read in no order: what lies between comes later.
            self.missing.extend(number + 1..low);
        } else {
            return !self.missing.remove(&number);
        }
        self.range = Some((low.min(number), high.max(number)));
        false
    }
}

/// An article; of a withdrawn one the revision stays, so that no earlier record brings it back.
#[derive(Serialize, Deserialize)]
struct Held {
    revision: u64,
    record: Option<Value>,
}

/// What is in the file.
#[derive(Default, Serialize, Deserialize)]
struct Articles {
    held: BTreeMap<String, Held>,
    numbers: BTreeMap<String, Numbers>,
    /// The next offset of each partition.
    next: BTreeMap<String, i64>,
    #[serde(skip)]
    counts: BTreeMap<&'static str, u64>,
}

impl Articles {
    fn open(file: &Path) -> Result<Self, Box<dyn Error>> {
        match fs::read(file) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// Takes one record.
    fn take(&mut self, message: &BorrowedMessage<'_>) -> Result<(), Box<dyn Error>> {
        let place = format!("{}/{}", message.topic(), message.partition());
        if self.next.get(&place).is_some_and(|next| message.offset() < *next) {
            // It was taken before a crash that came before its offset was committed.
            self.count("again");
            return Ok(());
        }
        self.next.insert(place.clone(), message.offset() + 1);
        self.count("read");
        let number = header(message, "nashra-seq").ok_or("a record without nashra-seq")?;
        let (epoch, seq) = number.rsplit_once('/').ok_or("nashra-seq is store/epoch/number")?;
        if self.numbers.entry(epoch.to_owned()).or_default().see(seq.parse()?) {
            self.count("repeated");
            eprintln!("{place}: {number} came twice");
        }
        if header(message, "ce_type") == Some("nashra.article.v1") {
            self.take_article(serde_json::from_slice(message.payload().unwrap_or_default())?)?;
        }
        Ok(())
    }

    fn take_article(&mut self, record: Value) -> Result<(), Box<dyn Error>> {
        let id = record["id"].as_str().ok_or("an article without id")?.to_owned();
        let revision = record["revision"].as_u64().ok_or("an article without revision")?;
        if self.held.get(&id).is_some_and(|held| held.revision >= revision) {
            return Ok(());
        }
        let change = match record["change"].as_str() {
            Some("new") => "new",
            Some("withdrawn") => "withdrawn",
            _ => "revised",
        };
        self.count(change);
        let record = Some(record).filter(|_| change != "withdrawn");
        self.held.insert(id, Held { revision, record });
        Ok(())
    }

    /// Replaces the file as a whole, or leaves it as it was.
    fn write(&self, file: &Path) -> Result<(), Box<dyn Error>> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let beside = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        serde_json::to_writer(io::BufWriter::new(&beside), self)?;
        beside.as_file().sync_all()?;
        beside.persist(file)?;
        Ok(())
    }

    fn summary(&self) -> Value {
        let counts = ["read", "again", "repeated", "new", "revised", "withdrawn"];
        let mut summary: serde_json::Map<String, Value> = counts
            .iter()
            .map(|name| ((*name).to_owned(), self.counts.get(name).copied().unwrap_or(0).into()))
            .collect();
        let held = self.held.values().filter(|held| held.record.is_some()).count();
        let missing: usize = self.numbers.values().map(|numbers| numbers.missing.len()).sum();
        summary.insert("articles".to_owned(), held.into());
        summary.insert("missing".to_owned(), missing.into());
        summary.into()
    }
}

fn header<'m>(message: &'m BorrowedMessage<'_>, name: &str) -> Option<&'m str> {
    let header = message.headers()?.iter().find(|header| header.key == name)?;
    std::str::from_utf8(header.value?).ok()
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let mut articles = Articles::open(&options.file)?;
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &options.brokers)
        .set("group.id", &options.group)
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", options.until_end.to_string())
        .create()?;
    // All three, since the numbers count the records of all.
    let topics = ["articles", "stories", "deadletters"]
        .map(|name| format!("{}{name}", options.topic_prefix));
    consumer.subscribe(&topics.each_ref().map(String::as_str))?;
    let mut ended = 0;
    loop {
        let mut taken = TopicPartitionList::new();
        for _ in 0..BATCH {
            match consumer.poll(Duration::from_millis(500)) {
                Some(Ok(message)) => {
                    articles.take(&message)?;
                    let (topic, partition) = (message.topic(), message.partition());
                    let next = Offset::Offset(message.offset() + 1);
                    if taken.find_partition(topic, partition).is_none() {
                        taken.add_partition(topic, partition);
                    }
                    taken.set_partition_offset(topic, partition, next)?;
                }
                Some(Err(KafkaError::PartitionEOF(_))) => ended += 1,
                Some(Err(error)) if error.rdkafka_error_code().is_none() => {
                    return Err(error.into());
                }
                Some(Err(error)) => eprintln!("{error}"),
                None => break,
            }
        }
        if taken.count() > 0 {
            articles.write(&options.file)?;
            consumer.commit(&taken, CommitMode::Sync)?;
        }
        let assigned = consumer.assignment()?.count();
        // Each partition tells its end once.
        if options.until_end && assigned > 0 && ended >= assigned {
            break;
        }
    }
    println!("{}", articles.summary());
    Ok(())
}
