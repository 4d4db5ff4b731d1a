//! The clock is set wrong and right again while all goes on, against a real broker.

use std::{fs, path::Path, process::Command};

use crate::{
    kafka::{World, wait_for},
    support::{Nashra, get, until},
};

#[path = "../chaos/clock.rs"]
mod library;

use library::Clock;

/// A clock for one process, by the library of the chaos ledger.
fn clock(dir: &Path) -> Clock {
    let (built, source) =
        (dir.join("clock.so"), concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chaos/clock.c"));
    let done = Command::new("cc")
        .args(["-shared", "-fPIC", "-O2", source, "-ldl", "-o"])
        .arg(&built)
        .status()
        .unwrap();
    assert!(done.success());
    Clock::new(&built, dir)
}

/// How often the sink did not take what it was given.
fn refused(admin: &str) -> u64 {
    let metrics = get(&format!("{admin}metrics")).1;
    let counts = metrics.lines().filter(|line| line.starts_with("nashra_publish_errors_total{"));
    counts.filter_map(|count| count.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

#[test]
fn publishing_goes_on_as_soon_as_a_clock_that_was_a_day_ahead_is_right_again() {
    let Some(world) = World::new("clock") else { return };
    let clock = clock(world.dir.path());
    let slugs = ["a", "b", "c", "d"];
    world.articles(&slugs[..1]);
    fs::write(world.dir.path().join("sources.txt"), format!("{}/feed", world.site.base)).unwrap();
    let nashra =
        Nashra::under((world.dir.path(), &clock.environment()), "sources.txt", &world.sink());
    wait_for(&nashra, 1);
    for count in 2..=slugs.len() {
        let before = refused(&nashra.admin());
        clock.jump(true);
        world.articles(&slugs[..count]);
        // The broker takes no record of tomorrow.
        until("the sink refuses", || (refused(&nashra.admin()) > before).then_some(()));
        clock.correct();
        wait_for(&nashra, u32::try_from(count).unwrap());
    }
    assert_eq!(nashra.stop(), Some(0));
    let mut titles: Vec<String> = world
        .published()
        .iter()
        .map(|published| published.value["title"].as_str().unwrap().to_owned())
        .collect();
    titles.sort_unstable();
    assert_eq!(titles, slugs);
}
