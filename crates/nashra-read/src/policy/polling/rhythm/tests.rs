use super::*;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// Some Monday at midnight.
const MONDAY: i64 = 1_700_438_400;

fn sighting(published: &[i64]) -> Sighting {
    Sighting { published: published.iter().copied().map(Some).collect(), gapless: true }
}

/// Some time in the hour before, another one each hour.
fn within_the_hour(now: i64) -> i64 {
    now - now / HOUR * 1237 % HOUR
}

/// Polled each hour for some days.
fn watched(days: i64, publishes: impl Fn(i64) -> Vec<i64>) -> (Rhythm, i64) {
    let mut rhythm = Rhythm::default();
    for hour in 0..days * 24 {
        let now = MONDAY + hour * HOUR;
        rhythm.observe(&sighting(&publishes(now)), now);
    }
    (rhythm, MONDAY + (days * 24 - 1) * HOUR)
}

#[test]
fn a_steady_source_is_expected_at_its_rate() {
    let (rhythm, now) = watched(20, |now| vec![within_the_hour(now)]);
    let expectation = rhythm.expectation(now);
    assert!((22.0..26.0).contains(&expectation.per_day()), "{}", expectation.per_day());
    // 24 entries a day that wait: the sum reaches 1/192 of a day after half an hour.
    let worth = expectation.worth(24.0 / 48.0 / 48.0 / 2.0, f64::INFINITY, 1e6);
    assert!((1500.0..2100.0).contains(&worth.wait), "{worth:?}");
    assert!((0.4..0.6).contains(&worth.entries), "{worth:?}");
}

#[test]
fn a_daily_edition_is_waited_for_until_its_hour() {
    let edition = |now: i64| {
        if now.rem_euclid(DAY) == 7 * HOUR {
            vec![now - 3000, now - 2900, now - 2500]
        } else {
            vec![]
        }
    };
    let (rhythm, _) = watched(14, edition);
    let evening = MONDAY + 14 * DAY - 6 * HOUR;
    let worth = rhythm.expectation(evening).worth(0.1, f64::INFINITY, 86_400.0);
    let at = (evening as f64 + worth.wait).rem_euclid(86_400.0) / 3600.0;
    assert!((6.2..7.5).contains(&at), "polled at {at}");
}

#[test]
fn an_event_shortens_the_wait_at_once_and_is_forgotten() {
    // Some seven a day, at any hour.
    let seldom =
        |now: i64| if now / HOUR * 7919 % 17 < 5 { vec![within_the_hour(now)] } else { vec![] };
    let (mut rhythm, now) = watched(10, seldom);
    let wait = |rhythm: &Rhythm, now| rhythm.expectation(now).worth(0.005, f64::INFINITY, 1e6).wait;
    let calm = wait(&rhythm, now);
    let burst: Vec<i64> = (0..12).map(|entry| now + entry * 300).collect();
    rhythm.observe(&sighting(&burst), now + HOUR);
    let excited = wait(&rhythm, now + HOUR);
    assert!(excited < calm / 1.5, "{calm} {excited}");
    rhythm.observe(&sighting(&[]), now + 2 * DAY);
    assert!(wait(&rhythm, now + 2 * DAY) > calm / 1.3);
}

#[test]
fn a_first_poll_learns_from_the_dates_that_the_feed_shows() {
    let mut rhythm = Rhythm::default();
    let shown: Vec<i64> = (0..20).map(|entry| MONDAY - entry * HOUR).collect();
    let expectation = rhythm.observe(&sighting(&shown), MONDAY);
    assert!((18.0..30.0).contains(&expectation.per_day()), "{}", expectation.per_day());
}

#[test]
fn entries_without_dates_say_nothing_at_first_and_count_when_they_are_found_later() {
    let mut rhythm = Rhythm::default();
    let undated = Sighting { published: vec![None; 50], gapless: true };
    assert!((6.0..8.0).contains(&rhythm.observe(&undated, MONDAY).per_day()));
    assert!(rhythm.observe(&undated, MONDAY + DAY).per_day() > 30.0);
}

#[test]
fn a_window_that_was_full_counts_from_its_oldest_entry() {
    let (mut rhythm, mut whole) = (Rhythm::default(), Rhythm::default());
    rhythm.observe(&sighting(&[]), MONDAY);
    whole.observe(&sighting(&[]), MONDAY);
    let shown: Vec<i64> = (0..20).map(|entry| MONDAY + DAY - entry * 180).collect();
    let gap = rhythm.observe(&Sighting { gapless: false, ..sighting(&shown) }, MONDAY + DAY);
    let (gap, whole) = (gap.per_day(), whole.observe(&sighting(&shown), MONDAY + DAY).per_day());
    assert!(gap > 2.0 * whole, "{gap} {whole}");
}

#[test]
fn no_date_claims_more_than_was_watched() {
    let mut rhythm = Rhythm::default();
    rhythm.observe(&sighting(&[i64::MIN, -1, 0, MONDAY + 90 * DAY, i64::MAX]), MONDAY);
    assert!(rhythm.expectation(MONDAY).per_day() < 8.0);
    let odd = rhythm.observe(&sighting(&[i64::MIN, i64::MAX, 0]), MONDAY - 5 * DAY);
    assert!(odd.worth(0.01, 10.0, 1e5).wait.is_finite());
}

#[test]
fn no_more_is_waited_for_than_the_feed_shows_at_once() {
    let (rhythm, now) = watched(10, |now| (0..20).map(|entry| now - entry * 170).collect());
    let worth = rhythm.expectation(now).worth(1e9, 10.0, 1e6);
    assert!((1000.0..3000.0).contains(&worth.wait), "{worth:?}");
}

#[test]
fn what_was_learned_survives_the_store_and_nonsense_is_learned_anew() {
    let (rhythm, _) = watched(9, |now| vec![now - 5]);
    let stored = serde_json::to_string(&rhythm).unwrap();
    assert_eq!(serde_json::from_str::<Rhythm>(&stored).unwrap(), rhythm);
    assert!(stored.len() < 240, "{}", stored.len());
    for nonsense in ["\"\"", "\"AAAA\"", "\"?\""] {
        assert_eq!(serde_json::from_str::<Rhythm>(nonsense).unwrap(), Rhythm::default());
    }
}
