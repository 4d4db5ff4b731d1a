//! The words of a moment: names of months and weekdays, halves of the day, zones, eras, and
//! words without a meaning.

use super::{DateParts, Reader, Zone};
use crate::dates::{
    moment::{
        clock::{self, count_digits},
        small_words, zones,
    },
    words,
};

/// Characters of a word that may be the name of a weekday.
const MAX_WEEKDAY: usize = 24;

impl Reader<'_> {
    pub(super) fn word(&mut self) -> Option<()> {
        let rest = self.rest;
        if let Some((second, length)) = small_words::half_at(rest)
            && (self.parts.clock.is_some()
                || !rest.starts_with(|c: char| c.is_ascii())
                || rest.starts_with("AM")
                || rest.starts_with("PM"))
        {
            self.half = Some(second);
            self.pass(length);
            return Some(());
        }
        // Some abbreviations of zones are names of days elsewhere.
        let letters = rest.find(|c: char| !c.is_ascii_uppercase()).unwrap_or(rest.len());
        if letters > 1 && self.parts.clock.is_some() && zones::by_name(&rest[..letters]).is_some() {
            return self.other_word();
        }
        if let Some((unit, length)) = words::unit_at(rest) {
            self.pass(length);
            self.parts.date.announce_unit(unit);
            return Some(());
        }
        if let Some(length) = era(rest, &mut self.parts.date) {
            self.pass(length);
            return Some(());
        }
        let day = words::weekday_at(rest);
        let month = self
            .own
            .and_then(|own| own.month_at(rest))
            .or_else(|| words::month_at(rest))
            .or_else(|| hebrew_month(rest))
            .or_else(|| if day.is_none() { words::cut_month_at(rest) } else { None });
        if month.is_some() || day.is_some() {
            // The longer name counts; a word that is both may be either.
            let length = month.map_or(0, |month| month.1).max(day.map_or(0, |day| day.1));
            self.parts.date.add_name(
                month.filter(|month| month.1 == length).map(|month| month.0),
                day.filter(|day| day.1 == length).map(|day| day.0),
            );
            self.pass(length);
            return Some(());
        }
        self.other_word()
    }

    fn other_word(&mut self) -> Option<()> {
        let length = self
            .rest
            .find(|c: char| {
                !(c.is_alphanumeric() || matches!(c, '/' | '_' | '\u{300}'..='\u{36f}'))
            })
            .unwrap_or(self.rest.len());
        let letters = self.rest.find(|c: char| !c.is_alphabetic()).unwrap_or(self.rest.len());
        let (word, whole) = (&self.rest[..letters], &self.rest[..length]);
        let timed = self.parts.clock.is_some();
        if word.eq_ignore_ascii_case("t") && self.parts.date.has_numbers() {
            self.pass(1);
            return self.compact_time();
        }
        if let Some((zone, length)) = zones::phrase_at(self.rest) {
            if self.parts.zone == Zone::Unknown {
                self.parts.zone = zone;
            }
            self.pass(length);
            return Some(());
        }
        if let Some(zone) = zones::by_name(whole)
            .or_else(|| zones::by_name(word))
            .filter(|_| timed || word.len() > 2 && self.parts.date.has_numbers())
        {
            self.pass(if zones::by_name(whole).is_some() { length } else { letters });
            // `-05:00Z` says it twice.
            if self.parts.zone == Zone::Unknown {
                self.parts.zone = zone;
            }
            return Some(());
        }
        let unknown_zone = timed
            && (3..=5).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_uppercase());
        // Which day of the week it says does not matter, nor in which language.
        let behind = self.rest[letters..].trim_start_matches('.');
        let weekday = !timed
            && self.parts.date.is_empty()
            && word.chars().count() <= MAX_WEEKDAY
            && behind.starts_with([',', '،']);
        if !(small_words::is_filler(word) || unknown_zone || weekday) {
            return None;
        }
        self.pass(letters);
        Some(())
    }

    /// `030405` behind a `T`.
    fn compact_time(&mut self) -> Option<()> {
        let digits = count_digits(self.rest);
        if !matches!(digits, 4 | 6) {
            return Some(());
        }
        self.parts.clock = Some(clock::compact(&self.rest[..digits])?);
        self.pass(digits);
        Some(())
    }
}

/// `בינואר`: in January.
fn hebrew_month(rest: &str) -> Option<(words::Month, usize)> {
    let behind = rest.strip_prefix('ב')?;
    words::month_at(behind).map(|(month, length)| (month, length + 'ב'.len_utf8()))
}

/// Japanese eras and that of Taiwan; the years behind them count from there.
fn era(rest: &str, date: &mut DateParts) -> Option<usize> {
    const ERAS: [(&str, u32); 5] =
        [("令和", 2018), ("平成", 1988), ("昭和", 1925), ("民國", 1911), ("民国", 1911)];
    let (name, years) = ERAS.iter().find(|(name, _)| rest.starts_with(name))?;
    date.set_era(*years);
    Some(name.len())
}
