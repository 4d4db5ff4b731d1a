//! A text as words in one spelling, in which phrases are looked up.
//!
//! Between words stands one space, also at both ends, so that ` word ` is found where it is a word
//! of its own; between paragraphs stands a line feed as well, so that no phrase goes across. Case,
//! width, accents, vowel marks, the stretching of Arabic, its forms of alef, yeh and teh marbuta,
//! and digits of other scripts make no difference. Where a script without spaces, Katakana or
//! Hangul meets another script, a word ends.
//!
//! Unlike the tokens by which texts are compared (`text/tokens`), which nobody reads, marks that
//! make another letter stay: those of Kana, of Thai and of Indic scripts, and `й`.
//!
//! What must stay true: one pass, linear in the text, and the same words in whatever normal form the
//! text is.

use std::sync::LazyLock;

use unicode_normalization::{
    UnicodeNormalization as _,
    char::{compose, is_combining_mark},
};

use super::{letters::is_unspaced, tokens::one_form};

/// How words are told apart in a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    /// By spaces and signs.
    Spaced,
    /// By spaces; what follows a noun in its word may be particles.
    Hangul,
    /// By the ends of its runs: foreign words in Japanese.
    Katakana,
    /// Not at all.
    Unspaced,
}

/// What a character does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// It stands between words.
    Separator,
    /// A line ends; two of them are the end of a paragraph.
    Line,
    /// It leaves no trace.
    Skipped,
    /// An accent or vowel mark: it leaves no trace, unless it makes another letter.
    Accent,
    /// A mark that is a part of its letter.
    Mark,
    /// The zero-width non-joiner, which ends a word of Arabic script alone.
    Joint,
    Word(Script),
    /// It is several characters, or outside of the basic plane: it is folded each time.
    Long,
}

/// The folded form of a character of the basic plane, and its class.
#[derive(Debug, Clone, Copy)]
struct Entry {
    folded: u16,
    class: Class,
}

static TABLE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let separator = Entry { folded: 0x20, class: Class::Separator };
    (0..=0xffff).map(|code| char::from_u32(code).map_or(separator, entry)).collect()
});

fn entry(c: char) -> Entry {
    let mut parts = spellings(c);
    match (parts.next(), parts.next()) {
        (Some(one), None) => u16::try_from(u32::from(one)).map_or(
            Entry { folded: 0, class: Class::Long },
            |folded| Entry { folded, class: class(one) },
        ),
        _ => Entry { folded: 0, class: Class::Long },
    }
}

/// The characters that one stands for: its compatibility form in lower case.
fn spellings(c: char) -> impl Iterator<Item = char> {
    // Syllables and letters that are in every keyboard stay whole; a trade mark is no letters.
    let is_whole =
        matches!(c, '\u{ac00}'..='\u{d7a3}' | 'й' | 'ў' | 'ї' | 'Й' | 'Ў' | 'Ї' | '™' | '℠')
            || matches!(c, '\u{3040}'..='\u{30ff}');
    let parts = (!is_whole).then(|| [c].into_iter().nfkd());
    let without_accents = {
        // `é` is one character without its accent; what has no letter before its mark is the mark.
        let mut before = false;
        move |part: &char| {
            let is_accent = before && is_accent(*part);
            before = true;
            !is_accent
        }
    };
    is_whole
        .then_some(c)
        .into_iter()
        .chain(parts.into_iter().flatten().filter(without_accents))
        .flat_map(char::to_lowercase)
        .flat_map(|part| {
            let (one, other) = plain_letter(one_form(part));
            [Some(one), other].into_iter().flatten()
        })
}

/// Letters that Unicode takes for no forms of others, and that are written so where a keyboard
/// lacks them, or at the end of a word.
fn plain_letter(c: char) -> (char, Option<char>) {
    match c {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'ø' => ('o', None),
        'ł' => ('l', None),
        'đ' | 'ð' => ('d', None),
        'ħ' => ('h', None),
        'ı' => ('i', None),
        'ς' => ('σ', None),
        'ٱ' => ('ا', None),
        c => (c, None),
    }
}

/// Accents and vowel marks of scripts that are read without them.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}')
        || matches!(c, '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}' | '\u{6ea}'..='\u{6ed}' | '\u{8d3}'..='\u{8e1}' | '\u{8e3}'..='\u{8ff}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

fn is_skipped(c: char) -> bool {
    matches!(c, '\u{640}' | '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200d}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

fn class(c: char) -> Class {
    match c {
        '\n' => Class::Line,
        '\u{200c}' => Class::Joint,
        c if is_skipped(c) => Class::Skipped,
        c if is_accent(c) => Class::Accent,
        '\u{1160}'..='\u{11ff}' | '\u{3099}' | '\u{309a}' => Class::Mark,
        c if is_combining_mark(c) => Class::Mark,
        c if c.is_alphanumeric() => Class::Word(script(c)),
        _ => Class::Separator,
    }
}

/// The script of a letter or digit that is folded.
pub(crate) fn script(c: char) -> Script {
    match c {
        '\u{ac00}'..='\u{d7a3}' | '\u{1100}'..='\u{11ff}' => Script::Hangul,
        '\u{30a1}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' => Script::Katakana,
        '\u{3005}'..='\u{3007}' | '\u{20000}'..='\u{3ffff}' => Script::Unspaced,
        c if is_unspaced(c) => Script::Unspaced,
        _ => Script::Spaced,
    }
}

/// A text in one spelling.
pub(crate) fn fold(text: &str) -> String {
    let mut out = Folding::new(text.len());
    out.read(text, |_, _| {});
    out.text
}

/// The characters of a text from which these bytes of the folded one come: the first, and the one
/// behind the last and its marks.
pub(crate) fn characters(text: &str, spans: &[(usize, usize)]) -> Vec<(u32, u32)> {
    let mut found = vec![(0, 0); spans.len()];
    let mut starts: Vec<(usize, usize)> =
        spans.iter().enumerate().map(|(index, (start, _))| (*start, index)).collect();
    let mut ends: Vec<(usize, usize)> =
        spans.iter().enumerate().map(|(index, (_, end))| (*end, index)).collect();
    starts.sort_unstable();
    ends.sort_unstable();
    let (mut starts, mut ends) = (starts.into_iter().peekable(), ends.into_iter().peekable());
    let mut behind = 0;
    Folding::new(text.len()).read(text, |at, place| {
        if let Some(at) = at {
            while let Some((_, index)) = starts.next_if(|(start, _)| *start <= at) {
                found[index].0 = place;
            }
            while let Some((_, index)) = ends.next_if(|(end, _)| *end <= at) {
                found[index].1 = behind;
            }
        }
        behind = place + 1;
    });
    for (_, index) in ends {
        found[index].1 = behind;
    }
    found
}

/// A text that is being folded.
struct Folding {
    text: String,
    /// The script of the word under way.
    open: Option<Script>,
    /// Line feeds since the last word.
    lines: u32,
}

impl Folding {
    fn new(length: usize) -> Self {
        let mut text = String::with_capacity(length + length / 8 + 2);
        text.push(' ');
        Self { text, open: None, lines: 0 }
    }

    /// Reads a text; `place` is told of each letter and digit its byte in the folded text and its
    /// place in characters, and of each mark without a trace its place alone.
    fn read(&mut self, text: &str, mut place: impl FnMut(Option<usize>, u32)) {
        let table = TABLE.as_slice();
        let (mut rest, mut at) = (text, 0);
        loop {
            let plain =
                rest.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(plain);
            at = self.plain(word, at, &mut place);
            let mut chars = after.chars();
            let Some(c) = chars.next() else { break };
            match table.get(c as usize) {
                Some(Entry { class, folded }) if *class != Class::Long => {
                    let folded = char::from_u32(u32::from(*folded)).unwrap_or(' ');
                    self.add(*class, folded, at, &mut place);
                }
                _ => spellings(c).for_each(|part| self.add(class(part), part, at, &mut place)),
            }
            (rest, at) = (chars.as_str(), at + 1);
        }
        self.end();
    }

    /// Adds letters and digits of ASCII in one piece; returns the place behind them.
    fn plain(&mut self, word: &str, at: u32, place: &mut impl FnMut(Option<usize>, u32)) -> u32 {
        if word.is_empty() {
            return at;
        }
        self.begin(Script::Spaced);
        let start = self.text.len();
        self.text.push_str(word);
        if let Some(added) = self.text.get_mut(start..) {
            added.make_ascii_lowercase();
        }
        let mut behind = at;
        for byte in start..self.text.len() {
            place(Some(byte), behind);
            behind += 1;
        }
        behind
    }

    fn add(&mut self, class: Class, c: char, at: u32, place: &mut impl FnMut(Option<usize>, u32)) {
        match class {
            Class::Word(script) => {
                self.begin(script);
                place(Some(self.text.len()), at);
                self.text.push(c);
            }
            Class::Separator => self.end(),
            Class::Line => {
                self.end();
                self.lines = self.lines.saturating_add(1);
            }
            Class::Accent | Class::Mark => self.mark(class, c, at, place),
            Class::Joint if self.text.chars().next_back().is_some_and(is_arabic) => self.end(),
            Class::Skipped | Class::Joint | Class::Long => {}
        }
    }

    /// A mark makes another letter of the one before, or stays where it is a part of it.
    fn mark(&mut self, class: Class, c: char, at: u32, place: &mut impl FnMut(Option<usize>, u32)) {
        if self.open.is_none() {
            return;
        }
        let before = self.text.chars().next_back();
        let made = before.and_then(|before| compose(before, c));
        let is_letter = |made: &char| class == Class::Mark || matches!(made, 'й' | 'ў' | 'ї');
        if let Some(made) = made.filter(is_letter) {
            self.text.pop();
            self.text.push(made);
            place(None, at);
        } else if class == Class::Mark {
            place(Some(self.text.len()), at);
            self.text.push(c);
        } else {
            place(None, at);
        }
    }

    fn begin(&mut self, script: Script) {
        if self.open == Some(script) {
            return;
        }
        self.end();
        if self.lines > 1 {
            self.text.push_str("\n ");
        }
        (self.open, self.lines) = (Some(script), 0);
    }

    fn end(&mut self) {
        if self.open.take().is_some() {
            self.text.push(' ');
        }
    }
}

/// Whether a folded letter is of Arabic script.
pub(crate) fn is_arabic(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}')
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    #[test]
    fn spelling_that_means_the_same_is_folded_to_the_same() {
        for (text, folded) in [
            ("", " "),
            (" The Café's  WORDS! ", " the cafe s words "),
            ("STRASSE Straße Łódź ŒUVRE", " strasse strasse lodz oeuvre "),
            ("İstanbul ISPARTA Isparta ısparta", " istanbul isparta isparta isparta "),
            ("ΟΔΟΣ οδός", " οδοσ οδοσ "),
            ("Ёлка йод Київ", " елка йод київ "),
            ("إلى الـمـدينةِ أحمد", " الي المدينه احمد "),
            ("کتاب\u{200c}ها ۱۴۰۳", " كتاب ها 1403 "),
            ("שָׁלוֹם־עולם צה״ל", " שלום עולם צה ל "),
            ("क्षेत्र में", " क्षेत्र में "),
            ("ไม้ เมือง", " ไม้ เมือง "),
            ("ＡＢＣ１２ ﾊﾞｽ", " abc12 バス "),
            ("在iPhone上5月", " 在 iphone 上 5 月 "),
            ("ロシア軍のバス・人々", " ロシア 軍の バス 人々 "),
            ("KBS는 서울에서", " kbs 는 서울에서 "),
            ("Apple™ m² …½", " apple m2 1 2 "),
            ("a\n b\n \nc", " a b \n c "),
            ("ﷺ", " صلي الله عليه وسلم "),
            ("co\u{ad}operate 𝐀😀b", " cooperate a b "),
            ("\u{301}x", " x "),
        ] {
            assert_eq!(fold(text), folded, "{text}");
            assert_eq!(fold(&text.nfd().collect::<String>()), folded, "{text} in NFD");
            assert_eq!(fold(&text.nfc().collect::<String>()), folded, "{text} in NFC");
        }
    }

    #[test]
    fn words_say_where_they_come_from() {
        let text = "«E\u{301}tat», ﬁn ﾊﾞ";
        let folded = fold(text);
        assert_eq!(folded, " etat fin バ ");
        let span = |word: &str| {
            let start = folded.find(word).unwrap();
            (start, start + word.len())
        };
        let words = ["バ", "etat", " fin ", "tat fi", "e"];
        let spans: Vec<(usize, usize)> = words.into_iter().map(span).collect();
        let from: Vec<String> = characters(text, &spans)
            .into_iter()
            .map(|(start, end)| {
                text.chars().skip(start as usize).take((end - start) as usize).collect()
            })
            .collect();
        assert_eq!(from, ["ﾊﾞ", "E\u{301}tat", "ﬁn", "tat», ﬁ", "E\u{301}"]);
    }
}
