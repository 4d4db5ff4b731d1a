//! Records in Avro and Protobuf: a real broker, and a stand-in for the schema registry.

mod compatibility;
mod stand_in;

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

use self::stand_in::StandIn;
use crate::{
    kafka::{Seen, World, copy, halted, read, wait_for},
    schema::schema,
    support::{Nashra, command, get, until},
};

fn avsc() -> Value {
    serde_json::from_str(&fs::read_to_string(in_crate("schemas/article.avsc")).unwrap()).unwrap()
}

fn in_crate(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The settings of a format for articles and stories.
fn settings(registry: &StandIn, format: &str) -> String {
    settings_at(&registry.url, format)
}

fn settings_at(url: &str, format: &str) -> String {
    format!(
        "latest = true\n[kafka.formats]\narticles = \"{format}\"\nstories = \"{format}\"\ndeadletters = \"{format}\"\n[kafka.registry]\nurl = \"{url}\"\n",
    )
}

fn start(world: &World, kafka: &str) -> Nashra {
    world.start_at(&world.brokers, &format!("{}/feed\n", world.site.base), kafka)
}

/// The program that reads records with Confluent's own clients; `None` where they are not there.
fn python(test: &str) -> Option<std::path::PathBuf> {
    let python = in_crate("target/consumers-venv/bin/python");
    let found = Command::new(&python).args(["-c", "import fastavro, grpc_tools"]).output();
    if found.is_ok_and(|found| found.status.success()) {
        return Some(python);
    }
    println!("left out: registry::{test} (tests/consumers/venv.sh fetches what it needs)");
    None
}

/// The records of a topic as another implementation reads them: key and value.
fn decoded(
    python: &Path,
    world: &World,
    registry: &str,
    (topic, format): (&str, &str),
) -> Vec<(String, Value)> {
    let output = Command::new("timeout")
        .arg("100")
        .arg(python)
        .arg(in_crate("tests/consumers/formats.py"))
        .args([&world.brokers, registry, &world.topic(topic), format])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let read = lines.lines().map(|line| serde_json::from_str::<(String, Value)>(line).unwrap());
    read.collect()
}

fn seen(world: &World, topic: &str) -> Vec<Seen> {
    read(&world.brokers, &world.topic(topic))
}

/// Publishes an article with a revision, a story of two and a dead letter.
fn publish_all(world: &World, kafka: &str) {
    let head = "<meta property=\"og:image\" content=\"/i.jpg\"><meta name=author content=\"Nadia Rahal\"><meta property=\"article:published_time\" content=\"2026-11-20T07:30:00+02:00\">";
    world.site.page_with("one", "one نشرة", "It began.", head);
    world.site.page("two", "two", "It went on.");
    world.site.put("/a/three", crate::support::Answer::ok(b"%PDF-1.7 not a page".as_slice()));
    world.site.feed("/feed", &[("one", "one نشرة"), ("two", "two"), ("three", "three")]);
    let nashra = start(world, kafka);
    // That of a page that cannot be read is made of what the feed says.
    wait_for(&nashra, 3);
    nashra.counts("nashra_published_total{topic=\"deadletters\"} 1");
    nashra.counts("nashra_outbox_records 0");
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn another_implementation_reads_what_is_written_in_each_format_and_it_is_as_the_json_schema_says() {
    let Some(world) = World::new("formats") else { return };
    drop(world);
    let Some(python) = python("another_implementation") else { return };
    for format in ["avro", "protobuf", "json_schema"] {
        let (world, registry) = (World::new(format).unwrap(), StandIn::start());
        // A real registry, where one is named.
        let other = std::env::var("NASHRA_TEST_REGISTRY").ok();
        let url = other.as_ref().unwrap_or(&registry.url);
        publish_all(&world, &settings_at(url, format));
        for (topic, kind, count) in
            [("articles", "article", 3), ("latest", "article", 3), ("deadletters", "deadletter", 1)]
        {
            let records = decoded(&python, &world, url, (topic, format));
            assert_eq!(records.len(), count, "{topic}");
            let schema = schema(kind);
            for (key, record) in records {
                let wrong: Vec<String> = schema
                    .iter_errors(&record)
                    .map(|error| format!("{}: {error}", error.instance_path()))
                    .collect();
                assert!(wrong.is_empty(), "{format} {topic} {wrong:#?}\n{record:#}");
                if topic != "articles" {
                    continue;
                }
                assert_eq!(record["id"], key);
                if record["title"] == "one نشرة" {
                    assert_eq!(record["blocks"][0]["kind"], "paragraph");
                    assert!(
                        record["text"].as_str().unwrap().starts_with("It began."),
                        "{record:#}"
                    );
                    assert_eq!(record["bylines"][0]["name"], "Nadia Rahal");
                    let (published, minutes) = (
                        record["published"].as_str().unwrap(),
                        &record["published_offset_minutes"],
                    );
                    let as_it_was = if format == "json_schema" {
                        ("2026-11-20T07:30:00+02:00", &Value::Null)
                    } else {
                        ("2026-11-20T05:30:00Z", &json!(120))
                    };
                    assert_eq!((published, minutes), as_it_was);
                }
            }
        }
        let subjects = ["articles", "deadletters", "latest", "stories"]
            .map(|topic| (format!("{}-value", world.topic(topic)), 1));
        assert!(other.is_some() || registry.subjects() == subjects, "{:?}", registry.subjects());
    }
}

#[test]
fn each_record_begins_with_the_id_of_its_schema_and_says_its_media_type_and_a_tombstone_stays_one()
{
    let Some(world) = World::new("prefix") else { return };
    let registry = StandIn::start();
    registry.wants("Basic bmFzaHJhOnNlc2FtZQ==");
    fs::write(world.dir.path().join("password"), "sesame\n").unwrap();
    let kafka = format!(
        "{}username = \"nashra\"\npassword = {{ file = \"password\" }}\nsubject = \"record\"\n",
        settings(&registry, "avro").replace("stories = \"avro\"", "stories = \"json\"")
    );
    world.articles(&["one"]);
    let nashra = start(&world, &kafka);
    wait_for(&nashra, 1);
    let found = seen(&world, "articles").remove(0);
    assert_eq!(
        (&found.raw[..4], found.headers["content-type"].as_str()),
        (&[0, 0, 0, 0][..], "application/avro")
    );
    let subjects = [("nashra.v1.Article".to_owned(), 1), ("nashra.v1.DeadLetter".to_owned(), 1)];
    assert_eq!(registry.subjects(), subjects);
    assert_eq!(command(world.dir.path(), &["erase", &found.key, "-c", "n.toml"]).0, Some(0));
    wait_for(&nashra, 2);
    assert!(seen(&world, "latest").iter().any(|seen| seen.raw.is_empty()));
    assert!(!nashra.log().contains("sesame"));
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_schema_that_is_not_compatible_stops_publishing_with_words_and_it_goes_on_once_that_is_mended()
{
    let Some(world) = World::new("incompatible") else { return };
    let (registry, subject) = (StandIn::start(), format!("{}-value", world.topic("articles")));
    let mut old = avsc();
    old["fields"].as_array_mut().unwrap().retain(|field| field["name"] != "content_hash");
    registry.put(&subject, "AVRO", &old.to_string());
    world.articles(&["one"]);
    let nashra = start(&world, &settings(&registry, "avro"));
    halted(&nashra, &format!("not compatible with subject {subject} version 1"));
    halted(&nashra, "'content_hash'");
    nashra.counts("nashra_publish_halted{reason=\"schema\"} 1");
    registry.forget(&subject);
    wait_for(&nashra, 1);
    nashra.counts("nashra_publish_halted{reason=\"schema\"} 0");
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(seen(&world, "articles").len(), 1);
}

#[test]
fn a_schema_of_an_earlier_release_gets_a_new_version_where_nashra_may_register_one() {
    let Some(world) = World::new("versions") else { return };
    let (registry, subject) = (StandIn::start(), format!("{}-value", world.topic("articles")));
    let mut old = avsc();
    old["fields"].as_array_mut().unwrap().retain(|field| field["name"] != "story");
    registry.put(&subject, "AVRO", &old.to_string());
    world.articles(&["one"]);
    let locked = format!(
        "{}register = false\n",
        settings(&registry, "avro")
            .replace("stories = \"avro\"", "")
            .replace("deadletters = \"avro\"", "")
    );
    let nashra = start(&world, &locked);
    halted(&nashra, &format!("subject {subject} has no version with nashra's schema"));
    halted(&nashra, "its latest, 1, is compatible");
    assert_eq!(nashra.stop(), Some(0));
    let nashra = start(&world, &settings(&registry, "avro"));
    wait_for(&nashra, 1);
    assert_eq!(nashra.stop(), Some(0));
    assert!(registry.subjects().contains(&(subject, 2)));
    // Now all is there.
    world.articles(&["one", "two"]);
    let nashra = start(&world, &locked);
    wait_for(&nashra, 1);
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_registry_that_is_away_is_waited_for_and_once_the_ids_are_known_it_is_not_needed() {
    let Some(world) = World::new("away") else { return };
    let registry = StandIn::start();
    registry.away(true);
    world.articles(&["one"]);
    let nashra = start(&world, &settings(&registry, "protobuf"));
    let admin = nashra.admin();
    until("the registry is said to be away", || {
        let (_, answer) = get(&format!("{admin}readyz"));
        answer
            .contains("the schema registry http")
            .then_some(())
            .filter(|()| answer.contains("no leader"))
    });
    registry.away(false);
    wait_for(&nashra, 1);
    registry.away(true);
    let asked = registry.seen().len();
    world.articles(&["one", "two"]);
    wait_for(&nashra, 2);
    assert_eq!((nashra.stop(), registry.seen().len()), (Some(0), asked));
}

#[test]
fn adopting_wins_articles_back_from_topics_in_every_format() {
    for format in ["avro", "protobuf", "json_schema"] {
        let Some(world) = World::new("adopted-format") else { return };
        let registry = StandIn::start();
        let kafka = settings(&registry, format);
        let (data, backup) = (world.dir.path().join("data"), world.dir.path().join("backup"));
        let publish = |slugs: &[&str], new: u32| {
            world.articles(slugs);
            let nashra = start(&world, &kafka);
            wait_for(&nashra, new);
            assert_eq!(nashra.stop(), Some(0));
        };
        publish(&["a", "b"], 2);
        copy(&data, &backup);
        publish(&["a", "b", "c"], 1);
        fs::remove_dir_all(&data).unwrap();
        copy(&backup, &data);
        // What is in the topics is read also where the config asks for JSON by now.
        let now = format!("[kafka.registry]\nurl = \"{}\"\n", registry.url);
        let nashra = start(&world, &now);
        halted(&nashra, "data_dir was restored");
        let (code, words, errors) = command(world.dir.path(), &["state", "adopt", "-c", "n.toml"]);
        assert_eq!(code, Some(0), "{errors}");
        assert!(words.contains("1 articles of the topic are known again"), "{format}: {words}");
        nashra.counts("nashra_outbox_records 0");
        assert_eq!(nashra.stop(), Some(0));
        assert_eq!(seen(&world, "articles").len(), 3, "{format}");
    }
}

#[test]
fn check_tells_whether_the_registry_answers_and_takes_the_schemas() {
    let Some(world) = World::new("checked") else { return };
    let registry = StandIn::start();
    let nashra = start(&world, &settings(&registry, "avro"));
    nashra.admin();
    assert_eq!(nashra.stop(), Some(0));
    let check = || command(world.dir.path(), &["check", "-c", "n.toml", "--connect"]);
    let subject = format!("{}-value", world.topic("articles"));
    registry.forget(&subject);
    let (_, out, _) = check();
    assert!(
        out.contains(&format!("subject {subject}")) && out.contains("is not there yet"),
        "{out}"
    );
    assert!(registry.subjects().iter().all(|(name, _)| *name != subject), "nothing is registered");
    let mut old = avsc();
    old["fields"].as_array_mut().unwrap().retain(|field| field["name"] != "content_hash");
    registry.put(&subject, "AVRO", &old.to_string());
    let (code, _, errors) = check();
    assert!(code != Some(0) && errors.contains("not compatible"), "{errors}");
    registry.away(true);
    let (code, _, errors) = check();
    assert!(code != Some(0) && errors.contains("does not answer"), "{errors}");
}

#[test]
fn the_examples_of_the_page_of_formats_work() {
    let Some(world) = World::new("example") else { return };
    let Some(python) = python("the_examples") else { return };
    let page = fs::read_to_string(in_crate("docs/formats.md")).unwrap();
    let example = |language: &str| {
        let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
        rest.split_once("```").unwrap().0.to_owned()
    };
    let registry = StandIn::start();
    let at_ours = |text: String| text.replace("http://localhost:8081", &registry.url);
    world.articles(&["one"]);
    let nashra = start(&world, &at_ours(example("toml")));
    wait_for(&nashra, 1);
    let program = at_ours(example("python"))
        .replace("localhost:9092", &world.brokers)
        .replace("nashra.articles", &world.topic("articles"))
        .replace("\"example\"", &format!("\"{}\"", world.prefix))
        // It ends once it has read what is there.
        .replace("consumer.poll(60)", "consumer.poll(20)");
    let output = Command::new("timeout").arg("90").arg(python).args(["-c", &program]).output();
    let output = output.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.starts_with("1 one "), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(nashra.stop(), Some(0));
}
