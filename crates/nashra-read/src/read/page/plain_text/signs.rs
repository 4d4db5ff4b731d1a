//! Counts in one pass over a line: its length, its letters, and where sentences end.
//!
//! Scripts differ in what a word is and how a sentence ends; the counts are comparable all the
//! same.

use crate::text::letters::Letter;

/// What one pass over a line finds.
#[derive(Debug, Default)]
pub(super) struct Signs {
    pub(super) units: f32,
    pub(super) letters: usize,
    pub(super) digits: usize,
    /// Sentences that end within the line or with it.
    pub(super) sentences: usize,
    pub(super) commas: usize,
    pub(super) ends: bool,
    pub(super) ellipsis: bool,
    /// Whether it is in a script without full stops.
    pub(super) unstopped: bool,
}

impl Signs {
    pub(super) fn find(text: &str) -> Self {
        let mut signs =
            Self { ellipsis: text.ends_with('…') || text.ends_with("..."), ..Self::default() };
        let (mut in_word, mut stopped) = (false, false);
        for c in text.chars() {
            let share = unspaced(c);
            let letter = Letter::from_char(c);
            let of_word = letter.is_alphanumeric();
            signs.letters += usize::from(letter.is_alphabetic());
            signs.digits += usize::from(letter.is_numeric());
            signs.unstopped |= matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}');
            signs.units += match share {
                Some(share) => share,
                None if of_word && !in_word => 1.0,
                None => 0.0,
            };
            // A vowel sign goes on with its word.
            in_word = of_word && share.is_none()
                || in_word
                    && (!c.is_whitespace()
                        && !c.is_ascii_punctuation()
                        && !is_stop(c)
                        && !is_comma(c));
            signs.commas += usize::from(is_comma(c));
            if is_stop(c) {
                // A full stop of CJK needs no blank behind it.
                signs.sentences += usize::from(matches!(c, '。' | '！' | '？'));
                stopped = !matches!(c, '。' | '！' | '？');
            } else if c.is_whitespace() {
                signs.sentences += usize::from(stopped);
                stopped = false;
            } else if !is_closing(c) {
                stopped = false;
            }
        }
        signs.sentences += usize::from(stopped);
        let last = text.trim_end_matches(is_closing).chars().next_back();
        signs.ends = !signs.ellipsis && last.is_some_and(|c| is_stop(c) || matches!(c, ':' | '…'));
        signs
    }

    /// The prose value of the line, from 0 to 1, by its length and its full stops.
    pub(super) fn prose(&self) -> f32 {
        let within = self.sentences > usize::from(self.ends);
        let by_form: f32 = match self.units {
            25.0.. if self.ends => 1.0,
            25.0.. if within => 0.8,
            25.0.. if self.commas >= 2 => 0.7,
            25.0.. => 0.35,
            12.0.. if self.ends => 0.9,
            12.0.. if within => 0.5,
            12.0.. => 0.2,
            6.0.. if self.ends => 0.5,
            2.5.. if self.ends => 0.3,
            _ => 0.0,
        };
        if self.unstopped && self.units >= 12.0 { by_form.max(0.8) } else { by_form }
    }
}

/// What a character adds to the units in a script without spaces.
fn unspaced(c: char) -> Option<f32> {
    match c {
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' => Some(0.5),
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => Some(0.25),
        _ => None,
    }
}

fn is_stop(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '。' | '！' | '？' | '؟' | '۔' | '।' | '։' | '።' | '‥' | '…')
}

fn is_comma(c: char) -> bool {
    matches!(c, ',' | '،' | '、' | '，' | ';' | '؛' | '；')
}

fn is_closing(c: char) -> bool {
    matches!(c, '"' | '”' | '»' | '’' | '\'' | ')' | '）' | '」' | '』' | ']' | '›' | '“')
}
