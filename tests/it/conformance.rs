//! How sources are asked over simulated days: the real schedule, the real polls, the real store and
//! HTTP, with a clock that is moved from one due time to the next. The server writes down who asked
//! for what and when, and the rules are held against that.

mod hosts;

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use nashra::{
    base::clock::{Clock as _, ManualClock},
    base::live::Live,
    config::{PageMode, RobotsMode, sources},
    fetch::{Fetch as _, HttpFetcher, Limits},
    model::poll_record::PollRecord,
    policy::polling::decide::Bounds,
    stages::{
        poll,
        schedule::{self, Pressure, ScheduleState, StartOptions},
    },
    store::Store,
    telemetry::traces::Tracer,
};
use tempfile::tempdir;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use self::hosts::{Host, STAMP, Seen, TAG, busy, lying, number, well_behaved};
use crate::support::PATIENCE;

fn start() -> DateTime<Utc> {
    "2026-03-04T09:10:11Z".parse().unwrap()
}

fn rules() -> poll::Rules {
    poll::Rules {
        bounds: Bounds { min: Duration::from_mins(5), max: Duration::from_hours(6) },
        backlog: None,
        retention: Duration::from_hours(24 * 30),
        pages: PageMode::Off,
        robots: RobotsMode::Obey,
        refetch_per_day: 6,
        entries: poll::EntryBounds { per_poll: 5_000, per_day: 50_000, pending: 20_000 },
        max_decoded: 1 << 20,
        per_host: 4,
    }
}

/// When each source is due next.
fn due_times(store: &Store, polled: &[sources::Source], now: DateTime<Utc>) -> DueTimes {
    let mut due: DueTimes = polled.iter().map(|source| (source.id.to_string(), now)).collect();
    for facts in store.polls().all_facts().unwrap() {
        due.extend(facts.next_due.map(|at| (facts.id, at.max(now))));
    }
    due
}

type DueTimes = BTreeMap<String, DateTime<Utc>>;

/// Moves the clock from one due time to the next, and wakes the schedule, until then.
async fn follow(
    polls: &mut mpsc::Receiver<PollRecord>,
    mut due: DueTimes,
    clock: &ManualClock,
    until: DateTime<Utc>,
    wake: impl Fn(),
) {
    while let Some(next) = due.values().min().copied().filter(|due| *due <= until) {
        clock.set(next.max(clock.now()));
        wake();
        while due.values().any(|at| *at <= clock.now()) {
            let poll = timeout(PATIENCE, polls.recv()).await.unwrap().unwrap();
            assert!(poll.next_due > clock.now(), "{}: {} is not later", poll.source, poll.next_due);
            due.insert(poll.source, poll.next_due);
        }
    }
}

/// One life of a process: from now until then.
async fn live(dir: &Path, list: &str, clock: &Arc<ManualClock>, until: DateTime<Utc>) {
    let store = Store::open(dir, 8 << 20).unwrap();
    let polled = sources::parse("list.toml", list.as_bytes()).sources;
    let due = due_times(&store, &polled, clock.now());
    let limits = Limits { allow: vec!["127.0.0.0/8".parse().unwrap()], ..Limits::default() };
    let sources = sources::Sources { polled, topics: Vec::new() };
    let options = StartOptions { polls_per_source_day: 24.0, poll_now: false };
    let schedule_state =
        ScheduleState::load(&store.polls(), sources, options, clock.now()).unwrap();
    let (price_tx, price) = watch::channel(schedule_state.price());
    let (pressure_tx, pressure) = watch::channel(Pressure::None);
    let ((_changes, changes), (wake, mut wakes)) = (mpsc::channel(1), mpsc::channel(16));
    let ((due_tx, due_rx), (polled_tx, polled_rx)) = (mpsc::channel(16), mpsc::channel(16));
    let (poll_records, mut polls) = mpsc::channel::<PollRecord>(64);
    let stop = CancellationToken::new();
    let fetcher = Arc::new(HttpFetcher::new(limits, Arc::clone(clock)).unwrap());
    for (host, wait) in schedule_state.cooldowns() {
        fetcher.cool_down(host, *wait);
    }
    let parts = poll::PollContext {
        fetcher,
        store: store.polls(),
        rules: Live::new(rules()),
        concurrency: 8,
        traces: Tracer::default(),
        trace: None,
        clock: Arc::clone(clock),
    };
    // Without hubs.
    let (pushes, early_polls) = (mpsc::channel(1).1, mpsc::channel(1).1);
    let channels = schedule::Channels {
        due: due_tx,
        polled: polled_rx,
        pressure,
        changes,
        early_polls,
        gone: None,
        price: price_tx,
        stop: stop.clone(),
    };
    let stores = schedule::ScheduleStores { polls: store.polls(), added: store.added() };
    let scheduling =
        tokio::spawn(schedule::run(schedule_state, Arc::clone(clock), stores, channels));
    let polling = tokio::spawn(poll::run(
        parts,
        poll::Inputs { due: due_rx, pushes, price, hosts: poll::KnownHosts::default() },
        poll::Outputs { polled: polled_tx, wake, poll_records, hubs: None },
    ));
    let listening = tokio::spawn(async move { while wakes.recv().await.is_some() {} });
    // New sources are begun a little apart.
    clock.advance(Duration::from_secs(1));
    follow(&mut polls, due, clock, until, || {
        pressure_tx.send_replace(Pressure::None);
    })
    .await;
    clock.set(until);
    stop.cancel();
    scheduling.await.unwrap().unwrap();
    polling.await.unwrap().unwrap();
    listening.await.unwrap();
}

/// The pauses between requests.
fn gaps(seen: &[Seen]) -> Vec<TimeDelta> {
    seen.windows(2).map(|pair| pair[1].at - pair[0].at).collect()
}

fn most_in(window: TimeDelta, times: &[DateTime<Utc>]) -> usize {
    times
        .iter()
        .map(|first| {
            times.iter().filter(|time| **time >= *first && **time - *first < window).count()
        })
        .max()
        .unwrap_or(0)
}

/// The paths of the feeds of the site that behaves.
const PATHS: [&str; 6] = ["quiet", "busy", "kept", "night", "delta", "private"];

fn times(seen: &[Seen]) -> Vec<DateTime<Utc>> {
    seen.iter().map(|seen| seen.at).collect()
}

fn check_a_quiet_feed_is_asked_seldom_and_with_its_validators(good: &Host) {
    let quiet = good.seen("/quiet");
    let (conditional, full): (Vec<_>, Vec<_>) =
        quiet.iter().cloned().partition(Seen::is_conditional);
    assert!(conditional.len() > 10, "{}", conditional.len());
    assert!(
        most_in(TimeDelta::hours(1), &times(&quiet)) <= 1,
        "a quiet feed is asked at most once an hour"
    );
    assert!(most_in(TimeDelta::hours(24), &times(&full)) <= 1, "and in full at most once a day");
    for seen in &conditional {
        assert_eq!(seen.headers["if-none-match"].as_bytes(), TAG);
        assert_eq!(seen.headers["if-modified-since"].as_bytes(), STAMP);
    }
}

fn check_the_shortest_interval(good: &Host) {
    for path in PATHS {
        let mut seen = good.seen(&format!("/{path}"));
        // An audit that finds something new asks twice, at most once a day.
        let requests = seen.len();
        seen.dedup_by_key(|seen| seen.at);
        assert!(requests - seen.len() <= 5, "{path}: {requests} requests, {} polls", seen.len());
        assert!(
            gaps(&seen).iter().all(|gap| *gap >= TimeDelta::minutes(5)),
            "{path}: the shortest interval holds over restarts"
        );
    }
    assert!(good.seen("/busy").len() > 50, "{}", good.seen("/busy").len());
}

fn check_what_feeds_say_of_when_to_come(good: &Host) {
    let kept = gaps(&good.seen("/kept"));
    assert!(
        kept.len() > 10 && kept.iter().all(|kept| *kept >= TimeDelta::hours(4)),
        "what may be kept for four hours is: {kept:?}"
    );
    let night: Vec<_> =
        times(&good.seen("/night")).into_iter().filter(|time| time.hour() < 8).collect();
    assert!(night.is_empty(), "skipHours: {night:?}");
}

fn check_robots(good: &Host, starts: usize) {
    assert!(good.seen("/private").is_empty(), "what robots.txt forbids is never asked for");
    let robots = good.seen("/robots.txt").len();
    assert!(
        robots <= starts + 4,
        "robots.txt is asked for once a day and start, not {robots} times"
    );
}

fn check_what_is_new_is_asked_for_alone(good: &Host, dir: &Path) {
    let delta = good.seen("/delta");
    assert!(
        delta.iter().filter(|delta| delta.status == 226).count() > 20,
        "what is new is asked for alone"
    );
    let facts = Store::open(dir, 8 << 20).unwrap().polls().facts("delta").unwrap().unwrap();
    let newest = number(delta.last().unwrap().at, TimeDelta::hours(1));
    let first = number(start(), TimeDelta::hours(1)) - 9;
    assert_eq!(
        (facts.gaps, i64::try_from(facts.entries).unwrap()),
        (0, newest - first + 1),
        "and is neither a gap nor a loss"
    );
}

fn check_a_busy_host_is_left_alone(busy: &Host) {
    let all = busy.log.lock().unwrap().clone();
    assert!(
        all.iter().filter(|visit| visit.status == 429).count() >= 2
            && all.iter().any(|visit| visit.status == 503)
    );
    for (index, refused) in all.iter().enumerate().filter(|(_, visit)| visit.until > visit.at) {
        // Both sources were under way at once at most when the first of them heard it.
        let early =
            all[index + 1..].iter().find(|visit| visit.at > refused.at && visit.at < refused.until);
        assert!(early.is_none(), "asked to stay away until {}, but {early:?}", refused.until);
    }
}

fn check_a_lying_304_is_found_out(lying: &Host) {
    let polls = lying.seen("/lies");
    let told = polls.iter().position(|poll| poll.status == 304).unwrap();
    let found = told + polls[told..].iter().position(|poll| poll.status == 200).unwrap();
    assert!(
        polls[found].at - polls[told].at < TimeDelta::hours(48),
        "the lie is found within two days"
    );
    let after: Vec<_> = polls[found + 2..].iter().collect();
    assert!(
        after.len() > 5 && after.iter().all(|after| !after.is_conditional()),
        "and the source is read in full from then on"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_simulated_days_with_restarts_every_rule_of_politeness_is_kept() {
    let (dir, clock) = (tempdir().unwrap(), Arc::new(ManualClock::new(start())));
    let good = Host::start(Arc::clone(&clock), well_behaved).await;
    let busy = Host::start(Arc::clone(&clock), busy).await;
    let lying = Host::start(Arc::clone(&clock), lying).await;
    let mut list: String = PATHS
        .iter()
        .map(|path| format!("[[source]]\nid = \"{path}\"\nurl = \"{}/{path}\"\n", good.base))
        .collect::<Vec<_>>()
        .concat();
    for (id, host) in [("one", &busy), ("two", &busy), ("lies", &lying)] {
        list.extend(["[[source]]\nid = \"", id, "\"\nurl = \"", &host.base, "/", id, "\"\n"]);
    }
    // Restarts at odd times, one of them while the busy host wants to be left alone.
    let lives = [5, 27, 28, 52, 96];
    for hours in lives {
        live(dir.path(), &list, &clock, start() + TimeDelta::hours(hours) + TimeDelta::minutes(20))
            .await;
    }

    check_a_quiet_feed_is_asked_seldom_and_with_its_validators(&good);
    check_the_shortest_interval(&good);
    check_what_feeds_say_of_when_to_come(&good);
    check_robots(&good, lives.len());
    check_what_is_new_is_asked_for_alone(&good, dir.path());
    check_a_busy_host_is_left_alone(&busy);
    check_a_lying_304_is_found_out(&lying);
}
