//! What the characters of a line tell: its words and stops, and whether it reads like running text.

use crate::{read::lines::Line, text::letters::Letter};

/// The measures of a line by its characters alone.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a measure")]
pub(super) struct LineShape {
    pub(super) weight: u32,
    pub(super) words: u32,
    pub(super) digits: u32,
    pub(super) upper: u32,
    pub(super) punctuation: u32,
    pub(super) sentences: u32,
    pub(super) ends_sentence: bool,
    pub(super) ends_colon: bool,
    pub(super) odd: bool,
    pub(super) quoted: bool,
    pub(super) prose: bool,
}

impl LineShape {
    /// Measures a line with its text.
    pub(super) fn measure(text: &str, line: &Line) -> Self {
        let mut shape = Self::default();
        let mut in_word = false;
        for c in text.chars() {
            let wide = matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{e00}'..='\u{e7f}');
            if c == ' ' {
                in_word = false;
                continue;
            }
            shape.weight += if wide { 3 } else { 1 };
            let letter = Letter::from_char(c);
            if letter.is_alphanumeric() {
                shape.words += u32::from(!in_word);
                // Two such characters are about a word.
                in_word = !wide || !in_word;
                shape.digits += u32::from(letter.is_numeric());
                shape.upper += u32::from(letter.is_uppercase());
                continue;
            }
            shape.punctuation += u32::from(matches!(c, ',' | ';' | '،' | '؛' | '、' | '，' | '；'));
            shape.sentences += u32::from(ends(c));
            shape.odd |=
                matches!(c, '|' | '©' | '»' | '›' | '→' | '•' | '·' | '/' | '#' | '@' | '▶' | '►');
        }
        let tail =
            text.trim_end_matches(['"', '\'', '”', '’', '»', '“', '«', '」', '』', ')', '）', ']']);
        shape.ends_sentence = tail.chars().next_back().is_some_and(ends);
        shape.ends_colon = text.ends_with([':', '：']);
        shape.quoted = text.starts_with(['"', '“', '„', '«', '»', '‘', '「', '『', '–', '—']);
        let linked = line.linked * 3 > line.chars;
        shape.prose = !linked
            && (shape.weight >= 80
                && (shape.ends_sentence || shape.punctuation + shape.sentences > 1)
                || shape.weight >= 40 && shape.ends_sentence && shape.words > 5);
        shape
    }
}

/// Whether a character ends sentences, in any script.
fn ends(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '؟' | '۔' | '。' | '！' | '？' | '।' | '։' | '።' | '．')
}
