//! Names of months that are cut short, by programs that keep three letters of any name: `Lok` of
//! lokakuu, `жов` of жовтень. Where one language means another month by the same letters, it has its
//! own say.

use std::{ops::RangeInclusive, sync::LazyLock};

use hashbrown::HashMap;

use super::{Calendar, Month, NAMES, fold, lines, named_at, without_spaces};

/// Letters of a name that is cut short: fewer would mean many months.
const CUT: RangeInclusive<usize> = 3..=5;

static CUT_NAMES: LazyLock<CutNames> = LazyLock::new(CutNames::load);

/// Names of months in one language, whole and cut short, where the same letters name another month
/// elsewhere: `lis` is October in Croatian, elsewhere November.
#[derive(Debug, Default)]
pub struct OwnMonths(HashMap<String, Month>);

impl OwnMonths {
    /// The month whose name stands at the start of a text, and the bytes that it takes.
    #[must_use]
    pub fn month_at(&self, text: &str) -> Option<(Month, usize)> {
        named_at(text, |name| self.0.get(name).copied())
    }
}

/// The names that a language has for itself; `None` where it has none.
#[must_use]
pub fn own_months(language: &str) -> Option<&'static OwnMonths> {
    let language = language.to_ascii_lowercase();
    let base = language.split(['-', '_']).next().unwrap_or_default();
    let own = CUT_NAMES.own.get(&language).or_else(|| CUT_NAMES.own.get(base))?;
    (!own.0.is_empty()).then_some(own)
}

/// The month whose name, cut short, stands at the start of a text that is a date, and the bytes
/// that it takes: `Lok`, `жов`. In prose such letters may be any word.
#[must_use]
pub fn cut_month_at(text: &str) -> Option<(Month, usize)> {
    named_at(text, |name| CUT_NAMES.common.get(name).copied())
}

/// Names of months that are cut short.
#[derive(Debug, Default)]
struct CutNames {
    /// By their letters; where two languages differ, as the first has it.
    common: HashMap<String, Month>,
    /// By language.
    own: HashMap<String, OwnMonths>,
}

impl CutNames {
    fn load() -> Self {
        let mut cut = Self::default();
        for (language, _, items) in lines().filter(|line| line.1 == "months") {
            let mut own: HashMap<String, Option<Month>> = HashMap::new();
            let (mut whole, mut parts) = (Vec::new(), Vec::new());
            for (index, item) in (0_u8..).zip(items) {
                let month = Month { calendar: Calendar::Gregorian, number: index + 1 };
                for name in item.split(',').map(fold) {
                    parts.extend(cuts(&name).map(|part| (part.to_owned(), month)));
                    whole.push((name, month));
                }
            }
            // Letters that begin the names of two months mean neither.
            for (part, month) in parts {
                own.entry(part)
                    .and_modify(|known| *known = known.filter(|known| *known == month))
                    .or_insert(Some(month));
            }
            own.extend(whole.into_iter().map(|(name, month)| (name, Some(month))));
            let mut elsewhere = HashMap::new();
            for (name, month) in own.into_iter().filter_map(|(name, month)| Some((name, month?))) {
                let known = NAMES.get(&name).and_then(|meaning| meaning.month);
                let common =
                    known.unwrap_or_else(|| *cut.common.entry(name.clone()).or_insert(month));
                if common != month {
                    elsewhere.insert(name, month);
                }
            }
            cut.own.insert(language.to_ascii_lowercase(), OwnMonths(elsewhere));
        }
        cut
    }
}

/// The beginnings of a name that may stand for it.
fn cuts(name: &str) -> impl Iterator<Item = &str> {
    let is_word =
        name.chars().all(char::is_alphabetic) && !name.chars().next().is_some_and(without_spaces);
    let ends = name.char_indices().map(|(at, _)| at).enumerate().skip(*CUT.start());
    ends.take_while(|(letters, _)| CUT.contains(letters))
        .filter(move |_| is_word)
        .map(|(_, at)| &name[..at])
}
