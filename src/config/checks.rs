//! Range checks for settings: each takes a value and says what would be right.
//!
//! They run after the flags have had their say, so that a flag is held to the same as the file.

use std::{fmt::Display, ops::RangeInclusive, time::Duration};

use super::{
    duration,
    error::{ConfigError, Place},
    reader::GivenSettings,
    size::ByteSize,
    values::Span,
};

/// Collects what is wrong with values that were read well, each at its place in the file or at its
/// flag.
#[derive(Debug)]
pub(super) struct Checks<'a> {
    pub(super) given: &'a GivenSettings,
    pub(super) errors: Vec<ConfigError>,
}

impl Checks<'_> {
    /// Notes the outcome of a check about some settings: at the first of them that was given.
    pub(super) fn note(&mut self, keys: &[&str], outcome: Result<(), String>) {
        let Err(message) = outcome else { return };
        let found = keys.iter().find_map(|key| Some((*key, self.given.place(key)?.clone())));
        let (key, place) =
            found.unwrap_or_else(|| (keys.first().copied().unwrap_or(""), Place::whole("default")));
        self.errors.push(ConfigError { place, key: key.to_owned(), message });
    }

    /// Notes where the first of two settings exceeds the second.
    pub(super) fn ordered<T: PartialOrd + Copy>(
        &mut self,
        keys: [&str; 2],
        values: [T; 2],
        show: impl Fn(T) -> String,
    ) {
        if values[0] > values[1] {
            let [low, high] = values.map(show);
            self.note(
                &keys,
                Err(format!("{} ({low}) must not exceed {} ({high})", keys[0], keys[1])),
            );
        }
    }
}

type Outcome = Result<(), String>;

/// What values of a setting must keep to.
pub(super) struct Rule<F> {
    /// Completes "must be …", for errors and for the documents.
    pub(super) words: String,
    /// Tells what is wrong with a value.
    pub(super) check: F,
}

/// Between two numbers or sizes.
pub(super) fn within<T: PartialOrd + Display>(
    range: RangeInclusive<T>,
) -> Rule<impl Fn(&T) -> Outcome> {
    let words = format!("from {} to {}", range.start(), range.end());
    must_be(words, move |value| range.contains(value), ToString::to_string)
}

/// No less than so many mebibytes.
pub(super) fn at_least_mib(least: u64) -> Rule<impl Fn(&ByteSize) -> Outcome> {
    let least = ByteSize::mib(least);
    must_be(format!("at least {least}"), move |value| *value >= least, ToString::to_string)
}

/// Between two durations.
pub(super) fn lasting(
    shortest: Duration,
    longest: Duration,
) -> Rule<impl Fn(&Duration) -> Outcome> {
    let range = shortest..=longest;
    must_be(spoken(&range), move |value| range.contains(value), |value| duration::format(*value))
}

/// Durations in rising order, no more than so many.
pub(super) fn rising(most: usize) -> Rule<impl Fn(&Vec<Duration>) -> Outcome> {
    let check = move |values: &Vec<Duration>| {
        if values.len() > most {
            return Err(format!("must be {most} durations at most, is {}", values.len()));
        }
        if values.first().is_some_and(Duration::is_zero) {
            return Err("must not begin with 0".to_owned());
        }
        let rises = values.is_sorted_by(|before, next| before < next);
        rises.then_some(()).ok_or_else(|| "must be in rising order".to_owned())
    };
    Rule { words: format!("at most {most}, in rising order"), check }
}

/// For ever, or between two durations.
pub(super) fn spanning<S: Span>(
    shortest: Duration,
    longest: Duration,
) -> Rule<impl Fn(&S) -> Outcome> {
    let Rule { words, check } = lasting(shortest, longest);
    Rule { words, check: move |value: &S| value.bounded().map_or(Ok(()), |value| check(&value)) }
}

/// A list with something in it.
pub(super) fn not_empty<T>() -> Rule<impl Fn(&Vec<T>) -> Outcome> {
    let check = |list: &Vec<T>| {
        if list.is_empty() { Err("must name at least one".to_owned()) } else { Ok(()) }
    };
    Rule { words: "at least one".to_owned(), check }
}

fn must_be<T>(
    words: String,
    holds: impl Fn(&T) -> bool,
    show: impl Fn(&T) -> String,
) -> Rule<impl Fn(&T) -> Outcome> {
    let told = words.clone();
    let check = move |value: &T| {
        if holds(value) { Ok(()) } else { Err(format!("must be {told}, is {}", show(value))) }
    };
    Rule { words, check }
}

fn spoken(range: &RangeInclusive<Duration>) -> String {
    format!("from {} to {}", duration::format(*range.start()), duration::format(*range.end()))
}
