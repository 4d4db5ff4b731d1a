//! What the agenda does, simulated: sources, hosts that answer or do not, and one second after the
//! other.

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use chrono::{DateTime, Utc};

use super::*;
use crate::model::{
    lane::SourceKey,
    pending::{EntryKey, PendingEntry},
};

const BOUNDS: Bounds = Bounds { places: 64, per_host: 4, pages: 128, here: 128 };

/// A world in which each entry is a lane's row, and hosts answer after a time of their own.
struct World {
    agenda: Agenda,
    start: Instant,
    /// Milliseconds since the start.
    now: u64,
    rows: BTreeSet<PendingKey>,
    /// Fetches, when they end and what they were for.
    under_way: Vec<(u64, Ticket, PendingKey, bool)>,
    silent: HashSet<HostKey>,
    /// A host that is asked once in so many milliseconds, and when the next time is.
    paced: Option<(HostKey, u64, u64)>,
    /// Who came before it was the host's turn, and when that is.
    sent_away: Vec<(Ticket, u64)>,
    /// What was read well, and when.
    read: Vec<(PendingKey, u64)>,
}

impl World {
    fn new() -> Self {
        Self {
            agenda: Agenda::new(BOUNDS),
            start: Instant::now(),
            now: 0,
            rows: BTreeSet::new(),
            under_way: Vec::new(),
            silent: HashSet::new(),
            paced: None,
            sent_away: Vec::new(),
            read: Vec::new(),
        }
    }

    fn list(&mut self, lane: Lane, name: &str) -> PendingKey {
        let key = PendingKey::new(lane, at(self.now), &EntryKey::new("", name));
        self.rows.insert(key);
        self.agenda.note_due(lane, self.now);
        key
    }

    /// A source lists so many entries, each on a host of its own that says nothing.
    fn list_silent(&mut self, source: &str, count: usize) {
        for number in 0..count {
            let host = format!("{number}.{source}.example");
            self.silent.insert(HostKey::new(&host));
            self.list(Lane::of_pages(source, &host), &host);
        }
    }

    fn instant(&self) -> Instant {
        self.start + Duration::from_millis(self.now)
    }

    fn due(&self, turn: Turn) -> DueEntries {
        let mut found = DueEntries::default();
        for key in self.rows.range(turn.from..).copied() {
            if key.lane() != turn.from.lane() {
                break;
            }
            if key.due_ms() > self.now || found.rows.len() >= turn.limit {
                found.next = Some(key);
                break;
            }
            if self.agenda.is_claimed(key) {
                found.claimed.push(key);
            } else {
                found.rows.push((key, entry()));
                found.bytes.push(1000);
            }
        }
        found
    }

    /// Lets time pass until then.
    fn until(&mut self, ms: u64) {
        while self.now < ms {
            self.now += 100;
            for (ticket, next) in std::mem::take(&mut self.sent_away) {
                self.agenda.paced(ticket, next);
            }
            let (ended, going): (Vec<_>, Vec<_>) =
                self.under_way.drain(..).partition(|(end, ..)| *end <= self.now);
            self.under_way = going;
            for (_, ticket, key, answered) in ended {
                self.agenda.fetched(ticket, answered, self.instant());
                self.agenda.ended(ticket);
                self.rows.remove(&key);
                if answered {
                    self.read.push((key, self.now));
                }
                self.agenda.released(ticket, None);
            }
            self.take();
            while let Some(leaving) = self.agenda.next_to_give_way() {
                let place =
                    self.under_way.iter().position(|(_, ticket, ..)| *ticket == leaving).unwrap();
                let (_, ticket, key, _) = self.under_way.remove(place);
                self.agenda.ended(ticket);
                // It is tried again in a while.
                self.rows.remove(&key);
                let again = key.at(at(self.now + 30_000));
                self.rows.insert(again);
                self.agenda.released(ticket, Some(again));
            }
        }
    }

    fn take(&mut self) {
        while let Some(turn) = self.agenda.next_turn(self.now, self.instant()) {
            let found = self.due(turn);
            let tickets = self.agenda.claim(turn, &found, self.instant());
            for (ticket, (key, _)) in tickets.into_iter().zip(&found.rows) {
                if let Some((_, spacing, next)) =
                    self.paced.as_mut().filter(|paced| turn.from.lane().host() == Some(paced.0))
                {
                    if self.now < *next {
                        self.sent_away.push((ticket, *next));
                        continue;
                    }
                    *next = self.now + *spacing;
                }
                let silent =
                    turn.from.lane().host().is_some_and(|host| self.silent.contains(&host));
                self.under_way.push((
                    self.now + if silent { 30_000 } else { 200 },
                    ticket,
                    *key,
                    !silent,
                ));
            }
            assert!(
                self.agenda.claims.pages <= BOUNDS.pages && self.agenda.claims.here <= BOUNDS.here
            );
        }
    }

    /// How late the worst of these was; all of them must have been read.
    fn latest(&self, keys: &[PendingKey]) -> u64 {
        let late = |key: &PendingKey| {
            self.read.iter().find(|(read, _)| read == key).map(|(_, at)| at - key.due_ms())
        };
        keys.iter().map(|key| late(key).expect("it was read")).max().unwrap_or(0)
    }

    /// A good source lists an entry each two seconds for a while, each on the same host, or each on
    /// one that nobody knows.
    fn good(&mut self, hosts: impl Fn(u64) -> String, seconds: u64) -> u64 {
        let mut keys = Vec::new();
        for number in 0..seconds / 2 {
            keys.push(self.list(Lane::of_pages("good", &hosts(number)), &format!("good {number}")));
            self.until(self.now + 2000);
        }
        self.until(self.now + 20_000);
        self.latest(&keys)
    }
}

fn at(ms: u64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(i64::try_from(ms).unwrap()).unwrap()
}

fn entry() -> PendingEntry {
    serde_json::from_value(serde_json::json!({
        "source": {"id": "s", "name": null, "kind": "feed", "url": "", "tags": []},
        "entry": crate::model::entry::Entry::default(),
        "first_seen": "2026-01-01T00:00:00Z", "listed": "2026-01-01T00:00:00Z",
        "tries": 0, "last_error": null, "fetch_page": true,
    }))
    .unwrap()
}

#[test]
fn a_thousand_links_of_one_feed_to_silent_hosts_hold_no_other_source_up() {
    let mut world = World::new();
    world.list_silent("bad", 1000);
    let late = world.good(|_| "good.example".to_owned(), 120);
    assert!(late <= 6_000, "{late} ms");
    let late = world.good(|world| format!("{world}.new.example"), 120);
    assert!(late <= 6_000, "hosts that nobody knows: {late} ms");
}

#[test]
fn nor_do_those_of_ten_feeds_or_of_a_hundred() {
    for (feeds, most) in [(10, 6_000), (100, 6_000)] {
        let mut world = World::new();
        (0..feeds).for_each(|number| world.list_silent(&format!("bad{number}"), 10_000 / feeds));
        // Its feed was read from there.
        world.agenda.answered(HostKey::new("good.example"));
        let late = world.good(|_| "good.example".to_owned(), 120);
        assert!(late <= 5_000, "{feeds}: {late} ms");
        let late = world.good(|world| format!("{world}.new.example"), 120);
        assert!(late <= most, "{feeds}, hosts that nobody knows: {late} ms");
    }
}

#[test]
fn hosts_that_answered_once_and_then_fall_silent_hold_nobody_up_for_long() {
    let mut world = World::new();
    for number in 0..1000 {
        world.agenda.answered(HostKey::new(&format!("{number}.bad.example")));
    }
    world.list_silent("bad", 1000);
    let late = world.good(|_| "good.example".to_owned(), 60);
    assert!(late <= 6_000, "{late} ms");
}

#[test]
fn a_flood_of_entries_that_are_here_already_delays_another_source_by_one_round() {
    let mut world = World::new();
    for number in 0..20_000 {
        world.list(Lane::here("flood"), &number.to_string());
    }
    world.until(1000);
    let key = world.list(Lane::here("good"), "good");
    world.until(3000);
    assert!(world.latest(&[key]) <= 600);
}

#[test]
fn large_entries_that_are_here_already_are_few_at_once_and_another_source_comes_among_them() {
    let mut agenda = Agenda::new(BOUNDS);
    let large = |number: u8| {
        PendingKey::new(
            Lane::here("large"),
            at(u64::from(number)),
            &EntryKey::new("large", &number.to_string()),
        )
    };
    let mut taken = Vec::new();
    agenda.note_due(Lane::here("large"), 0);
    // The store gives one such row in a turn.
    while let Some(turn) = agenda.next_turn(1000, Instant::now()) {
        let number = u8::try_from(taken.len()).unwrap();
        let found = DueEntries {
            rows: vec![(large(number), entry())],
            bytes: vec![2 << 20],
            next: Some(large(number + 1)),
            ..DueEntries::default()
        };
        taken.extend(agenda.claim(turn, &found, Instant::now()));
    }
    assert_eq!(taken.len(), BOUNDS.here.div_ceil(33));
    agenda.note_due(Lane::here("good"), 0);
    agenda.released(taken[0], None);
    let first = agenda.next_turn(1000, Instant::now()).unwrap();
    agenda.claim(
        first,
        &DueEntries { next: Some(large(99)), ..DueEntries::default() },
        Instant::now(),
    );
    let lanes = [Some(first), agenda.next_turn(1000, Instant::now())]
        .map(|turn| turn.map(|turn| turn.from.lane()));
    assert!(lanes.contains(&Some(Lane::here("good"))));
    taken[1..].iter().for_each(|taken| agenda.released(*taken, None));
    assert!(agenda.claims.is_empty());
}

#[test]
fn one_host_is_shared_by_the_sources_that_lead_to_it() {
    let mut world = World::new();
    for number in 0..2000 {
        world.list(Lane::of_pages("many", "news.example"), &number.to_string());
    }
    world.until(5000);
    let late = world.good(|_| "news.example".to_owned(), 20);
    assert!(late <= 1000, "{late} ms");
}

#[test]
fn no_host_is_asked_more_often_at_once_than_it_may_be_and_one_that_kept_us_waiting_once() {
    let mut world = World::new();
    world.silent.insert(HostKey::new("slow.example"));
    for source in 0..20 {
        for number in 0..20 {
            world.list(
                Lane::of_pages(&source.to_string(), "a.example"),
                &format!("a {source} {number}"),
            );
            world.list(
                Lane::of_pages(&source.to_string(), "slow.example"),
                &format!("b {source} {number}"),
            );
        }
    }
    let most = |world: &World, host: &str| {
        world
            .under_way
            .iter()
            .filter(|under_way| under_way.2.lane().host() == Some(HostKey::new(host)))
            .count()
    };
    for tenth in 1..600 {
        world.until(tenth * 100);
        assert!(most(&world, "a.example") <= 4);
        assert!(most(&world, "slow.example") <= if tenth <= 300 { 4 } else { 1 }, "{tenth}");
    }
    assert_eq!(world.read.len(), 400, "those of the other host are all read");
}

#[test]
fn a_row_whose_entry_is_read_from_another_lane_is_read_after_that() {
    let mut world = World::new();
    let first = world.list(Lane::of_pages("s", "a.example"), "x");
    world.take();
    world.now += 1;
    let second = world.list(Lane::of_pages("s", "b.example"), "x");
    world.take();
    assert_eq!(world.under_way.len(), 1);
    world.until(1000);
    assert_eq!(world.read.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [first, second]);
}

#[test]
fn nothing_is_left_behind_when_all_is_read() {
    let mut world = World::new();
    world.list_silent("bad", 50);
    for number in 0..200 {
        world.list(Lane::of_pages("good", &format!("{}.example", number % 7)), &number.to_string());
    }
    world.until(400_000);
    let agenda = &world.agenda;
    assert!(world.rows.is_empty(), "{}", world.rows.len());
    assert!(agenda.lanes.is_empty() && agenda.hosts.is_empty() && agenda.claims.is_empty());
}

#[test]
fn ten_thousand_links_to_a_slow_paced_host_leave_every_second_of_its_turns_to_another_source() {
    let mut world = World::new();
    world.paced = Some((HostKey::new("paced"), 10_000, 0));
    for number in 0..10_000 {
        world.list(Lane::of_pages("bad", "paced"), &format!("bad {number}"));
    }
    world.until(60_000);
    let good: Vec<_> = (0..5)
        .map(|number| world.list(Lane::of_pages("good", "paced"), &format!("good {number}")))
        .collect();
    world.until(200_000);
    assert!(world.latest(&good) <= 120_000, "{}", world.latest(&good));
    assert_eq!(world.read.len(), 20, "no turn of the host is lost");
    let other = world.list(Lane::of_pages("good", "other"), "other");
    world.until(201_000);
    assert!(world.latest(&[other]) < 1_000, "another host does not wait for it");
}

#[test]
fn the_turns_of_a_slow_paced_host_go_round_all_sources_that_wait_for_it_however_many_try() {
    let mut world = World::new();
    world.paced = Some((HostKey::new("paced"), 10_000, 0));
    for number in 0..300 {
        for source in 0..9 {
            world.list(Lane::of_pages(&source.to_string(), "paced"), &format!("{source} {number}"));
        }
    }
    world.until(1_800_000);
    let turns = |source: u32| {
        world
            .read
            .iter()
            .filter(|read| read.0.lane().source() == SourceKey::new(&source.to_string()))
            .count()
    };
    assert_eq!((0..9).map(turns).collect::<Vec<_>>(), [20; 9]);
    let in_order = |source: u32| {
        let lane = Lane::of_pages(&source.to_string(), "paced");
        world.read.iter().filter(|read| read.0.lane() == lane).map(|read| read.0).is_sorted()
    };
    assert!((0..9).all(in_order), "of each source its oldest entry is next");
}

#[test]
fn looks_at_published_pages_come_after_all_that_is_new_and_are_all_made_in_the_end() {
    let mut world = World::new();
    for number in 0..400 {
        world.list(Lane::of_looks(HostKey::new("news.example")), &format!("look {number}"));
        let host = format!("{}.example", number % 40);
        world.list(Lane::of_looks(HostKey::new(&host)), &format!("other look {number}"));
    }
    world.until(1000);
    // A host that may be asked once in 300 ms: whatever is new there is read before the looks.
    world.paced = Some((HostKey::new("news.example"), 300, 0));
    let late = world.good(|_| "news.example".to_owned(), 20);
    assert!(late <= 1000, "{late} ms");
    let keys: Vec<PendingKey> = (0..20)
        .map(|number| world.list(Lane::of_pages("s", "news.example"), &format!("new {number}")))
        .collect();
    world.until(world.now + 7_500);
    assert!(world.latest(&keys) <= 7_000);
    world.until(world.now + 150_000);
    assert_eq!(world.read.len(), 800 + 10 + 20);
    assert!(world.agenda.claims.is_empty() && world.agenda.lanes.is_empty());
}
