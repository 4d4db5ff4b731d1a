//! The languages that the small words of a text are of.
//!
//! Articles, prepositions and pronouns make up a third of most texts and tell neighbours apart that
//! share their letters. The words are data (`words.txt`).

use std::sync::LazyLock;

use hashbrown::HashMap;

/// Bytes that are looked at: some two hundred words.
const SAMPLE: usize = 1_500;
/// Words of a language below which a text is not said to be in it.
const MIN_WORDS: u32 = 4;

static TABLE: LazyLock<Table> = LazyLock::new(load);

struct Table {
    codes: Vec<&'static str>,
    /// The languages of each word, one bit each.
    words: HashMap<&'static str, u64>,
}

/// Another language than the one that is claimed, where the text has its small words and next to
/// none of the claimed one's.
pub(super) fn other(text: &str, claimed: &str) -> Option<&'static str> {
    let (counts, words) = count(text);
    let own = TABLE.codes.iter().position(|code| *code == claimed);
    let (best, found) = best(&counts)?;
    let contradicts = match own {
        // A twelfth of the words is what the claimed language has at least, but for those that
        // write them on their nouns.
        Some(own) => {
            best != own && counts[own] * 12 < words && found >= 3 * counts[own] + words / 50
        }
        None => TABLE.codes[best] == "en" && found * 4 >= words,
    };
    // Latin is what pages are filled with before they have a text.
    Some(TABLE.codes[best]).filter(|code| contradicts && found >= MIN_WORDS && *code != "la")
}

/// The language whose small words a text has, where it is clear.
pub(super) fn language(text: &str) -> Option<&'static str> {
    let (counts, words) = count(text);
    let (best, found) = best(&counts)?;
    let next = counts
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != best)
        .map(|(_, count)| *count)
        .max()
        .unwrap_or_default();
    (found >= MIN_WORDS && found * 20 >= words && found * 4 >= next * 5).then(|| TABLE.codes[best])
}

/// The language with the most words, and how many.
fn best(counts: &[u32; 64]) -> Option<(usize, u32)> {
    let (best, found) = counts
        .iter()
        .copied()
        .enumerate()
        .take(TABLE.codes.len())
        .max_by_key(|(_, count)| *count)?;
    (found > 0).then_some((best, found))
}

/// How many words of each language a text has, and how many words it has.
fn count(text: &str) -> ([u32; 64], u32) {
    let mut counts = [0; 64];
    let mut words = 0;
    let sample = &text[..text.floor_char_boundary(SAMPLE)];
    let mut lower = String::new();
    for word in sample
        .split(|c: char| {
            !c.is_alphanumeric() && !matches!(c, '\'' | '’' | 'ʻ' | '\u{900}'..='\u{97f}')
        })
        .filter(|part| !part.is_empty())
    {
        words += 1;
        lower.clear();
        lower.extend(word.chars().flat_map(char::to_lowercase));
        let mut languages = TABLE.words.get(lower.as_str()).copied().unwrap_or_default();
        while languages != 0 {
            counts[languages.trailing_zeros() as usize] += 1;
            languages &= languages - 1;
        }
    }
    (counts, words)
}

fn load() -> Table {
    let mut table = Table { codes: Vec::new(), words: HashMap::new() };
    for line in include_str!("words.txt").lines().filter(|line| !line.starts_with('#')) {
        let Some((code, words)) = line.split_once(": ") else { continue };
        let bit = 1 << (table.codes.len() & 63);
        table.codes.push(code);
        for word in words.split(' ') {
            *table.words.entry(word).or_insert(0) |= bit;
        }
    }
    table.codes.truncate(64);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_bit_for_each_language() {
        assert!((40..=64).contains(&TABLE.codes.len()));
    }

    #[test]
    fn neighbours_are_told_apart_by_small_words() {
        assert_eq!(
            language(
                "Han siger, at det ikke er muligt, og at der blev givet penge af kommunen efter valget."
            ),
            Some("da")
        );
        assert_eq!(
            language(
                "Hun sier at det ikke er mulig, og at det ble gitt penger av kommunen etter valget."
            ),
            Some("no")
        );
        assert_eq!(
            other(
                "Hun sier at det ikke er mulig, og at det ble gitt penger av kommunen etter valget.",
                "nn"
            ),
            None
        );
    }

    #[test]
    fn a_claim_is_contradicted_by_words_of_another_language_alone() {
        let text = "Kuthiwa abantu bahlangene emva kokuthi isikole sivalwe, kodwa uthishanhloko uthe lokhu akulona iqiniso ngoba ";
        assert_eq!(other(text, "en"), Some("zu"));
        assert_eq!(other("OK Computer", "nl"), None);
    }
}
