//! The tokens of a text as hashes, for comparing texts with each other.
//!
//! A token is a word, a number, or one character of a script that is written without spaces. It is
//! folded first: case, width, accents, vowel marks, the stretching of Arabic, its forms of alef, yeh
//! and teh marbuta, and digits of other scripts make no difference.
//!
//! What must stay true: one pass over the text, no allocation for a token, and a token is the
//! same in whatever normal form the text is. Signatures that are stored depend on these hashes.

use std::sync::LazyLock;

use unicode_normalization::{UnicodeNormalization as _, char::canonical_combining_class};

/// One token of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// The hash of its folded letters and digits.
    pub hash: u32,
    /// What it is made of.
    pub kind: TokenKind,
}

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Letters, or letters and digits, between separators.
    Word,
    /// One character of a script that is written without spaces.
    Character,
    /// Digits alone.
    Number,
}

/// What a character does to the token under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Class {
    /// It stands between tokens.
    Separator = 0,
    Letter = 1,
    Digit = 2,
    /// A token by itself.
    Alone,
    /// It leaves no trace: a mark, an apostrophe, an invisible character.
    Skipped,
    /// Its folded form is not one character of the basic plane: it is folded each time.
    Long,
}

/// The folded form of a character of the basic plane, and its class.
#[derive(Debug, Clone, Copy)]
struct Entry {
    folded: u16,
    class: Class,
}

static TABLE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let separator = Entry { folded: 0, class: Class::Separator };
    (0..=0xffff).map(|code| char::from_u32(code).map_or(separator, entry)).collect()
});

fn entry(c: char) -> Entry {
    let mut folded = fold(c);
    match (folded.next(), folded.next()) {
        (None, _) => Entry { folded: 0, class: Class::Skipped },
        (Some(one), None) => u16::try_from(u32::from(one)).map_or(
            Entry { folded: 0, class: Class::Long },
            |folded| Entry { folded, class: class(one) },
        ),
        _ => Entry { folded: 0, class: Class::Long },
    }
}

/// The characters that one stands for: its compatibility form without marks, in lower case.
fn fold(c: char) -> impl Iterator<Item = char> {
    // A Korean syllable stays one letter: its parts would only make the work three times as long.
    let syllable = ('\u{ac00}'..='\u{d7a3}').contains(&c).then_some(c);
    let parts = syllable.is_none().then(|| [c].into_iter().nfkd());
    let is_kept = |c: &char| canonical_combining_class(*c) == 0 && !is_skipped(*c);
    syllable
        .into_iter()
        .chain(parts.into_iter().flatten())
        .filter(is_kept)
        .flat_map(char::to_lowercase)
        .filter(is_kept)
        .map(one_form)
}

/// The stretching of Arabic, apostrophes, and characters that nobody sees.
fn is_skipped(c: char) -> bool {
    matches!(c, '\u{640}' | '\'' | '\u{2018}' | '\u{2019}' | '\u{2bc}')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// The zero of each script's decimal digits in the basic plane (Unicode, general category `Nd`).
const ZEROS: [u32; 36] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
    0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
    0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
];

/// One form of letters that publishers write in several, and of digits.
pub(super) fn one_form(c: char) -> char {
    match c {
        'ة' | 'ۀ' | 'ہ' | 'ە' => 'ه',
        'ى' | 'ی' | 'ې' => 'ي',
        'ک' => 'ك',
        c if c < '\u{660}' => c,
        c => {
            let code = u32::from(c);
            let digit = ZEROS.iter().map(|zero| code.wrapping_sub(*zero)).find(|digit| *digit < 10);
            digit.and_then(|digit| char::from_digit(digit, 10)).unwrap_or(c)
        }
    }
}

fn class(c: char) -> Class {
    let spaceless = matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{20000}'..='\u{3ffff}');
    if c.is_ascii_digit() {
        Class::Digit
    } else if !c.is_alphanumeric() {
        Class::Separator
    } else if spaceless {
        Class::Alone
    } else {
        Class::Letter
    }
}

/// The tokens of a text, in order.
#[must_use]
pub fn read(text: &str) -> Vec<Token> {
    let table = TABLE.as_slice();
    let mut tokens = Vec::new();
    let mut open = OpenToken::START;
    let mut rest = text;
    loop {
        let ascii = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let (plain, others) = rest.split_at(ascii);
        open = read_ascii(plain.as_bytes(), open, table, &mut tokens);
        let after = others.bytes().position(|byte| byte.is_ascii()).unwrap_or(others.len());
        let (others, next) = others.split_at(after);
        for c in others.chars() {
            match table.get(c as usize) {
                Some(Entry { class, folded }) if *class != Class::Long => {
                    open.add(*class, u32::from(*folded), &mut tokens);
                }
                _ => fold(c).for_each(|part| open.add(class(part), part.into(), &mut tokens)),
            }
        }
        if next.is_empty() {
            open.end(&mut tokens);
            return tokens;
        }
        rest = next;
    }
}

/// Reads ASCII, where a processor cannot guess which character ends a token: the loop has no branch
/// that depends on it.
fn read_ascii(
    text: &[u8],
    mut open: OpenToken,
    table: &[Entry],
    tokens: &mut Vec<Token>,
) -> OpenToken {
    let before = tokens.len();
    // A token and what ends it are two characters; one more may be open.
    tokens.resize(before + text.len() / 2 + 1, Token { hash: 0, kind: TokenKind::Word });
    let (_, room) = tokens.split_at_mut(before);
    let mut count = 0;
    for byte in text {
        let (Some(Entry { folded, class }), Some(slot)) =
            (table.get(usize::from(*byte)), room.get_mut(count))
        else {
            break;
        };
        let is_part = matches!(class, Class::Letter | Class::Digit);
        let is_end = *class == Class::Separator;
        *slot = open.token();
        count += usize::from(is_end && open.classes != 0);
        let longer = chain(open.hash, u32::from(*folded));
        open.hash = if is_part { longer } else { open.hash };
        open.classes |= if is_part { *class as u8 } else { 0 };
        open = if is_end { OpenToken::START } else { open };
    }
    tokens.truncate(before + count);
    open
}

/// The token under way.
#[derive(Clone, Copy)]
struct OpenToken {
    hash: u32,
    /// The classes of its characters, a bit each.
    classes: u8,
}

impl OpenToken {
    /// A token without characters: the offset of FNV-1a.
    const START: Self = Self { hash: 0x811c_9dc5, classes: 0 };

    fn token(self) -> Token {
        let is_number = self.classes == Class::Digit as u8;
        let kind = if is_number { TokenKind::Number } else { TokenKind::Word };
        Token { hash: self.hash, kind }
    }

    fn add(&mut self, class: Class, code: u32, tokens: &mut Vec<Token>) {
        match class {
            Class::Letter | Class::Digit => {
                self.hash = chain(self.hash, code);
                self.classes |= class as u8;
            }
            Class::Separator => self.end(tokens),
            Class::Alone => {
                self.end(tokens);
                let hash = chain(Self::START.hash, code);
                tokens.push(Token { hash, kind: TokenKind::Character });
            }
            Class::Skipped | Class::Long => {}
        }
    }

    fn end(&mut self, tokens: &mut Vec<Token>) {
        if self.classes != 0 {
            tokens.push(self.token());
            *self = Self::START;
        }
    }
}

/// Spreads a hash over all its bits (the finaliser of `MurmurHash3`).
#[must_use]
pub const fn mix(mut hash: u32) -> u32 {
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

/// Adds a value to a hash of those before it.
#[must_use]
pub const fn chain(hash: u32, value: u32) -> u32 {
    (hash.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_that_means_the_same_gives_the_same_tokens() {
        for (one, other) in [
            ("The Café's WORDS", "the cafes words"),
            ("إلى الـمـدينةِ أحمد", "الي المدينه احمد"),
            ("２０１８年Ａ", "2018年a"),
            ("عام ٢٠١٥", "عام 2015"),
            ("e\u{301}te\u{301}", "été"),
            ("co\u{ad}operate \u{200b}now", "cooperate now"),
            ("ﬁnal", "final"),
            ("İstanbul", "istanbul"),
        ] {
            assert_eq!(read(one), read(other), "{one} / {other}");
        }
    }

    #[test]
    fn words_numbers_and_characters_are_told_apart() {
        use TokenKind::{Character, Number, Word};
        let kinds: Vec<TokenKind> =
            read("G20 meets on 11.5, 北京 ok").iter().map(|token| token.kind).collect();
        assert_eq!(kinds, [Word, Word, Word, Number, Number, Character, Character, Word]);
    }

    #[test]
    fn what_is_read_does_not_depend_on_where_ascii_ends() {
        for (mixed, plain) in [
            ("a\u{ad}b\u{ad} c\u{200b}d", "ab cd"),
            ("naïve\u{301}s 1２3 x", "naives 123 x"),
            ("ab\u{a0}cd\u{2014}ef", "ab cd ef"),
            ("'a' it’s", "a its"),
            ("\u{fdfa}", "صلى الله عليه وسلم"),
        ] {
            assert_eq!(read(mixed), read(plain), "{mixed}");
        }
        assert_eq!(read("").len() + read(" .,").len(), 0);
        assert_eq!(read("a b c d e").len(), 5);
    }

    #[test]
    fn the_hashes_are_those_of_signatures_that_are_stored() {
        let hashes: Vec<u32> = read("نشرة news 北 7").iter().map(|token| token.hash).collect();
        assert_eq!(hashes, [4_121_225_731, 4_214_941_240, 914_939_255, 1_650_156_631]);
    }
}
