//! Compares the paragraphs of a page by the words that they share: whether a headline fits the text
//! behind it, and whether a text goes on or another begins.
//!
//! Words are cut to their first letters, so that most inflections fall together; scripts without
//! spaces give pairs of characters. Words that are in many paragraphs weigh little.

use std::ops::Range;

use hashbrown::HashMap;

use crate::text::letters::is_unspaced;

/// The number of letters of a stem.
const STEM: usize = 5;
/// Stems of one paragraph; a longer one is judged by its start.
const MAX_STEMS: usize = 400;
/// Paragraphs on each side that are compared.
const REACH: usize = 8;
/// Paragraphs around one that it is compared with.
const NEAR: usize = 6;
/// Words that would have to be added to a text to be half sure of what it is about.
const DOUBT: usize = 15;
/// Paragraphs of a text that are compared with its headline.
const MAX_PARAGRAPHS: usize = 30;
/// Lines behind a headline in which its text is looked for, and paragraphs that are enough.
const BEHIND: (usize, usize) = (45, 6);

/// The words of a page's paragraphs.
#[derive(Debug)]
pub(super) struct Topics {
    /// The likeness of texts that are too short to compare.
    neutral: f32,
    paragraphs: Vec<Paragraph>,
    /// The weight of each stem: the rarer, the higher.
    weights: HashMap<u32, f32>,
    /// For each line, the first paragraph at it or behind it.
    next: Vec<usize>,
}

#[derive(Debug)]
struct Paragraph {
    line: usize,
    /// The numbers of the stems of its words, each once.
    stems: Vec<u32>,
}

impl Topics {
    /// Of the paragraphs among `count` lines, each with its line, in the order of the page.
    pub(super) fn new<'a>(
        count: usize,
        paragraphs: impl Iterator<Item = (usize, &'a str)>,
        neutral: f32,
    ) -> Self {
        let paragraphs: Vec<Paragraph> =
            paragraphs.map(|(line, text)| Paragraph { line, stems: stems(text) }).collect();
        let mut weights: HashMap<u32, f32> = HashMap::new();
        for stem in paragraphs.iter().flat_map(|paragraph| &paragraph.stems) {
            *weights.entry(*stem).or_default() += 1.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of paragraphs")]
        let all = paragraphs.len() as f32 + 1.0;
        for weight in weights.values_mut() {
            *weight = (all / *weight).ln();
        }
        let mut next = vec![paragraphs.len(); count + 1];
        for (at, paragraph) in paragraphs.iter().enumerate() {
            let from = at.checked_sub(1).map_or(0, |left| paragraphs[left].line + 1);
            next[from..=paragraph.line].fill(at);
        }
        Self { neutral, paragraphs, weights, next }
    }

    /// The share of a paragraph's stems that the paragraphs around it have as well; `None` where
    /// there is too little.
    pub(super) fn relevance(&self, line: usize) -> Option<f32> {
        let at = self.next[line];
        let own = self
            .paragraphs
            .get(at)
            .filter(|paragraph| paragraph.line == line && paragraph.stems.len() >= 4)?;
        let around =
            &self.paragraphs[at.saturating_sub(NEAR)..(at + NEAR + 1).min(self.paragraphs.len())];
        // A repeated line is no company.
        let others = || around.iter().filter(|node| node.stems != own.stems);
        if self.paragraphs.len() < 4 {
            return None;
        }
        let found = own
            .stems
            .iter()
            .filter(|stem| others().any(|other| other.stems.binary_search(stem).is_ok()))
            .count();
        // Few words share little by chance.
        Some(share(found + 1, own.stems.len() + 2))
    }

    /// The share of a headline's stems that the text behind it has.
    pub(super) fn fit(&self, headline: &str, line: usize) -> f32 {
        let stems = stems(headline);
        let behind = &self.paragraphs[self.next[line + 1]..];
        let behind =
            || behind.iter().take(BEHIND.1).take_while(|behind| behind.line <= line + BEHIND.0);
        let found = stems
            .iter()
            .filter(|stem| behind().any(|behind| behind.stems.binary_search(stem).is_ok()));
        // One word that comes back says little.
        share(found.count(), stems.len() + 1)
    }

    /// The share of a headline's stems, see [`stems`], that the text in some lines has.
    pub(super) fn fit_to(&self, stems: &[u32], text: Range<usize>) -> f32 {
        let text = &self.paragraphs[self.next[text.start]..self.next[text.end]];
        let text = &text[..text.len().min(MAX_PARAGRAPHS)];
        let found = stems
            .iter()
            .filter(|stem| text.iter().any(|text| text.stems.binary_search(stem).is_ok()));
        share(found.count(), stems.len() + 1)
    }

    /// How much the text behind line `later` is about what the text before line `end` is about,
    /// from 0 to 1: of the stems that come back on one side, the weighted share that the other side
    /// has.
    pub(super) fn likeness(&self, end: usize, later: usize) -> Option<f32> {
        let (end, later) = (self.next[end], self.next[later]);
        let before = &self.paragraphs[end.saturating_sub(REACH)..end];
        let after = &self.paragraphs[later..(later + REACH).min(self.paragraphs.len())];
        if before.is_empty() || after.is_empty() {
            return None;
        }
        let (before, after) = (counted(before), counted(after));
        let like = self.shared(&before, &after).max(self.shared(&after, &before));
        // The fewer words there are, the less they say.
        let sure = share(before.len().min(after.len()), before.len().min(after.len()) + DOUBT);
        Some(like * sure + self.neutral * (1.0 - sure))
    }

    /// A key that is the same for pairs of lines with the same likeness.
    pub(super) fn pair(&self, end: usize, later: usize) -> (usize, usize) {
        (self.next[end], self.next[later])
    }

    fn shared(&self, one: &HashMap<u32, f32>, other: &HashMap<u32, f32>) -> f32 {
        let again = one.values().filter(|one| **one >= 2.0).count() >= 4;
        let (mut all, mut found) = (0.0, 0.0);
        for (stem, count) in one {
            if again && *count < 2.0 {
                continue;
            }
            let weight = count * self.weights.get(stem).copied().unwrap_or_default();
            all += weight;
            found += if other.contains_key(stem) { weight } else { 0.0 };
        }
        if all > 0.0 { found / all } else { 0.0 }
    }
}

fn counted(paragraphs: &[Paragraph]) -> HashMap<u32, f32> {
    let mut counts = HashMap::new();
    for stem in paragraphs.iter().flat_map(|paragraph| &paragraph.stems) {
        *counts.entry(*stem).or_insert(0.0) += 1.0;
    }
    counts
}

#[expect(clippy::cast_precision_loss, reason = "counts of words")]
fn share(part: usize, whole: usize) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

/// The stems of a text, each once, in the order of their numbers.
pub(super) fn stems(text: &str) -> Vec<u32> {
    let mut stems = Vec::new();
    for word in
        text.split(|c: char| !c.is_alphanumeric() && !joins(c)).filter(|part| !part.is_empty())
    {
        if stems.len() >= MAX_STEMS {
            break;
        }
        if word.starts_with(is_unspaced) {
            let mut last = None;
            for c in word.chars().take(MAX_STEMS) {
                stems.extend(last.map(|last| hash([last, c].into_iter())));
                last = Some(c);
            }
            continue;
        }
        let word = ["وال", "بال", "كال", "فال", "لل", "ال"]
            .iter()
            .find_map(|prefix| word.strip_prefix(prefix))
            .unwrap_or(word);
        let long = word.chars().nth(3).is_some();
        if long || word.len() >= 2 && word.starts_with(|c: char| c.is_ascii_digit()) {
            stems.push(hash(word.chars().flat_map(char::to_lowercase).take(STEM)));
        }
    }
    stems.sort_unstable();
    stems.dedup();
    stems
}

/// Signs within a word: vowel signs of Indic scripts and Arabic.
fn joins(c: char) -> bool {
    matches!(c, '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{981}'..='\u{983}' | '\u{9bc}'..='\u{9cd}')
}

/// FNV-1a. Two stems with one number would only be taken for the same word.
fn hash(letters: impl Iterator<Item = char>) -> u32 {
    letters.fold(0x811c_9dc5, |hash, c| (hash ^ u32::from(c)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "\
The harbour of the old town was opened again on Monday, and the fishermen of the harbour were glad.
The fishermen had waited for the harbour since the storm, and the mayor of the town thanked the fishermen.
The mayor said that the harbour had cost the town a fortune, and that the storm had been the worst.
Researchers of the university have found a planet that circles a star, and the planet may carry water.
The planet was seen by a telescope, said the researchers, and the telescope will look at the star again.
Water on the planet would be a find, the researchers of the university said of the star.";

    fn topics() -> Topics {
        Topics::new(TWO.lines().count(), TWO.lines().enumerate(), 0.25)
    }

    #[test]
    fn a_text_is_like_its_own_and_unlike_another() {
        let topics = topics();
        assert!(topics.likeness(1, 1).unwrap() > topics.likeness(3, 3).unwrap() + 0.1);
        assert_eq!(topics.likeness(0, 0), None);
    }

    #[test]
    fn a_headline_fits_the_text_behind_it() {
        let topics = topics();
        assert!(topics.fit("Researchers find a planet with water", 2) > 0.6);
        assert!(topics.fit("Cheap flights and hotels", 2) < 0.2);
    }
}
