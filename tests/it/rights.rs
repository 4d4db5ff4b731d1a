//! What a broker that asks for rights lets us do, and what it does not; against a real one.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};

use crate::{
    kafka::{World, admin, block_on, read, wait_for},
    support::{Answer, Nashra, get, until},
};

/// The folder of the broker whose rights are changed.
struct Rights(PathBuf);

impl Rights {
    fn change(&self, change: &str, arguments: &[&str]) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/broker.sh");
        let mut command = Command::new(script);
        command.arg("acl").arg(&self.0).arg(change).args(arguments);
        command.args(if change == "--add" {
            vec!["--allow-principal", "User:nashra"]
        } else {
            vec!["--allow-principal", "User:nashra", "--force"]
        });
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn start(&self, world: &World) -> Nashra {
        let brokers = fs::read_to_string(self.0.join("rights")).unwrap();
        let properties = "[kafka.properties]\n\"security.protocol\" = \"sasl_plaintext\"\n\"sasl.mechanism\" = \"PLAIN\"\n\"sasl.username\" = \"nashra\"\n\"sasl.password\" = \"secret\"";
        world.start_at(brokers.trim(), &format!("{}/feed\n", world.site.base), properties)
    }
}

fn says(nashra: &Nashra, words: &str) {
    let admin = nashra.admin();
    until(words, || {
        let (status, answer) = get(&format!("{admin}readyz"));
        (status == 503 && answer.contains(words)).then_some(())
    });
}

#[test]
fn the_least_rights_are_enough_and_one_that_is_taken_away_costs_no_record() {
    let Some(world) = World::new("rights") else { return };
    let Some(rights) = world.broker_dir().map(Rights) else { return };
    let (articles, stories) = (world.topic("articles"), world.topic("stories"));
    let (dead, positions) = (world.topic("deadletters"), world.topic("positions"));
    let one = || TopicReplication::Fixed(1);
    let made = [
        NewTopic::new(&articles, 3, one()),
        NewTopic::new(&stories, 3, one()),
        NewTopic::new(&dead, 1, one()),
        NewTopic::new(&positions, 1, one()).set("cleanup.policy", "compact"),
    ];
    let options = AdminOptions::new().request_timeout(Some(Duration::from_secs(30)));
    block_on(admin(&world.brokers).create_topics(&made, &options))
        .unwrap()
        .into_iter()
        .for_each(|block_on| drop(block_on.unwrap()));
    // As the documentation lists them.
    rights.change(
        "--add",
        &[
            "--operation",
            "Write",
            "--operation",
            "Describe",
            "--topic",
            &articles,
            "--topic",
            &stories,
            "--topic",
            &dead,
            "--topic",
            &positions,
        ],
    );
    rights.change("--add", &["--operation", "Read", "--topic", &positions]);
    let id = ["--transactional-id", &world.prefix, "--resource-pattern-type", "prefixed"];
    rights
        .change("--add", &[&["--operation", "Write", "--operation", "Describe"], &id[..]].concat());
    world.articles(&["a"]);
    let nashra = rights.start(&world);
    wait_for(&nashra, 1);

    // Without the right to write dead letters they are in the store alone, and articles go on.
    rights.change("--remove", &["--operation", "Write", "--topic", &dead]);
    world.articles(&["a", "gone", "b"]);
    world.site.put("/a/gone", Answer::status(410));
    says(&nashra, "dead letters are kept in data_dir");
    wait_for(&nashra, 3);
    assert!(
        nashra.metrics().contains("nashra_dead_letters_kept_total{reason=\"unauthorised\"} 1\n")
    );

    // Without the right to write articles they wait, and none becomes a dead letter.
    rights.change("--remove", &["--operation", "Write", "--topic", &articles]);
    world.articles(&["a", "b", "c"]);
    says(&nashra, &format!("writing to {articles}"));
    rights.change("--add", &["--operation", "Write", "--topic", &articles]);
    wait_for(&nashra, 4);
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!((world.published().len(), read(&world.brokers, &dead).len()), (4, 0));
}

#[test]
fn topics_that_were_made_just_now_are_not_taken_for_some_that_we_may_not_look_at() {
    let worlds: Vec<World> = (0..8).map_while(|_| World::new("made")).collect();
    // So many at once keep a broker from hearing of its new topics for a moment.
    let running: Vec<Nashra> =
        worlds.iter().inspect(|world| world.articles(&["a"])).map(World::start).collect();
    for nashra in running {
        wait_for(&nashra, 1);
        let log = nashra.log();
        assert!(log.contains("made the topic") && !log.contains("DescribeConfigs"), "{log}");
        assert_eq!(nashra.stop(), Some(0));
    }
}
