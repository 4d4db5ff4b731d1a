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

/// Between two numbers or sizes.
pub(super) fn within<T: PartialOrd + Display>(range: RangeInclusive<T>) -> impl Fn(&T) -> Outcome {
    move |value| {
        in_range(value, &range)
            .map_err(|()| format!("must be from {} to {}, is {value}", range.start(), range.end()))
    }
}

/// No less than so many mebibytes.
pub(super) fn at_least_mib(least: u64) -> impl Fn(&ByteSize) -> Outcome {
    move |value| {
        if *value >= ByteSize::mib(least) {
            Ok(())
        } else {
            Err(format!("must be at least {least}MiB, is {value}"))
        }
    }
}

/// Between two durations.
pub(super) fn lasting(shortest: Duration, longest: Duration) -> impl Fn(&Duration) -> Outcome {
    move |value| {
        in_range(value, &(shortest..=longest)).map_err(|()| {
            let [shortest, longest, value] = [shortest, longest, *value].map(duration::format);
            format!("must be from {shortest} to {longest}, is {value}")
        })
    }
}

/// Durations in rising order, no more than so many.
pub(super) fn rising(most: usize) -> impl Fn(&Vec<Duration>) -> Outcome {
    move |values| {
        if values.len() > most {
            return Err(format!("must be {most} durations at most, is {}", values.len()));
        }
        if values.first().is_some_and(Duration::is_zero) {
            return Err("must not begin with 0".to_owned());
        }
        let rises = values.is_sorted_by(|before, next| before < next);
        rises.then_some(()).ok_or_else(|| "must be in rising order".to_owned())
    }
}

/// For ever, or between two durations.
pub(super) fn spanning<S: Span>(shortest: Duration, longest: Duration) -> impl Fn(&S) -> Outcome {
    move |value| value.bounded().map_or(Ok(()), |value| lasting(shortest, longest)(&value))
}

/// A list with something in it.
pub(super) fn not_empty<T>(list: &[T]) -> Outcome {
    if list.is_empty() { Err("must name at least one".to_owned()) } else { Ok(()) }
}

fn in_range<T: PartialOrd>(value: &T, range: &RangeInclusive<T>) -> Result<(), ()> {
    if range.contains(value) { Ok(()) } else { Err(()) }
}
