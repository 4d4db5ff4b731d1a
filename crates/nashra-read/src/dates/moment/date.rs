//! Makes a day of the numbers and names of a date, in whatever order they were written.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc, Weekday};

use super::{Assumed, BUDDHIST, Order};
use crate::dates::{
    jalali,
    words::{Calendar, Month, Unit},
};

/// The most numbers that one date has.
const MAX_NUMBERS: usize = 3;
/// Names that are kept of one date. It has two at most, a weekday and a month: three are too many.
const MAX_NAMES: usize = 3;

/// Years of the calendar of Taiwan that feeds may have.
const MINGUO: std::ops::Range<u64> = 90..200;
/// The first year that is of the Islamic calendar (1999) and not of the Persian one (2041).
const FIRST_ISLAMIC: u32 = 1_420;

/// The numbers and names of one date, collected token by token.
#[derive(Debug, Default)]
pub(super) struct DateParts {
    numbers: Vec<Number>,
    /// The mark before each number; a space where there is none.
    marks: Vec<char>,
    /// The mark before the next number.
    mark: Option<char>,
    names: Vec<(Option<Month>, Option<Weekday>)>,
    /// Year, month and day that are written with their unit: `2024年`.
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
    /// The unit of the next number, where it stands before it.
    announced: Option<Unit>,
    /// Added to a year that is written with its unit.
    era: u32,
}

/// A number as it is written.
#[derive(Debug, Clone, Copy)]
struct Number {
    value: u64,
    digits: usize,
}

impl Number {
    fn to_u32(self) -> Option<u32> {
        u32::try_from(self.value).ok()
    }

    /// A year of two digits (RFC 2822 §4.3, with the pivot of today's parsers), of the Buddhist
    /// calendar, or of the common one.
    fn to_year(self) -> Option<u32> {
        let value = self.to_u32()?;
        match self.digits {
            1 | 2 => Some(century(value)),
            3 => None,
            _ => Some(common_year(value)),
        }
    }
}

impl DateParts {
    pub(super) fn has_numbers(&self) -> bool {
        !self.numbers.is_empty()
    }

    /// Whether day, month and year are there: what follows is the time.
    pub(super) fn is_whole(&self) -> bool {
        let named = usize::from(self.named_month().is_some());
        let counted = [self.year, self.month, self.day].iter().flatten().count();
        self.numbers.len() + named + counted >= 3
    }

    /// Whether no number and no name was added so far.
    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.names.is_empty()
    }

    /// Notes the mark before the next number.
    pub(super) fn set_mark(&mut self, mark: char) {
        self.mark = Some(mark);
    }

    /// Adds a number; `None` where a date has no place for it.
    pub(super) fn add_number(&mut self, value: u64, digits: usize) -> Option<()> {
        if let Some(unit) = self.announced.take() {
            return self.add_counted(value, unit);
        }
        if self.numbers.len() >= MAX_NUMBERS {
            return None;
        }
        self.numbers.push(Number { value, digits });
        self.marks.push(self.mark.take().unwrap_or(' '));
        Some(())
    }

    /// Adds a number with its unit; `None` where the date has that unit already.
    pub(super) fn add_counted(&mut self, value: u64, unit: Unit) -> Option<()> {
        let value = u32::try_from(value).ok()?;
        let part = match unit {
            Unit::Year => &mut self.year,
            Unit::Month => &mut self.month,
            Unit::Day => &mut self.day,
        };
        if part.is_some() {
            return None;
        }
        *part = Some(match (unit, self.era) {
            (Unit::Year, 0) => counted_year(value),
            (Unit::Year, era) => value.checked_add(era)?,
            _ => value,
        });
        Some(())
    }

    /// Notes a unit that stands before its number.
    pub(super) fn announce_unit(&mut self, unit: Unit) {
        self.announced = Some(unit);
    }

    /// Notes the year before the first one of an era.
    pub(super) fn set_era(&mut self, years: u32) {
        self.era = years;
    }

    /// Adds a word that is the name of a month, of a weekday, or of both.
    pub(super) fn add_name(&mut self, month: Option<Month>, day: Option<Weekday>) {
        if self.names.len() < MAX_NAMES {
            self.names.push((month, day));
        }
    }

    /// The moment, where the text is one number: seconds since 1970, or thousandths, millionths or
    /// billionths of them.
    pub(super) fn unix_time(&self, timed: bool) -> Option<DateTime<Utc>> {
        let [Number { value, digits }] = self.numbers[..] else { return None };
        if timed
            || !self.names.is_empty()
            || self.year.is_some()
            || self.month.is_some()
            || self.mark.is_some()
            || self.marks != [' ']
        {
            return None;
        }
        let value = i64::try_from(value).ok()?;
        match digits {
            9 | 10 => DateTime::from_timestamp(value, 0),
            12 | 13 => DateTime::from_timestamp_millis(value),
            15 | 16 => DateTime::from_timestamp_micros(value),
            18 | 19 => Some(DateTime::from_timestamp_nanos(value)),
            _ => None,
        }
    }

    /// The month that is named: of several words the one that is no weekday, or the last.
    fn named_month(&self) -> Option<Month> {
        let mut months = self.names.iter().rev().filter(|(month, _)| month.is_some());
        let only = months.clone().find(|(_, day)| day.is_none()).or_else(|| months.next());
        only.and_then(|only| only.0)
    }

    fn weekday(&self) -> Option<Weekday> {
        self.names
            .iter()
            .find_map(|(month, day)| day.filter(|_| month.is_none() || self.names.len() > 1))
    }

    /// Whether it has a year of four digits, a month and a day, so that it is a date whatever else
    /// the text says.
    pub(super) fn is_certain(&self) -> bool {
        self.is_whole() && (self.year.is_some() || self.numbers.iter().any(|part| part.digits == 4))
    }

    /// The day, and what had to be assumed.
    pub(super) fn date(&self, order: Option<Order>) -> Option<(NaiveDate, Assumed)> {
        let mut assumed = Assumed::default();
        if self.announced.is_some() || self.names.len() > 2 {
            return None;
        }
        if self.year.is_some() || self.month.is_some() {
            return self.counted_date(&mut assumed).map(|date| (date, assumed));
        }
        let date = match self.named_month() {
            Some(month) => self.named(month, &mut assumed),
            None => self.numeric(order, &mut assumed),
        };
        date.map(|date| (date, assumed))
    }

    /// `2024年1月2日`, `02 Tháng 1 2024`
    fn counted_date(&self, assumed: &mut Assumed) -> Option<NaiveDate> {
        let mut rest = self.numbers.iter().copied();
        let month =
            self.month.or_else(|| self.named_month().map(|month| u32::from(month.number)))?;
        let day = self.day.or_else(|| rest.next()?.to_u32());
        let year = self.year.or_else(|| rest.next().filter(|year| year.digits == 4)?.to_year())?;
        assumed.day = day.is_none();
        gregorian(year, month, day.unwrap_or(1))
    }

    fn named(&self, month: Month, assumed: &mut Assumed) -> Option<NaiveDate> {
        let is_year = |number: Number| number.digits > 2 || number.value > 31;
        let (day, year) = match self.numbers[..] {
            [first, second] if is_year(first) && !is_year(second) => (Some(second), first),
            [first, second] if !is_year(first) => (Some(first), second),
            [first] if is_year(first) => (None, first),
            _ => return None,
        };
        assumed.day = day.is_none();
        let day = day.map_or(Some(1), Number::to_u32)?;
        let year = year.to_year()?;
        match month.calendar {
            Calendar::Gregorian => gregorian(year, u32::from(month.number), day),
            Calendar::Jalali => jalali::to_gregorian(year, u32::from(month.number), day),
            Calendar::Hijri => None,
        }
    }

    fn numeric(&self, order: Option<Order>, assumed: &mut Assumed) -> Option<NaiveDate> {
        let value = |at: usize| self.numbers[at].to_u32();
        match self.numbers[..] {
            [only] => self.compact(only, assumed),
            // `2003-12`, `-03-12`
            [first, month @ Number { digits: 2, .. }]
                if first.digits == 4 || self.marks[0] == '-' && first.digits == 2 =>
            {
                assumed.day = true;
                gregorian(first.to_year()?, month.to_u32()?, 1)
            }
            [first @ Number { digits: 4, .. }, day @ Number { digits: 3, .. }] => {
                NaiveDate::from_yo_opt(i32::try_from(first.to_year()?).ok()?, day.to_u32()?)
            }
            [first @ Number { digits: 4, .. }, _, _] => {
                numbered(first.to_year()?, value(1)?, value(2)?)
            }
            [first @ Number { digits: 3, .. }, _, _] if MINGUO.contains(&first.value) => {
                gregorian(counted_year(first.to_u32()?), value(1)?, value(2)?)
            }
            // `03-12-31` as ISO 8601 has it.
            [first, second, third]
                if [first, second, third].iter().all(|number| number.digits == 2)
                    && self.marks[1] == '-' =>
            {
                gregorian(first.to_year()?, value(1)?, value(2)?)
            }
            [_, _, last] => {
                let (first, second, year) = (value(0)?, value(1)?, last.to_year()?);
                let day_first = numbered(year, second, first);
                let month_first = numbered(year, first, second).filter(|_| {
                    self.marks[1] == '/' || self.marks[1] == ' ' || day_first.is_none()
                });
                let (Some(by_day), Some(by_month)) = (day_first, month_first) else {
                    return day_first.or(month_first);
                };
                if by_day == by_month {
                    return day_first;
                }
                match self.weekday() {
                    Some(weekday) if by_day.weekday() == weekday => day_first,
                    Some(weekday) if by_month.weekday() == weekday => month_first,
                    _ => {
                        assumed.order = order.is_none();
                        if order == Some(Order::DayFirst) { day_first } else { month_first }
                    }
                }
            }
            _ => None,
        }
    }

    /// Numbers without marks: `20240102`, `031231`, `03335`, `-0312`, `2024`.
    fn compact(&self, number: Number, assumed: &mut Assumed) -> Option<NaiveDate> {
        let Number { value, digits } = number;
        let part = |divisor: u64, modulus: u64| u32::try_from(value / divisor % modulus).ok();
        match digits {
            4 if self.marks[0] == '-' => {
                assumed.day = true;
                gregorian(century(part(100, 100)?), part(1, 100)?, 1)
            }
            4 => {
                assumed.day = true;
                NaiveDate::from_ymd_opt(
                    i32::try_from(value).ok().filter(|year| (1900..2200).contains(year))?,
                    1,
                    1,
                )
            }
            5 => NaiveDate::from_yo_opt(
                i32::try_from(century(part(1_000, 100)?)).ok()?,
                part(1, 1_000)?,
            ),
            6 => gregorian(century(part(10_000, 100)?), part(100, 100)?, part(1, 100)?),
            7 => NaiveDate::from_yo_opt(i32::try_from(part(1_000, 10_000)?).ok()?, part(1, 1_000)?),
            8 => numbered(part(10_000, 10_000)?, part(100, 100)?, part(1, 100)?),
            _ => None,
        }
    }

    /// The order that the numbers show: one of the first two is above 12, the other is not.
    pub(super) fn order(&self) -> Option<Order> {
        let [first, second, third] = self.numbers[..] else { return None };
        let short = |number: Number| matches!(number.digits, 1 | 2);
        if !short(first) || !short(second) || !matches!(third.digits, 2 | 4) {
            return None;
        }
        if !matches!(self.marks[1], '/' | ' ')
            || self.names.iter().any(|name| name.0.is_some() && name.1.is_none())
        {
            return None;
        }
        match (first.value > 12, second.value > 12) {
            (true, false) => Some(Order::DayFirst),
            (false, true) => Some(Order::MonthFirst),
            _ => None,
        }
    }
}

/// A year with its unit: of two digits, or of the calendar of Taiwan, which counts from 1912.
fn counted_year(year: u32) -> u32 {
    match year {
        0..90 => century(year),
        year if MINGUO.contains(&u64::from(year)) => year + 1_911,
        year => year,
    }
}

/// The day that three numbers name: a year of four digits says in which calendar. Days of the
/// Islamic one depend on who saw the moon, and are not read.
fn numbered(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    match year {
        1_300..FIRST_ISLAMIC => jalali::to_gregorian(year, month, day),
        FIRST_ISLAMIC..1_500 => None,
        year => gregorian(year, month, day),
    }
}

fn century(year: u32) -> u32 {
    if year < 70 { 2_000 + year } else { 1_900 + year }
}

/// The year of the common calendar that a year of it or of the Buddhist one is.
fn common_year(year: u32) -> u32 {
    if BUDDHIST.contains(&year) { year - 543 } else { year }
}

fn gregorian(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(
        i32::try_from(common_year(year)).ok().filter(|year| (1..=9_999).contains(year))?,
        month,
        day,
    )
}
