//! What arrives where a kill comes at the worst moment; against a real broker.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nashra::store::{Batch, LetterFacts, LetterSubject, OutboxRow, Store};
use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use serde_json::{Value, json};

use crate::{
    kafka::{Seen, World, admin, block_on, copy, halted, read, wait_for},
    poison::{closed, letters, noise, record},
    support::{Nashra, command, get, until},
};

pub(crate) const SOON: Duration = Duration::from_secs(30);

pub(crate) fn number(seen: &Seen) -> u64 {
    seen.headers["nashra-seq"].rsplit('/').next().unwrap().parse().unwrap()
}

fn sorted<T: Ord>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.into_iter().collect();
    all.sort();
    all
}

/// The last position of the world's only store.
pub(crate) fn position(world: &World) -> Value {
    read(&world.brokers, &world.topic("positions")).pop().unwrap().value
}

pub(crate) fn nothing_waits(nashra: &Nashra) {
    nashra.counts("nashra_outbox_records 0");
}

/// Looks again at once: for moments that last a millisecond.
fn closely(what: &str, mut look: impl FnMut() -> bool) {
    let end = Instant::now() + crate::support::PATIENCE;
    while !look() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::yield_now();
    }
}

/// Records of an outbox that a topic refuses, by their number.
type Poison = BTreeMap<u64, Vec<u8>>;

/// Fills an outbox with 18 records of which the topic refuses every third, as too large; yields
/// these, and the chain of the last record.
fn fill_with_poison(world: &World) -> (Poison, [u8; 16]) {
    let articles = world.topic("articles");
    let new =
        NewTopic::new(&articles, 3, TopicReplication::Fixed(1)).set("max.message.bytes", "20000");
    block_on(admin(&world.brokers).create_topics(&[new], &AdminOptions::new())).unwrap();
    let store = Store::open(&world.dir.path().join("data"), 1 << 20).unwrap();
    let (mut batch, mut tail) = (Batch::default(), store.outbox().tail().unwrap());
    let mut poison = Poison::new();
    for number in 1..=18 {
        let record = record(number, &noise(if number % 3 == 0 { 60_000 } else { 300 }));
        if number % 3 == 0 {
            poison.insert(number as u64, record.value.clone());
        }
        batch.append(&mut tail, record);
    }
    block_on(store.articles().commit(batch)).unwrap();
    closed(store);
    (poison, tail.chain)
}

/// The records that were refused and are kept, by their ids; none of them waits in the outbox, and the
/// store is sound.
fn kept(world: &World) -> BTreeMap<String, Vec<u8>> {
    let store = Store::open(&world.dir.path().join("data"), 1 << 20).unwrap();
    let acked = store.outbox().acked().unwrap().seq();
    let rows = store.outbox().rows_after(acked, 18, usize::MAX).unwrap();
    let view = store.letters(256 << 20).view().unwrap();
    let record = |facts: LetterFacts| {
        let body = view.body(facts.id).unwrap().unwrap();
        let LetterSubject::Record(record) = &body.subject else { panic!("{body:?}") };
        (record.event_id.clone(), body.unpacked().unwrap().unwrap())
    };
    let kept: BTreeMap<_, _> =
        view.latest(uuid::Uuid::max()).map(|facts| record(facts.unwrap())).collect();
    assert!(rows.iter().all(|row| !kept.contains_key(&row.record.event_id)));
    drop(view);
    store.check().unwrap();
    closed(store);
    kept
}

#[test]
fn a_kill_between_the_refusal_of_a_record_and_its_dead_letter_leaves_exactly_one_of_the_same_number()
 {
    let Some(world) = World::new("refused") else { return };
    let (poison, chain) = fill_with_poison(&world);
    world.site.feed("/feed", &[]);
    let mut counts = Vec::new();
    for run in 0..6_u64 {
        let nashra = world.start();
        // From the first refusal on, a while later each time.
        closely("a record is refused", || {
            let metrics = nashra.metrics();
            metrics.lines().any(|line| {
                line.starts_with("nashra_publish_refused_total") && !line.ends_with(" 0")
            }) || metrics.contains("nashra_outbox_records 0\n")
        });
        std::thread::sleep(Duration::from_millis(run * 5));
        nashra.kill();
        counts.push(kept(&world).len());
    }
    assert!(counts.is_sorted(), "{counts:?}");
    let nashra = world.start();
    nothing_waits(&nashra);
    assert_eq!(nashra.stop(), Some(0));
    let (published, letters) = (world.published(), letters(&world));
    let (refused, taken): (Vec<_>, Vec<_>) = (1..=18).partition(|number| number % 3 == 0);
    assert_eq!(sorted(published.iter().map(number)), taken);
    assert_eq!(sorted(letters.iter().map(number)), refused);
    assert!(letters.iter().all(|letter| letter.value["reason"] == "refused"));
    assert_eq!(sorted(kept(&world).into_values()), sorted(poison.into_values()));
    let position = position(&world);
    assert_eq!((&position["seq"], &position["chain"]), (&json!(18), &json!(chain)));
}

/// `nashra state …` on a data directory beside the world's own.
fn spawn(world: &World, dir: &Path, verb: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nashra"));
    command.args(world.state_arguments(verb)).current_dir(dir);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn state(world: &World, dir: &Path, verb: &str) -> (Option<i32>, String, String) {
    command(dir, &world.state_arguments(verb))
}

/// Does it on a copy and kills it in the midst, at many moments; what is left is done again to its
/// end. Yields each copy, the first of which was not killed.
fn killed_at_many_moments(world: &World, verb: &str, done: &str) -> Vec<tempfile::TempDir> {
    let data = world.dir.path().join("data");
    let copied = || {
        let dir = tempfile::tempdir().unwrap();
        copy(&data, &dir.path().join("data"));
        dir
    };
    let whole = copied();
    let started = Instant::now();
    let (code, words, errors) = state(world, whole.path(), verb);
    let took = started.elapsed();
    assert!(code == Some(0) && words.contains(done), "{words} {errors}");
    let mut all = vec![whole];
    for moment in 1..=10 {
        let dir = copied();
        let manifest = || fs::read(dir.path().join("data/manifest")).ok();
        let mut child = spawn(world, dir.path(), verb);
        if moment <= 5 {
            std::thread::sleep(took * moment / 6);
        } else {
            // The manifest is written anew when the store is opened, and names each commit at once.
            let (before, mut seen) = (manifest(), 0);
            let mut last = before.clone();
            closely("it commits, or ends", || {
                let now = manifest();
                if now.is_some() && now != last {
                    (last, seen) = (now, seen + 1);
                }
                seen >= moment - 5 || child.try_wait().unwrap().is_some()
            });
        }
        child.kill().ok();
        child.wait().unwrap();
        let (code, words, errors) = state(world, dir.path(), verb);
        let nothing = words.contains("nothing to") || errors.contains("nothing to");
        assert!(code == Some(0) && words.contains(done) || nothing, "{moment}: {words} {errors}");
        all.push(dir);
    }
    all
}

/// What is left to be published, and the epoch that it will be published in.
fn waiting(dir: &Path) -> (u64, Vec<(u64, String, String)>) {
    let store = Store::open(&dir.join("data"), 1 << 20).unwrap();
    let acked = store.outbox().acked().unwrap();
    let rows = store.outbox().rows_after(acked.seq(), 100, usize::MAX).unwrap();
    let told = |row: OutboxRow| {
        (row.seq, row.record.event_id, String::from_utf8(row.record.value).unwrap())
    };
    let waiting = (acked.epoch(), rows.into_iter().map(told).collect());
    closed(store);
    waiting
}

#[test]
fn an_adoption_that_is_killed_at_any_moment_comes_to_the_same_end_by_a_second_one() {
    let Some(world) = World::restored("adopted", &["a", "b"], &["a", "b", "c", "d"]) else {
        return;
    };
    let data = world.dir.path().join("data");
    // The copy finds `c` as it was published, another text of `d`, and `e`.
    world.site.page("d", "d, mended", "It is other.");
    world.site.page("e", "e", "It is so.");
    world.site.feed("/feed", &[("a", "a"), ("b", "b"), ("c", "c"), ("d", "d, mended"), ("e", "e")]);
    let nashra = world.start();
    halted(&nashra, "data_dir was restored");
    nashra.counts("nashra_outbox_records 3");
    assert_eq!(nashra.stop(), Some(0));
    let all = killed_at_many_moments(&world, "adopt", "epoch 2 begins");
    let ends: Vec<_> = all.iter().map(|dir| waiting(dir.path())).collect();
    assert_eq!(ends[0].1.iter().filter(|end| !end.2.is_empty()).count(), 2, "{ends:?}");
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:#?}");
    // The daemon is asked, and killed while it does it.
    let nashra = world.start();
    halted(&nashra, "data_dir was restored");
    let mut asked = spawn(&world, world.dir.path(), "adopt");
    let manifest = || fs::read(data.join("manifest")).unwrap();
    let before = manifest();
    closely("it commits, or answers", || {
        manifest() != before || asked.try_wait().unwrap().is_some()
    });
    nashra.kill();
    asked.wait().unwrap();
    let (code, words, errors) = world.adopt();
    assert!(code == Some(0) || errors.contains("nothing to adopt"), "{words} {errors}");
    let nashra = world.start();
    nothing_waits(&nashra);
    assert_eq!(nashra.stop(), Some(0));
    let published = world.published();
    let titles =
        sorted(published.iter().map(|published| published.value["title"].as_str().unwrap()));
    assert_eq!(titles, ["a", "b", "c", "d", "d, mended", "e"]);
    let of =
        |title: &str| published.iter().find(|published| published.value["title"] == title).unwrap();
    assert_eq!(
        (&of("d, mended").key, &of("d, mended").value["revision"]),
        (&of("d").key, &json!(2))
    );
    assert_eq!(position(&world)["epoch"], 2);
}

#[test]
fn a_confirmation_that_is_killed_at_any_moment_comes_to_the_same_end_by_a_second_one() {
    let Some(world) = World::new("confirmed") else { return };
    let slugs: Vec<String> = (0..12).map(|number| format!("n{number}")).collect();
    let slugs: Vec<&str> = slugs.iter().map(String::as_str).collect();
    world.articles(&slugs);
    let nashra = world.start();
    wait_for(&nashra, 12);
    assert_eq!(nashra.stop(), Some(0));
    let options = AdminOptions::new().operation_timeout(Some(SOON)).request_timeout(Some(SOON));
    block_on(admin(&world.brokers).delete_topics(&[&world.topic("articles")], &options)).unwrap();
    let nashra = world.start();
    let address = nashra.admin();
    until("it is told", || {
        get(&format!("{address}readyz")).1.contains("was deleted and made anew").then_some(())
    });
    assert_eq!(nashra.stop(), Some(0));
    for dir in killed_at_many_moments(&world, "confirm", "confirmed: ") {
        assert!(state(&world, dir.path(), "confirm").1.contains("nothing to confirm"));
        let nashra = Nashra::run(dir.path(), &format!("{}/feed", world.site.base), &world.sink());
        let address = nashra.admin();
        until("it is confirmed", || (get(&format!("{address}readyz")).0 == 200).then_some(()));
        assert_eq!(nashra.stop(), Some(0));
    }
    assert_eq!(world.published().len(), 0, "what was published before is not published again");
}
