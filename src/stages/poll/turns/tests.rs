use std::{sync::Arc, time::Duration};

use super::*;
use crate::config::sources;

fn poll(url: &str, slot: u32) -> Work {
    let source = Arc::new(sources::parse("l", url.as_bytes()).sources.remove(0));
    Work::Poll(DueSource { source, slot, at: chrono::DateTime::UNIX_EPOCH })
}

/// The slots of the polls that may begin.
fn begun(turns: &mut Turns) -> Vec<u32> {
    begun_at(turns, Instant::now()).into_iter().map(|begun| begun.0).collect()
}

fn begun_at(turns: &mut Turns, now: Instant) -> Vec<(u32, FetchWatch)> {
    std::iter::from_fn(|| turns.ready(now))
        .map(|work| match work {
            (Work::Poll(due), watch) => (due.slot, watch),
            (Work::Push(_), _) => panic!("nothing was pushed"),
        })
        .collect()
}

/// Work that was begun and not ended, and work that waits behind it.
fn len(turns: &Turns) -> usize {
    turns.sources.len() + turns.behind
}

fn finish(turns: &mut Turns, source: &SourceId) {
    turns.finish(&FinishedWork { source: source.clone(), answered: false }, Instant::now());
}

#[test]
fn a_source_is_read_by_one_at_a_time_in_the_order_they_came_and_others_are_not_held_up() {
    let mut turns = Turns::new(256, 4);
    let (a, b) = ("https://a.example/", "https://b.example/");
    let id = poll(a, 0).source().clone();
    for work in [poll(a, 1), poll(a, 2), poll(a, 3), poll(b, 4)] {
        turns.enqueue(work);
    }
    assert_eq!((begun(&mut turns), len(&turns)), (vec![1, 4], 4));
    finish(&mut turns, &id);
    assert_eq!(begun(&mut turns), [2]);
    finish(&mut turns, &id);
    assert_eq!(begun(&mut turns), [3]);
    finish(&mut turns, &id);
    assert_eq!((begun(&mut turns), len(&turns)), (vec![], 1));
    turns.enqueue(poll(a, 5));
    assert_eq!(begun(&mut turns), [5]);
}

#[test]
fn a_host_takes_so_many_places_and_no_more() {
    let mut turns = Turns::new(256, 2);
    let dead = |number: u32| poll(&format!("https://dead.example/{number}"), number);
    (0..1000).for_each(|number| turns.enqueue(dead(number)));
    turns.enqueue(poll("https://other.example/", 1000));
    assert_eq!((begun(&mut turns), len(&turns)), (vec![0, 1, 1000], 3));
    finish(&mut turns, dead(1).source());
    assert_eq!(begun(&mut turns), [2]);
    turns.stop();
    for number in [0, 2] {
        finish(&mut turns, dead(number).source());
    }
    assert_eq!((begun(&mut turns), len(&turns), turns.hosts.len()), (vec![], 1, 1));
}

#[test]
fn after_a_restart_hundreds_of_hosts_that_were_silent_before_leave_places_to_all_others_at_once() {
    let mut standings = Standings::default();
    (0..600).for_each(|number| {
        standings.set(HostKey::new(&format!("{number}.example")), Standing::Slow);
    });
    let mut turns = Turns::new(16, 4).with_standings(standings);
    (0..600).for_each(|number| turns.enqueue(poll(&format!("https://{number}.example/"), number)));
    turns.enqueue(poll("https://good.example/", 1000));
    let begun = begun(&mut turns);
    assert!(
        begun.contains(&1000) && begun.len() == 5,
        "they have a quarter of the places: {begun:?}"
    );
}

#[test]
fn at_the_first_start_six_hundred_hosts_that_are_silent_keep_one_that_answers_waiting_for_seconds()
{
    let (mut turns, start) = (Turns::new(256, 4), Instant::now());
    (0..600).for_each(|number| turns.enqueue(poll(&format!("https://{number}.example/"), number)));
    turns.enqueue(poll("https://good.example/", 1000));
    let tick = Duration::from_millis(100);
    let begins = (0..300).find(|tenths| {
        let now = start + tick * *tenths;
        // What gives way makes room at once.
        loop {
            if begun_at(&mut turns, now).iter().any(|begun| begun.0 == 1000) {
                return true;
            }
            turns.preempt_slow();
            let gone: Vec<_> = turns
                .sources
                .iter()
                .filter(|source| source.1.give_way.is_cancelled())
                .map(|source| source.0.clone())
                .collect();
            if gone.is_empty() {
                return false;
            }
            for source in gone {
                turns.finish(&FinishedWork { source, answered: false }, now);
            }
        }
    });
    assert!(begins.is_some_and(|begun| begun <= 60), "{begins:?}");
    let known = |number: u32| {
        turns.kind(poll(&format!("https://{number}.example/"), number).host().as_deref())
    };
    assert_eq!(
        (known(0), known(300)),
        (HostKind::Slow, HostKind::Slow),
        "they give way to others from now on"
    );
}

#[test]
fn hundreds_of_silent_hosts_leave_places_to_those_that_answer_and_give_way_to_those_that_nobody_knows()
 {
    let (mut turns, start) = (Turns::new(16, 4), Instant::now());
    let good = poll("https://good.example/", 1000);
    turns.enqueue(poll("https://good.example/", 1000));
    assert_eq!(begun(&mut turns), [1000]);
    turns.finish(&FinishedWork { source: good.source().clone(), answered: true }, start);
    (0..300).for_each(|number| turns.enqueue(poll(&format!("https://{number}.example/"), number)));
    assert_eq!(begun_at(&mut turns, start).len(), 8, "nobody knows them");
    assert!(turns.has_room(), "the schedule is not held up by them");
    turns.enqueue(good);
    assert_eq!(begun(&mut turns), [1000], "a place is left");
    turns.enqueue(poll("https://other.example/", 1001));

    let later = start + SLOW + Duration::from_millis(1);
    let (mut all, mut now) = (Vec::new(), later);
    // They are silent, and make way in their order until it is the turn of the other one.
    for _ in 0..100 {
        all.extend(begun_at(&mut turns, now));
        turns.preempt_slow();
        if all.iter().any(|begun| begun.0 == 1001) {
            break;
        }
        let gone: Vec<_> = turns
            .sources
            .iter()
            .filter(|source| source.1.give_way.is_cancelled())
            .map(|source| source.0.clone())
            .collect();
        for source in gone {
            turns.finish(&FinishedWork { source, answered: false }, now);
        }
        now += SLOW;
    }
    assert!(all.iter().any(|begun| begun.0 == 1001), "none waits for ever");
    // Those that are known to be silent have a quarter, and their whole time.
    let slow = poll("https://0.example/", 0);
    assert_eq!((turns.kind(slow.host().as_deref()), turns.limit("0.example")), (HostKind::Slow, 1));
}
