use super::*;
use crate::policy::polling::rhythm::{Rhythm, Sighting};

const BOUNDS: Bounds = Bounds { min: Duration::from_mins(5), max: Duration::from_hours(6) };
/// One at which a source of seven entries a day is polled about each hour.
const TERMS: Terms = Terms { bounds: BOUNDS, price: 0.006 };

fn now() -> DateTime<Utc> {
    "2026-03-04T10:00:00Z".parse().unwrap()
}

fn decided(source: &Situation, result: PollResult) -> NextPoll {
    next_poll(source, result, &Rhythm::default().expectation(now().timestamp()), TERMS, now())
}

fn wait(source: &Situation, result: PollResult) -> Duration {
    (decided(source, result).at - now()).to_std().unwrap()
}

fn failed(failures: u32) -> Situation {
    Situation { failures, interval_s: 300, ..Situation::default() }
}

/// What is expected of a source that was read each hour for ten days.
fn publishing(per_hour: i64) -> Expectation {
    let mut rhythm = Rhythm::default();
    for hour in -240..=0 {
        let at = now().timestamp() + hour * 3600;
        let published = (0..per_hour)
            .map(|index| Some(at - (index * 3600 / per_hour + hour * 1237).rem_euclid(3600)))
            .collect();
        rhythm.observe(&Sighting { published, gapless: true }, at);
    }
    rhythm.expectation(now().timestamp())
}

#[test]
fn who_publishes_more_is_polled_more_often_by_the_square_root() {
    let interval = |per_hour| {
        next_poll(&Situation::default(), PollResult::Unchanged, &publishing(per_hour), TERMS, now())
            .interval
            .as_secs_f64()
    };
    let ratio = interval(1) / interval(4);
    assert!((1.8..2.2).contains(&ratio), "{ratio}");
}

#[test]
fn a_poll_is_never_sooner_than_the_shortest_interval_nor_later_than_the_longest() {
    for seed in 0..50 {
        let situation = Situation { seed, ..Situation::default() };
        let soon = next_poll(
            &situation,
            PollResult::Read { fresh: 9 },
            &publishing(60),
            Terms { price: 0.0, ..TERMS },
            now(),
        );
        assert_eq!(soon.at - now(), TimeDelta::minutes(5).max(soon.at - now()));
        let late = next_poll(
            &situation,
            PollResult::Unchanged,
            &publishing(0),
            Terms { price: 1e9, ..TERMS },
            now(),
        );
        assert!(late.at - now() <= TimeDelta::hours(6));
    }
}

#[test]
fn sources_that_start_together_drift_apart_and_the_same_poll_is_decided_the_same() {
    let at = |seed| decided(&Situation { seed, ..Situation::default() }, PollResult::Unchanged).at;
    assert_eq!(at(1), at(1));
    assert_ne!(at(1), at(2));
}

#[test]
fn a_quiet_source_is_polled_hourly_at_most_whatever_the_price() {
    let quiet = next_poll(
        &Situation::default(),
        PollResult::Unchanged,
        &publishing(0),
        Terms { price: 1e-9, ..TERMS },
        now(),
    );
    assert_eq!(quiet.interval, Duration::from_hours(1));
}

#[test]
fn failures_are_tried_again_soon_then_back_off_and_the_longest_interval_bounds_them() {
    assert_eq!(wait(&failed(1), PollResult::Failed), BOUNDS.min / 8);
    assert_eq!(wait(&failed(4), PollResult::Failed), BOUNDS.min);
    assert_eq!(wait(&failed(6), PollResult::Failed), BOUNDS.min * 4);
    assert_eq!(wait(&failed(60), PollResult::Failed), BOUNDS.max);
}

#[test]
fn retry_after_is_obeyed_to_the_second_and_past_the_longest_interval() {
    for asked in [Duration::from_secs(20), Duration::from_hours(24)] {
        assert_eq!(wait(&failed(1), PollResult::Throttled { retry_after: Some(asked) }), asked);
    }
    let asked = PollResult::Throttled { retry_after: Some(Duration::from_secs(20)) };
    assert_eq!(wait(&failed(5), asked), BOUNDS.min * 2, "a server that says it again and again");
    assert_eq!(wait(&failed(1), PollResult::Throttled { retry_after: None }), BOUNDS.min);
}

#[test]
fn servers_and_feeds_may_ask_for_longer_intervals_up_to_the_longest() {
    let asked = |fresh_s, period_s| Situation {
        hints: Hints { fresh_s, period_s, ..Hints::default() },
        ..Situation::default()
    };
    assert_eq!(decided(&asked(7200, 0), PollResult::Unchanged).interval, Duration::from_hours(2));
    assert_eq!(
        decided(&asked(60, 10_800), PollResult::Unchanged).interval,
        Duration::from_hours(3)
    );
    assert_eq!(decided(&asked(u32::MAX, 0), PollResult::Unchanged).interval, BOUNDS.max);
    assert!(
        decided(&asked(60, 60), PollResult::Unchanged).interval > Duration::from_mins(30),
        "never shorter"
    );
}

#[test]
fn hours_without_news_are_waited_out() {
    let hints = Hints { skip_hours: 0b11_1111_1111_1111 << 10, ..Hints::default() };
    assert_eq!(
        decided(&Situation { hints, ..Situation::default() }, PollResult::Unchanged).at,
        now() + TimeDelta::hours(14)
    );
}

#[test]
fn a_gap_halves_the_interval() {
    let situation = Situation { gap: true, interval_s: 3000, ..Situation::default() };
    let after = decided(&situation, PollResult::Read { fresh: 20 });
    assert_eq!(after.interval, Duration::from_mins(25), "{}", after.why);
}

#[test]
fn a_short_listing_is_read_before_it_is_full() {
    let situation = Situation { listed: 10, ..Situation::default() };
    let after = next_poll(
        &situation,
        PollResult::Unchanged,
        &publishing(20),
        Terms { price: 1e9, ..TERMS },
        now(),
    );
    assert!((800..1000).contains(&after.interval.as_secs()), "{after:?}");
}

#[test]
fn gone_has_to_be_said_three_times_over_two_days_and_is_then_looked_at_each_week() {
    let said = |polls, days| Situation {
        gone: Some((polls, now() - TimeDelta::days(days))),
        ..failed(polls)
    };
    for early in [said(2, 9), said(30, 1)] {
        assert_eq!(decided(&early, PollResult::Gone).state, State::Backoff);
    }
    let gone = decided(&said(3, 2), PollResult::Gone);
    assert_eq!((gone.state, gone.at), (State::Gone, now() + TimeDelta::days(7)));
}

#[test]
fn a_source_without_news_for_a_month_is_silent_and_polled_all_the_same() {
    let situation =
        Situation { last_new: Some(now() - TimeDelta::days(31)), ..Situation::default() };
    let after = decided(&situation, PollResult::Unchanged);
    assert_eq!(after.state, State::Silent);
    assert!(after.at - now() <= TimeDelta::hours(6));
}

#[test]
fn blocked_sources_are_tried_again_ever_more_seldom() {
    assert_eq!(wait(&failed(1), PollResult::Blocked), BOUNDS.min);
    assert_eq!(wait(&failed(30), PollResult::Blocked), BOUNDS.max);
    assert_eq!(decided(&failed(1), PollResult::Blocked).state, State::Blocked);
}

#[test]
fn what_a_hub_tells_is_polled_only_so_often_that_nothing_is_lost_where_it_falls_silent() {
    let told = |listed, lease: i64| Situation {
        listed,
        covered_until: Some(now() + TimeDelta::seconds(lease)),
        ..Situation::default()
    };
    let interval = |source: &Situation, per_hour| {
        next_poll(source, PollResult::Unchanged, &publishing(per_hour), TERMS, now())
    };
    let usual = interval(&Situation { listed: 100, ..Situation::default() }, 4).interval;
    let rare = interval(&told(100, 864_000), 4);
    assert!(usual < Duration::from_hours(1) && rare.interval == BOUNDS.max, "{usual:?} {rare:?}");
    let busy = interval(&told(20, 864_000), 4);
    assert!(
        busy.interval > Duration::from_hours(2) && busy.interval < Duration::from_hours(4),
        "half of its listing: {busy:?}"
    );
    assert!(busy.why.starts_with("its hub tells what is new"), "{}", busy.why);
}

#[test]
fn a_lease_that_ends_brings_the_usual_pace_back() {
    let interval = |lease: i64| {
        let situation = Situation {
            listed: 100,
            covered_until: Some(now() + TimeDelta::seconds(lease)),
            ..Situation::default()
        };
        next_poll(&situation, PollResult::Unchanged, &publishing(4), TERMS, now()).interval
    };
    let usual = next_poll(
        &Situation { listed: 100, ..Situation::default() },
        PollResult::Unchanged,
        &publishing(4),
        TERMS,
        now(),
    )
    .interval;
    assert_eq!([interval(-5), interval(0), interval(60)], [usual; 3]);
    let till_then = interval(2 * 3600);
    assert!(till_then > usual && till_then <= Duration::from_hours(2), "{till_then:?}");
}
