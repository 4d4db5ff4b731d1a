//! The rules of others, each a function from what a poll showed to an interval, made longer or
//! shorter by one factor until it spends as many polls as ours. All are held to the same shortest
//! and longest interval.

use crate::{DAY, Setting, Source, tally::Tally};

/// What a rule knows after a poll.
pub(crate) struct Seen<'a> {
    at: f64,
    /// All that was published so far.
    all: &'a [u32],
    /// What the listing shows.
    shown: &'a [u32],
    /// Whether something was new.
    changed: bool,
    /// The interval before, without the factor; none at first.
    before: Option<f64>,
    /// The true rate of the whole run, for the oracle only.
    per_day: f64,
}

/// An interval in seconds, before the factor; infinite is the longest.
pub(crate) type Rule = fn(&Seen<'_>) -> f64;

/// The rules that are compared, by the names that the report gives them.
pub(crate) const ALL: [(&str, Rule); 5] = [
    ("oracle", oracle),
    ("fixed", fixed),
    ("miniflux", miniflux),
    ("commafeed", commafeed),
    ("stormcrawler", stormcrawler),
];

/// Knows the true rates and spends polls by their square root, which is the best for rates that
/// never change.
fn oracle(seen: &Seen<'_>) -> f64 {
    DAY / seen.per_day.sqrt()
}

/// The same for all.
fn fixed(_: &Seen<'_>) -> f64 {
    3600.0
}

/// Miniflux's `entry_frequency`: a week, divided by the entries of the last week.
fn miniflux(seen: &Seen<'_>) -> f64 {
    let week =
        seen.all.iter().rev().take_while(|time| f64::from(**time) > seen.at - 7.0 * DAY).count();
    7.0 * DAY / week as f64
}

/// `CommaFeed`: half the mean gap between the entries that the feed shows.
fn commafeed(seen: &Seen<'_>) -> f64 {
    match seen.shown {
        [first, .., last] => f64::from(last - first) / (seen.shown.len() - 1) as f64 / 2.0,
        _ => f64::INFINITY,
    }
}

/// `StormCrawler`'s adaptive scheduler: a fifth less where something changed, half as long again
/// where not, from a minute to four days. Its bounds are its own, before the factor: it finds its
/// own number of polls else, whatever the factor.
fn stormcrawler(seen: &Seen<'_>) -> f64 {
    seen.before.map_or(3600.0, |before| {
        (before * if seen.changed { 0.8 } else { 1.5 }).clamp(60.0, 4.0 * DAY)
    })
}

/// Runs a rule with the factor that makes it spend so many polls.
pub(crate) fn scaled(sources: &[Source], setting: Setting, polls: u64, rule: Rule) -> Tally {
    let (mut low, mut high) = (1e-4_f64, 1e4_f64);
    let mut best = Tally::default();
    for _ in 0..40 {
        let factor = (low * high).sqrt();
        let tally = run(sources, setting, (rule, factor), polls);
        if tally.polls > polls {
            low = factor;
        } else {
            high = factor;
        }
        best = if best.polls.abs_diff(polls) < tally.polls.abs_diff(polls) { best } else { tally };
        if best.polls.abs_diff(polls) * 10_000 < polls {
            break;
        }
    }
    best
}

/// Stops early where it is clear that the factor is too small.
fn run(sources: &[Source], setting: Setting, (rule, factor): (Rule, f64), polls: u64) -> Tally {
    let mut tally = Tally::default();
    for (place, source) in sources.iter().enumerate() {
        let (mut at, mut known, mut before) = (0.0, 0, None);
        while at < setting.end && tally.polls < 2 * polls {
            let now = known + source.times[known..].partition_point(|time| f64::from(*time) <= at);
            tally.polls += 1;
            tally.found(place, &source.times[known..now], source.window, at);
            let all = &source.times[..now];
            let shown = &all[now.saturating_sub(source.window)..];
            let per_day = source.times.len() as f64 / (setting.end / DAY);
            let interval = rule(&Seen { at, all, shown, changed: now > known, before, per_day });
            before = Some(interval);
            at += (interval * factor).clamp(setting.floor, setting.ceiling);
            known = now;
        }
        tally.left(place, &source.times[known..], setting.end);
    }
    tally
}
