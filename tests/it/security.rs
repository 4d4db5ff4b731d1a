//! Brokers that ask who one is, behind TLS; against a real one.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::Utc;
use serde_json::{Value, json};

use crate::{
    kafka::{World, halted, read, wait_for},
    support::{Nashra, until},
};

/// The broker's password and the client's at the giver of tokens, which nothing may print.
const SECRET: &str = "rosebud-7";

/// Properties of librdkafka as a section of the config.
fn section(properties: &[(&str, &str)]) -> String {
    let lines: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name:?} = {value:?}")).collect();
    format!("polls = true\n[kafka.properties]\n{}", lines.join("\n"))
}

/// Starts nashra at a listener of the broker, with one article to publish and a topic to read.
fn start(world: &World, listener: &Path, properties: &[(&str, &str)]) -> Nashra {
    let brokers = fs::read_to_string(listener).unwrap();
    world.articles(&["one"]);
    world.start_at(brokers.trim(), &format!("{}/feed\n", world.site.base), &section(properties))
}

fn publishes(nashra: Nashra, world: &World) {
    wait_for(&nashra, 1);
    let log = nashra.log();
    assert!(!log.contains(SECRET), "{log}");
    assert_eq!(nashra.stop(), Some(0));
    assert_eq!(world.published().len(), 1);
    assert!(!read(&world.brokers, &world.topic("polls")).is_empty());
}

#[test]
fn records_reach_a_broker_that_asks_for_a_certificate() {
    let Some(world) = World::new("mutual") else { return };
    let Some(broker) = world.broker_dir() else { return };
    let file = |name: &str| broker.join("tls").join(name).display().to_string();
    let (ca, certificate, key) = (file("ca.pem"), file("client.crt"), file("client.key"));
    let mut properties = vec![("security.protocol", "ssl"), ("ssl.ca.location", &ca)];
    let nashra = start(&world, &broker.join("mutual"), &properties);
    halted(&nashra, "certificate");
    nashra.kill();
    properties.push(("ssl.certificate.location", &certificate));
    properties.push(("ssl.key.location", &key));
    publishes(start(&world, &broker.join("mutual"), &properties), &world);
}

#[test]
fn records_reach_a_broker_that_asks_for_a_password_by_each_mechanism() {
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let Some(world) = World::new("password") else { return };
        let Some(broker) = world.broker_dir() else { return };
        let ca = broker.join("tls/ca.pem").display().to_string();
        let mut properties = vec![
            ("security.protocol", "sasl_ssl"),
            ("ssl.ca.location", &ca),
            ("sasl.mechanism", mechanism),
            ("sasl.username", "newsroom"),
            ("sasl.password", "wrong"),
        ];
        let nashra = start(&world, &broker.join("sasl"), &properties);
        halted(&nashra, "uthentication");
        nashra.kill();
        *properties.last_mut().unwrap() = ("sasl.password", SECRET);
        publishes(start(&world, &broker.join("sasl"), &properties), &world);
    }
}

#[test]
fn a_broker_whose_certificate_nobody_vouches_for_is_not_trusted() {
    let Some(world) = World::new("stranger") else { return };
    let Some(broker) = world.broker_dir() else { return };
    let nashra = start(&world, &broker.join("mutual"), &[("security.protocol", "ssl")]);
    halted(&nashra, "certificate");
    nashra.kill();
}

/// A token that the broker takes until `expires`, in seconds.
fn token(keys: &Path, expires: i64) -> String {
    let now = Utc::now().timestamp();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"sub": "newsroom", "aud": "kafka", "iat": now, "exp": now + expires});
    let head = part(&json!({"alg": "RS256", "kid": "tests"}));
    let signed = format!("{head}.{}", part(&claims));
    let mut signing = Command::new("openssl")
        .args(["dgst", "-sha256", "-sign"])
        .arg(keys.join("token.key"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    signing.stdin.take().unwrap().write_all(signed.as_bytes()).unwrap();
    let signature = signing.wait_with_output().unwrap();
    assert!(signature.status.success());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.stdout))
}

/// Gives tokens that are good for 15 seconds to who knows the secret; counts them.
fn give_tokens(keys: PathBuf) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let given = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&given);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let credentials = format!("Basic {}", STANDARD.encode(format!("newsroom:{SECRET}")));
            let known = lines
                .by_ref()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .any(|line| line.ends_with(&credentials));
            let token =
                json!({"access_token": token(&keys, 15), "token_type": "Bearer", "expires_in": 15});
            let (status, body) =
                if known { ("200 OK", token.to_string()) } else { ("401 No", String::new()) };
            let length = body.len();
            write!(stream, "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").ok();
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (url, given)
}

#[test]
fn records_reach_a_broker_that_asks_for_a_token_and_a_new_one_is_fetched_in_time() {
    let Some(world) = World::new("token") else { return };
    let Some(broker) = world.broker_dir() else { return };
    let (url, given) = give_tokens(broker.join("tls"));
    let ca = broker.join("tls/ca.pem").display().to_string();
    let properties = [
        ("security.protocol", "sasl_ssl"),
        ("ssl.ca.location", &ca),
        ("sasl.mechanism", "OAUTHBEARER"),
        ("sasl.oauthbearer.method", "oidc"),
        ("sasl.oauthbearer.token.endpoint.url", &url),
        ("sasl.oauthbearer.client.id", "newsroom"),
        ("sasl.oauthbearer.client.secret", SECRET),
    ];
    let nashra = start(&world, &broker.join("sasl"), &properties);
    wait_for(&nashra, 1);
    let asked = given.load(Ordering::Relaxed);
    until("tokens are fetched before they expire", || {
        (given.load(Ordering::Relaxed) > asked + 4).then_some(())
    });
    publishes(nashra, &world);
}
