//! A broker that is away while there is nothing to publish, and one that never was there.

use std::{fs, path::Path, process::Command};

use tempfile::tempdir;

use crate::{
    kafka::broker,
    support::{Nashra, Site, get, until},
};

/// A broker of the test's own.
struct OwnBroker(tempfile::TempDir);

impl OwnBroker {
    fn start() -> Self {
        let broker = Self(tempdir().unwrap());
        broker.tell("start");
        broker
    }

    fn tell(&self, what: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/broker.sh");
        let told = Command::new(script).arg(what).arg(self.0.path()).output().unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    }

    fn address(&self) -> String {
        fs::read_to_string(self.0.path().join("bootstrap")).unwrap().trim().to_owned()
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        self.tell("kill");
    }
}

fn publishing_to(dir: &Path, site: &Site, brokers: &str) -> Nashra {
    let more = ["--sink", "kafka", "--brokers", brokers];
    Nashra::run(dir, &format!("{}/feed", site.base), &more)
}

/// Waits until readiness is told with this status and these words.
fn told(nashra: &Nashra, status: u16, words: &str) {
    let admin = nashra.admin();
    until(words, || {
        let (code, answer) = get(&format!("{admin}readyz"));
        (code == status && answer.contains(words)).then_some(())
    });
}

#[test]
fn a_broker_that_goes_away_is_told_although_there_is_nothing_to_publish_and_so_is_its_return() {
    if broker("silence").is_none() {
        return;
    }
    let (own, dir, site) = (OwnBroker::start(), tempdir().unwrap(), Site::start());
    site.feed("/feed", &[]);
    let nashra = publishing_to(dir.path(), &site, &own.address());
    told(&nashra, 200, "ok");
    own.tell("kill");
    told(&nashra, 503, &format!("Kafka at {} cannot be reached", own.address()));
    own.tell("start");
    told(&nashra, 200, "ok");
    assert_eq!(nashra.log().matches("records could not be delivered now").count(), 1);
    assert_eq!(nashra.stop(), Some(0));
}

#[test]
fn a_broker_that_never_was_there_is_told_with_its_address() {
    let (dir, site) = (tempdir().unwrap(), Site::start());
    site.feed("/feed", &[]);
    // Nobody listens on the port that inetd's discard had.
    let nashra = publishing_to(dir.path(), &site, "127.0.0.1:9");
    told(&nashra, 503, "Kafka at 127.0.0.1:9");
    assert!(nashra.log().contains("Kafka at 127.0.0.1:9"), "{}", nashra.log());
    assert_eq!(nashra.stop(), Some(0));
}
