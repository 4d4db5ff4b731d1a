//! A source and its hub, with the store's twin and a clock that stands still.

use std::{io::Write as _, sync::Mutex};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use flate2::{Compression, write::GzEncoder};
use tokio::sync::oneshot;
use url::Url;

use super::*;
use crate::{
    base::clock::ManualClock,
    config::{PageMode, RobotsMode, sources},
    fetch::{Body, Fetched, Outcome, Request},
    model::{
        kind::SourceKind,
        source::{HeaderLinks, State},
    },
    policy::{
        hub::{announced::Announced, subscription::Subscription},
        polling::decide::Bounds,
    },
    store::{IntakeBound, Store, SubscriptionCommit},
};

/// Answers every request with the same body.
#[derive(Debug, Default)]
struct Canned(Mutex<String>);

/// A body as most servers send it.
fn fetched(body: &str) -> Fetched {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(body.as_bytes()).unwrap();
    let bytes = Bytes::from(gzip.finish().unwrap());
    Fetched {
        url: Url::parse("https://a.example/feed").unwrap(),
        via: Vec::new(),
        content_type: None,
        body: Body { bytes, encodings: vec!["gzip".to_owned()], ..Body::default() },
        validators: Validators { etag: Some(b"\"e\"".to_vec()), last_modified: None },
        moved: None,
        fresh_for: None,
        links: HeaderLinks::default(),
        requested: DateTime::UNIX_EPOCH,
        order: 0,
        delta: false,
    }
}

impl Fetch for Canned {
    async fn fetch(&self, _: Request) -> Outcome {
        Outcome::New(Box::new(fetched(&self.0.lock().unwrap())))
    }

    fn memory(&self) -> crate::fetch::Memory {
        crate::fetch::Memory::default()
    }
}

/// Items by their guids, each with the hour of its date.
fn feed(items: &[(&str, i64)]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|(guid, hour)| {
            format!(
                "<item><title>{guid}</title><guid>{guid}</guid><pubDate>{}</pubDate></item>",
                at(*hour).to_rfc2822()
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>F</title>{}</channel></rss>", items.concat())
}

fn at(hour: i64) -> DateTime<Utc> {
    "2026-03-04T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hour)
}

struct Bench {
    context: PollContext<Canned, ManualClock>,
    store: Store,
    source: Arc<Source>,
    outputs: Outputs,
    early_polls: mpsc::Receiver<EarlyPoll>,
    _others: (mpsc::Receiver<PolledSource>, mpsc::Receiver<Wake>, mpsc::Receiver<HubAnnouncement>),
}

impl Bench {
    fn new() -> Self {
        let store = Store::in_memory().unwrap();
        let rules = Rules {
            bounds: Bounds { min: Duration::from_mins(5), max: Duration::from_hours(6) },
            backlog: None,
            retention: Duration::from_hours(2400),
            pages: PageMode::Feed,
            robots: RobotsMode::Obey,
            refetch_per_day: 6,
            entries: EntryBounds { per_poll: 5000, per_day: 50_000, pending: 20_000 },
            max_decoded: 1 << 20,
            per_host: 4,
        };
        let context = PollContext {
            fetcher: Arc::new(Canned::default()),
            store: store.polls(),
            rules: Live::new(rules),
            concurrency: 1,
            traces: Tracer::default(),
            trace: None,
            clock: Arc::new(ManualClock::new(at(0))),
        };
        let (polled, a) = mpsc::channel(64);
        let (wake, b) = mpsc::channel(64);
        let (found, c) = mpsc::channel(64);
        let (early_polls_tx, early_polls) = mpsc::channel(64);
        let outputs = Outputs {
            polled,
            wake,
            poll_records: mpsc::channel(1).0,
            hubs: Some(HubChannels { found, early_polls: early_polls_tx }),
        };
        let source = Arc::new(sources::parse("l", b"https://a.example/feed").sources.remove(0));
        Self { context, store, source, outputs, early_polls, _others: (a, b, c) }
    }

    fn change_rules(&self, change: impl FnOnce(&mut Rules)) {
        let mut rules = (*self.context.rules.get()).clone();
        change(&mut rules);
        self.context.rules.replace(rules);
    }

    /// A hub that is bound for ten days from now on.
    async fn subscribe(&self) {
        let now = self.context.clock.now();
        let hub = Url::parse("https://hub.example/").unwrap();
        let announced =
            Announced { hubs: vec![hub.clone()], topic: "t".to_owned(), at: hub.clone() };
        let mut subscription = Subscription::new(self.source.id.as_str(), announced, &hub, now);
        (subscription.since, subscription.until) = (Some(now), Some(now + TimeDelta::days(10)));
        let mut commit = SubscriptionCommit::default();
        commit.keep(&subscription);
        self.store.subscriptions().commit(commit).await.unwrap();
    }

    async fn poll(&self, hour: i64, body: &str) -> Facts {
        self.context.clock.set(at(hour));
        body.clone_into(&mut self.context.fetcher.0.lock().unwrap());
        let due = DueSource { source: Arc::clone(&self.source), slot: 0, at: at(hour) };
        Box::pin(poll(self.context.clone(), due, 0.006, self.outputs.clone())).await.unwrap();
        self.facts()
    }

    async fn push(&self, hour: i64, body: Option<&str>) -> Facts {
        self.context.clock.set(at(hour));
        let (done, durable) = oneshot::channel();
        let push = Push {
            source: Arc::clone(&self.source),
            content: body.map(|body| Box::new(fetched(body))),
            done,
        };
        push::process(self.context.clone(), push, self.outputs.clone()).await.unwrap();
        durable.await.unwrap();
        self.facts()
    }

    fn facts(&self) -> Facts {
        self.context.store.facts(self.source.id.as_str()).unwrap().unwrap()
    }

    fn waiting(&self) -> u64 {
        self.store.entries().waiting().unwrap()
    }
}

#[tokio::test]
async fn a_page_that_breaks_off_is_taken_once_two_polls_in_a_row_showed_as_much() {
    let mut bench = Bench::new();
    let mut source = Source::clone(&bench.source);
    source.kind = SourceKind::Page;
    bench.source = Arc::new(source);
    let said = |number| {
        format!(
            "<p>The council met again, ferry number {number} will sail at dawn with forty people on board, and nothing else was decided.</p>"
        )
    };
    let open = |title: &str, length: usize| {
        format!(
            "<html><head><title>{title}</title></head><body><h1>{title}</h1>{}",
            (1..=length).map(said).collect::<Vec<_>>().concat()
        )
    };
    let page = |title: &str| format!("{}</body></html>", open(title, 8));
    // The first look; a page; half of its next edition, another half, the page itself.
    let polls = [
        (open("A", 4), 0),
        (page("A"), 1),
        (page("A"), 1),
        (open("B", 4), 1),
        (open("B", 6), 1),
        (page("B"), 2),
        // In a row; and then it is how this page ends.
        (open("C", 4), 2),
        (page("B"), 2),
        (open("C", 4), 2),
        (open("C", 4), 3),
        (open("D", 4), 4),
        (open("D", 4), 4),
        (open("E", 4), 5),
    ];
    for (hour, (body, entries)) in (0..).zip(polls) {
        let facts = bench.poll(hour, &body).await;
        let is_open = !body.ends_with("</html>");
        assert_eq!(facts.entries, entries, "{hour}: {facts:?}");
        let broken_off = is_open && hour < 9;
        assert_eq!(
            (facts.state == State::Backoff, facts.reason == "the page breaks off"),
            (broken_off, broken_off),
            "{hour}: {facts:?}"
        );
    }
}

#[tokio::test]
async fn a_panic_of_the_reader_is_a_failed_poll_whose_bytes_become_one_dead_letter() {
    let bench = Bench::new();
    bench.poll(0, &feed(&[("a", 0)])).await;
    let broken = feed(&[(std::str::from_utf8(crate::fetch::memory::MARKER).unwrap(), 1)]);
    for (hour, waiting) in [(1, 2), (2, 2), (3, 2)] {
        let facts = bench.poll(hour, &broken).await;
        assert_eq!((facts.state, bench.waiting()), (State::Backoff, waiting));
        assert!(facts.reason.contains("panicked"), "{}", facts.reason);
        assert_eq!(facts.failures, u32::try_from(hour).unwrap());
    }
    // Another body is another dead letter; what a hub pushes is read in the same way.
    bench.poll(4, &broken.replace("<title>F</title>", "<title>G</title>")).await;
    assert_eq!(bench.waiting(), 3);
    bench.push(5, Some(&broken.replace("<title>F</title>", "<title>H</title>"))).await;
    assert_eq!(bench.waiting(), 4);
    let facts = bench.poll(6, &feed(&[("a", 0), ("b", 6)])).await;
    assert_eq!((facts.state, facts.failures, bench.waiting()), (State::Ok, 0, 5));
}

#[tokio::test]
async fn a_panic_in_each_kind_of_source_is_a_failed_poll() {
    for kind in SourceKind::ALL.iter().filter(|kind| kind.is_polled()) {
        let list = format!("[[source]]\nurl = \"https://a.example/feed\"\nkind = \"{kind}\"\n");
        let bench = Bench {
            source: Arc::new(sources::parse("l.toml", list.as_bytes()).sources.remove(0)),
            ..Bench::new()
        };
        let facts = bench.poll(0, std::str::from_utf8(crate::fetch::memory::MARKER).unwrap()).await;
        assert_eq!(facts.state, State::Backoff, "{kind}");
        assert_eq!(bench.waiting(), 1, "{kind}");
    }
}

#[tokio::test]
async fn a_body_that_is_sent_again_is_known_and_one_that_could_not_be_read_is_not() {
    let bench = Bench::new();
    let body = feed(&[("a", 0), ("b", 0)]);
    let first = bench.poll(0, &body).await;
    let again = bench.poll(1, &body).await;
    assert!(first.sent_hash.is_some());
    assert_eq!(
        (again.sent_hash, again.touched_day, again.last_success),
        (first.sent_hash, first.touched_day, Some(at(1)))
    );
    for failures in [1, 2] {
        assert_eq!(bench.poll(1 + i64::from(failures), "no feed at all").await.failures, failures);
    }
    assert_eq!(bench.poll(4, &body).await.failures, 0);
}

#[tokio::test]
async fn a_push_changes_nothing_of_what_is_known_of_the_whole_listing() {
    let bench = Bench::new();
    let before = bench.poll(0, &feed(&[("a", 0), ("b", 0), ("c", 0)])).await;
    let after = bench.push(1, Some(&feed(&[("d", 1)]))).await;
    assert_eq!(bench.waiting(), 4);
    assert_eq!((after.entries, after.last_new, after.hub.brought), (4, Some(at(1)), 1));
    let same = |facts: &Facts| {
        let (listing, polls) = (
            (facts.validators.clone(), facts.body_hash, facts.listed, facts.touched_day),
            (facts.polls, facts.last_poll, facts.next_due, facts.gaps),
        );
        (listing, polls, facts.state, facts.last_success, facts.failures, facts.interval_s)
    };
    assert_eq!(same(&after), same(&before));
    let again = bench.push(2, Some(&feed(&[("d", 1)]))).await;
    assert_eq!((bench.waiting(), again.entries, again.hub.brought), (4, 4, 1));
    let polled = bench.poll(3, &feed(&[("d", 1), ("c", 0), ("b", 0)])).await;
    assert_eq!((bench.waiting(), polled.gaps, polled.entries), (4, 0, 4));
}

#[tokio::test]
async fn a_push_that_cannot_be_read_and_one_that_only_tells_have_the_source_polled() {
    let mut bench = Bench::new();
    bench.push(0, Some(&feed(&[("a", 0)]))).await;
    assert_eq!(
        (bench.waiting(), bench.early_polls.try_recv().unwrap().at),
        (0, at(0)),
        "a source that no poll has read"
    );
    bench.poll(0, &feed(&[("a", 0)])).await;
    for body in [None, Some("<html>"), Some(""), Some(feed(&[]).as_str())] {
        bench.push(0, body).await;
        assert_eq!(
            bench.early_polls.try_recv().unwrap().at,
            at(0) + TimeDelta::minutes(5),
            "{body:?}"
        );
    }
    assert_eq!(bench.push(1, None).await.hub.last, Some(at(1)));
    assert_eq!(bench.early_polls.try_recv().unwrap().at, at(1));
    assert_eq!(bench.waiting(), 1);
}

#[tokio::test]
async fn a_source_whose_hub_tells_is_polled_seldom_until_the_hub_misses_what_was_published() {
    let bench = Bench::new();
    bench.poll(0, &feed(&[("a", 0), ("b", -20), ("c", -40)])).await;
    bench.subscribe().await;
    let wait = |facts: &Facts| facts.next_due.unwrap() - facts.last_poll.unwrap();
    let told = bench.poll(1, &feed(&[("a", 0), ("b", -20), ("c", -40)])).await;
    assert!(
        told.next_why.starts_with("its hub tells what is new") && wait(&told) > TimeDelta::hours(2),
        "{told:?}"
    );
    assert_eq!(told.appetite, Some(0.0));
    let brought = bench.push(2, Some(&feed(&[("d", 2)]))).await;
    assert_eq!((brought.hub.brought, brought.hub.missed), (1, 0));
    let missed = bench.poll(6, &feed(&[("f", 4), ("e", 3), ("d", 2), ("a", 0), ("b", -20)])).await;
    assert_eq!((missed.hub.brought, missed.hub.missed, missed.hub.is_reliable()), (1, 2, false));
    assert!(!missed.next_why.contains("its hub") && wait(&missed) < wait(&told), "{missed:?}");
    assert!(missed.appetite.unwrap() > 0.0);
}

#[tokio::test]
async fn a_sources_own_longest_interval_holds_below_the_shortest_of_all() {
    let mut bench = Bench::new();
    let mut source = (*bench.source).clone();
    source.max_interval = Some(Duration::from_mins(1));
    bench.source = Arc::new(source);
    let facts = bench.poll(0, &feed(&[("a", 0)])).await;
    assert!(facts.next_due.unwrap() - at(0) <= TimeDelta::minutes(1), "{}", facts.next_why);
    bench.push(0, None).await;
    assert_eq!(bench.early_polls.try_recv().unwrap().at, at(0) + TimeDelta::minutes(1));
}

#[test]
fn a_sources_own_interval_goes_before_a_general_one() {
    let rules = Bench::new().context.rules.get();
    let mut source = sources::parse("l", b"https://a.example/feed").sources.remove(0);
    let bounds = |source: &Source| {
        let Bounds { min, max } = rules.bounds(source);
        (min.as_secs(), max.as_secs())
    };
    assert_eq!(bounds(&source), (300, 21_600));
    source.min_interval = Some(Duration::from_hours(9));
    assert_eq!(bounds(&source), (32_400, 32_400));
    source.max_interval = Some(Duration::from_hours(10));
    assert_eq!(bounds(&source), (32_400, 36_000));
    source.min_interval = None;
    source.max_interval = Some(Duration::from_secs(9));
    assert_eq!(bounds(&source), (9, 9));
}

#[tokio::test]
async fn what_is_beyond_the_bounds_is_left_out_told_and_taken_when_there_is_room() {
    let bench = Bench::new();
    bench.change_rules(|rules| {
        rules.entries = EntryBounds { per_poll: 2, per_day: 5, pending: 100 }
    });
    let body = feed(&[("a", 0), ("b", -1), ("c", -2), ("d", -3), ("e", -4), ("f", -5)]);
    let first = bench.poll(0, &body).await;
    assert_eq!(
        (bench.waiting(), first.state, first.intake.left_out.map(|left_out| left_out.entries)),
        (2, State::Throttled, Some(4))
    );
    assert!(
        first.reason.contains("4 entries were left out: more than poll.entries_per_poll allows"),
        "{}",
        first.reason
    );
    assert!(!first.host_left_alone, "its host did not ask for it");
    bench.poll(1, &body).await;
    let full = bench.poll(2, &body).await;
    assert_eq!(
        (
            bench.waiting(),
            full.entries,
            full.intake.left_out.map(|left_out| (left_out.entries, left_out.bound))
        ),
        (5, 5, Some((1, IntakeBound::Day)))
    );
    let pushed = bench.push(3, Some(&feed(&[("g", 3), ("h", 3)]))).await;
    assert_eq!(
        (
            bench.waiting(),
            pushed.intake.left_out.map(|left_out| (left_out.entries, left_out.since))
        ),
        (5, Some((2, at(0))))
    );
    let next_day = bench.poll(24, &body).await;
    assert_eq!(
        (bench.waiting(), next_day.state, next_day.intake.left_out, next_day.reason.as_str()),
        (6, State::Ok, None, "")
    );
}

#[tokio::test]
async fn a_source_whose_entries_wait_to_be_read_may_not_add_to_them_beyond_its_bound() {
    let bench = Bench::new();
    bench.change_rules(|rules| rules.entries.pending = 3);
    let flood = |from: i64| {
        feed(
            &(from..from + 5)
                .map(|number| {
                    (
                        ["a", "b", "c", "d", "e", "f", "g", "h"][usize::try_from(number).unwrap()],
                        number,
                    )
                })
                .collect::<Vec<_>>(),
        )
    };
    let first = bench.poll(6, &flood(0)).await;
    assert_eq!(
        (bench.waiting(), first.intake.left_out.map(|left_out| (left_out.entries, left_out.bound))),
        (3, Some((2, IntakeBound::Pending)))
    );
    let second = bench.poll(9, &flood(3)).await;
    assert_eq!((bench.waiting(), second.state), (3, State::Throttled));
}

#[tokio::test]
async fn an_old_entry_that_comes_to_a_listing_that_was_read_whole_is_new() {
    const OLD: i64 = -3_000;
    let backlog = |bench: &mut Bench| {
        bench.change_rules(|rules| rules.backlog = Some(Duration::from_hours(72)));
    };
    // What is old at the first poll counts as seen, also when it moves up later.
    let mut bench = Bench::new();
    backlog(&mut bench);
    let facts = bench.poll(12, &feed(&[("b", 11), ("a", 10), ("old", OLD)])).await;
    assert_eq!(facts.entries, 2);
    // The listing has grown by an old one at its end, then has an old one at its head.
    let facts =
        bench.poll(13, &feed(&[("b", 11), ("a", 10), ("old", OLD), ("older", OLD - 1)])).await;
    assert_eq!(facts.entries, 3);
    let facts =
        bench.poll(14, &feed(&[("late", OLD + 1), ("b", 11), ("a", 10), ("old", OLD)])).await;
    assert_eq!(facts.entries, 4);
    // One was withdrawn, and another moves up from before the source was known.
    let facts =
        bench.poll(15, &feed(&[("late", OLD + 1), ("b", 11), ("old", OLD), ("up", OLD - 9)])).await;
    assert_eq!(facts.entries, 4);
    // Nothing is known: the listing is another one.
    let facts = bench.poll(16, &feed(&[("x", OLD), ("y", OLD), ("z", 16)])).await;
    assert_eq!(facts.entries, 5);
}

#[tokio::test]
async fn an_entry_with_an_implausible_date_is_never_forgotten() {
    let bench = Bench::new();
    bench.change_rules(|rules| rules.backlog = Some(Duration::from_hours(72)));
    let item = |guid: &str, date: &str| {
        format!("<item><title>{guid}</title><guid>{guid}</guid><pubDate>{date}</pubDate></item>")
    };
    let dates = [
        "0001-01-01T00:00:00Z",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Wed, 30 Nov -0001 00:00:00 +0000",
        "0000-00-00 00:00:00",
        "Fri, 06 Mar 0026 05:00:00 GMT",
        "1899-12-30T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ];
    let items: String = dates.iter().map(|date| item(date, date)).collect();
    let body = format!("<rss version=\"2.0\"><channel><title>F</title>{items}</channel></rss>");
    assert_eq!(bench.poll(12, &body).await.entries, dates.len() as u64);
}
