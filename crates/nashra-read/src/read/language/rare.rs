//! Scripts of one language each that the detector does not know.

use crate::model::record::Direction;

/// Ranges of letters with language, script (ISO 15924) and direction.
const SCRIPTS: [(char, char, &str, &str, Direction); 9] = [
    ('\u{e80}', '\u{eff}', "lo", "Laoo", Direction::Ltr),
    ('\u{f00}', '\u{fff}', "bo", "Tibt", Direction::Ltr),
    ('\u{780}', '\u{7bf}', "dv", "Thaa", Direction::Rtl),
    ('\u{700}', '\u{74f}', "syr", "Syrc", Direction::Rtl),
    ('\u{7c0}', '\u{7ff}', "nqo", "Nkoo", Direction::Rtl),
    ('\u{1c50}', '\u{1c7f}', "sat", "Olck", Direction::Ltr),
    ('\u{2d30}', '\u{2d7f}', "zgh", "Tfng", Direction::Ltr),
    ('\u{1400}', '\u{167f}', "iu", "Cans", Direction::Ltr),
    ('\u{abc0}', '\u{abff}', "mni", "Mtei", Direction::Ltr),
];
/// Characters by which the script is told.
const SAMPLE: usize = 400;

/// Language, script and direction of a text that is mostly in one of these scripts.
pub(super) fn detect(text: &str) -> Option<(&'static str, &'static str, Direction)> {
    let of = |c: char| SCRIPTS.iter().position(|script| (script.0..=script.1).contains(&c));
    if !text.chars().take(SAMPLE).any(|c| of(c).is_some()) {
        return None;
    }
    let (mut counts, mut letters) = ([0_usize; SCRIPTS.len()], 0_usize);
    for c in text.chars().take(SAMPLE) {
        let place = of(c);
        letters += usize::from(place.is_some() || c.is_alphabetic());
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count += 1;
        }
    }
    let (place, count) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    let (.., language, script, direction) = SCRIPTS[place];
    (count * 2 > letters).then_some((language, script, direction))
}
