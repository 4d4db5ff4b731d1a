//! Names of time zones: the abbreviations that feeds use, the names of the IANA database, and what
//! people call them in their languages (`zones.txt`).

use std::sync::LazyLock;

use hashbrown::HashMap;

use super::Zone;

/// The phrases by their first letter, and the zone of each.
static PHRASES: LazyLock<HashMap<char, Vec<(&str, &str)>>> = LazyLock::new(|| {
    let mut by_letter: HashMap<char, Vec<_>> = HashMap::new();
    for pair in phrases() {
        by_letter.entry(pair.0.chars().next().unwrap_or_default()).or_default().push(pair);
    }
    by_letter
});

/// Bytes of the longest phrase.
const MAX_PHRASE: usize = 64;

/// Abbreviations and their minutes east of UTC. Where one has several meanings, the one of RFC 822,
/// else the common one.
const ABBREVIATIONS: [(&str, i32); 125] = [
    ("acdt", 630),
    ("acst", 570),
    ("adt", -180),
    ("aedt", 660),
    ("aest", 600),
    ("aft", 270),
    ("akdt", -480),
    ("akst", -540),
    ("almt", 300),
    ("art", -180),
    ("ast", -240),
    ("at", -240),
    ("awst", 480),
    ("azt", 240),
    ("bdt", 360),
    ("bot", -240),
    ("brst", -120),
    ("brt", -180),
    ("bst", 60),
    ("cat", 120),
    ("cdt", -300),
    ("cest", 120),
    ("cet", 60),
    ("chst", 600),
    ("clst", -180),
    ("clt", -240),
    ("cot", -300),
    ("cst", -360),
    ("ct", -360),
    ("cvt", -60),
    ("easst", -300),
    ("eat", 180),
    ("ect", -300),
    ("edt", -240),
    ("eest", 180),
    ("eet", 120),
    ("est", -300),
    ("et", -300),
    ("fjt", 720),
    ("gft", -180),
    ("gmt", 0),
    ("gst", 240),
    ("gyt", -240),
    ("hadt", -540),
    ("hast", -600),
    ("hdt", -540),
    ("hkt", 480),
    ("hst", -600),
    ("ict", 420),
    ("idt", 180),
    ("irdt", 270),
    ("irkt", 480),
    ("irst", 210),
    ("ist", 330),
    ("jst", 540),
    ("kgt", 360),
    ("krat", 420),
    ("kst", 540),
    ("magt", 660),
    ("mdt", -360),
    ("mest", 120),
    ("mesz", 120),
    ("met", 60),
    ("mez", 60),
    ("mmt", 390),
    ("msd", 240),
    ("msk", 180),
    ("mst", -420),
    ("mt", -420),
    ("mut", 240),
    ("mvt", 300),
    ("myt", 480),
    ("nct", 660),
    ("ndt", -150),
    ("npt", 345),
    ("nst", -210),
    ("nzdt", 780),
    ("nzst", 720),
    ("nzt", 720),
    ("omst", 360),
    ("pdt", -420),
    ("pet", -300),
    ("pett", 720),
    ("pgt", 600),
    ("phst", 480),
    ("pht", 480),
    ("pkt", 300),
    ("pst", -480),
    ("pt", -480),
    ("pyt", -180),
    ("samt", 240),
    ("sast", 120),
    ("sbt", 660),
    ("sct", 240),
    ("sgt", 480),
    ("slst", 330),
    ("srt", -180),
    ("tjt", 300),
    ("tlt", 540),
    ("tmt", 300),
    ("trt", 180),
    ("tsi", 180),
    ("tu", 0),
    ("ulat", 480),
    ("ut", 0),
    ("utc", 0),
    ("uyt", -180),
    ("uzt", 300),
    ("vet", -240),
    ("vlat", 600),
    ("vut", 660),
    ("wast", 120),
    ("wat", 60),
    ("west", 60),
    ("wet", 0),
    ("wib", 420),
    ("wit", 540),
    ("wita", 480),
    ("yakt", 540),
    ("yekt", 300),
    ("z", 0),
    ("гринвич", 0),
    ("мск", 180),
    ("جرينتش", 0),
    ("غرينتش", 0),
];

/// The zone of a name; none where it is not one.
pub(super) fn by_name(name: &str) -> Option<Zone> {
    // `Africa/Cairo`, `EST5EDT`
    if name.contains('/') || name.ends_with("DT") && name.contains(|c: char| c.is_ascii_digit()) {
        return name.parse().ok().map(Zone::Named);
    }
    let minutes =
        ABBREVIATIONS.iter().find(|(abbreviation, _)| abbreviation.eq_ignore_ascii_case(name))?.1;
    Zone::from_minutes(minutes)
}

/// The zone that a phrase at the start of the text names, and its bytes: `Eastern Standard Time`,
/// `بتوقيت القاهرة`. The longest phrase counts.
pub(super) fn phrase_at(text: &str) -> Option<(Zone, usize)> {
    let start = &text[..text.floor_char_boundary(MAX_PHRASE)];
    let first = start.chars().next()?.to_lowercase().next()?;
    let (words, zone) = PHRASES
        .get(&first)?
        .iter()
        .filter(|(phrase, _)| begins_with(start, phrase))
        .max_by_key(|(phrase, _)| phrase.len())?;
    let length = start.char_indices().nth(words.chars().count()).map_or(start.len(), |end| end.0);
    let zone = match zone.parse() {
        Ok(minutes) => Zone::from_minutes(minutes)?,
        Err(_) => zone.parse().map_or(Zone::Unknown, Zone::Named),
    };
    Some((zone, length))
}

/// The phrases of the table, and the zone of each: minutes east of UTC, a name, or `-`.
fn phrases() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("zones.txt").lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once(' '));
    pairs.flat_map(|(zone, phrases)| phrases.split("; ").map(move |phrase| (phrase, zone)))
}

/// Whether a text begins with a phrase, in any case, and no letter follows it.
fn begins_with(text: &str, phrase: &str) -> bool {
    let mut letters = text.chars();
    let same = phrase.chars().all(|wanted| {
        letters.next().is_some_and(|letter| letter == wanted || letter.to_lowercase().eq([wanted]))
    });
    same && (!letters.next().is_some_and(char::is_alphabetic) || !phrase.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_names_a_zone() {
        for (phrase, zone) in phrases() {
            assert!(phrase.len() <= MAX_PHRASE && phrase.to_lowercase() == phrase, "{phrase}");
            let is_zone = zone == "-"
                || zone.parse::<i32>().is_ok_and(|minutes| Zone::from_minutes(minutes).is_some())
                || zone.parse::<chrono_tz::Tz>().is_ok();
            assert!(is_zone && phrase_at(phrase).is_some(), "{zone} {phrase}");
        }
    }
}
